"""Answers against the course's own rubrics: nothing written, other languages, lists, modes, messages."""

import dataclasses

import pytest

from autograder.answers import language
from autograder.answers.question import Asked, Question
from autograder.answers.text import sentences
from autograder.answers.verdict import judge
from autograder.checks.checks import CheckFailed
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.judge import inline, scoring
from autograder.judge.grade import grade_one
from autograder.notebook import GradeCell
from autograder.records.record import CaseResult, Grade
from bench import rubrics

QUESTIONS = rubrics.questions()
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
        ("<!-- nothing -->", "empty"),
        ("I don't know.", "empty"),
        ("n/a", "empty"),
        ("???", "empty"),
        ("TODO", "empty"),
        ("My cat is called Tom and likes to sleep in the sun all day long.", "off-topic"),
    ],
)
def test_nothing_earns_nothing(question: Question, answer: str, why: str) -> None:
    judgement = judge(question, answer)
    assert judgement.nothing == why
    assert {v.outcome for v in judgement.verdicts.values()} == {"not met"}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_question_itself_is_no_answer(question: Question) -> None:
    assert question.asked
    assert judge(question, question.asked).nothing == "copied"


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_short_or_foreign_answer_is_never_called_off_topic(question: Question) -> None:
    for answer in ("Probably yes.", "It is so.", "Die Katze liegt den ganzen Tag in der Sonne und schläft."):
        assert judge(question, answer).nothing == ""


def test_the_question_repeated_before_an_answer_does_no_harm() -> None:
    judgement = judge(ACTIVATIONS, f"{ACTIVATIONS.asked}\n\n1 and 2.")
    assert judgement.verdicts["choice"].outcome == "met"


def test_options_copied_are_a_choice() -> None:
    gap = QUESTIONS["inline_two_layer_net_2"]
    answer = "1. Train on a larger data set.\n3. Increase the regularization strength."
    assert judge(gap, answer).verdicts["choice"].outcome == "met"


# --- what the rubrics must get right ------------------------------------------------------------


@pytest.mark.parametrize(("grade_id", "answer"), models(), ids=[m[0] for m in models()])
def test_a_model_answer_earns_everything(grade_id: str, answer: str) -> None:
    verdicts = judge(QUESTIONS[grade_id], answer).verdicts
    assert {name: v.outcome for name, v in verdicts.items()} == dict.fromkeys(verdicts, "met")


def test_every_inline_question_has_a_rubric_worth_its_points() -> None:
    for name in course.names():
        assignment = course.load(name)
        for cell in assignment.grade_cells:
            if cell.kind == "inline":
                question = assignment.question(cell.grade_id)
                assert question is not None, cell.grade_id
                assert question.points == pytest.approx(cell.points)
    assert assignment.question("affine_forward") is None


LABELLED = list(rubrics.labelled())
ROWS = rubrics.judged(LABELLED, QUESTIONS)


def test_there_are_enough_labelled_answers_of_every_kind() -> None:
    assert len({a.text for a in LABELLED}) >= 300
    kinds = {a.kind for a in LABELLED}
    assert kinds >= {
        "right",
        "half",
        "wrong",
        "evasive",
        "keywords",
        "language",
        "copied",
        "empty",
        "offtopic",
    }
    for answer in LABELLED:
        assert answer.met <= {c.id for c in QUESTIONS[answer.question].criteria}, answer.where


@pytest.mark.parametrize(
    ("part", "accuracy", "kappa"),
    # A little below what was measured (bench/rubrics.md), so that a change for the worse is noticed.
    [
        ("tuned", 0.99, 0.97),
        ("held-out", 0.97, 0.94),
        ("fresh 1", 0.95, 0.9),
        ("fresh 2", 0.95, 0.9),
        ("fresh 3", 0.95, 0.9),
    ],
)
def test_verdicts_agree_with_the_labels(part: str, accuracy: float, kappa: float) -> None:
    decided = [row for row in ROWS if row.answer.part == part and row.decided]
    assert sum(row.right for row in decided) >= accuracy * len(decided)
    assert rubrics.kappa(decided) >= kappa


def test_no_answer_is_falsely_full_and_none_is_graded_alone_wrongly() -> None:
    found = rubrics.cells(ROWS, QUESTIONS)
    assert [cell.rows[0].answer.where for cell in found if cell.falsely_full] == []
    assert [cell.rows[0].answer.where for cell in found if cell.graded and not cell.right] == []


def test_lists_of_keywords_and_other_languages_never_earn_full_marks() -> None:
    for answer in LABELLED:
        if answer.kind in ("keywords", "language"):
            judgement = judge(QUESTIONS[answer.question], answer.text)
            outcomes = [v.outcome for v in judgement.verdicts.values()]
            assert not all(o == "met" for o in outcomes), answer.where
            if answer.kind == "language":
                assert set(outcomes) == {"unsure"}, answer.where


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("joint", [" ", ", ", "; ", ". ", " and ", "\n- ", " the ", " of the ", " or "])
def test_the_words_of_the_model_answer_as_a_list_earn_little(question: Question, joint: str) -> None:
    """Whatever joins them: the words without the sentences must not pass for the answer."""
    model = dict(models())[question.grade_id]
    words = [w for s in sentences(model) for w in s.words if w.isalpha() and w not in language.GLUE]
    assert not all(v.outcome == "met" for v in judge(question, joint.join(words)).verdicts.values())


def test_an_own_kappa_is_right() -> None:
    def row(met: bool, outcome: str) -> rubrics.Judged:
        return rubrics.Judged(LABELLED[0], "x", met, outcome)

    # 20 agree on met, 15 on not met, 5 + 10 differ: 0.70 against 0.50 by chance.
    rows = [row(True, "met")] * 20 + [row(True, "not met")] * 5
    rows += [row(False, "met")] * 10 + [row(False, "not met")] * 15
    assert rubrics.kappa(rows) == pytest.approx(0.4)


