"""Hand in text made to hold a reader up: 200 KB of each shape that a regular expression may try in many ways.

Each reader runs in a process that is killed after SECONDS, so a test that fails ends too. An honest reader
takes a hundredth of that; one whose time grows with the square of the length would take minutes.
"""

import json

import pytest

from autograder import bounded, intake
from autograder.answers.text import sentences
from autograder.answers.verdict import judge
from autograder.course import assignment as course
from autograder.intake.changed_names import ending, is_backup, likely, number
from autograder.intake.source_text import in_utf8
from autograder.reports import markdown
from autograder.similarity.compare import Skeleton

SIZE = 200_000
SECONDS = 60.0  # on a machine with much else to do
CODE = (
    '"""',
    "'",
    "def f(",
    "def f():\n",
    "class A:\n  def f():\n",
    ",\n)",
    "import a, ",
    "from a ",
    "#",
    "(",
)
UNITS = (
    *("*", "*a ", "_", "_a", "[", "[a](", "![a](", "<", "<b ", "<!--", "<script", "\\", "\\frac{", "{", "$"),
    *(
        "$$a ",
        " ",
        "a ",
        "\t",
        "\n",
        "1",
        "1.",
        "1. a ",
        "1 ",
        ".",
        '."',
        "- a\n",
        "# ",
        "> ",
        "|",
        "|a",
        "a",
    ),
    *(
        "=",
        "-",
        "=-",
        "e.g. ",
        "not ",
        "isn't ",
        "; ",
        "&amp;",
        "&",
        "`",
        "()",
        "1e-",
        "\\text*",
        "1 and 2 and ",
    ),
    *("~", ".bak", " (1)", " copy", "# -*- coding: ", "\N{ZERO WIDTH SPACE}", "\u0301", "\u202e", "é"),
    *CODE,
)
ASSIGNMENT = course.load("assignment1")


def shape(unit: str) -> str:
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def read_answer(text: str) -> None:
    sentences(text)
    for question in ASSIGNMENT.questions:
        judge(question, text)


def read_notebook(text: str) -> None:
    question = next(c for c in ASSIGNMENT.grade_cells if c.manual)
    marked = {"nbgrader": {"grade_id": question.grade_id}}
    cells = [
        {"cell_type": "markdown", "metadata": marked, "source": text},
        {"cell_type": "markdown", "metadata": {}, "source": text + "end"},
        {"cell_type": "code", "metadata": {}, "source": text, "outputs": []},
    ]
    data = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()
    found = intake.arrange("s001", {f"{question.notebook}.ipynb": data}, ASSIGNMENT)
    if found.answers is None or any(len(t) > 10_000 for t in found.answers.texts.values()):
        raise AssertionError("an answer is kept whole, however long")


def read_source(text: str) -> None:
    files = {"cs_lib/layers.py": text.encode(), "helpers.py": text.encode()}
    intake.arrange("s001", files, ASSIGNMENT)
    in_utf8(text.encode("utf-16-le"))


def read_name(text: str) -> None:
    for name in (text, text[:180], f"a/{text[:100]}.py"):
        list(likely(name))
        ending(name)
        is_backup(name)
        number(name)


def read_page(text: str) -> None:
    markdown.html(text[:10_000])  # what is kept of an answer


def compare(text: str) -> None:
    files = {"cs_lib/layers.py": text.encode()}
    Skeleton(ASSIGNMENT).own_work(intake.arrange("s001", files, ASSIGNMENT))


READERS = {
    **dict.fromkeys((read_answer, read_notebook, read_source, read_name, read_page), UNITS),
    compare: CODE,
}


@pytest.mark.parametrize("reader", READERS)
def test_no_text_holds_a_reader_up(reader) -> None:  # type: ignore[no-untyped-def]
    units = READERS[reader]
    results = bounded.each(lambda unit: reader(shape(unit)), units, bounded.Bounds(seconds=SECONDS))
    assert {unit: result for unit, result in zip(units, results, strict=True) if result is not None} == {}
