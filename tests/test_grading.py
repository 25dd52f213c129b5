"""The judge, with small graders of its own: what a test comes to, and what that earns."""

import json
import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.assignment import Assignment
from autograder.course.course import read
from autograder.errors import GradingError
from autograder.intake import Source, Submission
from autograder.judge import hand_in, scoring
from autograder.judge.digests import graders_digest
from autograder.judge.grading import grade_all, grade_one, grade_tasks
from autograder.judge.task import Task
from autograder.notebook import GradeCell, Notebook
from autograder.records.record import CaseResult, Record
from autograder.sandbox.level import unsafe
from autograder.sandbox.limits import Limits

HEADER = """
from autograder.checks.checks import Case, CheckFailed, cases
"""


def case(kind: str, outcome: str, weight: float = 1.0) -> CaseResult:
    return CaseResult("c", kind, weight, outcome)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("results", "points"),
    [
        ([("core", "passed")], 10.0),
        ([("core", "failed")], 0.0),
        ([("core", "passed"), ("core", "failed")], 5.0),
        ([("core", "passed", 3.0), ("core", "failed", 1.0)], 7.5),
        ([("core", "passed"), ("edge", "failed")], 8.0),
        ([("core", "failed"), ("edge", "passed")], 2.0),
        ([("core", "passed"), ("edge", "passed"), ("edge", "failed")], 9.0),
        ([("edge", "passed"), ("edge", "failed")], 5.0),
        ([("core", "passed"), ("core", "skipped")], 10.0),
    ],
)
def test_points_follow_kind_and_weight(results: list[tuple], points: float) -> None:
    assert scoring.score([case(*r) for r in results], 10.0) == points


class Course:
    """An assignment in a temporary folder, with graders written by the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.graders = root / "graders"
        (self.graders / "lesson").mkdir(parents=True)
        (root / "release/lesson/cs_lib").mkdir(parents=True)
        (root / "source/lesson").mkdir(parents=True)
        (root / "source/lesson/assignment.toml").write_text("")
        (root / "course.toml").write_text('title = "C"\npackage = "cs_lib"\nassignments = ["lesson"]\n')

    def assignment(self, **points: float) -> Assignment:
        cells = tuple(
            GradeCell(i, "nb", p, "inline" if i.startswith("inline") else "code", i.startswith("inline"))
            for i, p in points.items()
        )
        path = self.root / "source/lesson/nb.ipynb"
        limits = Limits(call_seconds=5.0)
        return Assignment("lesson", "Lesson", read(self.root), (Notebook("nb", path, cells),), limits=limits)

    def write(self, text: str, name: str = "test_lesson.py") -> None:
        (self.graders / "lesson" / name).write_text(HEADER + textwrap.dedent(text))

    def grade(self, assignment: Assignment, code: str = "", answers: dict[str, str] | None = None) -> Record:
        cells = [{"metadata": {"nbgrader": {"grade_id": i}}, "source": t} for i, t in (answers or {}).items()]
        notebook = json.dumps({"cells": cells}).encode()
        package = {"cs_lib/layers.py": textwrap.dedent(code).encode()} if code else {}
        submission = Submission("s001", package, {"nb": notebook})
        return grade_one(assignment, submission, unsafe())


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


OUTCOMES = """
    import pytest

    @cases("good", Case("a"), Case("b", kind="edge"))
    def test_good(student, case):
        if student.call("layers.double", 2) != 4:
            raise CheckFailed("value", "not doubled")

    @cases("wrong", Case("a", hint="Think twice."))
    def test_wrong(student, case):
        raise CheckFailed("value", "out is wrong")

    @cases("raises", Case("a"))
    def test_raises(student, case):
        student.call("layers.divide", 1)

    @cases("ours", Case("a"), Case("b"))
    def test_ours(student, case):
        if case.id == "a":
            raise RuntimeError("expected 3.14159")

    @cases("skips", Case("a"), Case("b"))
    def test_skips(student, case):
        if case.id == "b":
            pytest.skip("not today")
"""
CODE = """
    def double(x):
        return 2 * x

    def divide(x):
        return x / 0
"""


def test_each_outcome_earns_what_it_should(course: Course) -> None:
    course.write(OUTCOMES)
    record = course.grade(course.assignment(good=2, wrong=2, raises=2, ours=2, skips=2, silent=2), CODE)
    reported = {i: (g.points, g.state) for i, g in record.grades.items()}
    assert reported == {
        "good": (2.0, "graded"),
        "wrong": (0.0, "graded"),
        "raises": (0.0, "graded"),
        "ours": (None, "error"),
        "skips": (2.0, "graded"),
        "silent": (None, "error"),
    }
    assert record.waiting == ["ours", "silent"]
    assert record.isolation == "none"
    assert record.student_seconds > 0


CALLED = """
    @cases("wrong", Case("a"), Case("b"))
    def test_wrong(student, case):
        got = student.call("layers.double", 2)
        if case.id == "a":
            raise CheckFailed("value", "out is wrong")

    @cases("trained", Case("a"))
    def test_trained(results, case):
        raise CheckFailed("value", "nothing was trained")
