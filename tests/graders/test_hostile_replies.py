"""Student code decides what its process answers: no answer may make a grader itself fail, or earn a cell."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import graders
from autograder.checks.checks import CheckFailed
from autograder.sandbox.faults import Echo, StudentError
from autograder.sandbox.wire import Handle

from .running import Row, rows

FOLDER = Path(graders.__file__).parent
LEFT_OUT = ("test_trained", "test_derivatives")  # call no student; believe its counts (docs/contract.md)
MODULES = {
    f"{path.parent.name}.{path.stem}": path
    for path in sorted(FOLDER.glob("assignment*/test_*.py"))
    if path.stem not in LEFT_OUT
}
THINGS = (
    *(
        None,
        "text",
        True,
        7,
        2**63,
        0.5,
        float("nan"),
        float("inf"),
        Handle(9),
        [],
        (),
        {},
        {"a": None},
        [[]],
    ),
    *(np.zeros(0), np.zeros((0, 3)), np.zeros((0,) * 32), np.full(3, np.nan), np.float16(1), np.array(True)),
)
NAMES = (
    *("X", "y", "losses", "params", "history", "a", "b", "W1", "b1", "velocity", "cache", "m", "v", "t"),
    *("running_mean", "running_var"),
)
SHAPES: dict[str, Callable[[Any], Any]] = {
    "thing": lambda thing: thing,
    "one": lambda thing: (thing,),
    "two": lambda thing: (thing, thing),
    "three": lambda thing: (thing, thing, thing),
    "list": lambda thing: [thing] * 4,
    "dict": lambda thing: dict.fromkeys(NAMES, thing),
    "dict of lists": lambda thing: dict.fromkeys(NAMES, [thing] * 3),
    "number, list": lambda thing: (0.5, [thing] * 3),
    "dict, thing, list": lambda thing: ({"a": thing}, thing, [thing]),
    "many": lambda thing: [thing] * 12,
}


class Hostile:
    """A student whose process answers everything with one thing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def call(self, function: Any, *args: Any, keep: Any = None, echo: bool = False, **kwargs: Any) -> Any:
        if keep == "all":
            return Handle(1)
        result = self.answer
        if keep is not None:
            kept = (keep,) if isinstance(keep, int) else keep
            if not isinstance(result, tuple) or len(result) <= max(kept):
                raise StudentError("bad_reply", "an answer of the wrong form")  # as the real one does
            result = tuple(Handle(2) if i in kept else value for i, value in enumerate(result))
        return Echo(result, [self.answer] * len(args), {}) if echo else result

    def method(self, handle: Handle, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.call(name, *args, **kwargs)

    def new(self, *args: Any, **kwargs: Any) -> Handle:
        return Handle(1)

    def define(self, *args: Any) -> Handle:
        return Handle(1)

    def get(self, *path: Any) -> Any:
        return self.answer

    def set(self, *path: Any, value: Any) -> None:
        pass


def passes(row: Row, answer: Any) -> bool:
    given = {"student": Hostile(answer), "case": row.case, "lost": frozenset()}
    try:
        row.test(**{name: given[name] for name in inspect.signature(row.test).parameters})
    except (CheckFailed, StudentError):
        return False
    return True


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("module", MODULES)
def test_is_judged_and_earns_next_to_nothing(module: str, shape: str) -> None:
    table = list(rows(importlib.import_module(f"autograder.graders.{module}")))
    assert table
    for thing in THINGS:
        passed = {(row.grade_id, row.case.id) for row in table if passes(row, SHAPES[shape](thing))}
        for grade_id in {grade_id for grade_id, _ in passed}:
            of_cell = [row.case for row in table if row.grade_id == grade_id]
            share = [case.weight for case in of_cell if (grade_id, case.id) in passed]
            assert sum(share) <= 0.2 * sum(case.weight for case in of_cell), (thing, sorted(passed))
