"""An assignment as a typed object: the only reader of `source/<assignment>/assignment.toml` and of rubrics.

Points and grade ids stand in the notebooks' nbgrader metadata and nowhere else; they are read from there.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from autograder.answers import reader as rubric
from autograder.answers.question import Question
from autograder.course.course import FILE, KEPT_ANSWERS, Course, find
from autograder.course.course import read as read_course
from autograder.course.policy import Intake, Late
from autograder.course.settings import OPTIONAL, REQUIRED, Settings
from autograder.errors import CourseError
from autograder.notebook import Cell, GradeCell, Notebook, read_notebook
from autograder.sandbox.limits import Limits
from autograder.toml_table import DOTTED, DOTTED_GLOB


@dataclass(frozen=True)
class Assignment:
    """What an instructor wrote down about an assignment."""

    name: str
    title: str  # as students and exports name it
    course: Course
    notebooks: tuple[Notebook, ...]  # in order, without .ipynb
    todo: tuple[str, ...] = ()  # qualified names of what students write; a class covers its methods
    leave_out: tuple[str, ...] = ()  # qualified names and globs of what is not in the release
    ships_solved: tuple[str, ...] = ()  # to do in a later assignment, and given in this one all the same
    results: tuple[str, ...] = ()  # trained models that are handed in, as .npz
    limits: Limits = dataclasses.field(default_factory=Limits)
    intake: Intake = dataclasses.field(default_factory=Intake)
    late: Late = dataclasses.field(default_factory=Late)
    questions: tuple[Question, ...] = dataclasses.field(default=(), compare=False)  # those with a rubric

    @property
    def root(self) -> Path:
        return self.course.root

    def where(self, path: Path) -> str:
        """A path as messages name it: from the course's folder."""
        return self.course.where(path)

    @property
    def package(self) -> str:
        return self.course.package

    @property
    def graders(self) -> Path:
        """Where the hidden graders lie."""
        return self.course.graders / self.name

    @property
    def labelled(self) -> Path:
        """Answers that people decided, without names; it may not be there yet."""
        return self.course.rubrics / f"{self.name}{KEPT_ANSWERS}"

    @property
    def others(self) -> set[str]:
        """The course's other assignments."""
        return set(self.course.assignments) - {self.name}

    @property
    def settings(self) -> Path:
        """Beside the solved notebooks."""
        return self.course.settings_of(self.name)

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

    @property
    def written(self) -> dict[str, Question | None]:
        """Every written question by its grade id, with its rubric if there is one."""
        return {cell.grade_id: self.question(cell.grade_id) for cell in self.grade_cells if cell.manual}

    def cell(self, grade_id: str) -> GradeCell | None:
        return next((cell for cell in self.grade_cells if cell.grade_id == grade_id), None)

    def question(self, grade_id: str) -> Question | None:
        """The rubric of an inline question; None if it has none."""
        return next((q for q in self.questions if q.grade_id == grade_id), None)


def names(root: Path | None = None) -> list[str]:
    """The assignments of the course, in the order in which they are taught."""
    return list(_course(root).assignments)


def _course(where: Course | Path | None) -> Course:
    return where if isinstance(where, Course) else read_course(where) if where else find()


def load(name: str, where: Course | Path | None = None) -> Assignment:
    """Read `source/<name>/assignment.toml` and the notebooks it lists; of the course we are in, if none is
    given.

    Raises:
        CourseError: a file is missing or does not say what it should.
    """
    course = _course(where)
    base, package = course.root, course.package
    path = course.settings_of(name)
    if name not in course.assignments:
        known = ", ".join(course.assignments)
        raise CourseError(
            f"{FILE}: assignments: expected one of {known}, got {name!r}; correct the name, or list it there"
        )
    settings = Settings(path, base)
    settings.refuse_unknown((*REQUIRED, *OPTIONAL))
    notebooks = tuple(
        read_notebook(path.parent / f"{stem}.ipynb", base) for stem in settings.notebook_names()
    )
    _refuse_repeats(notebooks, base)
    questions = _questions(course, name, notebooks)
    notebooks = _adopted(notebooks, settings)
    return Assignment(
        name=name,
        title=settings.text("title"),
        course=course,
        notebooks=notebooks,
        todo=settings.names_in("todo", package, DOTTED, "a qualified name without wildcards"),
        leave_out=settings.names_in("leave_out", package, DOTTED_GLOB, "a qualified name or glob"),
        ships_solved=settings.names_in("ships_solved", package, DOTTED, "a qualified name without wildcards"),
        results=settings.result_paths(),
        limits=settings.limits(),
        intake=settings.intake(package),
        late=settings.late(course.time_zone),
        questions=questions,
    )


def _adopted(notebooks: tuple[Notebook, ...], settings: Settings) -> tuple[Notebook, ...]:
    """The notebooks without the grade cells of `[adopt] leave_out`: these earn nothing, and count nowhere."""
    left_out = settings.left_out([cell.grade_id for notebook in notebooks for cell in notebook.cells])
    return tuple(
        dataclasses.replace(n, cells=tuple(cell for cell in n.cells if cell.grade_id not in left_out))
        for n in notebooks
    )


def _questions(course: Course, name: str, notebooks: tuple[Notebook, ...]) -> tuple[Question, ...]:
    cells = [
        Cell(cell.grade_id, cell.points, notebook.path)
        for notebook in notebooks
        for cell in notebook.cells
        if cell.kind == "inline"
    ]
    return rubric.read(course.rubrics / f"{name}.toml", cells, course.root)


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
