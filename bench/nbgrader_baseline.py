"""The same checks as ordinary hidden tests: `nbgrader autograde` and `otter run` against `autograder grade`.

    python -m bench.nbgrader_baseline [--rounds 2] [--theirs 3] [--ours 40] [--otter FOLDER/bin/otter]

The five notebooks become plain nbgrader notebooks: one cell that imports, and a test cell for each grade cell
whose hidden test runs that cell's cases in the kernel, on the same inputs, against the student's package
imported there. Nothing else is run: no training, no plots. Both grade right hand-ins, each with trained nets
of its own, in turns and start-up included; nbgrader works one submission at a time, ours on all cores.

Otter grades the same cells, in one notebook, as tests of its own form; `otter run`, without a container and
one submission at a time. It needs an environment of its own, this project with `otter-grader==7.0.0` added.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from bench import hand_ins
from bench.cost import Cost, cost
from samples import make_class

ROOT = Path(__file__).parents[1]
GRADERS = ROOT / "autograder/graders"
COURSE = "plain"  # the baseline's one assignment, of all notebooks
START = "from bench.in_kernel import run\nimport cs_lib.layers"
IMPORTS = {"cell_type": "code", "id": "start", "metadata": {}, "source": START}
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def tests_of(module: str) -> Iterator[tuple[str, str]]:
    """(grade id, test function) of a grader module, from the marks of its cases."""
    for name, test in vars(import_module(module)).items():
        for mark in getattr(test, "pytestmark", []) if name.startswith("test_") else []:
            if mark.name == "parametrize" and mark.args[0] == "case":
                yield from {(own.args[0], name) for row in mark.args[1] for own in row.marks}


def notebook(assignment: Assignment, stem: str) -> dict:
    modules = [
        f"autograder.graders.{assignment.name}.{path.stem}"
        for path in sorted((GRADERS / assignment.name).glob("test_*.py"))
    ]
    where: dict[str, list[tuple[str, str]]] = {}
    for module in modules:
        for grade_id, test in tests_of(module):
            where.setdefault(grade_id, []).append((module, test))
    cells = [IMPORTS]
    for cell in assignment.grade_cells:
        if cell.notebook == stem and cell.grade_id in where:
            calls = "\n".join(f"run({m!r}, {t!r}, {cell.grade_id!r})" for m, t in where[cell.grade_id])
            hidden = f"### BEGIN HIDDEN TESTS\n{calls}\n### END HIDDEN TESTS"
            mark = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
            mark |= {"grade_id": cell.grade_id, "points": cell.points, "cell_type": "code"}
            plain_id = cell.grade_id.replace("_", "-")
            cells.append(
                {"cell_type": "code", "id": plain_id, "metadata": {"nbgrader": mark}, "source": hidden}
            )
    return of_cells(cells)


def of_cells(cells: list[dict]) -> dict:
    unrun = {"execution_count": None, "outputs": []}
    whole = [cell | unrun for cell in cells]
    return {"cells": whole, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}


def own_nets(number: int) -> dict[str, bytes]:
    stored = (ROOT / "samples/results").glob("*.npz")
    return make_class.with_own_nets({f"results/{net.name}": net.read_bytes() for net in stored}, number)


def make_plain_course(folder: Path) -> None:
    source = folder / "source" / COURSE
    source.mkdir(parents=True)
    for name in course.names():
        assignment = course.load(name)
        for stem in (n.name for n in assignment.notebooks):
            (source / f"{stem}.ipynb").write_text(json.dumps(notebook(assignment, stem)))
    nbgrader(folder, "generate_assignment", COURSE, "--create")


def nbgrader(folder: Path, *arguments: str) -> Cost:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = cost(command, folder, {**ENVIRONMENT, "PATH": path})
    if done.code:
        raise SystemExit(done.err)
    return done


def theirs(folder: Path, count: int) -> tuple[float, float]:
    """Wall-clock and processor seconds for each submission, by `nbgrader autograde`."""
    shutil.rmtree(folder / "submitted", ignore_errors=True)
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    for number in range(count):
        place = folder / f"submitted/s{number}/{COURSE}"
        shutil.copytree(folder / "release" / COURSE, place)
        (place / "results").mkdir(exist_ok=True)
        for name, net in own_nets(number).items():
            (place / name).write_bytes(net)
        shutil.copytree(ROOT / "cs_lib", place / "cs_lib", ignore=shutil.ignore_patterns("__pycache__"))
    done = nbgrader(folder, "autograde", COURSE, "--force")
    return done.wall / count, done.processor / count


def ours(folder: Path, count: int, seed: int) -> tuple[float, float]:
    """The same of both assignments, by `autograder grade`."""
    wall = processor = 0.0
    for name in course.names():
        out = folder / f"ours-{seed}" / name
        hand_ins.write(folder / f"ours-{seed}/submitted", count, name, ("s001",))
        grade = ["grade", name, str(folder / f"ours-{seed}/submitted"), "--out", str(out), "--json"]
        done = cost([sys.executable, "-m", "autograder", *grade], ROOT, ENVIRONMENT)
        wall, processor = wall + done.wall, processor + done.processor
        if done.code > 1:  # 1: answers that a person has to read
            raise SystemExit(done.err)
    return wall / count, processor / count


def otter_test(name: str, cell: dict) -> dict:
    runs = [line for line in cell["source"].splitlines() if line.startswith("run(")]
    case = {"code": "".join(f">>> {line}\n" for line in runs), "hidden": False, "locked": False}
    return {"name": name, "suites": [{"cases": [case], "type": "doctest"}]}


def make_otter_course(folder: Path) -> None:
    """`autograder.zip`, a test file a grade cell, and `plain.ipynb`, which imports the student's package."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "autograder.zip", "w") as made:
        made.writestr("otter_config.json", json.dumps({"show_hidden": True}))
        for name in course.names():
            assignment = course.load(name)
            points = {cell.grade_id: cell.points for cell in assignment.grade_cells}
            for own in assignment.notebooks:
                for cell in notebook(assignment, own.name)["cells"][1:]:
                    test = otter_test(f"{own.name}-{cell['id']}", cell)
                    test["points"] = points[cell["metadata"]["nbgrader"]["grade_id"]]
                    made.writestr(f"tests/{test['name']}.py", f"OK_FORMAT = True\ntest = {test!r}\n")
    (folder / "plain.ipynb").write_text(json.dumps(of_cells([IMPORTS])))


