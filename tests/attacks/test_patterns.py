"""Every regular expression of the rooms that meet students' text, found by reading the source, is linear.

`test_long_text.py` gives whole readers 200 KB of each shape. Here each pattern gets them by itself, by the
methods that the source calls, so that a new one is tried on the day it is written.
"""

import ast
import gc
import importlib
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from autograder import bounded
from autograder.answers.text import MAX_CHARACTERS

from .test_long_text import UNITS, shape

ENGINE = Path(__file__).parents[2] / "autograder"
ROOMS = ("intake", "answers", "reports", "similarity", "bridge")
METHODS = {"finditer", "findall", "search", "match", "fullmatch", "sub", "split"}
SIZE = 40_000  # where time grows with the square, some ten seconds
CPU_SECONDS = 0.5
# Tried with as much as they ever get, and why that is less.
SHORT = {
    "answers/text.py _EMPHASIS": MAX_CHARACTERS,  # of an answer, which is cut before
    "answers/signs.py _ARROW": MAX_CHARACTERS,  # of a longer answer none is read
    "answers/signs.py [^.?!\\n]*\\?": 0,  # the question's own text
}


@cache
def _trees() -> dict[Path, ast.Module]:
    paths = [path for room in ROOMS for path in sorted((ENGINE / room).glob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def _calls(tree: ast.Module) -> Iterator[tuple[str, str, ast.Call]]:
    """(on what, method, call) of everything that may be a regular expression's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on = node.func.value
            name = on.id if isinstance(on, ast.Name) else on.attr if isinstance(on, ast.Attribute) else ""
            yield name, node.func.attr, node


def _within(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _within(part)
    elif isinstance(value, dict):
        yield from _within(list(value.values()))


@cache
def patterns() -> dict[str, tuple[re.Pattern[Any], frozenset[str]]]:
    """Every pattern that a module keeps or writes out where it uses it, and the methods called on it."""
    used: dict[str, set[str]] = {}
    for tree in _trees().values():
        for name, method, _ in _calls(tree):
            used.setdefault(name, set()).update({method} & METHODS)
    found = {}
    for path, tree in _trees().items():
        where = path.relative_to(ENGINE).as_posix()
        module = importlib.import_module("autograder." + where.removesuffix(".py").replace("/", "."))
        for name, value in vars(module).items():
            for number, pattern in enumerate(_within(value)):
                label = f"{where} {name}{f'[{number}]' if number else ''}"
                found[label] = (pattern, frozenset(used.get(name) or {"finditer"}))
        for name, method, call in _calls(tree):
            if name == "re" and method in METHODS and isinstance(call.args[0], ast.Constant):
                literal = call.args[0].value
                found[f"{where} {literal}"] = (re.compile(literal), frozenset({method}))
    return found


def test_no_pattern_is_made_where_this_does_not_see_it() -> None:
    """A pattern is kept by its module, or stands in the call; what is put together is of our own text."""
    ours = {"START.format(re.escape(name))": "the name of a function of the course"}
    for path, tree in _trees().items():
        kept = {
            id(node)
            for part in tree.body
            if not isinstance(part, ast.FunctionDef | ast.ClassDef)
            for node in ast.walk(part)
        }
        for name, method, call in _calls(tree):
            if name != "re" or method == "escape" or id(call) in kept:
                continue
            text = ast.unparse(call.args[0])
            literal = isinstance(call.args[0], ast.Constant)
            assert literal or text in ours, f"{path}:{call.lineno}"


def _took(label: str, unit: str, size: int) -> float:
    pattern, methods = patterns()[label]
    text: Any = shape(unit, size)
    text = text if isinstance(pattern.pattern, str) else text.encode()
    started = time.process_time()
    for method in methods:
        if method == "sub":
            pattern.sub(" " if isinstance(text, str) else b" ", text)
        elif method == "finditer":
            list(pattern.finditer(text))
        else:
            getattr(pattern, method)(text)
    return time.process_time() - started


def _cost(tried: tuple[str, str]) -> float:
    """Seconds of the processor, where every try of three is over the bound.

    One alone may pay for a collection of garbage, or for a machine that is busy with something else.
    """
    label, unit = tried
    size = SHORT.get(label, SIZE)
    gc.disable()
    for _ in range(3):
        took = _took(label, unit, size)
        if took <= CPU_SECONDS:
            return 0.0
    return took


def test_every_pattern_is_linear() -> None:
    tried = [(label, unit) for label in patterns() for unit in UNITS]
    assert len(patterns()) > 60
    assert set(SHORT) <= set(patterns())
    slow = {}
    for one, result in zip(tried, bounded.each(_cost, tried, bounded.Bounds(seconds=60)), strict=True):
        if isinstance(result, Exception) or result:
            slow[one] = result
    assert slow == {}
