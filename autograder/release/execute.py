"""Run the solved notebooks, as a student with a perfect library would."""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.files import whole
from autograder.notebook import Notebook
from autograder.release.build import Tell
from autograder.release.package import write_texts
from autograder.release.work import FAILED

CELL_SECONDS = 900  # the longest cell trains a network, on a slow machine too
TELL_EVERY_SECONDS = 15.0
FAILED_TOTAL = "NotYet"  # what a cell of checks raises at its end; the line above says more


def run_notebooks(assignment: Assignment, texts: Mapping[str, str], progress: Tell) -> dict[str, bytes]:
    """Run the solved notebooks in a fresh folder with a solved library.

    Returns: the trained models they leave, {path in the assignment: bytes}.

    Raises:
        ReleaseError: a cell raises, a visible check does not pass, or a model is not saved.
    """
    with tempfile.TemporaryDirectory(prefix=f"{assignment.name}-") as name:
        folder = Path(name)
        write_texts(texts, folder)
        for notebook in assignment.notebooks:
            started = time.monotonic()
            progress(f"{assignment.name}: running {notebook.name}")
            _run(notebook, assignment, folder, progress)
            seconds = time.monotonic() - started
            progress(f"{assignment.name}: ran {notebook.name} in {seconds:.0f} s")
        for result in assignment.results:
            if not (folder / result).is_file():
                raise ReleaseError(
                    f"source/{assignment.name}: expected the notebooks to save {result}, found none; "
                    "save it there or take it from results in assignment.toml"
                )
        return {result: whole(folder / result) for result in assignment.results}


def _run(notebook: Notebook, assignment: Assignment, folder: Path, progress: Tell) -> None:
    import nbformat  # slow to import
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    where = assignment.where(notebook.path)
    content = nbformat.read(notebook.path, as_version=4)
    at, reported = 0, time.monotonic()

    def starts(cell: Any, cell_index: int) -> None:
        nonlocal at, reported
        at = cell_index + 1
        if time.monotonic() - reported > TELL_EVERY_SECONDS:
            reported = time.monotonic()
            progress(f"{assignment.name}: running {notebook.name}: cell {at} of {len(content.cells)}")

    client = NotebookClient(
        content,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=starts,
        extra_arguments=["--log-level=40"],  # errors only: it warns of its unencrypted local sockets
    )
    try:
        # What the course sets for its solved notebooks, so that they do the same on every machine.
        client.execute(env={**os.environ, **assignment.course.variables})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        if getattr(error, "ename", "") == FAILED_TOTAL:
            _refuse_failed_checks(content, where)
        name, what = type(error).__name__, str(error)
        if isinstance(error, CellExecutionError):
            name, what = error.ename, error.evalue
        raise ReleaseError(
            f"{where} cell {at}: expected the solved notebook to run, got {name}: {what}; correct it"
        ) from error
    _refuse_failed_checks(content, where)


def _refuse_failed_checks(content: Mapping[str, Any], where: str) -> None:
    for number, cell in enumerate(content["cells"], 1):
        for output in cell.get("outputs", []):
            for line in str(output.get("text", "")).splitlines():
                if FAILED in line:
                    raise ReleaseError(
                        f"{where} cell {number}: expected every check of the solved notebook to pass, got "
                        f"{line.strip()!r}; correct the solution or the check"
                    )
