"""What runs on a Dask worker. It is sent there by value, so the worker needs no kit of its own: Python
and the same libraries (`digests.LIBRARIES`) are enough, and bubblewrap or Landlock for the isolation.
"""

from __future__ import annotations

import io
import queue
import shutil
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from distributed import Worker, WorkerPlugin, get_worker

from autograder.workers.process import MAX_UNREADY, GradingProcess, Reply


class GradersOnWorker(WorkerPlugin):
    """The kit and the course, unpacked on a worker, with one grading process for each of its threads."""

    def __init__(self, name: str, bundle: bytes, plan: bytes, seconds: float) -> None:
        self.name, self.bundle, self.plan, self.seconds = name, bundle, plan, seconds

    def setup(self, worker: Worker) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="autograder-", dir=worker.local_directory))
        with zipfile.ZipFile(io.BytesIO(self.bundle)) as archive:
            archive.extractall(self.home)  # packed by our own run
        # a grading process ends with the thread that started it, and Dask's own come and go
        self.starter = ThreadPoolExecutor(1)
        self.idle: queue.SimpleQueue[GradingProcess] = queue.SimpleQueue()

    def teardown(self, worker: Worker) -> None:
        while not self.idle.empty():
            self.idle.get().end()
        self.starter.shutdown()
        shutil.rmtree(self.home, ignore_errors=True)

    def started(self) -> tuple[GradingProcess, Reply]:
        """A grading process and the first it says; one that ends before that is tried again."""
        for _ in range(MAX_UNREADY):
            process = self.starter.submit(GradingProcess, self.home, self.plan).result()
            hello = process.answer(self.seconds)
            if hello is not None and hello[0] == "ready":
                return process, hello
            process.end()
            if hello is not None:
                return process, hello
        how = f"the last one {process.how_it_ended()}; see the worker's log"
        return process, ("failure", f"{MAX_UNREADY} grading processes in a row did not start, {how}")

    def grade(self, task: bytes) -> Reply | None:
        """The reply of a grading process; None if it died over this task."""
        try:
            process = self.idle.get_nowait()
        except queue.Empty:
            process, hello = self.started()
            if hello[0] != "ready":
                return hello
        process.send(task)
        reply = process.answer(self.seconds)
        if reply is None or reply[0] in ("failure", "late"):
            process.process.kill()
            process.end()
        else:
            self.idle.put(process)
        return reply


def grade_there(name: str, task: bytes) -> Reply | None:
    """Run on a worker: grade one task with the graders that were sent under this name."""
    graders = cast(GradersOnWorker, get_worker().plugins[name])
    return graders.grade(task)
