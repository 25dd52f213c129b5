"""The graders' mark must be known before their modules are imported."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "grade(grade_id, kind, weight, hint): a hidden check that counts for a grade cell"
    )
