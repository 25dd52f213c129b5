"""Waits with NumPy imported, and forks a hardened worker whenever the judge asks for one.

It is started with the sources of the files it needs, over a socket. It never sees an expected value,
a submission or the course's folder, and never runs student code itself.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from typing import Any

from autograder.sandbox import harden, wire, worker
from autograder.sandbox.line import Line

CHANNEL = 3  # a worker's only way to the outside

# What student code imports most; loaded once, it costs a worker nothing. Each module makes every fork a
# little slower, so rare ones are left to be read from the disk by those who want them.
PRELOADED = """
numpy numpy.linalg numpy.random numpy.fft
__future__ abc ast builtins collections collections.abc contextlib copy dataclasses datetime enum functools
glob heapq importlib inspect io itertools json logging math numbers operator os os.path pathlib pickle
platform pprint random re string struct sys tempfile textwrap time timeit traceback types typing warnings
weakref
"""

# Where Python lies in a folder that the worker's user may not enter (below /root, say), nothing can be read
# from the disk later, so that the rare ones are loaded as well.
RARE = """
numpy.ma numpy.polynomial numpy.testing numpy.matlib numpy.ctypeslib
encodings.idna encodings.cp1252 encodings.utf_16
argparse array base64 binascii bisect bz2 calendar cmath colorsys configparser csv ctypes decimal difflib
fractions getopt gettext graphlib gzip hashlib hmac html importlib.util ipaddress keyword linecache locale
lzma multiprocessing optparse queue quopri reprlib sched secrets select selectors shlex shutil signal socket
sqlite3 statistics subprocess tarfile threading token tokenize unicodedata unittest unittest.mock urllib
urllib.parse urllib.request uuid xml.etree.ElementTree zipfile zlib concurrent.futures asyncio cProfile
pstats doctest
"""


class Zygote:
    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control, self.settings = control, settings
        self.layers = settings["layers"]
        self.ruleset = -1
        self.mapped = 0

    def prepare(self) -> dict[str, Any]:
        """Load and open all that a worker will find; says what came of it."""
        load(PRELOADED)
        for name in self.settings["load"]:  # later, only what lies in these packages is found
            load_named(name)
        library = os.path.dirname(os.__file__)
        if self.settings["uid"] is not None and not enterable(library):
            load(RARE)
        if "landlock" in self.layers:
            opened = harden.landlock_ruleset(self.settings["readable"], [library])
            self.ruleset = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, CHANNEL + 1)
            os.close(opened)
        if self.settings["uid"] is not None:
            harden.become(self.settings["uid"])
        harden.die_with_parent(os.getppid())  # after the change of user, which would undo it
        # The other packages beside NumPy are no business of the student's.
        sys.path[:] = [path for path in sys.path if path not in self.settings["sites"]]
        sys.path_importer_cache.clear()
        self.mapped = harden.address_space()
        gc.freeze()  # what is there now stays: no worker's collector walks it, or copies its pages by that
        late = os.access(os.path.join(library, "os.py"), os.R_OK)
        return {"ready": True, "late_imports": late, "landlock_abi": harden.landlock_abi()}

    def serve(self) -> None:
        """Answer the judge until it closes its end."""
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 12, 1)
            if not data:
                return
            request = json.loads(data)
            if request["op"] == "fork":
                reply = self.fork(descriptors[0])
            else:
                reply = reap(request["pid"], request["grace"])
            self.control.send(json.dumps(reply).encode())

    def fork(self, channel: int) -> dict[str, Any]:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(channel)
            return {"failed": str(error)}
        if pid:
            os.close(channel)
            return {"pid": pid}
        try:
            self.become_worker(channel, parent)
        finally:
            os._exit(1)

    def become_worker(self, channel: int, parent: int) -> None:
        if channel != CHANNEL:
            os.dup2(channel, CHANNEL, inheritable=False)
        for number in (1, 2):
            os.dup2(0, number)  # to /dev/null: only what Python's own print writes is kept
        harden.close_all_but([0, 1, 2, CHANNEL, *([self.ruleset] if self.ruleset >= 0 else [])])
        line = Line(CHANNEL)
        try:
            self.put_on_layers(parent)
        except Exception as error:  # whatever it is, the judge must hear of it: no student code has run yet
            line.send(wire.pack({"failed": str(error)}))
            return
        line.send(wire.pack({"ready": self.layers}))
        worker.serve(line, self.settings["output_kb"] << 10, self.settings["reply_mb"] << 20)

    def put_on_layers(self, parent: int) -> None:
        harden.die_with_parent(parent)
        harden.no_new_privileges()
        if "landlock" in self.layers:
            harden.restrict_files(self.ruleset)
            os.close(self.ruleset)
        if "rlimits" in self.layers:
            memory = self.mapped + (self.settings["memory_mb"] << 20)
            harden.limit_resources(memory, self.settings["cpu_seconds"])
        if "dumpable" in self.layers:
            harden.hide_memory()
        if "seccomp" in self.layers:
            harden.restrict_calls(bytes.fromhex(self.settings["program"]))


def load(names: str) -> None:
    for name in names.split():
        with contextlib.suppress(ImportError):  # some builds of Python lack sqlite3, lzma or others
            importlib.import_module(name)


class NotLoadedError(Exception):
    """A package that the course names cannot be imported here."""


def load_named(name: str) -> None:
    """Load what the course names. Were it passed over, every student would lose what needs it."""
    try:
        importlib.import_module(name)
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
        raise NotLoadedError(
            f"course.toml: packages: expected what loads in the sandbox, got {name!r}: {why}; "
            "name what it needs in packages too, as `import` has it, or take the entry out"
        ) from error


def enterable(folder: str) -> bool:
    """Whether any user may reach what lies in this folder."""
    while folder != "/":
        if not os.stat(folder).st_mode & 0o001:
            return False
        folder = os.path.dirname(folder)
    return True


def reap(pid: int, grace: float) -> dict[str, Any]:
    """End a worker for certain; how it ended if it did so by itself within `grace` seconds."""
    until = time.monotonic() + grace
    done, status, used = os.wait4(pid, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.002)
        done, status, used = os.wait4(pid, os.WNOHANG)
    killed = not done
    if killed:
        os.kill(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
    code = 0 if killed else os.waitstatus_to_exitcode(status)
    return {"how": "killed" if killed else "ended", "code": code, "cpu": used.ru_utime + used.ru_stime}


def main(control: socket.socket, settings: dict[str, Any]) -> None:
    harden.default_signals()
    zygote = Zygote(control, settings)
    try:
        hello = zygote.prepare()
    except OSError as error:
        hello = {"ready": False, "message": f"cannot harden: {error}"}
    except NotLoadedError as error:
        hello = {"ready": False, "message": str(error)}
    control.send(json.dumps(hello).encode())
    if hello["ready"]:
        zygote.serve()
    os._exit(0)  # there is nothing to tidy up, and taking NumPy down takes a while
