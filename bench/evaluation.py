"""Processor time of judging the sample nets: all held-back images, and as many as the verdict needs.

    python -m bench.evaluation [--rounds 9]

One thread, the fastest of the rounds; the images have been read before.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from autograder.graders.shared import trained
from autograder.graders.shared.evaluation import LOOK
from autograder.graders.shared.heldback import heldback

SAMPLES = Path(__file__).parents[1] / "samples"


def fastest(rounds: int, run: Callable[[], object]) -> float:
    """Milliseconds of processor time, with nothing kept from before."""
    times = []
    for _ in range(rounds):
        trained.evaluate.cache_clear()
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return 1000 * min(times)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    heldback()
    print("| net | all images, ms | as many as needed, ms | images |\n|---|---|---|---|")
    for grade_id, task in trained.TASKS.items():
        results = {task.path: (SAMPLES / task.path).read_bytes()}

        def whole(task: trained.Task = task) -> float:
            return trained.evaluate(task, (SAMPLES / task.path).read_bytes()).accuracy

        def needed(grade_id: str = grade_id, results: dict[str, bytes] = results) -> None:
            for case in trained.TABLE:
                trained.judge(grade_id, results, case)

        slow, quick = fastest(rounds, whole), fastest(rounds, needed)
        looks = len(trained.evaluate(task, results[task.path]).right)
        print(f"| {grade_id} | {slow:.1f} | {quick:.1f} | {looks * LOOK} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
