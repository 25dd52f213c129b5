"""Decisions in the reading room: one store, an audit table, nobody overwritten silently."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from autograder.answers import labelled
from autograder.answers.groups import digest
from autograder.answers.labelled import Example
from autograder.answers.verdict import OFF_TOPIC, READS
from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course.assignment import Assignment
from autograder.errors import FolderError, GradebookError, RecordError, ReviewError
from autograder.gradebook import ledger, readers
from autograder.gradebook.book import Gradebook
from autograder.gradebook.decisions import decided
from autograder.gradebook.readers import Split
from autograder.gradebook.url import sqlite_url
from autograder.reading.extension import _assignment as whose
from autograder.reading.room import Room, SentDecision
from autograder.reading.second import agreement, chosen, kappa
from autograder.reading.views import AnswerPageView, Standpoint, answer_page
from autograder.reading.waiting import Classroom, key_of
from autograder.records import record as records
from autograder.records.record import CaseResult, Grade
from tests import printed

from .conftest import ALIKE, CLASS, NOTEBOOK, OTHER, QUESTION, record, version, wanted


def save(room: Room, decision: SentDecision, who: str = "reader one") -> Any:
    with room.session() as db:
        return room.decide(db, decision, who)


def entered(out: Path) -> dict[str, tuple[float | None, bool, str]]:
    """student -> what nbgrader's rows say."""
    from nbgrader import api

    found = {}
    with api.Gradebook(sqlite_url(out / "gradebook.db")) as book:
        for student in CLASS:
            at = (QUESTION, NOTEBOOK, "assignment1", student)
            row, note = book.find_grade(*at), book.find_comment(*at)
            found[student] = (row.manual_score, row.needs_manual_grade, note.manual_comment or "")
    return found


# --- what is read -------------------------------------------------------------------------------


def test_answers_come_by_question_and_alike_ones_together(room: Room) -> None:
    with room.session() as db:
        rows = room.overview(db, "reader one")
        piles = room.piles(db, QUESTION)
    assert [(r.grade_id, r.answers, r.open, r.mine) for r in rows] == [(QUESTION, 5, 5, 5), (OTHER, 5, 5, 5)]
    assert sorted(a.student for a in piles[0].answers) == ["s001", "s002", "s003"]
    assert sum(len(p.open) for p in piles) == 5


def test_only_what_changed_is_read_again(out: Path, assignment: Assignment) -> None:
    room = Classroom(assignment, out)
    room.refresh()
    before = room.waiting()[QUESTION]
    records.save(record(assignment, "s002", "Another answer."), out / "records")
    (out / "records/s003.json").unlink()
    room.refresh()
    after = room.waiting()[QUESTION]
    assert [a.text for a in after if a.student == "s002"] == ["Another answer."]
    assert "s003" not in room.students
    assert after[0] is before[0]


BROKEN = {
    "{": "the file ends too early",
    "x": "no JSON",
    "[]": "expected a table, got a list",
    '{"student": "s009"}': "assignment is missing",
    '{"student": "s009", "assignment": "x", "grades": 3}': "grades: expected a table, got a whole number",
    '{"student": "s008", "assignment": "assignment1", "grades": {}}': "it is of 's008'",
    '{"student": "s009", "assignment": "assignment1", "grades": {"a": {"notebook": "n", "points": null, '
    '"max_points": 1, "state": "error", "cases": [3]}}}': "expected a table, got a whole number",
}


@pytest.mark.parametrize(("text", "why"), BROKEN.items(), ids=BROKEN.values())
def test_a_broken_record_is_named_and_stops_nobody_else(
    out: Path, assignment: Assignment, text: str, why: str
) -> None:
    room = Classroom(assignment, out)
    room.refresh()
    assert len(room.alike(QUESTION)[0]) == 3
    for student in CLASS:
        records.save(record(assignment, student, ALIKE), out / "records")
    path = out / "records/s009.json"
    path.write_text(text)
    room.refresh()
    said = f"{path}: not a record ({why}); delete it and grade again"
    assert room.broken == {"s009.json": said}
    assert "s009" not in room.students
    assert [len(group) for group in room.alike(QUESTION)] == [5]
    path.unlink()
    room.refresh()
    assert room.broken == {}


