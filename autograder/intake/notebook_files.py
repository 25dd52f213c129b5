"""Handed-in notebooks: recognised whatever their name has become, and read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from autograder.errors import IntakeError
from autograder.intake import archives
from autograder.notebook import Notebook

# What a browser, an LMS, Jupyter, Colab or a file manager adds to the name of a copy.
ADDED = (
    re.compile(r"^copy( \(?\d+\)?)? of ", re.I),
    re.compile(r"^kopie von ", re.I),
    re.compile(r"[ _]*\(\d+\)$"),
    re.compile(r"-copy\d*$", re.I),
    re.compile(r"[ _-]+copy( ?\(?\d+\)?)?$", re.I),
    re.compile(r"[-_ ]\d{1,2}$"),
    re.compile(r"[-_ ]+(final|solution|solved|done|submission|completed)$", re.I),
    re.compile(r"\.(ipynb|json|txt)$", re.I),
)
ENOUGH = 0.5  # of a notebook's grade ids, to know it by its cells


def likely_names(stem: str) -> Iterator[str]:
    """What a file's stem may have been called, the name as it is first, small throughout."""
    while True:
        yield stem.strip().casefold()
        shorter = next((s for p in ADDED if (s := p.sub("", stem).strip()) != stem and s), None)
        if shorter is None:
            return
        stem = shorter


def _same(name: str) -> str:
    return re.sub(r"[ _-]+", "_", name.casefold())


def recognised(files: dict[str, bytes], notebooks: Iterable[Notebook]) -> tuple[dict[str, str], list[str]]:
    """(notebook name -> path in the hand-in, what was unusual)."""
    wanted = {notebook.name: notebook for notebook in notebooks}
    paths = sorted(
        (n for n in files if n.lower().endswith(".ipynb")), key=lambda n: (n.count("/"), len(n), n)
    )
    found: dict[str, str] = {}
    told: list[str] = []
    taken: set[str] = set()
    for name in wanted:
        exact = [p for p in paths if PurePosixPath(p).name == f"{name}.ipynb"]
        like = exact or [p for p in paths if p not in taken and _is_like(p, name, wanted)]
        if like:
            found[name] = like[0]
            taken.update(like)
            if not exact:
                told.append(f"{like[0]} is taken as {name}.ipynb, by its name")
            if len(like) > 1:
                told.append(f"{len(like)} files called {name}.ipynb; took {like[0]}")
    for path in [p for p in paths if p not in taken]:
        best = _by_cells(path, files[path], [n for n in wanted.values() if n.name not in found])
        if best is not None:
            found[best] = path
            told.append(f"{path} is taken as {best}.ipynb, by its cells")
        else:
            told.append(f"{path} is not used: no notebook of this assignment, or one that is there already")
    return found, told


def _is_like(path: str, name: str, wanted: Iterable[str]) -> bool:
    """Whether a changed name is this notebook's, and no other's more exactly."""
    for stem in likely_names(PurePosixPath(path).stem):
        owners = [w for w in wanted if _same(w) == _same(stem)]
        if owners:
            return name in owners
    return False


def _by_cells(path: str, data: bytes, missing: Iterable[Notebook]) -> str | None:
    try:
        ids = set(_grade_ids(read_cells(path, data)))
    except IntakeError:
        return None
    shares = {
        n.name: len(ids & own) / len(own) for n in missing if (own := {cell.grade_id for cell in n.cells})
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= ENOUGH else None


def read_cells(name: str, data: bytes) -> list[dict]:
    """The cells of a handed-in notebook. Raises IntakeError for what is not a notebook."""
    where = f"{name.removesuffix('.ipynb')}.ipynb"
    if len(data) > archives.MAX_NOTEBOOK_BYTES:
        most = archives.MAX_NOTEBOOK_BYTES // 2**20
        raise IntakeError(f"{where}: not a readable notebook (more than {most} MB; clear its outputs)")
    if data.count(b"{") + data.count(b"[") > archives.MAX_NOTEBOOK_BYTES // 16:
        raise IntakeError(f"{where}: not a readable notebook (more lists in it than any notebook has)")
    try:
        cells = json.loads(data)["cells"]
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise TypeError("cells is not a list of cells")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntakeError(f"{where}: not a readable notebook ({type(error).__name__}: {error})") from None
    return cells


def _grade_id(cell: dict) -> str | None:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _grade_ids(cells: Iterable[dict]) -> Iterator[str]:
    return (grade_id for cell in cells if (grade_id := _grade_id(cell)) is not None)


def answers(name: str, data: bytes) -> dict[str, str]:
    """grade_id -> text of every nbgrader cell of a handed-in notebook.

    Of a cell that a student duplicated, the last copy with something written in it counts.
    """
    found: dict[str, str] = {}
    for cell in read_cells(name, data):
        grade_id = _grade_id(cell)
        source = cell.get("source", "")
        text = "".join(s for s in source if isinstance(s, str)) if isinstance(source, list) else str(source)
        if grade_id is not None and (not is_placeholder(text) or grade_id not in found):
            found[grade_id] = text
    return found


def is_placeholder(answer: str) -> bool:
    """Whether this is the empty answer cell of the release."""
    return answer.strip().strip("*_.").lower() in ("", "your answer here")
