"""The class report: one self-contained HTML page for the instructor.

What the class earned, which cells tell what, what went wrong most, who waits for a human, and every
student's share of every cell. It can be read without JavaScript; with it, tables sort and filter.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

from autograder.course import Assignment
from autograder.record import Grade, Record
from autograder.reports import figures, items, pages
from autograder.reports.roster import Person

LATE = "after the deadline"  # how a record's problem says that a hand-in was late
MESSAGES = 60  # of failed checks that the page lists; the rest is counted
NAMED, NAMED_CELLS = 12, 5  # students and cells that a line names


@dataclass(frozen=True)
class Stat:
    """A number that stands at the top of the page."""

    value: str
    words: str


@dataclass(frozen=True)
class Remark:
    """Something about one student that a person should know."""

    kind: str  # missing | late | unusual | error
    student: str
    text: str


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
    records: Sequence[Record], assignment: Assignment, people: Mapping[str, Person] | None = None
) -> str:
    """The page. `people` is who should have handed in, by student."""
    names = {student: person.name for student, person in (people or {}).items()}
    missing = [student for student in names if student not in {r.student for r in records}]
    scored = [r for r in records if any(g.points is not None for g in r.grades.values())]
    analysed = items.analyse(records, assignment)
    complaints = items.complaints(records)
    totals = [r.points for r in scored]
    unread = sum(all(g.state == "error" for g in r.grades.values()) for r in records)
    script = _script()
    page = pages.template("class_report.html").render(
        assignment=assignment,
        stats=list(_stats(records, scored, missing, assignment, known=people is not None)),
        waiting=[i for i in analysed if i.waiting or i.errors > unread],
        unread=unread,
        remarks=list(_remarks(records, missing, names)),
        spreads=list(_spreads(scored, assignment)),
        distribution=figures.distribution(totals, assignment.max_points) if totals else "",
        item_map=figures.item_map(analysed) if any(i.discrimination is not None for i in analysed) else "",
        items=analysed,
        weak=items.WEAK,
        complaints=complaints[:MESSAGES],
        left_out=max(0, len(complaints) - MESSAGES),
        named=NAMED,
        named_cells=NAMED_CELLS,
        rows=Markup("\n").join(_heat_rows(records, missing, names, assignment)),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return pages.readable(page)


@cache
def _script() -> str:
    return resources.files("autograder.reports").joinpath("templates/class_report.js").read_text("utf-8")


def _stats(
    records: Sequence[Record],
    scored: Sequence[Record],
    missing: Sequence[str],
    assignment: Assignment,
    known: bool,
) -> Iterator[Stat]:
    yield Stat(str(len(records)), "handed in")
    if known:
        yield Stat(str(len(missing)), "missing")
    if scored:
        mean = statistics.mean(r.points for r in scored)
        yield Stat(f"{mean:.1f}", f"mean of {assignment.max_points:g} points")
        yield Stat(pages.points(statistics.median(r.points for r in scored)), "median")
    yield Stat(str(sum(any(LATE in p for p in r.problems) for r in records)), "late")
    yield Stat(str(_in_state(records, "needs_review")), "answers wait for a person")
    yield Stat(str(_in_state(records, "error")), "parts not graded")


def _in_state(records: Iterable[Record], state: str) -> int:
    return sum(grade.state == state for record in records for grade in record.grades.values())


def _remarks(records: Sequence[Record], missing: Iterable[str], names: Mapping[str, str]) -> Iterator[Remark]:
    """Missing first, then by student: late, unusual, and what went wrong on our side."""
    for student in missing:
        yield Remark("missing", _called(student, names), "no hand-in")
    for record in records:
        who = _called(record.student, names)
        failed: dict[str, list[str]] = {}
        for grade in record.grades.values():
            if grade.state == "error":
                failed.setdefault(grade.internal or "no reason was recorded", []).append(grade.grade_id)
        for problem in record.problems:
            if problem not in failed:
                yield Remark("late" if LATE in problem else "unusual", who, problem)
        for reason, cells in failed.items():
            where = "every cell" if len(cells) == len(record.grades) else ", ".join(cells)
            yield Remark("error", who, f"{where}: {reason}")


def _called(student: str, names: Mapping[str, str]) -> str:
    name = names.get(student, "")
    return f"{student} ({name})" if name else student


def _spreads(scored: Sequence[Record], assignment: Assignment) -> Iterator[Spread]:
    """The whole assignment, and its notebooks where there are several."""
    if not scored:
        return
    yield _spread("all", assignment.max_points, [r.points for r in scored])
    for notebook in assignment.notebooks if len(assignment.notebooks) > 1 else ():
        ids = [cell.grade_id for cell in notebook.cells]
        sums = [sum(r.grades[i].points or 0.0 for i in ids if i in r.grades) for r in scored]
        yield _spread(notebook.name, notebook.max_points, sums)


def _spread(name: str, max_points: float, points: Sequence[float]) -> Spread:
    if len(points) == 1:
        quartiles = (points[0],) * 3
    else:
        first, second, third = statistics.quantiles(points, n=4, method="inclusive")
        quartiles = (first, second, third)
    return Spread(name, max_points, statistics.mean(points), quartiles, min(points), max(points))


# --- the heat map: made here and not in the template, because a large class has 40,000 cells -------------


def _heat_rows(
    records: Sequence[Record], missing: Iterable[str], names: Mapping[str, str], assignment: Assignment
) -> Iterator[Markup]:
    ids = [cell.grade_id for cell in assignment.grade_cells]
    for record in records:
        grades = [record.grades.get(grade_id) for grade_id in ids]
        states = {str(grade.state) for grade in grades if grade is not None} - {"graded"}
        if record.points < record.max_points:
            states.add("lost")
        head = _heat_head(record.student, names, states, pages.points(record.points))
        yield head + Markup("").join(_HEAT[_level(grade)] for grade in grades)
    for student in missing:
        yield _heat_head(student, names, {"missing"}, "–") + _HEAT["missing"] * len(ids)


def _heat_head(student: str, names: Mapping[str, str], states: Iterable[str], total: str) -> Markup:
    name = names.get(student, "")
    who = escape(student) + (Markup(" <small>{}</small>").format(name) if name else "")
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
