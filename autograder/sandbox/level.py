"""How well this machine can isolate student code, found out by trying."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from autograder.sandbox import harden, launch
from autograder.sandbox import seccomp as policy
from autograder.sandbox.faults import SandboxError

NAMED = ("bwrap", "landlock", "seccomp")  # the layers a level is named after
PROBE_SECONDS = 60.0
PROBES = 3  # of one layer, where a trial was kept from saying yes or no
FORBIDDEN = (signal.SIGSYS, signal.SIGILL)  # how a filter of the machine's own says no
NO_ROOM = (
    "MemoryError",
    *map(os.strerror, (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EIO)),
)
SETTINGS = Path("/proc/sys")
USERNS_SWITCHES = {  # setting, the value that forbids, what to do
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "Ubuntu's AppArmor forbids user namespaces: allow them for bubblewrap by installing the package "
        "apparmor-profiles and copying /usr/share/apparmor/extra-profiles/bwrap-userns-restrict to "
        "/etc/apparmor.d, or for all with `sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
    ),
    "kernel/unprivileged_userns_clone": ("0", "allow them with `sysctl kernel.unprivileged_userns_clone=1`"),
    "user/max_user_namespaces": ("0", "allow them with `sysctl user.max_user_namespaces=10000`"),
}
IN_CONTAINER = (
    "in a container this is usual and the next level is used; started with `--security-opt "
    "seccomp=unconfined --cap-add SYS_ADMIN`, Docker allows bubblewrap as well"
)


@dataclass(frozen=True)
class Level:
    """A set of layers: bwrap, landlock, seccomp, rlimits, uid, dumpable. `probe` gives the best at hand."""

    layers: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()  # what would give more, for whoever runs the machine
    accepted: bool = False  # used even if it is not safe

    @property
    def name(self) -> str:
        return "+".join(layer for layer in NAMED if layer in self.layers) or "none"

    @property
    def safe(self) -> bool:
        """Files are out of reach (bwrap or Landlock), and so are processes and the network (seccomp)."""
        return "seccomp" in self.layers and ("bwrap" in self.layers or "landlock" in self.layers)

    def without(self, *layers: str) -> "Level":
        """This level with some layers left out, accepted whatever that leaves. For tests."""
        return replace(self, layers=tuple(x for x in self.layers if x not in layers), accepted=True)


def unsafe() -> Level:
    """No isolation at all; what `--unsafe-no-sandbox` asks for."""
    return Level(accepted=True)


def by_name(name: str) -> Level:
    """A level that was asked for by name.

    Raises:
        ValueError: this machine does not offer it, or it would isolate nothing.
    """
    best = probe()
    wanted = name.split("+")
    level = replace(best, layers=tuple(x for x in best.layers if x not in NAMED or x in wanted))
    if level.name != name or not level.safe:
        offered = best.name if best.safe else "no isolation"
        raise ValueError(f"isolation level {name!r} is not to be had here; this machine offers {offered}")
    return level


@cache
def probe() -> Level:
    """The best level this machine offers.

    Raises:
        SandboxError: that could not be found out. A weaker level is for a machine that has no better.
    """
    trouble = {"bwrap": bwrap_trouble(), "landlock": landlock_trouble(), "seccomp": seccomp_trouble()}
    layers = [name for name in NAMED if not trouble[name]]
    advice = tuple(text for text in trouble.values() if text)
    layers += ["rlimits", "dumpable", *(["uid"] if _may_change_user() else [])]
    level = Level(tuple(layers), advice)
    return level if level.safe else Level((), advice)


def _tried(what: str, command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """A command that shows what can be done here, run again where it was kept from saying.

    Raises:
        PermissionError, FileNotFoundError: it says no.
        SandboxError: it came to no end by itself.
    """
    why = ""
    for _ in range(PROBES):
        try:
            done = subprocess.run(  # noqa: S603 - our own fixed commands
                command, capture_output=True, text=True, timeout=PROBE_SECONDS, cwd="/", **more
            )
        except (PermissionError, FileNotFoundError):
            raise
        except (OSError, subprocess.SubprocessError) as error:
            why = str(error)
            continue
        why = _kept_from_saying(done)
        if not why:
            return done
    raise SandboxError(
        f"{what} could not be tried, so nobody knows what isolation this machine offers ({why}, {PROBES} "
        "times); run the same command again"
    )


def _kept_from_saying(done: subprocess.CompletedProcess[str]) -> str:
    """What ended a trial before it could say anything; empty if it did. bubblewrap gives the signal that
    ended what it runs as 128 and its number."""
    code = -done.returncode if done.returncode < 0 else done.returncode - 128
    if 0 < code < signal.NSIG and code not in FORBIDDEN:
        names = {int(known): known.name for known in signal.Signals}
        return f"ended by {names.get(code, f'signal {code}')}"
    if done.returncode:
        return next((words for words in NO_ROOM if words in done.stderr), "")
    return ""


def _may_change_user() -> bool:
    """Whether this is root with the right to become another user; in some containers it is not."""
    if os.geteuid() != 0:
        return False
    nobody = {"user": launch.NOBODY, "group": launch.NOBODY, "extra_groups": []}
    try:
        return _tried("another user", ["/bin/sh", "-c", "exit 0"], **nobody).returncode == 0
    except PermissionError:
        return False
    except FileNotFoundError as error:
        raise SandboxError(f"another user could not be tried: {error}; put that right") from None


def bwrap_trouble() -> str:
    """Why bubblewrap does not work here and what to do; empty if it works."""
    try:
        command = [*launch.bwrap_command(), *launch.python_command(), "-c", "print(42)"]
        done = _tried("bubblewrap", command, env=launch.environment())
    except FileNotFoundError:
        return "bubblewrap is not there: install the package bubblewrap"
    except PermissionError as error:
        return f"bubblewrap does not run: {error}"
    if done.stdout == "42\n":
        return ""
    return f"bubblewrap does not run: {done.stderr.strip() or 'no output'}; {_userns_advice()}"


def _userns_advice() -> str:
    if os.geteuid() == 0:
        return IN_CONTAINER
    for setting, (forbids, text) in USERNS_SWITCHES.items():
        place = SETTINGS / setting
        if place.exists() and place.read_text().strip() == forbids:
            return text
    return IN_CONTAINER


def landlock_trouble() -> str:
    """Why Landlock does not work here and what to do; empty if it works."""
    if not sys.platform.startswith("linux"):
        return "Landlock is a part of Linux"
    if harden.landlock_abi():
        return ""
    if ctypes.get_errno() == errno.EOPNOTSUPP:
        return "Landlock is switched off: add `landlock` to the list after lsm= on the kernel's command line"
    return "this kernel has no Landlock: Linux 5.13 or later is needed, built with it"


def seccomp_trouble() -> str:
    """Why seccomp cannot be used here and what to do; empty if it works."""
    try:
        policy.program()
    except policy.PolicyError as error:
        return str(error)
    return ""
