"""JUnit XML, held to the xunit2 form that CI servers read."""

from xml.etree import ElementTree as ET

from autograder.records.record import Record
from autograder.reports.junit import junit_xml
from tests.reports.sample import assignment, case, graded, record

LESSON = assignment("affine_forward", "sgd", "inline_1", "adam", "inline_2", title="<&>")
# The schema of Jenkins's xunit plugin (junit-10.xsd), which is what pytest holds its xunit2 to:
# element -> (attributes it must have, those it may have, elements it may hold in this order)
FORM: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "version",
        },
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname"}, {"time", "group"}, ["skipped", "error", "failure", "system-out"]),
    "skipped": (set(), {"type", "message"}, []),
    "error": (set(), {"type", "message"}, []),
    "failure": (set(), {"type", "message"}, []),
}


def sample(student: str = '=1+1, "陈"\n<&>') -> Record:
    wrong = case(
        message="wrong ]]> <b>\x00\ud800\nline 2", hint="Look.", called="f(array (2,))", property="dtype"
    )
    met = case("inline_1[a]", "passed", kind="criterion", message="said")
    return record(
        graded(
            0.5,
            wrong,
            case("affine_forward[b]", "passed", seconds=0.25),
            case("affine_forward[c]", "skipped"),
        ),
        graded(2.0, grade_id="sgd"),
        graded(1.0, met, grade_id="inline_1", state="needs_review"),
        graded(
            None,
            case("adam[a]", "error", message="KeyError: secret"),
            case("adam[b]", "passed"),
            grade_id="adam",
            internal="secret",
            comment="We look at it.",
        ),
        graded(0.0, grade_id="inline_2", comment="No answer written."),
        student=student,
    )


def suites(*records: Record) -> list[ET.Element]:
    text = junit_xml(records, LESSON)
    assert "secret" not in text
    return list(ET.fromstring(text.encode()))


def test_every_element_is_one_of_the_form() -> None:
    root = ET.fromstring(junit_xml([sample(), sample("b")], LESSON).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, inside = FORM[element.tag]
        assert must <= set(element.keys()) <= must | may, element.tag
        places = [inside.index(child.tag) for child in element]
        assert places == sorted(places), element.tag


def test_counts_agree_with_the_cases() -> None:
    for suite in suites(sample()):
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases) > 0
        for name, tag in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]:
            assert int(suite.get(name, "")) == sum(c.find(tag) is not None for c in cases)


def test_points_and_visibility_are_properties() -> None:
    reported = [
        {p.get("name"): p.get("value") for p in s.findall("properties/property")} for s in suites(sample())
    ]
    assert [(p["state"], p["points"], p["max_points"]) for p in reported] == [
        ("graded", "0.5", "2"),
        ("graded", "2", "2"),
        ("needs_review", "", "2"),
        ("error", "", "2"),
        ("graded", "0", "2"),
    ]
    assert {p["visibility"] for p in reported} == {"visible"}
    assert {p["student"] for p in reported} == {'=1+1, "陈"\n<&>'}


def test_each_case_says_what_it_came_to() -> None:
    reported = [
        (case_.get("name"), [(found.tag, found.get("message")) for found in case_])
        for suite in suites(sample())
        for case_ in suite.findall("testcase")
    ]
    waits = "A person still looks at this part; it counts nothing yet."
    ours = "This check did not finish. It costs the student nothing, and needs review."
    assert reported == [
        ("affine_forward[matrix]", [("failure", "wrong ]]> <b>\ufffd\ufffd")]),
        ("affine_forward[b]", []),
        ("affine_forward[c]", [("skipped", "skipped")]),
        ("sgd", []),
        ("inline_1", [("skipped", waits)]),
        ("adam[a]", [("error", ours)]),
        ("adam[b]", []),
        ("inline_2", [("failure", "No answer written.")]),
    ]


def test_a_failure_says_why() -> None:
    first = suites(sample())[0]
    assert (first.get("name"), first.get("time")) == ('=1+1, "陈"\n<&>: affine_forward', "0.250")
    failure = first.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "dtype"
    assert failure.text == "called: f(array (2,))\nwrong ]]> <b>\ufffd\ufffd\nline 2\nLook."
    assert {c.get("classname") for c in first.findall("testcase")} == {"lesson.nb.affine_forward"}
