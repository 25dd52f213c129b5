"""A full disk, a locked or read-only gradebook, a folder that may not be written: the next run goes on."""

import contextlib
import errno
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from autograder.course import assignment as course
from autograder.errors import GradebookError, MovedError, RecordError
from autograder.files import folder_at, write_atomically
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.records import record, store
from autograder.runs.renderings import write_changes
from tests.faults.test_kill import gradebook_rows
from tests.pool.test_pool import SLOW
from tests.small_kit import Kit, records_of

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@AS_ROOT
def test_a_full_disk(kit: Kit, small_disk: Path, tmp_path: Path) -> None:
    students = kit.hand_in_many(12)
    assert kit.grade(tmp_path / "calm").returncode == 1  # answers to read
    out = small_disk / "out"
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 270_000)
    first = kit.grade(out)
    assert first.returncode == 3
    assert "No space left on device" in first.stderr
    assert "what is done is kept, so fix this and run the same command again" in first.stderr
    assert "Traceback" not in first.stderr
    kept = sorted(path.name for path in (out / "pending").glob("s*.json"))
    assert 0 < len(kept) < len(students)
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert kit.grade(out).returncode == 1
    assert records_of(out) == records_of(tmp_path / "calm")
    assert gradebook_rows(out) == gradebook_rows(tmp_path / "calm")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, Path]:
    """Graded once; then another student hands in, and one hands in again."""
    home = tmp_path_factory.mktemp("once")
    kit = Kit(home / "kit")
    kit.copy_engine()
    kit.hand_in_many(3)
    assert kit.grade(home / "out").returncode == 1
    kit.hand_in("s900")
    kit.hand_in("s001", "def double(x):\n    return x\n")
    return kit, home / "out"


@pytest.fixture
def once(before: tuple[Kit, Path], tmp_path: Path) -> tuple[Kit, Path]:
    kit, out = before
    shutil.copytree(out, tmp_path / "out")
    return kit, tmp_path / "out"


