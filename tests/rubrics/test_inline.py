"""Answers to the course's own questions: what is graded alone, and that nothing else is."""

import dataclasses
from functools import cache

import pytest

from autograder.answers.question import Question
from autograder.answers.verdict import judge
from autograder.checks.checks import CheckFailed
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.judge import inline, scoring
from autograder.judge.grading import grade_one
from autograder.notebook import GradeCell
from autograder.records.record import CaseResult, Grade
from bench import labelled, rubrics

QUESTIONS = labelled.questions()
ACTIVATIONS, DROPOUT = QUESTIONS["inline_two_layer_net_1"], QUESTIONS["inline_Dropout_3"]


def models() -> list[tuple[str, str]]:
    """The model answers of the source notebooks."""
    from autograder.intake import read_answers

    found = []
    for name in course.names():
        assignment = course.load(name)
        for notebook in assignment.notebooks:
            texts = read_answers(assignment, {notebook.name: notebook.path.read_bytes()}).texts
            found += [(c.grade_id, texts[c.grade_id]) for c in notebook.cells if c.kind == "inline"]
    return found


# --- nothing to judge ---------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "empty"),
        ("  \n\n ", "empty"),
        ("*Your answer here.*", "empty"),
        ("*Your answer here: it is not written yet.*", "empty"),
        ("<!-- your answer here -->", "empty"),
        ("<p><br/></p>\n---\n&nbsp;", "empty"),
        ("\u200b\ufeff \u00a0", "empty"),
        ("```\n```", "empty"),
        ("I don't know.", "empty"),
        ("n/a", "empty"),
        ("???", "empty"),
        ("TODO", "empty"),
    ],
)
def test_nothing_earns_nothing(question: Question, answer: str, why: str) -> None:
    judgement = judge(question, answer)
    assert judgement.nothing == why
    assert {v.outcome for v in judgement.verdicts.values()} == {"not met"}


SAYS_SOMETHING = (
    *("<!-- since it is flat -->", "<script>1</script>", "[](http://example.org/my.pdf)", "[answer](my.pdf)"),
    *(
        "<img alt='a sketch'>",
        "![](attachment:a.png)",
        "\N{UPWARDS BLACK ARROW}\ufe0f",
        "\N{UPWARDS ARROW}",
        "+",
    ),
    *("\N{THUMBS UP SIGN}", "\N{WHITE HEAVY CHECK MARK}", "I don't know \N{UPWARDS ARROW}", "<svg></svg>"),
)


@pytest.mark.parametrize("answer", SAYS_SOMETHING)
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_answer_without_words_is_empty_only_if_nothing_else_is_in_it(
    question: Question, answer: str
) -> None:
    assert not judge(question, answer).settled
    assert judge(question, answer).nothing == ""


OFF_TOPIC = "My cat is called Tom and likes to sleep in the sun all day long."
IN_OWN_WORDS = (
    ("inline_Dropout_3", "Yes, increase p, since otherwise the machine is going to be crippled."),
    ("inline_Dropout_1", "The magnitude is inflated in the real thing by the factor p."),
    ("inline_Dropout_2", "Cramming is prevented and the machine is forced to understand."),
    (
        "inline_BatchNormalization_2",
        "A crowd is representative and a couple of people is not representative.",
    ),
    ("inline_ConvolutionalNetworks_1", "Quick and calm with the trick, tardy and jumpy without the trick."),
    ("inline_two_layer_net_2", "Show the machine lots of photos and forbid big coefficients."),
)


@pytest.mark.parametrize(("grade_id", "answer"), [*((name, OFF_TOPIC) for name in QUESTIONS), *IN_OWN_WORDS])
def test_an_answer_that_seems_off_topic_is_for_a_person(grade_id: str, answer: str) -> None:
    """A cat, or a good answer in words that nobody foresaw: the reader gets a hint, the student no zero."""
    judgement = judge(QUESTIONS[grade_id], answer)
    assert judgement.nothing == "off-topic"
    assert {v.outcome for v in judgement.verdicts.values()} == {"unsure"}
    assert all("no word of this seems to be about" in v.message for v in judgement.verdicts.values())


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_question_itself_is_no_answer(question: Question) -> None:
    assert question.asked
    assert judge(question, question.asked).nothing == "copied"