def otters(otter: Path, folder: Path, count: int) -> tuple[float, float]:
    """The same by `otter run`."""
    wall = processor = 0.0
    for number in range(count):
        with zipfile.ZipFile(folder / "submission.zip", "w") as made:
            made.write(folder / "plain.ipynb", "plain.ipynb")
            for path in (ROOT / "cs_lib").rglob("*.py"):
                made.write(path, path.relative_to(ROOT))
            for name, net in own_nets(number).items():
                made.writestr(name, net)
        run = [str(otter), "run", "submission.zip", "-a", "autograder.zip", "--no-logo"]
        done = cost(run, folder, ENVIRONMENT)
        wall, processor = wall + done.wall, processor + done.processor
        if done.code:
            raise SystemExit(done.err)
    return wall / count, processor / count


def otter_score(folder: Path) -> tuple[float, float]:
    """What Otter gave the last hand-in, and out of how much."""
    tests = json.loads((folder / "results.json").read_text())["tests"]
    points = [test for test in tests if "max_score" in test]
    return sum(test["score"] for test in points), sum(test["max_score"] for test in points)


def scores(folder: Path) -> tuple[float, float]:
    """What nbgrader gave the first student, and out of how much: the checks did run."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        graded = book.find_submission(COURSE, "s0")
        return graded.score, graded.max_score


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--theirs", type=int, default=3, help="submissions a round for nbgrader")
    parser.add_argument("--ours", type=int, default=40, help="submissions a round for us")
    parser.add_argument("--otter", type=Path, help="the `otter` of the environment that has it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        make_plain_course(folder)
        make_otter_course(folder / "otter")
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        print(
            "| round | grader | wall s each | processor s each | times ours, wall | times ours, processor |"
        )
        print("|---|---|---|---|---|---|")
        for number in range(1, options.rounds + 1):
            took = {"nbgrader autograde": theirs(folder, options.theirs)}
            if options.otter:
                took["otter run"] = otters(options.otter.absolute(), folder / "otter", options.theirs)
            quick = took["autograder grade"] = ours(folder, options.ours, number)
            for name, (wall, processor) in took.items():
                ratios = f"{wall / quick[0]:.1f} | {processor / quick[1]:.1f}"
                print(f"| {number} | {name} | {wall:.2f} | {processor:.2f} | {ratios} |", flush=True)
        print("\nnbgrader gave {:g} of {:g} points".format(*scores(folder)))
        if options.otter:
            print("Otter gave {:g} of {:g} points".format(*otter_score(folder / "otter")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
