"""What a run has kept, read back."""

from pathlib import Path

from autograder.records.record import Record, load


def records_in(folder: Path) -> list[Record]:
    """Every record in `folder`, by student."""
    return [load(path) for path in sorted(folder.glob("*.json"))]