def test_what_is_no_class_is_said(tmp_path: Path, out: Path, assignment: Assignment) -> None:
    with pytest.raises(RecordError, match="no records; run autograder grade first"):
        Classroom(assignment, tmp_path).refresh()
    text = (out / "records/s001.json").read_text()
    (out / "records/s001.json").write_text(text.replace('"assignment1"', '"assignment2"'))
    with pytest.raises(FolderError, match="a record of assignment2, not of assignment1"):
        Classroom(assignment, out).refresh()


def test_the_class_is_found_by_the_first_record_that_is_whole(out: Path, tmp_path: Path) -> None:
    (out / "records/s001.json").write_text("{")
    assert whose(out / "records") == "assignment1"
    (tmp_path / "s001.json").write_text("{")
    with pytest.raises(RecordError, match=r"s001\.json: not a record \(the file ends too early\)"):
        whose(tmp_path)
    with pytest.raises(RecordError, match="no records; run autograder grade first"):
        whose(tmp_path / "none")


# --- decisions ----------------------------------------------------------------------------------


def test_a_decision_counts_for_the_group_and_is_written_down(room: Room, out: Path) -> None:
    saved = save(room, wanted(room, "s001", "s002", "s003", comment="Linear is not flat."))
    assert (saved.points, len(saved.outcome.entered)) == (0.8, 3)
    assert entered(out)["s002"] == (0.8, False, "Linear is not flat.")
    assert entered(out)["s004"] == (None, True, "")
    with room.session() as db:
        lines = ledger.lines(db, "assignment1")
    assert [(line.student, line.who, line.how, line.points) for line in lines] == [
        (student, "reader one", "room", 0.8) for student in ("s001", "s002", "s003")
    ]
    assert len({line.batch for line in lines}) == 1
    assert lines[0].verdicts == {"choice": False, "sigmoid": True, "relu": True, "leaky": False}
    assert lines[0].at.endswith("+00:00")


def test_two_people_at_once_are_both_asked(room: Room, out: Path) -> None:
    ours, theirs = wanted(room, "s001", "s002", points=1.5), wanted(room, "s002", points=0.5, comment="No.")
    save(room, theirs, "reader two")
    refused = save(room, ours)
    [conflict] = refused.conflicts
    assert (conflict.answer.student, conflict.state.points, conflict.who) == ("s002", 0.5, "reader two")
    assert entered(out)["s001"] == (None, True, "")  # nothing of a refused decision is entered
    assert entered(out)["s002"] == (0.5, False, "No.")
    newer = {**ours.versions, conflict.answer.key: f"{conflict.answer.version}.{conflict.state.version}"}
    assert not save(room, dataclasses.replace(ours, versions=newer)).conflicts
    assert entered(out)["s002"] == (1.5, False, "")


def test_formgrader_and_the_terminal_are_not_overwritten_either(
    room: Room, out: Path, assignment: Assignment
) -> None:
    ours, too = wanted(room, "s001", points=1.5), wanted(room, "s002", points=1.5)
    with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
        book.decide(["s001"], QUESTION, 1.0, "from the terminal", who="reader two")
        at = (QUESTION, NOTEBOOK, "assignment1", "s002")
        book._book.find_grade(*at).manual_score = 0.25
        book._db.commit()
    assert [(c.who, c.state.points) for c in save(room, ours).conflicts] == [("reader two", 1.0)]
    assert [(c.who, c.state.points) for c in save(room, too).conflicts] == [("somebody in formgrader", 0.25)]


def test_of_many_at_once_one_decides(room: Room, out: Path, assignment: Assignment) -> None:
    ours = wanted(room, "s001", points=0.0)

    def decide(number: int) -> int:
        mine = Room(assignment, out, sqlite_url(out / "gradebook.db"))
        try:
            with mine.session() as db:
                one = dataclasses.replace(ours, points=number / 10)
                return len(mine.decide(db, one, f"reader {number}").conflicts)
        finally:
            mine.close()

    with ThreadPoolExecutor(8) as pool:
        conflicts = list(pool.map(decide, range(1, 9)))
    assert sorted(conflicts) == [0] + [1] * 7
    with room.session() as db:
        [line] = ledger.lines(db, "assignment1")
    assert (line.points, line.who) == (entered(out)["s001"][0], f"reader {1 + conflicts.index(0)}")


