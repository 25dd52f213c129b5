"""What people decide in these tests is kept in a folder of their own, not beside the course's rubrics."""

from pathlib import Path

import pytest

from autograder.course.assignment import Assignment


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where decisions are kept as examples."""
    kept = property(lambda assignment: tmp_path / f"{assignment.name}.answers.jsonl")
    monkeypatch.setattr(Assignment, "labelled", kept)
    return tmp_path / "assignment1.answers.jsonl"
