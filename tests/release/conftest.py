"""A small course in a temporary folder, with all a release needs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]

LAYERS = '''\
"""Layers."""

import numpy as np

from . import extra, helpers

SLOPE = 0.01


def scale_forward(x, s):
    """Multiply by s."""
    # TODO: Multiply x by s,
    # and keep what backward needs.
    # BEGIN SOLUTION
    scaled_rows = x.reshape(x.shape[0], -1) * s
    cache = (x, s)
    # END SOLUTION
    return scaled_rows, cache


def shift_forward(x, b):
    """Add b. Given in the demo."""
    # TODO: Add b to every row.
    # BEGIN SOLUTION
    out = helpers.plus(x, b)
    # END SOLUTION
    return out, None


# Taught later.
@helpers.traced
def leaky_forward(x):
    """Leak."""
    # TODO: Let a little through.
    # BEGIN SOLUTION
    out = np.where(x > 0, x, _leak(x))
    # END SOLUTION
    return extra.checked(out), None


def _leak(x):
    return SLOPE * x


class Net:
    """A net of one layer."""

    def __init__(self):
        # TODO: Make the weight.
        # BEGIN SOLUTION
        self.weight_of_the_layer = np.ones(3) * 2.5
        # END SOLUTION

    def loss(self, x):
        """Half the sum of squares."""
        scores = x
        # TODO: Compute the loss.
        # BEGIN SOLUTION
        scores = x @ self.weight_of_the_layer
        # END SOLUTION
        return 0.5 * np.sum(scores**2)

    def later(self):
        return extra.checked(1)
'''

HELPERS = '''\
"""Helpers."""


def plus(x, b):
    return x + b


def traced(function):
    return function
'''

EXTRA = '''\
"""Left out in the demo."""


def checked(x):
    return x
'''

COURSE = """\
title = "A course"
package = "demo_lib"
assignments = ["demo"]
data = ["datasets/README.md", "datasets/*.py", "datasets/sums.json", "datasets/subset/*"]
[notebooks]
environment = { CS_DATASETS = "./datasets", CS_CIFAR10 = "subset" }
"""
SETTINGS = """\
title = "A demo"
# What it asks for.
notebooks = ["Intro"]
results = ["results/net.npz"]
todo = ["demo_lib.layers.scale_forward", "demo_lib.layers.Net"]
leave_out = ["demo_lib.layers.leaky_*", "demo_lib.extra", "demo_lib.layers.Net.later"]
"""

ANSWER = "The slope of the function vanishes far away from zero, so no gradient comes back."


def markdown(id: str, source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": metadata, "source": source}


def code(id: str, source: str, **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": id, "metadata": metadata, "source": source}
    return {**cell, "outputs": [], "execution_count": None}


def mark(
    grade_id: str,
    cell_type: str = "code",
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    """nbgrader metadata of a cell."""
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    made: dict[str, Any] = {"grade_id": grade_id, "cell_type": cell_type, "schema_version": 3, **flags}
    return made if points is None else {**made, "points": points}


def notebook() -> dict[str, Any]:
    """A solved notebook, as Jupyter leaves it after a run."""
    cells = [
        markdown("title", "# Intro"),
        code("setup", "%matplotlib inline\nfrom demo_lib import layers"),
        code("check", "print(layers.scale_forward)", nbgrader=mark("scale_forward", grade=True, points=2)),
        code(
            "search",
            "best = None\n# BEGIN SOLUTION\nbest = max(1e-3, 5e-3, 2e-2) * 17\n# END SOLUTION\nprint(best)",
            nbgrader=mark("search", solution=True),
        ),
        markdown(
            "answer", ANSWER, nbgrader=mark("inline_Intro_1", "markdown", grade=True, solution=True, points=1)
        ),
    ]
    cells[2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "ran"}]
    cells[2]["execution_count"] = 3
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


class Course:
    """The folder of a small course; every part can be changed before it is built."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = root / "source" / "demo"
        self.release = root / "release" / "demo"
        self.notebook = notebook()
        for path, text in {
            "course.toml": COURSE,
            "source/demo/assignment.toml": SETTINGS,
            "source/demo/README.md": "# Read me\n",
            "source/demo/requirements.txt": "numpy>=2,<3\n",
            "demo_lib/__init__.py": '"""A library."""\n',
            "demo_lib/layers.py": LAYERS,
            "demo_lib/helpers.py": HELPERS,
            "demo_lib/extra.py": EXTRA,
            "datasets/README.md": "# Data\n",
            "datasets/get_datasets.py": "print('get')\n",
            "datasets/download.py": "",
            "datasets/make_subset.py": "raise SystemExit\n",
            "datasets/sums.json": "{}",
            "datasets/subset/train.webp": "pixels",
            "datasets/full/data_batch_1.bin": "many pixels",
        }.items():
            self.write(path, text)
        shutil.copy(PROJECT / "nbgrader_config.py", root)
        self.save()

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is in {path} {text.count(old)} times"
        self.write(path, text.replace(old, new))

    def save(self, name: str = "Intro") -> None:
        """Write the notebook."""
        self.write(f"source/demo/{name}.ipynb", json.dumps(self.notebook))

    def cell(self, id: str) -> dict[str, Any]:
        return next(cell for cell in self.notebook["cells"] if cell["id"] == id)

    def released_cell(self, id: str) -> dict[str, Any]:
        cells = json.loads((self.release / "Intro.ipynb").read_text(encoding="utf-8"))["cells"]
        return next(cell for cell in cells if cell["id"] == id)

    def released(self, path: str) -> str:
        return (self.release / path).read_text(encoding="utf-8")


@pytest.fixture
def demo(tmp_path: Path) -> Course:
    return Course(tmp_path)


@pytest.fixture
def quiet() -> Callable[[str], None]:
    """Progress that nobody needs to see."""
    return lambda message: None
