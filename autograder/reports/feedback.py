"""A student's feedback: one self-contained HTML page.

The page shows what stands in the record and nothing else: no expected value, no file of ours, no
output of a notebook. All text is escaped, a student's own above all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import escape

from autograder.course.assignment import Assignment
from autograder.notebook import Notebook
from autograder.records.objection import Objection
from autograder.records.record import ROUNDED, CaseResult, Grade, Record
from autograder.reports import pages
from autograder.reports.first_looks import banners, looks, unread_line
from autograder.reports.score import UNREAD, needed, score, seconds_late
from autograder.safe_text import readable

FIRST_LOOKS = 3  # how many cells "Where to look first" names
CALLS_SHOWN = 3  # of the calls that one message was said of


@dataclass(frozen=True)
class Finding:
    """One message, the cases it was said of, and what was called in them."""

    titles: tuple[str, ...]
    property: str
    message: str
    hints: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellShown:
    """One grade cell as the page shows it."""

    grade: Grade
    status: str  # full | part | none | review
    findings: tuple[Finding, ...]
    criteria: tuple[CaseResult, ...]
    passed: tuple[str, ...]
    answer: str | None
    code: bool  # the answer is code
    title: str  # "Question 2" of a question, else its grade id
    objected: bool  # there is an objection to show

    @property
    def points(self) -> float | None:
        """None while a person has yet to look: a proposal is not shown as if it were decided."""
        return None if self.status == "review" else self.grade.points

    @property
    def lost(self) -> float:
        return self.grade.max_points - self.points if self.points is not None else 0.0

    @property
    def has_more(self) -> bool:
        """Whether there is more to say than the line in the table."""
        return bool(self.findings or self.criteria or self.answer or self.grade.comment or self.objected)


@dataclass(frozen=True)
class NotebookShown:
    """One notebook, or all of them together."""

    name: str
    entries: tuple[CellShown, ...]

    @property
    def points(self) -> float:
        return round(sum(e.points or 0.0 for e in self.entries), 2)

    @property
    def max_points(self) -> float:
        return sum(e.grade.max_points for e in self.entries)

    @property
    def waiting(self) -> tuple[CellShown, ...]:
        return tuple(e for e in self.entries if e.status == "review")


def render(
    record: Record,
    assignment: Assignment,
    notebook: str = "",
    called: str = "",
    objections: Sequence[Objection] = (),
) -> str:
    """The page of one student, `called` so: the whole assignment, or one notebook of it."""
    code = {cell.grade_id for cell in assignment.grade_cells if cell.kind == "code"}
    objected = {one.grade_id for one in objections}
    sections = [
        NotebookShown(
            n.name,
            tuple(
                _entry(record, grade_id, title, grade_id in code, grade_id in objected)
                for grade_id, title in titles(n).items()
                if grade_id in record.grades
            ),
        )
        for n in assignment.notebooks
    ]
    shown = [s for s in sections if s.name == notebook] if notebook else sections
    lost = {e.grade.grade_id: e.lost for section in shown for e in section.entries if e.findings}
    grades = [record.grades[e.grade.grade_id] for e in _together(shown).entries]
    counted = score(record, assignment)
    problems = [problem for problem in record.problems if problem != counted.late]  # that is said above
    return pages.page(
        "feedback.html",
        record=record,
        problems=problems,
        title=assignment.title,
        notebook=notebook,
        called=called,
        sections=shown,
        total=_together(shown),
        whole=_together(sections),
        counted=counted,
        unread=needed(record) == UNREAD,
        counts=counted.final_of(notebook) if notebook else counted.final,
        handed_in=_handed_in(record, assignment),
        first=looks(record.grades.values(), lost)[:FIRST_LOOKS],
        entries={e.grade.grade_id: e for section in sections for e in section.entries},
        banners=banners(grades),
        objections=objections,
        how_to_object=assignment.course.objections,
        calls_shown=CALLS_SHOWN,
        questions=any(e.criteria or e.answer for section in shown for e in section.entries),
    )


def not_made(student: str, assignment: Assignment) -> str:
    """The page of a student whose own could not be made: an older one would not be true any more."""
    who, what = escape(readable(student)), escape(assignment.title)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{what}</title>\n<h1>{what}</h1>\n'
        f"<p>{who}: this feedback page could not be made. Your instructor knows, and looks at it; nothing is "
        "lost by it.</p>\n</html>\n"
    )


def titles(notebook: Notebook) -> dict[str, str]:
    """What students call the cells of a notebook: questions by their numbers, others by their grade ids."""
    named, numbers = {}, {"Question": 0, "Task": 0}
    for cell in notebook.cells:
        word = {"inline": "Question", "task": "Task"}.get(cell.kind, "")
        if word:
            numbers[word] += 1
        named[cell.grade_id] = f"{word} {numbers[word]}" if word else cell.grade_id
    return named


def _handed_in(record: Record, assignment: Assignment) -> str:
    """When it was handed in, and whether that was in time, as far as anybody knows."""
    if record.time is None:
        return ""
    when = record.time.astimezone(assignment.late.zone)
    late = seconds_late(record, assignment)
    known = "" if assignment.late.due is None else ", late" if late else ", in time"
    return f"Handed in on {when.day} {when:%B %Y, %H:%M} {when:%Z}{known}"


def _together(sections: Iterable[NotebookShown]) -> NotebookShown:
    return NotebookShown("", tuple(entry for section in sections for entry in section.entries))


def _entry(record: Record, grade_id: str, title: str, code: bool, objected: bool) -> CellShown:
    grade = record.grades[grade_id]
    tested = [c for c in grade.cases if c.kind != "criterion"]
    return CellShown(
        grade=grade,
        status=_status(grade),
        findings=tuple(_findings(grade_id, [c for c in tested if c.outcome == "failed"])),
        criteria=_criteria(grade),
        passed=tuple(case_title(grade_id, c.id) for c in tested if c.outcome == "passed"),
        answer=record.answers.get(grade_id),
        code=code,
        title=title,
        objected=objected,
    )


def _status(grade: Grade) -> str:
    if grade.state != "graded" or grade.points is None:
        return "review"
    if grade.points >= grade.max_points:
        return "full"
    return "part" if grade.points > 0 else "none"


def _findings(grade_id: str, failed: Iterable[CaseResult]) -> list[Finding]:
    """Failed cases, those with the same message together; of cases that wait for the same function, one's."""
    groups: dict[tuple[str, str], list[CaseResult]] = {}
    for case in failed:
        line = unread_line(case)
        alike = case.message.partition(" (")[0] if case.property == "needs" else line or case.message
        groups.setdefault((case.property, alike), []).append(case)
    return [
        Finding(
            tuple(case_title(grade_id, c.id) + (" (edge)" if c.kind == "edge" else "") for c in cases),
            cases[0].property,
            _waits(cases[0]) or cases[0].message,
            hints=_hints(cases[0].property, [c.hint for c in cases if c.hint]),
            calls=() if _waits(cases[0]) else tuple(dict.fromkeys(c.called for c in cases if c.called)),
        )
        for cases in groups.values()
    ]


