"""What grading again changes, and that nothing is published before it is reported."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.records import changes as regrade
from autograder.records.changes import Change
from autograder.records.record import CaseResult, Grade, Hashes, Record
from tests.small_kit import GRADERS, Kit, points


def graded(student: str = "s001", graders: str = "g1", submission: str = "h1", **cells: Grade) -> Record:
    return Record(student, "lesson", "none", Hashes(submission, graders, "e"), cells)


def cell(
    points: float | None, *outcomes: str, of: float = 4.0, weight: float = 1.0, comment: str = ""
) -> Grade:
    cases = tuple(CaseResult(f"c{n}", "core", weight, o) for n, o in enumerate(outcomes))  # type: ignore[arg-type]
    return Grade("double", "nb", points, of, "error" if points is None else "graded", cases, comment)


def only(before: Record, after: Record) -> Change:
    [change] = regrade.compare(before, after)
    return change


def test_the_same_points_are_no_change() -> None:
    before, after = (
        graded(double=cell(4.0, "passed")),
        graded(graders="g2", double=cell(4.0, "passed", "passed")),
    )
    assert list(regrade.compare(before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "gain", "why"),
    [
        (cell(4.0, "passed", "passed"), cell(2.0, "passed", "failed"), -2.0, ("c1: passed, now failed",)),
        (cell(4.0, "passed"), cell(2.0, "passed", "failed"), -2.0, ("c1: new, failed",)),
        (cell(2.0, "passed", "failed"), cell(4.0, "passed"), 2.0, ("c1: gone, was failed",)),
        (cell(4.0, "passed"), cell(6.0, "passed", of=6.0), 2.0, ("the cell is worth 6 points, was 4",)),
        (cell(None, "error"), cell(4.0, "passed"), None, ("c0: error, now passed",)),
        (
            cell(2.0, "failed", "passed"),
            cell(3.0, "failed", "passed", weight=2.0),
            1.0,
            ("c0: core of weight 2, was core of weight 1", "c1: core of weight 2, was core of weight 1"),
        ),
        (cell(0.0, comment="No answer."), cell(1.0, comment="Names the axis."), 1.0, ("Names the axis.",)),
        (cell(0.0, comment="No answer."), cell(1.0), 1.0, ("no longer: No answer.",)),
    ],
)
def test_why_a_cell_changes(before: Grade, after: Grade, gain: float | None, why: tuple[str, ...]) -> None:
    change = only(graded(double=before), graded(graders="g2", double=after))
    assert (change.gain, change.why, change.cause) == (gain, why, "new graders, points or rubrics")


def test_a_cell_may_come_and_go() -> None:
    one, none = graded(double=cell(4.0, "passed")), graded(graders="g2")
    assert (only(one, none).gain, only(one, none).why) == (-4.0, ("the cell is gone",))
    assert (only(none, one).gain, only(none, one).why) == (4.0, ("a new cell",))


def test_the_cause_is_what_was_not_the_same() -> None:
    full, none = cell(4.0, "passed"), cell(0.0, "failed")
    first = graded(double=full)
    assert only(first, graded(submission="h2", double=none)).cause == "a new hand-in"
    both = only(first, graded(submission="h2", graders="g2", double=none))
    assert both.cause == "a new hand-in and new graders, points or rubrics"
    assert only(first, graded(double=none)).cause == "the same hand-in and graders, graded again"


CHANGES = [
    Change("s001", "double", "nb", 4.0, 2.0, 4.0, 4.0, "new graders", ("c1: passed, now failed",)),
    Change("s001", "noise", "nb", None, 1.0, 1.0, 1.0, "new graders", ("c0: error, now passed",)),
    Change("=s002", "double", "nb", 2.0, 3.5, 4.0, 4.0, "new graders", ("a", "b")),
]


def test_changes_come_back_as_they_were() -> None:
    assert regrade.from_json(regrade.as_json(CHANGES)) == CHANGES


def test_the_table_for_a_spreadsheet() -> None:
    rows = list(csv.DictReader(regrade.as_csv(CHANGES).splitlines()))
    assert [row["gain"] for row in rows] == ["-2.0", "", "1.5"]
    assert rows[1]["before"] == ""
    assert rows[2]["student"] == "'=s002"
    assert rows[2]["why"] == "a; b"


def test_the_summary() -> None:
    assert regrade.summary(CHANGES, 9) == (
        "9 graded again, 2 with other points, 1 gain up to 1.5, 1 lose up to 2, "
        "1 have cells that need review or did"
    )
    assert regrade.summary([], 9) == "9 graded again, 0 with other points"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, Path]:
    """A class graded once, whose points then change."""
    home = tmp_path_factory.mktemp("regrade")
    kit = Kit(home / "kit")
    kit.hand_in_many(4)
    assert kit.grade(home / "out").returncode == 1  # answers to read
    kit.write_graders(GRADERS.replace("x=10**6", "x=10.5").replace('"small"', '"tiny"'))
    kit.write_points(double=8, noise=1, inline_nb_1=2)
    return kit, home / "out"


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
    }


def test_a_dry_run_shows_and_writes_nothing(course: tuple[Kit, Path]) -> None:
    kit, out = course
    before = contents(out)
    done = kit.grade(out, "--dry-run")
    assert done.returncode == 1
    assert "4 graded again, 4 with other points, 4 gain up to 4" in done.stdout
    assert "A dry run: nothing is written." in done.stdout
    assert contents(out) == before
    assert kit.grade(out.parent / "new", "--dry-run").returncode == 1  # answers to read
    assert not (out.parent / "new").exists()


def test_grading_again_saves_who_gains_and_why(course: tuple[Kit, Path]) -> None:
    kit, out = course
    done = kit.grade(out, "--json")
    reported = json.loads(done.stdout)
    assert (reported["graded_again"], reported["graded_first"]) == (4, 0)
    assert [c["gain"] for c in reported["changes"]] == [1.6, 4.0, 4.0, 1.6]
    assert reported["changes"] == json.loads((out / "changes.json").read_text())
    assert reported["changes"][0]["why"] == [
        "the cell is worth 8 points, was 4",
        "double[small]: gone, was passed",
        "double[tiny]: new, passed",
    ]
    assert points(out, ["s000", "s001"], "double") == [3.2, 8.0]
    again = json.loads(kit.grade(out, "--json").stdout)
    assert (again["graded_again"], again["changes"]) == (0, [])
    assert json.loads((out / "changes.json").read_text()) == reported["changes"]  # of the last regrading


COUNTING = """
import json, sys
opened, started = {}, []

