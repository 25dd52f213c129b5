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
from autograder.errors import CourseError, RubricError
from autograder.notebook import Cell, question_text

GOOD = """
[words]
vanish = ["vanish*", "die out"]

[inline_nb_1]
answer = "Sigmoid and ReLU."
mode = "auto"
yes = ["suffer*"]
no = ["fine"]

[inline_nb_1.words]
zero = ["zero", "0"]

[inline_nb_1.options]
1 = ["sigmoid*"]
2 = ["relu"]
3 = ["leaky relu"]

[inline_nb_1.subjects]
curve = ["curve"]

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
full = "The slope is
zero."
subject = "1"
window = 9
accept = ["slope + <zero> | <vanish>", "@curve flat"]
reject = ["-<zero>"]
unclear = ["slope"]
""".replace('"The slope is\nzero."', '"""The slope is\nzero."""')


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
    assert (found.grade_id, found.kind, found.mode) == ("inline_nb_1", "choice", "auto")
    assert (found.asked, found.answer) == ("Which one\nsaturates?", "Sigmoid and ReLU.")
    assert found.options == ("1", "2", "3")
    assert [name for name, _ in found.subjects] == ["1", "2", "3", "curve"]
    which, why = found.criteria
    assert (which.id, which.title, which.points, which.chosen) == ("which", "Which", 1.0, frozenset("12"))
    assert which.unsure == (frozenset("1"),)
    assert (why.points, why.full, why.chosen) == (1.0, "The slope is zero.", None)
    [part] = why.evidence
    assert (part.subject, part.accept[0].window, part.accept[1].subject) == ("1", 9, "curve")
    assert len(part.reject) == len(part.unclear) == 1
    assert found.points == 2.0


def test_it_can_be_used(notebook: Path) -> None:
    [found] = questions(notebook, GOOD)
    verdicts = judge(found, "1 and 2, since the sigmoid has a slope that vanishes.").verdicts
    assert [v.outcome for v in verdicts.values()] == ["met", "met"]


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


def test_parts_are_all_needed(notebook: Path) -> None:
    parts = [f'{PART}accept = ["{word}"]\n' for word in ("left", "right")]
    [found] = questions(notebook, BARE + "".join(parts))
    assert judge(found, "Left it is and right it is.").verdicts["why"].outcome == "met"
    assert judge(found, "Left it is.").verdicts["why"].outcome == "not met"


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


