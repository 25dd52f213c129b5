"""What a function under test builds on, answered by the solved package in a sandboxed worker of its own.

    student's worker: a method calls `shapes.area`, a stand-in
      ── question: name, plain arrays ──→ judge ──→ second worker: the solved function
      ←── plain arrays, handles of caches ── judge ←──

The judge passes frames on as they came: it bounds their number, size and time, and reads none. The solution
and what it computes with stay in the second worker; what a student's arrays do there costs that worker.
"""

from collections.abc import Mapping

from autograder.sandbox.channel import Frame, Gone, TimedOut
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.host import Ended, Host
from autograder.sandbox.running import Running
from autograder.sandbox.waiting_for import Seen, Until

Names = Mapping[str, int | None]  # such as "shapes.area" -> index of the result that stays outside


class Exhausted(Exception):
    """More was asked than a case may ask."""


class Broken(Exception):
    """The second worker came to an end over a question."""

    def __init__(self, ended: Ended) -> None:
        super().__init__()
        self.ended = ended


class Library:
    """Made once a submission; its worker is started when the first case needs it."""

    def __init__(self, sandbox: Host, files: Mapping[str, bytes], package: str) -> None:
        self._sandbox, self._files, self._package = sandbox, files, package
        self._running: Running | None = None
        self._answered: Names | None = None  # what the worker now answers, if nothing has been asked since
        self._names: Names = {}
        self._draws: dict[str, bool] = {}
        self._count = 0
        self._cpu = 0.0  # seconds, of workers that are gone
        self.seen = Seen()  # what they did while they were waited for

    @property
    def max_ask(self) -> int:
        """The most bytes of arrays that a question may hold; 0: nothing may be asked."""
        return self._sandbox.limits.outside_mb << 20 if self._names else 0

    def begin(self, names: Names) -> Mapping[str, bool]:
        """Answer these names in the case that begins; whether each draws random numbers.

        Raises:
            SandboxError: the solved package does not have them, or does not start.
        """
        self._names, self._count = names, 0
        known = names.keys() <= self._draws.keys()
        if names and (not known or (self._running is not None and self._answered != names)):
            self._prepare()
        return {name: self._draws[name] for name in names}

    def answer(self, question: Frame, until: Until) -> Frame:
        """The reply to a question of student code.

        Raises:
            Exhausted, Broken, TimedOut: there is none, and it is the doing of who asked.
        """
        self._count += 1
        if self._count > self._sandbox.limits.outside_calls:
            raise Exhausted
        running, self._answered = self._running or self._prepare(), None
        try:
            running.channel.worker.seen = self.seen
            running.channel.send(question, until)
            return running.channel.frame(until, self._sandbox.limits.reply_mb << 20)
        except TimedOut:
            self.close()
            raise
        except Gone:
            raise Broken(self.close(grace=2.0)) from None

    def cpu(self) -> float:
        """Seconds of processor time, all workers that there were together."""
        return self._cpu + (self._running.channel.worker.cpu() if self._running is not None else 0.0)

    def asked(self) -> frozenset[str]:
        """The names that were called in this case, as far as the worker that answered them is still there."""
        if self._running is None or not self._count:
            return frozenset()
        try:
            return frozenset(self._running.set_up("asked"))
        except SandboxError:  # what it was asked has taken its memory, say
            self.close()
            return frozenset()

    def _prepare(self) -> Running:
        running = self._running = self._running or Running(self._sandbox, self._files, self._package)
        try:
            self._draws |= running.set_up("answers", names=dict(self._names))
        except SandboxError as error:
            self._running = None
            raise SandboxError(f"the solved {self._package} does not answer: {error}") from error
        self._answered = self._names
        return running

    def close(self, grace: float = 0.0) -> Ended:
        """End the worker; how it ended."""
        running, self._running, self._answered = self._running, None, None
        ended = running.stop(grace) if running is not None else Ended("killed")
        self._cpu += ended.cpu
        return ended
