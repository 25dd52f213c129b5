"""Our part of `nbgrader generate_assignment`.

nbgrader runs a list of preprocessors over each notebook. One of ours goes first and refuses a source that
would not strip cleanly; one goes last, adds the stripped library, and refuses a release that gives an answer
away. They are preprocessors and not hooks because nbgrader deletes the release and exits with 1 when a
preprocessor raises, but swallows what a hook raises.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.nbgraderformat import MetadataValidator, SchemaTooNewError, SchemaTooOldError, ValidationError
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.course import find
from autograder.errors import CourseError, ReleaseError
from autograder.files import text_of
from autograder.notebook import mark_of
from autograder.release import leaks, marks, names
from autograder.release import notebook_marks as notebooks
from autograder.release.importable import check_imports
from autograder.release.leaks import Search
from autograder.release.package import Skeleton, skeleton, write_texts
from autograder.release.requirements import completed
from autograder.release.student_tool import WORK, work_text

REQUIREMENTS = "requirements.txt"
STUDENT_FILES = ("README.md", REQUIREMENTS)  # beside the notebooks in source/<assignment>/
# The notebooks show them; text, so that answers can be searched for.
FIGURE = re.compile(r"figures/[\w-]+\.svg")


def release_preprocessors() -> list[type]:
    """nbgrader's own list with ours around it."""
    own: list[type] = GenerateAssignment.class_traits()["preprocessors"].default()
    return [CheckSource, *own, FinishRelease]


class _Ours(NbGraderPreprocessor):
    """Finds out which assignment nbgrader works on, and says in a line of its own why it is refused."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        converter = self.parent
        while not hasattr(converter, "coursedir"):
            converter = converter.parent
        directory, place = converter.coursedir, resources["nbgrader"]
        folder = directory.format_path(directory.release_directory, place["student"], place["assignment"])
        folder = Path(folder).resolve()
        # A zip of the release before this one must not outlive it; a hook or the build packs the new one.
        folder.with_suffix(".zip").unlink(missing_ok=True)
        try:
            self.check(
                nb, course.load(place["assignment"], find(Path(directory.root))), folder, place["notebook"]
            )
        except (ReleaseError, CourseError) as error:
            self.log.error("Refused: %s", error)  # nbgrader itself shows it below a long traceback only
            raise
        return nb, resources

    def check(self, nb: NotebookNode, assignment: Assignment, folder: Path, name: str) -> None:
        raise NotImplementedError


class CheckSource(_Ours):
    """Refuses a solved notebook that is not fit for stripping."""

    def check(self, nb: NotebookNode, assignment: Assignment, folder: Path, name: str) -> None:
        where = f"source/{assignment.name}/{name}.ipynb"
        paths = {notebook.name: notebook.path for notebook in assignment.notebooks}
        if name not in paths:
            raise ReleaseError(
                f"{where}: expected only notebooks that assignment.toml lists, got this one; "
                "list it or move it elsewhere"
            )
        notebooks.check_source(json.loads(text_of(paths[name])), where)
        for number, cell in enumerate(nb.cells, 1):
            try:
                MetadataValidator().validate_cell(cell)
            except (ValidationError, SchemaTooOldError, SchemaTooNewError) as error:
                reason = str(error).splitlines()[0]
                raise ReleaseError(
                    f"{where} cell {number}: expected metadata that nbgrader takes, got: {reason}; correct it"
                ) from error


class FinishRelease(_Ours):
    """Adds the stripped library to the release, and refuses what gives an answer away."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.finished: dict[Path, Finished] = {}  # by release folder: the library is written once a run

    def check(self, nb: NotebookNode, assignment: Assignment, folder: Path, name: str) -> None:
        if folder not in self.finished:
            self.finished[folder] = finish_files(assignment, folder)
        tag_unfinished(nb)
        check_released(nb, f"source/{assignment.name}/{name}.ipynb", assignment, self.finished[folder])


@dataclass(frozen=True)
class Finished:
    """The library as it was written, and the search for solutions, for the notebooks that come next."""

    library: dict[str, str]
    search: Search


def finish_files(assignment: Assignment, folder: Path) -> Finished:
    """Write the library students get into `folder`, and check every file there that is no notebook."""
    stripped = skeleton(assignment)
    if (folder / WORK).exists():
        raise ReleaseError(
            f"source/{assignment.name}/{WORK}: every release gets a {WORK} of the kit's; rename this file"
        )
    shutil.rmtree(folder / assignment.package, ignore_errors=True)
    tool = work_text(assignment, stripped.files)
    write_texts({**stripped.files, WORK: tool}, folder)
    check_imports(folder, stripped.files)
    _drop_by_products(assignment, folder)
    _refuse_unexpected(assignment, stripped, folder)
    asked = completed(text_of(folder / REQUIREMENTS), assignment.course.packages)
    write_texts({REQUIREMENTS: asked}, folder)
    search = Search([*stripped.solutions, *notebooks.solutions(assignment)])
    for path, text in {**stripped.files, WORK: tool}.items():
        search.refuse(text, f"{path} (skeleton)")
    for file in STUDENT_FILES:
        search.refuse(text_of(folder / file), f"source/{assignment.name}/{file}")
    for figure in sorted(folder.glob("figures/*.svg")):
        search.refuse(text_of(figure), f"source/{assignment.name}/figures/{figure.name}")
    return Finished(stripped.files, search)


def tag_unfinished(nb: NotebookNode) -> None:
    """Let *Run All* go on past work that is not finished: from the first cell that asks for work, in the
    released notebook only. Before it stands the setup, whose errors would only repeat in every cell."""
    asked = False
    for cell in nb.cells:
        marked = mark_of(cell)
        asked = asked or bool(marked.get("grade") or marked.get("solution"))
        if asked and cell.cell_type == "code":
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), leaks.GO_ON})


def check_released(nb: NotebookNode, where: str, assignment: Assignment, finished: Finished) -> None:
    """Refuse a released notebook that gives an answer away, does not parse, or asks for what is not there."""
    code = []
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type == "code":
            code.append(notebooks.as_python(cell.source))
            marks.parse(code[-1], f"{where} cell {number} (released)")
    names.refuse_missing("\n".join(code), where, assignment.package, finished.library)
    leaks.refuse_notebook(nb, where, finished.search)


def _drop_by_products(assignment: Assignment, folder: Path) -> None:
    """nbgrader copies every file beside the notebooks: our settings, and the models that a run of the solved
    notebooks left there."""
    for name in (assignment.settings.name, *assignment.results):
        (folder / name).unlink(missing_ok=True)
    for name in assignment.results:
        for parent in list((folder / name).relative_to(folder).parents)[:-1]:
            if (folder / parent).is_dir() and not any((folder / parent).iterdir()):
                (folder / parent).rmdir()


def _refuse_unexpected(assignment: Assignment, stripped: Skeleton, folder: Path) -> None:
    expected = {f"{notebook.name}.ipynb" for notebook in assignment.notebooks}
    expected |= {*STUDENT_FILES, WORK, *stripped.files}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    expected |= {name for name in found if FIGURE.fullmatch(name)}
    for name in sorted(found - expected):
        raise ReleaseError(
            f"source/{assignment.name}/{name}: expected only notebooks, {' and '.join(STUDENT_FILES)} and "
            "figures/*.svg beside the settings, got this file; move it elsewhere"
        )
    for name in STUDENT_FILES:
        if name not in found:
            raise ReleaseError(
                f"source/{assignment.name}/{name}: expected this file for students, found none; write it"
            )
