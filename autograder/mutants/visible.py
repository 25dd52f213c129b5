"""The checks that students see, run on a mutant: the check cells, as `work.py check` runs them.

Each runs in a forked process of its own that ends at the first NOT YET. Mutants are the course's own code.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.course.assignment import Assignment
from autograder.mutants.make import Mutant
from autograder.mutants.regions import Texts
from autograder.notebook import raw_cells
from autograder.release import work
from autograder.release.package import write_texts

CPU_SECONDS = 30  # of one check cell; what takes longer on a mutant than ever on the solution is noticed


class _Noticed(BaseException):
    """No `except Exception` of a cell stops it."""


class _FailureWatch(io.StringIO):
    def write(self, text: str) -> int:
        if work.FAILED in text:
            raise _Noticed
        return len(text)


class Visible:
    """The check cells of an assignment, and a folder with the solved library."""

    def __init__(self, assignment: Assignment, texts: Texts) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mutants-")
        self.folder = Path(self._folder.name)
        self.texts = texts
        self.variables = dict(assignment.course.variables)
        self.programs: dict[str, list[str]] = {}  # of each cell, the pieces of code that it needs
        write_texts(texts, self.folder)
        for notebook in assignment.notebooks:
            self.programs |= _programs(raw_cells(notebook.path))

    def notices(self, mutant: Mutant, own: Iterable[str]) -> bool | None:
        """Whether a check cell of these grade ids notices a mutant; None where there is none to run."""
        programs = [self.programs[cell] for cell in own if cell in self.programs]
        if not programs or mutant.target.path not in self.texts:
            return None
        path = self.folder / mutant.target.path
        path.write_text(mutant.text, encoding="utf-8")
        try:
            return any(self._fails(program) for program in programs)
        finally:
            path.write_text(self.texts[mutant.target.path], encoding="utf-8")

    def _fails(self, program: list[str]) -> bool:
        pid = os.fork()
        if pid == 0:
            try:
                self._become_notebook()
                names: dict[str, Any] = {"__name__": "__main__"}
                for source in program:
                    exec(compile(source, "cell", "exec"), names)  # noqa: S102 - the course's own cells
                os._exit(0)
            finally:
                os._exit(1)  # whatever it raised
        _, status = os.waitpid(pid, 0)
        return status != 0

    def _become_notebook(self) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        os.chdir(self.folder)
        os.environ.update(self.variables, MPLBACKEND="agg")
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True
        sys.stdout = sys.stderr = _FailureWatch()


def _programs(cells: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Grade id of a check cell -> what it takes to run it; none of those that need a training."""
    pieces, found = work.parts_of(cells), {}
    for number, cell in enumerate(cells):
        mark = work.marks_of(cell)
        if cell.get("cell_type") != "code" or not mark.get("grade") or mark.get("solution"):
            continue
        places = work.needed_for(number, pieces)
        trained = any(work.marks_of(cells[pieces[place][0]]).get("solution") for place in places)
        if not trained:
            found[str(mark["grade_id"])] = [str(pieces[place][1]) for place in places]
    return found
