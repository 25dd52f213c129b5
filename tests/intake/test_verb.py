"""`autograder collect`, as typed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.policy import Intake
from autograder.runs import collect as collecting
from autograder.sandbox.level import probe
from samples import make_class
from tests import printed
from tests.intake.conftest import below, files, mark_of, put, zipped

ROSTER = "id,name,email\nada,Ada King Lovelace,ada@uni.example\ngrace,Grace Hopper,\n"


@pytest.fixture
def download(tmp_path: Path) -> Path:
    content = {
        "kinglovelaceada_501_7001_work.zip": zipped(files("ada")),
        "mallory_LATE_666_7002_[bold]work.zip": zipped(files("mallory")),
    }
    (tmp_path / "roster.csv").write_text(ROSTER)
    return put(tmp_path, {"download.zip": zipped(content)}) / "download.zip"


def collect(download: Path, *more: str) -> int:
    folder = download.parent
    return cli.main(["collect", "assignment1", str(download), "--to", str(folder / "submitted"), *more])


def test_it_says_what_needs_review(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = collect(download, "--roster", str(download.parent / "roster.csv"))
    printed = capsys.readouterr()
    assert code == codes.ATTENTION
    assert mark_of(download.parent / "submitted", "ada") == "ada"
    assert "1 students, 1 hand-ins, 1 new; 1 written, 0 late, 1 missing, 1 not matched" in printed.out
    assert "nothing handed in" in printed.out
    assert "mallory_666" in printed.out
    assert "belong to nobody on the roster" in printed.err


def test_for_a_program_it_prints_json(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect(download, "--json") == codes.ATTENTION
    said = printed.read("Report", capsys.readouterr().out)
    assert (said["kinds"], said["written"]) == (["Canvas"], ["kinglovelaceada_501", "mallory_666"])
    kept = json.loads((download.parent / "submitted/.collected/assignment1/report.json").read_text())
    assert said == {"schema": 1, **kept}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--to", "x"], "nowhere: no such folder or zip"),
        (["DOWNLOAD", "--to", "x", "--roster", "nobody.csv"], "nobody.csv: expected a CSV"),
        (["DOWNLOAD", "--to", "x", "--alias", "a-b"], "--alias: expected the name of a package"),
    ],
)
def test_wrong_use_is_reported(
    arguments: list[str], message: str, download: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(download) if a == "DOWNLOAD" else a for a in arguments]
    assert cli.main(["collect", "assignment1", *given]) == codes.USAGE
    assert message in capsys.readouterr().err


def test_the_best_is_found_by_grading(tmp_path: Path) -> None:
    assignment = replace(course.load("assignment1"), intake=Intake("best", nbgrader_times=True))
    everyone = make_class.read_class()
    for number, student in enumerate(("s001", "s002"), 1):  # all right; then the release, untouched
        work = make_class.hand_in(assignment, everyone[student])
        stamp = {"timestamp.txt": f"2026-01-0{number} 00:00:00 UTC".encode()}
        put(tmp_path / f"download{number}", below("ada/assignment1", {**work, **stamp}))
    downloads = [tmp_path / "download1", tmp_path / "download2"]
    report = collecting.collect(assignment, downloads, tmp_path / "submitted", None, None, (), probe(), 2)
    stamp_of_best = (tmp_path / "submitted/ada/assignment1/timestamp.txt").read_text()
    assert stamp_of_best == "2026-01-01 00:00:00 UTC\n"
    assert any("by the rule 'best' that of 2026-01-01 00:00 UTC counts" in what for _, what in report.unusual)