def test_a_locked_gradebook(once: tuple[Kit, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    kit, out = once
    path = out / "gradebook.db"
    before = gradebook_rows(out)
    holder = sqlite3.connect(path)
    holder.execute("begin exclusive")
    locked = kit.grade(out, "--gradebook", f"sqlite:///{path}?timeout=1")
    holder.rollback()
    holder.close()
    assert locked.returncode == 3
    assert (
        "database is locked; the records are kept, so close what else has it open, such as formgrader or the "
        "reading room, and run the same command again" in locked.stderr
    )
    assert gradebook_rows(out) == before
    assert set(records_of(out)) == {"s000", "s001", "s002", "s900"}
    assert kit.grade(out).returncode == 1
    after = {(student, cell): score for student, cell, score, _ in gradebook_rows(out)}
    assert (after["s001", "double"], after["s900", "double"]) == (0.0, 4.0)


def test_a_read_only_gradebook(once: tuple[Kit, Path]) -> None:
    kit, out = once
    path = out / "gradebook.db"
    read_only = kit.grade(out, "--gradebook", f"sqlite:///file:{path}?mode=ro&uri=true")
    assert read_only.returncode == 3
    assert "attempt to write a readonly database; the records are kept" in read_only.stderr
    assert kit.grade(out).returncode == 1
    assert {row[0] for row in gradebook_rows(out)} == {"s000", "s001", "s002", "s900"}


def test_a_gradebook_that_lost_a_table_is_not_filled_up_in_silence(tmp_path: Path) -> None:
    assignment = course.load("assignment1")
    url = sqlite_url(tmp_path / "gradebook.db")
    Gradebook(url, assignment).__exit__(None, None, None)
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as database:
        database.execute("DROP TABLE grade")
        database.commit()
    with pytest.raises(GradebookError, match="lacks the table grade, and what people entered there"):
        Gradebook(url, assignment)


def a_socket(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as made:  # its name may not be long
        made.bind(path.name)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (os.mkfifo, "a pipe"),
        (a_socket, "a socket"),
        (os.mkdir, "a folder"),
        (lambda path: path.symlink_to("/dev/null"), "a device"),
        (lambda path: path.symlink_to(path), "a link that leads in a circle"),
        (lambda path: (path.parent / "file").touch() or path.symlink_to("file/x"), "nothing that can be"),
    ],
    ids=["pipe", "socket", "folder", "device", "circle", "below a file"],
)
def test_something_else_in_the_place_of_the_gradebook(
    tmp_path: Path, make: Callable[[Path], object], found: str
) -> None:
    path = tmp_path / "gradebook.db"
    make(path)
    said = rf"gradebook {path}: expected a file, got {found}.*; move it away and run the same command again"
    with pytest.raises(GradebookError, match=said):
        Gradebook(str(URL.create("sqlite", database=str(path))), course.load("assignment1"))


def test_what_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_text("a text " * 1000)
    with pytest.raises(GradebookError, match=r"not a database; .*, so put a backup in its place, or move it"):
        Gradebook(sqlite_url(tmp_path / "gradebook.db"), course.load("assignment1"))


def test_a_folder_that_is_moved_stops_its_run(tmp_path: Path) -> None:
    graded = record.Record("s001", "lesson", "none", record.Hashes("a", "b", "c"), {})
    one = store.Store(tmp_path / "out")
    with one.locked():
        one.save(graded)
        (tmp_path / "out").rename(tmp_path / "away")
        for step in (lambda: one.save(graded), lambda: one.newest("s001"), lambda: one.compared("")):
            with pytest.raises(
                MovedError, match="was moved or removed while a run was at work in it, so that"
            ):
                step()
        with (
            store.Store(tmp_path / "out").locked(),  # another run, in its place
            pytest.raises(MovedError, match="put it back, or leave it, and run the same command again"),
        ):
            one.save(graded)
    assert not list((tmp_path / "out").rglob("s001.json"))


@pytest.mark.parametrize("move", [shutil.rmtree, lambda out: out.rename(out.with_name("away"))])
def test_a_run_whose_folder_is_moved_says_so_once(
    kit: Kit, tmp_path: Path, move: Callable[[Path], object]
) -> None:
    kit.write_graders(SLOW)
    kit.hand_in_many(4)
    out = tmp_path / "out"
    run = kit.start(out, "--jobs", "1")
    while not list((out / "pending").glob("s*.json")):
        assert run.poll() is None
        time.sleep(0.05)
    move(out)
    _, said = run.communicate()
    assert run.returncode == 3
    assert said.count("was moved or removed while a run was at work in it") == 1
    assert not list(out.rglob("s*.json"))


def test_a_folder_that_may_not_be_written(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    (tmp_path / "out").write_text("a file where a folder should be")
    done = kit.grade(tmp_path / "out")
    assert done.returncode == 2
    assert (
        f"--out: {tmp_path / 'out'}: expected a folder, got a file, which is in its way; see" in done.stderr
    )


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (os.mkfifo, "a pipe"),
        (Path.touch, "a file"),
        (lambda path: path.symlink_to(path), "a link that leads in a circle"),
        (lambda path: path.symlink_to("nowhere"), "a link that leads nowhere"),
    ],
    ids=["pipe", "file", "circle", "nowhere"],
)
def test_something_else_in_the_place_of_a_folder(
    tmp_path: Path, make: Callable[[Path], object], found: str
) -> None:
    place = tmp_path / "records"
    make(place)
    with pytest.raises(OSError, match=f"{place}: expected a folder, got {found}, which is in its way"):
        folder_at(place / "below")
    with pytest.raises(OSError, match=f"{place}: expected a folder, got {found}, which is in its way"):
        write_atomically(place / "s001.json", "{}")


