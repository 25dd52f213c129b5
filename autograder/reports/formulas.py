"""Formulas: LaTeX as MathML, which browsers draw without any script.

latex2mathml reads the LaTeX; what it makes is copied element by element, so that nothing but known elements,
known attributes and escaped text comes out, whatever it lets through.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markupsafe import escape

LONGEST = 2_000  # characters of one formula
DEEPEST = 30  # braces, and \left, within each other
TAGS = {
    *("math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow"),
    *("mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder"),
    "munderover",
}
WORDS = {  # attributes whose values are one of a few words
    **dict.fromkeys(("accent", "accentunder", "displaystyle", "fence", "stretchy"), ("true", "false")),
    "separator": ("true", "false"),
    "movablelimits": ("true", "false"),
    "display": ("inline", "block"),
    "form": ("prefix", "infix", "postfix"),
    "linebreak": ("newline",),
    "notation": ("box", "updiagonalstrike", "downdiagonalstrike", "horizontalstrike"),
    "columnalign": ("left", "center", "right"),
}
SHORT = re.compile(r"-?\d?(?:\.\d{1,4})?(?:em|ex|pt)|0")  # a length that cannot push a page apart
LENGTHS = ("width", "linethickness", "lspace", "rspace", "rowspacing", "columnspacing")
VARIANT = re.compile(r"[a-z]{4,12}(?:-[a-z]{4,10}){0,2}")
ATTRIBUTES = {*WORDS, *LENGTHS, "mathvariant"}
# The first gets numbers that nobody asked for, the others are not known.
NUMBERED = re.compile(r"\\(begin|end)\{(?:align|aligned|eqnarray)\*?\}")
# They define macros, which can grow without end, or say what only a page may say.
REFUSED = re.compile(
    r"\\(?:def|gdef|edef|xdef|let|(?:re)?newcommand|providecommand|newenvironment|DeclareMathOperator"
    r"|href|url|style|class|cssId|html\w*|require|includegraphics)(?![A-Za-z])"
)


def mathml(source: str, block: bool = False) -> str:
    """The formula as MathML; empty if it is too long, too deep, or not understood."""
    if len(source) > LONGEST or _depth(source) > DEEPEST or REFUSED.search(source):
        return ""
    source = NUMBERED.sub(r"\\\1{align*}", source)
    try:
        made = convert_to_element(source, display="block" if block else "inline")
    except Exception:  # anything: the library's own errors are of many kinds, and all mean "shown as typed"
        return ""
    return "".join(_copied(made))


def _depth(source: str) -> int:
    """How deep groups lie within each other, and how long a row of commands waits for an argument: both
    are how deep the reader of LaTeX calls itself."""
    depth = deepest = row = 0
    for sign in re.finditer(r"\\[A-Za-z]+|\\.|[{}^_]|[^\\{}^_\s]+", source, re.DOTALL):
        text = sign[0]
        row = row + 1 if text[0] == "\\" or text in "{^_" else 0
        depth += (text in ("{", "\\left", "\\begin")) - (text in ("}", "\\right", "\\end"))
        deepest = max(deepest, depth + row // 4)
    return deepest


def _copied(element: Element) -> Iterator[str]:
    """The element and what it holds, as text; of an unknown one only what it holds."""
    known = element.tag in TAGS
    if known:
        kept = [f' {k}="{escape(v)}"' for k, v in element.attrib.items() if is_harmless(k, v)]
        yield f"<{element.tag}{''.join(kept)}>"
    yield _escaped(element.text)
    for child in element:
        yield from _copied(child)
        yield _escaped(child.tail)
    if known:
        yield f"</{element.tag}>"


def is_harmless(name: str, value: str) -> bool:
    """Whether an attribute may stand in a page."""
    if name in WORDS:
        return all(word in WORDS[name] for word in value.split())
    if name in LENGTHS:
        return all(SHORT.fullmatch(length) for length in value.split())
    return name == "mathvariant" and bool(VARIANT.fullmatch(value))


def _escaped(text: str | None) -> str:
    """Text as it stands in HTML. The library writes signs as references, which ElementTree takes as text."""
    return str(escape(html.unescape(text or "")))
