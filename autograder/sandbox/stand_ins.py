"""What takes the place, in a student's process, of what must not be there.

Names that a net builds on become stand-ins: they send their arguments out as plain values, and the solved
package answers in a process of its own (`answering`). Modules that a case has to do without are not there at
all; what is called in their place says so.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.line import Line

NOT_THERE = "{} is not there in this check: do its work yourself"
ERRORS = {
    kind.__name__: kind
    for kind in (ArithmeticError, AttributeError, IndexError, KeyError, LookupError, MemoryError,
                 NotImplementedError, OverflowError, RuntimeError, TypeError, ValueError, ZeroDivisionError)
}  # fmt: skip


class Kept(wire.Handle):
    """A cache that stayed outside. It can be passed on, and nothing else."""

    def _private(self, *_: Any) -> NoReturn:
        raise TypeError(
            "this cache cannot be looked into: pass it on to the backward function as the forward function "
            "gave it"
        )

    __iter__ = __getitem__ = __setitem__ = __len__ = _private

    def __bool__(self) -> bool:
        return True  # `if cache:` asks whether there is one

    def __repr__(self) -> str:
        return "a cache"


class Outside:
    """Asks the judge for what the stand-ins of this process are called for."""

    def __init__(self, line: Line, alarm: Callable[[], None]) -> None:
        self._line, self._alarm = line, alarm
        self.asking = False  # the alarm waits meanwhile: half a question would spoil all answers after it
        self.late = False  # it went off

    def stand_in(self, name: str, draws: bool) -> Callable[..., Any]:
        """A function that is answered outside.

        Args:
            name: such as "shapes.area".
            draws: whether it may use random numbers; they are then taken from this process's own state.
        """
        short = name.rpartition(".")[2]

        def answered(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, short, args, kwargs, draws)

        answered.__name__ = answered.__qualname__ = short
        return answered

    def _call(self, name: str, short: str, args: tuple[Any, ...], kwargs: dict[str, Any], draws: bool) -> Any:
        question = {"name": name, "args": list(args), "kwargs": kwargs, "random": state() if draws else None}
        try:
            frame = wire.pack(question, magic=wire.ASK)
        except wire.WireError as error:
            raise TypeError(f"{short} was given {str(error).partition(';')[0]}") from None
        reply = self._asked(frame)
        if "raised" in reply:
            kind, text = reply["raised"]
            raise ERRORS.get(kind, RuntimeError)(text if short in text else f"{short}: {text}")
        if draws:
            set_state(reply["random"])
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        for key, (changed, removed) in reply["changed"].items():
            given[key].update(changed)
            for gone in removed:
                given[key].pop(gone, None)
        value = reply["value"]
        if reply["same"]:  # results that are one of the arguments
            value = tuple(
                given[reply["same"].get(i)] if i in reply["same"] else v for i, v in enumerate(value)
            )
        return value

    def _asked(self, frame: list[bytes | memoryview]) -> Any:
        self.asking = True
        try:
            self._line.send(frame)
            _, header, body = self._line.receive()
        finally:
            self.asking = False
        if self.late:
            self.late = False
            self._alarm()
        return wire.unpack(header, memoryview(body), copy=True, kept=Kept)


class Overran(BaseException):
    """The alarm went off; no `Exception`, so that `except Exception` in a loop does not swallow it."""


def state() -> list[Any]:
    """NumPy's random state, as plain values."""
    _, keys, position, has_gauss, gauss = np.random.get_state()
    return [keys, position, has_gauss, gauss]


def set_state(found: list[Any]) -> None:
    np.random.set_state(("MT19937", *found))


class Names(MutableMapping[str, Any]):
    """A module's names while it is executed: those in `fixed` are there from the beginning, and whatever the
    code makes of them has no effect. So nothing can have taken hold of the student's own.

    Python goes past this for a name that a function in the module declares `global`; the end puts it back.
    """

    def __init__(self, scope: dict[str, Any], fixed: Mapping[str, Any]) -> None:
        self.scope, self.fixed = scope, fixed
        self.refused: list[tuple[str, Any]] = []  # what the code would have given these names
        scope.update(fixed)

    def __getitem__(self, name: str) -> Any:
        return self.scope[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.fixed:
            self.scope[name] = value
        else:
            self.refused.append((name, value))

    def __delitem__(self, name: str) -> None:
        if name not in self.fixed:
            del self.scope[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __len__(self) -> int:
        return len(self.scope)


def refusing(name: str) -> Callable[..., NoReturn]:
    """What is called in place of something that is not there."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(NOT_THERE.format(name))

    return refuse


def give_any_name(module: ModuleType, made: Callable[[str], Any]) -> None:
    """Let a module have every name: `made(name)` is what it does not have itself."""

    def named(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return made(name)

    module.__dict__["__getattr__"] = named
