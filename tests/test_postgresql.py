"""The gradebook in a real PostgreSQL server, started for these tests and ended with them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

pytest.importorskip("psycopg", reason="psycopg is an extra: pip install cs-course-kit[postgresql]")

from nbgrader import api

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError
from autograder.gradebook import book, ledger, unanswered
from autograder.gradebook.book import Gradebook
from autograder.gradebook.ledger import Decision
from tests.test_gradebook import CODE, INLINE, NOTEBOOK, graded

UNPRIVILEGED = 65534  # PostgreSQL refuses to run as root


def programs() -> Path | None:
    """Where initdb and postgres lie: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An empty server on 127.0.0.1; its URL without a database."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        data, port = Path(folder) / "data", free_port()
        os.chmod(folder, 0o777)  # the server has a user of its own, and makes its folder in it
        made = subprocess.run(
            [bin_folder / "initdb", "-D", data, "-U", "grader", "--auth=trust", "--no-sync", "-E", "UTF8"],
            capture_output=True, text=True, cwd="/", **user,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"initdb does not run here: {made.stderr.strip()[-300:]}")
        options = ["-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"]
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen([bin_folder / "postgres", *options], stderr=log, cwd="/", **user)
            try:
                wait_for(port, process, Path(folder) / "log")
                yield f"postgresql+psycopg://grader:secret@127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait()


def wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 300
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="grader", dbname="postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"PostgreSQL does not start here: {log.read_text()[-300:]}")
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")
def url(server: str) -> str:
    """A gradebook of its own on the server."""
    return new_database(server, "gradebook")


def new_database(server: str, name: str) -> str:
    import psycopg

    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"{server}/{name}"


def tables(url: str) -> list[str]:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return [name for (name,) in rows]


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


def test_points_reach_postgresql_and_a_persons_entries_survive(url: str, assignment: Assignment) -> None:
    with Gradebook(url, assignment) as book:
        assert book.catch_up([graded("s001"), graded("s002", code=None, inline=1.0)]) == 2
        assert book.catch_up([graded("s001"), graded("s002", code=None, inline=1.0)]) == 0
    with api.Gradebook(url) as theirs:
        assert theirs.find_submission("assignment1", "s001").score == 2.0
        grade = theirs.find_grade(INLINE, NOTEBOOK, "assignment1", "s001")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
        theirs.find_comment(INLINE, NOTEBOOK, "assignment1", "s001").manual_comment = "good"
        theirs.db.commit()
    with Gradebook(url, assignment) as book:
        assert book.catch_up([graded("s001", code=1.0, inline=0.0), graded("s002", inline=1.0)]) == 2
    with api.Gradebook(url) as theirs:
        assert theirs.find_submission("assignment1", "s001").score == 3.0
        grade = theirs.find_grade(INLINE, NOTEBOOK, "assignment1", "s001")
        assert (grade.score, grade.needs_manual_grade) == (2.0, False)
        assert theirs.find_comment(INLINE, NOTEBOOK, "assignment1", "s001").comment == "good"
        assert theirs.find_grade(CODE, NOTEBOOK, "assignment1", "s002").auto_score == 2.0


def test_a_killed_connection_leaves_whole_students(url: str, assignment: Assignment) -> None:
    import psycopg

    with Gradebook(url, assignment) as book:
        book.write(graded("s010"))
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                "and datname = 'gradebook'"
            )
        with pytest.raises(
            GradebookError, match=r"s011 is not entered: gradebook 127\.0\.0\.1:.*records are kept"
        ):
            book.write(graded("s011"))
        assert book.catch_up([graded("s010"), graded("s011")]) == 1
    with api.Gradebook(url) as theirs:
        assert {"s010", "s011"} <= {student.id for student in theirs.students}


def test_a_server_that_is_not_there_is_reported_without_the_password(assignment: Assignment) -> None:
    gone = f"postgresql+psycopg://grader:secret@127.0.0.1:{free_port()}/gradebook"
    with pytest.raises(GradebookError, match=r"gradebook 127\.0\.0\.1:\d+/gradebook: .*refused") as reported:
        Gradebook(gone, assignment)
    assert "secret" not in str(reported.value)


