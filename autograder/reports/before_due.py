"""What a student sees of a record before the due date: no more than the course's settings allow.

Hidden inputs must not come back through what is printed: a hand-in may be made to print them, raise them or
sleep by them, and be handed in again and again. So nothing here is taken out of a message: what is shown is
put together from words that are fixed, and from hints that the course's authors wrote. Times are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.assignment import Assignment
from autograder.course.policy import View
from autograder.records.record import CaseResult, Grade, Record
from autograder.reports import pages
from autograder.reports.feedback import titles
from autograder.reports.gradescope import as_json
from autograder.reports.score import UNREAD, needed
from autograder.safe_text import readable

PASSED, NOT_YET, LATER, UNKNOWN, NO_ANSWER = "passed", "not yet", "later", "unknown", "no answer"
WORDS = {
    PASSED: "passed",
    NOT_YET: "not passed yet",
    LATER: "checked after the due date",
    UNKNOWN: "could not be checked; your instructor looks at it",
    NO_ANSWER: "no answer found in your hand-in",
}
MOST_HINTS = 3  # of one part: of the first checks that it failed
GRADESCOPE = {PASSED: {"status": "passed"}, NOT_YET: {"status": "failed"}}  # others have none there
NOTHING_WRITTEN = ("No answer handed in.", "No answer written.")  # as the judge says it
FAULT = "Your hand-in could not be graded, by a fault of ours. It is kept, and tried again."
ABOUT = {
    "visible": "The hidden checks are run, and what they found is shown after the due date. Until then, the "
    "checks in the notebooks say how far you are.",
    "pass-fail": "A part has passed when all its hidden checks have. How close the others are, and how many "
    "points they earn, is shown after the due date.",
    "hints": "A part has passed when all its hidden checks have. Of the others you see what kind of thing is "
    "wrong. Numbers, and the points, are shown after the due date.",
}


@dataclass(frozen=True)
class PartShown:
    """One grade cell."""

    grade_id: str
    title: str
    status: str  # of WORDS
    kinds: tuple[str, ...] = ()  # of what is wrong
    hints: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return WORDS[self.status]


def lines(record: Record, assignment: Assignment, view: View) -> dict[str, list[PartShown]]:
    """Notebook -> its cells, as far as the view lets them be seen."""
    manual = {cell.grade_id for cell in assignment.grade_cells if cell.manual}
    return {
        n.name: [
            _line(record.grades[grade_id], title, grade_id in manual, view)
            for grade_id, title in titles(n).items()
            if grade_id in record.grades
        ]
        for n in assignment.notebooks
    }


def _line(grade: Grade, title: str, manual: bool, view: View) -> PartShown:
    if manual:
        nothing = grade.state == "graded" and grade.comment in NOTHING_WRITTEN
        return PartShown(grade.grade_id, title, NO_ANSWER if nothing else LATER)
    if view == "visible":
        return PartShown(grade.grade_id, title, LATER)
    if grade.state == "error" or grade.points is None:
        return PartShown(grade.grade_id, title, UNKNOWN)
    if grade.points >= grade.max_points:
        return PartShown(grade.grade_id, title, PASSED)
    failed = [c for c in grade.cases if c.outcome == "failed"] if view == "hints" else []
    kinds = dict.fromkeys(_kind(case) for case in failed)
    # Who has written nothing is not given all hints there are.
    hints = dict.fromkeys(case.hint for case in failed if case.hint and _kind(case) != pages.NOT_WRITTEN)
    return PartShown(grade.grade_id, title, NOT_YET, tuple(kinds), tuple(hints)[:MOST_HINTS])


def _kind(case: CaseResult) -> str:
    """From a closed list, whatever a message says."""
    stub = "NotImplementedError" if case.message.startswith("NotImplementedError") else ""
    return pages.outcome(case.property, stub)


def about(record: Record, notes: Sequence[str]) -> list[str]:
    """What is said of the hand-in: what was unusual about it is known without running it."""
    problems = [FAULT] if record.fault else [pages.to_student(problem) for problem in record.problems]
    return [readable(line) for line in (*notes, *problems)]


def page(
    record: Record, assignment: Assignment, view: View, notes: Sequence[str] = (), when: str = ""
) -> str:
    """The page; `when` says until when no more is shown."""
    sections = lines(record, assignment, view)
    each = [line for section in sections.values() for line in section]
    return pages.page(
        "before_due.html",
        student=record.student,
        title=assignment.title,
        handed_in=notes[0] if notes else "",
        about=about(record, notes[1:]),
        sections={} if needed(record) == UNREAD else sections,
        passed=sum(line.status == PASSED for line in each),
        checked=sum(line.status in (PASSED, NOT_YET, UNKNOWN) for line in each),
        view=view,
        said=ABOUT[view],
        when=when,
    )


def results_json(record: Record, assignment: Assignment, view: View, notes: Sequence[str] = ()) -> str:
    """The same in Gradescope's format, without a score."""
    tests = [
        {
            "name": line.grade_id,
            "number": f"{n}.{c}",
            "output": "\n".join((line.words, *line.kinds, *line.hints)),
            "output_format": "text",
            "tags": [notebook],
            "visibility": "visible",
            **GRADESCOPE.get(line.status, {}),
        }
        for n, (notebook, section) in enumerate(lines(record, assignment, view).items(), 1)
        for c, line in enumerate(section, 1)
    ]
    output = "\n".join((*about(record, notes), ABOUT[view]))
    return as_json(record, {}, output, tests, {"shown": view})
