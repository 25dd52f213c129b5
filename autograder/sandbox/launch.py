"""Starts the zygote: which folders it may see, which command runs it, what it is sent.

Only Python's own library, NumPy, msgpack and the shared libraries they load are shown to it, each by
itself: a virtual environment often lies inside the course's folder, beside all that must stay hidden.
"""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import msgpack
import numpy as np

from autograder.sandbox.faults import SandboxError

HERE = Path(__file__).parent
SOURCES = """
harden wire line stand_ins taken_away answering older meanings older_packages memory_import refusals worker
zygote
"""  # in the order in which they import each other
SYSTEM_LIBRARIES = [top + name for top in ("", "/usr") for name in ("/lib", "/lib32", "/lib64", "/libx32")]
LOADER_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
NOBODY = 65534
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",  # two workers with two threads each are several times slower
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets iterate in the same order in every run
    "LANG": "C.UTF-8",
    "HOME": "/",
    "PATH": "/usr/bin:/bin",
}
BOOT = """
import json, socket, sys, types
control = socket.socket(fileno=int(sys.argv[1]))
sent = json.loads(control.recv(1 << 20))
sys.path += sent["sites"]
for name in ("autograder", "autograder.sandbox"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, source in sent.pop("sources"):
    module = sys.modules["autograder.sandbox." + name] = types.ModuleType("autograder.sandbox." + name)
    setattr(sys.modules["autograder.sandbox"], name, module)
    exec(compile(source, "<sandbox " + name + ">", "exec"), module.__dict__)
sys.modules["autograder.sandbox.zygote"].main(control, sent)
"""


@dataclass(frozen=True)
class PythonPlaces:
    """Where Python and what it needs lie on this machine."""

    python: str
    library: str  # the standard library; other packages may lie in it, see `hidden`
    hidden: tuple[str, ...]  # folders in the library that are not shown
    packages: tuple[str, ...]  # NumPy's and msgpack's own folders
    shared: tuple[str, ...]  # folders and files with shared libraries

    @property
    def sites(self) -> list[str]:
        """From where the packages are imported."""
        return list(dict.fromkeys(os.path.dirname(folder) for folder in self.packages))

    @property
    def readable(self) -> list[str]:
        """All that a worker may read, for an allowlist that knows no exceptions."""
        inside = [entry.path for entry in os.scandir(self.library) if entry.path not in self.hidden]
        return [*sorted(inside), *self.packages, *self.shared]


@cache
def places(more: tuple[str, ...] = ()) -> PythonPlaces:
    """`more` are packages, or modules of packages, that the course lets student code import.

    Raises:
        SandboxError: one of them is not installed.
    """
    python = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    library = os.path.realpath(sysconfig.get_path("stdlib"))
    hidden = [path for name in PACKAGE_FOLDERS if os.path.isdir(path := os.path.join(library, name))]
    files = [
        np.__file__ or "",
        msgpack.__file__ or "",
        *(_installed(name.partition(".")[0]) for name in more),
    ]
    packages = list(dict.fromkeys(folder for file in files for folder in _package_folders(file)))
    found = PythonPlaces(python, library, tuple(hidden), tuple(packages), tuple(_shared_libraries(library)))
    for path in found.readable:
        if _beneath(str(HERE), path):
            raise RuntimeError(f"{path} must be readable to student code but holds the autograder; move it")
    return found


def _installed(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.origin or not os.path.isfile(found.origin):
        raise SandboxError(
            f"course.toml: packages: expected what is installed beside the engine, got {name!r}; "
            "install it, or take the entry out"
        )
    return found.origin


def _package_folders(init: str) -> list[str]:
    """A package's folder, and the `.libs` folder wheels put their shared libraries in; or its only file."""
    if os.path.basename(init) != "__init__.py":
        return [os.path.realpath(init)]
    folder = os.path.dirname(os.path.realpath(init))
    return [path for path in (folder, folder + ".libs") if os.path.isdir(path)]


def _shared_libraries(library: str) -> list[str]:
    """What holds the shared libraries of this process: whole system folders, single files elsewhere."""
    found = dict.fromkeys(path for path in LOADER_FILES if os.path.exists(path))
    for path in _mapped_files():
        folder = os.path.dirname(path)
        if _beneath(path, library) or any(f"/{name}/" in path for name in PACKAGE_FOLDERS):
            continue
        if any(_beneath(folder, place) for place in SYSTEM_LIBRARIES):
            found[folder] = None
        else:
            # The loader looks for the name it was linked with, often a symbolic link to this file.
            found.update((e.path, None) for e in os.scandir(folder) if os.path.realpath(e.path) == path)
    for folder in SYSTEM_LIBRARIES:
        if folder.endswith("64") and os.path.isdir(folder) and not os.path.islink(folder):
            found[folder] = None  # holds the dynamic loader
    return list(found)


def _mapped_files() -> list[str]:
    fields = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    paths = {field[5] for field in fields if len(field) > 5 and ".so" in os.path.basename(field[5])}
    return sorted(path for path in paths if os.path.isfile(path))


def _beneath(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def bwrap_command(more: tuple[str, ...] = ()) -> list[str]:
    """bubblewrap with an empty root, Python's files in it, and every namespace of its own.

    Raises:
        FileNotFoundError: bubblewrap is not there.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bwrap is not installed")
    command = [program, "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        # Without a user namespace, in which the worker would own root's files; it changes its user later.
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    for link in filter(os.path.islink, SYSTEM_LIBRARIES):
        command += ["--symlink", os.readlink(link), link]
    return [*command, *_mounts(more), "--chdir", "/", "--remount-ro", "/", "--"]


def _mounts(more: tuple[str, ...]) -> list[str]:
    found = places(more)
    shown = [found.python, found.library, *found.packages, *found.shared]
    masked = [path for path in found.packages if any(_beneath(path, folder) for folder in found.hidden)]
    mounts = ["--perms", "0755", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"]
    for path in shown:
        if path not in masked:
            mounts += [*_parents(path), "--ro-bind", path, path]
    for folder in found.hidden:
        mounts += ["--perms", "0755", "--tmpfs", folder]
    for path in masked:
        mounts += ["--ro-bind", path, path]
    for folder in found.hidden:
        mounts += ["--remount-ro", folder]
    return mounts


def _parents(path: str) -> list[str]:
    """Arguments that make the folders above a mount, so that any user may pass through them."""
    above = [str(parent) for parent in reversed(Path(path).parents)][1:]
    return [word for folder in above for word in ("--perms", "0755", "--dir", folder)]


def python_command() -> list[str]:
    return [places().python, "-s", "-S", "-P", "-B", "-X", "utf8"]


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**ENVIRONMENT, **kept}


def start(
    layers: tuple[str, ...], settings: dict[str, Any], more: tuple[str, ...] = ()
) -> tuple[subprocess.Popen[bytes], socket.socket, IO[bytes]]:
    """A zygote's process, the socket to control it, and the file its complaints go to."""
    before = bwrap_command(more) if "bwrap" in layers else []
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own fixed command
                [*before, *python_command(), "-c", BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=(theirs.fileno(),),
                env=environment(),
                cwd="/",
            )
    except OSError:
        ours.close()
        complaints.close()
        raise
    found = places(more)
    sources = [(name, (HERE / f"{name}.py").read_text("utf-8")) for name in SOURCES.split()]
    sent = {
        "sources": sources,
        "sites": found.sites,
        "readable": found.readable,
        "layers": layers,
        "load": more,
    }
    with suppress(OSError):  # if it is gone already, reading its first answer shows it
        ours.send(json.dumps({**sent, **settings}).encode())
    return process, ours, complaints
