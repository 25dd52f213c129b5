"""How much of a hand-in formgrader's pages hold: one is made whenever it is opened, with no other limit."""

import json

import pytest

from autograder.bridge import formgrader
from autograder.course import assignment as course
from autograder.intake import Submission
from autograder.records.record import Hashes, Record

ASSIGNMENT = course.load("assignment1")
CASES = {
    "one long cell": ["word " * 3_000_000],
    "many cells": ["word"] * 100_000,
    "many long cells": ["word " * 20_000] * 100,
}


@pytest.mark.parametrize("case", CASES)
def test_a_page_is_bounded_and_keeps_every_graded_cell(case: str) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in CASES[case]]
    data = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()
    record = Record("s001", "assignment1", "none", Hashes(*"0" * 3), {})
    notebook = ASSIGNMENT.notebooks[0]
    page = formgrader.notebook_of(Submission("s001", notebooks={notebook.name: data}), notebook, record)
    texts = [cell["source"] for cell in page["cells"]]
    assert sum(map(len, texts)) < formgrader.MAX_PAGE + 2 * formgrader.MAX_CELL
    assert any("[…]" in text for text in texts)
    labels = {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in page["cells"]}
    assert {cell.grade_id for cell in notebook.cells} <= labels
