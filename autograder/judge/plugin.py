"""Loads hidden graders: pytest collects them, and runs none; what it found is run as plain functions."""

from __future__ import annotations

import pytest

from autograder.errors import GradingError
from autograder.judge.check import Check, check_of


class Graders:
    """A pytest plugin; `checks` are those that it found, once pytest has come to its end."""

    def __init__(self) -> None:
        self._items: list[pytest.Item] = []
        self._errors: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line(
            "markers", "grade(grade_id, kind, weight, hint, builds_on, without, after): the cell of a case"
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        return True  # in place of pytest's own loop

    def checks(self) -> list[Check]:
        """What was collected.

        Raises:
            GradingError: the graders do not load, or ask for what is not offered.
        """
        if self._errors:
            raise GradingError("hidden graders do not load:\n" + "\n".join(self._errors))
        return [check_of(item) for item in self._items]
