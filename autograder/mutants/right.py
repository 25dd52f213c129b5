"""Other right solutions: `right/<style>/` beside an assignment's graders, each of which must earn everything.

A style's files lie as the package's do and hold functions, and classes with methods, that take the place of
the solved ones; what else they define goes along. What several assignments ask for stands once, with any.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.errors import CourseError
from autograder.files import dotted, text_of
from autograder.judge.imported import RIGHT
from autograder.mutants.bench import Bench
from autograder.mutants.regions import Target, Texts
from autograder.release import marks


@dataclass(frozen=True)
class Style:
    """One way to write the functions of an assignment."""

    name: str
    functions: tuple[str, ...]  # those it has of the to-do list, as graders call them
    texts: Mapping[str, str]  # the files of the library that it changes


@dataclass(frozen=True)
class Lost:
    """A case that a right solution does not pass."""

    style: str
    cell: str
    case: str
    message: str

    def __str__(self) -> str:
        return (
            f"{RIGHT}/{self.style}: {self.cell}[{self.case}]: a right solution loses points: {self.message}"
        )


def styles(assignment: Assignment, targets: Sequence[Target], texts: Texts) -> list[Style]:
    """The styles of an assignment, with what other assignments' styles have of its functions.

    Raises:
        CourseError: a file replaces nothing of the library, or is no Python.
    """
    course = assignment.course
    order = [name for name in course.assignments if name != assignment.name] + [assignment.name]
    names = {folder.name for one in order for folder in _folders(course.graders / one / RIGHT)}
    wanted = {target.name for target in targets}
    found = []
    for name in sorted(names):
        files = dict[str, list[str]]()
        functions = set[str]()
        for one in order:
            for path in sorted((course.graders / one / RIGHT / name).rglob("*.py")):
                inside = path.relative_to(course.graders / one / RIGHT / name).as_posix()
                where = f"{assignment.package}/{inside}"
                has, text = _piece(path, inside, wanted, own=one == assignment.name)
                if has and where in texts:
                    files.setdefault(where, []).append(text)
                    functions |= has
        if functions:
            joined = {path: "\n\n".join([texts[path], *added]) for path, added in files.items()}
            found.append(Style(name, tuple(sorted(functions)), joined))
    return found


def _folders(folder: Path) -> Iterator[Path]:
    return (p for p in folder.glob("*") if p.is_dir() and p.name != "__pycache__")


def _piece(path: Path, inside: str, wanted: Iterable[str], own: bool) -> tuple[set[str], str]:
    """What a file has of the functions that are wanted, and its text without other definitions."""
    text = text_of(path)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise CourseError(f"{path}:{error.lineno}: expected Python, got: {error.msg}; correct it") from error
    module = dotted(inside)
    wanted = set(wanted)
    has = {f"{module}.{name}" for name, _ in marks.definitions(tree)} & wanted
    defined = {
        f"{module}.{name}" for name, node in marks.definitions(tree) if isinstance(node, ast.FunctionDef)
    }
    if own and defined and not has:
        raise CourseError(f"{path}: expected a function of the to-do list, found none; correct the names")
    kept, lines = [], text.split("\n")
    for node in tree.body:
        name = f"{module}.{getattr(node, 'name', '')}"
        strange = isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and name not in wanted
        if isinstance(node, ast.ClassDef) and not any(w.startswith(f"{name}.") for w in wanted):
            strange = True
        if not strange and not (isinstance(node, ast.Expr) and node is tree.body[0]):
            kept.append("\n".join(lines[node.lineno - 1 : node.end_lineno]))
    # A class adds to the solved one, which it is made from: methods it does not have stay.
    return has, re.sub(r"(?m)^class (\w+):", r"class \1(\1):", "\n\n\n".join(kept)) + "\n"


def counts(found: Iterable[Style], targets: Iterable[Target]) -> dict[str, int]:
    """How many styles each function has."""
    found = list(found)
    return {target.name: sum(target.name in style.functions for style in found) for target in targets}


def run(bench: Bench, found: Iterable[Style]) -> list[Lost]:
    """Judge every style; what it loses is a fault of a grader, or of the style."""
    lost = []
    for style in found:
        for cell, cases in bench.cases(style.name, style.texts).items():
            lost += [
                Lost(style.name, cell, c.id, c.message) for c in cases if c.outcome in ("failed", "error")
            ]
    return lost