"""


def test_a_failed_case_tells_what_was_called(course: Course) -> None:
    course.write(CALLED)
    grades = course.grade(course.assignment(wrong=2, trained=2), CODE).grades
    assert [c.called for c in grades["wrong"].cases] == ["double(2)", ""]
    assert [c.called for c in grades["trained"].cases] == [""]


def test_a_person_looks_at_what_was_made_of_a_doubtful_model(course: Course) -> None:
    course.write(CALLED.replace('raise CheckFailed("value", "nothing was trained")', "pass"))
    model = {"results/net.npz": b"1"}
    doubts = {"results/net.npz": "two versions of results/net.npz were handed in"}
    submission = Submission("s1", {"cs_lib/layers.py": CODE.encode()}, results=model, doubts=doubts)
    assignment = replace(course.assignment(wrong=2, trained=2), results=tuple(model))
    record = grade_one(assignment, submission, unsafe())
    assert record.waiting == ["trained"]
    assert "two versions of results/net.npz" in record.grades["trained"].comment


def test_messages_are_for_the_student(course: Course) -> None:
    course.write(OUTCOMES)
    record = course.grade(course.assignment(good=2, wrong=2, raises=2, ours=2), CODE)
    [wrong] = record.grades["wrong"].cases
    assert (wrong.message, wrong.hint, wrong.property) == ("out is wrong", "Think twice.", "value")
    [raised] = record.grades["raises"].cases
    assert "ZeroDivisionError" in raised.message
    assert "cs_lib/layers.py line 6, in divide: return x / 0" in raised.message
    assert str(course.root) not in raised.message
    assert "3.14159" not in record.grades["ours"].comment
    assert "costs you nothing" in record.grades["ours"].comment


def test_a_fault_of_ours_is_tried_again(course: Course) -> None:
    flag = course.root / "tried"
    course.write(
        f"""
        from pathlib import Path
        from autograder.sandbox.client import SandboxError

        @cases("shaky", Case("a"), Case("b"))
        def test_shaky(student, case):
            if case.id == "a" and not Path({str(flag)!r}).exists():
                Path({str(flag)!r}).touch()
                raise SandboxError("gone")
        """
    )
    record = course.grade(course.assignment(shaky=2), CODE)
    assert record.grades["shaky"].points == 2.0
    assert [c.id for c in record.grades["shaky"].cases] == ["shaky[a]", "shaky[b]"]


def test_a_crash_costs_its_case_only(course: Course) -> None:
    course.write(
        """
        @cases("cell", Case("first"), Case("crash"), Case("last"))
        def test_cell(student, case):
            student.call("layers.work", case.id)
        """
    )
    code = """
        import os

        def work(name):
            if name == "crash":
                os._exit(0)
    """
    record = course.grade(course.assignment(cell=3), code)
    assert [c.outcome for c in record.grades["cell"].cases] == ["passed", "failed", "passed"]
    assert record.grades["cell"].points == 2.0


def test_random_numbers_are_the_same_for_a_case_wherever_it_runs(course: Course) -> None:
    course.write(
        """
        seen = []

        @cases("cell", Case("a"))
        def test_cell(student, case):
            seen.append(student.call("layers.draw"))
            assert seen[0] == seen[-1]
        """
    )
    assignment = course.assignment(cell=1)
    code = {"cs_lib/layers.py": b"import numpy as np\n\ndef draw():\n    return float(np.random.rand())\n"}
    records: list[Record] = []
    twins = [Submission(s, code) for s in ("s001", "s002")]
    grade_all(assignment, twins, records.append, unsafe())
    assert [r.grades["cell"].points for r in records] == [1.0, 1.0]


def test_written_answers(course: Course) -> None:
    course.write("")
    assignment = course.assignment(inline_1=2, inline_2=2, inline_3=2)
    record = course.grade(assignment, answers={"inline_1": "Because.", "inline_2": "*Your answer here.*"})
    reported = {i: (g.points, g.state, g.comment) for i, g in record.grades.items()}
    assert reported == {
        "inline_1": (None, "needs_review", "Your instructor reads this answer."),
        "inline_2": (0.0, "graded", "No answer written."),
        "inline_3": (0.0, "graded", "No answer handed in."),
    }
    assert record.answers["inline_1"] == "Because."


def test_half_a_surrogate_pair_in_an_answer_stops_nobody(course: Course) -> None:
    course.write("")
    record = course.grade(course.assignment(inline_1=2), answers={"inline_1": "Be\ud800cause."})
    assert record.answers == {"inline_1": "Be?cause."}
    record.to_json().encode()


def test_what_goes_wrong_over_one_hand_in_stops_no_other(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.write("")
    judge_inline = scoring.judge_inline

    def broken(cell: GradeCell, answer: str | None, *rest: object) -> object:
        if answer == "!":
            raise RuntimeError("a fault of ours")
        return judge_inline(cell, answer, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(hand_in, "judge_inline", broken)
    cells = [
        {"metadata": {"nbgrader": {"grade_id": "inline_1"}}, "source": text} for text in ("!", "Because.")
    ]
    records: list[Record] = []
    hand_ins = [
        Submission(f"s{i}", {}, {"nb": json.dumps({"cells": [cell]}).encode()})
        for i, cell in enumerate(cells)
    ]
    grade_all(course.assignment(inline_1=2), hand_ins, records.append, unsafe())
    assert [r.grades["inline_1"].state for r in records] == ["error", "needs_review"]
    assert "RuntimeError: a fault of ours" in records[0].problems[0]


def test_an_unreadable_notebook_needs_review(course: Course) -> None:
    course.write(OUTCOMES)
    submission = Submission("s001", {"cs_lib/layers.py": textwrap.dedent(CODE).encode()}, {"nb": b"{broken"})
    record = grade_one(course.assignment(good=2, inline_1=2), submission, unsafe())
    assert record.grades["good"].points == 2.0
    assert (record.grades["inline_1"].points, record.grades["inline_1"].state) == (None, "error")
    assert "nb.ipynb: not a readable notebook" in record.problems[0]


def test_an_unreadable_hand_in_is_no_zero(course: Course) -> None:
    course.write(OUTCOMES)
    submission = Submission("s001", unreadable="s001.zip: not a readable zip")
    record = grade_one(course.assignment(good=2), submission, unsafe())
    assert (record.grades["good"].points, record.grades["good"].state) == (None, "error")
    assert record.problems == ("s001.zip: not a readable zip",)


def test_files_not_handed_in_come_from_the_release(course: Course) -> None:
    course.write(OUTCOMES)
    (course.root / "release/lesson/cs_lib/layers.py").write_text(textwrap.dedent(CODE))
    record = course.grade(course.assignment(good=2))
    assert record.grades["good"].points == 2.0


def test_graders_that_do_not_load_are_reported(course: Course) -> None:
    course.write("import no_such_module")
    with pytest.raises(GradingError, match=r"hidden graders do not load:(.|\n)*no_such_module"):
        course.grade(course.assignment(good=2), CODE)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("def test(:\n", ["E .*test_lesson.py., line 1", "E .*def test", r"E .*\^", "E   SyntaxError: .*"]),
        (
            "def made():\n    return 1 / 0\n\n\nmade()\n",
            [
                ".*test_lesson.py:5: in <module>",
                "    made",
                ".*:2: in made",
                "    return 1",
                ".*",
                "E   Zero.*",
            ],
        ),
    ],
)
def test_graders_that_do_not_load_show_their_authors_lines(
    course: Course, text: str, lines: list[str]
) -> None:
    (course.graders / "lesson/test_lesson.py").write_text(text)
    with pytest.raises(GradingError) as error:
        course.grade(course.assignment(good=2), CODE)
    head, where, *shown = str(error.value).splitlines()
    assert head == "hidden graders do not load:"
    assert where.endswith("test_lesson.py:")
    assert len(shown) == len(lines)
    assert all(re.match(wanted, line) for wanted, line in zip(lines, shown, strict=True)), shown


def test_an_assignment_without_graders_is_reported(course: Course) -> None:
    (course.graders / "lesson").rmdir()
    with pytest.raises(GradingError, match="graders/lesson: no hidden graders"):
        course.grade(course.assignment(good=2), CODE)


def test_nothing_is_graded_again_while_nothing_changes(course: Course) -> None:
    course.write(OUTCOMES)
    assignment = course.assignment(good=2)
    folder = course.root / "class/s001"
    (folder / "cs_lib").mkdir(parents=True)
    (folder / "cs_lib/layers.py").write_text(textwrap.dedent(CODE))
    source = Source("s001", folder)
    replies: list[Record | None] = []
    grade_tasks(assignment, [Task(source)], replies.append, unsafe())
    [first] = replies
    assert first is not None
    grade_tasks(assignment, [Task(source, first.hashes)], replies.append, unsafe())
    assert replies[1:] == [None]
    (folder / "cs_lib/layers.py").write_text("def double(x):\n    return x\n")
    grade_tasks(assignment, [Task(source, first.hashes)], replies.append, unsafe())
    assert replies[2] is not None
    assert replies[2].grades["good"].points == 0.0


def test_new_graders_grade_again(course: Course) -> None:
    course.write(OUTCOMES)
    before = graders_digest(course.assignment(good=2))
    course.write(OUTCOMES + "\n# a new line\n")
    graders_digest.cache_clear()
    assert graders_digest(course.assignment(good=2)) != before
    assert graders_digest(course.assignment(good=3)) != before
