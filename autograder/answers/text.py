"""A written answer as sentences of plain words: Markdown, HTML, LaTeX and contractions resolved.

What stays is what carries meaning: words in one spelling ("normalise" becomes "normalize"), numbers, signs
of comparison, and the punctuation that separates clauses.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARACTERS = 8_000  # an answer of five sentences has 500; of a longer one a person reads the rest
HARD_WRAP = 60  # a line shorter than this was not wrapped by an editor: its end may end a sentence


@dataclass(frozen=True)
class Sentence:
    """One sentence, or one item of a list."""

    raw: str  # as the student wrote it, without Markdown
    words: tuple[str, ...]  # normalised, with the punctuation that separates clauses
    item: str = ""  # "2" of a list item that starts with "2."
    asks: bool = False  # it ends in a question mark

    @property
    def plain(self) -> tuple[str, ...]:
        """Its words and numbers alone."""
        return tuple(word for word in self.words if word[0].isalnum())


_DROPPED = re.compile(r"<!--.*?(-->|\Z)|<(script|style)\b.*?(</\2\s*>|\Z)", re.S | re.I)
_TAGS = "b i u s em strong br p ul ol li span div sub sup code pre font center table tr td th a img h[1-6]"
_TAG = re.compile(rf"</?({_TAGS.replace(' ', '|')})\b[^<>]*>", re.I)
_BARE_TAG = re.compile(rf"</?({_TAGS.replace(' ', '|')})\s*/?>", re.I)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"(?<![\w*_\\])(\*{1,3}|_{1,3})(?=\S)(.{1,500}?)(?<=\S)\1(?![\w*_])", re.S)
_HEAD = re.compile(r"^\s{0,3}(#{1,6}\s+|>\s?)+", re.M)
_RULE = re.compile(r"^[\s|:*_-]*$")


def plain(answer: str) -> str:
    """The answer without Markdown and HTML; what a page would not show (comments, scripts) is gone."""
    text = unicodedata.normalize("NFKC", answer[:MAX_CHARACTERS])
    text = _DROPPED.sub(" ", text)
    text = _TAG.sub(" ", text)
    text = html.unescape(text)
    text = _LINK.sub(r"\1", text)
    text = _HEAD.sub("", text)
    for _ in range(2):  # bold inside italic
        text = _EMPHASIS.sub(r"\2", text)
    return text.replace("`", " ")


def bare(answer: str) -> str:
    """The answer without tags that have no attribute: what is left is all that somebody may have meant."""
    return _BARE_TAG.sub(" ", html.unescape(unicodedata.normalize("NFKC", answer[:MAX_CHARACTERS])))


_BULLET = re.compile(
    r"^\s*(?:[-*+•]\s+)?(?:\(?(\d{1,2}|[a-zA-Z])[.):]\s+(?!(?:and|or)\b|&)|\((\d{1,2}|[a-zA-Z])\)\s+(?!(?:and|or)\b|&))?(.*)$"
)
_STARTS_ITEM = re.compile(r"^\s*([-*+•]\s+|\(?(\d{1,2}|[a-zA-Z])[.):]\s|\(\w{1,2}\)\s|\|)")
_INLINE_ITEM = re.compile(r"(?<=[\s:;,])\(?(\d)[.)]\s+(?=[^\s\d])")
_ABBREVIATION = re.compile(
    r"\b(e\.g|i\.e|etc|vs|resp|approx|cf|incl|fig|eq|acc|val)\.|\b(no|nr)\.(?=\s?\d)", re.I
)
_END = re.compile(r"(?<=[.!?;。！？；])[\"'”’)]*\s+|(?<=[。！？；])")
_DOT = "\0"


def _paragraphs(text: str) -> list[str]:
    """Lines that belong together, joined: a list item, a paragraph an editor wrapped."""
    joined: list[str] = []
    open_line = short = False
    for line in text.splitlines():
        if _RULE.match(line):
            open_line = False
            continue
        anew = short and (line.strip()[0].isdigit() or line.strip()[0].isupper())
        continues = open_line and not anew and not _STARTS_ITEM.match(line)
        if continues:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.strip())
        ended = line.rstrip().endswith((".", ":", "!", "?", ";"))
        short = len(line) < HARD_WRAP
        open_line = not ended or not short
    return joined


def _cells(line: str) -> str:
    """A row of a Markdown table as a line of text."""
    return ": ".join(c.strip() for c in line.strip("| ").split("|") if c.strip()) if line[:1] == "|" else line


def _inline_items(line: str) -> list[str]:
    """A line that holds a numbered list ("1. … 2. … 3. …"), cut into its items."""
    cuts, expected = [], None
    start = _BULLET.match(line)
    if start and (start[1] or start[2] or "").isdigit():
        expected = int(start[1] or start[2]) + 1
    for found in _INLINE_ITEM.finditer(line):
        number = int(found[1])
        before = line[: found.start()].rstrip()
        if number == expected or (number == 1 and expected is None and before.endswith((".", ":", "?"))):
            cuts.append(found.start())
            expected = number + 1
    return [line[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]


def sentences(answer: str) -> tuple[Sentence, ...]:
    """The answer's sentences in order; those without a word or a number are left out."""
    found: list[Sentence] = []
    for paragraph in _paragraphs(plain(answer)):
        for line in _inline_items(_cells(paragraph)):
            marker = _BULLET.match(line)
            item, rest = ((marker[1] or marker[2] or ""), marker[3]) if marker else ("", line)
            # ";" separates sentences too: it stands between statements, and between items of a list.
            kept = _ABBREVIATION.sub(lambda m: m[0].replace(".", _DOT), rest)
            for part in _END.split(kept) if kept else [""]:
                raw = (part or "").replace(_DOT, ".").strip()
                shown = _tokens(raw)
                if shown or item:
                    words = tuple(spelled(word) for word in shown)
                    found.append(Sentence(raw or item, words, item, raw.endswith("?")))
                item = ""
    return tuple(found)


