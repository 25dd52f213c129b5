"""Does the course hold together? The solved version must earn full marks, the untouched release none."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder import intake
from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.files import contents_below, whole
from autograder.intake import Submission
from autograder.records.record import Grade, Record
from autograder.release.build import Tell, differs, tell
from autograder.release.execute import run_notebooks
from autograder.release.package import handed_in, skeleton, solved
from autograder.safe_text import plural


@dataclass(frozen=True)
class VerifyResult:
    """Points of the solved version and of the untouched release, by grade id."""

    solved: Record
    untouched: Record

    def __str__(self) -> str:
        waiting = len(self.solved.waiting)
        questions = f", {plural(waiting, 'question', 'need')} review" if waiting else ""
        return (
            f"the solved version earns {self.solved.points:g} of {self.solved.max_points:g} points"
            f"{questions}; the untouched release earns {self.untouched.points:g}"
        )


def verify(assignment: Assignment, models: Path | None = None, progress: Tell = tell) -> VerifyResult:
    """Run the solved notebooks, then grade the solved version and the release as it was given out.

    Args:
        models: a folder with the trained models, by their file names; None trains them by running the
            solved notebooks.
        progress: called with what is being done.

    Raises:
        ReleaseError: a notebook fails, a solution does not earn full marks, or the release earns points.
    """
    name, untouched = assignment.name, released_submission(assignment)
    texts = solved(assignment)
    if models is None:
        results = run_notebooks(assignment, texts, progress)
    else:
        results = {result: _model(models / Path(result).name) for result in assignment.results}
    progress(f"{name}: grading the solved version and the untouched release")
    solution = _grade(assignment, handed_in("solved", assignment, texts, results))
    nothing = _grade(assignment, untouched)
    faults = [*_unearned(assignment, solution), *_given_away(assignment, nothing)]
    if faults:
        raise ReleaseError(f"{name}: " + "\n  ".join(["the course does not hold together:", *faults]))
    return VerifyResult(solution, nothing)


def _model(path: Path) -> bytes:
    try:
        return whole(path)
    except FileNotFoundError as error:
        raise ReleaseError(
            f"{path.parent.name}/{path.name}: expected a trained model, found no such file; train it by "
            "running the notebooks"
        ) from error


def released_submission(assignment: Assignment) -> Submission:
    """The release, handed in as it was given out."""
    folder = assignment.release_folder
    where = f"release/{assignment.name}"
    if not folder.is_dir():
        raise ReleaseError(
            f"{where}: expected the built release, found no such folder; run `autograder release`"
        )
    files = contents_below(folder, folder)
    for path, text in skeleton(assignment).files.items():
        if files.get(path) != text.encode():
            raise ReleaseError(differs(f"{where}/{path}"))
    return intake.arrange("untouched", files, assignment)


def _grade(assignment: Assignment, submission: Submission) -> Record:
    from autograder.judge.grading import grade_one  # pytest and the sandbox: not needed to build a release

    return grade_one(assignment, submission)


def _unearned(assignment: Assignment, record: Record) -> Iterator[str]:
    for cell in assignment.grade_cells:
        grade = record.grades[cell.grade_id]
        if grade.state == "graded" and grade.points == cell.points:
            continue
        if cell.manual and grade.state == "needs_review":
            continue
        see = f"; see autograder try {assignment.name}/{cell.grade_id}" if grade.state == "error" else ""
        got = f"{_described(grade)}{see}"
        yield f"{cell.grade_id}: expected {cell.points:g} points for the solution, got {got}"


def _given_away(assignment: Assignment, record: Record) -> Iterator[str]:
    for cell in assignment.grade_cells:
        grade = record.grades[cell.grade_id]
        if grade.state != "graded" or grade.points != 0:
            passed = ", ".join(case.id for case in grade.cases if case.outcome == "passed")
            hint = f" (passed: {passed})" if passed else ""
            got = f"{_described(grade)}{hint}"
            yield f"{cell.grade_id}: expected 0 points for the untouched release, got {got}"


def _described(grade: Grade) -> str:
    """Points, state, and why: what went wrong on our side, else the first case that did not pass."""
    points = "no points" if grade.points is None else f"{grade.points:g}"
    failed = [
        f"{case.id}: {case.message}" for case in grade.cases if case.outcome not in ("passed", "skipped")
    ]
    reason = grade.internal or (failed[0] if failed else "")
    return f"{points}, {grade.state}" + (f"; {reason}" if reason else "")
