"""Hand-ins out of git, with bare repositories of this machine as hosts."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.errors import IntakeError
from autograder.runs import git_hosts, git_program

NAME = "assignment1"
DUE = datetime(2026, 2, 1, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-02-01T11:00:00+00:00", "2026-02-01T13:00:00+00:00"


def git(folder: Path, *arguments: str, when: str = BEFORE) -> str:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in WHO.items()}
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **who, **dates}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WHO = {"NAME": "s", "EMAIL": "s@uni.example"}


class Student:
    """A student's clone, and their repository at the host."""

    def __init__(self, folder: Path, name: str, logs: bool) -> None:
        self.host, self.clone = folder / f"host/{name}.git", folder / f"home/{name}"
        for place in (self.host, self.clone):
            place.mkdir(parents=True)
        git(self.host, "init", "--quiet", "--bare", "--initial-branch=main")
        git(self.host, "config", "core.logAllRefUpdates", "true" if logs else "false")
        git(self.clone, "init", "--quiet", "--initial-branch=main")

    def push(self, text: str, committed: str, pushed: str = "", *more: str) -> str:
        (self.clone / "cs_lib").mkdir(exist_ok=True)
        (self.clone / "cs_lib/layers.py").write_text(text)
        git(self.clone, "add", "--all", when=committed)
        git(self.clone, "commit", "--quiet", "-m", "work", when=committed)
        git(self.clone, "push", "--quiet", *more, str(self.host), "main", when=pushed or committed)
        return git(self.clone, "rev-parse", "HEAD")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our course's assignment with a deadline."""
    from dataclasses import replace

    from autograder.course import assignment as courses
    from autograder.course.policy import Late

    lesson = courses.load(NAME)
    monkeypatch.setattr(courses, "load", lambda name: replace(lesson, late=Late(DUE)))
    return tmp_path


def collect(folder: Path, *students: tuple[str, str]) -> dict[str, object]:
    lines = [f"{name},{address}" for name, address in students]
    (folder / "roster.csv").write_text("\n".join(["id,repository", *lines]) + "\n")
    cli.main(["collect", NAME, "--git", str(folder / "roster.csv"), "--to", str(folder / "class")])
    place = folder / f"class/.collected/{NAME}"
    return {
        **json.loads((place / "report.json").read_text()),
        **json.loads((place / "collected.json").read_text()),
    }


def work(folder: Path, student: str) -> str:
    return (folder / f"class/{student}/{NAME}/cs_lib/layers.py").read_text().strip()


def test_the_hosts_log_of_pushes_decides_not_the_dates_of_commits(course: Path) -> None:
    one = Student(course, "s001", logs=True)
    first = one.push("in_time = 1", BEFORE)
    one.push("too_late = 1", BEFORE, pushed=AFTER)  # a date of before the deadline, pushed after it
    found = collect(course, ("s001", str(one.host)))
    assert work(course, "s001") == "in_time = 1"
    facts = found["students"]["s001"]  # type: ignore[index]
    assert facts["handed_in"] == BEFORE
    assert first[:10] in facts["where"]
    assert not any(git_hosts.OWN in what for _, what in found["unusual"])  # type: ignore[attr-defined]


def test_what_was_pushed_over_since_is_found_at_the_host(course: Path) -> None:
    one = Student(course, "s001", logs=True)
    one.push("in_time = 1", BEFORE)
    git(one.clone, "commit", "--quiet", "--amend", "-m", "other")
    one.push("too_late = 1", AFTER, AFTER, "--force")
    collect(course, ("s001", f"file://{one.host}"))
    assert work(course, "s001") == "in_time = 1"


def test_without_a_log_commits_dates_count_and_that_is_said(course: Path) -> None:
    one = Student(course, "s001", logs=False)
    one.push("in_time = 1", BEFORE)
    one.push("late = 1", AFTER)
    found = collect(course, ("s001", str(one.host)))
    assert work(course, "s001") == "in_time = 1"
    assert any(git_hosts.OWN in what for _, what in found["unusual"])  # type: ignore[attr-defined]


