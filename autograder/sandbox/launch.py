"""Starts the zygote: which folders it may see, which command runs it, what it is told.

Only Python's own library, NumPy, msgpack and the shared libraries they load are shown to it, each by
itself: a virtual environment often lies inside the course's folder, beside all that must stay hidden.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import msgpack
import numpy as np

HERE = Path(__file__).parent
SOURCES = ("harden", "wire", "worker", "zygote")  # in the order in which they import each other
SYSTEM_LIBRARIES = (
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
)
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
told = json.loads(control.recv(1 << 20))
sys.path += told["sites"]
for name in ("autograder", "autograder.sandbox"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
for name, source in told.pop("sources"):
    module = sys.modules["autograder.sandbox." + name] = types.ModuleType("autograder.sandbox." + name)
    setattr(sys.modules["autograder.sandbox"], name, module)
    exec(compile(source, "<sandbox " + name + ">", "exec"), module.__dict__)
sys.modules["autograder.sandbox.zygote"].main(control, told)
"""


@dataclass(frozen=True)
class Places:
    """Where Python and what it needs lie on this machine."""

    python: str
    sites: tuple[str, ...]  # folders from which NumPy and msgpack are imported
    library: str  # the standard library
    readable: tuple[str, ...]  # all that a worker may read


@cache
def places() -> Places:
    python = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    library = os.path.realpath(sysconfig.get_path("stdlib"))
    packages = [folder for module in (np, msgpack) for folder in _package_folders(module.__file__ or "")]
    folders = [entry.path for entry in os.scandir(library) if entry.name not in PACKAGE_FOLDERS]
    sites = dict.fromkeys(os.path.dirname(folder) for folder in packages)
    covered = (*folders, *packages)
    readable = [*sorted(folders), *packages, *_shared_libraries(covered)]
    return Places(python, tuple(sites), library, tuple(dict.fromkeys(readable)))


def _package_folders(init: str) -> list[str]:
    """A package's folder, and the `.libs` folder wheels put their shared libraries in."""
    folder = os.path.dirname(os.path.realpath(init))
    return [path for path in (folder, folder + ".libs") if os.path.isdir(path)]


def _shared_libraries(covered: Iterable[str]) -> list[str]:
    """What holds the shared libraries of this process: whole system folders, single files elsewhere."""
    found: dict[str, None] = dict.fromkeys(path for path in LOADER_FILES if os.path.exists(path))
    for path in _mapped_files():
        folder = os.path.dirname(path)
        if any(_beneath(path, place) for place in covered):
            continue
        if any(_beneath(folder, place) for place in SYSTEM_LIBRARIES):
            found[folder] = None
        elif os.path.isdir(folder):
            # The loader looks for the name it was linked with, often a symbolic link to this file.
            found.update((e.path, None) for e in os.scandir(folder) if os.path.realpath(e.path) == path)
    return list(found)


def _mapped_files() -> list[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {
        line.split(maxsplit=5)[5] for line in lines if line.count("/") and len(line.split(maxsplit=5)) > 5
    }
    return sorted(path for path in paths if ".so" in os.path.basename(path) and os.path.isfile(path))


def _beneath(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def bwrap_command() -> list[str]:
    """bubblewrap with an empty root, Python's files in it, and every namespace of its own."""
    found, root = places(), os.geteuid() == 0
    shown = [found.python, *found.readable]
    command = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    ]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if root:
        # Without a user namespace, else the worker would be root to the machine's files.
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    for link in SYSTEM_LIBRARIES:
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        elif link.endswith("64") and os.path.isdir(link) and link not in shown:
            shown.append(link)  # holds the dynamic loader
    shown = [path for path in shown if not any(path != other and _beneath(path, other) for other in shown)]
    for folder in _ancestors(shown):
        command += ["--perms", "0755", "--dir", folder]
    for path in shown:
        command += ["--ro-bind", path, path]
    command += ["--perms", "0755", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"]
    return [*command, "--chdir", "/", "--remount-ro", "/", "--"]


def _ancestors(paths: Iterable[str]) -> list[str]:
    links = {link for link in SYSTEM_LIBRARIES if os.path.islink(link)}
    parents = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(parent for parent in parents - links - {"/"})


def python_command() -> list[str]:
    return [places().python, "-s", "-S", "-P", "-B", "-X", "utf8"]


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**ENVIRONMENT, **kept}


def start(
    layers: tuple[str, ...], settings: dict[str, Any]
) -> tuple[subprocess.Popen[bytes], socket.socket, IO[bytes]]:
    """A zygote's process, the socket to control it, and the file its complaints go to."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    complaints = tempfile.TemporaryFile()
    number = theirs.fileno()
    command = [*(bwrap_command() if "bwrap" in layers else []), *python_command(), "-c", BOOT, str(number)]
    with theirs:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            pass_fds=(number,),
            env=environment(),
            cwd="/",
        )
    found = places()
    sources = [(name, (HERE / f"{name}.py").read_text("utf-8")) for name in SOURCES]
    told = {
        "sources": sources,
        "sites": found.sites,
        "readable": found.readable,
        "layers": layers,
        **settings,
    }
    ours.send(json.dumps(told).encode())
    return process, ours, complaints
