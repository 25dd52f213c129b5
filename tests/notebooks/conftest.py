"""Each solved notebook runs once a session, two at a time, in a copy of its folder."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.font_manager  # noqa: F401  builds the font cache, whose notice on stderr is not a notebook's
import nbformat
import pytest

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
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


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
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Run]]:
    wanted = {item.callspec.params["path"] for item in request.session.items if "runs" in _fixtures(item)}
    pool = ThreadPoolExecutor(max_workers=2)
    futures = {path: pool.submit(_execute, path, tmp_path_factory.mktemp(path.stem)) for path in wanted}
    yield lambda path: futures[path].result()
    pool.shutdown(cancel_futures=True)


def _fixtures(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


def _execute(path: Path, folder: Path) -> Run:
    """Run a notebook on the embedded subset, as Jupyter would; errors stay in the outputs."""
    shutil.copytree(path.parent, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("results"))
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
    return Run(nbformat.read(folder / path.name, as_version=4).cells, folder, FIGURES[path.stem])