def test_an_extension_reaches_further_and_all_late_is_the_last(course: Path) -> None:
    one, two = (Student(course, name, logs=True) for name in ("s001", "s002"))
    for student in (one, two):
        student.push("first = 1", "2026-02-02T10:00:00+00:00")
        student.push("second = 1", "2026-02-04T10:00:00+00:00")
    lines = ["id,repository,extension_days", f"s001,{one.host},1", f"s002,{two.host},"]
    (course / "roster.csv").write_text("\n".join(lines))
    cli.main(["collect", NAME, "--git", str(course / "roster.csv"), "--to", str(course / "class")])
    assert (work(course, "s001"), work(course, "s002")) == ("first = 1", "second = 1")


def test_collecting_twice_takes_what_is_new_and_nothing_else(course: Path) -> None:
    one = Student(course, "s001", logs=True)
    one.push("first = 1", "2026-02-01T10:00:00+00:00")
    assert collect(course, ("s001", str(one.host)))["new"] == 1
    assert collect(course, ("s001", str(one.host)))["new"] == 0
    one.push("second = 1", BEFORE)
    assert collect(course, ("s001", str(one.host)))["new"] == 1
    assert work(course, "s001") == "second = 1"


def test_one_repository_that_cannot_be_read_stops_nobody(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, empty = Student(course, "s001", logs=True), Student(course, "s002", logs=True)
    one.push("fine = 1", BEFORE)
    where = [("s001", one.host), ("s002", empty.host), ("s003", course / "gone.git")]
    found = collect(course, *((name, str(place)) for name, place in where))
    assert work(course, "s001") == "fine = 1"
    said = " ".join(what for _, what in found["unusual"])  # type: ignore[attr-defined]
    assert "repository of s002: no commit yet on its default branch; nothing is collected" in said
    assert "repository of s003: git clone: fatal: repository" in said
    assert found["missing"] == ["s002", "s003"]


def test_what_is_handed_in_is_what_was_committed_byte_by_byte(course: Path) -> None:
    """Whatever the repository's attributes or the host's settings say; students may write both."""
    one = Student(course, "s001", logs=True)
    attributes = "* filter=evil export-subst\ncs_lib/layers.py export-ignore\n"
    (one.clone / ".gitattributes").write_text(attributes)
    (one.clone / ".gitmodules").write_text('[submodule "x"]\npath = x\nurl = ext::sh -c touch% /tmp/owned\n')
    git(one.host, "config", "filter.evil.smudge", f"touch {course}/owned; echo changed")
    one.push("fine = '$Format:%H$'", BEFORE)
    collect(course, ("s001", str(one.host)))
    assert work(course, "s001") == "fine = '$Format:%H$'"
    assert not (course / "owned").exists()


def test_links_and_what_is_too_large_are_left_out_by_name(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_hosts.archives, "MAX_FILE_BYTES", 2**20)
    one = Student(course, "s001", logs=True)
    (one.clone / "secret").symlink_to("/etc/passwd")
    (one.clone / "big.bin").write_bytes(bytes(2**20 + 1))
    (one.clone / "not\nprintable").write_text("x")
    one.push("fine = 1", BEFORE)
    found = collect(course, ("s001", str(one.host)))
    assert work(course, "s001") == "fine = 1"
    said = " ".join(what for _, what in found["unusual"])  # type: ignore[attr-defined]
    assert "'secret' is a link or no ordinary file; not used" in said
    assert "big.bin: larger than 1 MB; not used" in said
    assert "'not\\nprintable' is not used: its name holds characters that cannot be shown" in said
    assert "root:" not in said


@pytest.mark.parametrize("date", ["4102444800", "99999999999999999", "no-date"])  # the first is in 2100
def test_a_date_that_has_not_come_or_is_none_stops_nobody(date: str, course: Path) -> None:
    one, two = Student(course, "s001", logs=False), Student(course, "s002", logs=False)
    two.push("fine = 1", BEFORE)
    one.push("first = 1", BEFORE)
    tree = git(one.clone, "rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor s <s@x> 1 +0000\ncommitter s <s@x> {date} +0000\n\nw\n"
    (one.clone / "commit").write_text(text)
    commit = git(one.clone, "hash-object", "-t", "commit", "-w", "--literally", "commit")
    git(one.clone, "push", "--quiet", "--force", str(one.host), f"{commit}:main")
    found = collect(course, ("s001", str(one.host)), ("s002", str(two.host)))
    assert (work(course, "s001"), work(course, "s002")) == ("first = 1", "fine = 1")
    assert ["s001", git_hosts.AHEAD] in found["unusual"]  # type: ignore[operator]


def test_a_date_that_has_not_come_is_late_once_the_deadline_is_over(course: Path) -> None:
    one = Student(course, "s001", logs=False)
    one.push("in_time = 1", BEFORE)
    one.push("later = 1", "@4102444800 +0000")
    collect(course, ("s001", str(one.host)))
    assert work(course, "s001") == "in_time = 1"


def test_a_few_bytes_that_stand_for_ten_thousand_million_files(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is no hand-in that is missing: a person looks."""
    monkeypatch.setattr(git_hosts, "LISTING", 2**20)
    one, two = Student(course, "s001", logs=False), Student(course, "s002", logs=False)
    two.push("fine = 1", BEFORE)
    (one.clone / "f").write_text("x")
    git(one.clone, "add", "f")
    tree = git(one.clone, "write-tree")
    for _ in range(10):
        listing = "".join(f"040000 tree {tree}\t{name}\n" for name in "0123456789")
        tree = git_program.printed("mktree", folder=one.clone, given=listing.encode()).decode().strip()
    commit = git(one.clone, "commit-tree", tree, "-m", "w")
    git(one.clone, "push", "--quiet", str(one.host), f"{commit}:refs/heads/main")
    found = collect(course, ("s001", str(one.host)), ("s002", str(two.host)))
    assert work(course, "s002") == "fine = 1"
    assert found["missing"] == []
    [why] = [what for who, what in found["unusual"] if who == "s001"]  # type: ignore[attr-defined]
    assert why.startswith("cannot be read: git ls-tree: more than 1 MB; keep data")


def test_a_history_that_is_too_long_is_named(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Student(course, "s001", logs=False), Student(course, "s002", logs=False)
    two.push("fine = 1", BEFORE)
    (one.clone / "noise").write_bytes(os.urandom(2**21))
    one.push("fine = 1", BEFORE)
    monkeypatch.setattr(git_hosts, "FETCHED", 2**20)
    found = collect(course, ("s001", f"file://{one.host}"), ("s002", f"file://{two.host}"))
    assert work(course, "s002") == "fine = 1"
    assert "git clone: more than 1 MB; keep data and what programs make out of the" in str(found["unusual"])


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (128, "fatal: detected dubious ownership in repository at '/r'\nTo add\n", "run this as the owner"),
        (128, "fatal: no such thing\nand the repository exists.\n", r"^fatal: no such thing$"),
        (128, "remote: away\n", "^remote: away$"),
        (128, "", "^no reason given$"),
        (-11, "", "ended by signal 11; it may have needed more than 4 GB"),
    ],
)
def test_the_line_that_says_why(code: int, said: str, expected: str) -> None:
    assert re.search(expected, git_program._why(code, said, 2**20))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("id\ns001\n", "--git: expected a column called repository, with an address, got none"),
        ("id,repository\ns001,ext::sh -c id\n", "repository of s001: expected https://"),
        ("id,repository\ns001,--upload-pack=id\n", "repository of s001: expected https://"),
    ],
)
def test_what_is_no_address_is_refused(
    lines: str, message: str, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (course / "roster.csv").write_text(lines)
    arguments = ["collect", NAME, "--git", str(course / "roster.csv"), "--to", str(course / "class")]
    assert cli.main(arguments) == codes.USAGE
    assert message in capsys.readouterr().err


def test_neither_a_download_nor_git_is_named(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["collect", NAME, "--to", str(course / "class")]) == codes.USAGE
    assert "expected FROM, a download, or --git FILE, got neither" in capsys.readouterr().err


def test_a_machine_without_git_says_so(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(IntakeError, match="git: expected the program, found none; install it"):
        git_program.git("version")


def test_a_command_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_program, "SECONDS", 0.0)
    with pytest.raises(IntakeError, match=r"git wait: no end after 0\.0 s; see that the host can be reached"):
        git_program.git("-c", "alias.wait=!sleep 600", "wait")
