"""rubrics/<assignment>.toml becomes typed objects, or a clear message."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.answers.question import Question
from autograder.answers.reader import read
from autograder.answers.verdict import judge
from autograder.course import assignment as course
from autograder.course.course import find
from autograder.errors import CourseError
from autograder.notebook import Cell, question_text

GOOD = """
[words]
topic = ["curve", "slope"]

[inline_nb_1]
answer = "Sigmoid and ReLU."
called = ["curve"]

[inline_nb_1.options]
1 = ["sigmoid"]
2 = ["relu"]
3 = ["leaky relu"]

[[inline_nb_1.criterion]]
id = "which"
title = "Which"
share = 0.5
full = "1 and 2"
choose = [1, 2]
unsure = [[1]]

[[inline_nb_1.criterion]]
id = "why"
title = "Why"
share = 0.5
full = '''The slope is
zero.'''
"""
SLOTS = """
[inline_nb_1]
answer = "Tea: 1."

[inline_nb_1.options]
1 = ["hot"]
2 = ["cold"]

[inline_nb_1.slots]
tea = ["tea", "green tea"]

[[inline_nb_1.criterion]]
id = "tea"
title = "Tea"
share = 1
full = "1"
choose = [1]
slot = "tea"
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "nb.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["Which one\n", "saturates?"], "metadata": mark("question_nb_1")},
        {"cell_type": "markdown", "source": "An answer.", "metadata": mark("inline_nb_1")},
        {"cell_type": "markdown", "source": "And why?", "metadata": {}},
        {"cell_type": "markdown", "source": "Because.", "metadata": mark("inline_nb_2")},
        {"cell_type": "code", "source": "1 + 1", "metadata": {}},
        {"cell_type": "markdown", "source": "Out of place.", "metadata": mark("inline_nb_3")},
    ]
    path.write_text(json.dumps({"cells": cells}))
    return path


def mark(grade_id: str) -> dict[str, dict[str, str]]:
    return {"nbgrader": {"grade_id": grade_id}}


def questions(notebook: Path, text: str) -> tuple[Question, ...]:
    path = notebook.parent / "demo.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, [Cell(f"inline_nb_{n}", 2.0, notebook) for n in (1, 2, 3)], path.parent)


def test_everything_is_read(notebook: Path) -> None:
    [found] = questions(notebook, GOOD)
    assert found.grade_id == "inline_nb_1"
    assert (found.asked, found.answer) == ("Which one\nsaturates?", "Sigmoid and ReLU.")
    assert found.options is not None
    assert (found.options.numbers, found.options.called) == (("1", "2", "3"), ("curve",))
    assert found.options.names[2] == ("3", (("leaky", "relu"),))
    which, why = found.criteria
    assert (which.id, which.title, which.points, which.chosen) == ("which", "Which", 1.0, frozenset("12"))
    assert which.unsure == (frozenset("1"),)
    assert (why.points, why.full, why.chosen) == (1.0, "The slope is zero.", None)
    assert found.points == 2.0
    assert found.vocabulary >= {"curve", "slope", "sigmoid", "leaky", "zero", "saturates"}
    assert found.vocabulary.isdisjoint(("the", "which"))


def test_it_can_be_used(notebook: Path) -> None:
    [found] = questions(notebook, GOOD)
    verdicts = judge(found, "the sigmoid and the ReLU").verdicts
    assert [v.outcome for v in verdicts.values()] == ["met", "not met"]
    [found] = questions(notebook, SLOTS)
    assert judge(found, "green tea: 1").verdicts["tea"].outcome == "met"


def test_an_option_is_called_by_its_own_text_too(tmp_path: Path) -> None:
    asked = "Which of these?\n\n1. Take a walk.\n2. Take a nap."
    cells = [
        {"cell_type": "markdown", "source": asked, "metadata": {}},
        {"cell_type": "markdown", "source": "1", "metadata": mark("inline_nb_1")},
    ]
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    text = GOOD.replace('3 = ["leaky relu"]\n', "").replace("choose = [1, 2]", "choose = [2]")
    (tmp_path / "demo.toml").write_text(text)
    [found] = read(tmp_path / "demo.toml", [Cell("inline_nb_1", 2.0, path)], tmp_path)
    assert judge(found, "Take a nap.").verdicts["which"].outcome == "met"


def test_no_file_is_no_rubric(tmp_path: Path) -> None:
    assert read(tmp_path / "none.toml", [], tmp_path) == ()


def test_the_text_above_an_answer_is_its_question(notebook: Path) -> None:
    assert question_text(Cell("inline_nb_2", 1.0, notebook)) == "And why?"
    assert question_text(Cell("inline_nb_3", 1.0, notebook)) == ""
    assert question_text(Cell("inline_nb_9", 1.0, notebook)) == ""


def test_a_question_may_be_the_same_as_anothers(notebook: Path) -> None:
    (notebook.parent / "first.toml").write_text(GOOD)
    [found] = questions(notebook, '[inline_nb_2]\nsame_as = "first: inline_nb_1"')
    assert (found.grade_id, found.asked) == ("inline_nb_2", "And why?")
    assert [c.id for c in found.criteria] == ["which", "why"]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


