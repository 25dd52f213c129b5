"""The same work on a Dask cluster, whose workers have no kit of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="dask.distributed is an extra: pip install cs-course-kit[dask]")

from autograder.errors import GradingError
from autograder.judge.digests import graders_digest
from autograder.judge.task import Task
from autograder.records.record import Record
from autograder.workers import cluster
from tests.pool.test_pool import AGAIN, KILLER, SLOW, graded, plan, tasks
from tests.small_kit import WRONG, Kit, timeless


class Cluster:
    """A scheduler and workers, started in a folder from which no kit can be imported."""

    def __init__(self, folder: Path, allowed_failures: int = 3) -> None:
        self.folder, self.workers = folder, []
        self.environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self.environment["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = str(allowed_failures)
        where = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            str(where),
        )
        while not where.exists() or not where.read_text().strip().endswith("}"):
            assert self.scheduler.poll() is None
            time.sleep(0.05)
        self.address = json.loads(where.read_text())["address"]

    def add(self) -> subprocess.Popen:
        more = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(self.folder))
        self.workers.append(self._start("worker", self.address, "--host", "127.0.0.1", *more))
        return self.workers[-1]

    def _start(self, *arguments: str) -> subprocess.Popen:
        with (self.folder / f"log-{time.monotonic_ns()}").open("w") as log:
            command = [sys.executable, "-P", "-c", WITHOUT_KIT, *arguments]
            return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in self.folder.glob("log-*"))


WITHOUT_KIT = """
import sys

sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
sys.path = [place for place in sys.path if not place or "site-packages" in place or "lib/python" in place]
try:
    import autograder
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("there is a kit here")
from dask.__main__ import main

sys.argv = ["dask", *sys.argv[1:]]
main()
"""


@pytest.fixture
def dask_cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "dask"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.end()


def far_graded(kit: Kit, address: str, todo: list[Task] | None = None) -> dict[str, dict]:
    records: dict[str, dict] = {}

    def keep(task: Task, record: Record | None) -> None:
        assert record is not None
        assert task.source.student not in records
        records[task.source.student] = timeless(json.loads(record.to_json()))

    cluster.run(plan(kit), tasks(kit) if todo is None else todo, address, keep)
    return dict(sorted(records.items()))


@pytest.fixture
def own_graders(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """This process reads hashes too: of the kit's graders."""
    graders_digest.cache_clear()
    return kit


def test_a_cluster_gives_the_same_records(own_graders: Kit, dask_cluster: Cluster) -> None:
    students = own_graders.hand_in_many(6)
    dask_cluster.add()
    dask_cluster.add()
    far = far_graded(own_graders, dask_cluster.address)
    assert list(far) == students
    assert far == graded(own_graders, 1)
    assert not list(dask_cluster.folder.rglob("autograder-*/autograder/workers/serve.py"))


def test_unchanged_submissions_do_not_travel(own_graders: Kit, dask_cluster: Cluster) -> None:
    own_graders.hand_in("s001")
    dask_cluster.add()
    seen: list[Record | None] = []
    cluster.run(plan(own_graders), tasks(own_graders), dask_cluster.address, lambda _, r: seen.append(r))
    [first] = seen
    assert first is not None
    known = [Task(task.source, first.hashes) for task in tasks(own_graders)]
    cluster.run(plan(own_graders), known, dask_cluster.address, lambda _, r: seen.append(r))
    assert seen[1:] == [None]


def test_a_worker_that_dies_loses_nothing(own_graders: Kit, dask_cluster: Cluster) -> None:
    own_graders.write_graders(SLOW)
    students = [f"s{number:03}" for number in range(8)]
    for student in students:
        own_graders.hand_in(student)
    dying = dask_cluster.add()
    dask_cluster.add()
    seen: list[str] = []

    def keep(task: Task, record: Record | None) -> None:
        assert record is not None
        assert all(grade.state != "error" for grade in record.grades.values())
        seen.append(record.student)
        if len(seen) == 2:
            dying.kill()

    cluster.run(plan(own_graders), tasks(own_graders), dask_cluster.address, keep)
    assert sorted(seen) == students


def test_a_cluster_that_is_not_there_is_named(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 1)
    kit.hand_in("s001")
    with pytest.raises(
        GradingError, match=r"Dask cluster at tcp://127\.0\.0\.1:9: .*run the same command again"
    ):
        far_graded(kit, "tcp://127.0.0.1:9")


def test_what_is_no_address_of_a_cluster_is_named(kit: Kit) -> None:
    with pytest.raises(GradingError, match=r"Dask cluster at odd://x:1: no address of a scheduler \(unknown"):
        far_graded(kit, "odd://x:1", todo=[])


def test_a_cluster_without_workers_is_named(
    own_graders: Kit, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 3)
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 3)  # as long: whichever is over first, a worker is missing
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 1)
    own_graders.hand_in("s001")
    with pytest.raises(GradingError, match="no worker has been there for 3 s; start workers and run"):
        far_graded(own_graders, dask_cluster.address)


