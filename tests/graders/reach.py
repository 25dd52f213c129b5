"""Which cells a change of the library can reach, so that a mutant is graded on those alone.

Until it calls a function whose text differs, a case runs as it did with the base, so it comes to the same: it
is enough to note, once, which functions each cell calls. A change elsewhere than in functions reaches all.
"""

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

from autograder.judge.check import Check

Function = tuple[str, str]  # path and qualified name
FILE = "<submission>."  # what the stand-in for a student calls the package's files


@lru_cache(maxsize=64)
def _functions(text: str) -> tuple[dict[str, str], list[str]]:
    """What each function of a module says, and what stands outside of functions."""
    found: dict[str, str] = {}
    rest: list[str] = []
    _collect(ast.parse(text).body, text.splitlines(), "", found, rest)
    return found, rest


def _collect(
    body: Sequence[ast.stmt], lines: Sequence[str], above: str, found: dict[str, str], rest: list[str]
) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            first = min(part.lineno for part in (node, *node.decorator_list))
            found[above + node.name] = "\n".join(lines[first - 1 : node.end_lineno])  # the last one counts
        elif isinstance(node, ast.ClassDef):
            rest.append(lines[node.lineno - 1])
            _collect(node.body, lines, f"{above}{node.name}.", found, rest)
        else:
            rest.append("\n".join(lines[node.lineno - 1 : node.end_lineno]))


def changed(files: Mapping[str, str], base: Mapping[str, str]) -> set[Function] | None:
    """The functions that differ; None if something else does."""
    differ: set[Function] = set()
    for path in (path for path, text in files.items() if text != base.get(path)):
        (now, rest), (before, rest_before) = _functions(files[path]), _functions(base.get(path, ""))
        if rest != rest_before:
            return None
        differ |= {(path, name) for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    return differ


class Calls:
    """The package's functions that are called while this lasts."""

    def __init__(self) -> None:
        self.seen: set[Function] = set()

    def __enter__(self) -> "Calls":
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(FILE):
            module = code.co_filename.removeprefix(FILE).removesuffix(">").replace(".", "/")
            self.seen.add((f"cs_lib/{module}.py", code.co_qualname.partition(".<locals>")[0]))


def reached(
    functions: set[Function] | None, calls: Mapping[str, set[Function]], checks: Iterable[Check]
) -> set[str]:
    """The cells whose cases call one of these functions, and those that build on such cells."""
    if functions is None:
        return set(calls)
    cells = {cell for cell, seen in calls.items() if seen & functions}
    above = {check.grade_id: check.cells for check in checks}
    while more := {cell for cell, below in above.items() if cell not in cells and below & cells}:
        cells |= more
    return cells
