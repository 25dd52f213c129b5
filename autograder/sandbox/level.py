"""How well this machine can isolate student code, found out by trying."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache

from autograder.sandbox import launch, policy

NAMED = ("bwrap", "landlock", "seccomp")  # the layers a level is named after


@dataclass(frozen=True)
class Level:
    """A set of layers. Any subset can be made for tests; `probe` gives the best this machine has."""

    layers: tuple[str, ...] = ()  # of: bwrap, landlock, seccomp, rlimits, uid, dumpable
    advice: tuple[str, ...] = ()  # what would give more, in words for whoever runs the machine
    accepted: bool = False  # an unsafe level that was asked for explicitly

    @property
    def name(self) -> str:
        return "+".join(layer for layer in NAMED if layer in self.layers) or "none"

    @property
    def safe(self) -> bool:
        """Files are out of reach (bwrap or Landlock), and so are processes and the network (seccomp)."""
        return "seccomp" in self.layers and ("bwrap" in self.layers or "landlock" in self.layers)

    def without(self, *layers: str) -> "Level":
        """This level with some layers left out, accepted as it is. For tests."""
        return replace(self, layers=tuple(x for x in self.layers if x not in layers), accepted=True)


def unsafe() -> Level:
    """No isolation at all; what `--unsafe-no-sandbox` asks for."""
    return Level(accepted=True)


@cache
def probe() -> Level:
    """The best level this machine offers."""
    layers, advice = [], []
    for name, why_not in (
        ("bwrap", bwrap_trouble()),
        ("landlock", landlock_trouble()),
        ("seccomp", seccomp_trouble()),
    ):
        if why_not:
            advice.append(why_not)
        else:
            layers.append(name)
    if not layers:
        return Level((), tuple(advice))
    layers += ["rlimits", "dumpable", *(["uid"] if os.geteuid() == 0 else [])]
    return Level(tuple(layers), tuple(advice))


def bwrap_trouble() -> str:
    """Why bubblewrap does not work here; empty if it does."""
    command = [*launch.bwrap_command(), *launch.python_command(), "-c", "print(42)"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=30, env=launch.environment(), cwd="/"
        )
    except FileNotFoundError:
        return "bubblewrap is not installed; install the package bubblewrap"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run ({error})"
    return "" if done.stdout == "42\n" else f"bubblewrap does not run ({done.stderr.strip()})"


def landlock_trouble() -> str:
    if not sys.platform.startswith("linux"):
        return "Landlock needs Linux"
    from autograder.sandbox import harden

    return (
        ""
        if harden.landlock_abi()
        else "this kernel has no Landlock (Linux 5.13 or later, with it switched on)"
    )


def seccomp_trouble() -> str:
    try:
        policy.program()
    except policy.PolicyError as error:
        return str(error)
    return ""
