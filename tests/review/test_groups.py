"""Which answers one decision may count for."""

import dataclasses

import pytest

from autograder.answers.groups import Group, groups
from autograder.answers.verdict import judge
from autograder.cli.review import ask, output, show_all
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import ReviewError
from autograder.records.record import CaseResult, Grade, Hashes, Outcome, Record
from autograder.runs import review

QUESTION = "inline_Dropout_3"
OUTCOMES: dict[str, Outcome] = {"met": "passed", "not met": "failed", "unsure": "skipped"}


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment2")


def record(student: str, text: str, assignment: Assignment, state: str = "needs_review") -> Record:
    """As grading makes it, of one answer."""
    question = assignment.question(QUESTION)
    assert question is not None
    verdicts = judge(question, text).verdicts
    cases = tuple(
        CaseResult(f"{QUESTION}[{c.id}]", "criterion", c.points, OUTCOMES[verdicts[c.id].outcome], "why")
        for c in question.criteria
    )
    grade = Grade(QUESTION, "Dropout", None, 1.0, state, cases)  # type: ignore[arg-type]
    return Record(
        student, "assignment2", "none", Hashes("", "", ""), {QUESTION: grade}, answers={QUESTION: text}
    )


def grouped(assignment: Assignment, *texts: str) -> list[list[int]]:
    """The places of the texts, by group."""
    records = [record(f"s{at:03}", text, assignment) for at, text in enumerate(texts)]
    found = groups(records, assignment.written)
    return sorted([int(a.student[1:]) for a in group.answers] for group in found)


BASE = (
    "We should raise the keep probability, since a smaller network overfits less "
    "and needs less regularization."
)

ALIKE = (
    BASE,
    BASE.upper(),
    f"**{BASE}**",
    f"\n{BASE}\n",
    BASE.replace("regularization", "regularisation"),
    BASE.replace("network", "netwrok"),
    BASE.replace("We should", "You should"),
    BASE.replace(", since", " because"),
    BASE.replace("needs less", "needs much less"),
    BASE.replace("probability,", "probability -"),
)


@pytest.mark.parametrize("other", ALIKE[1:])
def test_answers_alike_are_one_group(assignment: Assignment, other: str) -> None:
    assert grouped(assignment, BASE, other) == [[0, 1]]


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("raise", "lower"),
        BASE.replace("We should", "We should not"),
        BASE.replace("overfits less", "overfits more"),
        BASE.replace("smaller", "larger"),
        BASE.replace("keep probability", "keep probability to 0.9"),
        BASE.replace("since", "but not since"),
        "Raise p.",
        BASE + " In my experiment the accuracy went up from 0.5 to 0.6.",
        "",
    ],
)
def test_what_a_rubric_looks_at_keeps_answers_apart(assignment: Assignment, other: str) -> None:
    assert grouped(assignment, BASE, other) == [[0], [1]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It is flat for x > 0.", "It is flat for x < 0."),
        (r"It is flat for $x \geq 0$.", r"It is flat for $x \leq 0$."),
        ("The slope there is -1.", "The slope there is 1."),
        ("Set it to .5 then.", "Set it to .7 then."),
        ("1 for x > 0, 0 for x < 0", "1 for x < 0, 0 for x > 0"),
    ],
)
def test_what_differs_in_a_sign_is_apart(assignment: Assignment, one: str, other: str) -> None:
    assert grouped(assignment, one, other) == [[0], [1]]


def test_only_what_waits_is_listed_unless_asked(assignment: Assignment) -> None:
    records = [record("s001", BASE, assignment), record("s002", BASE, assignment, state="graded")]
    assert [a.student for g in groups(records, assignment.written) for a in g.answers] == ["s001"]
    [group] = groups(records, assignment.written, everyone=True)
    assert [a.student for a in group.answers] == ["s001", "s002"]


def test_large_groups_come_first_and_questions_in_order(assignment: Assignment) -> None:
    texts = ["Raise p.", *ALIKE[:3]]
    records = [record(f"s{at}", text, assignment) for at, text in enumerate(texts)]
    assert [len(g.answers) for g in groups(records, assignment.written)] == [3, 1]


def test_an_id_names_the_very_answers(assignment: Assignment) -> None:
    def ids(*texts: str) -> list[str]:
        return [
            g.id
            for g in groups([record(f"s{n}", t, assignment) for n, t in enumerate(texts)], assignment.written)
        ]

    assert ids(BASE) == ids(BASE)
    assert ids(BASE) != ids(BASE, BASE)
    assert ids(BASE) != ids(BASE + " ")
    assert ids(BASE)[0].startswith("Dropout_3:")


def test_without_a_rubric_only_the_same_words_are_alike(assignment: Assignment) -> None:
    bare = dataclasses.replace(assignment, questions=())
    records = [
        record(f"s{n}", t, assignment) for n, t in enumerate([BASE, BASE.upper(), BASE + " Probably."])
    ]
    assert sorted(len(g.answers) for g in groups(records, bare.written)) == [1, 2]


