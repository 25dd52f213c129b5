"""Hand in text made to hold a reader up: 200 KB of each shape that a regular expression may try in many ways.

What is bounded is work: the processor's time, and what twice the text takes of it. Time that grows with the
square of the length would be four times as much, and minutes at this size.
"""

import gc
import json
import time
from collections.abc import Callable
from functools import partial

import pytest

from autograder import bounded, intake
from autograder.answers.text import sentences
from autograder.answers.verdict import judge
from autograder.course import assignment as course
from autograder.intake import notes
from autograder.intake.changed_names import ending, is_alike, is_backup, likely, newest_first
from autograder.intake.kinds import HEAD, kind
from autograder.intake.notebook_files import MAX_PRINTED
from autograder.intake.prose import hidden_lines, is_prose
from autograder.intake.source_text import in_utf8
from autograder.intake.submission import packed_by
from autograder.reports import markdown
from autograder.similarity.compare import GivenCode

SIZE = 200_000
CPU_SECONDS = 5.0  # an honest reader takes a tenth of that
RATIO = 3.0  # of 200 KB to 100 KB; 2 where time grows with the length, 4 with its square
NOISE = 0.25  # seconds below which a ratio says nothing
SECONDS = 300.0  # until a process is killed, on a machine with much else to do
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


def shape(unit: str, size: int = SIZE) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def read_words(text: str) -> None:
    for is_given in (False, True):
        notes.in_code(text, ASSIGNMENT, is_given)
        notes.in_output(text[:MAX_PRINTED], ASSIGNMENT, is_given)
    list(notes.in_package({"cs_lib/layers.py": text.encode()}, ASSIGNMENT))
    one, two = (question.grade_id for question in ASSIGNMENT.questions)
    notes.speaks_to(one, text, ASSIGNMENT)
    notes.answers_two(one, two, text, ASSIGNMENT)
    is_prose(text)
    list(hidden_lines(text))
    kind(text.encode()[:HEAD])


def read_code_cells(text: str) -> None:
    """Nothing is answered, so words are looked for in all code and output."""
    printed = [{"output_type": "stream", "name": "stdout", "text": text}]
    cell = {"cell_type": "code", "metadata": {}, "source": text, "outputs": printed}
    data = json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()
    intake.arrange("s001", {"two_layer_net.ipynb": data}, ASSIGNMENT)


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
        newest_first(name)
        is_alike(name, "cs_lib/layers.py")
        packed_by(name)


def read_page(text: str) -> None:
    markdown.html(text[:10_000])  # what is kept of an answer


def compare(text: str) -> None:
    files = {"cs_lib/layers.py": text.encode()}
    GivenCode(ASSIGNMENT).own_work(intake.arrange("s001", files, ASSIGNMENT))


READERS = {
    **dict.fromkeys(
        (read_answer, read_notebook, read_code_cells, read_words, read_source, read_name, read_page), UNITS
    ),
    compare: CODE,
}


def cost(reader: Callable[[str], None], unit: str) -> tuple[float, float] | None:
    """Seconds of the processor for half the text, and for all of it, where every try of three is too slow.

    One alone may pay for a collection of garbage, or for a machine that is busy with something else.
    """
    if not gc.get_freeze_count():
        gc.freeze()  # what there is stays: to collect is quick then
    for _ in range(3):
        gc.collect()
        gc.disable()
        found = []
        for size in (SIZE // 2, SIZE):
            text, started = shape(unit, size), time.process_time()
            reader(text)
            found.append(time.process_time() - started)
        half, whole = found
        if whole <= min(CPU_SECONDS, RATIO * max(half, NOISE)):
            return None
    return half, whole


QUICK = (read_name,)  # the others take some ten seconds each


@pytest.mark.parametrize(
    "reader", [r if r in QUICK else pytest.param(r, marks=pytest.mark.long) for r in READERS]
)
def test_no_text_holds_a_reader_up(reader: Callable[[str], None]) -> None:
    units = READERS[reader]
    reader("a")  # what is read once of the course is not counted
    results = bounded.each(partial(cost, reader), units, bounded.Bounds(seconds=SECONDS))
    assert {unit: result for unit, result in zip(units, results, strict=True) if result} == {}
