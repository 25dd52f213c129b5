"""What every attack needs: a level to attack, a victim, and a naive grader for comparison.

Each test first shows that its attack works where the layer that stops it is missing, then that it
fails at each level this machine has, and last that the next student is graded as if nothing had been.
All attacks are bounded: a few hundred MB, a few seconds, no process but those the test started.
"""

import os
import re
import secrets
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import StudentError
from autograder.sandbox.level import Level, probe
from autograder.sandbox.limits import Limits
from autograder.sandbox.sandboxed_student import SandboxedStudent
from tests.held_up import unless_held_up

HONEST = {"cs_lib/layers.py": b"def double(x):\n    return 2 * x\n"}
BEST = probe()
OFFERED = [level for level in (BEST, BEST.without("bwrap"), BEST.without("landlock")) if level.safe]
LEVELS = list({level.name: level for level in OFFERED}.values()) or [BEST]
LIMITS = Limits(call_seconds=5, memory_mb=512)


@dataclass(frozen=True)
class Seen:
    """What a grader sees of one call."""

    value: Any = None
    error: StudentError | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.error.kind}: {self.error.message}"
        return f"returned {self.value!r}"


Won = Callable[[Any], bool]


def _nothing() -> None:
    pass


class Arena:
    """Runs attacks at one level, and with layers taken away from it."""

    def __init__(self, level: Level, sandboxes: "Sandboxes", rows: "Rows", title: str) -> None:
        self.level, self.sandboxes, self.rows, self.title = level, sandboxes, rows, title

    def attack(
        self,
        code: str,
        *args: Any,
        won: Won,
        stops: tuple[str, ...] = (),
        off: tuple[str, ...] = (),
        loose: Limits = LIMITS,
        tight: Limits = LIMITS,
        reset: Callable[[], None] = _nothing,
    ) -> Seen:
        """Run `attack(*args)` of some student code with its guards off, then on.

        Args:
            won: whether a returned value (None for an error) means success for the attacker.
            stops: layers each of which stops it alone.
            off: further layers that must be off for it to work.
            loose, tight: limits without and with the guard, where a limit is the guard.
            reset: undoes what one run may have left.
        """
        bare = self.run(code, *args, level=self.level.without(*stops, *off), limits=loose)
        assert won(bare.value), f"with its guards off the attack should work, but: {bare}"
        reset()
        for layer in stops:
            if layer in self.level.layers:
                alone = self.run(code, *args, level=Level((layer,), accepted=True), limits=tight)
                assert not won(alone.value), f"{layer} alone does not stop it: {alone}"
                reset()
        seen = self.run(code, *args, limits=tight)
        assert not won(seen.value), f"the attack worked: {seen}"
        self.report(", ".join(x for x in stops if x in self.level.layers) or "a limit", seen)
        self.next_student_is_graded(tight)
        return seen

    def run(self, code: str, *args: Any, level: Level | None = None, limits: Limits = LIMITS) -> Seen:
        """One call of `attack` in some student code."""
        with self.student(code, level, limits) as student:

            def one_call() -> Seen:
                student.begin_case(seed=1)
                try:
                    return Seen(student.call("layers.attack", *args))
                except StudentError as error:
                    return Seen(error=error)

            return unless_held_up(one_call)

    def student(self, code: str, level: Level | None = None, limits: Limits = LIMITS) -> SandboxedStudent:
        files = {"cs_lib/layers.py": textwrap.dedent(code).encode()}
        return self.sandbox(level, limits).submission(files)

    def sandbox(self, level: Level | None = None, limits: Limits = LIMITS) -> Sandbox:
        return self.sandboxes.get(level or self.level, limits)

    def report(self, stopped_by: str, seen: Any) -> None:
        """What goes into the table of attacks."""
        self.rows.setdefault(self.title, {})[self.level.name] = (stopped_by, str(seen).split("\n")[0])

    def next_student_is_graded(self, limits: Limits = LIMITS) -> None:
        """In the sandbox of the attack; with as much time as a busy machine may need."""
        box = self.sandbox(limits=limits)
        patient = replace(limits, call_seconds=30, submission_seconds=300)
        with patch.object(box, "limits", patient), box.submission(HONEST) as student:
            student.begin_case(seed=1)
            assert student.call("layers.double", 21) == 42