ABOUT_IT = (
    "Probably yes.",
    "It is so.",
    "Die Katze liegt den ganzen Tag in der Sonne und schläft.",
    "At some point it becomes too weak and then everything before stays as it was.",
    "They all have the same trouble in the end, I am afraid to say.",
    "There is less to go by and so one is wrong more often.",
    "I would turn it up a bit, so that enough of them are left.",
    "One half is gone and the other half has to do the work of both.",
    "Maybe 5 of the 10 are gone and the rest has to do it.",
    "Everything gets punished that sticks out, so what you get is smooth.",
)


@pytest.mark.parametrize("answer", ABOUT_IT)
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_what_may_be_about_the_question_is_never_settled(question: Question, answer: str) -> None:
    """Short, foreign, or in plain words that nobody foresaw: unsure, never "not met"."""
    judgement = judge(question, answer)
    assert judgement.nothing == ""
    assert {v.outcome for v in judgement.verdicts.values()} == {"unsure"}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_copy_with_a_word_changed_is_no_copy(question: Question) -> None:
    changed = question.asked.replace("the", "no", 1)
    assert changed != question.asked
    assert judge(question, changed).nothing == ""


OPTIONS = ["1. sigmoid, $1 / (1 + e^{-x})$", "2. ReLU, $\\max(0, x)$", "3. leaky ReLU, $\\max(0.1\\,x, x)$"]
PICKED = {
    "bold": ["1. **sigmoid**, $1 / (1 + e^{-x})$", "2. **ReLU**, $\\max(0, x)$", OPTIONS[2]],
    "bold numbers": ["**1.** sigmoid, $1 / (1 + e^{-x})$", "**2.** ReLU, $\\max(0, x)$", OPTIONS[2]],
    "struck out": [*OPTIONS[:2], "3. ~~leaky ReLU, $\\max(0.1\\,x, x)$~~"],
    "ticked": [f"{OPTIONS[0]} ✓", f"{OPTIONS[1]} ✅", f"{OPTIONS[2]} ❌"],
    "boxes": [f"- [x] {OPTIONS[0]}", f"- [x] {OPTIONS[1]}", f"- [ ] {OPTIONS[2]}"],
    "HTML": [f"<u>{OPTIONS[0]}</u>", f"<b>{OPTIONS[1]}</b>", OPTIONS[2]],
    "arrows": [f"{OPTIONS[0]} <--", f"{OPTIONS[1]} <--", OPTIONS[2]],
    "letters": [f"{OPTIONS[0]} x", f"{OPTIONS[1]} x", OPTIONS[2]],
}


@pytest.mark.parametrize("lines", PICKED.values(), ids=PICKED)
def test_options_copied_with_some_marked_are_no_copy(lines: list[str]) -> None:
    asked = ACTIVATIONS.asked.replace("\n".join(OPTIONS), "\n".join(lines))
    assert asked != ACTIVATIONS.asked
    for answer in (asked, "\n".join(lines)):
        verdicts = judge(ACTIVATIONS, answer).verdicts
        assert {v.outcome for v in verdicts.values()} == {"unsure"}


@pytest.mark.parametrize(
    "quoted",
    [
        "total = total + dw * dw                          # starts at 0, one number for each weight",
        "It also gives each weight a learning rate of its own:",
        "Does Adam have the same problem? It learns well for some epochs.",
    ],
)
def test_a_line_of_the_question_may_be_the_answer(quoted: str) -> None:
    assert not judge(QUESTIONS["inline_FullyConnectedNets_3"], quoted).settled


def test_the_question_repeated_before_an_answer_does_no_harm() -> None:
    before = ACTIVATIONS.asked.partition("1. sigmoid")[0]
    assert judge(ACTIVATIONS, f"{before}\n\n1 and 2.").verdicts["choice"].outcome == "met"


def test_options_copied_are_a_choice() -> None:
    gap = QUESTIONS["inline_two_layer_net_2"]
    copied = "1. Use more training images.\n3. Make `reg`, the strength of the regularisation, larger."
    for answer in (copied, "Use more training images.", copied.replace("1. ", "").replace("3. ", "")):
        assert judge(gap, answer).nothing == ""


# --- what is settled, and what is not -----------------------------------------------------------


MODELS = models()