_LATEX = {
    r"\to": "->",
    r"\rightarrow": "->",
    r"\Rightarrow": "->",
    r"\infty": " infinity ",
    r"\approx": "≈",
    r"\sim": "≈",
    r"\leq": "<=",
    r"\le": "<=",
    r"\geq": ">=",
    r"\ge": ">=",
    r"\ll": "<",
    r"\gg": ">",
    r"\lt": "<",
    r"\gt": ">",
    r"\neq": " not = ",
    r"\ne": " not = ",
    r"\cdot": "*",
    r"\times": "*",
    r"\pm": "±",
}
_COMMAND = re.compile(r"\\[a-zA-Z]+|\\[^a-zA-Z]")
_WRAPPER = re.compile(r"\\(text|mathrm|mathbf|mathbb|mathit|operatorname|left|right|big|Big)\s*\**")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SIGNS = str.maketrans(
    {
        "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "−": "-", "→": "->", "⇒": "->", "×": "*",
        "·": "*", "≤": "<=", "≥": ">=", "∞": " infinity ", "≠": " not = ", "σ": " sigma ", "β": " beta ",
        "γ": " gamma ", "λ": " lambda ", "✓": " yes ", "✔": " yes ", "✗": " no ", "✘": " no ", "$": " ",
        "{": " ", "}": " ", "[": "(", "]": ")", "~": "≈", "!": ".", "。": ".", "，": ",",
    }
)  # fmt: skip
_SHORT = [
    (re.compile(pattern, re.I), words)
    for pattern, words in (
        (r"\bn[or]\.\s?(?=\d)", " number "),
        (r"\bw/o\b", " without "),
        (r"\bw/(?=\s)", " with "),
        (r"\bb/c\b", " because "),
        (r"\be\.g\.", " for example "),
        (r"\bi\.e\.", " that is "),
        (r"\bvs\b\.?", " versus "),
        (r"\bcan(?:no|')?t\b", "can not"),
        (r"\bwon'?t\b", "will not"),
        (r"\b(do|does|did|is|are|was|were|has|have|would|could|should)n'?t\b", r"\1 not"),
        (r"\b(it|that|there|what|here|he|she|let)'s\b", r"\1 is"),
        (r"'(s|re|ll|d|ve|m)\b", lambda m: {"re": " are", "ll": " will", "ve": " have"}.get(m[1], "")),
        (r"\bnon-(?=[a-z])", "non "),
        (r"\|\s*([a-z])\s*\|", r" abs \1 "),
        (r"\s[–—]+\s|\s-{1,3}\s(?!\d)", " : "),
        (r"(?<![=-])[=-]+>", " -> "),
        (r"(?<=[a-z0-9])[-–/](?=[a-z])", " "),
        (r"\bx\s*'\s*s\b", "x"),
    )
]
_WORD = re.compile(
    r"\d+(?:st|nd|rd|th)\b|[^\W\d_]+\d*|\d+(?:[.]\d+)?(?:e-?\d+)?(?:\s?%)?|\.\d+|<=|>=|->|[<>=±≈/^+,:()&%#]|-(?=[\dx∞])"
)


def _tokens(raw: str) -> tuple[str, ...]:
    text = _FRACTION.sub(r"(\1)/(\2)", raw).translate(_SIGNS)
    text = _WRAPPER.sub(" ", text)
    text = _COMMAND.sub(lambda m: _LATEX.get(m[0], f" {m[0][1:]} " if m[0][1:].isalpha() else " "), text)
    for pattern, words in _SHORT:
        text = pattern.sub(words, text)
    return tuple(match[0].replace(" ", "") for match in _WORD.finditer(text))


# British to American: "regularise" and "regularize" are one word, and so are "behaviour" and "behavior".
_BRITISH = (
    (re.compile(r"is(e|ed|es|er|ing|ation|ations)$"), r"iz\1"),
    (re.compile(r"our(s|ed|ing)?$"), r"or\1"),
)
_BOTH_FROM = 7  # letters; "noise" and "four" are spelled in one way


@lru_cache(maxsize=20_000)
def spelled(word: str) -> str:
    """One spelling of a word: lower case, American, numbers without spaces."""
    low = word.lower()
    if len(low) >= _BOTH_FROM:
        for british, american in _BRITISH:
            low = british.sub(american, low)
    return low