def test_a_server_that_does_not_answer_is_waited_for_and_then_said(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.gradebook.url.CONNECT_SECONDS", 2)  # the least that libpq takes
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # connects, and never says a word
        address = f"127.0.0.1:{silent.getsockname()[1]}/gradebook"
        with pytest.raises(
            GradebookError, match=rf"gradebook {address}: .*timeout.*so see that the server runs and can be"
        ) as said:
            Gradebook(f"postgresql+psycopg://grader:secret@{address}", assignment)
    assert "secret" not in str(said.value)


KILLED = """
import os, sys

from autograder.course import assignment as course
from autograder.gradebook import book

book.schema_version = lambda: os.kill(os.getpid(), 9)
book.Gradebook(sys.argv[1], course.load("assignment1"))
"""


def test_a_run_that_is_killed_within_the_schema_leaves_nothing(server: str, assignment: Assignment) -> None:
    url = new_database(server, "killed")
    killed = subprocess.run([sys.executable, "-c", KILLED, url], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert tables(url) == []
    with Gradebook(url, assignment) as opened:
        opened.write(graded("s001"))
    assert "alembic_version" in tables(url)


def test_a_schema_that_is_cut_off_leaves_nothing_and_is_made_by_the_next_run(
    server: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(server, "cut_off")
    with monkeypatch.context() as cut:
        cut.setattr(book, "schema_version", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Gradebook(url, assignment)
    assert tables(url) == []
    with Gradebook(url, assignment) as opened:
        opened.write(graded("s001"))
    assert "alembic_version" in tables(url)


def test_a_locked_table_is_waited_for_and_then_said(
    server: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setattr("autograder.gradebook.url.LOCK_SECONDS", 1)
    url = new_database(server, "locked")
    with Gradebook(url, assignment) as opened, psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("lock table student in access exclusive mode")
        with pytest.raises(
            GradebookError, match=r"lock timeout; the records are kept, so end what else has it locked"
        ):
            opened.catch_up([graded("s001")])


def test_options_of_the_urls_own_are_kept_beside_ours(
    server: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setattr("autograder.gradebook.url.LOCK_SECONDS", 1)
    url = new_database(server, "options") + "?options=-c%20application_name%3Dours"
    with Gradebook(url, assignment) as opened, psycopg.connect(url.replace("+psycopg", "")) as other:
        assert opened._db.execute(text("show application_name")).scalar() == "ours"
        opened._db.rollback()
        other.execute("lock table student in access exclusive mode")
        with pytest.raises(GradebookError, match="lock timeout"):
            opened.catch_up([graded("s001")])


def frozen(url: str, number: int) -> None:
    """Send a signal to the process that answers the other connections to this database."""
    import psycopg

    with psycopg.connect(url.rpartition("/")[0].replace("+psycopg", "") + "/postgres") as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where datname = %s", [url.rpartition("/")[2]]
        ).fetchall()
    for (pid,) in rows:
        os.kill(pid, number)


def test_a_server_that_freezes_is_waited_for_and_then_said(
    server: str, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database(server, "frozen")
    with Gradebook(url, assignment) as opened:
        opened.write(graded("s001"))
        monkeypatch.setattr(unanswered, "ANSWER_SECONDS", 2.0)
        frozen(url, signal.SIGSTOP)
        try:
            with pytest.raises(
                GradebookError, match=r"no answer from the server for 2 s; .*, so see that the"
            ):
                opened.write(graded("s002"))
        finally:
            frozen(url, signal.SIGCONT)
    monkeypatch.undo()
    with Gradebook(url, assignment) as opened:
        assert opened.catch_up([graded("s001"), graded("s002")]) == 1


def test_a_server_that_is_held_up_for_a_while_costs_nothing(server: str, assignment: Assignment) -> None:
    url = new_database(server, "held_up")
    with Gradebook(url, assignment) as opened:
        frozen(url, signal.SIGSTOP)
        threading.Timer(1.5, frozen, (url, signal.SIGCONT)).start()
        opened.write(graded("s001"))
        assert opened.catch_up([graded("s001")]) == 0


def test_seconds_in_which_this_side_stood_still_count_for_a_beat() -> None:
    def never() -> Generator[int, int, None]:
        while True:
            yield 1

    steps = unanswered._limited(None, never())
    assert next(steps) == 1
    clock = time.monotonic
    try:
        time.monotonic = lambda: clock() + 1e6
        assert steps.send(0) == 1
    finally:
        time.monotonic = clock


def test_of_two_readers_at_once_one_decides(url: str, assignment: Assignment) -> None:
    with Gradebook(url, assignment) as book:
        book.write(graded("s020"))
    engine = create_engine(url)
    try:
        with Session(engine) as db:
            seen = ledger.states(db, "assignment1", INLINE, ["s020"])["s020"].version
        with Session(engine) as one, Session(engine) as two, ThreadPoolExecutor(1) as pool:
            decision = Decision(INLINE, 1.0, "First.", {"choice": True}, "reader one")
            assert ledger.enter(one, "assignment1", decision, {"s020": seen}).entered == ("s020",)
            other = Decision(INLINE, 0.5, None, {}, "reader two")
            later = pool.submit(ledger.enter, two, "assignment1", other, {"s020": seen})
            time.sleep(0.2)
            assert not later.done()  # it waits for the first to end
            one.commit()
            [conflict] = later.result().conflicts
            assert (conflict.manual, conflict.comment) == (1.0, "First.")
            two.rollback()
        with Session(engine) as db:
            assert ledger.undo(
                db, "assignment1", "reader one", ledger.last_batch(db, "assignment1", "reader one")
            )
            db.commit()
            assert ledger.states(db, "assignment1", INLINE, ["s020"])["s020"].version == seen
    finally:
        engine.dispose()