@pytest.mark.parametrize(("grade_id", "answer"), MODELS, ids=[grade_id for grade_id, _ in MODELS])
def test_an_answer_in_words_is_for_a_person(grade_id: str, answer: str) -> None:
    """The model answers are right; no program may say so, nor the contrary."""
    assert {v.outcome for v in judge(QUESTIONS[grade_id], answer).verdicts.values()} == {"unsure"}


CHOICES = {
    ("inline_two_layer_net_1", "1 and 2."): True,
    ("inline_two_layer_net_1", "sigmoid and ReLU"): True,
    ("inline_two_layer_net_1", "Sigmoid and ReLU can have that problem."): True,
    ("inline_two_layer_net_1", "Leaky ReLU"): False,
    ("inline_two_layer_net_2", "Options 1 and 3"): True,
    ("inline_two_layer_net_2", "more images, stronger regularisation"): True,
    ("inline_two_layer_net_2", "2"): False,
    ("inline_BatchNormalization_3", "batch norm: 3\nlayer norm: 2"): True,
    ("inline_BatchNormalization_3", "BN = 2, LN = 3"): False,
    ("inline_BatchNormalization_4", "In case 2."): True,
    ("inline_BatchNormalization_4", "scenario 2"): True,
    ("inline_BatchNormalization_4", "3"): False,
    ("inline_BatchNormalization_3", "3 is most like batch norm, 2 is most like layer norm."): True,
}


@pytest.mark.parametrize(("asked", "right"), CHOICES.items(), ids=[a for _, a in CHOICES])
def test_a_choice_that_stands_alone_is_settled(asked: tuple[str, str], right: bool) -> None:
    question = QUESTIONS[asked[0]]
    verdicts = judge(question, asked[1]).verdicts
    for criterion in question.criteria:
        met = right and criterion.chosen is not None
        assert verdicts[criterion.id].outcome == ("met" if met else "not met"), criterion.id


def test_a_choice_that_the_rubric_leaves_to_a_person_is_left() -> None:
    verdicts = judge(QUESTIONS["inline_BatchNormalization_4"], "2 and 3").verdicts
    assert {v.outcome for v in verdicts.values()} == {"unsure"}
    assert verdicts["choice"].message.endswith("this choice needs review.")


MISREAD = {
    "two predicates": [
        ("inline_two_layer_net_2", "1, 3. We can use more data or stronger regularisation"),
        ("inline_two_layer_net_2", "1 and 3. More data or reg, or neither."),
    ],
    "two for one": [
        ("inline_BatchNormalization_3", "BN: 3 and 4"),
        ("inline_BatchNormalization_3", "BN: 3 or 4, LN: 2"),
    ],
    "a joke": [
        ("inline_two_layer_net_1", "1 and 2. Just kidding, it is 3."),
        ("inline_two_layer_net_2", "1 and 3, said the cat."),
    ],
    "hypothetical": [
        ("inline_Dropout_3", "if p were larger, more units would be kept"),
        ("inline_Dropout_3", "p should stay."),
        ("inline_two_layer_net_2", "1 and 3 would help if the net were deeper"),
    ],
    "reversed": [
        ("inline_Dropout_1", "The test output is p times the training output."),
        ("inline_FullyConnectedNets_2", "The three-layer network is more sensitive than the five-layer one."),
        ("inline_BatchNormalization_2", "Small batches work better than large ones."),
    ],
    "half of what is asked": [
        ("inline_BatchNormalization_4", "Layer normalisation is likely to work in case 2."),
        ("inline_two_layer_net_1", "1 and 2 can have."),
    ],
    "colliding words": [
        ("inline_FullyConnectedNets_2", "A deeper net needs more power and has a higher complexity."),
        ("inline_BatchNormalization_4", "Layer 2 is affected."),
        ("inline_Dropout_2", "Training a layer takes power."),
    ],
    "second language": [
        ("inline_two_layer_net_2", "Is good to do number 1 and number 3."),
        ("inline_two_layer_net_2", "We punish the big weight so net is less flexible."),
        ("inline_BatchNormalization_4", "It work bad in 2nd case."),
    ],
}


