"""No server of PostgreSQL is waited for without end, whatever keeps it.

Its own limits hold only while it runs. A machine that is frozen keeps its connections open, and its kernel
goes on saying that all is well. So the wait is ended on this side. It is counted in beats: where this program
was stopped itself, nobody knows what the server did.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

ANSWER_SECONDS = 120.0  # in which nothing came; more than a locked table is waited for
BEAT_SECONDS = 1.0


def end_waits() -> None:
    """From now on, for every connection that this process opens."""
    if not event.contains(Pool, "connect", _limit):
        event.listen(Pool, "connect", _limit)


def _limit(connection: Any, _record: Any) -> None:
    """All that psycopg does with a connection that is open goes through its `wait`."""
    if type(connection).__module__.partition(".")[0] == "psycopg":
        connection.wait = partial(_wait, connection)


def _wait(connection: Any, steps: Generator[Any, Any, Any], *given: Any, **more: Any) -> Any:
    return type(connection).wait(connection, _limited(connection, steps), *given, **more)


def _limited(connection: Any, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The same steps, until nothing has been ready for too long."""
    quiet, before = 0.0, time.monotonic()
    ready = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as done:
            return done.value
        ready = yield wanted
        now = time.monotonic()
        quiet = 0.0 if ready else quiet + min(now - before, BEAT_SECONDS)
        before = now
        if quiet >= ANSWER_SECONDS:
            from psycopg import OperationalError  # an extra; here, it is there

            connection.pgconn.finish()
            raise OperationalError(f"no answer from the server for {ANSWER_SECONDS:g} s")
