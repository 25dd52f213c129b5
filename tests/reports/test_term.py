"""The term: figures by hand, the same as the exports', and what both pages say."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import course as courses
from autograder.course.course import Course
from autograder.course.policy import Late
from autograder.course.roster import RosterEntry
from autograder.errors import CourseError
from autograder.records import record as records
from autograder.records.record import Grade, Hashes, Record
from autograder.reports import term_scores
from autograder.reports.term_scores import Earned, Taught
from tests.reports.sample import Tags, assignment

DUE = datetime(2026, 2, 1, 12, tzinfo=UTC)
LATE = Late(DUE, penalty_per_day=0.25, closes_after_days=5)
COURSE = Course(Path(), "A <course>", "lib", ("one", "two", "three"), Path("g"), Path("r"))
ANN = RosterEntry("s001", "Ann <b>", "s001@uni.example", "2")


def handed(points: float, day: int = 1, state: str = "graded") -> Record:
    """4 points at most; day 1 is in time, day 2 a day late."""
    grades = {n: Grade(n, "nb", points / 2, 2.0, state) for n in ("a", "b")}  # type: ignore[arg-type]
    when = datetime(2026, 2, day, 11, tzinfo=UTC).isoformat()
    return Record("s001", "one", "none", Hashes("", "", ""), grades, handed_in=when)


def taught(*given: Record | None, **more: object) -> list[Taught]:
    made = []
    for name, one in zip(COURSE.assignments, given, strict=False):
        lesson = replace(assignment("a", "b"), name=name, title=name.title(), late=LATE)
        earned = {"s001": Earned.of(one, lesson)} if one else {"s009": Earned([4.0])}
        made.append(Taught(lesson, earned, **more))  # type: ignore[arg-type]
    return made


def standing(course: Course, given: list[Taught]) -> term_scores.Standing:
    return term_scores.standings(course, given, {"s001": ANN})[0]


def test_shares_count_by_weight_and_default_to_points() -> None:
    given = taught(handed(4), handed(2), handed(1))
    assert standing(COURSE, given).percent == round(100 * 7 / 12, 2)
    weighed = replace(COURSE, weights={"one": 1, "two": 2, "three": 5})
    assert standing(weighed, given).percent == 40.62  # (1 + 2 / 2 + 5 / 4) / 8


def test_the_lowest_share_is_dropped_and_a_bonus_only_adds() -> None:
    given = taught(handed(4), handed(2), handed(1))
    dropped = standing(replace(COURSE, drop_lowest=1), given)
    assert [e.dropped for e in dropped.entries] == [False, False, True]
    assert dropped.percent == 75.0
    assert standing(replace(COURSE, drop_lowest=9), given).percent == 100.0  # one stays
    bonus = standing(replace(COURSE, bonus=("three",), drop_lowest=1), given)
    assert [e.dropped for e in bonus.entries] == [False, True, False]
    assert bonus.percent == 125.0  # (4 + 1) / 4


def test_late_days_pay_in_order_and_the_rest_costs() -> None:
    given = taught(handed(4, day=3), handed(4, day=3), handed(4, day=8))  # 2 days, 2 days, closed
    without = standing(COURSE, given)
    assert [(e.score, e.counts, e.late_days) for e in without.entries] == [(2, 2, 0), (2, 2, 0), (0, 0, 0)]
    assert without.late_days_left is None
    with_three = standing(replace(COURSE, late_days=3), given)
    assert [(e.score, e.counts, e.late_days) for e in with_three.entries] == [(2, 4, 2), (2, 3, 1), (0, 0, 0)]
    assert with_three.late_days_left == 0
    assert with_three.percent == round(100 * 7 / 12, 2)
    assert standing(replace(COURSE, late_days=9), given).late_days_left == 5


def test_what_waits_is_blank_and_what_is_to_come_does_not_count() -> None:
    given = taught(handed(4), handed(2, state="needs_review"))
    given.append(Taught(replace(assignment("a", "b"), name="three"), {}))
    waits = standing(replace(COURSE, drop_lowest=1), given)
    assert (waits.percent, waits.so_far) == (None, 1.0)
    assert waits.needed == "two: 2 answers to review"
    assert not any(e.dropped for e in waits.entries)
    come = standing(COURSE, [given[0], given[2]])
    assert (come.percent, come.needed) == (100.0, "")
    final = Earned.of(handed(2, state="needs_review"), given[1].assignment, final=True)
    assert (final.scores, final.waits) == ([2.0], "")


def test_nothing_handed_in_is_0_unless_it_may_lie_there_under_another_name() -> None:
    assert standing(COURSE, taught(handed(4), None)).percent == 50.0
    unknown = standing(COURSE, taught(handed(4), None, unclaimed=True))
    assert (unknown.percent, unknown.needed) == (None, f"two: {term_scores.UNCLAIMED}")


def test_pages_and_csv_say_the_same_and_escape_what_they_show() -> None:
    course, given = replace(COURSE, late_days=3), taught(handed(4, day=2), handed(2))
    everybody = term_scores.standings(course, given, {"s001": ANN, "=x": RosterEntry("=x")})
    rows = list(csv.DictReader(io.StringIO(term_scores.as_csv(course, given, everybody))))
    assert [row["student_id"] for row in rows] == ["'=x", "s001"]
    assert rows[1]["one"] == "3.0"
    assert rows[1]["one counts"] == "4.0"
    assert rows[1]["one late days"] == "1"
    assert (rows[1]["late_days_left"], rows[1]["percent"]) == ("2", "75.0")
    page = term_scores.class_page(course, given, everybody)
    words = " ".join(Tags(page).text.split())
    assert "A <course>" in words
    assert "1 late day, 3 without" in words
    assert "75.0 %" in words
    assert "<b>" not in page
    assert "students/%3Dx.html" in Tags(page).of("href")
    own = " ".join(Tags(term_scores.student_page(course, everybody[1])).text.split())
    assert "75.0 %" in own
    assert "2 of 3 late days left" in own
    assert "1 late day paid, 3 without" in own


def graded(student: str, name: str, notebook: str, points: float) -> Record:
    grades = {"affine_forward": Grade("affine_forward", notebook, points, 2.0, "graded")}
    return Record(student, name, "none", Hashes("", "", ""), grades)


def test_the_verb_has_the_exports_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, to = tmp_path / "graded/assignment1", tmp_path / "term"
    records.save(graded("s001", "assignment1", "two_layer_net", 1.5), out / "records")
    (tmp_path / "roster.csv").write_text("id,name\ns001,Ann\ns002,Ben\n")
    roster = ["--roster", str(tmp_path / "roster.csv")]
    code = cli.main(["term", str(tmp_path / "graded"), "--to", str(to), *roster])
    printed = capsys.readouterr()
    assert code == codes.DONE
    assert printed.out == f"2 students: {to}/term.html, {to}/term.csv\n"
    assert "assignment2: not graded yet" in printed.err
    exported = tmp_path / "grades.csv"
    cli.main(["export", "assignment1", str(out), "--format", "nbgrader", "--to", str(exported), *roster])
    theirs, ours = (list(csv.DictReader(io.StringIO(p.read_text()))) for p in (exported, to / "term.csv"))
    scores = {row["student_id"]: float(row["score"]) for row in theirs}
    assert (
        {row["student_id"]: float(row["assignment1"]) for row in ours} == scores == {"s001": 1.5, "s002": 0.0}
    )
    assert sorted(path.name for path in (to / "students").iterdir()) == ["s001.html", "s002.html"]
    assert "*" in (to / ".gitignore").read_text().splitlines()


def test_a_folder_without_results_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["term", str(tmp_path), "--to", str(tmp_path / "term")]) == codes.USAGE
    assert "expected results in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weights = { other = 1 }", "weights: expected one of first, got 'other'"),
        ("weights = 3", "weights: expected a table of numbers, 0 or more, got 3"),
        ("weights = { first = -1 }", "0 or more, got {.first.: -1}; write weights = { first = 1 }"),
        ('bonus = ["other"]', "bonus: expected one of first, got 'other'"),
        ("late_days = 1.5", r"late_days: expected a whole number, 0 or more, got 1\.5"),
        ("drop_lowest = -1", "drop_lowest: expected a whole number, 0 or more, got -1"),
        ("days = 3", "unknown key term.days"),
    ],
)
def test_a_wrong_setting_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "source/first").mkdir(parents=True)
    (tmp_path / "source/first/assignment.toml").touch()
    head = 'title = "T"\npackage = "lib"\nassignments = ["first"]\n'
    (tmp_path / "course.toml").write_text(f"{head}[term]\n{text}\n")
    with pytest.raises(CourseError, match=re.compile(message)):
        courses.read(tmp_path)


def test_what_is_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "source/first").mkdir(parents=True)
    (tmp_path / "source/first/assignment.toml").touch()
    head = 'title = "T"\npackage = "lib"\nassignments = ["first"]\n'
    more = '[term]\nweights = { first = 2 }\nbonus = ["first"]\nlate_days = 0\n'
    (tmp_path / "course.toml").write_text(head + more)
    found = courses.read(tmp_path)
    assert (dict(found.weights), found.bonus, found.late_days, found.drop_lowest) == (
        {"first": 2},
        ("first",),
        0,
        0,
    )
