"""What a campaign found, counted by function and by operator: as text and as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from autograder.mutants.bench import MutantVerdict
from autograder.mutants.campaign import CampaignResult
from autograder.reports import pages
from autograder.safe_text import plural

HEAD = ("mutants", "own cell", "its cache", "others", "nobody", "explained", "cost others", "visible")


@dataclass(frozen=True)
class MutantCount:
    """Mutants counted: of one function, of one operator, of all."""

    name: Annotated[str, Meta(description="Which.")]
    judged: Annotated[int, Meta(description="Mutants that were judged.")]
    own: Annotated[int, Meta(description="Noticed by the function's own cell.")]
    pair: Annotated[int, Meta(description="Noticed by the cell that reads what the function keeps.")]
    other: Annotated[int, Meta(description="Noticed by other cells only.")]
    survived: Annotated[int, Meta(description="Noticed by nobody.")]
    explained: Annotated[int, Meta(description="Equal to the solution, with a reason on file.")]
    charged: Annotated[int, Meta(description="That cost cells which have nothing to do with the function.")]
    points: Annotated[float, Meta(description="That these lost.")]
    seen: Annotated[int, Meta(description="Noticed by checks that students see.")]
    looked: Annotated[int, Meta(description="On how many such checks were run.")]

    @property
    def share(self) -> float:
        """Of those to be noticed, how many the own cell notices, or the one that reads the cache."""
        counted = self.own + self.pair + self.other + self.survived
        return (self.own + self.pair) / counted if counted else 1.0

    @property
    def cells(self) -> tuple[str, ...]:
        seen = f"{self.seen / self.looked:.0%}" if self.looked else "-"
        numbers = (self.judged, self.own, self.pair, self.other, self.survived, self.explained, self.charged)
        return (*map(str, numbers), seen)


def row(name: str, verdicts: Iterable[MutantVerdict], found: CampaignResult) -> MutantCount:
    verdicts = list(verdicts)
    explained = [v for v in verdicts if found.reason(v)]
    counted = [v for v in verdicts if not found.reason(v)]
    state = [v.state for v in counted]
    looked = [v for v in counted if v.visible is not None]
    return MutantCount(
        name,
        judged=len(verdicts),
        own=state.count("own"),
        pair=state.count("pair"),
        other=state.count("other"),
        survived=state.count("survived"),
        explained=len(explained),
        charged=sum(v.charged > 0 for v in counted),
        points=round(sum(v.charged for v in counted), 2),
        seen=sum(v.visible is True for v in looked),
        looked=len(looked),
    )


def rows(found: CampaignResult, key: Callable[[MutantVerdict], str]) -> list[MutantCount]:
    names = dict.fromkeys(key(verdict) for verdict in found.judged)
    return [row(name, (v for v in found.judged if key(v) == name), found) for name in names]


def by_function(found: CampaignResult) -> list[MutantCount]:
    return rows(found, lambda verdict: verdict.function)


def by_operator(found: CampaignResult) -> list[MutantCount]:
    return sorted(rows(found, lambda verdict: verdict.operator), key=lambda r: -r.judged)


def whole(found: CampaignResult) -> MutantCount:
    return row("all", found.judged, found)


def text(found: CampaignResult) -> str:
    """Two tables and a line, for a terminal."""
    parts = []
    for title, made in (("function", by_function(found)), ("operator", by_operator(found))):
        parts.append(_table((title, *HEAD), [(r.name, *r.cells) for r in [*made, whole(found)]]))
    return "\n\n".join([*parts, line(found)])


def line(found: CampaignResult) -> str:
    total = whole(found)
    counted = total.judged - total.explained
    if not total.judged:
        of = plural(len(found.made), "mutant")
        return f"{found.assignment.name}: none of {of} is of what was asked for, so nothing was judged"
    return (
        f"{found.assignment.name}: {total.judged} of {plural(len(found.made), 'mutant')} judged, "
        f"{total.explained} explained; "
        f"{total.share:.1%} of {counted} noticed by the function's own cell or the one that reads its cache, "
        f"{total.charged} cost other cells, {total.survived} survived"
    )


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in [head, *body]) for at in range(len(head))]

    def line_of(row: Sequence[str]) -> str:
        padded = [f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)]
        return "  ".join([row[0].ljust(widths[0]), *padded[1:]])

    return "\n".join(map(line_of, [head, *body]))


def page(found: CampaignResult) -> str:
    """The page: tables, and every mutant that its own cell does not notice, with its diff."""
    order = {"survived": 0, "error": 1, "other": 2, "pair": 3}
    shown = [v for v in found.judged if v.state in order or v.charged]
    shown.sort(key=lambda v: (bool(found.reason(v)), order.get(v.state, 4), v.path, v.line))
    return pages.page(
        "mutants.html",
        title=found.assignment.title,
        line=line(found),
        head=HEAD,
        tables=[
            ("By function", "function", by_function(found)),
            ("By operator", "operator", by_operator(found)),
        ],
        total=whole(found),
        findings=found.findings,
        shown=[(v, found.reason(v)) for v in shown],
        words=WORDS,
    )


WORDS = {
    "own": "noticed, and others pay too",
    "pair": "noticed by the cell that reads the cache",
    "other": "noticed by other cells only",
    "survived": "noticed by nobody",
    "error": "not judged",
}
