"""Measure the reading room on a large made-up class: how long pages take to open, and reading itself.

    python -m bench.reading [--students 1000] [--questions 10] [--keep DIR] [--read-seconds 12]

Answers are the labelled ones of tests/rubrics/answers, some of them several times in slightly other words, as
a class writes them. Records also hold the other cells with ten cases each, so that they are as large as real
ones. Times are wall-clock seconds of a server's own process, the first request with everything to be read
from disk, the others after it. Reading is counted, not timed: the keys that 100 answers to one question take,
at a time for reading each group's first answer that is given, and two seconds for a glance at each other one.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.answers.question import Question
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.gradebook.book import Gradebook
from autograder.gradebook.url import sqlite_url
from autograder.reading import views
from autograder.reading.room import Room, SentDecision
from autograder.records import record
from autograder.records.record import CaseResult, Grade, Outcome, Record
from bench.labelled import labelled
from bench.reports import class_of

SURE = 0.55  # of the criteria a rubric decides
ADDED = ("", "", "", "I think that ", "In my opinion ", "As shown in the lecture, ")
KEY_SECONDS = 0.4  # for a key
GLANCE_SECONDS = 2.0  # for an answer that is like the one just read


def answered(assignment: Assignment, students: int, questions: int, seed: int = 231) -> Iterator[Record]:
    """A class whose answers all need review."""
    draw = random.Random(seed)
    asked = [q for q in assignment.written.values() if q is not None][:questions]
    known = list(labelled())
    pools = {q.grade_id: [a for a in known if q.grade_id in (a.question, *a.also)] for q in asked}
    for made in class_of(assignment, students, seed):
        grades, texts = dict(made.grades), {}
        for question in asked:
            answer = draw.choice(pools[question.grade_id])
            texts[question.grade_id] = draw.choice(ADDED) + answer.text.strip()
            grades[question.grade_id] = graded(question, grades[question.grade_id], answer.met)
        yield dataclasses.replace(made, grades=grades, answers=texts)


def graded(question: Question, grade: Grade, met: frozenset[str]) -> Grade:
    cases = []
    for criterion in question.criteria:
        sure = random.Random(f"{sorted(met)} {criterion.id}").random() < SURE
        outcome: Outcome = ("passed" if criterion.id in met else "failed") if sure else "skipped"
        said = {"passed": "said.", "failed": "something else is said.", "skipped": "your instructor decides."}
        case = f"{question.grade_id}[{criterion.id}]"
        message = f"{criterion.title}: {said[outcome]}"
        cases.append(CaseResult(case, "criterion", criterion.points, outcome, message))
    points = round(sum(c.weight for c in cases if c.outcome == "passed"), 2)
    return dataclasses.replace(grade, points=points, state="needs_review", cases=tuple(cases))


def build(assignment: Assignment, out: Path, students: int, questions: int) -> None:
    with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
        for one in answered(assignment, students, questions):
            record.save(one, out / "records")
            book.write(one)


def timed(what: str, started: float) -> None:
    print(f"{what:<58}{time.perf_counter() - started:8.2f} s")


def opening(assignment: Assignment, out: Path) -> None:
    started = time.perf_counter()
    room = Room(assignment, out, sqlite_url(out / "gradebook.db"))
    with room.session() as db:
        rows = room.overview(db, "reader")
    timed("the list of questions, first time", started)
    started = time.perf_counter()
    with room.session() as db:
        room.overview(db, "reader")
    timed("the list of questions, again", started)
    grade_id = rows[0].grade_id
    started = time.perf_counter()
    with room.session() as db:
        piles = room.piles(db, grade_id, "reader")
    timed(f"the groups of one question, first time ({len(piles)} groups)", started)
    started = time.perf_counter()
    with room.session() as db:
        at = views.Standpoint("", grade_id, piles[0].first.key, "reader")
        views.answer_page(room, db, at)
    timed("one group", started)
    started = time.perf_counter()
    with room.session() as db:
        chosen = piles[0]
        states = {a.key: views.ledger.states(db, assignment.name, grade_id, [a.student]) for a in chosen.open}
        versions = {a.key: f"{a.version}.{states[a.key][a.student].version}" for a in chosen.open}
        room.decide(db, SentDecision(grade_id, versions, {}, 0.5, ""), "reader")
    timed(f"a decision for {len(chosen.open)} answers", started)


def reading(assignment: Assignment, out: Path, seconds: float) -> None:
    """What 100 answers to each question take, in groups and one by one."""
    room = Room(assignment, out, sqlite_url(out / "gradebook.db"))
    print(f"\n{'100 answers of':<34}{'groups':>8}{'keys':>8}{'minutes':>9}{'one by one':>12}")
    with room.session() as db:
        for row in room.overview(db, "reader"):
            piles = room.piles(db, row.grade_id)
            keys = singles = 0
            for pile in piles:
                cases = pile.first.grade.cases
                open_criteria = sum(case.outcome == "skipped" for case in cases)
                keys += open_criteria + 1  # a key for each criterion to be decided, and `a`
                singles += len(pile.answers) * (open_criteria + 1)
            groups = len(piles)
            glances = row.answers - groups
            minutes = (groups * seconds + glances * GLANCE_SECONDS + keys * KEY_SECONDS) / 60
            alone = (row.answers * seconds + singles * KEY_SECONDS) / 60
            print(f"{row.grade_id:<34}{groups:>8}{keys:>8}{minutes:>9.1f}{alone:>12.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=10)
    parser.add_argument("--assignment", default="assignment2")
    parser.add_argument("--keep", type=Path, help="leave the class here")
    parser.add_argument("--read-seconds", type=float, default=12.0)
    options = parser.parse_args()
    assignment = course.load(options.assignment)
    with tempfile.TemporaryDirectory() as scratch:
        out = options.keep or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        build(assignment, out, options.students, options.questions)
        print(f"{options.students} students, {options.questions} questions, {assignment.name}")
        opening(assignment, out)
    with tempfile.TemporaryDirectory() as scratch:
        build(assignment, Path(scratch), 100, options.questions)
        reading(assignment, Path(scratch), options.read_seconds)


if __name__ == "__main__":
    main()
