"""What students write, as HTML that is safe to show: Markdown and formulas, as Jupyter would show them.

Three steps, none of which trusts the one before: markdown-it-py makes HTML with a student's own HTML
escaped, formulas become MathML, which needs no script and no network, and nh3 lets through a short list of
elements and attributes. Time and size are bounded: what is too long or too deep is shown as it was typed.
Nothing a student wrote disappears.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from autograder.reports import formulas

LONGEST = 10_000  # characters that are rendered; the slowest shapes take time that grows with the square
SHOWN = 20_000  # characters of a longer text that are shown, as typed
PICTURES = 3_000_000  # characters of pictures in one text: a screenshot or two
MATH = 6_000  # characters of formulas in one text; MathML is some twenty times as long
MATH_LINES = 60  # of one formula that stands by itself
CELLS = 5_000  # of a table: each row is filled up to the width of the first
DEEPEST = 20  # lists and quotes within each other

LINK = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
# Each part stops at the sign that could begin it, so that looking for many formulas takes one pass in all.
FORMULA = re.compile(
    r"\$\$(?P<block>(?:[^$\\]|\\.)+)\$\$"
    r"|\$(?P<inline>(?:[^$\\]|\\.)+)\$(?!\d)"
    r"|(?P<named>\\begin\{(?P<name>align|equation|gather|eqnarray|split)\*?\}"
    r"(?:[^\\]|\\(?!(?:begin|end)\{(?P=name)).)+\\end\{(?P=name)\*?\})",
    re.DOTALL,
)
PLAIN_TAG = re.compile(r"</?(?:b|br|code|del|em|i|kbd|s|strong|sub|sup|u)\s{0,3}/?>", re.IGNORECASE)
TAGS = {
    *("a", "b", "blockquote", "br", "code", "del", "em", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li"),
    *("ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}


def html(text: str, pictures: Mapping[str, str] | None = None) -> Markup:
    """A student's text as HTML. `pictures` are those pasted into the cell: name -> data URI."""
    text, pasted = _taken_out(text)
    if len(text) > LONGEST:
        return as_typed(text)
    tokens, env = _read(text), {"pictures": {**(pictures or {}), **pasted}, "math": MATH}
    if tokens is None:
        return as_typed(text)
    return Markup(_clean(_parser().renderer.render(tokens, _parser().options, env)))


def inline(text: str) -> Markup:
    """One line of ours that may quote a student."""
    if len(text) > LONGEST:
        return Markup("{}").format(text[:SHOWN])
    return Markup(_clean(_parser().renderInline(text, {"pictures": {}, "math": MATH})))


def as_typed(text: str) -> Markup:
    """The text itself, cut where it is too long for a page."""
    rest = len(text) - SHOWN
    more = Markup("<p><em>… and {:,} characters more; the hand-in has them all.</em></p>").format(rest)
    return Markup("<pre>{}</pre>").format(text[:SHOWN]) + (more if rest > 0 else Markup(""))


def plain(text: str) -> str:
    """The text without Markdown's signs, for a terminal; formulas stay as typed."""
    if len(text) > LONGEST:
        return text[:SHOWN]
    tokens = _read(text)
    return text if tokens is None else "\n".join(_lines(tokens)).strip("\n")


def _read(text: str) -> list[Token] | None:
    """The text as tokens; None where it is so deep that the parser would leave out what lies below, or holds
    a table that grows with the square of its text."""
    lines = text.split("\n")
    if max(line.count("|") for line in lines) * len(lines) > CELLS:
        return None
    tokens = _parser().parse(text)
    return tokens if all(token.level < DEEPEST - 1 for token in tokens) else None


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.disable("reference")  # a definition would vanish from the page
    over: Any = {"alt": ["paragraph", "blockquote", "list"]}
    parser.block.ruler.before("fence", "math_block", _math_block, over)
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.inline.ruler.before("autolink", "plain_tag", _plain_tag)
    parser.validateLink = _may_link  # type: ignore[method-assign]
    parser.add_render_rule("math_inline", _math)
    parser.add_render_rule("math_block", _math)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


def _math_block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Lines from one that begins with $$ to one that ends so."""
    begin = state.bMarks[first] + state.tShift[first]
    if state.is_code_block(first) or not state.src.startswith("$$", begin):
        return False
    for last in range(first, min(end, first + MATH_LINES)):
        if state.src[begin + 2 : state.eMarks[last]].rstrip().endswith("$$"):
            break
        begin = state.bMarks[last + 1] - 2
    else:
        return False
    text = state.getLines(first, last + 1, state.blkIndent, False).strip()
    if "$$" in text[2:-2]:  # words between two formulas: a paragraph
        return False
    if not silent:
        token = state.push("math_block", "", 0)
        token.content, token.info, token.map, token.block = text[2:-2], text, [first, last + 1], True
        state.line = last + 1
    return True


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula between words."""
    found = FORMULA.match(state.src, state.pos) if state.src[state.pos] in "$\\" else None
    if not found:
        return False
    if not silent:
        token = state.push("math_inline" if found["inline"] else "math_block", "", 0)
        token.content, token.info = found["block"] or found["inline"] or found["named"], found[0]
    state.pos = found.end()
    return True


