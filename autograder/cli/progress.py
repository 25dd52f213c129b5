"""Progress on stderr: a live bar at a terminal, plain lines elsewhere, JSON lines where a program reads."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Annotated

import msgspec
from msgspec import Meta
from rich import progress as bars
from rich.console import Console

from autograder.safe_text import say

PLAIN_EVERY_SECONDS = 10.0
ONLY = bars.TaskID(0)  # the one task of the bar
SETTLING = 3  # the first few done are no base for a guess of the time left


class ProgressOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `autograder grade --json` on stderr, every ten seconds, at the end and with `said`."""

    what: Annotated[str, Meta(description="What is being done.")]
    done: Annotated[int, Meta(description="Hand-ins that are done.")]
    total: Annotated[int, Meta(description="Hand-ins in all.")]
    unchanged: Annotated[int, Meta(description="Of the done: not graded again, since nothing changed.")]
    failing: Annotated[int, Meta(description="Of the done: with a check that failed.")]
    errors: Annotated[int, Meta(description="Of the done: with cells that nobody could grade.")]
    rate: Annotated[float, Meta(description="Hand-ins graded a second.")]
    seconds_left: Annotated[float | None, Meta(description="Until all are done; null while nobody can tell.")]
    said: Annotated[str, Meta(description="What has just gone wrong and is gone on from; mostly empty.")]


class Progress:
    """Counts what is done, with rate and time left. Use it in a `with` block."""

    def __init__(self, title: str, total: int, as_json: bool = False) -> None:
        self.title, self.total, self.as_json = title, total, as_json
        self.done = self.unchanged = self.failing = self.errors = 0
        self._started = self._reported = time.monotonic()
        self._reported_done = -1
        self._bar = _bar() if sys.stderr.isatty() and not as_json else None
        if self._bar:
            self._bar.add_task(title, total=total, counts="", pace="")

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        else:
            self._tell()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif self._reported_done != self.done:
            self._tell()

    def expect(self, total: int) -> None:
        """So many there will be, once that is known."""
        self.total = total
        if self._bar:
            self._bar.update(ONLY, total=total)

    def step(self, failing: bool = False, error: bool = False, unchanged: bool = False) -> None:
        """One more is done: `failing` a check, `error` with cells that nobody could grade, `unchanged`
        without being graded."""
        self.done += 1
        self.failing += failing
        self.errors += error
        self.unchanged += unchanged
        if self._bar:
            self._bar.update(ONLY, advance=1, counts=self._counts(), pace=self._pace())
        elif time.monotonic() - self._reported >= PLAIN_EVERY_SECONDS:
            self._tell()

    def say(self, what: str) -> None:
        """Something has gone wrong and is gone on from."""
        if self._bar:
            self._bar.console.print(f"autograder: {what}", markup=False, highlight=False, soft_wrap=True)
        elif self.as_json:
            self._tell(what)
        else:
            say(what)

    def rate(self) -> float:
        """Submissions graded a second, those not changed left out."""
        return (self.done - self.unchanged) / max(time.monotonic() - self._started, 1e-9)

    def left(self) -> float | None:
        """Seconds until all are done, if the rest is like what was; None while nobody can tell."""
        graded = self.done - self.unchanged
        return (self.total - self.done) / self.rate() if graded >= SETTLING else None

    def _counts(self) -> str:
        counts = (
            (self.unchanged, "unchanged"),
            (self.failing, "failing"),
            (self.errors, "error" if self.errors == 1 else "errors"),
        )
        return ", ".join(f"{n} {name}" for n, name in counts if n)

    def _pace(self) -> str:
        left = self.left()
        if left is None or self.done == self.total:
            return f"{self.rate():.1f}/s" if self.done > self.unchanged else ""
        return f"{self.rate():.1f}/s, {_clock(left)} left"

    def _tell(self, said: str = "") -> None:
        self._reported, self._reported_done = time.monotonic(), self.done
        if self.as_json:
            print(msgspec.json.encode(self._facts(said)).decode(), file=sys.stderr, flush=True)
            return
        more = ", ".join(filter(None, (self._counts(), self._pace())))
        line = f"{self.title}: {self.done}/{self.total}{', ' if more else ''}{more}"
        print(line, file=sys.stderr, flush=True)

    def _facts(self, said: str) -> ProgressOutput:
        left = self.left()
        return ProgressOutput(
            what=self.title,
            done=self.done,
            total=self.total,
            unchanged=self.unchanged,
            failing=self.failing,
            errors=self.errors,
            rate=round(self.rate(), 2),
            seconds_left=None if left is None else round(left, 1),
            said=said,
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar() -> bars.Progress:
    return bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=20),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[counts]}"),
        bars.TextColumn("{task.fields[pace]}"),
        console=Console(stderr=True),
    )
