"""How graders import their neighbours: by their folder's dotted path from the course's root.

With `graders = "graders"` a grader writes `from graders.shared.layers import …`, wherever the engine lies
and whatever folder grading was started in. Nothing is put on `sys.path`, so that a course's folders hide no
module of the engine, not even one that is called `autograder`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from autograder.course.course import Course


@contextmanager
def graders_importable(course: Course) -> Iterator[None]:
    """Let the course's graders import each other while this lasts; those of another course step aside."""
    name, folder = course.graders_package, str(course.graders)
    there = sys.modules.get(name)
    if there is not None and list(getattr(there, "__path__", ())) == [folder]:
        yield
        return
    aside = _taken_out(name)
    made = _packages(course)
    try:
        yield
    finally:
        _taken_out(name)
        for added in made:
            sys.modules.pop(added, None)
        sys.modules.update(aside)


def _taken_out(name: str) -> dict[str, ModuleType]:
    found = [key for key in sys.modules if key == name or key.startswith(name + ".")]
    return {key: sys.modules.pop(key) for key in found}


def _packages(course: Course) -> list[str]:
    """Make the graders' package, and those above it that are not there."""
    parts = course.graders.relative_to(course.root).parts
    made = []
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        if name in sys.modules:
            continue
        module = ModuleType(name)
        module.__path__ = [str(course.root.joinpath(*parts[:depth]))]
        sys.modules[name] = module
        made.append(name)
        above = sys.modules.get(".".join(parts[: depth - 1]))
        if above is not None:
            setattr(above, parts[depth - 1], module)
    return made
