"""Mutants: every edit of every operator in every function that students write, each text once."""

from __future__ import annotations

import difflib
import hashlib
import random
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import CodeType

from autograder.mutants.field import FIELD
from autograder.mutants.general import GENERAL
from autograder.mutants.operator import Edit, Operator, Place
from autograder.mutants.regions import Target

BUILT_IN = (*FIELD, *GENERAL)  # what two of them make alike goes by the name of the first


@dataclass(frozen=True)
class Mutant:
    """The solution with one small mistake."""

    target: Target
    operator: str
    text: str  # of the whole file or cell

    @cached_property
    def id(self) -> str:
        """The same as long as the file and the mistake are the same."""
        whole = f"{self.target.name}\0{self.target.path}\0{self.text}"
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @cached_property
    def diff(self) -> tuple[str, ...]:
        """The lines that change, without what is around them; kept, as every equivalent asks every mutant."""
        return tuple(
            line
            for line in difflib.unified_diff(
                self.target.text.splitlines(), self.text.splitlines(), lineterm="", n=0
            )
            if not line.startswith(("---", "+++", "@@"))
        )

    @cached_property
    def line(self) -> int:
        """The first line that differs, from 1."""
        pairs = zip(self.target.text.splitlines(), self.text.splitlines(), strict=False)
        return next((n for n, (was, now) in enumerate(pairs, 1) if was != now), 1)

    @cached_property
    def was(self) -> str:
        return side(self.diff, "-")

    @cached_property
    def now(self) -> str:
        return side(self.diff, "+")


def side(diff: Iterable[str], mark: str) -> str:
    """What was there, "-", or is there now, "+", in one line."""
    return " ".join(word for line in diff if line.startswith(mark) for word in line[1:].split())


def make(targets: Iterable[Target], operators: Sequence[Operator]) -> list[Mutant]:
    """All mutants, by function and line; those that are the solution to Python are no mutants."""
    return [mutant for target in targets for mutant in _of(target, operators)]


def _of(target: Target, operators: Sequence[Operator]) -> Iterator[Mutant]:
    place = Place(target)
    first, last = target.function.lineno - 1, target.function.end_lineno or 0
    after = target.text.count("\n") - last  # lines below the function

    def meaning_of(text: str) -> object:
        lines = text.split("\n")
        return _meaning(textwrap.dedent("\n".join(lines[first : len(lines) - 1 - after])))

    seen = {meaning_of(target.text)}
    nodes = sorted(place.nodes, key=lambda node: (place.start(node), place.end(node)))
    for node in [place.function, *nodes]:
        for operator in operators:
            for edit in operator.find(node, place):
                text = _applied(place, edit)
                meaning = meaning_of(text)
                if meaning is not None and meaning not in seen:
                    seen.add(meaning)
                    yield Mutant(target, operator.name, text)


def _applied(place: Place, edit: Edit) -> str:
    return (place.data[: edit.start] + edit.new.encode() + place.data[edit.end :]).decode()


def _meaning(text: str) -> object:
    """What Python makes of a text, without its line numbers: two with the same are the same program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python, over what is meant to be wrong
        try:
            return _bare(compile(text, "mutant", "exec", dont_inherit=True))
        except (SyntaxError, ValueError):
            return None


def _bare(code: CodeType) -> object:
    constants = tuple(
        _bare(c) if isinstance(c, CodeType) else (type(c).__name__, repr(c)) for c in code.co_consts
    )
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def sample(mutants: Sequence[Mutant], size: int | None, seed: int) -> list[Mutant]:
    """So many of them, drawn with a seed, in their order."""
    if size is None or size >= len(mutants):
        return list(mutants)
    drawn = set(random.Random(seed).sample(range(len(mutants)), size))  # noqa: S311 - no secret
    return [mutant for at, mutant in enumerate(mutants) if at in drawn]