ACCEPT = 'accept = ["slope + <zero> | <vanish>", "@curve flat"]'
REST = 'reject = ["-<zero>"]\nunclear = ["slope"]'
PART = "\n[[inline_nb_1.criterion.part]]\n"
BARE = GOOD.replace(ACCEPT, "").replace(REST, "").replace('subject = "1"\nwindow = 9', "")
WRONG = {
    "toml": ("[words", r"demo\.toml: expected TOML in UTF-8, got: "),
    "unknown cell": (
        changed("[inline_nb_1]", "[inline_x]\n[inline_nb_1]"),
        r"inline_x: expected an inline question of the assignment \(inline_nb_1, inline_nb_2, inline_nb_3\)",
    ),
    "no table": ("inline_nb_1 = 3", "inline_nb_1: expected a table, got 3"),
    "unknown key": (
        changed('mode = "auto"', "points = 3"),
        "inline_nb_1: expected one of same_as, mode, .* got 'points'",
    ),
    "mode": (changed('"auto"', '"sometimes"'), "mode: expected one of review, auto, got 'sometimes'"),
    "no answer": (
        changed('answer = "Sigmoid and ReLU."', ""),
        "inline_nb_1: answer: expected a text, got nothing",
    ),
    "empty answer": (changed('"Sigmoid and ReLU."', '" "'), "answer: expected a text, got ' '"),
    "words": (
        changed('["zero", "0"]', '"zero"'),
        "inline_nb_1: words: zero: expected a list of texts, got 'zero'",
    ),
    "shared words": (
        changed('["vanish*", "die out"]', "[1]"),
        r"demo\.toml: words: vanish: expected a list of texts",
    ),
    "option numbers": (changed("1 = [", "2x = ["), 'options "1", "2", … in order, got \'2x\''),
    "option pattern": (changed('["leaky relu"]', '["<leaky>"]'), "options: 3: <leaky> is no group"),
    "pattern": (
        changed('"-<zero>"', '"<one>"'),
        r"criterion 2 \(why\): reject: <one> is no group; the groups are",
    ),
    "yes": (changed('["suffer*"]', '["| x"]'), "inline_nb_1: yes: '| x' has an empty alternative"),
    "pattern's subject": (
        changed('"@curve flat"', '"@line flat"'),
        "expected a subject .1, 2, 3, curve., got '@line flat'",
    ),
    "subject": (
        changed('subject = "1"', 'subject = "4"'),
        r"subject: expected a subject \(1, 2, 3, curve\), got '4'",
    ),
    "window": (changed("window = 9", "window = 0"), "window: expected a whole number above 0, got 0"),
    "share": (
        changed("share = 0.5", "share = 2"),
        r"\(which\): share: expected a number above 0, up to 1, got 2",
    ),
    "no share": (changed("share = 0.5", ""), "share: expected a number above 0, up to 1, got nothing"),
    "sum": (changed("share = 0.5", "share = 0.4"), "criterion: expected shares that sum to 1, got 0.9"),
    "id": (changed('id = "why"', 'id = "which"'), "criterion: expected each id once, got .'which', 'which'."),
    "no id": (changed('id = "why"', ""), "criterion 2: id: expected a text, got nothing"),
    "no title": (changed('title = "Why"', ""), "title: expected a text, got nothing"),
    "choose": (changed("[1, 2]", '"1"'), "choose: expected a list of option numbers, got '1'"),
    "option": (changed("[1, 2]", "[1, 9]"), "which: expected one of the options 1, 2, 3, got '9'"),
    "unsure": (changed("[[1]]", "[1]"), "unsure: expected a list of option numbers, got 1"),
    "unsure list": (changed("[[1]]", "3"), "unsure: expected a list of lists of option numbers, got 3"),
    "no way": (changed(ACCEPT, ""), "accept: expected patterns to accept, got nothing"),
    "two ways": (changed("unsure = [[1]]", PART + 'accept = ["x"]'), "expected either choose or accept"),
    "slot": (
        changed("choose = [1, 2]", 'choose = [1]\nslot = "layer"'),
        "slot: expected a subject .* got 'layer'",
    ),
    "criterion's key": (
        changed("share = 0.5", "share = 0.5\npoints = 1"),
        "criterion 1: expected one of id, .* got 'points'",
    ),
    "criteria": (GOOD.partition("[[")[0], "criterion: expected criteria, got nothing"),
    "criterion": (
        GOOD.partition("[[")[0].replace('mode = "auto"', "criterion = 3"),
        "expected a list of tables, got 3",
    ),
    "part's key": (
        BARE + PART + 'title = "x"\naccept = ["x"]',
        "part 1: expected one of accept, .* got 'title'",
    ),
    "same as": (
        '[inline_nb_1]\nsame_as = "nowhere: inline_nb_1"',
        "same_as: expected another file's question",
    ),
    "same as more": (
        '[inline_nb_1]\nsame_as = "a: b"\nanswer = "x"',
        "expected one of same_as, got 'answer'",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(notebook: Path, text: str, message: str) -> None:
    with pytest.raises(RubricError, match=message) as told:
        questions(notebook, text)
    assert str(told.value).startswith("demo.toml")


def test_a_question_that_refers_to_one_that_refers_is_refused(notebook: Path) -> None:
    (notebook.parent / "first.toml").write_text('[inline_nb_1]\nsame_as = "demo: inline_nb_2"')
    with pytest.raises(RubricError, match="expected another file's question"):
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
