"""work.py, which goes into every release: the program beside this file, filled in for the assignment."""

import ast
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError

WORK = "work.py"
PROGRAM = Path(__file__).with_name("work.py")
PLACE = 'COURSE = json.loads("{}")'


def work_text(assignment: Assignment, library: Mapping[str, str]) -> str:
    """work.py for an assignment; `library` is what students get, {path: text}."""
    settings = json.dumps(_settings(assignment, library), indent=1)
    program = PROGRAM.read_text(encoding="utf-8")
    if program.count(PLACE) != 1:
        raise ReleaseError(f"{PROGRAM.name}: expected the line {PLACE!r} once; restore it")
    return program.replace(PLACE, f'COURSE = json.loads(r"""\n{settings}\n""")')


def _settings(assignment: Assignment, library: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": assignment.name,
        "title": assignment.title,
        "package": assignment.package,
        "notebooks": [notebook.name for notebook in assignment.notebooks],
        "results": list(assignment.results),
        "todo": [_place(name, library) for name in assignment.todo],
        "packages": ["numpy", *assignment.course.packages],
        "imports": {path: _imported(text) for path, text in sorted(library.items())},
        "names": {path: _defined(text) for path, text in sorted(library.items())},
        "files": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(library.items())},
        "cells": {
            notebook.name: [cell.grade_id for cell in notebook.cells] for notebook in assignment.notebooks
        },
    }


def _place(name: str, library: Mapping[str, str]) -> tuple[str, str]:
    """The file of a function that is to do, and its name there."""
    parts = name.split(".")
    for size in range(len(parts) - 1, 0, -1):
        stem = "/".join(parts[:size])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if path in library:
                return path, ".".join(parts[size:])
    raise ReleaseError(f"todo: {name}: expected it in a file that students get, found none; correct the name")


def _defined(text: str) -> list[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in ast.parse(text).body if isinstance(node, kinds)]


def _imported(text: str) -> list[str]:
    """The modules that a file imports by their full name, each once."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return sorted(found - sys.stdlib_module_names)
