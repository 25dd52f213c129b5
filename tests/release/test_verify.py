"""The solved version must earn everything, the untouched release nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.intake import Submission
from autograder.records.record import CaseResult, Grade, Hashes, Record
from autograder.release import verify
from autograder.release.build import build
from autograder.release.execute import run_notebooks
from autograder.release.package import solved
from autograder.release.verify import released_submission

from .conftest import Course

Quiet = Callable[[str], None]
PASSED = CaseResult("small", "core", 1.0, "passed")
FAILED = CaseResult("small", "core", 1.0, "failed", "out has another shape")


def record(student: str, *grades: Grade) -> Record:
    return Record(student, "demo", "none", Hashes("", "", ""), {grade.grade_id: grade for grade in grades})


RIGHT = Grade("scale_forward", "Intro", 2.0, 2.0, "graded", (PASSED,))
ANSWERED = Grade("inline_Intro_1", "Intro", None, 1.0, "needs_review")
BLANK = Grade("scale_forward", "Intro", 0.0, 2.0, "graded", (FAILED,))
UNANSWERED = Grade("inline_Intro_1", "Intro", 0.0, 1.0, "graded")


def solved_record(function: Grade = RIGHT, question: Grade = ANSWERED) -> Record:
    return record("solved", function, question)


def untouched_record(function: Grade = BLANK, question: Grade = UNANSWERED) -> Record:
    return record("untouched", function, question)


@pytest.fixture
def built(demo: Course, quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A built course whose notebook can run, without trained models."""
    demo.change("source/demo/assignment.toml", 'results = ["results/net.npz"]\n', "")
    demo.cell("check")["source"] = "print('ran in', __import__('os').environ['CS_CIFAR10'])"
    demo.save()
    build("demo", demo.root, quiet)
    return demo


def graded(monkeypatch: pytest.MonkeyPatch, *records: Record) -> list[Submission]:
    """Let grading give these records; returns what will have been graded."""
    given = {record.student: record for record in records}
    submissions: list[Submission] = []

    def grade(assignment: Assignment, submission: Submission) -> Record:
        submissions.append(submission)
        return given[submission.student]

    monkeypatch.setattr(verify, "_grade", grade)
    return submissions


