"""Waits with NumPy imported, and forks a hardened worker for each submission.

Started with nothing but the sources of the files it needs, over a pipe. It never sees an expected value,
another submission or the project's folder, and never runs student code itself.
"""

import contextlib
import fcntl
import importlib
import json
import os
import signal
import socket
import sys
import time
from typing import Any

from autograder.sandbox import harden, worker

# Modules that student code often imports. Loaded here, once, they cost a worker nothing.
PRELOADED = [
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "numpy.fft",
    "numpy.ma",
    "numpy.polynomial",
    "numpy.testing",
    "__future__",
    "abc",
    "argparse",
    "array",
    "ast",
    "base64",
    "bisect",
    "builtins",
    "calendar",
    "cmath",
    "collections",
    "collections.abc",
    "contextlib",
    "copy",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "gc",
    "getpass",
    "glob",
    "gzip",
    "hashlib",
    "heapq",
    "html",
    "importlib",
    "importlib.util",
    "inspect",
    "io",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "math",
    "multiprocessing",
    "numbers",
    "operator",
    "os",
    "os.path",
    "pathlib",
    "pickle",
    "platform",
    "pprint",
    "queue",
    "random",
    "re",
    "shutil",
    "signal",
    "socket",
    "statistics",
    "stat",
    "string",
    "struct",
    "subprocess",
    "sys",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "token",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "unittest",
    "unittest.mock",
    "urllib",
    "urllib.request",
    "uuid",
    "warnings",
    "weakref",
    "zipfile",
    "zlib",
]


CHANNEL = 3  # a worker's only way to the outside


class Zygote:
    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control, self.settings = control, settings
        self.ruleset = -1

    def prepare(self) -> dict[str, Any]:
        """Load and open all that a worker will find; what this machine gave is reported back."""
        for name in PRELOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        if "landlock" in self.settings["layers"]:
            opened = harden.landlock_ruleset(self.settings["readable"])
            self.ruleset = fcntl.fcntl(
                opened, fcntl.F_DUPFD_CLOEXEC, 10
            )  # out of the way of a worker's channel
            os.close(opened)
        if self.settings["uid"] is not None:
            harden.become(self.settings["uid"])
        harden.die_with_parent(os.getppid())  # changing the user would undo it
        late = os.access(os.path.join(os.path.dirname(os.__file__), "os.py"), os.R_OK)
        # Only NumPy stays importable: the other packages beside it are no business of the student's.
        sys.path[:] = [path for path in sys.path if path not in self.settings["sites"]]
        sys.path_importer_cache.clear()
        self.settings["mapped"] = harden.address_space()
        return {
            "ready": True,
            "late_imports": late,
            "abi": harden.landlock_abi(),
            "mapped": self.settings["mapped"],
        }

    def serve(self) -> None:
        """Answer the judge until it closes the control socket."""
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 1)
            if not data:
                return
            request = json.loads(data)
            if request["op"] == "fork":
                reply = self.fork(descriptors[0])
            else:
                reply = self.reap(request["pid"], request["grace"])
            self.control.send(json.dumps(reply).encode())

    def fork(self, channel: int) -> dict[str, Any]:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(channel)
            return {"pid": pid}
        try:
            self.become_worker(channel, parent)
        finally:
            os._exit(1)

    def become_worker(self, channel: int, parent: int) -> None:
        settings = self.settings
        if channel != CHANNEL:
            os.dup2(channel, CHANNEL, inheritable=False)
        harden.close_all_but([0, 1, 2, CHANNEL, *([self.ruleset] if self.ruleset >= 0 else [])])
        try:
            self.put_on_layers(settings, parent)
        except Exception as error:  # whatever it is, the judge must hear of it: no student code has run yet
            worker.send(CHANNEL, {"id": 0, "failed": str(error), "printed": ""})
            os._exit(1)
        worker.send(CHANNEL, {"id": 0, "ready": settings["layers"], "printed": ""})
        worker.serve(CHANNEL, settings["output_kb"] << 10)

    def put_on_layers(self, settings: dict[str, Any], parent: int) -> None:
        layers = settings["layers"]
        harden.die_with_parent(parent)
        harden.no_new_privileges()
        if "landlock" in layers:
            harden.restrict_files(self.ruleset)
            os.close(self.ruleset)
        if "rlimits" in layers:
            harden.limit_resources(
                settings["mapped"] + (settings["memory_mb"] << 20), settings["cpu_seconds"]
            )
        if "dumpable" in layers:
            harden.hide_memory()
        if "seccomp" in layers:
            harden.restrict_calls(bytes.fromhex(settings["program"]))

    def reap(self, pid: int, grace: float) -> dict[str, Any]:
        """End a worker, for certain, and say how it ended if it did so by itself."""
        until = time.monotonic() + grace
        done, status = os.waitpid(pid, os.WNOHANG)
        while not done and time.monotonic() < until:
            time.sleep(0.002)
            done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"killed": True, "code": 0}
        return {"killed": False, "code": os.waitstatus_to_exitcode(status)}


def main(control: socket.socket, settings: dict[str, Any]) -> None:
    zygote = Zygote(control, settings)
    try:
        hello = zygote.prepare()
    except OSError as error:
        hello = {"ready": False, "message": str(error)}
    os.dup2(0, 2)  # what a student's code writes to the bare descriptors goes nowhere
    control.send(json.dumps(hello).encode())
    if hello["ready"]:
        zygote.serve()
