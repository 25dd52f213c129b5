"""A small class whose answers need review: records and a gradebook, without a sandbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.reading.room import Room, SentDecision
from autograder.records import record as records
from autograder.records.record import CaseResult, Grade, Hashes, Outcome, Record
from tests.once import once

QUESTION, OTHER, NOTEBOOK = "inline_two_layer_net_1", "inline_two_layer_net_2", "two_layer_net"
ALIKE = "The sigmoid saturates for large inputs, the other two are linear."
APART = "All three of them, as every function is flat somewhere."
HOSTILE = (
    "1 and 3. <script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> $x^2$"
)
CLASS = {"s001": ALIKE, "s002": ALIKE.upper(), "s003": f"**{ALIKE}**", "s004": APART, "s005": HOSTILE}
WHAT: dict[str, Outcome] = {"choice": "failed", "sigmoid": "passed", "relu": "skipped", "leaky": "failed"}


def graded(assignment: Assignment, grade_id: str, text: str) -> Grade:
    """As a rubric leaves it to a person."""
    question = assignment.question(grade_id)
    assert question is not None
    outcomes = list(WHAT.values())
    cases = tuple(
        CaseResult(f"{grade_id}[{c.id}]", "criterion", c.points, outcomes[n % 4], f"{c.title}: found.")
        for n, c in enumerate(question.criteria)
    )
    points = round(sum(c.weight for c in cases if c.outcome == "passed"), 2)
    most = round(question.points, 2)
    return Grade(grade_id, NOTEBOOK, points, most, "needs_review", cases, "Your instructor reads.")


def record(assignment: Assignment, student: str, text: str) -> Record:
    texts = {QUESTION: text, OTHER: "Data augmentation."}
    grades = {grade_id: graded(assignment, grade_id, answer) for grade_id, answer in texts.items()}
    return Record(student, assignment.name, "none", Hashes("", "", ""), grades, answers=texts)


ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where examples are kept: decisions of tests teach our course nothing."""
    kept = property(lambda assignment: tmp_path / f"{assignment.name}.answers.jsonl")
    monkeypatch.setattr(Assignment, "labelled", kept)
    return tmp_path / "assignment1.answers.jsonl"


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return course.load("assignment1")


def served_course(folder: Path) -> Assignment:
    """The assignment in a copy of our course, for a server that keeps examples of its own."""
    for name in ("source", "autograder/rubrics"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "course.toml", folder)
    return course.load("assignment1", folder)


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> Path:
    def make(folder: Path) -> None:
        with Gradebook(sqlite_url(folder / "gradebook.db"), assignment) as book:
            for student, text in CLASS.items():
                one = record(assignment, student, text)
                records.save(one, folder / "records")
                book.write(one)

    return once(tmp_path_factory, "class-to-read", make)


@pytest.fixture
def out(graded_class: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded_class, tmp_path / "out"))


@pytest.fixture
def room(out: Path, assignment: Assignment) -> Iterator[Room]:
    made = Room(assignment, out, sqlite_url(out / "gradebook.db"))
    made.classroom.refresh()
    yield made
    made.close()


def version(room: Room, student: str, grade_id: str = QUESTION) -> tuple[str, str]:
    """(key, version) of an answer as a page shows it now."""
    from autograder.gradebook import ledger

    [answer] = [a for a in room.classroom.waiting()[grade_id] if a.student == student]
    with room.session() as db:
        state = ledger.states(db, room.assignment.name, grade_id, [student])[student]
    return answer.key, f"{answer.version}.{state.version}"


def wanted(
    room: Room, *students: str, points: float | None = None, comment: str = "", **more: bool
) -> SentDecision:
    """A decision on what is there now; without points, by criteria: sigmoid and relu are met."""
    verdicts = {"choice": False, "sigmoid": True, "relu": True, "leaky": False}
    versions = dict(version(room, student) for student in students)
    return SentDecision(QUESTION, versions, verdicts, points, comment, **more)
