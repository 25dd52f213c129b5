"""A worker from its fork to its end; what fails before student code runs in it is our fault."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.channel import Gone, TimedOut
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.host import Ended, Host
from autograder.sandbox.waiting_for import Until

READY_SECONDS = 60.0  # for a forked worker to harden itself; it takes milliseconds


class Running:
    """A hardened worker with a package's files in it, none of which has been run.

    Args:
        outside: names of the package that are answered outside, and whether they draw random numbers.
        absent: modules of the package that are not there.

    Raises:
        SandboxError: it does not start.
    """

    def __init__(
        self,
        sandbox: Host,
        files: Mapping[str, bytes],
        package: str,
        aliases: Sequence[str] = (),
        outside: Mapping[str, bool] | None = None,
        absent: Sequence[str] = (),
    ) -> None:
        self._sandbox = sandbox
        self.pid, self.channel = sandbox.fork()
        self._ended: Ended | None = None
        hello = self._ours(self._hello)
        if hello.get("ready") != list(sandbox.level.layers):
            self.stop()
            raise SandboxError(f"a worker could not be hardened: {hello.get('failed')}")
        gone = [f"{package}/{name.replace('.', '/')}" for name in absent]
        sent = {
            path: np.frombuffer(content, np.uint8)
            for path, content in files.items()
            if not any(path == f"{stem}.py" or path.startswith(f"{stem}/") for stem in gone)
        }
        self.set_up(
            "files",
            files=sent,
            package=package,
            aliases=list(aliases),
            outside=dict(outside or {}),
            absent=list(absent),
        )

    def _hello(self, until: Until) -> Any:
        self.channel.meet(until)
        return self.channel.receive(until, 1 << 20)

    def set_up(self, op: str, **fields: Any) -> Any:
        """A request to a worker that has run no student code."""
        frame = wire.pack({"op": op, "id": 0, "seconds": READY_SECONDS, **fields})

        def exchange(until: Until) -> Any:
            self.channel.send(frame, until)
            return self.channel.receive(until, 1 << 20)

        reply = self._ours(exchange)
        if "value" not in reply:
            self.stop()
            raise SandboxError(
                f"a worker could not be set up: {reply.get('error', {}).get('message', reply)}"
            )
        return reply["value"]

    def _ours(self, step: Callable[[Until], Any]) -> dict[str, Any]:
        try:
            return dict(step(self._sandbox.clock.until(READY_SECONDS)))
        except (Gone, TimedOut, wire.WireError) as error:
            self.stop()
            raise SandboxError(f"a worker did not start ({type(error).__name__})") from error

    def stop(self, grace: float = 0.0) -> Ended:
        """End the worker; how it ended."""
        if self._ended is None:
            self.channel.close()
            self._ended = self._sandbox.reap(self.pid, grace)
        return self._ended
