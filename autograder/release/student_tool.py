"""work.py, which goes into every release: the program beside this file, filled in for the assignment."""

import ast
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.files import dotted
from autograder.notebook import Notebook, raw_cells
from autograder.release import work
from autograder.release.marks import Function

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
        "results": list(assignment.results),
        "todo": [_place(name, library) for name in assignment.todo],
        "packages": ["numpy", *assignment.course.packages],
        "imports": {path: _imported(text) for path, text in sorted(library.items())},
        "names": {path: _defined(text) for path, text in sorted(library.items())},
        "files": {path: work.digest(text) for path, text in sorted(library.items())},
        "stubs": [digest for _, text in sorted(library.items()) for digest in _stubs(text)],
        "cells": {notebook.name: _cells(notebook) for notebook in assignment.notebooks},
    }


def _cells(notebook: Notebook) -> dict[str, str]:
    """The cells with points, by grade id; of those that only check, the digest of their code."""
    found = dict.fromkeys((cell.grade_id for cell in notebook.cells), "")
    for cell in raw_cells(notebook.path):
        marks = work.marks_of(cell)
        if marks.get("grade_id") in found and cell["cell_type"] == "code" and not marks.get("solution"):
            found[marks["grade_id"]] = work.digest(work.source_of(cell))
    return found


def _stubs(text: str) -> list[str]:
    """The digests of the functions of a file that are to be written, as they are given out."""
    segments = [work.segment(text, node) for node in work.functions(ast.parse(text)).values()]
    return [work.digest(segment) for segment in segments if work.STUB in segment]


def _place(name: str, library: Mapping[str, str]) -> tuple[str, str]:
    """The file of a function that is to do, and its name there."""
    parts, files = name.split("."), {dotted(path): path for path in library}
    for size in range(len(parts) - 1, 0, -1):
        if path := files.get(".".join(parts[:size])):
            return path, ".".join(parts[size:])
    raise ReleaseError(f"todo: {name}: expected it in a file that students get, found none; correct the name")


def _defined(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, Function | ast.ClassDef)]


def _imported(text: str) -> list[str]:
    """The modules that a file imports by their full name, each once."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return sorted(found - sys.stdlib_module_names)
