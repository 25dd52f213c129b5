"""In the second worker: answers, from the solved package, what a student's stand-ins are called for.

No student code runs here. What it sent does arrive, as plain values; arrays cannot be written to.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.stand_ins import ERRORS, set_state, state

MAX_TEXT = 400  # characters of an exception's text
DRAWING = {"random", "default_rng", "RandomState"}


@dataclass(frozen=True)
class Answerer:
    function: Callable[..., Any]
    keep: int | None  # index of the result that stays here
    draws: bool


class Answers:
    def __init__(self) -> None:
        self._answers: Mapping[str, Answerer] = {}
        self._kept: dict[int, Any] = {}
        self.asked: set[str] = set()  # names

    def begin(self, answers: Mapping[str, Answerer]) -> None:
        """Answer these names from now on; caches kept before are gone."""
        self._answers = answers
        self._kept.clear()
        self.asked.clear()

    def answer(self, asked: Any) -> dict[str, Any]:
        """What comes of one call: its value, or the error that it raised."""
        try:
            match asked:
                case {"name": str(name), "args": list(args), "kwargs": dict(kwargs), "random": random}:
                    self.asked.add(name)
                    given, named = (wire.with_handles(part, self._kept_by) for part in (args, kwargs))
                    return self._call(self._answers[name], given, named, random)
            raise ValueError("a question of another form")
        except Exception as error:  # whatever the arguments led to belongs to who sent them
            kind = next((k.__name__ for k in type(error).__mro__ if k.__name__ in ERRORS), "RuntimeError")
            return {"raised": [kind, str(error)[:MAX_TEXT].encode("utf-8", "replace").decode()]}

    def _call(self, answer: Answerer, args: list[Any], kwargs: dict[str, Any], random: Any) -> dict[str, Any]:
        if random is not None:
            set_state(random)
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        dicts = {key: value for key, value in given.items() if type(value) is dict}
        before = {key: dict(value) for key, value in dicts.items()}
        result = answer.function(*args, **kwargs)
        changed = {key: _change(before[key], value) for key, value in dicts.items()}
        value, same = result, {}
        if isinstance(result, tuple):
            same = {i: key for i, part in enumerate(result) for key, d in dicts.items() if part is d}
            value = tuple(self._out(i, part, answer.keep, same) for i, part in enumerate(result))
        return {
            "value": value,
            "same": same,
            "changed": {key: change for key, change in changed.items() if any(change)},
            "random": None if random is None else state(),
        }

    def _out(self, index: int, value: Any, keep: int | None, same: Mapping[int, Any]) -> Any:
        if index in same:
            return None
        return self._keep(value) if index == keep and value is not None else value

    def _keep(self, value: Any) -> wire.Handle:
        handle = wire.Handle(secrets.randbits(62))
        self._kept[handle.number] = value
        return handle

    def _kept_by(self, handle: wire.Handle) -> Any:
        if handle.number not in self._kept:
            raise ValueError("a cache that no layer has given in this check")
        return self._kept[handle.number]


def _change(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> tuple[dict[Any, Any], list[Any]]:
    """What a call has put into a dict, and what it has taken out."""
    new = {key: value for key, value in after.items() if key not in before or value is not before[key]}
    return new, [key for key in before if key not in after]


def draws(function: Callable[..., Any], package: str) -> bool:
    """Whether a function, or one of the package that it names, mentions random numbers."""
    seen: set[CodeType] = set()
    waiting: list[Any] = [function]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, FunctionType) or found.__code__ in seen:
            continue
        seen.add(found.__code__)
        names = set(_names(found.__code__))
        scopes = [vars(v) for n in names if isinstance(v := found.__globals__.get(n), ModuleType)
                  and v.__name__.partition(".")[0] == package]  # fmt: skip
        reached = [scope[name] for scope in (found.__globals__, *scopes) for name in names if name in scope]
        if names & DRAWING or any(_is_generator(value) for value in reached):
            return True
        waiting += reached
    return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _is_generator(value: Any) -> bool:
    """A function of NumPy's global generator under a name of its own, as `from numpy.random import rand`."""
    return isinstance(getattr(value, "__self__", None), np.random.RandomState)
