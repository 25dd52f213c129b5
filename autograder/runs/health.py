"""How a watch fares, for a monitor: a JSON file, and counters as Prometheus's text format has them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from heapq import nsmallest
from pathlib import Path

from autograder.files import write_atomically

HEALTH, COUNTERS = "watch.json", "watch.prom"
BEAT_SECONDS = 5.0
SHOWN = 100  # of what is refused
SOON_SECONDS = 1.0  # a change is written at once, but not more often than this
MEANINGS = {
    "taken": ("counter", "Hand-ins kept since the start."),
    "graded": ("counter", "Hand-ins graded since the start."),
    "failed": ("counter", "Times a hand-in could not be graded, by a fault of ours, since the start."),
    "queue": ("gauge", "Students whose hand-in waits."),
    "at_work": ("gauge", "Hand-ins that are being graded."),
    "arriving": ("gauge", "Entries that are not known to be whole yet."),
    "refused": ("gauge", "Entries that lie in the folder and are no hand-in."),
    "oldest_waiting_seconds": ("gauge", "How long the one that waits longest has waited."),
    "heartbeat_seconds": ("gauge", "When this was written, in seconds since 1970."),
}


@dataclass
class Health:
    out: Path
    assignment: str
    state: str = "watching"  # watching | draining | ended
    taken: int = 0
    graded: int = 0
    failed: int = 0
    queue: int = 0
    at_work: int = 0
    arriving: int = 0
    oldest_waiting_seconds: float = 0.0
    after_due: bool = False
    trouble: str = ""  # what keeps it from going on, such as a full disk
    refused: list[str] = field(default_factory=list)  # the first of them
    _refused: int = 0  # all
    _written: float = 0.0
    _last: str = ""

    def refuse(self, why: Collection[str]) -> None:
        """What lies there and is no hand-in: anybody may put thousands there."""
        self._refused, self.refused = len(why), nsmallest(SHOWN, why)

    def beat(self, now: bool = False) -> None:
        """Write the files, if it is time. That they cannot be written stops nobody: the old time shows it."""
        here = {key: value for key, value in asdict(self).items() if not key.startswith("_") and key != "out"}
        waited = time.monotonic() - self._written
        lasting = json.dumps({**here, "oldest_waiting_seconds": 0})
        changed = lasting != self._last
        if not now and waited < (SOON_SECONDS if changed else BEAT_SECONDS):
            return
        self._written = time.monotonic()
        self._last = lasting
        when = datetime.now(UTC)
        about = {"schema": 1, "time": when.isoformat(timespec="seconds"), "pid": os.getpid(), **here}
        more = self._refused - len(self.refused)
        about["refused"] = [*self.refused, *([f"and {more} more"] if more else [])]
        counted = {**here, "refused": self._refused, "heartbeat_seconds": round(when.timestamp(), 1)}
        try:
            write_atomically(
                self.out / HEALTH, json.dumps(about, indent=1, ensure_ascii=False) + "\n", named=False
            )
            write_atomically(self.out / COUNTERS, self._counters(counted), named=False)
        except OSError as error:
            self.trouble = self.trouble or str(error)

    def _counters(self, values: dict[str, object]) -> str:
        lines = []
        for name, (kind, meaning) in MEANINGS.items():
            full = f"autograder_watch_{name}{'_total' if kind == 'counter' else ''}"
            lines += [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}"]
            lines.append(f'{full}{{assignment="{self.assignment}"}} {values[name]}')
        return "\n".join(lines) + "\n"