def test_the_same_decision_twice_is_no_conflict(room: Room) -> None:
    first, second = wanted(room, "s001", points=1.0), wanted(room, "s001", points=1.0)
    assert not save(room, first).conflicts
    assert not save(room, second, "reader two").conflicts


def test_an_answer_that_changed_meanwhile_is_not_decided(
    room: Room, out: Path, assignment: Assignment
) -> None:
    ours = wanted(room, "s001", points=2.0)
    records.save(record(assignment, "s001", "Another answer."), out / "records")
    [conflict] = save(room, ours).conflicts
    assert conflict.changed
    assert entered(out)["s001"][0] is None


def test_undo_brings_back_what_was_there(room: Room, out: Path) -> None:
    save(room, wanted(room, "s001", points=1.0, comment="First."))
    save(room, wanted(room, "s001", "s002", points=2.0, comment="Second."))
    with room.session() as db:
        grade_id, key, outcome = room.undo(db, "reader one")
    assert (grade_id, outcome.entered) == (QUESTION, ("s001", "s002"))
    assert key == key_of("assignment1", "s001")
    assert entered(out)["s001"] == (1.0, False, "First.")
    assert entered(out)["s002"] == (None, True, "")
    with room.session() as db:
        room.undo(db, "reader one")
        with pytest.raises(ReviewError, match="nothing of yours to undo"):
            room.undo(db, "reader one")
        assert ledger.standing(ledger.lines(db, "assignment1")) == {}
    assert entered(out)["s001"] == (None, True, "")


def test_nobody_undoes_what_another_changed_since(room: Room, out: Path) -> None:
    save(room, wanted(room, "s001", points=1.0))
    save(room, wanted(room, "s001", points=2.0), "reader two")
    with room.session() as db:
        assert [s.points for s in room.undo(db, "reader one")[2].conflicts] == [2.0]
        batch = ledger.last_batch(db, "assignment1", "reader two")
        with pytest.raises(ReviewError, match="nothing of yours to undo there"):
            ledger.undo(db, "assignment1", "reader one", batch)
    assert entered(out)["s001"][0] == 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": 2.5}, r"expected points from 0 to 2, got 2\.5"),
        ({"points": -1.0}, "expected points from 0 to 2, got -1"),
        ({"points": float("nan")}, "expected points from 0 to 2, got nan"),
        ({"points": float("inf")}, "expected points from 0 to 2, got inf"),
        ({"points": 2.01}, r"expected points from 0 to 2, got 2\.01"),
        ({"grade_id": "../records/s001"}, "an answer is not there any more"),
        ({"verdicts": {"made up": True}}, "no criterion 'made up'"),
        ({"versions": {"0000000000": "a.b"}}, "an answer is not there any more"),
        ({"versions": {}}, "an answer is not there any more"),
        ({"grade_id": "affine_forward"}, "an answer is not there any more"),
    ],
)
def test_what_does_not_fit_is_refused(room: Room, out: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ReviewError, match=message):
        save(room, dataclasses.replace(wanted(room, "s001"), **change))
    assert entered(out)["s001"] == (None, True, "")


def test_a_student_without_a_row_is_said(room: Room, out: Path, assignment: Assignment) -> None:
    records.save(record(assignment, "s009", ALIKE), out / "records")
    room.classroom.refresh()
    [new] = [a for a in room.classroom.waiting()[QUESTION] if a.student == "s009"]
    with pytest.raises(GradebookError, match=r"'s009' has no such cell; run autograder grade first"):
        save(room, dataclasses.replace(wanted(room, "s001"), versions={new.key: f"{new.version}.x"}))


def test_a_gradebook_that_is_gone_is_said(room: Room, out: Path) -> None:
    room.close()
    (out / "gradebook.db").unlink()
    (out / "gradebook.db").mkdir()
    with pytest.raises(GradebookError, match=r"gradebook .*gradebook\.db: unable to open"), room.session():
        pass


# --- one store with everything else -------------------------------------------------------------


