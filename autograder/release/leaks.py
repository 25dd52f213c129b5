"""Does a release give an answer away? Every text in it is searched for lines of the solutions."""

import base64
import binascii
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from textwrap import dedent
from typing import Any

from autograder.errors import ReleaseError
from autograder.notebook import mark_of, source_of
from autograder.release.package import Solution, refuse_marks

# Shorter lines are said by everyone: `out = x @ w + b` has 9 signs without spaces. Chosen so that a line
# below it names at most one array and one operation.
CODE_SIGNS = 20
HEADER_SIGNS = 30  # of `for ...:`, which says little before its names are particular
PROSE_SIGNS = 30  # of a sentence or a comment

CELL_METADATA = {"nbgrader", "deletable", "editable"}
GO_ON = "raises-exception"  # Jupyter's tag for a cell whose error does not stop Run All; we set it ourselves
NOTEBOOK_METADATA = {"kernelspec", "language_info"}


class Search:
    """Finds lines of the solutions in other texts, however they are spaced, quoted or commented out."""

    def __init__(self, solutions: Iterable[Solution]) -> None:
        self.keys: dict[str, tuple[Solution, int, str]] = {}
        for solution in solutions:
            for line, text, enough in _sentences(solution) if solution.prose else _statements(solution):
                key = squash(text)[0]
                if len(key) >= enough:
                    self.keys.setdefault(key, (solution, line, text))

    def refuse(self, text: str, where: str) -> None:
        """Raise if `text` holds a line of a solution or a mark; `where` and the line number say where."""
        squashed, offsets = squash(text)
        for key, (solution, line, found) in self.keys.items():
            at = squashed.find(key)
            if at >= 0:
                number = text.count("\n", 0, offsets[at]) + 1
                raise ReleaseError(
                    f"{where}:{number}: holds a line of the solution of {solution.owner} "
                    f"({solution.path}:{line}): {found.strip()!r}; take it out, or "
                    "reword one of the two if it gives nothing away"
                )
        refuse_marks(text, where)


def squash(text: str) -> tuple[str, list[int]]:
    """The text without spaces and comment signs, in small letters and one kind of quotes; and for each
    sign kept, where it stood."""
    kept, offsets = [], []
    for offset, sign in enumerate(text):
        if not sign.isspace() and sign not in "#\\":
            kept.append('"' if sign == "'" else sign.lower())
            offsets.append(offset)
    return "".join(kept), offsets


def _statements(solution: Solution) -> Iterator[tuple[int, str, int]]:
    """The statements of a solution, a compound one up to its colon, and its comments: where each stands, and
    how many signs it must have to be searched for."""
    parts: list[str] = []
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(dedent(solution.text) + "\n").readline):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            if parts:
                yield (
                    solution.line + first - 1,
                    " ".join(parts),
                    HEADER_SIGNS if parts[-1] == ":" else CODE_SIGNS,
                )
            parts = []
        elif token.type == tokenize.COMMENT:
            yield solution.line + token.start[0] - 1, token.string, PROSE_SIGNS
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            first = first if parts else token.start[0]
            parts.append(token.string)


def _sentences(solution: Solution) -> Iterator[tuple[int, str, int]]:
    for number, line in enumerate(solution.text.split("\n")):
        for sentence in re.split(r"(?<=[.!?;:])\s+", line):
            yield solution.line + number, sentence, PROSE_SIGNS


def refuse_notebook(notebook: Mapping[str, Any], where: str, search: Search) -> None:
    """Raise if a notebook holds anything that students should not get, or that came from a run."""
    _refuse_metadata(notebook.get("metadata", {}), NOTEBOOK_METADATA, where)
    for text in _strings(notebook.get("metadata", {})):
        search.refuse(text, f"{where} metadata")
    for number, cell in enumerate(notebook.get("cells", []), 1):
        place = f"{where} cell {number}"
        for key in ("outputs", "execution_count"):
            if cell.get(key):
                raise ReleaseError(f"{place}: expected no {key} in a release, got some; clear the cell")
        own = {"tags"} if cell.get("metadata", {}).get("tags") == [GO_ON] else set()
        _refuse_metadata(cell.get("metadata", {}), CELL_METADATA | own, place)
        search.refuse(source_of(cell), place)
        rest = {key: value for key, value in cell.items() if key not in ("source", "attachments")}
        for text in _strings(rest):
            search.refuse(text, f"{place} metadata")
        _refuse_attachments(cell, place, search)


def _refuse_metadata(metadata: Mapping[str, Any], allowed: set[str], where: str) -> None:
    extra = sorted(set(metadata) - allowed)
    if extra:
        raise ReleaseError(
            f"{where}: expected no metadata but {', '.join(sorted(allowed))}, got {', '.join(extra)}; "
            "delete it"
        )


def _refuse_attachments(cell: Mapping[str, Any], where: str, search: Search) -> None:
    attachments = cell.get("attachments") or {}
    if attachments and mark_of(cell).get("solution"):
        raise ReleaseError(
            f"{where}: expected no attachment in an answer cell, got {', '.join(attachments)}; "
            "the answer would ship with it: delete it"
        )
    for name, bundle in attachments.items():
        for kind, data in bundle.items():
            if not kind.startswith("image/"):
                raise ReleaseError(
                    f"{where}: expected only pictures attached, got {name} ({kind}); delete it"
                )
            try:
                raw = base64.b64decode("".join(data), validate=False)
            except binascii.Error:
                raw = "".join(data).encode()
            search.refuse(raw.decode("latin-1"), f"{where} attachment {name}")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