WRONG = {
    "toml": ("[words", r"demo\.toml: expected TOML in UTF-8, got: "),
    "unknown cell": (
        changed("[inline_nb_1]", "[inline_x]\n[inline_nb_1]"),
        r"inline_x: expected an inline question of the assignment \(inline_nb_1, inline_nb_2, inline_nb_3\)",
    ),
    "no table": ("inline_nb_1 = 3", "inline_nb_1: expected a table, got 3"),
    "unknown key": (
        changed('called = ["curve"]', "points = 3"),
        "inline_nb_1: points: expected one of same_as, answer, .* got the unknown key points",
    ),
    "no answer": (
        changed('answer = "Sigmoid and ReLU."', ""),
        "inline_nb_1: answer: expected a text that is not empty, got nothing",
    ),
    "empty answer": (
        changed('"Sigmoid and ReLU."', '" "'),
        "answer: expected a text that is not empty, got ' '",
    ),
    "words": (
        changed('["sigmoid"]', '"sigmoid"'),
        "inline_nb_1: options: 1: expected a list of texts, got 'sigmoid'",
    ),
    "topic": (changed('["curve", "slope"]', "[1]"), r"demo\.toml: words: topic: expected a list of texts"),
    "other words": (
        changed('topic = ["curve", "slope"]', 'fade = ["vanish"]'),
        r"demo\.toml: words: fade: expected one of topic, got the unknown key fade",
    ),
    "option numbers": (changed("1 = [", "2x = ["), 'options "1", "2", … in order, got \'2x\''),
    "share": (
        changed("share = 0.5", "share = 2"),
        r"\(which\): share: expected a number above 0, up to 1, got 2",
    ),
    "no share": (changed("share = 0.5", ""), "share: expected a number above 0, up to 1, got nothing"),
    "sum": (changed("share = 0.5", "share = 0.4"), "criterion: expected shares that sum to 1, got 0.9"),
    "id": (changed('id = "why"', 'id = "which"'), "criterion: expected each id once, got .'which', 'which'."),
    "no id": (changed('id = "why"', ""), "criterion 2: id: expected a text that is not empty, got nothing"),
    "no title": (changed('title = "Why"', ""), "title: expected a text that is not empty, got nothing"),
    "choose": (changed("[1, 2]", '"1"'), "choose: expected a list of option numbers, got '1'"),
    "option": (
        changed("[1, 2]", "[1, 9]"),
        "which: expected one of the options 1, 2, 3, got '9'",
    ),
    "unsure": (changed("[[1]]", "[1]"), "unsure: expected a list of option numbers, got 1"),
    "unsure list": (changed("[[1]]", "3"), "unsure: expected a list of lists of option numbers, got 3"),
    "called": (changed('called = ["curve"]', "called = 1"), "called: expected a list of texts, got 1"),
    "no such slot": (
        changed("choose = [1, 2]", 'choose = [1]\nslot = "layer"'),
        r"slot: expected a slot \(none\), got 'layer'",
    ),
    "another slot": (
        SLOTS.replace('slot = "tea"', 'slot = "ale"'),
        r"slot: expected a slot \(tea\), got 'ale'",
    ),
    "no slot": (SLOTS.replace('slot = "tea"', ""), r"slot: expected a slot \(tea\), got nothing"),
    "patterns": (
        changed("share = 0.5", 'share = 0.5\naccept = ["x"]'),
        "expected one of id, .* got the unknown key accept",
    ),
    "criterion's key": (
        changed("share = 0.5", "share = 0.5\npoints = 1"),
        "criterion 1: points: expected one of id, .* got the unknown key points",
    ),
    "criteria": (GOOD.partition("[[")[0], "criterion: expected criteria, got nothing"),
    "criterion": (
        GOOD.partition("[[")[0].replace('called = ["curve"]', "criterion = 3"),
        "expected a list of tables, got 3",
    ),
    "same as": (
        '[inline_nb_1]\nsame_as = "nowhere: inline_nb_1"',
        "same_as: expected another file's question",
    ),
    "same as more": (
        '[inline_nb_1]\nsame_as = "a: b"\nanswer = "x"',
        "expected one of same_as, got the unknown key answer",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_reported(notebook: Path, text: str, message: str) -> None:
    with pytest.raises(CourseError, match=message) as reported:
        questions(notebook, text)
    assert str(reported.value).startswith("demo.toml")


def test_a_question_that_refers_to_one_that_refers_is_refused(notebook: Path) -> None:
    (notebook.parent / "first.toml").write_text('[inline_nb_1]\nsame_as = "demo: inline_nb_2"')
    with pytest.raises(CourseError, match="expected another file's question"):
        questions(notebook, '[inline_nb_2]\nsame_as = "first: inline_nb_1"')


def test_the_course_tells_it_as_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "rubrics").mkdir()
    (tmp_path / "rubrics/assignment1.toml").write_text("[inline_x]")
    ours = replace(find(), rubrics=tmp_path / "rubrics", root=tmp_path)
    (tmp_path / "source").symlink_to(find().root / "source")
    with pytest.raises(
        CourseError, match=r"rubrics/assignment1\.toml: inline_x: expected an inline question"
    ):
        course.load("assignment1", ours)