@pytest.mark.parametrize(("grade_id", "answer"), [pair for each in MISREAD.values() for pair in each])
def test_what_was_once_misread_is_for_a_person(grade_id: str, answer: str) -> None:
    judgement = judge(QUESTIONS[grade_id], answer)
    assert not judgement.settled
    assert {v.outcome for v in judgement.verdicts.values()} == {"unsure"}


# --- the labelled answers -----------------------------------------------------------------------

LABELLED = list(labelled.labelled())


@cache
def readings() -> list[rubrics.Read]:
    return [rubrics.read(answer, QUESTIONS) for answer in LABELLED]


def test_every_inline_question_has_a_rubric_worth_its_points() -> None:
    for name in course.names():
        assignment = course.load(name)
        for cell in assignment.grade_cells:
            if cell.kind == "inline":
                question = assignment.question(cell.grade_id)
                assert question is not None, cell.grade_id
                assert question.points == pytest.approx(cell.points)
    assert assignment.question("affine_forward") is None


def test_there_are_enough_labelled_answers_of_every_kind_and_style() -> None:
    assert len({(a.question, a.text) for a in LABELLED}) >= 600
    kinds = {
        "right",
        "half",
        "wrong",
        "evasive",
        "keywords",
        "language",
        "copied",
        "empty",
        "offtopic",
        "human",
    }
    assert {a.kind for a in LABELLED} == kinds
    assert {a.style for a in LABELLED} == {
        *labelled.HELD_STYLES,
        "plain",
        "terse",
        "rambling",
        "markup",
        "odd",
    }
    assert {a.question for a in LABELLED} > labelled.HELD_QUESTIONS
    for answer in LABELLED:
        assert answer.met <= {c.id for c in QUESTIONS[answer.question].criteria}, answer.where


@pytest.mark.parametrize("part", labelled.PARTS)
def test_nothing_is_graded_alone_wrongly(part: str) -> None:
    alone = [row for row in readings() if row.answer.part == part and row.alone]
    assert [row.answer.where for row in alone if row.wrong] == []
    assert len(alone) >= 4


def test_an_answer_with_nothing_in_it_is_graded_alone() -> None:
    assert [r.answer.where for r in readings() if r.answer.kind == "empty" and not r.alone] == []
    # Some are of another wording of the question.
    copied = [r for r in readings() if r.answer.kind == "copied"]
    assert sum(r.alone for r in copied) >= len(copied) / 3


def test_an_answer_that_only_a_person_may_settle_counts_as_wrong_if_it_is_settled() -> None:
    hedged = next(row for row in readings() if row.answer.kind == "human")
    assert not hedged.wrong
    assert dataclasses.replace(hedged, alone=True).wrong


def test_an_own_kappa_is_right() -> None:
    # 20 agree on met, 15 on not met, 5 + 10 differ: 0.70 against 0.50 by chance.
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert labelled.kappa(pairs) == pytest.approx(0.4)


# --- messages -----------------------------------------------------------------------------------


def test_messages_hold_none_of_the_rubric() -> None:
    for answer in LABELLED:
        question = QUESTIONS[answer.question]
        for criterion in question.criteria:
            message = judge(question, answer.text).verdicts[criterion.id].message
            assert len(criterion.full) < 10 or criterion.full not in message
            assert question.answer not in message
            assert len(message.replace(criterion.title, "")) < 130, message


def test_titles_do_not_give_the_answer_away() -> None:
    for question in QUESTIONS.values():
        for criterion in question.criteria:
            assert len(criterion.title) < 50
            verdicts = judge(question, " ".join(c.title + "." for c in question.criteria)).verdicts
            assert verdicts[criterion.id].outcome != "met", criterion.title


# --- the hidden test, and what the judge makes of it --------------------------------------------


CHOICE = ACTIVATIONS, next(c for c in ACTIVATIONS.criteria if c.id == "choice")


def test_met_passes_with_its_reason() -> None:
    said = inline.criterion_met({"inline_two_layer_net_1": "1 and 2"}, *CHOICE)
    assert said == "Which activations: right."


def test_not_met_fails() -> None:
    with pytest.raises(CheckFailed, match=r"Which activations: not right\.") as failed:
        inline.criterion_met({"inline_two_layer_net_1": "3"}, *CHOICE)
    assert failed.value.property == ""


