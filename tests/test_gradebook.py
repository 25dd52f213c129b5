import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import GradebookError
from autograder.gradebook.book import INDEXED, Gradebook
from autograder.gradebook.nbgrader_tables import schema_version
from autograder.gradebook.url import reason, sqlite_url
from autograder.records.record import Grade, Hashes, Record

NOTEBOOK, CODE, INLINE = "two_layer_net", "affine_forward", "inline_two_layer_net_1"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> Path:
    """A gradebook with nobody in it; nbgrader takes seconds to make one."""
    path = tmp_path_factory.mktemp("fresh") / "gradebook.db"
    Gradebook(sqlite_url(path), assignment).__exit__(None, None, None)
    return path


@pytest.fixture
def url(fresh: Path, tmp_path: Path) -> str:
    return sqlite_url(shutil.copy(fresh, tmp_path / "gradebook.db"))


def graded(student: str, code: float | None = 2.0, inline: float | None = None) -> Record:
    def grade(grade_id: str, points: float | None, otherwise: str) -> Grade:
        state = otherwise if points is None else "graded"
        return Grade(grade_id, NOTEBOOK, points, 2.0, state, comment=f"about {grade_id}")  # type: ignore[arg-type]

    grades = {CODE: grade(CODE, code, "error"), INLINE: grade(INLINE, inline, "needs_review")}
    return Record(student, "assignment1", "none", Hashes("", "", ""), grades)


def enter(url: str, assignment: Assignment, *records: Record) -> None:
    with Gradebook(url, assignment) as book:
        book.catch_up(records)


def test_points_reach_the_gradebook(url: str, assignment: Assignment) -> None:
    enter(url, assignment, graded("s001"), graded("s002", code=None, inline=1.0))
    with api.Gradebook(url) as book:
        assert book.find_submission("assignment1", "s001").score == 2.0
        assert book.find_submission("assignment1", "s001").needs_manual_grade
        assert book.find_grade(CODE, NOTEBOOK, "assignment1", "s002").needs_manual_grade
        assert book.find_grade(CODE, NOTEBOOK, "assignment1", "s002").auto_score is None
        assert book.find_comment(INLINE, NOTEBOOK, "assignment1", "s001").auto_comment == f"about {INLINE}"
        assert book.find_assignment("assignment1").max_score == assignment.max_points


def test_names_are_entered_and_none_is_taken_away(url: str, assignment: Assignment) -> None:
    enter(url, assignment, graded("s001"), graded("s002"))
    for people in (
        {"s001": ("Last", "First", "s001@uni.example")},
        {"s001": ("New", "", ""), "s009": ("N",) * 3},
    ):
        with Gradebook(url, assignment) as book:
            book.name(people)  # type: ignore[arg-type]
    with api.Gradebook(url) as book:
        rows = [(s.id, s.last_name, s.first_name, s.email) for s in book.students]
    assert sorted(rows) == [("s001", "New", "First", "s001@uni.example"), ("s002", None, None, None)]


def test_what_a_person_entered_survives(url: str, assignment: Assignment) -> None:
    enter(url, assignment, graded("s001"))
    with api.Gradebook(url) as book:
        grade = book.find_grade(INLINE, NOTEBOOK, "assignment1", "s001")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
        book.find_comment(INLINE, NOTEBOOK, "assignment1", "s001").manual_comment = "good"
        book.db.commit()
    enter(url, assignment, graded("s001", code=1.0, inline=0.0))
    enter(url, assignment, graded("s001", code=1.0))
    with api.Gradebook(url) as book:
        grade = book.find_grade(INLINE, NOTEBOOK, "assignment1", "s001")
        assert (grade.score, grade.needs_manual_grade) == (2.0, False)
        assert book.find_comment(INLINE, NOTEBOOK, "assignment1", "s001").comment == "good"
        assert book.find_submission("assignment1", "s001").score == 3.0


def test_writing_twice_counts_once(url: str, tmp_path: Path, assignment: Assignment) -> None:
    for _ in range(3):
        enter(url, assignment, graded("s001"))
    with sqlite3.connect(tmp_path / "gradebook.db") as db:
        cells = len(assignment.grade_cells)
        assert db.execute("select count(*) from submitted_assignment").fetchone() == (1,)
        assert db.execute("select count(*) from grade").fetchone() == (cells,)


def test_points_outside_the_cell_are_clamped(url: str, assignment: Assignment) -> None:
    enter(url, assignment, graded("s001", code=9.0))
    with api.Gradebook(url) as book:
        assert book.find_submission("assignment1", "s001").score == 2.0


