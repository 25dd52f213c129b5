"""Parts of a hand-in that have another name altogether, known by what they hold.

They are taken only where their place is empty and one file alone fits, and a person confirms it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.course.assignment import Assignment
from autograder.intake.changed_names import MODEL, MODULE
from autograder.intake.copies import Found, folder_of
from autograder.intake.given import Given, given, plain, to_do
from autograder.intake.kinds import described
from autograder.intake.unworked import DEFINED

LEAST = 2  # functions of a module, and half of them, to know it by what it defines


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
