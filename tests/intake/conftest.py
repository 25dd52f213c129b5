"""Small hand-ins, zipped and laid out as an LMS does it."""

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.policy import Intake, Late
from autograder.course.roster import Roster, RosterEntry
from autograder.intake import Collector, Report

DUE = datetime(2026, 2, 1, 12, tzinfo=UTC)
ROSTER = Roster(
    [
        RosterEntry("ada", "Ada King Lovelace", "ada@uni.example", known_as={"canvas_id": "501"}),
        RosterEntry("grace", "Hopper, Grace", "grace@uni.example", extensions={"assignment1": 2.0}),
        RosterEntry("alan", "Alan Turing", "alan@uni.example"),
    ]
)


def notebook(*grade_ids: str) -> bytes:
    cells = [
        {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": g}}, "source": "pass"} for g in grade_ids
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def files(mark: str = "") -> dict[str, bytes]:
    """A hand-in of assignment 1, unlike others by `mark`."""
    return {
        "cs_lib/layers.py": f"mark = {mark!r}\n".encode(),
        "two_layer_net.ipynb": notebook(),
        "results/two_layer_net.npz": b"weights",
    }


def zipped(content: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def tarred(content: dict[str, bytes], mode: Any = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def put(folder: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def below(top: str, content: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{top}/{name}": data for name, data in content.items()}


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return replace(
        course.load("assignment1"),
        late=Late(DUE, penalty_per_day=0.1, max_penalty=0.5, closes_after_days=7),
        intake=Intake(nbgrader_times=True),
    )


Collect = Callable[..., Report]


@pytest.fixture
def collect(assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Collects from a folder or zip into `tmp_path/submitted`."""
    monkeypatch.setattr(os, "sync", lambda: None)  # it waits for whatever else this machine writes

    def collect(source: Path, roster: Roster | None = ROSTER, **settings: Any) -> Report:
        settings = {"assignment": assignment, **settings}
        return Collector(to=tmp_path / "submitted", roster=roster, **settings).collect([source])

    return collect


def mark_of(submitted: Path, student: str) -> str:
    """Which hand-in counts."""
    text = (submitted / student / "assignment1/cs_lib/layers.py").read_text()
    return text.split("'")[1]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below, with when it was written."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "report.json"
    }
