"""The class report: one self-contained HTML page for the instructor.

What the class earned, which cells tell what, what went wrong most, what needs review, and every
student's share of every cell. It can be read without JavaScript; with it, tables sort and filter.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from urllib.parse import quote

from markupsafe import Markup, escape

from autograder.course.assignment import Assignment
from autograder.course.matched import Matched
from autograder.course.roster import RosterEntry
from autograder.records.record import Grade, Record
from autograder.reports import figures, items, pages
from autograder.reports.case_health import CaseHealth
from autograder.reports.same_nets import SameNets
from autograder.reports.score import UNREAD, needed, score

MESSAGES = 60  # of failed checks that the page lists; the rest is counted
NAMED, NAMED_CELLS = 12, 5  # students and cells that a line names


@dataclass(frozen=True)
class Notice:
    """Something about one student that a person should know."""

    kind: str  # missing | late | unusual | error
    student: str  # with the name
    text: str
    page: str = ""  # of the student's feedback


@dataclass(frozen=True)
class Spread:
    """How the points of the class, or of one notebook, are spread."""

    name: str
    max_points: float
    mean: float
    quartiles: tuple[float, float, float]
    lowest: float
    highest: float


def render(
    records: Iterable[Record],
    assignment: Assignment,
    matched: Matched | None = None,
    slim: list[Record] | None = None,
) -> str:
    """The page. `matched` says who is on the roster, if there is one. Records are read one at a time; into
    `slim` go those that were read, without what takes most of their memory."""
    complaints, twins, health = items.Complaints(), SameNets(), CaseHealth()
    slim = [] if slim is None else slim
    for record in records:
        complaints.add(record)
        twins.add(record)
        health.add(record)
        slim.append(_without_cases(record))
    return _render(slim, complaints.commonest(), twins.found(), health, assignment, matched)


def _without_cases(record: Record) -> Record:
    grades = {i: replace(grade, cases=()) for i, grade in record.grades.items()}
    return replace(record, grades=grades, answers={})


def _render(
    records: Sequence[Record],
    complaints: Sequence[items.Complaint],
    twins: Mapping[str, Sequence[str]],
    health: CaseHealth,
    assignment: Assignment,
    matched: Matched | None,
) -> str:
    known = matched or Matched()
    missing = [person.id for person in known.missing]
    people = {**known.found, **dict(zip(missing, known.missing, strict=True))}
    names = {student: person.called for student, person in people.items()}
    scored = [r for r in records if any(g.points is not None for g in r.grades.values())]
    analysed = items.analyse(records, assignment)
    totals = [_final(r, assignment) for r in scored]
    script = _script()
    return pages.page(
        "class_report.html",
        assignment=assignment,
        stats=list(_stats(records, totals, missing if matched else None, assignment)),
        waiting=[i for i in analysed if i.waiting or i.errors > _unread(records)],
        unread=_unread(records),
        remarks=list(_remarks(records, missing, names, known.strangers, assignment, twins)),
        spreads=list(_spreads(scored, assignment)),
        distribution=figures.distribution(totals, assignment.max_points) if totals else "",
        item_map=figures.item_map(analysed) if any(i.discrimination is not None for i in analysed) else "",
        items=analysed,
        weak=items.WEAK,
        complaints=complaints[:MESSAGES],
        left_out=max(0, len(complaints) - MESSAGES),
        hints=list(health.hints()),
        shares=health.shares(),
        named=NAMED,
        named_cells=NAMED_CELLS,
        rows=Markup("\n").join(_heat_rows(records, missing, _described(people), assignment)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _described(people: Mapping[str, RosterEntry]) -> dict[str, str]:
    """Name, section and group, as far as the roster knows them."""
    parts = {
        student: (one.called, f"section {one.section}" if one.section else "", one.group)
        for student, one in people.items()
    }
    return {student: "; ".join(filter(None, about)) for student, about in parts.items()}


def page_of(student: str) -> str:
    """Where a student's feedback lies, seen from the report."""
    return f"feedback/{quote(student)}.html"


def _final(record: Record, assignment: Assignment) -> float:
    """The points as the gradebook has them: less what lateness takes off, proposals among them."""
    return score(record, assignment, proposals=True).final


def _unread(records: Iterable[Record]) -> int:
    """Hand-ins of which no cell could be graded."""
    return sum(all(g.state == "error" for g in r.grades.values()) for r in records)


@cache
def _script() -> str:
    return resources.files("autograder.reports").joinpath("templates/class_report.js").read_text("utf-8")


