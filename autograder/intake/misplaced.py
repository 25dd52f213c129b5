"""Functions that were written in a notebook, and not in the module they are graded from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.files import dotted
from autograder.intake.given import given, plain, to_do
from autograder.intake.notebook_files import parsed
from autograder.intake.unworked import DEFINED

FILE = re.compile(r"^%%(?:writefile|file)[ \t]+(?:-a[ \t]+)?(?:[^\n]*[/\\])?([\w.-]+)[ \t]*$", re.M)
START = r"^(?:async\s+def|def|class)\s+{}\b"


def in_cells(
    package: Mapping[str, bytes], notebooks: Mapping[str, bytes], assignment: Assignment
) -> Iterator[tuple[str, str]]:
    """(module of the package, what stands in a notebook in its place), of functions that are to be written
    and that the module does not hold, or holds as they were given out."""
    written = dict(_written(notebooks, assignment))
    known = given(assignment)
    for place in to_do(assignment) if written else ():
        here = plain(package[place]) if place in package else None
        module = dotted(place) + "."
        names = {n.removeprefix(module).split(".")[0] for n in assignment.todo if n.startswith(module)}
        lacking = {name for name in names if here is None or _block(known.package[place], name) in here}
        if known.lacks_work(place, package):
            lacking.add(PurePosixPath(place).name)
        if there := sorted(lacking & set(written)):
            yield place, f"{', '.join(there)} in {written[there[0]]}, and not in {place}"


def _written(notebooks: Mapping[str, bytes], assignment: Assignment) -> Iterator[tuple[str, str]]:
    """What cells of the student's own define, and the files that they write, each with its cell."""
    for name, data in notebooks.items():
        own = {cell.spaced for cell in given(assignment).notebooks.get(name, ())}
        try:
            cells = [c for c in parsed(name, data) if c.kind == "code" and c.spaced not in own]
        except IntakeError:
            continue  # the reading of answers says why
        for cell in cells:
            for found in (*DEFINED.findall(cell.text), *FILE.findall(cell.text)):
                yield found, f"{name}.ipynb cell {cell.number}"


def _block(text: str, name: str) -> str:
    """A function or class of a module as it was given out, to the next one."""
    start = re.search(START.format(re.escape(name)), text, re.M)
    if start is None:
        return ""
    end = re.compile(r"^(?:async|def|class|@)\b|^@", re.M).search(text, start.end())
    return text[start.start() : end.start() if end else None].strip()