def count(event, arguments):
    if event == "open" and "/out/records/" in str(arguments[0]):
        opened[str(arguments[0])] = opened.get(str(arguments[0]), 0) + 1
    elif event == "subprocess.Popen":
        started.append([str(word) for word in arguments[1]])

sys.addaudithook(count)
from autograder.cli.main import main
code = main()
print(json.dumps([list(opened.values()), started]), file=sys.stderr)
sys.exit(code)
"""


def test_a_run_in_which_nothing_changed_reads_each_record_three_times_and_writes_none(
    course: tuple[Kit, Path],
) -> None:
    kit, out = course
    kit.grade(out)
    made = [path for path in out.rglob("*") if path.suffix in (".html", ".csv", ".json")]
    before = {path: path.stat().st_ino for path in made}
    command = [sys.executable, "-P", "-c", COUNTING, *kit.command(out, "--json")[4:]]
    done = subprocess.run(command, text=True, capture_output=True, cwd=kit.home, env=kit.environment)
    assert done.returncode == 1  # answers to read
    opened, started = json.loads(done.stderr.splitlines()[-1])
    # For what it depended on; for the gradebook; for pages, report and grades. The first one, once more,
    # says which assignment the folder holds.
    assert sorted(opened) == [3, 3, 3, 4]
    assert not any("autograder.workers.serve" in words for words in started)
    assert {path: path.stat().st_ino for path in before} == before


def test_the_student_is_shown_once(course: tuple[Kit, Path]) -> None:
    totals = regrade.totals([*CHANGES, replace(CHANGES[0], grade_id="other", after=3.0)])
    assert [(line.student, line.gain, line.unknown) for line in totals] == [
        ("s001", -3.0, 1),
        ("=s002", 1.5, 0),
    ]
