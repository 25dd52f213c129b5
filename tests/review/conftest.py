"""What people decide in these tests is kept in a folder of their own, not beside the course's rubrics."""

from pathlib import Path

import pytest

from autograder.answers import labelled


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where decisions are kept as examples."""
    monkeypatch.setattr(
        labelled, "beside", lambda rubrics, assignment: tmp_path / f"{assignment}.answers.jsonl"
    )
    return tmp_path / "assignment1.answers.jsonl"
