"""Runs a command as an ordinary user, for a test suite that is run by root (as in a container).

Python and the checkout often lie below root's home then, which others may not enter. A mount namespace
of the command's own shows them there all the same.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
USER = "61234"
NEEDED = (Path(sys.base_prefix), ROOT)


def command(program: list[str]) -> list[str]:
    """`program`, as an ordinary user."""
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all"]
    drop += ["--inh-caps=-all", "--", *program]
    closed = {path: top for path in NEEDED if (top := _closed_folder(path))}
    if not closed:
        return drop
    lines = ["set -e", "stash=/mnt", "mount -t tmpfs tmpfs $stash"]  # in its own namespace: nothing is left
    for number, path in enumerate(closed):
        lines += [f"mkdir $stash/{number}", f"mount --bind {shlex.quote(str(path))} $stash/{number}"]
    for top in sorted(set(closed.values())):
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(top))}")
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        lines += [f"mkdir -p {place}", f"mount --bind $stash/{number} {place}"]
    lines.append("exec " + shlex.join(drop))
    return ["unshare", "--mount", "sh", "-c", "\n".join(lines)]


def _closed_folder(path: Path) -> Path | None:
    """The topmost folder above `path` that others may not enter."""
    for folder in [*reversed(path.parents), path]:
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def trouble() -> str:
    """Why it cannot be done here; empty if it can."""
    if os.geteuid() != 0:
        return "only root can become someone else; these tests already run as an ordinary user"
    for tool in ("setpriv", "unshare"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    done = subprocess.run(command([sys.executable, "-c", "import numpy"]), capture_output=True, text=True)
    return done.stderr.strip()
