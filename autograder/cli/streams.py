"""stdout and stderr that never stop a run: grading goes on where nobody can read of it any more."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from autograder.cli.codes import ATTENTION
from autograder.cli.main import main
from autograder.safe_text import say


class Forgiving:
    """A stream that notes, in place of raising, that it is closed, full or a pipe that ended."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  None: closed at the start
        self.broken = stream is None

    def write(self, text: str) -> int:
        try:
            self.stream.write(text)
        except (OSError, ValueError):  # ValueError: closed since
            self._give_up()
        return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError):
            self._give_up()

    def _give_up(self) -> None:
        """What waits in the buffer would be tried again at the end, and complained of."""
        self.broken = True
        self.stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def entry() -> int:
    """The command line, with streams that never stop it."""
    for descriptor in range(3):  # a pipe of ours would else get the number of a closed one
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = out = Forgiving(sys.stdout)
    sys.stderr = Forgiving(sys.stderr)
    code = main()
    out.flush()
    if out.broken:
        say("not all of the results could be printed; what was graded is kept")
    return max(code, ATTENTION) if out.broken else code
