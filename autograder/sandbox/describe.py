"""A call in words: the function's name, and what its arguments look like. Never what an array holds.

Most calls go well, and nobody asks for words: what is noted is put into words when somebody does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from autograder.sandbox.wire import Handle

MAX_ITEMS = 8  # of a list or dict
MAX_TEXT = 40  # characters of a string
MAX_CALL = 400  # characters of the whole

_NAMES = re.compile(r"[A-Za-z_]\w*")


class Calls:
    """What a grader called in the case at hand."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}  # name -> its last call, in the order of these
        self._keeps = ""  # how an object that stays is described, if the call leaves one
        self._made: dict[int, str] = {}  # handle -> that
        self._helpers: set[str] = set()
        self._noted: list[tuple[Callable[..., None], tuple[Any, ...]]] = []  # not in words yet, in order

    def about(self, message: str) -> str:
        """The last call of what `message` names, else the last of all: a grader that has found a net
        wrong may go on to call its layers. Such as "area(array (2, 3), array (3, 4))"."""
        for put, noted in self._noted:
            put(*noted)
        self._noted.clear()
        words = set(_NAMES.findall(message))
        named = [call for name, call in self._calls.items() if name in words]
        return (named or list(self._calls.values()) or [""])[-1]

    def note(self, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any], keep: Any) -> None:
        """A call that is about to be made: of (module, name), of (handle, method) or of a handle."""
        self._noted.append((self._call, (target, args, kwargs, keep)))

    def helper(self, name: str) -> None:
        """The next object that stays is a helper of the graders'."""
        self._noted.append((self._helper, (name,)))

    def keep(self, handle: int) -> None:
        """An object stays that what was noted last has left."""
        self._noted.append((self._keep, (handle,)))

    def _call(self, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any], keep: Any) -> None:
        match target:
            case (Handle() as handle, str(method)):
                name = f"{self.value(handle)}.{method}"
            case (str(), str(path)):
                name = path.rsplit(".", 1)[-1]
            case _:
                name = self.value(target)
        shown = [*map(self.value, args), *(f"{key}={self.value(value)}" for key, value in kwargs.items())]
        call = _short(f"{name}({', '.join(shown)})", MAX_CALL)
        key = name.split("(")[0].split(".")[0]
        self._calls.pop(key, None)
        self._calls[key] = f"our helper {call}" if key in self._helpers else call
        self._keeps = call if keep == "all" else f"cache of {call}"

    def _helper(self, name: str) -> None:
        self._keeps = name
        self._helpers.add(name)

    def _keep(self, handle: int) -> None:
        self._made[handle] = self._keeps

    def value(self, value: Any) -> str:
        """One argument: an array by dtype and shape, a number as it is."""
        if isinstance(value, Handle):
            return self._made.get(value.number, "a kept object")
        if isinstance(value, np.ndarray):
            return f"{'' if value.dtype == np.float64 else f'{value.dtype} '}array {value.shape}"
        if isinstance(value, bool | np.bool_ | int | np.integer):
            return str(value)
        if isinstance(value, float | np.floating):
            return f"{float(value):.6g}"
        if isinstance(value, str):
            return repr(_short(value, MAX_TEXT))
        if isinstance(value, list | tuple):
            left, right = "[]" if isinstance(value, list) else ("(", ",)" if len(value) == 1 else ")")
            return left + _listed(map(self.value, value)) + right
        if isinstance(value, dict):
            return "{" + _listed(f"{key!r}: {self.value(item)}" for key, item in value.items()) + "}"
        return "None" if value is None else type(value).__name__


def _listed(texts: Iterable[str]) -> str:
    first = list(islice(texts, MAX_ITEMS + 1))
    return ", ".join(first if len(first) <= MAX_ITEMS else [*first[:-1], "…"])


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
