"""A campaign: all mutants of an assignment, on all cores, going on where it was stopped.

Verdicts are appended to `OUT/verdicts.jsonl` as they come. One that was judged by the same graders, with the
same Python, is not judged again.
"""

from __future__ import annotations

import difflib
import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import CourseError
from autograder.files import whole
from autograder.judge.digests import environment_digest, graders_digest
from autograder.judge.variables import ONE_THREAD, variables
from autograder.mutants import equivalents, make, operator
from autograder.mutants.bench import Bench, MutantVerdict, Reach, at_bench
from autograder.mutants.equivalents import Equivalent
from autograder.mutants.make import Mutant
from autograder.mutants.regions import targets
from autograder.mutants.visible import Visible
from autograder.release.package import solved
from autograder.safe_text import listed
from autograder.sandbox.level import Level, probe

VERDICTS = "verdicts.jsonl"
NAMED = 30  # functions or operators that a message lists


@dataclass(frozen=True)
class Choice:
    """Which mutants to judge, and how."""

    sample: int | None = None
    seed: int = 0
    functions: tuple[str, ...] = ()  # none: all
    operators: tuple[str, ...] = ()
    visible: bool = True
    jobs: int = 1
    level: Level | None = None


@dataclass(frozen=True)
class CampaignResult:
    """What a campaign found."""

    assignment: Assignment
    made: Sequence[Mutant]
    judged: Sequence[MutantVerdict]  # in the order of the mutants
    entries: Sequence[Equivalent]
    unowned: Sequence[str]  # functions that students write and no check runs

    @cached_property
    def stale(self) -> list[str]:
        return equivalents.stale(self.entries, self.made, self.judged)

    def reason(self, verdict: MutantVerdict) -> str:
        return equivalents.reason(self.entries, verdict) if verdict.state == "survived" else ""

    @property
    def counted(self) -> list[MutantVerdict]:
        """All but those that need not be noticed."""
        return [verdict for verdict in self.judged if not self.reason(verdict)]

    @property
    def survivors(self) -> list[MutantVerdict]:
        return [verdict for verdict in self.counted if verdict.state == "survived"]

    @cached_property
    def findings(self) -> list[str]:
        """What an author should look at, a line each."""
        name = self.assignment.name
        lines = [
            f"{function}: students write it, and no check runs it; write a case" for function in self.unowned
        ]
        lines += [f"{v.path}:{v.line}: {v.function}: nobody notices {v.operator}: {v.now or 'a line less'}"
                  for v in self.survivors]  # fmt: skip
        lines += [f"{v.path}:{v.line}: {v.function}: not judged: {v.error}" for v in self.judged if v.error]
        return [*lines, *(f"{name}/equivalents.toml: {line}" for line in self.stale)]


Step = Callable[[MutantVerdict, bool], None]  # a verdict, and whether it was there already


def run(
    assignment: Assignment, choice: Choice, out: Path, started: Callable[[int], object], step: Step
) -> CampaignResult:
    """Judge mutants; `started(count)` before the first, `step` after each.

    Raises:
        CourseError: an operator, an equivalent or a name to choose by is not what it should be.
        GradingError: graders do not load, or the solution does not pass them.
    """
    entries, texts = equivalents.read(assignment), solved(assignment)
    operators = operator.refuse_repeats([*make.BUILT_IN, *operator.of_course(assignment.course)])
    all_targets, level = targets(assignment, texts), choice.level or probe()
    with at_bench(assignment, texts, level) as bench:
        reach = bench.reach(all_targets)
        own = bench.owners(all_targets, reach)
    owned = [target for target in all_targets if own[target.name]]
    unowned = [t.name for t in all_targets if not own[t.name] and not t.name.startswith("notebooks.")]
    made = make.make(owned, operators)
    _refuse_unknown("--function", choice.functions, {n for t in all_targets for n in (t.name, t.short)})
    _refuse_unknown("--operator", choice.operators, {one.name for one in operators})
    wanted = make.sample([m for m in made if _is_wanted(m, choice)], choice.sample, choice.seed)
    started(len(wanted))
    known = _VerdictsOnDisk(out, _digest(assignment, choice.visible))
    for verdict in known.of(wanted):
        step(verdict, True)
    left = [mutant for mutant in wanted if mutant.id not in known.verdicts]
    for verdict in _judged(assignment, left, reach, own, choice, level):
        known.add(verdict)
        step(verdict, False)
    return CampaignResult(assignment, made, known.of(wanted), entries, unowned)


