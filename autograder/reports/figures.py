"""Figures of the class report: SVG to put into a page, in the page's own colours, with words for those
who cannot see them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from autograder.reports.items import HARD, WEAK, Item

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 20
NAMED = 10  # cells that the map of items names, those that deserve a look first
# Colours no figure would choose, each turned into one of the page's after drawing.
INK, SOFT, LINE, ACCENT, WARN = "#010203", "#010204", "#010205", "#010206", "#010207"
_ROLES = {INK: "ink", SOFT: "soft", LINE: "line", ACCENT: "accent", WARN: "none"}
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "autograder",  # the same figure has the same ids each time
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.axisbelow": True,
    "grid.color": LINE,
}


def distribution(totals: Sequence[float], max_points: float) -> Markup:
    """How many students have how many points."""

    def draw(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.hist(totals, bins=BINS, range=(0, max_points), color=ACCENT, rwidth=0.92)
        mean = sum(totals) / len(totals)
        axes.axvline(mean, color=WARN, linestyle="--", linewidth=1.4)
        axes.annotate(f"mean {mean:.1f}", (mean, 1), (-5, -4), color=WARN, ha="right", va="top", **_ON_TOP)
        axes.set_xlabel(f"points of {max_points:g}")
        axes.set_ylabel("students")
        axes.set_xlim(0, max_points)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y")

    return _svg("totals", "Distribution of points", _described(totals, max_points), draw)


_ON_TOP: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}


def _described(totals: Sequence[float], max_points: float) -> str:
    quarters = [0] * 4
    for total in totals:
        quarters[min(3, int(4 * total / max_points))] += 1
    names = ("the lowest quarter of the points", "the second", "the third", "the highest")
    counts = ", ".join(f"{count} in {name}" for count, name in zip(quarters, names, strict=True))
    ends = f"The lowest has {min(totals):g}, the highest {max(totals):g}."
    return f"Histogram of {len(totals)} students: {counts}. {ends}"


def item_map(items: Sequence[Item]) -> Markup:
    """Difficulty against discrimination, a dot for each cell."""
    shown = [
        (i.difficulty, i.discrimination, i)
        for i in items
        if i.difficulty is not None and i.discrimination is not None
    ]
    noted = sorted((dot for dot in shown if dot[2].look), key=lambda dot: dot[1])
    lowest = min(discrimination for _, discrimination, _ in shown)

    def draw(axes: Axes) -> None:
        axes.axhline(WEAK, color=SOFT, linewidth=1, linestyle=":")
        axes.axvline(HARD, color=SOFT, linewidth=1, linestyle=":")
        for x, y, item in shown:
            axes.plot(x, y, "o", color=WARN if item.look else ACCENT, ms=7)
        for x, y, name in _apart([(x, y, item.cell.grade_id) for x, y, item in noted])[:NAMED]:
            offset, side = ((7, -3), "left") if x < 0.5 else ((-7, -3), "right")
            axes.annotate(name, (x, y), offset, textcoords="offset points", ha=side, fontsize=9)
        axes.set_xlabel("mean share of the points (right is easy)")
        axes.set_ylabel("discrimination")
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(min(-0.1, lowest) - 0.05, 1.05)
        axes.grid(visible=True)

    words = (
        f"{len(shown)} cells by mean share of the points and by discrimination; the table below lists them. "
    )
    words += f"{len(noted)} deserve a look: {', '.join(i.cell.grade_id for *_, i in noted)}." if noted else ""
    return _svg("items", "Difficulty and discrimination", words, draw)


def _apart(dots: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Those dots whose names do not stand on the names of earlier ones."""
    kept: list[tuple[float, float, str]] = []
    for x, y, name in dots:
        if all(abs(x - a) > 0.4 or abs(y - b) > 0.07 for a, b, _ in kept):
            kept.append((x, y, name))
    return kept


def _svg(name: str, title: str, words: str, draw: Callable[[Axes], None]) -> Markup:
    # Imported here: it takes half a second, and most verbs draw nothing.
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    out = io.StringIO()
    with mpl.rc_context(_SETTINGS):  # type: ignore[arg-type]
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return Markup(_for_a_page(out.getvalue(), name, title, words))


def _for_a_page(svg: str, name: str, title: str, words: str) -> str:
    """A whole SVG as an element of a page: own ids, the page's colours and font, words for the picture."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", re.sub(r"font-family: [^;\"]*; ?", "", svg))
    for colour, role in _ROLES.items():
        svg = svg.replace(colour, f"var(--{role})")
    view = re.search(r'viewBox="[^"]*"', svg)
    if view is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    opening = f'<svg {view.group()} class="figure" role="img" aria-labelledby="{name}-title {name}-desc">'
    named = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(words)}</desc>'
    return opening + named + re.sub(r"\s*\n\s*", "\n", svg[svg.index(">") + 1 :])