def test_decisions_agree_with_the_terminal_reports_and_exports(
    room: Room, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(room, wanted(room, "s001", "s002", "s003", comment="Linear is not flat."))
    assert cli.main(["review", "assignment1", "--out", str(out), "--json"]) == codes.ATTENTION
    groups = printed.read("ReviewOutput", capsys.readouterr().out)["groups"]
    waiting = [s for g in groups if g["grade_id"] == QUESTION for s in g["students"]]
    assert sorted(waiting) == ["s004", "s005"]
    cli.main(["report", "assignment1", str(out)])
    page = (out / "feedback/s001.html").read_text(encoding="utf-8")
    assert "Linear is not flat." in page
    assert "0.8" in page
    assert "decided by your reader" in page  # the criterion that the rubric was unsure about


def test_feedback_shows_a_persons_verdicts(room: Room, out: Path, assignment: Assignment) -> None:
    save(room, wanted(room, "s001"))
    stored = [records.load(out / "records/s001.json")]
    [shown] = decided(stored, sqlite_url(out / "gradebook.db"), assignment)
    cases = {case.id.partition("[")[2][:-1]: case for case in shown.grades[QUESTION].cases}
    assert {name: case.outcome for name, case in cases.items()} == {
        "choice": "failed",
        "sigmoid": "passed",
        "relu": "passed",
        "leaky": "failed",
    }
    assert cases["relu"].message == "ReLU: for which inputs: decided by your reader."
    assert cases["sigmoid"].message.endswith("found.")
    with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
        book.decide(["s001"], QUESTION, 2.0, overwrite=True, who="reader two")
    [shown] = decided(stored, sqlite_url(out / "gradebook.db"), assignment)
    assert [c.outcome for c in shown.grades[QUESTION].cases] == ["failed", "passed", "skipped", "failed"]


def test_decisions_of_the_terminal_are_written_down(room: Room, out: Path, capsys: Any) -> None:
    cli.main(["review", "assignment1", "--out", str(out), "--json"])
    [name] = [
        g["group"]
        for g in printed.read("ReviewOutput", capsys.readouterr().out)["groups"]
        if g["students"] == ["s004"] and g["grade_id"] == QUESTION
    ]
    cli.main(["review", "assignment1", "--out", str(out), "--decide", f"{name}=1"])
    with room.session() as db:
        [line] = ledger.lines(db, "assignment1")
    assert (line.how, line.student, line.points, bool(line.who)) == ("terminal", "s004", 1.0, True)


# --- what is learned ----------------------------------------------------------------------------


def test_a_decision_is_kept_as_an_example(room: Room, kept: Path) -> None:
    save(room, wanted(room, "s001", "s002"))
    found, damaged = labelled.read(kept)
    assert damaged == []
    assert [(e.question, e.answer, e.met) for e in found] == [
        (QUESTION, text, frozenset({"sigmoid", "relu"})) for text in (ALIKE, ALIKE.upper())
    ]
    assert "s001" not in kept.read_text(encoding="utf-8")


def test_what_says_nothing_of_criteria_is_not_kept(room: Room, kept: Path) -> None:
    save(room, wanted(room, "s001", points=1.0))
    save(room, wanted(room, "s002", second=True), "reader two")
    save(room, dataclasses.replace(wanted(room, "s004"), verdicts={"choice": True}))
    assert not kept.exists()


def test_an_example_that_cannot_be_kept_costs_no_decision(room: Room, out: Path, kept: Path) -> None:
    kept.mkdir()
    assert "not kept as an example" in save(room, wanted(room, "s001")).note
    assert entered(out)["s001"][0] == 0.8


def test_examples_of_other_terms_propose(room: Room, kept: Path) -> None:
    met = frozenset({"choice"})
    labelled.add(kept, [Example(QUESTION, f"{ALIKE} {n}", met) for n in range(12)])
    before = room.proposal(QUESTION, key_of("assignment1", "s001"))
    assert before.get("choice") is True
    assert before.get("relu") is False
    with room.session() as db:
        page = answer_page(room, db, Standpoint("", QUESTION, key_of("assignment1", "s001"), "reader one"))
    assert {c.id: c.before for c in page.criteria}["choice"] == "met"
    assert {c.id: c.state for c in page.criteria}["relu"] == "open"  # a proposal decides nothing


def test_new_examples_propose_at_once(room: Room, kept: Path) -> None:
    at = key_of("assignment1", "s001")
    assert room.proposal(QUESTION, at) == {}
    labelled.add(kept, [Example(QUESTION, f"{ALIKE} {n}", frozenset({"choice"})) for n in range(12)])
    assert room.proposal(QUESTION, at).get("choice") is True


def test_a_file_of_examples_that_cannot_be_read_costs_the_proposals_only(room: Room, kept: Path) -> None:
    kept.mkdir()
    assert room.proposal(QUESTION, key_of("assignment1", "s001")) == {}
    assert room.examples()[1] == [f"{kept.name}: Is a directory"]


@pytest.mark.parametrize("grade_id", [QUESTION, "affine_forward"])
def test_what_could_not_be_graded_is_there_with_the_reason(
    room: Room, out: Path, assignment: Assignment, grade_id: str
) -> None:
    one = record(assignment, "s001", ALIKE)
    home = next(c for c in assignment.grade_cells if c.grade_id == grade_id)
    cases = (CaseResult(f"{grade_id}[x]", "correctness", 1.0, "error", "The check did not start."),)
    broken = Grade(grade_id, home.notebook, None, home.points, "error", cases, "Your instructor looks at it.")
    one = dataclasses.replace(one, grades={**one.grades, grade_id: broken})
    records.save(one, out / "records")
    with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
        book.write(one)
    room.classroom.refresh()
    key, seen = version(room, "s001", grade_id)
    with room.session() as db:
        page = answer_page(room, db, Standpoint("", grade_id, key, "reader one"))
    assert page.doubt == "This could not be graded. The check did not start."
    assert [level for level, _ in page.levels] == [round(home.points * s, 2) for s in (1, 0.75, 0.5, 0.25, 0)]
    save(room, SentDecision(grade_id, {key: seen}, {}, home.points / 2, ""))
    with room.session() as db:
        assert ledger.states(db, "assignment1", grade_id, ["s001"])["s001"].manual == home.points / 2


def test_a_hint_is_shown_once_and_that_a_person_reads_is_not(
    room: Room, out: Path, assignment: Assignment
) -> None:
    def page(said: str) -> AnswerPageView:
        one = record(assignment, "s001", ALIKE)
        grade = one.grades[QUESTION]
        cases = tuple(
            dataclasses.replace(c, outcome="skipped", message=c.message.replace("found.", said))
            for c in grade.cases
        )
        grades = {**one.grades, QUESTION: dataclasses.replace(grade, cases=cases)}
        records.save(dataclasses.replace(one, grades=grades), out / "records")
        with room.session() as db:
            at = Standpoint("", QUESTION, key_of("assignment1", "s001"), "reader one")
            return answer_page(room, db, at)

    for said, doubt, found in (
        (READS, "", ""),
        (OFF_TOPIC, "No word of this seems to be about the question; needs review.", ""),
        ("this choice needs review.", "", "this choice needs review."),
    ):
        shown = page(said)
        assert (shown.doubt, {c.found for c in shown.criteria}) == (doubt, {found})


# --- graded again after a decision -----------------------------------------------------------------


def graded_again(out: Path, assignment: Assignment, student: str, text: str) -> None:
    one = record(assignment, student, text)
    records.save(one, out / "records")
    with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
        book.write(one)


def opened(room: Room) -> list[str]:
    with room.session() as db:
        return sorted(a.student for pile in room.piles(db, QUESTION) for a in pile.open)


@pytest.mark.parametrize("how", ["room", "terminal", "formgrader"])
def test_points_of_an_earlier_answer_are_looked_at_again(
    room: Room, out: Path, assignment: Assignment, how: str
) -> None:
    if how == "room":
        save(room, wanted(room, "s001", "s002", points=2.0))
    else:
        with Gradebook(sqlite_url(out / "gradebook.db"), assignment) as book:
            read = {student: digest(CLASS[student]) for student in ("s001", "s002")}
            if how == "terminal":
                book.decide(read, QUESTION, 2.0, who="reader one", read=read)
            else:
                for student in read:
                    row = book._book.find_grade(QUESTION, NOTEBOOK, "assignment1", student)
                    row.manual_score, row.needs_manual_grade = 2.0, False
                book._db.commit()
                book.note_typed(
                    {QUESTION: {"s001": read["s001"], "s004": digest("s004 waits")}}
                )  # as grade does
                book.note_typed({QUESTION: {"s001": digest("once noted, it stays")}})
    graded_again(out, assignment, "s001", "Something else.")
    graded_again(out, assignment, "s002", CLASS["s002"])  # the same answer: the decision stands
    assert opened(room) == ["s001", "s003", "s004", "s005"]
    with room.session() as db:
        [row, _] = room.overview(db, "reader one")
        page = answer_page(room, db, Standpoint("", QUESTION, key_of("assignment1", "s001"), "reader one"))
    assert (row.open, page.shown.outdated, page.shown.points) == (4, True, 2.0)
    assert entered(out)["s001"][0] == 2.0  # counts until somebody decides
    save(room, wanted(room, "s001", points=0.0))
    assert opened(room) == ["s003", "s004", "s005"]


def test_an_undo_after_a_new_grading_brings_back_nothing_unseen(
    room: Room, out: Path, assignment: Assignment
) -> None:
    save(room, wanted(room, "s001", points=2.0))
    graded_again(out, assignment, "s001", "Something else.")
    with room.session() as db:
        room.undo(db, "reader one")
    assert entered(out)["s001"][:2] == (None, True)
    assert "s001" in opened(room)


def test_a_student_who_left_is_named(room: Room, out: Path) -> None:
    from nbgrader import api

    save(room, wanted(room, "s001", points=2.0))
    ours = wanted(room, "s001", points=1.0)
    (out / "records/s001.json").unlink()
    with pytest.raises(ReviewError, match="an answer is not there any more"):
        save(room, ours)
    with api.Gradebook(sqlite_url(out / "gradebook.db")) as book:
        book.remove_student("s001")
    with (
        room.session() as db,
        pytest.raises(GradebookError, match="'s001' is not in the gradebook any more"),
    ):
        room.undo(db, "reader one")


# --- several readers ----------------------------------------------------------------------------


def split(room: Room, how: str, **questions: str) -> list[list[tuple[int, int]]]:
    """For each of two readers: (answers that are theirs, answers) of each question."""
    made = readers.parsed(how, "reader one, reader two", questions)
    with room.session() as db:
        assert readers.save(db, "assignment1", made, readers.load(db, "assignment1").version)
        found = []
        for who in ("reader one", "reader two"):
            rows = room.overview(db, who)
            found.append([(row.mine, row.open) for row in rows])
    return found


def test_answers_are_dealt_out(room: Room) -> None:
    one, two = split(room, "question")
    assert sorted((one, two)) == [[(0, 5), (5, 5)], [(5, 5), (0, 5)]]
    one, two = split(room, "question", **{OTHER: "reader one", QUESTION: "reader one"})
    assert (one, two) == ([(5, 5), (5, 5)], [(0, 5), (0, 5)])
    for how in ("group", "share"):
        one, two = split(room, how)
        assert all(a[0] + b[0] == 5 for a, b in zip(one, two, strict=True)), how
    assert [mine for mine, _ in one] in ([2, 2], [3, 3])  # by share: all answers of a student
    assert split(room, "all") == [[(5, 5), (5, 5)]] * 2


def test_a_group_stays_with_one_reader(room: Room) -> None:
    split(room, "group")
    with room.session() as db:
        sizes = [sorted(len(p.answers) for p in room.piles(db, QUESTION, who))
                 for who in ("reader one", "reader two")]  # fmt: skip
    assert sorted(sizes) == [[1, 1], [3]]


def test_weights_decide_who_gets_how_much() -> None:
    made = readers.parsed("share", "reader one 3\nreader two", {})
    dealt = list(made.dealt({f"s{n}": 1 for n in range(100)}).values())
    assert dealt.count("reader one") == 75


@pytest.mark.parametrize(
    ("how", "names", "message"),
    [
        ("fairly", "a", "expected one of all, question, group, share, got 'fairly'"),
        ("share", " ,\n", "expected the names of the readers, got none"),
        ("share", "a, b, a", "a stands twice"),
        ("share", "a 0", "a: expected a weight above 0, got 0"),
        ("share", "a -1", "expected a weight above 0"),
        ("share", ",".join(f"r{n}x" for n in range(51)), "expected 50 readers at most, got 51"),
    ],
)
def test_a_wrong_split_is_refused(how: str, names: str, message: str) -> None:
    with pytest.raises(ReviewError, match=message):
        readers.parsed(how, names, {})


def test_a_split_is_not_overwritten_silently(room: Room) -> None:
    with room.session() as db:
        one, two = Split("share", {"a": 1.0}), Split("group", {"b": 1.0})
        assert readers.save(db, "assignment1", one, 0)
        assert not readers.save(db, "assignment1", two, 0)
        assert readers.save(db, "assignment1", two, 1)
        assert not readers.save(db, "assignment1", one, 1)
        assert readers.load(db, "assignment1") == dataclasses.replace(two, version=2)


def test_comments_to_use_again(room: Room) -> None:
    with room.session() as db:
        for text in ("Say why.", " Say why. ", "Which inputs?"):
            readers.keep_remark(db, "assignment1", QUESTION, text, "reader one")
        kept = readers.remarks(db, "assignment1", QUESTION)
        assert [remark.text for remark in kept] == ["Say why.", "Which inputs?"]
        readers.drop_remark(db, "assignment1", kept[0].id)
        assert [r.text for r in readers.remarks(db, "assignment1", QUESTION)] == ["Which inputs?"]
        assert readers.remarks(db, "assignment1", OTHER) == []
        with pytest.raises(ReviewError, match="expected a comment of 1 to 2000 characters, got 0"):
            readers.keep_remark(db, "assignment1", QUESTION, "  ", "reader one")
        for number in range(29):
            readers.keep_remark(db, "assignment1", QUESTION, f"{number}", "reader one")
        with pytest.raises(ReviewError, match="there are 30 comments"):
            readers.keep_remark(db, "assignment1", QUESTION, "one more", "reader one")


# --- second readings ----------------------------------------------------------------------------


def test_a_tenth_is_chosen_and_stays_chosen() -> None:
    keys = [key_of("assignment1", f"s{n}") for n in range(5000)]
    share = [key for key in keys if chosen("assignment1", QUESTION, key)]
    assert 0.085 < len(share) / len(keys) < 0.115
    assert share == [key for key in keys if chosen("assignment1", QUESTION, key)]


def test_a_second_reading_changes_no_points(room: Room, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.reading.room.chosen", lambda *_: True)
    save(room, wanted(room, "s001", "s002", points=1.5))
    with room.session() as db:
        assert room.second(db, "reader one") == []  # nobody reads their own twice
        assert [a.student for a, _ in room.second(db, "reader two")] == ["s001", "s002"]
    save(room, wanted(room, "s001", points=1.0, second=True), "reader two")
    save(room, wanted(room, "s002", points=1.5, second=True), "reader two")
    with room.session() as db:
        assert room.second(db, "reader two") == []
        pairs = room.pairs(db)
    assert entered(out)["s001"][0] == 1.5
    found = agreement(pairs)
    assert (found.answers, found.same, found.apart, found.share) == (2, 1, 0.25, 0.5)
    assert found.kappa == 1.0


def test_kappa_by_hand() -> None:
    # 20 both, 15 neither, 5 and 10 one of them: (0.7 - 0.5) / (1 - 0.5), the example of Wikipedia's page.
    both = [(True, True)] * 20 + [(False, False)] * 15 + [(True, False)] * 5 + [(False, True)] * 10
    assert kappa(both) == pytest.approx(0.4)
    assert kappa([]) is None
    assert kappa([(True, True)]) is None
    assert agreement([]).share == 0.0


def test_versions_differ_by_what_people_see(room: Room) -> None:
    before = version(room, "s001")
    save(room, wanted(room, "s002", points=1.0))
    assert version(room, "s001") == before
    save(room, wanted(room, "s001", points=1.0))
    assert version(room, "s001") != before
