"""Mutants that nobody can notice, or need not: `equivalents.toml` beside an assignment's graders.

    [[equivalent]]
    function = "optim.adam"      # `*` stands for any text, here and below
    operator = "float32 leak"    # if left out, any
    was = "*"                    # the line in the solution, if it matters
    now = "*"                    # the line in the mutant, if it matters
    reason = "float64 results are not asked for"

An entry that explains no survivor is stale, and is refused: it would hide the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.course.assignment import Assignment
from autograder.judge.digests import EQUIVALENTS
from autograder.mutants.bench import MutantVerdict
from autograder.mutants.make import Mutant
from autograder.toml_table import TomlTable, load

FIELDS = ("function", "operator", "was", "now", "reason")


@dataclass(frozen=True)
class Equivalent:
    function: str
    operator: str
    was: str
    now: str
    reason: str

    def fits(self, one: MutantVerdict | Mutant) -> bool:
        function = one.function if isinstance(one, MutantVerdict) else one.target.name
        if not (_like(self.function, function) and _like(self.operator, one.operator)):
            return False  # most end here, and need no diff
        return _like(self.was, one.was) and _like(self.now, one.now)

    def __str__(self) -> str:
        given = [f"{self.function}, {self.operator}", *(p for p in (self.was, self.now) if p != "*")]
        return ": ".join(given)


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def read(assignment: Assignment) -> list[Equivalent]:
    """The entries of an assignment; none without a file.

    Raises:
        CourseError: the file does not say what it should.
    """
    path = assignment.graders / EQUIVALENTS
    if not path.exists():
        return []
    where = assignment.where(path)
    table = TomlTable(load(path, where), where)
    table.refuse_unknown(("equivalent",))
    return [_entry(row) for row in table.tables("equivalent")]


def _entry(row: TomlTable) -> Equivalent:
    row.refuse_unknown(FIELDS)
    if not {"operator", "was", "now"} & row.raw.keys():
        raise row.fail("", "an operator or a line", "nothing", "say which mutants are meant")
    operator, was, now = (row.line(key, "*") for key in ("operator", "was", "now"))
    return Equivalent(row.line("function"), operator, was, now, row.line("reason"))


def stale(
    entries: Iterable[Equivalent], made: Sequence[Mutant], judged: Sequence[MutantVerdict]
) -> list[str]:
    """Why entries do not hold any more: nothing is like them, or all that is was noticed."""
    by_id = {verdict.id: verdict for verdict in judged}
    found = []
    for entry in entries:
        like = [mutant for mutant in made if entry.fits(mutant)]
        seen = [by_id[mutant.id] for mutant in like if mutant.id in by_id]
        if not like:
            found.append(f"{entry}: no mutant is like this any more; take the entry out")
        elif len(seen) == len(like) and all(verdict.state != "survived" for verdict in seen):
            found.append(f"{entry}: a grader notices it; take the entry out")
    return found


def reason(entries: Iterable[Equivalent], verdict: MutantVerdict) -> str:
    """Why a survivor need not be noticed; "" if nobody has said."""
    return next((entry.reason for entry in entries if entry.fits(verdict)), "")