def test_a_course_that_holds_together_is_verified(
    built: Course, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    submissions = graded(monkeypatch, solved_record(), untouched_record())
    result = verify.verify(course.load("demo", built.root), progress=quiet)
    assert str(result) == (
        "the solved version earns 2 of 3 points, 1 question needs review; the untouched release earns 0"
    )
    solution, untouched = submissions
    assert b"scaled_rows = x.reshape" in solution.package["demo_lib/layers.py"]
    assert b"scale_forward is not written yet" in untouched.package["demo_lib/layers.py"]
    assert b"*Your answer here: it is not written yet.*" in untouched.notebooks["Intro"]


WRONG = {
    "a solution that fails": (
        solved_record(Grade("scale_forward", "Intro", 1.5, 2.0, "graded", (FAILED,))),
        untouched_record(),
        r"scale_forward: expected 2 points for the solution, got 1.5, graded; small: out has another shape",
    ),
    "an error of ours": (
        solved_record(Grade("scale_forward", "Intro", None, 2.0, "error", internal="no sandbox")),
        untouched_record(),
        r"scale_forward: expected 2 points for the solution, got no points, error; no sandbox",
    ),
    "a function that needs review": (
        solved_record(Grade("scale_forward", "Intro", None, 2.0, "needs_review")),
        untouched_record(),
        r"scale_forward: expected 2 points for the solution, got no points, needs_review",
    ),
    "a model answer that earns nothing": (
        solved_record(question=Grade("inline_Intro_1", "Intro", 0.0, 1.0, "graded")),
        untouched_record(),
        r"inline_Intro_1: expected 1 points for the solution, got 0, graded",
    ),
    "a release that earns points": (
        solved_record(),
        untouched_record(Grade("scale_forward", "Intro", 0.4, 2.0, "graded", (PASSED, FAILED))),
        r"scale_forward: expected 0 points for the untouched release, got 0.4, graded; .* \(passed: small\)",
    ),
    "a question that waits unanswered": (
        solved_record(),
        untouched_record(question=Grade("inline_Intro_1", "Intro", None, 1.0, "needs_review")),
        r"inline_Intro_1: expected 0 points for the untouched release, got no points, needs_review",
    ),
}


@pytest.mark.parametrize(("solution", "untouched", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_course_that_does_not_hold_together_is_refused(
    built: Course,
    quiet: Quiet,
    monkeypatch: pytest.MonkeyPatch,
    solution: Record,
    untouched: Record,
    message: str,
) -> None:
    graded(monkeypatch, solution, untouched)
    monkeypatch.setattr(verify, "run_notebooks", lambda *_: {})
    with pytest.raises(ReleaseError, match=message):
        verify.verify(course.load("demo", built.root), progress=quiet)


def test_given_models_spare_the_run(demo: Course, quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    build("demo", demo.root, quiet)
    demo.write("models/net.npz", "weights")
    submissions = graded(monkeypatch, solved_record(), untouched_record())
    verify.verify(course.load("demo", demo.root), demo.root / "models", quiet)
    assert submissions[0].results == {"results/net.npz": b"weights"}
    assert submissions[1].results == {}


def test_missing_models_are_refused(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    with pytest.raises(ReleaseError, match=r"models/net.npz: expected a trained model, found no such file"):
        verify.verify(course.load("demo", demo.root), demo.root / "models", quiet)


def test_a_missing_release_is_refused(demo: Course) -> None:
    with pytest.raises(ReleaseError, match=r"release/demo: expected the built release, found no such fol"):
        released_submission(course.load("demo", demo.root))


def test_an_outdated_release_is_refused(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    demo.change("demo_lib/helpers.py", "return x + b", "return b + x")
    message = r"release/demo/demo_lib/helpers.py: expected what the course builds now, got something else"
    with pytest.raises(ReleaseError, match=message):
        released_submission(course.load("demo", demo.root))


# Running the notebooks --------------------------------------------------------------------------------


def run(demo: Course, quiet: Quiet) -> dict[str, bytes]:
    assignment = course.load("demo", demo.root)
    return run_notebooks(assignment, solved(assignment), quiet)


def test_the_notebooks_run_with_the_solved_library_on_the_subset(demo: Course, quiet: Quiet) -> None:
    demo.cell("check")["source"] = (
        "import os, pathlib\n"
        "assert os.environ['CS_CIFAR10'] == 'subset'\n"
        "assert layers.Net().weight_of_the_layer.sum() == 7.5\n"
        "assert not hasattr(layers, 'leaky_forward')\n"
        "pathlib.Path('results').mkdir()\n"
        "pathlib.Path('results/net.npz').write_text(str(best))"
    )
    demo.notebook["cells"].insert(2, demo.notebook["cells"].pop(3))
    demo.save()
    before = dict(os.environ)
    reported: list[str] = []
    assert run(demo, reported.append) == {"results/net.npz": b"0.34"}
    assert dict(os.environ) == before
    assert reported[0] == "demo: running Intro"
    assert reported[-1].startswith("demo: ran Intro in ")


def test_a_notebook_that_fails_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("check")["source"] = "1 / 0"
    demo.save()
    message = r"source/demo/Intro.ipynb cell 3: expected the solved notebook to run, got ZeroDivisionError"
    with pytest.raises(ReleaseError, match=message):
        run(demo, quiet)


def test_a_visible_check_that_fails_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("check")["source"] = "print('ok'); print('  NOT YET  out  has shape (2,)')"
    demo.save()
    message = r"Intro.ipynb cell 3: expected every check of the solved notebook to pass, got 'NOT YET  out"
    with pytest.raises(ReleaseError, match=message):
        run(demo, quiet)


def test_a_model_that_is_not_saved_is_refused(demo: Course, quiet: Quiet) -> None:
    message = r"source/demo: expected the notebooks to save results/net.npz, found none; save it"
    with pytest.raises(ReleaseError, match=message):
        run(demo, quiet)


def test_the_embedded_data_is_where_the_notebooks_look(demo: Course, quiet: Quiet, tmp_path: Path) -> None:
    demo.cell("check")["source"] = "import os; raise KeyError(os.environ['CS_DATASETS'])"
    demo.save()
    with pytest.raises(ReleaseError, match=f"got KeyError: '{demo.root.resolve()}/datasets'"):
        run(demo, quiet)
