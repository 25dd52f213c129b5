"""What the hidden graders of an assignment import: files of their own, and libraries with their versions.

Read from the text, without running it, since a digest is asked for where graders are never loaded. Only what
the collected files lead to counts: a script beside them that makes expected arrays may need anything.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.files import files_below, text_of

RIGHT = "right"  # beside graders: other right solutions, which prove them and decide no points
COLLECTED = ("test_*.py", "*_test.py", "conftest.py")  # as pytest finds them


def imported(assignment: Assignment) -> dict[str, str]:
    """Every name that is imported, dotted, with the file that does so, named from the course's folder."""
    course, found = assignment.course, dict[str, str]()
    waiting = [path for pattern in COLLECTED for path in files_below(assignment.graders, pattern)]
    waiting = [path for path in waiting if not path.is_relative_to(assignment.graders / RIGHT)]
    seen = set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in seen and path.is_file():
            seen.add(path)
            for name in _names(text_of(path, errors="replace"), course.where(path)):
                found.setdefault(name, course.where(path))
                waiting += _files(name, course)
    return found


@lru_cache(maxsize=256)
def _names(text: str, where: str) -> tuple[str, ...]:
    """What a module imports: of `from a import b` both a and a.b, which may be a module."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()  # graders do not load then, which says so
    above = where.split("/")[:-1]
    found = list[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = above[: len(above) - node.level + 1] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(found))


def _files(name: str, course: Course) -> Iterator[Path]:
    """The graders' own files that are run by importing this name."""
    start = course.graders_package
    if name == start or name.startswith(f"{start}."):
        place = course.graders
        yield place / "__init__.py"
        for part in name.removeprefix(start).split(".")[1:]:
            place /= part
            yield place.with_name(f"{part}.py")
            yield place / "__init__.py"


def strange(assignment: Assignment, engine: Collection[str]) -> list[str]:
    """Imports of what no result of this assignment depends on, a line each. `engine` names the engine's rooms
    and files whose change grades everybody again."""
    start, rooms = assignment.course.graders_package, {name.removesuffix(".py") for name in engine}
    found = []
    for name, where in imported(assignment).items():
        own = name.removeprefix(f"{start}.").split(".") if name.startswith(f"{start}.") else []
        room = name.split(".")[1:2] if name.startswith("autograder.") and not own else []
        if own and own[0] in assignment.others:
            found.append(f"{where}: imports {name}, of another assignment; move what both need beside them")
        elif own[:2] == [assignment.name, RIGHT]:
            found.append(f"{where}: imports {name}, which decides no points; move it out of {RIGHT}/")
        elif room and room[0] not in rooms and name != start:
            found.append(f"{where}: imports {name}, on which no result depends; use autograder.checks")
    return found


def libraries(assignment: Assignment, known: Iterable[str]) -> tuple[str, ...]:
    """What student code may import, and what graders do, with versions, in words; without those known."""
    course = assignment.course
    engine, own = {"autograder", *known}, course.graders_package.partition(".")[0]
    graders = {name.partition(".")[0] for name in imported(assignment)}
    graders -= {*engine, own, assignment.package, *sys.stdlib_module_names}
    names = {*graders, *(name.partition(".")[0] for name in course.packages)}
    return tuple(f"{name} {version(name)}" for name in sorted(names))


@lru_cache(maxsize=64)
def version(name: str) -> str:
    """Of the package in which this module comes; "none" where it is not installed."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    starts = f"{name}/", f"{name}.py,"  # a record's lines are read as text, which takes a tenth of the time
    found = []
    for package in metadata.distributions():
        record = f"\n{package.read_text('RECORD') or ''}"
        if any(f"\n{start}" in record for start in starts):
            found.append(f"{package.name} {package.version}")
    return ", ".join(sorted(found)) or "none"