class Sandboxes:
    """One zygote for each set of layers and limits; starting them takes most of the time."""

    def __init__(self) -> None:
        self.running: dict[tuple[tuple[str, ...], Limits], Sandbox] = {}

    def get(self, level: Level, limits: Limits) -> Sandbox:
        key = (level.layers, limits)
        if key not in self.running:
            self.running[key] = Sandbox(limits, level)
        return self.running[key]

    def close(self) -> None:
        for sandbox in self.running.values():
            sandbox.close()


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Sandboxes]:
    all_of_them = Sandboxes()
    yield all_of_them
    all_of_them.close()


# `make test` tries the best level and one fallback, `make test-all` every one.
@pytest.fixture(
    params=[*LEVELS[:2], *(pytest.param(level, marks=pytest.mark.long) for level in LEVELS[2:])],
    ids=lambda level: level.name,
)
def arena(request: pytest.FixtureRequest, sandboxes: Sandboxes) -> Arena:
    """A level to attack; each attack runs at every level of this machine and in the forced fallbacks."""
    level = request.param
    if not level.safe:
        pytest.skip(f"no isolation on this machine: {'; '.join(BEST.advice)}")
    return Arena(level, sandboxes, request.config.stash[ROWS], _title(request))


def _title(request: pytest.FixtureRequest) -> str:
    return (request.module.__doc__ or "").split("\n")[0].rstrip(".")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """A row for the table, for what is stopped before or behind the sandbox and so at every level alike."""
    title = _title(request)

    def report(stopped_by: str, seen: str) -> None:
        rows = request.config.stash[ROWS].setdefault(title, {})
        rows.update({level.name: (stopped_by, seen) for level in LEVELS})

    return report


@pytest.fixture
def secret() -> str:
    """Something only the grader knows."""
    return "answer-" + secrets.token_hex(8)


@pytest.fixture
def hidden_file(tmp_path: Path, secret: str) -> Path:
    """A file of the grader's, as an expected array, a grader or another's work would be."""
    path = tmp_path / "hidden.txt"
    path.write_text(secret)
    return path


@dataclass(frozen=True)
class Victim:
    """A process of the test's own, with the secret in its memory and environment."""

    pid: int
    address: int
    process: "subprocess.Popen[str]"

    def alive(self) -> bool:
        return self.process.poll() is None


@pytest.fixture
def victim(secret: str) -> Iterator[Victim]:
    """Another process of the same user, in a group of its own: what a grader is to its student's code."""
    code = (
        "import ctypes, os, sys; held = ctypes.create_string_buffer(os.environ['SECRET'].encode());"
        "print(ctypes.addressof(held), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SECRET": secret},
        start_new_session=True,
    )
    assert process.stdout is not None
    yield Victim(process.pid, int(process.stdout.readline()), process)
    process.communicate()


@pytest.fixture
def may_trace() -> None:
    """Skips where Yama forbids what the attack needs even between one's own processes."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if os.geteuid() and scope.exists() and scope.read_text().strip() != "0":
        pytest.skip("Yama's ptrace_scope already forbids this to ordinary users")


def naive_grader(code: str, check: str) -> str:
    """What a grader that runs student code in its own process prints; the process is one of its own."""
    program = textwrap.dedent(code) + "\n" + textwrap.dedent(check)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def naive() -> Callable[[str, str], str]:
    return naive_grader


# The table, for README.md

Rows = dict[str, dict[str, tuple[str, str]]]  # attack -> level -> stopped by, seen
ROWS = pytest.StashKey[Rows]()
BEGIN, END = "<!-- table: made by --attack-table -->\n", "<!-- end of table -->"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--attack-table", metavar="FILE", help="write the table of attacks into this file")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    option = session.config.getoption("--attack-table", default=None)
    if option:
        place = Path(option)
        before, _, rest = place.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        place.write_text(before + BEGIN + table(session.config.stash[ROWS]) + END + after, encoding="utf-8")


def table(rows: Rows) -> str:
    names = [level.name for level in LEVELS]
    lines = [f"| attack | {' | '.join(names)} | what the grader saw |", "|---" * (len(names) + 2) + "|"]
    for title, by_level in sorted(rows.items()):
        stopped = [by_level.get(name, ("not run", ""))[0] for name in names]
        saw = next((by_level[name][1] for name in names if name in by_level), "")
        lines.append("| " + " | ".join([title, *stopped, _steady(saw)]) + " |")
    return "\n".join(lines) + "\n"


def _steady(text: str) -> str:
    """`text` without what differs from run to run, or would be markup."""
    text = re.sub(r"/tmp/\S*/|/proc/\d+/|/dev/shm/attack-\w+|/(?:\w+/)+(?=autograder)", "…/", text)
    text = re.sub(r"[|<>`]", "", text)
    return text if len(text) <= 120 else text[:119] + "…"
