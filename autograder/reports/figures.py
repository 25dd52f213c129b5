"""Figures of the class report: SVG to put into a page, in the page's own colours, with words for those
who cannot see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from autograder.reports.items import HARD, WEAK, Item

BINS = 20
NAMED = 10  # cells that the map of items names, those that deserve a look first
WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 48  # around the axes
TICKS = 5  # at the most, of an axis


def distribution(totals: Sequence[float], max_points: float) -> Markup:
    """How many students have how many points."""
    counts = [0] * BINS
    for total in totals:
        counts[min(BINS - 1, max(0, int(BINS * total / max_points)))] += 1
    plot = _Plot((0.0, max_points), (0.0, max(counts) * 1.08))
    plot.axes(f"points of {max_points:g}", "students", _ticks(max_points), _ticks(max(counts), whole=True))
    step = max_points / BINS
    for at, count in enumerate(counts):
        plot.bar((at + 0.04) * step, (at + 0.96) * step, count)
    mean = sum(totals) / len(totals)
    plot.line((mean, 0.0), (mean, plot.y[1]), "none", "6 4")
    side = "end" if mean > max_points / 2 else "start"
    plot.text((mean, plot.y[1]), f"mean {mean:.1f}", (-6 if side == "end" else 6, 12), side, "none")
    return plot.svg("totals", "Distribution of points", _in_words(totals, max_points))


def _in_words(totals: Sequence[float], max_points: float) -> str:
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
    plot = _Plot((-0.03, 1.03), (min(-0.1, lowest) - 0.05, 1.05))
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    below = [-t for t in ticks[:0:-1] if -t >= plot.y[0]]
    plot.axes("mean share of the points (right is easy)", "discrimination", ticks, [*below, *ticks])
    plot.line((plot.x[0], WEAK), (plot.x[1], WEAK), "soft", "2 3")
    plot.line((HARD, plot.y[0]), (HARD, plot.y[1]), "soft", "2 3")
    for x, y, item in shown:
        plot.dot((x, y), "none" if item.look else "accent")
    for x, y, name in _apart([(x, y, item.cell.grade_id) for x, y, item in noted])[:NAMED]:
        offset, side = (9, "start") if x < 0.5 else (-9, "end")
        plot.text((x, y), name, (offset, 4), side, "ink", 12)
    words = (
        f"{len(shown)} cells by mean share of the points and by discrimination; the table below lists them. "
    )
    words += f"{len(noted)} deserve a look: {', '.join(i.cell.grade_id for *_, i in noted)}." if noted else ""
    return plot.svg("items", "Difficulty and discrimination", words)


def _apart(dots: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Those dots whose names do not stand on the names of earlier ones."""
    kept: list[tuple[float, float, str]] = []
    for x, y, name in dots:
        if all(abs(x - a) > 0.4 or abs(y - b) > 0.07 for a, b, _ in kept):
            kept.append((x, y, name))
    return kept


def _ticks(highest: float, whole: bool = False) -> list[float]:
    """Round numbers from 0 to `highest`, at most TICKS steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(highest / TICKS))
    step = next(s * power for s in (1, 2, 5, 10) if highest / (s * power) <= TICKS)
    step = max(1.0, step) if whole else step
    return [step * n for n in range(int(highest / step + 1e-9) + 1)]


@dataclass
class _Plot:
    """Axes from x[0] to x[1] and y[0] to y[1], and what is drawn on them. Colours are the page's roles."""

    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the axes lies in the picture."""
        right = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return round(LEFT + right * wide, 1), round(HEIGHT - BOTTOM - up * high, 1)

    def axes(self, x_label: str, y_label: str, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> None:
        corner = (self.x[0], self.y[0])
        for tick in y_ticks:
            self.line((self.x[0], tick), (self.x[1], tick), "line")
            self.text((self.x[0], tick), f"{tick:g}", (-8, 4), "end", "soft")
        for tick in x_ticks:
            self.text((tick, self.y[0]), f"{tick:g}", (0, 18), "middle", "soft")
        self.line(corner, (self.x[1], self.y[0]), "soft")
        self.line(corner, (self.x[0], self.y[1]), "soft")
        self.text((sum(self.x) / 2, self.y[0]), x_label, (0, 40), "middle", "ink")
        middle = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) / 2
        turned = f'transform="translate(14 {middle:g}) rotate(-90)"'
        self.parts.append(f'<text {turned} text-anchor="middle" fill="var(--ink)">{escape(y_label)}</text>')

    def bar(self, left: float, right: float, top: float) -> None:
        (x1, y1), (x2, y2) = self.at((left, top)), self.at((right, 0.0))
        size = f'width="{x2 - x1:.1f}" height="{y2 - y1:.1f}"'
        self.parts.append(f'<rect x="{x1}" y="{y1}" {size} fill="var(--accent)"/>')

    def dot(self, point: tuple[float, float], colour: str) -> None:
        x, y = self.at(point)
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="var(--{colour})"/>')

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: str, dashes: str = ""
    ) -> None:
        (x1, y1), (x2, y2) = self.at(start), self.at(end)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        ends = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
        self.parts.append(f'<line {ends} stroke="var(--{colour})"{dashed}/>')

    def text(
        self,
        point: tuple[float, float],
        words: str,
        offset: tuple[float, float],
        anchor: str,
        colour: str,
        size: int = 14,
    ) -> None:
        x, y = self.at(point)
        place = f'x="{x + offset[0]:g}" y="{y + offset[1]:g}" text-anchor="{anchor}" font-size="{size}"'
        self.parts.append(f'<text {place} fill="var(--{colour})">{escape(words)}</text>')

    def svg(self, name: str, title: str, words: str) -> Markup:
        opening = (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" class="figure" font-size="14" role="img" '
            f'aria-labelledby="{name}-title {name}-desc">'
        )
        named = f'<title id="{name}-title">{escape(title)}</title>'
        named += f'<desc id="{name}-desc">{escape(words)}</desc>'
        return Markup("\n".join([opening, named, *self.parts, "</svg>"]))
