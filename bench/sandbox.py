"""Measure what the sandbox costs: starts, calls of three sizes, and a whole submission, against plain calls.

    python -m bench.sandbox [--rounds 30]

Everything is measured in one process, in turns, so that a busy machine slows all alike. Each cell is
"fastest / median" in milliseconds.
"""

import argparse
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from autograder.sandbox.client import Sandbox
from autograder.sandbox.level import Level, probe
from autograder.sandbox.limits import Limits
from autograder.sandbox.sandboxed_student import SandboxedStudent

ROOT = Path(__file__).parents[1]
SIZES = {"1 KB": 128, "1 MB": 1 << 17, "20 MB": 20 << 17}  # numbers of 8 bytes, sent there and back
CASES = 60
ECHO = {"cs_lib/echo.py": b"def same(x):\n    return x\n"}
LIBRARY = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "cs_lib").rglob("*.py")}
Runs = dict[str, Callable[[], Any]]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    best = probe()
    levels = {level.name: level for level in (best, best.without("bwrap"), Level(accepted=True))}
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n")
    print(f"| ms, fastest / median | plain | {' | '.join(levels)} |")
    print("|---" * (len(levels) + 2) + "|")
    with ExitStack() as stack:
        sandboxes = {name: stack.enter_context(Sandbox(Limits(), level)) for name, level in levels.items()}
        rows: dict[str, tuple[Runs, int]] = {
            "start of Python with NumPy / of a zygote": (starts(levels), max(rounds // 6, 3)),
            "fork and harden a worker, and end it": ({n: fork(s) for n, s in sandboxes.items()}, rounds * 3),
        }
        for size, count in SIZES.items():
            students = {name: stack.enter_context(opened(box, ECHO)) for name, box in sandboxes.items()}
            rows[f"a call, {size} there and back"] = (
                calls(students, count),
                rounds * (10 if count < 1000 else 1),
            )
        rows[f"a submission of {CASES} cases"] = (submissions(sandboxes), rounds)
        for title, (runs, times) in rows.items():
            print(row(title, ["plain", *levels], measure(runs, times)), flush=True)
    return 0


def measure(runs: Runs, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each run in each round; the first round, which warms up, is not counted."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if number:
                found[name].append(1e3 * (time.perf_counter() - started))
    return found


def row(title: str, columns: list[str], ms: dict[str, list[float]]) -> str:
    cells = [f"{min(ms[name]):.2f} / {median(ms[name]):.2f}" if name in ms else "-" for name in columns]
    return f"| {title} | {' | '.join(cells)} |"


def starts(levels: dict[str, Level]) -> Runs:
    def start(level: Level) -> None:
        with Sandbox(Limits(), level):
            pass

    plain = [sys.executable, "-c", "import numpy"]
    runs: Runs = {"plain": lambda: subprocess.run(plain, check=True)}
    return runs | {name: lambda level=level: start(level) for name, level in levels.items()}


def fork(sandbox: Sandbox) -> Callable[[], Any]:
    def run() -> None:
        pid, channel = sandbox.fork()
        channel.receive(sandbox.clock.until(10), 1 << 20)  # its word that it is hardened
        channel.close()
        sandbox.reap(pid, 0)

    return run


def opened(sandbox: Sandbox, files: dict[str, bytes]) -> SandboxedStudent:
    return sandbox.submission(files)


def calls(students: dict[str, SandboxedStudent], count: int) -> Runs:
    array = np.random.default_rng(0).normal(size=count)
    for student in students.values():
        student.begin_case(seed=0)
    runs: Runs = {"plain": lambda: array}
    return runs | {name: lambda s=student: s.call("echo.same", array) for name, student in students.items()}


def submissions(sandboxes: dict[str, Sandbox]) -> Runs:
    """The same checks made of the library plainly and of a submission: import, then case after case."""
    runs: Runs = {"plain": plain_submission}
    return runs | {name: lambda box=box: sandboxed_submission(box) for name, box in sandboxes.items()}


def data(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(10, 6)), rng.normal(size=(6, 5)), rng.normal(size=5), rng.normal(size=(10, 5))


def plain_submission() -> None:
    for name in [name for name in sys.modules if name.startswith("cs_lib")]:
        del sys.modules[name]  # a submission's modules are compiled and run anew
    importlib.invalidate_caches()
    layers = importlib.import_module("cs_lib.layers")
    nets = importlib.import_module("cs_lib.classifiers.fc_net")
    for seed in range(CASES // 2):
        x, w, b, dout = data(seed)
        _, cache = layers.affine_forward(x, w, b)
        layers.affine_backward(dout, cache)
    for seed in range(CASES // 2):
        x = data(seed)[0]
        net = nets.TwoLayerNet(input_dim=6, hidden_dim=5, num_classes=3)
        net.params["W1"] = np.ones((6, 5))
        net.loss(x, np.zeros(10, dtype=int))


def sandboxed_submission(sandbox: Sandbox) -> None:
    with sandbox.submission(LIBRARY) as student:
        for seed in range(CASES // 2):
            student.begin_case(seed)
            x, w, b, dout = data(seed)
            _, cache = student.call("layers.affine_forward", x, w, b, keep=1)
            student.call("layers.affine_backward", dout, cache)
        for seed in range(CASES // 2):
            student.begin_case(seed)
            x = data(seed)[0]
            net = student.new("classifiers.fc_net.TwoLayerNet", input_dim=6, hidden_dim=5, num_classes=3)
            student.set(net, "params", "W1", value=np.ones((6, 5)))
            student.method(net, "loss", x, np.zeros(10, dtype=int))


if __name__ == "__main__":
    sys.exit(main())