PAGES = ("report.html", "grades.csv", "changes.csv")
FULL = """
import errno as _errno

_write = write_atomically


def write_atomically(path, text, *named):
    if path.match({name!r}) and Path({switch!r}).exists():
        raise OSError(_errno.{error}, os.strerror(_errno.{error}), str(path))
    _write(path, text, *named)
"""


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("autograded/s001/lesson/nb.ipynb", "EFBIG"),
        *(
            (name, "ENOSPC")
            for name in (
                *("pending/s001.json", "pending/changes.pending", "feedback/s001.html"),
                *("report.html", "grades.csv", "changes.csv"),
            )
        ),
    ],
)
def test_a_disk_that_is_full_at_one_stage(
    before: tuple[Kit, Path], tmp_path: Path, name: str, error: str
) -> None:
    kit, _ = before
    files, out, switch = kit.home / "autograder/files.py", tmp_path / "out", tmp_path / "switch"
    sound = files.read_text()
    switch.touch()
    try:
        files.write_text(sound + FULL.format(name=name, switch=str(switch), error=error))
        full = kit.grade(out, "--formgrader")
        assert full.returncode == 3
        assert os.strerror(getattr(errno, error)) in full.stderr
        assert "what is done is kept, so fix this and run the same command again" in full.stderr
        switch.unlink()
        assert kit.grade(out, "--formgrader").returncode == 1  # answers to read
    finally:
        files.write_text(sound)
    assert set(records_of(out)) == {"s000", "s001", "s002", "s900"}
    assert len(list(out.glob("autograded/*/lesson/nb.ipynb"))) == len(list(out.glob("feedback/*.html"))) == 4
    assert {row[0] for row in gradebook_rows(out)} == {"s000", "s001", "s002", "s900"}


@AS_ROOT
def test_a_disk_that_is_full_when_the_gradebook_is_made(
    before: tuple[Kit, Path], small_disk: Path, tmp_path: Path
) -> None:
    kit, out = before[0], tmp_path / "out"
    (small_disk / "filler").write_bytes(b"x" * 200_000)
    book = ("--gradebook", f"sqlite:///{small_disk}/gradebook.db")
    full = kit.grade(out, *book)
    assert full.returncode == 3
    assert "disk is full; the records are kept, so make room and run the same command again" in full.stderr
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert kit.grade(out, *book).returncode == 1


def test_a_second_run_at_the_same_time_is_refused(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    with store.Store(tmp_path / "out").locked():
        done = kit.grade(tmp_path / "out")
    assert done.returncode == 3
    assert "another run is at work here; wait until it is done" in done.stderr


def test_a_power_cut(once: tuple[Kit, Path]) -> None:
    """What it may leave besides whole files is swept away, or made again."""
    kit, out = once
    assert kit.grade(out).returncode == 1
    good, rows = records_of(out), gradebook_rows(out)
    shutil.rmtree(out / "feedback")
    for folder in ("records", "pending"):
        (out / folder / ".s000.json.x7.part").write_text('{"half":')
    (out / "records/s000.json").write_text('{"schema": 1, "stud')
    (out / "records/s001.json").write_text("")
    (out / "records/s002.json").write_bytes(b"\xff\xfe\x00")
    (out / ".gradebook-x").mkdir()
    (out / "gradebook.db").unlink()
    assert kit.grade(out).returncode == 1
    assert records_of(out) == good
    assert gradebook_rows(out) == rows
    assert len(list((out / "feedback").iterdir())) == len(good)
    assert not list(out.rglob(".*.part"))
    assert not list(out.glob(".gradebook-*"))


@pytest.mark.parametrize("text", ['{"x": ', '{"schema": 1}', "[1]", "[" * 100_000, "", "\xff"])
def test_a_damaged_list_of_changes_stops_nothing(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / store.COMPARED).write_bytes(text.encode("latin-1"))
    write_changes(tmp_path)
    assert "expected a list of changes, got something else; delete it" in capsys.readouterr().err
    assert not (tmp_path / "changes.csv").exists()


def test_a_pipe_in_the_place_of_a_record_is_not_waited_for(tmp_path: Path) -> None:
    kept = store.Store(tmp_path)
    kept.published.mkdir()
    os.mkfifo(kept.published / "s001.json")
    assert kept.before("s001") is None
    with pytest.raises(RecordError, match="no ordinary file; delete it and grade again"):
        record.load(kept.published / "s001.json")
