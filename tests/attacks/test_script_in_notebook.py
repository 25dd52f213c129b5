"""Put a script for the feedback page into a notebook's answer, its output and an error's text."""

import json
from html.parser import HTMLParser

from autograder import intake
from autograder.course import assignment as course
from autograder.records.record import CaseResult, Grade, Hashes, Record
from autograder.reports import feedback

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def scripts(page):
    return [tag for tag in Tags(page).found if tag[0] == "script" or any(k.startswith("on") for k in tag[1])]


def test_runs_nowhere(report):
    assignment = course.load("assignment1")
    question = next(cell for cell in assignment.grade_cells if cell.manual)
    code = next(cell for cell in assignment.grade_cells if not cell.manual)
    cell = {
        "cell_type": "markdown",
        "metadata": {"nbgrader": {"grade_id": question.grade_id}},
        "source": SCRIPT,
        "outputs": [{"output_type": "display_data", "data": {"text/html": SCRIPT}}],
    }
    notebook = json.dumps({"cells": [cell]}).encode()
    answers = dict(intake.read_answers(assignment, {question.notebook: notebook}).texts)
    failed = CaseResult("case", "core", 1.0, "failed", message=f"raised: ValueError: {SCRIPT}")
    grades = {
        question.grade_id: Grade(question.grade_id, question.notebook, None, 2.0, "needs_review"),
        code.grade_id: Grade(code.grade_id, code.notebook, 0.0, 2.0, "graded", (failed,)),
    }
    record = Record("s001", "assignment1", "none", Hashes("", "", ""), grades, answers=answers)
    assert scripts(f"<p>{answers[question.grade_id]}</p>")  # a page that believed it would run it
    page = feedback.render(record, assignment)
    assert "alert(1)" in page
    assert scripts(page) == scripts(
        feedback.render(Record("s001", "assignment1", "none", record.hashes, {}), assignment)
    )
    report("escaping", "the text, as text")