def _refuse_unknown(option: str, asked: Iterable[str], known: Iterable[str]) -> None:
    """A name that is misspelt would judge nothing, and say that all is well."""
    names = sorted(set(known))
    for name in asked:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            known_ones = f"did you mean {near[0]}?" if near else f"there are {listed(names, NAMED)}"
            raise CourseError(f"{option} {name}: no {option.removeprefix('--')} of this name; {known_ones}")


def _is_wanted(mutant: Mutant, choice: Choice) -> bool:
    functions, operators = choice.functions, choice.operators
    return (not functions or mutant.target.name in functions or mutant.target.short in functions) and (
        not operators or mutant.operator in operators
    )


class _KeptVerdict(msgspec.Struct):
    """A line of the file."""

    digest: str
    verdict: MutantVerdict


class _VerdictsOnDisk:
    """Verdicts on disk."""

    def __init__(self, out: Path, digest: str) -> None:
        self.path, self.digest = out / VERDICTS, digest
        self.verdicts: dict[str, MutantVerdict] = {}
        out.mkdir(parents=True, exist_ok=True)
        for line in whole(self.path).splitlines() if self.path.exists() else []:
            with suppress(msgspec.DecodeError):  # the last one, when the machine went down
                kept = msgspec.json.decode(line, type=_KeptVerdict)
                if kept.digest == digest:
                    self.verdicts[kept.verdict.id] = kept.verdict

    def add(self, verdict: MutantVerdict) -> None:
        self.verdicts[verdict.id] = verdict
        if not verdict.error:
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(_KeptVerdict(self.digest, verdict)) + b"\n")

    def of(self, mutants: Sequence[Mutant]) -> list[MutantVerdict]:
        return [self.verdicts[mutant.id] for mutant in mutants if mutant.id in self.verdicts]


def _digest(assignment: Assignment, visible: bool) -> str:
    """All that a verdict depends on beside the mutant."""
    total = hashlib.sha256(f"{graders_digest(assignment)}{environment_digest()}{visible}".encode())
    for notebook in assignment.notebooks:
        total.update(whole(notebook.path))
    for name in ("bench.py", "visible.py"):
        total.update(whole(Path(__file__).parent / name))
    return total.hexdigest()[:16]


@dataclass
class _Judging:
    bench: Bench
    visible: Visible | None
    reach: Reach
    own: dict[str, tuple[str, ...]]
    open: ExitStack


_here: list[_Judging] = []  # of this process, set once when it starts


def _start(
    name: str, root: Path, level: Level, visible: bool, reach: Reach, own: dict[str, tuple[str, ...]]
) -> None:
    assignment, open_ = course.load(name, root), ExitStack()
    texts = solved(assignment)
    seen = Visible(assignment, texts) if visible else None
    _here.append(_Judging(open_.enter_context(at_bench(assignment, texts, level)), seen, reach, own, open_))


def _judge(mutant: Mutant) -> MutantVerdict:
    (here,) = _here
    own = here.own[mutant.target.name]
    verdict = here.bench.verdict(mutant, here.reach, own)
    return replace(verdict, visible=here.visible.notices(mutant, own)) if here.visible else verdict


def _judged(
    assignment: Assignment,
    mutants: Sequence[Mutant],
    reach: Reach,
    own: dict[str, tuple[str, ...]],
    choice: Choice,
    level: Level,
) -> Iterator[MutantVerdict]:
    """Verdicts as they come."""
    if not mutants:
        return
    given = (assignment.name, assignment.root, level, choice.visible, reach, own)
    context = multiprocessing.get_context("spawn")
    with (
        variables(ONE_THREAD),  # read when NumPy is imported in a process of the pool
        ProcessPoolExecutor(min(choice.jobs, len(mutants)), context, _start, given) as pool,
    ):
        waiting = [pool.submit(_judge, mutant) for mutant in mutants]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)
