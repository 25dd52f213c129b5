"""Is this words? In a cell of text, in a comment that no page shows, in a cell of code."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator

from autograder.intake import notes

HIDDEN = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)  # no page shows it
CODE_SIGNS = re.compile(r"[=()\[\]{}]|^[ #]{0,20}(import|from|def|class|return)\b", re.M)
NEIGHBOURS = re.compile(r"\b([^\W\d_]{2,}) +(?=([^\W\d_]{2,})\b)")
RESERVED = frozenset((*keyword.kwlist, "print", "exec"))  # the last two as Python 2 has them
TEXT_MAGICS = ("%%markdown", "%%html", "%%latex", "%%svg")
SHELL = ("pip", "conda", "git", "cd", "ls", "mkdir", "cp", "mv", "rm", "wget", "curl", "unzip", "apt")


def unveiled(text: str) -> str:
    return text.replace("<!--", "").replace("-->", "")


def says(character: str) -> bool:
    """Whether a character may be part of an answer: a letter, a digit, or a sign such as an arrow."""
    if character.isascii():
        return character.isalnum()
    return unicodedata.category(character)[0] in "LNS"


def hidden_lines(text: str) -> Iterator[str]:
    """The lines of comments in HTML, which stand in Markdown as well."""
    for comment in HIDDEN.findall(text):
        yield from comment.splitlines()


def is_prose(text: str) -> bool:
    """Whether a cell of code holds words: comments or a text alone, or what Python cannot read."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("%%"):
        return lines[0].lower().startswith(TEXT_MAGICS)
    lines = [line for line in lines if line.lstrip()[0] not in "%!" and line.split()[0] not in SHELL]
    if not lines:
        return False
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        body = []
    if body:
        return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)
    rest = "\n".join(lines)
    words = len(re.findall(r"[^\W\d_]{2,}", rest))
    if words >= 3 and len(CODE_SIGNS.findall(rest)) * 4 <= words:
        return True
    return _reads_as_words(lines)


def _reads_as_words(lines: Iterable[str]) -> bool:
    """Whether names stand side by side, as in no line of code, whatever signs are between others."""
    code = notes.PART.sub(" ", "\n".join(lines))
    pairs = (found.groups() for found in NEIGHBOURS.finditer(code))
    return sum(RESERVED.isdisjoint(pair) for pair in pairs) >= 2
