"""An assignment as a typed object: the only reader of `source/<assignment>/assignment.toml` and of rubrics.

Points and grade ids stand in the notebooks' nbgrader metadata and nowhere else; they are read from there.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from autograder.answers import reader as rubric
from autograder.answers.question import Question
from autograder.course.policy import Intake, Late
from autograder.course.settings import OPTIONAL, REQUIRED, Settings
from autograder.errors import CourseError, RubricError
from autograder.notebook import Cell, GradeCell, Notebook, read_notebook
from autograder.sandbox.limits import Limits
from autograder.toml_table import DOTTED, DOTTED_GLOB, NAME, SETTINGS


@dataclass(frozen=True)
class Assignment:
    """What an instructor wrote down about an assignment."""

    name: str
    title: str
    root: Path
    package: str
    notebooks: tuple[Notebook, ...]
    todo: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    ships_solved: tuple[str, ...] = ()  # to do in a later assignment, and given in this one all the same
    results: tuple[str, ...] = ()
    may_repeat: tuple[str, ...] = ()  # lines of solutions that give nothing away elsewhere in the release
    limits: Limits = dataclasses.field(default_factory=Limits)
    intake: Intake = dataclasses.field(default_factory=Intake)
    late: Late = dataclasses.field(default_factory=Late)
    questions: tuple[Question, ...] = dataclasses.field(default=(), compare=False)  # those with a rubric

    @property
    def folder(self) -> Path:
        """Where the solved notebooks and the settings lie."""
        return self.root / "source" / self.name

    @property
    def settings(self) -> Path:
        return self.folder / SETTINGS

    @property
    def library(self) -> Path:
        """The solved package."""
        return self.root / self.package

    @property
    def release_folder(self) -> Path:
        return self.root / "release" / self.name

    @property
    def grade_cells(self) -> tuple[GradeCell, ...]:
        return tuple(cell for notebook in self.notebooks for cell in notebook.cells)

    @property
    def max_points(self) -> float:
        return sum(cell.points for cell in self.grade_cells)

    def cell(self, grade_id: str) -> GradeCell:
        """The grade cell of this id; KeyError if there is none."""
        for cell in self.grade_cells:
            if cell.grade_id == grade_id:
                return cell
        raise KeyError(grade_id)

    @property
    def written(self) -> dict[str, Question | None]:
        """Every written question by its grade id, with its rubric if there is one."""
        return {cell.grade_id: self.question(cell.grade_id) for cell in self.grade_cells if cell.manual}

    def question(self, grade_id: str) -> Question | None:
        """The rubric of an inline question; None if it has none."""
        return next((q for q in self.questions if q.grade_id == grade_id), None)


def find_root(start: Path | None = None) -> Path:
    """The course folder: the nearest one upwards from `start` (or from here) that holds `source/`,
    else the one this package lies in."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / "source").glob(f"*/{SETTINGS}")):
            return folder
    return Path(__file__).resolve().parents[2]


def names(root: Path | None = None) -> list[str]:
    """The assignments of the course, sorted."""
    folder = (root or find_root()) / "source"
    return sorted(path.parent.name for path in folder.glob(f"*/{SETTINGS}"))


def load(name: str, root: Path | None = None) -> Assignment:
    """Read `source/<name>/assignment.toml` and the notebooks it lists.

    Raises:
        CourseError: a file is missing or does not say what it should.
    """
    base = Path(root).resolve() if root is not None else find_root()
    path = base / "source" / name / SETTINGS
    if not NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(names(base)) or "none"
        raise CourseError(
            f"source/{name}/{SETTINGS}: expected an assignment, found no such file; assignments here: {known}"
        )
    settings = Settings(path, base)
    settings.refuse_unknown(settings.table, (*REQUIRED, *OPTIONAL), "")
    package = settings.identifier("package")
    notebooks = tuple(
        read_notebook(path.parent / f"{stem}.ipynb", base) for stem in settings.notebook_names()
    )
    _refuse_repeats(notebooks, base)
    return Assignment(
        name=name,
        title=settings.text("title"),
        root=base,
        package=package,
        notebooks=notebooks,
        todo=settings.names_in("todo", package, DOTTED, "a qualified name without wildcards"),
        leave_out=settings.names_in("leave_out", package, DOTTED_GLOB, "a qualified name or glob"),
        ships_solved=settings.names_in("ships_solved", package, DOTTED, "a qualified name without wildcards"),
        results=settings.result_paths(),
        may_repeat=settings.texts("may_repeat"),
        limits=settings.limits(),
        intake=settings.intake(package),
        late=settings.late(),
        questions=_questions(name, notebooks),
    )


def _questions(name: str, notebooks: tuple[Notebook, ...]) -> tuple[Question, ...]:
    cells = [
        Cell(cell.grade_id, cell.points, notebook.path)
        for notebook in notebooks
        for cell in notebook.cells
        if cell.kind == "inline"
    ]
    try:
        return rubric.read(rubric.FOLDER / f"{name}.toml", cells)
    except RubricError as error:
        raise CourseError(str(error)) from None


def _refuse_repeats(notebooks: tuple[Notebook, ...], root: Path) -> None:
    first: dict[str, str] = {}
    for notebook in notebooks:
        for cell in notebook.cells:
            where = notebook.path.relative_to(root).as_posix()
            if cell.grade_id in first:
                raise CourseError(
                    f"{where}: grade_id {cell.grade_id}: expected each id once in an assignment, "
                    f"got it also in {first[cell.grade_id]}; rename one"
                )
            first[cell.grade_id] = where
