"""Handed-in notebooks read: of any format that nbformat knows, and what is none named in plain words."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from autograder.errors import IntakeError
from autograder.intake import archives
from autograder.intake.changed_names import NOTEBOOK, ending, likely
from autograder.intake.given import Given, GivenCell, spaced
from autograder.intake.harmless import each_output
from autograder.intake.kinds import described, in_conflict
from autograder.notebook import Notebook, grade_id_of

ENOUGH = 0.5  # of a notebook's grade ids or given cells, to know it by what it holds
MAX_OUTPUTS, MAX_PRINTED = 100, 50_000  # of one cell, and characters of them that are looked at
MAX_PASTED = 4  # pictures pasted into one cell that are named
PRINTED = ("text/plain", "text/markdown", "text/html", "text/latex")
AGAIN = "open it in Jupyter, save it, and hand in again"
HOW = "open it, choose File > Download, and hand in the .ipynb"


@dataclass(frozen=True)
class HandedInCell:
    """A cell as it was handed in."""

    number: int  # from 1, as a person counts
    kind: str
    label: str  # nbgrader's grade id, or ""
    id: str
    text: str
    printed: str  # what stands below it, as far as it is text
    ran: bool  # it holds what a run left

    @cached_property
    def spaced(self) -> str:
        return spaced(self.text)


def read_cells(name: str, data: bytes) -> list[dict[str, Any]]:
    """The cells of a handed-in notebook. Raises IntakeError for what is not a notebook."""
    where = f"{name.removesuffix('.ipynb')}.ipynb"
    try:
        return _cells(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IntakeError(f"{where}: not a readable notebook ({_reason(data, error)})") from None


def _reason(data: bytes, error: Exception) -> str:
    if what := described(data):
        return f"it is {what}; {HOW}"
    if in_conflict(data):
        return "a merge conflict of Git stands in it; resolve it, and hand in again"
    match error:
        case json.JSONDecodeError():
            return f"it breaks off or was changed at line {error.lineno}; {AGAIN}"
        case UnicodeDecodeError():
            return f"it is not in UTF-8; {AGAIN}"
        case RecursionError():
            return "lists in lists without end"
        case KeyError():
            return f"it has no {error}"
    return str(error)[:200]


def _cells(data: bytes) -> list[dict[str, Any]]:
    if len(data) > archives.MAX_NOTEBOOK_BYTES:
        raise ValueError(f"more than {archives.MAX_NOTEBOOK_BYTES // 2**20} MB; clear its outputs")
    if data.count(b"{") + data.count(b"[") > archives.MAX_NOTEBOOK_BYTES // 16:
        raise ValueError("more lists in it than any notebook has")
    content = _table(data)
    if not isinstance(content, dict):
        raise TypeError("JSON, but no notebook")
    if "cells" not in content and "worksheets" in content:
        content = _newer(content)
    cells = content["cells"]
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise TypeError("cells is not a list of cells")
    if not cells:
        raise ValueError(f"no cell is in it; {AGAIN}")
    return cells


def _table(data: bytes) -> Any:
    """JSON, without the zeros that a disk or a cloud puts behind it when the computer stops in between."""
    try:
        return json.loads(data, object_pairs_hook=_once)
    except json.JSONDecodeError:
        if not data.endswith(b"\0"):
            raise
        return json.loads(data.rstrip(b"\0"), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What stands in JSON under each name. Of two of one name a reader sees one, and an editor the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"it was merged by a program: something stands in it twice; {AGAIN}")
    return found


def _newer(content: dict[str, Any]) -> dict[str, Any]:
    """A notebook of format 2 or 3 in today's."""
    import nbformat  # takes a fifth of a second, and few need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            newer: dict[str, Any] = nbformat.convert(nbformat.from_dict(content), 4)
        except Exception as error:  # it is written for notebooks that Jupyter made
            raise ValueError(f"of an old format that cannot be read: {error}") from None
    return newer


