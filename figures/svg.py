"""A small SVG writer: boxes, arrows, grids and graphs, in the colours of the course's plots.

Every figure has a white ground of its own, so that it can be read on a dark page too. Forward is black and
solid, backward is orange and dashed: the two differ without colour as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import hypot

INK, BLUE, ORANGE, GREEN, GREY = "#1a1a1a", "#0072B2", "#C24E00", "#00795A", "#6b6b6b"
PALE = {INK: "#f4f4f4", BLUE: "#e3f0f8", ORANGE: "#fbe9dc", GREEN: "#e0f3ec", GREY: "#f4f4f4"}
SANS = "'DejaVu Sans', Verdana, Arial, sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"


@dataclass
class Figure:
    """A figure under construction; coordinates are pixels from the upper left corner."""

    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, *, size: int = 14, color: str = INK, anchor: str = "middle",
        mono: bool = False, bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line, centred at (x, y) unless `anchor` says otherwise."""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y + 0.35 * size:g}" font-size="{size}" fill="{color}" '
            f'text-anchor="{anchor}" font-family="{MONO if mono else SANS}"{weight}>{escape(words)}</text>'
        )

    def box(
        self, x: float, y: float, w: float, h: float, lines: str | Sequence[str], *, color: str = INK,
        size: int = 14, round_: int = 6,
    ) -> None:  # fmt: skip
        """Draw a box centred at (x, y), with one or more lines in it."""
        self.parts.append(
            f'<rect x="{x - w / 2:g}" y="{y - h / 2:g}" width="{w:g}" height="{h:g}" rx="{round_}" '
            f'fill="{PALE[color]}" stroke="{color}" stroke-width="1.5"/>'
        )
        lines = [lines] if isinstance(lines, str) else list(lines)
        for i, line in enumerate(lines):
            if line:
                self.text(x, y + (i - (len(lines) - 1) / 2) * size * 1.3, line, size=size)

    def arrow(self, x1: float, y1: float, x2: float, y2: float, *, back: bool = False) -> None:
        """Draw an arrow from the first point to the second."""
        style = f'stroke="{ORANGE}" stroke-dasharray="6 4"' if back else f'stroke="{INK}"'
        head = "back" if back else "forward"
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" {style} stroke-width="1.8" '
            f'marker-end="url(#{head})"/>'
        )

    def grid(
        self, x: float, y: float, numbers: Sequence[Sequence[str]], *, cell: int = 34,
        marked: Iterable[tuple[int, int]] = (), color: str = BLUE,
    ) -> None:  # fmt: skip
        """Draw numbers as a grid whose upper left corner is at (x, y); some cells are marked."""
        places = set(marked)
        for i, row in enumerate(numbers):
            for j, number in enumerate(row):
                fill = PALE[color] if (i, j) in places else "#ffffff"
                left, top = x + j * cell, y + i * cell
                self.parts.append(
                    f'<rect x="{left:g}" y="{top:g}" width="{cell}" height="{cell}" fill="{fill}" '
                    f'stroke="{color if (i, j) in places else GREY}" stroke-width="1"/>'
                )
                self.text(left + cell / 2, top + cell / 2, number, size=14)

    def svg(self) -> str:
        """Return the whole file."""
        heads = "".join(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'orient="auto-start-reverse"><path d="M 0 0 L 10 5 L 0 10 z" fill="{color}"/></marker>'
            for name, color in (("forward", INK), ("back", ORANGE))
        )
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img">\n<title>{escape(self.title)}</title>\n'
            f"<defs>{heads}</defs>\n"
            f'<rect width="{self.width}" height="{self.height}" rx="8" fill="#ffffff"/>\n{body}\n</svg>\n'
        )


@dataclass(frozen=True)
class Node:
    """A box of a graph: its place, its words, and the name of its gradient ("" for none)."""

    x: float
    y: float
    words: str | tuple[str, ...]
    gradient: str = ""
    color: str = INK
    below: bool = False  # the gradient's name stands below the box, not above it


def graph(
    figure: Figure,
    nodes: Mapping[str, Node],
    edges: Iterable[str],
    *,
    forward_only: Iterable[str] = (),
    height: int = 34,
) -> None:
    """Draw a computation graph: each edge 'a b' as a solid arrow a to b and a dashed one back."""
    one_way = set(forward_only)
    sizes = {name: (_width(node.words), _height(node.words, height)) for name, node in nodes.items()}
    for edge in [*edges, *one_way]:
        start, end = edge.split()
        _edge(figure, nodes[start], nodes[end], sizes[start], sizes[end], both=edge not in one_way)
    for name, node in nodes.items():
        w, h = sizes[name]
        figure.box(node.x, node.y, w, h, list(node.words) if isinstance(node.words, tuple) else node.words,
                   color=node.color)  # fmt: skip
        if node.gradient:
            aside = h / 2 + 13
            at = node.y + aside if node.below else node.y - aside
            figure.text(node.x, at, node.gradient, size=13, color=ORANGE, mono=True)


def legend(figure: Figure, y: float) -> None:
    """Say at the lower left what the two kinds of arrows are."""
    figure.arrow(16, y, 56, y)
    figure.text(64, y, "forward: values", size=12, anchor="start")
    figure.arrow(230, y, 190, y, back=True)
    figure.text(238, y, "backward: gradients", size=12, anchor="start", color=ORANGE)


def _lines(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def _width(words: str | tuple[str, ...]) -> float:
    return max(44, 20 + 8.6 * max(len(line) for line in _lines(words)))


def _height(words: str | tuple[str, ...], height: int) -> float:
    return height + 18 * (len(_lines(words)) - 1)


def _edge(
    figure: Figure, a: Node, b: Node, a_size: tuple[float, float], b_size: tuple[float, float], *, both: bool
) -> None:
    length = hypot(b.x - a.x, b.y - a.y)
    ux, uy = (b.x - a.x) / length, (b.y - a.y) / length
    out, into = _reach(a_size, ux, uy) + 3, length - _reach(b_size, ux, uy) - 3
    for back, shift in ((False, -5), (True, 5)) if both else ((False, 0),):
        dx, dy = -uy * shift, ux * shift
        near, far = (a.x + ux * out + dx, a.y + uy * out + dy), (a.x + ux * into + dx, a.y + uy * into + dy)
        figure.arrow(*(far + near if back else near + far), back=back)


def _reach(size: tuple[float, float], ux: float, uy: float) -> float:
    """How far it is from a box's centre to its border in the direction (ux, uy)."""
    w, h = size
    return min(w / 2 / abs(ux) if ux else 1e9, h / 2 / abs(uy) if uy else 1e9)