# --- language and style -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The gradient vanishes since the slope of the curve is zero.", ""),
        ("1 and 2", ""),
        ("ReLU, x < 0", ""),
        ("El gradiente desaparece porque la pendiente es casi cero.", "Spanish"),
        ("Le gradient disparaît parce que la pente est presque nulle.", "French"),
        ("Der Gradient verschwindet, weil die Steigung fast null ist und nicht wächst.", "German"),
        ("Il gradiente svanisce perché la pendenza è quasi zero e non cresce.", "Italian"),
        ("De gradiënt verdwijnt omdat de helling bijna nul is en niet groeit met het netwerk.", "Dutch"),
        ("Градиент исчезает, потому что наклон почти равен нулю.", "another script"),
        ("梯度消失，因为斜率接近零", "another script"),
        ("勾配が消えるのは傾きがほぼゼロだからです", "another script"),
        ("Gradyan kaybolur çünkü eğim sıfıra yakındır ve öğrenme durur", "unclear"),
        ("σ'(x) is small for α, β and γ, and so the gradient vanishes.", ""),
    ],
)
def test_languages(text: str, expected: str) -> None:
    assert language.foreign(sentences(text)) == expected


def test_a_foreign_answer_goes_to_a_person_with_that_reason() -> None:
    verdict = judge(DROPOUT, "Man sollte p erhöhen, weil das Netz sonst nicht genug lernen kann.").verdicts
    assert {v.outcome for v in verdict.values()} == {"unsure"}
    assert "a person reads this answer, since it seems to be in German." in verdict["direction"].message


# --- messages -----------------------------------------------------------------------------------


def test_messages_hold_the_students_words_and_none_of_the_rubrics() -> None:
    for answer in LABELLED:
        question = QUESTIONS[answer.question]
        for criterion in question.criteria:
            message = judge(question, answer.text).verdicts[criterion.id].message
            without = message.replace(criterion.title, "").partition("“")[0]
            assert len(criterion.full) < 10 or criterion.full not in message
            assert question.answer not in message
            assert len(without) < 130, message


def test_titles_do_not_give_the_answer_away() -> None:
    for question in QUESTIONS.values():
        for criterion in question.criteria:
            assert len(criterion.title) < 50
            verdicts = judge(question, " ".join(c.title + "." for c in question.criteria)).verdicts
            assert verdicts[criterion.id].outcome != "met", criterion.title


def test_a_long_sentence_is_cut() -> None:
    message = (
        judge(DROPOUT, "Increase p " + "because of the capacity " * 30 + ".").verdicts["direction"].message
    )
    assert message.endswith("…”")
    assert len(message) < 300


# --- the hidden test, and what the judge makes of it --------------------------------------------


def asked(criterion: str) -> Asked:
    return Asked(DROPOUT, next(c for c in DROPOUT.criteria if c.id == criterion))


def test_met_passes_with_its_reason() -> None:
    assert "“Increase p.”" in inline.test_inline({"inline_Dropout_3": "Increase p."}, asked("direction"))


def test_not_met_fails() -> None:
    with pytest.raises(
        CheckFailed, match=r"Whether and how to change p: this says something else\."
    ) as failed:
        inline.test_inline({"inline_Dropout_3": "Decrease p."}, asked("direction"))
    assert failed.value.property == ""


def test_nothing_written_fails_with_that_reason() -> None:
    with pytest.raises(CheckFailed, match="Nothing is written here") as failed:
        inline.test_inline({}, asked("direction"))
    assert failed.value.property == "empty"


def test_unsure_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="a person decides"):
        inline.test_inline({"inline_Dropout_3": "No change is needed, p is a fraction."}, asked("direction"))


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


def test_a_text_gets_a_proposal() -> None:
    assert state(judged(RIGHT)) == (1.0, "needs_review")
    assert state(judged("Increase p.")) == (0.5, "needs_review")
    assert state(judged("Man muss p erhöhen, weil das Netz sonst zu klein ist.")) == (0.0, "needs_review")


def test_nothing_written_is_graded() -> None:
    assert state(judged(None)) == (0.0, "graded")
    assert judged("*Your answer here.*").comment == "No answer written."
    assert judged("I don't know").comment == "The answer says that there is none."
    assert state(judged(DROPOUT.asked)) == (0.0, "graded")
    assert judged(DROPOUT.asked).comment == "This is the question's own text, with no answer to it."


def test_mode_auto_grades_what_is_clear_and_only_that() -> None:
    auto = dataclasses.replace(DROPOUT, mode="auto")
    assert state(judged(RIGHT, auto)) == (1.0, "graded")
    assert state(judged("No change, p is a fraction.", auto)) == (0.0, "needs_review")


def test_a_choice_is_graded_if_clear() -> None:
    answer = "1 and 2."
    verdicts = judge(ACTIVATIONS, answer).verdicts
    cases = tuple(
        CaseResult(c.id, "criterion", c.points, "passed" if verdicts[c.id].outcome == "met" else "failed")
        for c in ACTIVATIONS.criteria
    )
    grade = scoring.judge_inline(CELL, answer, True, ACTIVATIONS, cases)
    assert state(grade) == (1.0, "graded")


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
        ("inline_Dropout_3[direction]", "criterion", 0.5, "passed"),
        ("inline_Dropout_3[reason]", "criterion", 0.5, "passed"),
    ]
    assert grade.cases[0].message.startswith("Whether and how to change p: said. “Increase p, since")
    assert state(grade) == (1.0, "needs_review")
    assert record.grades["inline_Dropout_1"].comment == "No answer handed in."