def _waits(case: CaseResult) -> str:
    """What a cell says of a line that Python could not read: the page shows that line once, at its top."""
    line = unread_line(case)
    return f"Waits for {line}, shown at the top of this page." if line else ""


def _hints(property: str, hints: list[str]) -> tuple[str, ...]:
    """Each hint once. Where code stopped before any of several checks, what these ask for is no help yet."""
    each = tuple(dict.fromkeys(hints))
    if property in ("import", "missing"):
        return ()
    return () if property in ("code", "needs") and len(each) > 1 else each


def _criteria(grade: Grade) -> tuple[CaseResult, ...]:
    """The criteria of a decided answer: not of a proposal, nor of one that a person decided otherwise,
    nor of an answer that says nothing, of which the comment tells once what each criterion would repeat."""
    decided = tuple(c for c in grade.cases if c.kind == "criterion" and c.outcome in ("passed", "failed"))
    met = sum(c.weight for c in decided if c.outcome == "passed")
    if grade.state != "graded" or grade.points is None or abs(met - grade.points) > ROUNDED:
        return ()
    return () if all(c.property for c in decided) else decided


def case_title(grade_id: str, case_id: str) -> str:
    """A case's id in words: `area[of_a_square]` of area is "of a square"."""
    test, _, case = case_id.partition("[")
    rest = test.removeprefix(grade_id).strip("_")
    words = [part for part in (rest, case.removesuffix("]")) if part]
    return ": ".join(words or [grade_id]).replace("_", " ").replace("-", " ")