def test_nothing_written_fails_with_that_reason() -> None:
    with pytest.raises(CheckFailed, match="Nothing is written here") as failed:
        inline.criterion_met({}, *CHOICE)
    assert failed.value.property == "empty"


def test_unsure_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"Which activations: needs review\."):
        inline.criterion_met({"inline_two_layer_net_1": "1 and 2, since it is flat."}, *CHOICE)


CELL = GradeCell("inline_Dropout_3", "Dropout", 1.0, "inline", True)


def judged(answer: str | None, question: Question | None = DROPOUT, readable: bool = True) -> Grade:
    outcomes = {"met": "passed", "not met": "failed", "unsure": "skipped"}
    cases = []
    if question is not None:
        judgement = judge(question, answer or "")
        for criterion in question.criteria:
            verdict = judgement.verdicts[criterion.id]
            outcome = outcomes[verdict.outcome]
            prop = judgement.nothing if outcome == "failed" else ""
            case = CaseResult(criterion.id, "criterion", criterion.points, outcome, verdict.message)  # type: ignore[arg-type]
            cases.append(dataclasses.replace(case, property=prop))
    return scoring.judge_inline(CELL, answer, readable, question, tuple(cases))


def state(grade: Grade) -> tuple[float | None, str]:
    return grade.points, grade.state


RIGHT = "Increase p, since otherwise too few active units remain."


def test_a_text_gets_no_points_before_a_person_has_read_it() -> None:
    for answer in (RIGHT, "Increase p.", "Man muss p erhöhen, weil das Netz sonst zu klein ist."):
        assert state(judged(answer)) == (None, "needs_review")
        assert judged(answer).comment == "Your instructor reads this answer."


def test_nothing_written_is_graded() -> None:
    assert state(judged(None)) == (0.0, "graded")
    assert judged("*Your answer here.*").comment == "No answer written."
    assert judged("I don't know").comment == "The answer says that there is none."
    assert state(judged(DROPOUT.asked)) == (0.0, "graded")
    assert judged(DROPOUT.asked).comment == "This is the question's own text, with no answer to it."


@pytest.mark.parametrize(("answer", "points"), [("1 and 2.", 1.0), ("3", 0.0), ("1, 2: flat", None)])
def test_a_choice_is_graded_if_it_stands_alone(answer: str, points: float | None) -> None:
    grade = judged(answer, ACTIVATIONS)
    assert state(grade) == (points, "needs_review" if points is None else "graded")


def test_faults_of_ours_are_no_grade() -> None:
    broken = (CaseResult("direction", "criterion", 0.5, "error", "KeyError: 3"),)
    grade = scoring.judge_inline(CELL, RIGHT, True, DROPOUT, broken)
    assert (*state(grade), grade.internal) == (None, "error", "KeyError: 3")
    assert state(scoring.judge_inline(CELL, RIGHT, True, DROPOUT, ())) == (None, "error")
    assert state(judged(RIGHT, readable=False)) == (None, "error")
    assert state(judged(RIGHT, question=None)) == (None, "needs_review")


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment2")


def test_the_judge_runs_a_case_for_every_criterion(assignment: Assignment) -> None:
    import json

    from autograder.intake import Submission
    from autograder.sandbox.level import unsafe

    cells = [
        {"metadata": {"nbgrader": {"grade_id": "inline_Dropout_3"}}, "source": RIGHT, "cell_type": "markdown"}
    ]
    hand_in = Submission("s001", notebooks={"Dropout": json.dumps({"cells": cells}).encode()})
    [dropout] = [n for n in assignment.notebooks if n.name == "Dropout"]
    only = dataclasses.replace(assignment, notebooks=(dropout,))
    record = grade_one(only, hand_in, unsafe())
    grade = record.grades["inline_Dropout_3"]
    assert [(c.id, c.kind, c.weight, c.outcome) for c in grade.cases] == [
        ("inline_Dropout_3[direction]", "criterion", 0.5, "skipped"),
        ("inline_Dropout_3[reason]", "criterion", 0.5, "skipped"),
    ]
    assert grade.cases[0].message == "Whether and how to change p: needs review."
    assert state(grade) == (None, "needs_review")
    beside = record.grades["inline_Dropout_2"]  # its neighbour, whose cell is not there at all
    assert beside.state == "needs_review"
    assert "may stand in the answer to inline_Dropout_3" in beside.comment
