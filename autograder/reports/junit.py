"""JUnit XML (xunit2), which CI servers show: a suite for each student, a test case for each grade cell.

Points, and who may see the result, are properties.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from autograder.course import Assignment
from autograder.record import Grade, Record
from autograder.reports import pages
from autograder.reports.gradescope import WAITS, told


def junit_xml(records: Iterable[Record], assignment: Assignment) -> str:
    root = ET.Element("testsuites", name=assignment.name)
    for record in records:
        root.append(_suite(record, assignment))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(record: Record, assignment: Assignment) -> ET.Element:
    grades = [record.grades[c.grade_id] for c in assignment.grade_cells if c.grade_id in record.grades]
    suite = ET.Element(
        "testsuite",
        name=pages.readable(record.student),
        tests=str(len(grades)),
        failures=str(sum(_failed(grade) for grade in grades)),
        errors=str(sum(grade.state == "error" for grade in grades)),
        skipped=str(sum(grade.state == "needs_review" for grade in grades)),
        time=f"{record.seconds:.3f}",
    )
    known = sum(g.points or 0.0 for g in grades if g.state == "graded")
    suite.append(_properties(points=f"{known:g}", max_points=f"{record.max_points:g}"))
    for grade in grades:
        suite.append(_testcase(grade, assignment))
    return suite


def _failed(grade: Grade) -> bool:
    return grade.state == "graded" and (grade.points or 0.0) < grade.max_points


def _testcase(grade: Grade, assignment: Assignment) -> ET.Element:
    seconds = sum(case.seconds for case in grade.cases)
    classname = f"{assignment.name}.{grade.notebook}"
    case = ET.Element("testcase", classname=classname, name=grade.grade_id, time=f"{seconds:.3f}")
    points = f"{grade.points:g}" if grade.state == "graded" and grade.points is not None else ""
    case.append(_properties(points=points, max_points=f"{grade.max_points:g}", visibility="visible"))
    if grade.state == "needs_review":
        ET.SubElement(case, "skipped", message=WAITS)
    elif grade.state == "error":
        ET.SubElement(case, "error", message=pages.readable(grade.comment) or "not graded", type="error")
    elif _failed(grade):
        message = f"{points} of {grade.max_points:g} points"
        ET.SubElement(case, "failure", message=message, type="points").text = pages.readable(told(grade))
    return case


def _properties(**values: str) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=value)
    return properties