@lru_cache(maxsize=32)  # the copies that count, the answers and what is untouched are found in it one by one
def parsed(name: str, data: bytes) -> tuple[HandedInCell, ...]:
    """The cells of a handed-in notebook, typed. Raises IntakeError for what is not a notebook."""
    return tuple(
        HandedInCell(
            number,
            kind=str(raw.get("cell_type", "")),
            label=grade_id_of(raw),
            id=found if isinstance(found := raw.get("id"), str) else "",
            text=_with_pictures(raw),
            printed=_printed(raw),
            ran=bool(raw.get("outputs") or raw.get("execution_count")),
        )
        for number, raw in enumerate(read_cells(name, data), 1)
    )


def is_as_given(name: str, data: bytes, given: Given) -> bool:
    """Whether a notebook has the text that it was given out with. Why one cannot be read, the reading of
    answers says."""
    try:
        cells = parsed(name, data)
    except IntakeError:
        return False
    return [c.spaced for c in cells] == [c.spaced for c in given.notebooks.get(name, ())]


def text_in(cell: dict[str, Any]) -> str:
    """What stands in a cell. JSON may hold half of a surrogate pair, which no file and no pipe takes."""
    source = cell.get("source", cell.get("input"))
    parts = source if isinstance(source, list) else [source]
    return "".join(map(_text, parts)).encode("utf-8", "replace").decode()


def _text(part: object) -> str:
    """A part of a cell, which should be text; what is something else is shown as it stands."""
    try:
        return part if isinstance(part, str) else "" if part is None else str(part)
    except RecursionError:
        return "(lists in lists without end)"


def _with_pictures(raw: dict[str, Any]) -> str:
    """What stands in a cell, and what was pasted into it and is not shown by it."""
    text, pasted = text_in(raw), raw.get("attachments")
    if not isinstance(pasted, dict) or raw.get("cell_type") == "code" or "attachment:" in text:
        return text
    return "\n\n".join(
        (text, *(f"![](attachment:{spaced(name)[:80]})" for name in list(pasted)[:MAX_PASTED]))
    )


def _printed(cell: dict[str, Any]) -> str:
    """What a cell printed or displayed as text, without warnings and tracebacks."""
    found: list[str] = []
    for output in islice(each_output(cell), MAX_OUTPUTS):
        if output.get("name") == "stderr":
            continue
        data = output.get("data")
        shown = [data.get(kind) for kind in PRINTED] if isinstance(data, dict) else [output.get("text")]
        found += [text_in({"source": part})[:MAX_PRINTED] for part in shown if part]
    return "\n".join(found)[:MAX_PRINTED]


def by_name(path: str, notebooks: Iterable[Notebook]) -> str:
    """The notebook whose name this file has, or had before it was changed; else empty."""
    names = {_same(n.name): n.name for n in notebooks}
    for base in likely(path):
        stem = base.removesuffix(NOTEBOOK).removesuffix(".json")
        if _same(stem) in names:
            return names[_same(stem)]
    return ""


def _same(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def may_be(path: str) -> bool:
    """Whether a file may be a notebook, by its name."""
    return ending(path) == NOTEBOOK or PurePosixPath(path).suffix.lower() == ".json"


def by_cells(
    path: str, data: bytes, notebooks: Iterable[Notebook], given: dict[str, tuple[GivenCell, ...]]
) -> str:
    """The notebook whose cells this file has, by their labels or else by their text; else empty."""
    try:
        cells = parsed(path, data)
    except IntakeError:
        return ""
    labels, texts = {c.label for c in cells}, {c.spaced for c in cells}
    shares = dict(_shares(labels, texts, notebooks, given))
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] >= ENOUGH else ""


def _shares(
    labels: set[str], texts: set[str], notebooks: Iterable[Notebook], given: dict[str, tuple[GivenCell, ...]]
) -> Iterator[tuple[str, float]]:
    for notebook in notebooks:
        own = {cell.grade_id for cell in notebook.cells}
        known = {t for c in given.get(notebook.name, ()) if len(t := c.spaced) > 40}
        by_label = len(labels & own) / len(own) if own else 0.0
        by_text = len(texts & known) / len(known) if known else 0.0
        yield notebook.name, max(by_label, by_text)