def test_a_failure_leaves_the_other_students(url: str, tmp_path: Path, assignment: Assignment) -> None:
    path = tmp_path / "gradebook.db"
    url = f"sqlite:///{path}?timeout=0"
    enter(url, assignment, graded("s001"))
    with Gradebook(url, assignment) as book:
        holder = sqlite3.connect(path)
        holder.execute("begin exclusive")
        with pytest.raises(
            GradebookError, match=r"s002 is not entered: .*locked.*run the same command again"
        ):
            book.write(graded("s002"))
        holder.rollback()
        holder.close()
        book.write(graded("s002"))
    with api.Gradebook(url) as book:
        assert sorted(s.id for s in book.students) == ["s001", "s002"]


def test_a_gradebook_that_is_none_is_reported(tmp_path: Path, assignment: Assignment) -> None:
    (tmp_path / "gradebook.db").write_text(
        "this is no database, it is a text that is long enough to tell" * 20
    )
    with pytest.raises(GradebookError, match=r"gradebook\.db: file is not a database"):
        Gradebook(sqlite_url(tmp_path / "gradebook.db"), assignment)


def test_a_place_that_is_not_there_is_reported(assignment: Assignment) -> None:
    with pytest.raises(GradebookError, match=r"/no/such/folder/x\.db: unable to open database file"):
        Gradebook("sqlite:////no/such/folder/x.db?timeout=1", assignment)


def test_a_password_is_not_reported() -> None:
    reported = reason("postgresql://grader:secret@127.0.0.1/grades", SQLAlchemyError("connection refused"))
    assert reported.startswith("gradebook 127.0.0.1/grades: connection refused")
    assert "secret" not in reported


def test_only_what_is_not_there_yet_is_written(url: str, assignment: Assignment) -> None:
    with Gradebook(url, assignment) as book:
        assert book.catch_up([graded("s001"), graded("s002")]) == 2
        assert book.catch_up([graded("s001"), graded("s002", code=1.0), graded("s003")]) == 2
        assert book.catch_up([graded("s001"), graded("s002", code=1.0), graded("s003")]) == 0


def test_what_another_program_changed_is_put_right(url: str, assignment: Assignment) -> None:
    with Gradebook(url, assignment) as book:
        book.catch_up([graded("s001")])
    with api.Gradebook(url) as theirs:
        theirs.find_grade(CODE, NOTEBOOK, "assignment1", "s001").auto_score = 700.0
        theirs.db.commit()
    with Gradebook(url, assignment) as book:
        assert book.catch_up([graded("s001")]) == 1
    with api.Gradebook(url) as theirs:
        assert theirs.find_submission("assignment1", "s001").score == 2.0


def test_a_gradebook_is_made_whole_or_not_at_all(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.gradebook.book.schema_version", cut)  # the tables are there by then
    with pytest.raises(KeyboardInterrupt):
        Gradebook(sqlite_url(tmp_path / "gradebook.db"), assignment)
    assert not (tmp_path / "gradebook.db").exists()


def test_a_new_gradebook_is_entered_in_a_few_transactions(url: str, assignment: Assignment) -> None:
    """Each waits for the disk four times; nbgrader makes one for each cell."""
    committed: list[object] = []

    def note(connection: object) -> None:
        committed.append(connection)

    sa.event.listen(sa.engine.Engine, "commit", note)
    try:
        with Gradebook(url, assignment):
            assert len(assignment.grade_cells) > len(committed) <= 5
    finally:
        sa.event.remove(sa.engine.Engine, "commit", note)


def test_a_driver_that_is_not_there_is_reported(assignment: Assignment) -> None:
    with pytest.raises(
        GradebookError, match=r"gradebook db\.example/g: there is no \w+ here; for PostgreSQL, pip"
    ):
        Gradebook("mysql+pymysql://grader:secret@db.example/g", assignment)


def test_looking_up_a_students_rows_reads_no_whole_table(
    url: str, tmp_path: Path, assignment: Assignment
) -> None:
    enter(url, assignment, graded("s001"))
    with sqlite3.connect(tmp_path / "gradebook.db") as db:
        for table, column in INDEXED:
            plan = db.execute(f'explain query plan select * from "{table}" where {column} = 1').fetchall()
            assert "USING INDEX autograder_" in plan[0][3], plan


def test_the_schemas_version_is_what_alembic_calls_its_head() -> None:
    alembic = pytest.importorskip("alembic.script")
    assert schema_version() == alembic.ScriptDirectory(ALEMBIC_DIR).get_current_head()


def test_tables_are_imported_without_nbgraders_servers_and_nbgrader_after_them_is_whole() -> None:
    code = """
import sys
from autograder.gradebook.nbgrader_tables import api
assert not [name for name in sys.modules if name.startswith(("nbgrader.server", "nbgrader.converters"))]
import nbgrader
from nbgrader.converters import Autograde
from nbgrader import api as theirs
assert theirs is api and nbgrader.__version__
"""
    subprocess.run([sys.executable, "-c", code], check=True)