def _plain_tag(state: StateInline, silent: bool) -> bool:
    """`<br>`, `<sub>` and their like mean what they say; every other `<` is a character."""
    found = PLAIN_TAG.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = found[0].lower()
    state.pos = found.end()
    return True


def _may_link(url: str) -> bool:
    """Whether `[x](url)` is a link or a picture at all; if not, it is shown as it was typed."""
    return bool(LINK.match(url)) or ":" not in url or url.startswith("attachment:")


def _math(self: object, tokens: list[Token], at: int, options: object, env: dict[str, Any]) -> str:
    """A formula, while the text's share of them lasts; one that cannot be read is shown as typed."""
    source = tokens[at].content.strip()
    env["math"] -= len(source)
    made = formulas.mathml(source, tokens[at].type == "math_block") if env["math"] >= 0 else ""
    return made or f"<code>{escape(tokens[at].info)}</code>"


def _link_open(self: Any, tokens: list[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    """A link to somewhere else in the world; a name of a file is shown beside the words."""
    url = str(tokens[at].attrs.get("href", ""))
    env["href"] = "" if LINK.match(url) else url
    return "" if env["href"] else f'<a href="{escape(url)}">'


def _link_close(self: Any, tokens: list[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    return f" (<code>{escape(env['href'])}</code>)" if env["href"] else "</a>"


def _image(self: object, tokens: list[Token], at: int, options: object, env: dict[str, Any]) -> str:
    """A pasted picture; one from elsewhere is named, since a page that loads it would say who reads it."""
    token = tokens[at]
    source = str(token.attrs.get("src", ""))
    pasted = env["pictures"].get(source.removeprefix("attachment:"), "")
    if PICTURE.fullmatch(pasted) and len(pasted) <= PICTURES:
        return f'<img src="{pasted}" alt="{escape(token.content)}">'
    return f"<em>[picture: {escape(', '.join(filter(None, (token.content, source))))}]</em>"


def _heading(self: object, tokens: list[Token], at: int, options: object, env: object) -> str:
    """A student's headings stand below those of the page."""
    token = tokens[at]
    return f"<{'/' if token.nesting < 0 else ''}h{min(6, int(token.tag[1:]) + 3)}>"


def _taken_out(text: str) -> tuple[str, dict[str, str]]:
    """The text with a short name for each picture that stands in it, and the pictures."""
    pasted: dict[str, str] = {}
    left = PICTURES

    def kept(found: re.Match[str]) -> str:
        nonlocal left
        if len(found[0]) > left:
            return "attachment:too-large"
        left -= len(found[0])
        pasted[f"pasted-{len(pasted) + 1}"] = found[0]
        return f"attachment:pasted-{len(pasted)}"

    return PICTURE.sub(kept, text), pasted


def _clean(made: str) -> str:
    return nh3.clean(
        made,
        tags=TAGS | formulas.TAGS,
        attributes={**ATTRIBUTES, **dict.fromkeys(formulas.TAGS, formulas.ATTRIBUTES)},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if PICTURE.fullmatch(value) else None
    if tag in formulas.TAGS:
        return value if formulas.is_harmless(name, value) else None
    return value


def _lines(tokens: list[Token]) -> list[str]:
    lines: list[str] = []
    row: list[str] = []
    depth, mark = 0, ""
    for token in tokens:
        kind = token.type
        if kind.endswith(("list_open", "list_close")):
            depth += token.nesting
        elif kind == "list_item_open":
            mark = f"{token.info}. " if token.info else "- "
        elif kind == "inline":
            text = mark + _words(token.children or []).replace("\n", "\n" + " " * len(mark))
            lines += [f"{'  ' * max(0, depth - 1)}{line}" for line in text.split("\n")]
            mark = ""
        elif kind in ("td_close", "th_close"):
            row.append(lines.pop())
        elif kind == "tr_close":
            lines.append(" | ".join(row))
            row.clear()
        elif token.content:
            lines += (token.info if kind == "math_block" else token.content.rstrip("\n")).split("\n")
        elif kind in ("paragraph_close", "heading_close", "table_close") and not depth:
            lines.append("")
    return lines


def _words(children: list[Token]) -> str:
    parts: list[str] = []
    url = ""
    for token in children:
        if token.type == "link_open":
            url = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            parts.append(f" ({url})" if parts[-1] != url else "")
        elif token.type == "image":
            parts.append(f"[picture: {token.content or token.attrs.get('src', '')}]")
        elif token.type in ("softbreak", "hardbreak") or token.content.startswith("<br"):
            parts.append("\n")
        elif token.type.startswith("math_"):
            parts.append(token.info)
        elif token.type != "html_inline":
            parts.append(token.content)
    return "".join(parts)