def test_a_cell_of_code_that_needs_review_is_listed_with_the_reason(
    assignment: Assignment, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "Your instructor looks at this: two copies of cs_lib/layers.py differ."
    cases = tuple(CaseResult(f"affine[{n}]", "core", 1.0, "passed") for n in range(30))
    doubted = Grade("affine", "FullyConnectedNets", 2.0, 4.0, "needs_review", cases, comment=why)
    sure = dataclasses.replace(doubted, state="graded")
    records = [
        dataclasses.replace(record(f"s00{n}", BASE, assignment, "graded"), grades={"affine": grade})
        for n, grade in enumerate([doubted, doubted, sure])
    ]
    [group] = groups(records, assignment.written)
    assert [answer.student for answer in group.answers] == ["s000", "s001"]
    show_all([group], assignment.question)
    printed = capsys.readouterr().out
    assert why in " ".join(printed.split())
    assert "30 of 30 checks passed" in printed
    [shown] = output(assignment.name, [group], {}).groups
    assert [(c.id, c.proposed) for c in shown.criteria] == [(case.id, None) for case in cases]
    assert review.decision(f"{group.id}=3", "", [group]).points == 3.0
    assert review.decision(f"{group.id}=proposed", "", [group]).points == 2.0


def group(assignment: Assignment) -> Group:
    return groups([record("s001", "Increase p.", assignment)], assignment.written)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5", "expected GROUP=POINTS"),
        ("=0.5", "expected GROUP=POINTS"),
        ("{id}=", "expected GROUP=POINTS"),
        (
            "{id}=2",
            r"expected points from 0 to 1, criteria joined by \+ \(direction, reason\), or .* got '2'",
        ),
        ("{id}=direction+why", r"criteria joined by .* got 'direction\+why'"),
        ("{id}=-1", "expected points from 0 to 1"),
        ("{id}=nan", "expected points from 0 to 1"),
        ("{id}=many", "got 'many'"),
        (
            "Dropout_3:000000=1",
            "no group Dropout_3:000000 needs review; it may have changed, so list the groups again",
        ),
    ],
)
def test_a_wrong_decision_is_reported(assignment: Assignment, text: str, message: str) -> None:
    waiting = group(assignment)
    with pytest.raises(ReviewError, match=message):
        review.decision(text.format(id=waiting.id), "", [waiting])


def test_a_decision_is_read(assignment: Assignment) -> None:
    waiting = group(assignment)
    assert review.decision(f"{waiting.id}=0.75", "Nearly.", [waiting]) == review.GroupDecision(
        waiting, 0.75, "Nearly."
    )


@pytest.mark.parametrize(
    ("points", "met"),
    [
        ("direction", "direction"),
        ("direction+reason", "direction reason"),
        ("1", "direction reason"),
        ("0", ""),
    ],
)
def test_the_criteria_behind_a_decision(assignment: Assignment, points: str, met: str) -> None:
    waiting = group(assignment)
    made = review.decision(f"{waiting.id}={points}", "", [waiting])
    assert made.met == frozenset(met.split())
    assert made.points == len(made.met) / 2


def test_points_that_several_criteria_come_to_say_nothing_of_them(assignment: Assignment) -> None:
    waiting = group(assignment)
    assert review.decision(f"{waiting.id}=0.5", "", [waiting]).met is None
    assert review.decision(f"{waiting.id}=0.3", "", [waiting]).met is None


def test_what_is_proposed_can_be_confirmed_if_all_of_it_is(assignment: Assignment) -> None:
    waiting = dataclasses.replace(group(assignment), proposal={"direction": True, "reason": False})
    made = review.decision(f"{waiting.id}=proposed", "", [waiting])
    assert (made.points, made.met) == (0.5, frozenset(("direction",)))
    half = dataclasses.replace(waiting, proposal={"direction": True})
    with pytest.raises(ReviewError, match="the word proposed where all is proposed, got 'proposed'"):
        review.decision(f"{half.id}=proposed", "", [half])


def test_a_proposal_that_is_not_there_cannot_be_confirmed(assignment: Assignment) -> None:
    one = record("s001", BASE, assignment)
    one.grades[QUESTION] = dataclasses.replace(one.grades[QUESTION], points=None)
    [waiting] = groups([one], assignment.written)
    with pytest.raises(ReviewError, match="got 'proposed'"):
        review.decision(f"{waiting.id}=proposed", "", [waiting])


def test_going_through_the_groups(assignment: Assignment, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [BASE, "Increase p.", "Lower p.", "p stays."]
    waiting = groups([record(f"s{n}", t, assignment) for n, t in enumerate(texts)], assignment.written)
    waiting[1] = dataclasses.replace(waiting[1], proposal={"direction": True, "reason": False})
    lines = iter(["0.25 Say why.", "7", "", "s", "q"])
    made = list(ask(waiting, assignment.question, lambda: next(lines)))
    assert [(d.group, d.points, d.comment) for d in made] == [
        (waiting[0], 0.25, "Say why."),
        (waiting[1], 0.5, ""),
    ]
    printed = capsys.readouterr().out
    assert "1 of 4" in printed
    assert "likely    0.5  direction  Raise p." in printed
    assert "unlikely  0.5  reason" in printed
    assert "expected points from 0 to 1" in printed


def test_the_end_of_the_input_ends_it(assignment: Assignment) -> None:
    def nothing() -> str:
        raise EOFError

    assert list(ask([group(assignment)], assignment.question, nothing)) == []


def test_a_long_list_is_cut_in_print_only(assignment: Assignment, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Increase [bold]p[/bold]. " + "Because of capacity. " * 60
    waiting = groups([record(f"s{n:03}", text, assignment) for n in range(20)], assignment.written)
    show_all(waiting, assignment.question)
    printed = " ".join(capsys.readouterr().out.split())
    assert "and 8 more" in printed
    assert "[bold]p[/bold]" in printed
    assert len(printed) < 2000
    [shown] = output(assignment.name, waiting, {}).groups
    assert shown.answer == text
    assert len(shown.students) == 20
