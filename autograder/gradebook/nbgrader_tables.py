"""nbgrader's tables as classes, without the servers and converters that `import nbgrader` loads beside them.

They take longer to import than a hand-in takes to be graded, and a gradebook needs none of them. What comes
after and does need them imports nbgrader as ever.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from autograder.errors import GradebookError
from autograder.gradebook.url import opened, parsed, place

VERSIONS = ("revision", "down_revision")  # what each change of the schema says of itself


def _alone(name: str, **beside: ModuleType) -> ModuleType:
    """A module of nbgrader, imported while an empty one with these beside it stands for the package."""
    spec = importlib.util.find_spec("nbgrader")
    if "nbgrader" in sys.modules or spec is None:
        return importlib.import_module(f"nbgrader.{name}")
    stand_ins = {"nbgrader": importlib.util.module_from_spec(spec)}
    stand_ins |= {f"nbgrader.{one}": module for one, module in beside.items()}
    vars(stand_ins["nbgrader"]).update(beside)
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module(f"nbgrader.{name}")
    finally:
        for one in stand_ins:
            del sys.modules[one]


class _Utils(ModuleType):
    """`nbgrader.utils`, loaded when a date is first set: it brings what reads notebooks and archives."""

    def __getattr__(self, name: str) -> object:
        return getattr(_alone("utils"), name)


class _Auth(ModuleType):
    """`nbgrader.auth`, which the tables name in an annotation and which brings an HTTP client."""

    Authenticator = object


if TYPE_CHECKING:
    from nbgrader import api
else:
    api = _alone("api", utils=_Utils("nbgrader.utils"), auth=_Auth("nbgrader.auth"))

__all__ = ["EnteredAssignment", "api", "rows_of", "schema_version"]


@dataclass(frozen=True)
class EnteredNotebook:
    id: str
    scored: list[tuple[str, str]]  # id and name of each cell with points
    read: list[tuple[str, str]]  # of each that a person reads


@dataclass(frozen=True)
class EnteredAssignment:
    """An assignment's rows, read once: every commit has SQLAlchemy read an object's own anew."""

    id: str
    notebooks: list[EnteredNotebook]

    @classmethod
    def of(cls, assignment: api.Assignment) -> EnteredAssignment:
        notebooks = [
            EnteredNotebook(
                notebook.id,
                [(cell.id, cell.name) for cell in (*notebook.grade_cells, *notebook.task_cells)],
                [(cell.id, cell.name) for cell in (*notebook.solution_cells, *notebook.task_cells)],
            )
            for notebook in assignment.notebooks
        ]
        return cls(assignment.id, notebooks)


def schema_version() -> str:
    """The version of the schema, for a new database: the one that no later one comes after."""
    folder = Path(str(api.__file__)).parent / "alembic/versions"
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    said = [set(re.findall(rf"^{name} = ['\"](\w+)['\"]", text, re.M)) for name in VERSIONS]
    [head] = said[0] - said[1]
    return str(head)


def rows_of(
    db: Session, kind: type[Any], columns: Iterable[Any], assignment: str, students: list[str]
) -> Iterable[Any]:
    """A student, a grade id and these columns, for each grade or comment (`kind`) of these students."""
    owner, notebook, cell = api.SubmittedAssignment, api.SubmittedNotebook, api.BaseCell
    query: Iterable[Any] = (
        db.query(owner.student_id, cell.name, *columns)
        .select_from(kind)
        .join(notebook, kind.notebook_id == notebook.id)
        .join(owner, notebook.assignment_id == owner.id)
        .join(api.Assignment, owner.assignment_id == api.Assignment.id)
        .join(cell, kind.cell_id == cell.id)
        .filter(api.Assignment.name == assignment, owner.student_id.in_(students))
    )
    return query


api.get_alembic_version = schema_version  # nbgrader's own starts the program `alembic`, for two seconds


def refuse_torn(url: str) -> None:
    """A gradebook that has lost a table is not filled up without a word: what people entered may be lost.

    Raises:
        GradebookError: some of nbgrader's tables are there, of the version that we make, and others are not.
    """
    parts = parsed(url)
    if parts.get_backend_name() == "sqlite" and not Path(parts.database or "").is_file():
        return
    with opened(url) as engine, engine.connect() as connection:
        wanted, there = set(api.Base.metadata.tables), set(sa.inspect(connection).get_table_names())
        lost = sorted(wanted - there)
        if not lost or not wanted & there or "alembic_version" not in there:
            return
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if version == schema_version():
        raise GradebookError(
            f"gradebook {place(url)}: lacks the table {', '.join(lost)}, and what people entered there;"
            " put a backup in its place, or move it away: it is then made anew from the records"
        )
