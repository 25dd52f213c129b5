"""JUnit XML (xunit2), which CI servers show: a suite for each student's grade cell, its cases in it.

Points, and who may see the result, are properties of the suite; the form has no place for them elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from autograder.course.assignment import Assignment
from autograder.records.record import CaseResult, Grade, Outcome, Record
from autograder.reports.gradescope import WAITS, said
from autograder.safe_text import readable

TAGS = {"failed": "failure", "error": "error", "skipped": "skipped"}
OURS = "This check did not finish. It costs the student nothing, and needs review."


def junit_xml(records: Iterable[Record], assignment: Assignment, final: bool = False) -> str:
    """What CI shows is what the student may see, and no more."""
    root = ET.Element("testsuites", name=assignment.name)
    for record in records:
        for cell in assignment.grade_cells:
            if cell.grade_id in record.grades:
                root.append(_suite(record.student, record.grades[cell.grade_id], assignment, final))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(student: str, grade: Grade, assignment: Assignment, final: bool) -> ET.Element:
    cases = list(_cases(grade))
    name = f"{readable(student)}: {grade.grade_id}"
    seconds = f"{sum(case.seconds for case in cases):.3f}"
    suite = ET.Element("testsuite", name=name, tests=str(len(cases)), time=seconds)
    for outcome, attribute in (("failed", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.outcome == outcome for case in cases)))
    settled = (final or grade.state == "graded") and grade.points is not None
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("student", readable(student)),
        ("state", grade.state),
        ("points", f"{grade.points:g}" if settled else ""),
        ("max_points", f"{grade.max_points:g}"),
        ("visibility", "visible"),
    ):
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(_testcase(case, grade, assignment) for case in cases)
    return suite


def _cases(grade: Grade) -> Iterator[CaseResult]:
    """The cases; one in their place where they decide nothing, or where there are none."""
    decided = grade.state == "graded" and bool(grade.cases)
    if decided or (grade.state == "error" and any(case.outcome == "error" for case in grade.cases)):
        yield from grade.cases
    else:
        lost = grade.points is None or grade.points < grade.max_points
        outcome: Outcome = "failed" if lost else "passed"
        if grade.state != "graded":
            outcome = "skipped" if grade.state == "needs_review" else "error"
        message = WAITS if outcome == "skipped" else grade.comment
        yield CaseResult(grade.grade_id, "core", 1.0, outcome, message)


def _testcase(case: CaseResult, grade: Grade, assignment: Assignment) -> ET.Element:
    classname = f"{assignment.name}.{grade.notebook}.{grade.grade_id}"
    name = readable(case.id)
    element = ET.Element("testcase", classname=classname, name=name, time=f"{case.seconds:.3f}")
    if case.outcome in TAGS:
        text = OURS if case.outcome == "error" else readable(case.message)
        message = text.partition("\n")[0] or case.outcome
        found = ET.SubElement(element, TAGS[case.outcome], message=message)
        if case.outcome == "failed":
            found.set("type", case.property or "value")
            found.text = readable("\n".join(said(case)))
    return element