def test_a_worker_that_comes_at_the_last_look_grades(
    own_graders: Kit, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 3)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 1)
    looks, wait = [], cluster.wait

    def late(futures: list, **more: Any) -> None:
        looks.append(futures)
        if len(looks) == 3:
            dask_cluster.add()
            while not futures[0].client.nthreads():
                time.sleep(0.05)
            raise TimeoutError
        wait(futures, **more)

    monkeypatch.setattr(cluster, "wait", late)
    own_graders.hand_in("s001")
    assert list(far_graded(own_graders, dask_cluster.address)) == ["s001"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSTOP, "the scheduler does not answer"),
        (signal.SIGKILL, "the connection to the scheduler is lost"),
    ],
    ids=["frozen", "killed"],
)
def test_a_scheduler_that_ends_while_a_worker_is_waited_for_is_named(
    own_graders: Kit, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    wait = cluster.wait

    def ended(futures: list, **more: Any) -> None:
        monkeypatch.setattr(cluster, "ANSWER_SECONDS", 2)
        os.kill(dask_cluster.scheduler.pid, number)
        wait(futures, **{**more, "timeout": 1})

    monkeypatch.setattr(cluster, "wait", ended)
    own_graders.hand_in("s001")
    with pytest.raises(GradingError, match=f"Dask cluster at tcp.*: {words}; see that scheduler and workers"):
        far_graded(own_graders, dask_cluster.address)


def test_a_scheduler_that_is_frozen_at_the_start_is_not_waited_for(
    kit: Kit, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 1)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 1)
    kit.hand_in("s001")
    os.kill(dask_cluster.scheduler.pid, signal.SIGSTOP)
    with pytest.raises(GradingError, match="the scheduler does not answer; see that scheduler and workers"):
        far_graded(kit, dask_cluster.address)


def test_a_cluster_that_loses_its_last_worker_is_named(
    own_graders: Kit, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_graders.write_graders(SLOW)
    own_graders.hand_in_many(8)
    last = dask_cluster.add()
    seen: list[str] = []

    def keep(task: Task, record: Record | None) -> None:
        seen.append(task.source.student)
        if len(seen) == 1:
            monkeypatch.setattr(cluster, "JOIN_SECONDS", 3)  # from here on: the start took what it took
            monkeypatch.setattr(cluster, "LOOK_SECONDS", 1)
            last.kill()

    with pytest.raises(GradingError, match="no worker has been there for 3 s; start workers and run"):
        cluster.run(plan(own_graders), tasks(own_graders), dask_cluster.address, keep)
    assert 1 <= len(seen) < 8


@pytest.mark.parametrize(
    ("number", "for_good"),
    [
        (signal.SIGSTOP, True),
        pytest.param(signal.SIGKILL, True, marks=pytest.mark.long),
        pytest.param(signal.SIGSTOP, False, marks=pytest.mark.long),
    ],
    ids=["frozen", "killed", "held up"],
)
def test_a_scheduler_that_no_longer_answers_is_not_waited_for(
    own_graders: Kit,
    dask_cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    number: int,
    for_good: bool,
) -> None:
    own_graders.write_graders(SLOW)
    students = own_graders.hand_in_many(6)
    dask_cluster.add()
    seen: list[str] = []

    def keep(task: Task, record: Record | None) -> None:
        seen.append(task.source.student)
        if len(seen) == 1:
            monkeypatch.setattr(cluster, "ANSWER_SECONDS", 3 if for_good else 60)
            monkeypatch.setattr(cluster, "LOOK_SECONDS", 1)
            pid = dask_cluster.scheduler.pid
            os.kill(pid, number)
            if not for_good:
                threading.Timer(3.0, os.kill, (pid, signal.SIGCONT)).start()

    if for_good:
        with pytest.raises(
            GradingError, match=r"Dask cluster at tcp.*; see that scheduler and workers run, and"
        ):
            cluster.run(plan(own_graders), tasks(own_graders), dask_cluster.address, keep)
        assert len(seen) < len(students)
    else:
        cluster.run(plan(own_graders), tasks(own_graders), dask_cluster.address, keep)
        assert sorted(seen) == students
    assert "Traceback" not in capfd.readouterr().err


def test_graders_that_do_not_load_are_named_from_afar(own_graders: Kit, dask_cluster: Cluster) -> None:
    own_graders.write_graders("import no_such_module")
    own_graders.hand_in("s001")
    dask_cluster.add()
    with pytest.raises(GradingError, match=r"on a Dask worker: .*(.|\n)*no_such_module"):
        far_graded(own_graders, dask_cluster.address)


def test_a_grading_process_that_dies_on_a_worker_loses_nothing(
    own_graders: Kit, dask_cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    own_graders.write_graders(KILLER.format(marks=str(marks), deaths=1))
    own_graders.hand_in("s001", WRONG)
    dask_cluster.add()
    far = far_graded(own_graders, dask_cluster.address)
    said = capsys.readouterr().err
    assert "s001: its grading process, or the Dask worker that had it, ended; it is graded again" in said
    assert len(list(marks.iterdir())) == 1
    assert far["s001"]["grades"]["double"]["points"] == 4.0


def test_a_submission_that_ends_its_workers_is_left_to_a_person(own_graders: Kit, tmp_path: Path) -> None:
    own_graders.write_graders(
        KILLER.format(marks=str(tmp_path), deaths=99).replace("os.getpid(), 9", "os.getppid(), 9")
    )
    own_graders.hand_in("s001", WRONG)
    folder = tmp_path / "dask"
    folder.mkdir()
    fragile = Cluster(folder, allowed_failures=0)
    try:
        fragile.add()
        far = far_graded(own_graders, fragile.address)
    finally:
        fragile.end()
    assert far["s001"]["problems"] == [f"grading ended 3 grading processes; {AGAIN}"]
