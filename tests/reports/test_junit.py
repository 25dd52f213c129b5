"""JUnit XML, held to the xunit2 form that CI servers read."""

from xml.etree import ElementTree as ET

from autograder.record import Record
from autograder.reports.junit import junit_xml
from tests.reports.sample import assignment, case, graded, record

LESSON = assignment("affine_forward", "sgd", "inline_1", "adam", title="<&>")
ALLOWED = {  # element -> (attributes it must have, those it may have, elements it may hold)
    "testsuites": (set(), {"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"skipped", "time", "timestamp", "hostname", "id"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname"}, {"time"}, {"properties", "skipped", "error", "failure"}),
    "skipped": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "failure": (set(), {"message", "type"}, set()),
}


def sample(student: str = '=1+1, "陈"\n<&>') -> Record:
    return record(
        graded(
            0.5, case(message="wrong ]]> <b>\x00\ud800"), case("affine_forward[b]", "passed", seconds=0.25)
        ),
        graded(2.0, grade_id="sgd"),
        graded(1.0, grade_id="inline_1", state="needs_review"),
        graded(None, grade_id="adam", internal="secret", comment="We look at it."),
        student=student,
        seconds=1.5,
    )


def suites(*records: Record) -> list[ET.Element]:
    text = junit_xml(records, LESSON)
    assert "secret" not in text
    return list(ET.fromstring(text.encode()))


def properties(element: ET.Element) -> dict[str, str]:
    return {p.get("name", ""): p.get("value", "") for p in element.findall("properties/property")}


def test_every_element_is_one_of_the_form() -> None:
    root = ET.fromstring(junit_xml([sample(), sample("b")], LESSON).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, inside = ALLOWED[element.tag]
        assert must <= set(element.keys()) <= must | may, element.tag
        assert {child.tag for child in element} <= inside, element.tag


def test_counts_agree_with_the_cases() -> None:
    [suite] = suites(sample())
    cases = suite.findall("testcase")
    counts = {
        name: sum(c.find(tag) is not None for c in cases)
        for name, tag in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
    }
    assert counts == {"failures": 1, "errors": 1, "skipped": 1}
    assert {name: int(suite.get(name, "")) for name in counts} == counts
    assert int(suite.get("tests", "")) == len(cases) == 4
    assert suite.get("name") == '=1+1, "陈"\n<&>'
    assert suite.get("time") == "1.500"


def test_points_and_visibility_are_properties() -> None:
    [suite] = suites(sample())
    assert properties(suite) == {"points": "2.5", "max_points": "8"}
    told = {c.get("name"): properties(c) for c in suite.findall("testcase")}
    assert told["affine_forward"] == {"points": "0.5", "max_points": "2", "visibility": "visible"}
    assert told["inline_1"] == {"points": "", "max_points": "2", "visibility": "visible"}


def test_a_failure_says_why() -> None:
    [suite] = suites(sample())
    case_, *_ = suite.findall("testcase")
    assert (case_.get("classname"), case_.get("time")) == ("lesson.nb", "0.250")
    failure = case_.find("failure")
    assert failure is not None
    assert failure.get("message") == "0.5 of 2 points"
    assert failure.text == "matrix: not right yet\n  wrong ]]> <b>\ufffd\ufffd"
