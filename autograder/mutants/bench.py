"""Where mutants are judged: by the cells that can notice them, and by nothing else.

Which cells these are is measured once: the solution notes which of its functions each check runs. A mutant of
`area` is judged by the cells in which `area` runs; for all others it is the solution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.course.assignment import Assignment
from autograder.errors import GradingError
from autograder.judge.check import Check
from autograder.judge.grading import load_checks
from autograder.judge.hand_in import Judge, Now
from autograder.judge.neighbours import graders_importable
from autograder.judge.scoring import score
from autograder.mutants.make import Mutant, side
from autograder.mutants.regions import Target, Texts, submission
from autograder.records.record import CaseResult
from autograder.sandbox.level import Level

# For one call of a mutant, and no more than the assignment allows: loops without end are many.
CALL_SECONDS = 2.0
ALL_SECONDS = 30.0
NOTE = '__import__("sys").__dict__.setdefault("reached", set()).add({name!r})'
TAKE = "def reached():\n    import sys\n    return sorted(sys.__dict__.pop('reached', set()))\n"


@dataclass(frozen=True)
class WhereItRuns:
    """In which cells a function runs, and in which of them because the grader itself calls it."""

    cells: frozenset[str]
    called: frozenset[str]


Reach = Mapping[str, WhereItRuns]  # of each function


@dataclass(frozen=True)
class MutantVerdict:
    """What became of one mutant."""

    id: str
    function: str
    operator: str
    path: str
    line: int
    diff: tuple[str, ...]
    own: tuple[str, ...]  # the function's own cells
    # Cells that call the function themselves, for what it keeps: of its backward function.
    pair: tuple[str, ...] = ()
    lost: Mapping[str, float] = field(default_factory=dict)  # cell -> points
    first: str = ""  # the first case that noticed it
    error: str = ""  # of ours: the mutant was not judged
    visible: bool | None = None  # whether a check that students see says NOT YET; None: not looked at
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """own, pair, other: who noticed; survived: nobody; error: not judged.

        What a function keeps for its backward function, nobody else looks at: a wrong cache is for
        the pair to find.
        """
        if self.error:
            return "error"
        for state, cells in (("own", self.own), ("pair", self.pair)):
            if any(cell in self.lost for cell in cells):
                return state
        return "other" if self.lost else "survived"

    @property
    def charged(self) -> float:
        """Points that cells lost which have nothing to do with the function or what it keeps."""
        return sum(points for cell, points in self.lost.items() if cell not in (*self.own, *self.pair))

    @property
    def was(self) -> str:
        return side(self.diff, "-")

    @property
    def now(self) -> str:
        return side(self.diff, "+")


class Bench:
    """Judges versions of the solution, one after the other, in one sandbox; `at_bench` makes one."""

    def __init__(self, assignment: Assignment, texts: Texts, level: Level | None = None) -> None:
        self.texts, limits = texts, assignment.limits
        limits = replace(
            limits,
            call_seconds=min(limits.call_seconds, CALL_SECONDS),
            submission_seconds=min(limits.submission_seconds, ALL_SECONDS),
        )
        self.assignment = replace(assignment, limits=limits)
        self.loaded = load_checks(assignment)
        self.checks = [check for check in self.loaded if "student" in check.wants]
        self.judge = Judge(self.assignment, self.checks, level)
        self.points = {cell.grade_id: cell.points for cell in assignment.grade_cells}

    def cases(
        self, name: str, changed: Mapping[str, str], cells: Iterable[str] | None = None
    ) -> dict[str, tuple[CaseResult, ...]]:
        """What the checks of some cells, or of all, come to on the solution with these texts changed."""
        wanted = None if cells is None else set(cells)
        checks = [c for c in self.checks if wanted is None or c.grade_id in wanted]
        now = self._looked(self.judge, checks, name, changed)
        return {cell: now.of(cell) for cell in dict.fromkeys(check.grade_id for check in checks)}

    def watched(self, checks: Sequence[Check], name: str, changed: Mapping[str, str]) -> Now:
        """What checks that watch what they run come to, in a sandbox of their own."""
        with Judge(self.assignment, checks, self.judge.level) as judge:
            return self._looked(judge, checks, name, changed)

    def _looked(self, judge: Judge, checks: Sequence[Check], name: str, changed: Mapping[str, str]) -> Now:
        now = Now(submission(self.assignment, self.texts, name, changed), {}, {}, {})
        judge.look(now, checks)
        return now

    def verdict(self, mutant: Mutant, reach: Reach, own: Sequence[str]) -> MutantVerdict:
        runs = reach[mutant.target.name]
        found = self.cases(mutant.id, {mutant.target.path: mutant.text}, {*runs.cells, *own})
        broken = [
            f"{case.id}: {case.message}"
            for cases in found.values()
            for case in cases
            if case.outcome == "error"
        ]
        lost = {cell: self.lost(cell, cases) for cell, cases in found.items()}
        ordered = sorted(found, key=lambda cell: cell not in own)
        failed = [
            f"{cell}[{case.id}]" for cell in ordered for case in found[cell] if case.outcome == "failed"
        ]
        return MutantVerdict(
            mutant.id,
            mutant.target.name,
            mutant.operator,
            mutant.target.path,
            mutant.line,
            mutant.diff,
            tuple(own),
            tuple(sorted(runs.called - set(own))),
            {cell: points for cell, points in lost.items() if points},
            next(iter(failed), ""),
            next(iter(broken), ""),
            seconds=round(sum(case.seconds for cases in found.values() for case in cases), 3),
        )

    def lost(self, cell: str, cases: Sequence[CaseResult]) -> float:
        """Points that a cell loses."""
        points = self.points.get(cell, 0.0)
        if not any(case.outcome in ("passed", "failed") for case in cases):
            return 0.0
        return round(points - score(cases, points), 2)

    def owners(self, targets: Sequence[Target], reach: Reach | None = None) -> dict[str, tuple[str, ...]]:
        """Each function's own cells: that of its name, else those it runs in that are no other function's."""
        reach = reach or self.reach(targets)
        named = {target.short for target in targets} & self.points.keys()
        return {
            target.name: (target.short,)
            if target.short in named
            else tuple(sorted(reach[target.name].cells - named))
            for target in targets
        }

    def reach(self, targets: Sequence[Target]) -> dict[str, WhereItRuns]:
        """In whose checks each function runs, with nothing answered by the solved package.

        Raises:
            GradingError: the solution itself does not pass a check.
        """
        ran: dict[str, set[str]] = {target.name: set() for target in targets}
        called: dict[str, set[str]] = {target.name: set() for target in targets}
        checks = [replace(c, function=_watched(c, ran, called), builds_on={}) for c in self.checks]
        now = self.watched(checks, "solution", noted(targets))
        for (cell, case), result in now.cases.items():
            if result.outcome in ("failed", "error"):
                raise GradingError(
                    f"{self.assignment.name}: {cell}[{case}]: expected the solution to pass, got: "
                    f"{result.message}; see autograder try {self.assignment.name}/{cell}"
                )
        return {name: WhereItRuns(frozenset(cells), frozenset(called[name])) for name, cells in ran.items()}


@contextmanager
def at_bench(assignment: Assignment, texts: Texts, level: Level | None = None) -> Iterator[Bench]:
    """A bench, while the assignment's graders can be imported."""
    with graders_importable(assignment.course):
        bench = Bench(assignment, texts, level)
        with bench.judge:
            yield bench


