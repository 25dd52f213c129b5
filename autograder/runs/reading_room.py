"""`autograder review --browser`: Jupyter's server in OUT, with the reading room beside formgrader."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from autograder.bridge import formgrader
from autograder.errors import RecordError
from autograder.gradebook.graded import Graded
from autograder.reading import ROOT

EXTENSION = "autograder.reading"


def command(more: Sequence[str] = ()) -> list[str]:
    """What starts the server: Jupyter's own, on this machine alone, at the room's page; `more` is for it."""
    options = {
        "jpserver_extensions": f"{EXTENSION}=True",
        "default_url": ROOT,
        "ip": "127.0.0.1",
        "open_browser": "True",
    }
    ours = [f"--ServerApp.{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyter", "server", *ours, *more]


def prepare(graded: Graded) -> None:
    """Make OUT a folder that formgrader and the reading room start in. Raises RecordError: nothing is
    graded."""
    if not graded.has_records():
        raise RecordError(f"{graded.out / 'records'}: no records; run autograder grade first")
    formgrader.settings(graded.out, graded.assignment, graded.gradebook)


def serve(graded: Graded, more: Sequence[str] = ()) -> NoReturn:
    """Become the server: what is typed to stop it reaches it, and nothing of ours."""
    prepare(graded)
    os.chdir(graded.out)
    os.execv(sys.executable, command(more))  # noqa: S606  no shell, no text of anybody else
