"""The instructors' workflow: which step sees which secret, and its steps with local repositories as hosts."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as courses
from autograder.course.matched import match
from autograder.course.policy import Late, View, WatchRules
from autograder.course.roster import Roster, RosterEntry
from autograder.errors import IntakeError
from autograder.records.record import CaseResult, Grade, Hashes, Record, save
from autograder.runs import feedback_branch, git_program
from tests.intake.test_git import Student as Repository
from tests.intake.test_git import git
from tests.small_kit import NAME, POINTS, RIGHT, Kit, notebook


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("github")
    assert cli.main(["pipeline", "github", "assignment1", "--to", str(folder)]) == codes.DONE
    return folder


def steps(folder: Path, name: str = "assignment1") -> list[dict[str, Any]]:
    text = (folder / f".github/workflows/grade-{name}.yml").read_text()
    workflow = yaml.safe_load(text)
    assert "ASSIGNMENT" not in text
    assert workflow["permissions"] == {"contents": "read"}
    found: list[dict[str, Any]] = workflow["jobs"]["grade"]["steps"]
    return found


def test_the_step_that_runs_students_code_sees_no_secret(written: Path) -> None:
    with_secrets = {step["name"] for step in steps(written) if "secrets." in str(step)}
    assert with_secrets == {"Collect", "Give back"}
    [checkout] = [step for step in steps(written) if step.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"] == {"persist-credentials": False}
    names = sorted(path.name for path in (written / ".github/autograder").iterdir())
    assert names == ["constraints.txt", "cs_course_kit-0.1.0-py3-none-any.whl"]


@pytest.mark.long
def test_its_steps_collect_grade_and_give_back(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "kit")
    one, two = (Repository(tmp_path, name, logs=True) for name in ("s001", "s002"))
    for student, answer in ((one, ""), (two, "Because.")):
        (student.clone / "nb.ipynb").write_text(notebook(POINTS, answer))
        student.push(RIGHT, "2026-02-01T11:00:00+00:00")
    command = [sys.executable, "-P", "-m", "autograder"]
    environment = {**kit.environment, "ROSTER": f"id,repository\ns001,{one.host}\ns002,{two.host}"}
    subprocess.run(
        [*command, "pipeline", "github", NAME, "--to", "."], cwd=kit.home, env=environment, check=True
    )
    (kit.home / "bin").mkdir()
    program = kit.home / "bin/autograder"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m autograder "$@"\n')
    program.chmod(0o755)
    environment["PATH"] = f"{program.parent}{os.pathsep}{environment['PATH']}"
    for step in steps(kit.home, NAME):
        if step.get("name") in ("Collect", "Grade", "Give back"):
            run = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=kit.home,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert run.returncode == 0, run.stderr
    branch = f"feedback/{NAME}"
    assert git(one.host, "ls-tree", "--name-only", branch).split() == ["README.md", "feedback.html"]
    assert "Feedback for s001" in git(one.host, "show", f"{branch}:feedback.html")
    assert git(two.host, "for-each-ref", f"refs/heads/{branch}") == ""  # an answer there needs review


def test_a_page_is_pushed_once_and_added_to_what_is_there(tmp_path: Path) -> None:
    one = Repository(tmp_path, "s001", logs=True)
    one.push("x = 1", "2026-02-01T11:00:00+00:00")
    people = Roster(
        [RosterEntry("s001", repository=str(one.host)), RosterEntry("s002", repository="ext::id")]
    )
    matched = match(["s001", "s002"], people)
    for student in ("s001", "s002"):
        (tmp_path / "feedback").mkdir(exist_ok=True)
        (tmp_path / f"feedback/{student}.html").write_text("first")
    pushed, problems = feedback_branch.push(tmp_path, "lesson", matched, {})
    assert pushed == 1
    assert problems == {
        "s002": "feedback is not in the repository: expected an address, got 'ext::id'; correct the roster"
    }
    assert feedback_branch.push(tmp_path, "lesson", matched, {"s002": "waits"}) == (0, {})
    (tmp_path / "feedback/s001.html").write_text("second")
    assert feedback_branch.push(tmp_path, "lesson", matched, {"s001": "waits"})[0] == 0
    assert feedback_branch.push(tmp_path, "lesson", matched, {})[0] == 1
    assert git(one.host, "rev-list", "--count", "feedback/lesson") == "2"
    assert git(one.host, "show", "feedback/lesson:feedback.html") == "second"
    assert git(one.host, "rev-list", "--count", "main") == "1"


@pytest.mark.parametrize(
    ("due", "view", "full"),
    [
        (datetime(2100, 1, 1, tzinfo=UTC), "pass-fail", False),
        (datetime(2100, 1, 1, tzinfo=UTC), "all", True),
        (datetime(2000, 1, 1, tzinfo=UTC), "pass-fail", True),
        (None, "pass-fail", True),  # who types it decides
    ],
)
def test_before_the_due_date_a_page_shows_no_more_than_a_watch_would(
    due: datetime | None, view: View, full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pushes every hour must not learn every hour how far off a number is."""
    one = Repository(tmp_path, "s001", logs=True)
    one.push("x = 1", "2026-02-01T11:00:00+00:00")
    lesson = courses.load("assignment1")
    rules = replace(lesson.course, watch=WatchRules(before_due=view))
    changed = replace(lesson, late=Late(due), course=rules)
    monkeypatch.setattr(courses, "load", lambda name, *_: changed)
    secret = CaseResult("a", "core", 1.0, "failed", "Relative error 5.0e-01", "", "value", 0.1)
    grade = Grade("affine_forward", "two_layer_net", 0.5, 2.0, "graded", (secret,))
    handed_in = {"handed_in": "2026-02-01T11:00:00+00:00"}
    graded = Record("s001", "assignment1", "none", Hashes("", "", ""), {"affine_forward": grade}, **handed_in)
    save(graded, tmp_path / "out/records")
    (tmp_path / "roster.csv").write_text(f"id,repository\ns001,{one.host}\n")
    roster = str(tmp_path / "roster.csv")
    assert cli.main(["report", "assignment1", str(tmp_path / "out"), "--git", roster]) == codes.DONE
    page = git(one.host, "show", "feedback/assignment1:feedback.html")
    assert ("5.0e-01" in page) is full
    assert ("Before the due date, for s001" in page) is not full
    assert ("This is about your hand-in of 1 February 2026, 11:00 (UTC)." in page) is not full


