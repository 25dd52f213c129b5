"""Each solved notebook runs once, in a copy of its folder, whoever asks first."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import matplotlib.font_manager  # noqa: F401  builds the font cache, whose notice on stderr is not a notebook's
import nbformat
import pytest

from tests.once import once

from .kernel import COLOURS

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("source/*/*.ipynb"))
FIGURES = tomllib.loads((Path(__file__).parent / "figures.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Run:
    """An executed notebook, the folder it ran in, and what it must show."""

    cells: list[Any]
    folder: Path
    figures: dict[str, Any]

    def outputs(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        """The outputs of these kinds, each with its cell's id."""
        for cell in self.cells:
            for output in cell.get("outputs", []):
                if output["output_type"] in kinds:
                    yield cell["id"], output

    def printed(self, name: str = "stdout") -> dict[str, str]:
        """What each cell printed, by its id."""
        texts: dict[str, str] = {}
        for cell_id, output in self.outputs("stream"):
            if output["name"] == name:
                texts[cell_id] = texts.get(cell_id, "") + COLOURS.sub("", output["text"])
        return texts


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every notebook; the first is run by `make test`, all of them by `make test-all`."""
    if "path" in metafunc.fixturenames:
        runs = "run" in metafunc.fixturenames
        marks = [pytest.mark.long if runs and at else () for at in range(len(NOTEBOOKS))]
        rows = [pytest.param(p, id=p.stem, marks=m) for p, m in zip(NOTEBOOKS, marks, strict=True)]
        metafunc.parametrize("path", rows)


@pytest.fixture
def notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.fixture
def figures(path: Path) -> dict[str, Any]:
    return FIGURES[path.stem]


@pytest.fixture
def run(path: Path, runs: Callable[[Path], Run]) -> Run:
    return runs(path)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Run]:
    @cache
    def run(path: Path) -> Run:
        folder = once(tmp_path_factory, f"{path.parent.name}-{path.stem}", partial(_execute, path))
        cells = nbformat.read(folder / path.name, as_version=4).cells
        return Run(cells, folder, FIGURES[path.stem])

    return run


def _execute(path: Path, folder: Path) -> None:
    """Run a notebook on the embedded subset, as Jupyter would; errors stay in the outputs."""
    shutil.copytree(path.parent, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("results"))
    _shorten(folder / path.name, FIGURES[path.stem].get("shorter", {}))
    env = os.environ | {"PYTHONPATH": str(ROOT), "CS_CIFAR10": "subset", "OPENBLAS_NUM_THREADS": "1"}
    env.pop("MPLBACKEND", None)
    # In a process of its own: nbclient leaves sockets open, which are errors in this one.
    execute = [sys.executable, "-m", "nbconvert", "--to=notebook", "--execute", "--allow-errors", "--inplace"]
    done = subprocess.run(
        [*execute, "--ExecutePreprocessor.timeout=900", path.name],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def _shorten(path: Path, shorter: dict[str, str]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    for long, short in shorter.items():
        [cell] = [c for c in content["cells"] if long in "".join(c["source"])]
        cell["source"] = "".join(cell["source"]).replace(long, short)
    path.write_text(json.dumps(content), encoding="utf-8")
