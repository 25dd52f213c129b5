"""A cold `autograder grade` of one hand-in, `report`, `export` and `--help`, beside `import numpy, nbgrader`.

    python -m bench.cold [--rounds 4]

In turns; the fastest of the rounds, wall clock and processor time of all processes.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import hand_ins
from bench.cost import cost

ROOT = Path(__file__).parents[1]
NAME = "assignment2"


def commands(folder: Path, out: Path) -> dict[str, list[str]]:
    return {
        "import numpy, nbgrader": ["-c", "import numpy, nbgrader"],
        "grade": ["-m", "autograder", "grade", NAME, str(folder), "--out", str(out)],
        "report": ["-m", "autograder", "report", NAME, str(out)],
        "export": [
            *("-m", "autograder", "export", NAME, str(out)),
            *("--format", "nbgrader", "--to", str(out / "exported.csv")),
        ],
        "--help": ["-m", "autograder", "--help"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=4)
    rounds = parser.parse_args().rounds
    wall: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        hand_ins.write(Path(place, "submitted"), 1, NAME, ("s001",))
        for number in range(rounds):
            for what, words in commands(Path(place, "submitted"), Path(place, f"out{number}")).items():
                done = cost([sys.executable, *words], ROOT)
                if done.code > 1:  # 1: answers that a person has to read
                    raise SystemExit(done.err)
                wall.setdefault(what, []).append(done.wall)
                processor.setdefault(what, []).append(done.processor)
    print(f"{NAME}, load {os.getloadavg()[0]:.1f}")
    print("| | wall s | processor s | times the import, wall |\n|---|---|---|---|")
    floor = min(wall["import numpy, nbgrader"])
    for what, times in wall.items():
        print(f"| {what} | {min(times):.2f} | {min(processor[what]):.2f} | {min(times) / floor:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
