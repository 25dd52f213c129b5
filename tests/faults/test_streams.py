"""A run goes on where its output is closed, full, a pipe that ended, or a terminal of no columns."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.small_kit import Kit, records_of

CUT = {
    "stderr closed": "2>&-",
    "stdout closed": ">&-",
    "both closed": ">&- 2>&-",
    "stderr full": "2>/dev/full",
    "stdout full": ">/dev/full",
}


def run(kit: Kit, out: Path, more: str, *options: str, **env: str) -> subprocess.CompletedProcess:
    line = " ".join(map(str, kit.command(out, *options)))
    return subprocess.run(
        ["/bin/sh", "-c", f"{line} {more}"],
        env={**kit.environment, **env},
        cwd=kit.home,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT)
def test_a_class_is_graded_and_published(kit: Kit, tmp_path: Path, cut: str) -> None:
    students = ["s001", "s002"]
    for student in students:
        kit.hand_in(student)
    done = run(kit, tmp_path / "out", cut)
    assert done.returncode == (0 if cut.startswith("2>") else 1), done  # 1: results that nobody can read
    assert list(records_of(tmp_path / "out")) == students
    assert {path.stem for path in (tmp_path / "out/feedback").glob("*.html")} == set(students)


def test_a_closed_stderr_leaves_json_alone(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    done = run(kit, tmp_path / "out", "2>&-", "--json")
    assert [line["student"] for line in json.loads(done.stdout)["students"]] == ["s001"]


def test_a_pipe_that_ended(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    run(kit, tmp_path / "out", "2>&1 | true")
    assert list(records_of(tmp_path / "out")) == ["s001"]


def test_a_terminal_of_no_columns(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    done = run(kit, tmp_path / "out", "", COLUMNS="0", LINES="0", TERM="dumb")
    assert done.returncode == 0, done.stderr
    assert os.path.exists(tmp_path / "out/records/s001.json")
