"""`autograder review`, on a graded class and its gradebook."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader import api

from autograder.answers import labelled
from autograder.answers.groups import digest
from autograder.answers.labelled import Example
from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.errors import GradebookError
from autograder.gradebook import ledger
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from tests import printed
from tests.formgrader.conftest import DOUBTFUL, QUESTION, grade, hand_in

NOTEBOOK = "two_layer_net"
# Three ways to write one answer, and another answer.
CLASS = {
    "s001": DOUBTFUL,
    "s002": DOUBTFUL.upper(),
    "s003": f"**{DOUBTFUL}**",
    "s004": "Only the third one, I am quite certain about that, as the slope is small.",
}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    for student, text in CLASS.items():
        hand_in(folder / "submitted", student, {QUESTION: text, "inline_two_layer_net_2": "I do not know."})
    grade(folder / "submitted", folder / "out")
    return folder


@pytest.fixture
def folder(reviewed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reviewed, tmp_path / "class"))


def review(folder: Path, *arguments: str) -> int:
    return cli.main(["review", "assignment1", "--out", str(folder / "out"), *arguments])


def listed(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    review(folder, "--json", *arguments)
    groups: list[dict[str, Any]] = printed.read("ReviewOutput", capsys.readouterr().out)["groups"]
    return groups


def group_of(groups: list[dict[str, Any]], student: str) -> str:
    return next(str(g["group"]) for g in groups if student in g["students"])


def scores(folder: Path) -> Iterator[tuple[str, float | None, bool, str | None]]:
    with api.Gradebook(sqlite_url(folder / "out/gradebook.db")) as book:
        for student in CLASS:
            at = (QUESTION, NOTEBOOK, "assignment1", student)
            found = book.find_grade(*at)
            yield student, found.manual_score, found.needs_manual_grade, book.find_comment(*at).manual_comment


def test_what_waits_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert review(folder) == codes.ATTENTION
    printed = capsys.readouterr().out
    assert "4 answers in 2 groups need review" in printed
    assert "s001, s002, s003" in printed
    groups = listed(folder, capsys)
    assert [g["students"] for g in groups] == [["s001", "s002", "s003"], ["s004"]]
    assert groups[0]["proposed"] is None
    assert [(c["outcome"], c["proposed"]) for c in groups[0]["criteria"]] == [("skipped", None)] * 4


def test_cells_that_could_not_be_graded_are_named_at_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for student, cells in (("s002", ["softmax_loss"]), ("s004", ["softmax_loss", "affine_forward"])):
        path = folder / f"out/records/{student}.json"
        one = json.loads(path.read_text())
        for grade_id in cells:
            one["grades"][grade_id] |= {"state": "error", "points": None}
        path.write_text(json.dumps(one))
    assert review(folder) == codes.ATTENTION
    said = " ".join(capsys.readouterr().out.split())
    assert "3 cells could not be graded, and are not in this list: of s002, s004." in said
    assert "html says why; grade again, or enter points with --browser." in said
    review(folder, "--json")
    assert printed.read("ReviewOutput", capsys.readouterr().out)["not_graded"] == {"s002": 1, "s004": 2}
    for one in ("s001", "s004"):
        name = group_of(listed(folder, capsys), one)
        assert review(folder, "--decide", f"{name}=1") == codes.ATTENTION
    assert listed(folder, capsys) == []
    assert review(folder) == codes.ATTENTION  # the cells are still there


def test_one_decision_counts_for_the_group(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = group_of(listed(folder, capsys), "s001")
    assert review(folder, "--decide", f"{name}=1.25", "--comment", "ReLU is not linear.") == codes.ATTENTION
    printed = capsys.readouterr()
    assert f"{name}: 1.25 points for 3 of 3" in printed.err
    assert "1 answer in 1 group needs review" in printed.out
    assert list(scores(folder)) == [
        ("s001", 1.25, False, "ReLU is not linear."),
        ("s002", 1.25, False, "ReLU is not linear."),
        ("s003", 1.25, False, "ReLU is not linear."),
        ("s004", None, True, None),
    ]


def test_nothing_waits_once_all_is_decided(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decisions = [a for g in listed(folder, capsys) for a in ("--decide", f"{g['group']}=choice+relu")]
    assert review(folder, *decisions) == codes.DONE
    assert [s[1:3] for s in scores(folder)] == [(1.4, False)] * 4
    assert "0 answers in 0 groups need review" in capsys.readouterr().out


def test_a_decision_is_kept_without_a_name_and_proposes_what_like_answers_get(
    folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [Example(QUESTION, f"{DOUBTFUL} Or so, {n} times.", frozenset(("sigmoid",))) for n in range(6)]
    labelled.add(
        kept, [*others, *(Example(QUESTION, f"Only the third, {n}.", frozenset()) for n in range(6))]
    )
    groups = listed(folder, capsys)
    assert [c["proposed"] for c in groups[0]["criteria"]] == [False, True, False, False]
    review(folder, "--decide", f"{group_of(groups, 's001')}=proposed")
    assert [s[1] for s in scores(folder)] == [0.4, 0.4, 0.4, None]
    added = labelled.read(kept)[0][12:]
    assert [(e.question, e.met) for e in added] == [(QUESTION, frozenset(("sigmoid",)))] * 3
    assert {e.answer for e in added} == {CLASS["s001"], CLASS["s002"], CLASS["s003"]}
    assert "s001" not in kept.read_text()


def test_points_of_unknown_criteria_are_no_example(
    folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review(folder, "--decide", f"{group_of(listed(folder, capsys), 's001')}=0.95")
    assert not kept.exists()


def test_an_example_that_cannot_be_kept_is_reported(
    folder: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(labelled, "add", full)
    name = group_of(listed(folder, capsys), "s001")
    review(folder, "--decide", f"{name}=0")
    assert f"{kept}: not kept as an example: no space left on device" in capsys.readouterr().err
    assert next(scores(folder))[1] == 0.0


def test_a_broken_line_of_examples_is_named_and_stops_nobody(
    folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = group_of(listed(folder, capsys), "s001")
    kept.write_text("{}\n")
    capsys.readouterr()
    assert review(folder, "--decide", f"{name}=1") == codes.ATTENTION
    assert "assignment1.answers.jsonl line 1 is skipped: expected" in capsys.readouterr().err
    assert next(scores(folder))[1] == 1.0
    kept.unlink()
    kept.mkdir()
    assert review(folder) == codes.USAGE
    assert "assignment1.answers.jsonl: " in capsys.readouterr().err


def test_decisions_survive_a_new_grading_and_reach_the_feedback(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = group_of(listed(folder, capsys), "s001")
    review(folder, "--decide", f"{name}=1.25", "--comment", "ReLU is not linear.")
    hand_in(folder / "submitted", "s002", {QUESTION: "1 and 2.", "inline_two_layer_net_2": "I do not know."})
    grade(folder / "submitted", folder / "out")
    assert [s[1] for s in scores(folder)] == [1.25, 1.25, 1.25, None]
    cli.main(["report", "assignment1", str(folder / "out")])
    page = (folder / "out/feedback/s001.html").read_text()
    assert "ReLU is not linear." in page
    assert "1.25" in page


def test_what_someone_entered_meanwhile_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assignment = course.load("assignment1")
    name = group_of(listed(folder, capsys), "s001")
    with Gradebook(sqlite_url(folder / "out/gradebook.db"), assignment) as book:
        assert book.decide(["s002"], QUESTION, 2.0, "by hand") == ["s002"]
        assert book.decide(["s001", "s002"], QUESTION, 0.5, "later") == ["s001"]
    assert list(scores(folder))[1] == ("s002", 2.0, False, "by hand")
    # The group is another one now, so that the old name is refused.
    assert review(folder, "--decide", f"{name}=1") == codes.USAGE
    assert "no group" in capsys.readouterr().err


def test_what_is_decided_changes_only_if_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = group_of(listed(folder, capsys), "s001")
    review(folder, "--decide", f"{name}=1")
    assert "s001" not in str(listed(folder, capsys))
    again = group_of(listed(folder, capsys, "--overwrite"), "s001")
    assert (
        review(folder, "--overwrite", "--decide", f"{again}=0.5", "--comment", "Second look.")
        == codes.ATTENTION
    )
    assert next(scores(folder)) == ("s001", 0.5, False, "Second look.")


def test_asking_group_by_group(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = iter(["1.5 Good.", "q"])
    monkeypatch.setattr("builtins.input", lambda: next(lines))
    assert review(folder, "--ask") == codes.ATTENTION
    assert [s[1] for s in scores(folder)] == [1.5, 1.5, 1.5, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--decide", "two_layer_net_1=1"], "no group two_layer_net_1 needs review"),
        (["--decide", "nonsense"], "expected GROUP=POINTS"),
        (["--comment", "Good."], "--comment: expected --decide with it"),
    ],
)
def test_wrong_use_is_reported(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert review(folder, *arguments) == codes.USAGE
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""


def test_one_wrong_decision_enters_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    groups = listed(folder, capsys)
    right, wrong = f"{groups[0]['group']}=1", f"{groups[1]['group']}=99"
    assert review(folder, "--decide", right, "--decide", wrong) == codes.USAGE
    assert [s[1] for s in scores(folder)] == [None] * 4


def test_a_folder_with_nothing_graded_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    assert review(tmp_path) == codes.FAILED
    assert "no records; run autograder grade first" in capsys.readouterr().err


def test_a_student_who_is_not_in_the_gradebook_is_reported(folder: Path) -> None:
    with (
        Gradebook(sqlite_url(folder / "out/gradebook.db"), course.load("assignment1")) as book,
        pytest.raises(GradebookError, match=r"s999.*; run autograder grade first"),
    ):
        book.decide(["s001", "s999"], QUESTION, 1.0)
    assert next(scores(folder))[1] is None


def test_a_locked_gradebook_enters_nothing(folder: Path) -> None:
    import sqlite3

    path = folder / "out/gradebook.db"
    with Gradebook(f"sqlite:///{path}?timeout=0", course.load("assignment1")) as book:
        holder = sqlite3.connect(path)
        holder.execute("begin exclusive")
        with pytest.raises(GradebookError, match=r"nothing is entered: .*database is locked"):
            book.decide(["s001"], QUESTION, 1.0)
        holder.rollback()
        holder.close()
    assert next(scores(folder))[1] is None


@pytest.mark.long
def test_points_typed_in_formgrader_are_noted_before_another_answer_comes(folder: Path) -> None:
    with api.Gradebook(sqlite_url(folder / "out/gradebook.db")) as book:
        for student in ("s001", "s002"):
            row = book.find_grade(QUESTION, NOTEBOOK, "assignment1", student)
            row.manual_score, row.needs_manual_grade = 1.0, False
        book.db.commit()
    hand_in(
        folder / "submitted",
        "s001",
        {QUESTION: "Something else.", "inline_two_layer_net_2": "I do not know."},
    )
    grade(folder / "submitted", folder / "out")
    with Gradebook(sqlite_url(folder / "out/gradebook.db"), course.load("assignment1")) as book:
        [line] = ledger.lines(book._db, "assignment1")
    assert (line.student, line.grade_id, line.points, line.who) == ("s001", QUESTION, 1.0, "formgrader")
    assert line.read == digest(DOUBTFUL)
    assert next(iter(scores(folder)))[1] == 1.0