def test_without_a_due_date_the_workflow_comes_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["pipeline", "github", "assignment1", "--to", str(tmp_path)])
    assert (
        "assignment.toml has no due date, so every hour full pages are given back" in capsys.readouterr().err
    )


def test_who_shares_a_repository_has_a_page_each(tmp_path: Path) -> None:
    one = Repository(tmp_path, "team", logs=True)
    one.push("x = 1", "2026-02-01T11:00:00+00:00")
    people = Roster([RosterEntry(name, repository=str(one.host)) for name in ("s001", "s002")])
    (tmp_path / "feedback").mkdir()
    for student in ("s001", "s002"):
        (tmp_path / f"feedback/{student}.html").write_text(student)
    matched = match(["s001", "s002"], people)
    assert feedback_branch.push(tmp_path, "lesson", matched, {})[0] == 2
    held = git(one.host, "ls-tree", "--name-only", "feedback/lesson").split()
    assert held == ["README.md", "s001.html", "s002.html"]


def test_a_token_in_an_address_is_in_no_message(tmp_path: Path) -> None:
    address = "https://x-access-token:verysecret@localhost:1/s001.git"
    with pytest.raises(IntakeError, match="git ls-remote: ") as caught:
        git_program.git("ls-remote", "--", address)
    assert "verysecret" not in str(caught.value)