def _stats(
    records: Sequence[Record], totals: Sequence[float], missing: Sequence[str] | None, assignment: Assignment
) -> Iterator[tuple[object, str]]:
    """The numbers at the top of the page, with their words."""
    yield len(records), "handed in"
    if missing is not None:
        yield len(missing), "missing"
    if totals:
        yield f"{statistics.mean(totals):.1f}", f"mean of {assignment.max_points:g} points"
        yield pages.points(statistics.median(totals)), "median"
    yield sum(bool(score(r, assignment).late) for r in records), "late"
    yield _in_state(records, "needs_review"), "answers to review"
    unread = _unread(records)
    yield unread, "hand-in not graded" if unread == 1 else "hand-ins not graded"
    cells = _in_state(records, "error") - unread * len(assignment.grade_cells)
    yield cells, "other cell not graded" if cells == 1 else "other cells not graded"


def _in_state(records: Iterable[Record], state: str) -> int:
    return sum(grade.state == state for record in records for grade in record.grades.values())


def _remarks(
    records: Sequence[Record],
    missing: Iterable[str],
    names: Mapping[str, str],
    strangers: Iterable[str],
    assignment: Assignment,
    twins: Mapping[str, Sequence[str]],
) -> Iterator[Notice]:
    """Missing first, then by student: late, unusual, and what went wrong on our side."""
    for student in missing:
        yield Notice("missing", _called(student, names), "no hand-in")
    for student in strangers:
        yield Notice("unusual", student, "not on the roster")
    for record in records:
        who, page = _called(record.student, names), page_of(record.student)
        failed: dict[str, list[str]] = {}
        for grade in record.grades.values():
            if grade.state == "error":
                failed.setdefault(grade.internal or "no reason was recorded", []).append(grade.grade_id)
        if late := score(record, assignment).late:
            yield Notice("late", who, late, page)
        for text in twins.get(record.student, ()):
            yield Notice("unusual", who, text, page)
        for problem in record.problems:
            if problem not in failed and problem != late:
                yield Notice("unusual", who, problem, page)
        for reason, cells in failed.items():
            where = "every cell" if len(cells) == len(record.grades) else ", ".join(cells)
            yield Notice("error", who, f"{where}: {reason}", page)


def _called(student: str, names: Mapping[str, str]) -> str:
    name = names.get(student, "")
    return f"{student} ({name})" if name else student


def _spreads(scored: Sequence[Record], assignment: Assignment) -> Iterator[Spread]:
    """The whole assignment, and its notebooks where there are several."""
    if not scored:
        return
    scores = [score(r, assignment, proposals=True) for r in scored]
    yield _spread("all", assignment.max_points, [s.final for s in scores])
    for notebook in assignment.notebooks if len(assignment.notebooks) > 1 else ():
        sums = [s.final_of(notebook.name) for s in scores]
        yield _spread(notebook.name, notebook.max_points, sums)


def _spread(name: str, max_points: float, points: Sequence[float]) -> Spread:
    if len(points) == 1:
        quartiles = (points[0],) * 3
    else:
        first, second, third = statistics.quantiles(points, n=4, method="inclusive")
        quartiles = (first, second, third)
    return Spread(name, max_points, statistics.mean(points), quartiles, min(points), max(points))


def _heat_rows(
    records: Sequence[Record], missing: Iterable[str], names: Mapping[str, str], assignment: Assignment
) -> Iterator[Markup]:
    """Made here and not in the template, because a large class has 40,000 cells."""
    ids = [cell.grade_id for cell in assignment.grade_cells]
    for record in records:
        grades = [record.grades.get(grade_id) for grade_id in ids]
        states = {str(grade.state) for grade in grades if grade is not None} - {"graded"}
        if record.points < record.max_points:
            states.add("lost")
        total = "–" if needed(record) == UNREAD else pages.points(_final(record, assignment))
        head = _heat_head(record.student, names, states, total, page_of(record.student))
        yield head + Markup("").join(_HEAT[_level(grade)] for grade in grades)
    for student in missing:
        yield _heat_head(student, names, {"missing"}, "–") + _HEAT["missing"] * len(ids)


def _heat_head(
    student: str, names: Mapping[str, str], states: Iterable[str], total: str, page: str = ""
) -> Markup:
    name = names.get(student, "")
    who = Markup('<a href="{}">{}</a>').format(page, student) if page else escape(student)
    who += Markup(" <small>{}</small>").format(name) if name else ""
    return Markup('<tr data-is="{}"><th scope=row>{}<td>{}').format(" ".join(sorted(states)), who, total)


def _level(grade: Grade | None) -> str:
    """How a cell is shown: the share of its points in percent, or why there are none."""
    if grade is None:
        return "missing"
    if grade.state != "graded" or grade.points is None:
        return grade.state
    return str(round(100 * min(1.0, grade.points / grade.max_points)) if grade.max_points else 100)


def _heat_class(percent: int) -> str:
    return "abcde"[0 if percent == 0 else 4 if percent == 100 else 1 + min(2, percent * 3 // 100)]


_HEAT = {
    **{str(percent): Markup(f"<td class={_heat_class(percent)}>{percent}") for percent in range(101)},
    "needs_review": Markup("<td class=w>?"),
    "error": Markup("<td class=x>!"),
    "missing": Markup("<td>–"),
}
