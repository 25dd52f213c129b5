"""One case of a hidden grader: what it is called with, and what it counts for.

A grader is a function that asks for `student`, `results`, `answers` or `lost`, and for the parameters that
its marks give it. pytest collects it; from there on it is called as a function, which costs a tenth of
pytest's own round of hooks. So what only that round serves is refused by name when graders are loaded.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from autograder.errors import GradingError

OFFERED = ("student", "results", "answers", "lost")
REFUSED = ("skip", "skipif", "xfail", "usefixtures")  # marks that only pytest's own round of hooks obeys


@dataclass(frozen=True, eq=False)
class Check:
    grade_id: str
    id: str
    kind: str  # core, edge or criterion
    weight: float
    function: Callable[..., Any]
    given: Mapping[str, Any]  # parameters
    wants: frozenset[str]  # of OFFERED
    hint: str = ""
    builds_on: Mapping[str, int | None] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # cells whose cases are run before
    seed: int = 0

    @cached_property
    def role(self) -> tuple[Any, ...]:
        """Cases of one role share a worker. Where something is absent comes first, so that plain cases, which
        are the most, follow each other."""
        return tuple(sorted(self.builds_on)), not self.without, self.without

    @cached_property
    def alone(self) -> Check:
        """The same check with nothing answered by the solved package."""
        return replace(self, builds_on={}) if self.builds_on else self

    @cached_property
    def cells(self) -> frozenset[str]:
        """The cells of the functions that it builds on, which have their names."""
        return cells_of(self.builds_on)

    @property
    def key(self) -> tuple[str, str]:
        return self.grade_id, self.id


def check_of(item: pytest.Item) -> Check:
    """A collected test as a check.

    Raises:
        GradingError: it asks for something that is not offered.
    """
    mark = item.get_closest_marker("grade")
    if mark is None or not isinstance(item, pytest.Function) or item.cls is not None:
        raise GradingError(f"{item.nodeid}: a grader is a function with a grade mark; use `cases`")
    given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    asked = set(item.fixturenames) - set(given) - {"request"}
    strange = [*sorted(asked - set(OFFERED)), *(m.name for m in item.iter_markers() if m.name in REFUSED)]
    if strange:
        raise GradingError(
            f"{item.nodeid} asks for {', '.join(strange)}; a grader may ask for {', '.join(OFFERED)} and its "
            "own parameters. Call pytest.skip() inside to skip a case."
        )
    return Check(
        grade_id=mark.args[0],
        id=item.name.removeprefix("test_"),
        kind=mark.kwargs["kind"],
        weight=mark.kwargs["weight"],
        hint=mark.kwargs["hint"],
        function=item.obj,
        given=given,
        wants=frozenset(asked),
        builds_on=mark.kwargs.get("builds_on", {}),
        without=mark.kwargs.get("without", ()),
        after=mark.kwargs.get("after", ()),
        seed=zlib.crc32(item.name.encode()),
    )


def cells_of(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in names)
