"""Loads hidden graders: pytest collects them, and runs none; what it found is run as plain functions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.errors import GradingError
from autograder.judge.check import Check, check_of

FRAME = re.compile(r"(.+?):\d+: in ")  # of a traceback, as pytest writes one


class Graders:
    """A pytest plugin; `checks` are those that it found, once pytest has come to its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()  # of the graders
        self._items: list[pytest.Item] = []
        self._errors: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line(
            "markers", "grade(grade_id, kind, weight, hint, builds_on, without, after): the cell of a case"
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._errors.append(f"{report.nodeid}:\n{self._of_author(report.longreprtext)}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        return True  # in place of pytest's own loop

    def _of_author(self, text: str) -> str:
        """What pytest says of a file that does not load: the error, and lines of graders that led to it."""
        kept, ours = list[str](), False
        for line in text.splitlines():
            if frame := FRAME.match(line):
                ours = Path(frame[1]).resolve().is_relative_to(self._folder)
            if ours or line.startswith("E "):
                kept.append(line)
        return "\n".join(kept) or text

    def checks(self) -> list[Check]:
        """What was collected.

        Raises:
            GradingError: the graders do not load, or ask for what is not offered.
        """
        if self._errors:
            raise GradingError("hidden graders do not load:\n" + "\n".join(self._errors))
        return [check_of(item) for item in self._items]
