"""Parts of a hand-in that lie elsewhere or under another name: known by what they hold, or who imports them.

Files of another name are taken only where their place is empty and one file alone fits, and a person confirms
it; of functions that were written in a notebook a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.files import dotted
from autograder.intake.changed_names import MODEL, MODULE
from autograder.intake.copies import Found, Taken, folder_of
from autograder.intake.given import Given, given, plain, to_do
from autograder.intake.handed_in import Submission
from autograder.intake.kinds import described
from autograder.intake.notebook_files import parsed
from autograder.intake.source_text import in_utf8
from autograder.intake.unworked import DEFINED

IMPORTED = re.compile(rb"\b(?:from|import)[ \t]+([A-Za-z_]\w{0,99})")
LEAST = 2  # functions of a module, and half of them, to know it by what it defines
FILE = re.compile(r"^%%(?:writefile|file)[ \t]+(?:-a[ \t]+)?(?:[^\n]*[/\\])?([\w.-]+)[ \t]*$", re.M)
START = r"^(?:async\s+def|def|class)\s+{}\b"


def recovered(files: Mapping[str, bytes], found: Sequence[Found], assignment: Assignment) -> Iterator[Found]:
    """What else may stand for places that nothing was found for."""
    known = given(assignment)
    there = {f.place for f in found}
    strays = [f.path for f in found if f.place.endswith(MODULE) and f.place not in known.package]
    used = {f.path for f in found} - set(strays)
    rest = [path for path in files if path not in used]
    for place in to_do(assignment):
        if place not in there:
            yield from _module(place, files, rest, known)
    models = [path for path in rest if path.lower().endswith(MODEL) and described(files[path]) == "a zip"]
    empty = [place for place in assignment.results if place not in there]
    if len(models) == len(empty) == 1:
        yield _taken(empty[0], models[0], files, "being the only trained model")


def _module(place: str, files: Mapping[str, bytes], rest: Sequence[str], known: Given) -> Iterator[Found]:
    wanted = set(DEFINED.findall(known.package[place]))
    fits = [
        path
        for path in rest
        if path.lower().endswith(MODULE)
        and len(shared := wanted & set(DEFINED.findall(plain(files[path])))) >= min(LEAST, len(wanted))
        and 2 * len(shared) >= len(wanted)
    ]
    if len(fits) == 1 and wanted:
        yield _taken(place, fits[0], files, "by what it defines")


def _taken(place: str, path: str, files: Mapping[str, bytes], by: str) -> Found:
    why = f"{path} was handed in, and no {place}; it is taken for it, {by}"
    return Found(place, path, files[path], folder_of(path), False, by=by, doubt=why)


def in_cells(submission: Submission, assignment: Assignment) -> Iterator[tuple[str, str]]:
    """(module of the package, what stands in a notebook in its place), of functions that are to be written
    and that the module does not hold, or holds as they were given out."""
    written = dict(_written(submission.notebooks, assignment))
    known, package = given(assignment), submission.package
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


def imported_by(
    package: Mapping[str, bytes], files: Mapping[str, bytes], taken: Taken, inner: Collection[str]
) -> dict[str, str]:
    """Modules of a student's own beside the package, as far as what is graded imports them: by its place
    (`helpers.py`), the path of each in the hand-in. `inner` are folders of the package."""
    beside: dict[str, str] = {}
    for root in taken.roots:
        for path in files:
            inside = path.removeprefix(f"{root}/") if root else path
            if path in taken.used or not inside.endswith(MODULE) or (root and inside == path):
                continue
            parts = PurePosixPath(inside).parts
            if parts[0] not in inner and all(part.removesuffix(MODULE).isidentifier() for part in parts):
                beside.setdefault(inside, path)
    found: dict[str, str] = {}
    wanted = {name for data in package.values() for name in IMPORTED.findall(data)}
    top = {place: PurePosixPath(place).parts[0].removesuffix(MODULE).encode() for place in beside}
    while more := [place for place in beside if place not in found and top[place] in wanted]:
        for place in more:
            found[place] = beside[place]
            wanted |= set(IMPORTED.findall(in_utf8(files[beside[place]])[0]))
    return found