def _watched(check: Check, ran: Mapping[str, set[str]], called: Mapping[str, set[str]]) -> Callable[..., Any]:
    """The check, which notes what runs in it."""

    def run(**given: Any) -> Any:
        student = given["student"]

        def noting(call: Callable[..., Any]) -> Callable[..., Any]:
            def noted(function: Any, /, *args: Any, **more: Any) -> Any:
                if isinstance(function, str) and function in called:
                    called[function].add(check.grade_id)
                return call(function, *args, **more)

            return noted

        try:
            with wrapped(student, ("call",), noting):
                return check.function(**given)
        finally:
            for name in student.call(student.define(TAKE, "reached")):
                ran[name].add(check.grade_id)

    return run


@contextmanager
def wrapped(
    student: Any, methods: Sequence[str], wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Iterator[None]:
    """While this lasts, these methods of a student are what `wrap` makes of them."""
    for method in methods:
        setattr(student, method, wrap(getattr(student, method)))
    try:
        yield
    finally:
        for method in methods:
            delattr(student, method)


def noted(targets: Sequence[Target]) -> dict[str, str]:
    """The texts with a line in each function that notes that it ran."""
    texts: dict[str, list[str]] = {}
    for target in sorted(targets, key=lambda t: (t.path, -t.spans[0].first)):
        lines = texts.setdefault(target.path, target.text.split("\n"))
        for span in reversed(target.spans):
            line = lines[span.first - 1]
            indent = line[: len(line) - len(line.lstrip())]
            lines.insert(span.first - 1, indent + NOTE.format(name=target.name))
    return {path: "\n".join(lines) for path, lines in texts.items()}
