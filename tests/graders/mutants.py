"""Small wrong versions of the reference, and right ones that look different: text replaced in one function.

Each table says which grade ids a version must cost points; every other id must keep full marks.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet

BEGIN, END = re.compile(r"^ *# BEGIN SOLUTION$", re.M), re.compile(r"^ *# END SOLUTION$", re.M)


@dataclass(frozen=True)
class Mutant:
    """`find` becomes `replace` in the function or class `where`, as in "layers.relu_forward"."""

    name: str
    where: str
    find: str
    replace: str
    loses: frozenset[str] = frozenset()
    edge: bool = False  # nothing but edge cases may fail


def mutant(name: str, where: str, find: str, replace: str, loses: str, *, edge: bool = False) -> Mutant:
    """A mistake; `loses` holds grade ids, with spaces between them."""
    return Mutant(name, where, find, replace, frozenset(loses.split()), edge)


def right(name: str, where: str, find: str, replace: str) -> Mutant:
    """Another right way to write it: costs nothing."""
    return Mutant(name, where, find, replace)


def one_a_cell(changes: Iterable[Mutant]) -> list[ParameterSet]:
    """All of them, for `parametrize`; long are those whose cells have had their mistake already."""
    seen: set[str] = set()
    found = []
    for change in changes:
        more = () if change.loses - seen else (pytest.mark.long,)
        seen |= change.loses
        found.append(pytest.param(change, id=change.name, marks=more))
    return found


def place(where: str) -> tuple[str, list[str]]:
    """File and names inside it: "layers.relu_forward" -> "cs_lib/layers.py", ["relu_forward"]."""
    parts = where.split(".")
    depth = 2 if parts[0] == "classifiers" else 1
    return f"cs_lib/{'/'.join(parts[:depth])}.py", parts[depth:]


def span(text: str, names: list[str]) -> tuple[int, int]:
    """First and last+1 line, from 0, of a function or class."""
    body = ast.parse(text).body
    for name in names:
        (node,) = (n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)
        body = node.body
    return node.lineno - 1, node.end_lineno or node.lineno


def apply(files: Mapping[str, str], change: Mutant) -> dict[str, str]:
    path, names = place(change.where)
    lines = files[path].splitlines(keepends=True)
    start, end = span(files[path], names)
    inside = "".join(lines[start:end])
    if change.find not in inside:
        raise ValueError(f"mutant {change.name!r}: {change.where} does not contain {change.find!r}")
    changed = inside.replace(change.find, change.replace)
    return {**files, path: "".join(lines[:start]) + changed + "".join(lines[end:])}


def blank(files: Mapping[str, str], stub: str, where: str | None = None) -> dict[str, str]:
    """Take solutions out, all of them or those in one function; `stub` stands in their place."""
    if where is None:
        return {path: _cut(text, stub) for path, text in files.items()}
    path, names = place(where)
    lines = files[path].splitlines(keepends=True)
    start, end = span(files[path], names)
    cut = _cut("".join(lines[start:end]), stub)
    return {**files, path: "".join(lines[:start]) + cut + "".join(lines[end:])}


def _cut(text: str, stub: str) -> str:
    kept, skipping = [], False
    for line in text.splitlines(keepends=True):
        if BEGIN.match(line.rstrip("\n")):
            skipping = True
            kept.append(f"{line[: len(line) - len(line.lstrip())]}{stub}\n")
        elif END.match(line.rstrip("\n")):
            skipping = False
        elif not skipping:
            kept.append(line)
    return "".join(kept)
