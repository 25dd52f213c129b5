"""Progress on stderr: a live bar at a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich import progress as bars
from rich.console import Console

PLAIN_EVERY_SECONDS = 10.0


class Progress:
    """Counts steps done and failing, with rate and time left. Use it in a `with` block."""

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total = title, total
        self.done = self.failing = 0
        self._started = self._told = time.monotonic()
        self._bar = _bar() if sys.stderr.isatty() else None
        self._id = self._bar.add_task(title, total=total, failing=0, rate="") if self._bar else None

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
        elif kind is None:
            self._tell()

    def step(self, failing: bool = False) -> None:
        """One more is done; `failing` if it needs a human."""
        self.done += 1
        self.failing += failing
        if self._bar and self._id is not None:
            self._bar.update(self._id, advance=1, failing=self.failing, rate=f"{self._rate():.1f}/s")
        elif time.monotonic() - self._told >= PLAIN_EVERY_SECONDS:
            self._tell()

    def _rate(self) -> float:
        return self.done / max(time.monotonic() - self._started, 1e-9)

    def _tell(self) -> None:
        self._told = time.monotonic()
        left = f", {(self.total - self.done) / self._rate():.0f} s left" if 0 < self.done < self.total else ""
        human = f", {self.failing} for a human" if self.failing else ""
        print(f"{self.title}: {self.done}/{self.total}{human}{left}", file=sys.stderr, flush=True)


def _bar() -> bars.Progress:
    return bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[failing]} for a human"),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
