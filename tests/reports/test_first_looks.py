"""Root causes: a line, or a function that others wait for."""

from autograder.records.record import CaseResult, Grade
from autograder.reports import feedback
from autograder.reports.first_looks import banners, looks

from .sample import Tags, assignment, case, graded, record

LINE = "cs_lib/layers.py line 12"
UNREAD = f"{LINE} cannot be imported: SyntaxError: '(' was never closed\n  {LINE}, in <module>: out = (x"


def waits(cell: str, below: str) -> CaseResult:
    text = f"{cell} could not be checked, because {below} is not written yet. Get {below} to work first."
    return case(f"{cell}[a]", property="needs", message=text)


def unread(cell: str) -> Grade:
    return graded(0.0, case(f"{cell}[a]", property="import", message=UNREAD), grade_id=cell)


def shown(*grades: Grade) -> str:
    return Tags(feedback.render(record(*grades), assignment(*(g.grade_id for g in grades)))).text


def lost(*grades: Grade) -> dict[str, float]:
    return {grade.grade_id: grade.max_points - (grade.points or 0.0) for grade in grades}


def test_most_points_come_first() -> None:
    grades = [graded(1.5, case("a[a]"), grade_id="a"), graded(0.0, case("b[a]"), grade_id="b")]
    assert [look.grade_id for look in looks(grades, lost(*grades))] == ["b", "a"]


def test_a_function_that_others_wait_for_has_their_points_behind_it() -> None:
    grades = [
        graded(0.0, case("c[a]"), grade_id="c"),
        graded(1.0, case("a[a]"), grade_id="a"),
        graded(0.0, waits("b", "a"), grade_id="b"),
        graded(0.5, waits("d", "b"), case("d[b]", "passed"), grade_id="d"),
    ]
    first, second = looks(grades, lost(*grades))
    assert (first.grade_id, first.gain, first.waiting) == ("a", 4.5, ("b", "d"))
    assert second.grade_id == "c"
    assert "a: 4.5 points to gain; not right yet; with those of b, d, which wait for it" in shown(*grades)


def test_two_functions_that_wait_for_each_other_end_the_search() -> None:
    grades = [graded(0.0, waits("a", "b"), grade_id="a"), graded(0.0, waits("b", "a"), grade_id="b")]
    assert {look.grade_id for look in looks(grades, lost(*grades))} <= {"a", "b"}


def test_a_line_that_cannot_be_read_is_reported_once_and_its_cells_wait_for_it() -> None:
    grades = [unread("a"), unread("b"), graded(1.0, case("c[a]"), grade_id="c")]
    (banner,) = banners(grades)
    assert banner.cells == ("a", "b")
    text = shown(*grades)
    assert text.count("'(' was never closed") == 1
    assert text.count(f"Waits for {LINE}, shown at the top of this page.") == 2
    assert text.index("was never closed") < text.index("Where to look first")
    assert f"{LINE}: 4 points to gain; 2 parts wait for it" in text


def test_no_banner_without_such_a_line() -> None:
    assert banners([graded(0.0, case("a[a]"), grade_id="a")]) == []
    assert "Python cannot read" not in shown(graded(0.0, case("a[a]"), grade_id="a"))


def test_what_is_not_there_was_not_handed_in() -> None:
    text = shown(
        graded(0.0, case("a[a]", property="missing", message="a.npz was not handed in."), grade_id="a")
    )
    assert "Not handed in in the check" in text
