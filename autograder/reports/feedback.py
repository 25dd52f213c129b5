"""A student's feedback: one self-contained HTML page.

The page shows what stands in the record and nothing else: no expected value, no file of ours. All
text is escaped, a student's own above all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from autograder.course import Assignment
from autograder.record import CaseResult, Grade, Record

FIRST_LOOKS = 3  # how many cells "Where to look first" names


@dataclass(frozen=True)
class Finding:
    """One message, and the cases it was said of."""

    titles: tuple[str, ...]
    property: str
    message: str
    hint: str


@dataclass(frozen=True)
class Entry:
    """One grade cell as the page shows it."""

    grade: Grade
    status: str  # full | part | none | human
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    answer: str | None

    @property
    def lost(self) -> float:
        return self.grade.max_points - self.grade.points if self.grade.points is not None else 0.0


@dataclass(frozen=True)
class Section:
    """One notebook."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def points(self) -> float:
        return round(sum(e.grade.points or 0.0 for e in self.entries), 2)

    @property
    def max_points(self) -> float:
        return sum(e.grade.max_points for e in self.entries)


def render(record: Record, assignment: Assignment) -> str:
    """The page of one student."""
    sections = [
        Section(n.name, tuple(_entry(record, c.grade_id) for c in n.cells if c.grade_id in record.grades))
        for n in assignment.notebooks
    ]
    # In reading order: what comes later builds on what comes first.
    lost = [e for section in sections for e in section.entries if e.lost > 0 and e.findings]
    return _template("feedback.html").render(
        record=record, title=assignment.title, sections=sections, first=lost[:FIRST_LOOKS]
    )


@cache
def _template(name: str) -> Template:
    loader = PackageLoader("autograder.reports", "templates")
    options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, **options)  # type: ignore[arg-type]
    environment.filters["points"] = lambda value: f"{value:.4g}"
    return environment.get_template(name)


def _entry(record: Record, grade_id: str) -> Entry:
    grade = record.grades[grade_id]
    failed = [c for c in grade.cases if c.outcome == "failed"]
    passed = tuple(case_title(grade_id, c.id) for c in grade.cases if c.outcome == "passed")
    return Entry(
        grade, _status(grade), tuple(_findings(grade_id, failed)), passed, record.answers.get(grade_id)
    )


def _status(grade: Grade) -> str:
    if grade.state != "graded" or grade.points is None:
        return "human"
    if grade.points >= grade.max_points:
        return "full"
    return "part" if grade.points > 0 else "none"


def _findings(grade_id: str, failed: Iterable[CaseResult]) -> list[Finding]:
    """Failed cases, those with the same message together."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for case in failed:
        groups.setdefault((case.property, case.message, case.hint), []).append(case_title(grade_id, case.id))
    return [Finding(tuple(titles), *key) for key, titles in groups.items()]


def case_title(grade_id: str, case_id: str) -> str:
    """A case's id in words: `affine_forward[k_dimensional]` of affine_forward is "k dimensional"."""
    test, _, case = case_id.partition("[")
    rest = test.removeprefix(grade_id).strip("_")
    words = [part for part in (rest, case.removesuffix("]")) if part]
    return ": ".join(words or [grade_id]).replace("_", " ").replace("-", " ")
