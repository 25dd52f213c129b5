"""Which cases of a grader a class shows to tell little."""

from autograder.records.record import Record
from autograder.reports import class_report
from autograder.reports.case_health import FEWEST, CaseHealth, Hint
from tests.reports.sample import assignment, case, graded, record

CASES = ("a", "b", "c", "d")


def student(number: int, *failed: str, error: bool = False) -> Record:
    cases = [case(c, "failed" if c in failed else "error" if error else "passed") for c in CASES]
    return record(graded(1.0, *cases, grade_id="one"), student=f"s{number:03}")


def hints(*records: Record) -> dict[str, Hint]:
    health = CaseHealth()
    for one in records:
        health.add(one)
    return {f"{hint.kind}: {' '.join(hint.cases)}": hint for hint in health.hints()}


def test_what_a_class_shows() -> None:
    records = [student(n, "a", "b") for n in range(4)] + [student(n, "a", "b", "c") for n in range(4, 8)]
    records += [student(n) for n in range(8, 12)]
    found = hints(*records)
    assert set(found) == {"never fail: d", "fail together: a b", "never alone: c"}
    assert (found["fail together: a b"].failed, found["fail together: a b"].known) == (8, 12)
    assert "the same 8 of 12" in found["fail together: a b"].words
    assert "4 of 12" in found["never alone: c"].words


def test_of_few_students_nothing_is_said() -> None:
    assert hints(*(student(n, "a") for n in range(FEWEST - 1))) == {}
    assert hints(*(student(n, "a") for n in range(FEWEST))) != {}


def test_who_wrote_nothing_or_met_an_error_of_ours_is_not_counted() -> None:
    nothing = [student(n, *CASES) for n in range(20)]
    errors = [student(n, "a", error=True) for n in range(20, 40)]
    assert hints(*nothing, *errors) == {}


def test_a_cell_that_all_do_right_says_nothing() -> None:
    assert hints(*(student(n) for n in range(20))) == {}


def test_the_class_report_names_them() -> None:
    page = class_report.render([student(n, "a", "b") for n in range(12)], assignment("one"))
    assert "Cases that tell little" in page
    assert "the same 12 of 12 fail them" in page


def test_how_hard_each_case_was_hardest_first() -> None:
    health = CaseHealth()
    for one in (student(0, "a", "b"), student(1, "a"), student(2, *CASES), student(3)):
        health.add(one)
    skipped = [case(c, "skipped" if c == "d" else "passed") for c in CASES]
    health.add(record(graded(1.0, *skipped, grade_id="one"), student="s004"))
    health.add(record(graded(1.0, case("alone", "passed"), grade_id="two"), student="s004"))
    found = [(share.case, share.passed, share.known, share.difficulty) for share in health.shares()]
    assert found == [("a", 2, 4, 0.5), ("b", 3, 4, 0.75), ("c", 4, 4, 1.0), ("d", 3, 3, 1.0)]


def test_the_class_report_lists_every_case() -> None:
    page = class_report.render([student(n, "a") if n else student(n) for n in range(4)], assignment("one"))
    assert "The 4 cases of cells with several, the hardest first" in page
    rows = page[page.index("case-shares-table") :]
    assert '<td class="num">4</td><td class="num" data-value="0.25">25 %</td>' in rows
    assert rows.index("25 %") < rows.index("100 %</td>")
    assert "case-shares" not in class_report.render([record(graded(1.0, grade_id="one"))], assignment("one"))
