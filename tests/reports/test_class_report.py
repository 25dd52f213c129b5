"""The class report: what it says, that it is safe, and that it can be read without its script."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from autograder.course.matched import match
from autograder.course.policy import Late
from autograder.course.roster import Roster, RosterEntry
from autograder.records.record import Grade, Record
from autograder.reports import class_report
from tests.reports.sample import Tags, assignment, case, graded, record

LESSON = assignment("affine_forward", "other/sgd", "other/inline_1")
HOSTILE = "</script><script>alert(1)</script>\"' onload=x {{ 7*7 }}"


def student(name: str, *points: float | None, **more: object) -> Record:
    ids = (("affine_forward", "nb"), ("sgd", "other"), ("inline_1", "other"))
    grades = [
        graded(p, *([case(message="out is wrong")] if p == 0.0 else []), grade_id=i, notebook=n)
        for (i, n), p in zip(ids, points, strict=True)
    ]
    return record(*grades, student=name, **more)


CLASS = [student("s1", 2.0, 1.0, 2.0), student("s2", 1.0, 0.0, 1.0), student("s3", 0.0, 0.5, 0.0)]


def page(*records: Record, **more: object) -> str:
    return class_report.render(list(records), LESSON, **more)  # type: ignore[arg-type]


def words(text: str) -> str:
    return " ".join(Tags(text).text.split())


def heat(text: str) -> dict[str, list[str]]:
    """The heat map: student -> what stands in the row."""
    body = text[text.index("<tbody>", text.index('id="heat-table"')) :].split("</table>")[0]
    rows = [re.sub(r"<[^>]+>", "|", row).split("|") for row in body.split("<tr")[1:]]
    cells = [[cell for cell in row if cell.strip() and "data-is" not in cell] for row in rows]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells}


def test_numbers_cells_messages_and_students_are_shown() -> None:
    text = page(*CLASS)
    assert {"3 handed in", "2.5 mean of 6 points", "2 median", "0 late"} <= set(stats(text))
    assert "out is wrong" in words(text)
    assert heat(text) == {
        "s1": ["5", "100", "50", "100"],
        "s2": ["2", "50", "0", "50"],
        "s3": ["0.5", "0", "25", "0"],
    }
    assert "0.94" in words(text)  # affine_forward's discrimination


def stats(text: str) -> list[str]:
    """Value and words of each number at the top."""
    return [f"{value} {what}" for what, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)]


def test_the_same_records_give_the_same_page() -> None:
    assert page(*CLASS) == page(*CLASS)


def test_records_are_read_once_and_one_at_a_time() -> None:
    assert class_report.render(iter(CLASS), LESSON) == page(*CLASS)


@pytest.mark.parametrize("where", ["student", "message", "problem", "internal", "name", "title", "hand-in"])
def test_text_is_only_text(where: str) -> None:
    hostile = {where: HOSTILE}
    failed = case(message=hostile.get("message", "m"))
    broken = Grade("sgd", "other", None, 2.0, "error", internal=hostile.get("internal", "i"))
    one = record(
        graded(0.0, failed),
        broken,
        student=hostile.get("student", "s1"),
        problems=(hostile.get("problem", "p"),),
    )
    people = Roster([RosterEntry(hostile.get("hand-in", "gone"), hostile.get("name", "N"))])
    lesson = replace(LESSON, title=hostile.get("title", "T"))
    text = class_report.render([one, *CLASS], lesson, match(["s1"], people))
    tags = Tags(text)
    assert tags.tags.count("script") == 1
    assert "alert(1)" in tags.text
    assert "49" not in tags.text
    assert not any(name.startswith("on") for _, name, _ in tags.attributes)


def test_only_the_pages_own_script_may_run() -> None:
    text = page(*CLASS)
    [policy] = [v for _, _, v in Tags(text).attributes if v.startswith("default-src")]
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def test_the_page_stands_alone() -> None:
    text = page(*CLASS)
    tags = Tags(text)
    links = [v for tag, name, v in tags.attributes if name in ("href", "src", "xlink:href")]
    pages = {link for link in links if not link.startswith("#")}
    assert pages == {f"feedback/s{i}.html" for i in (1, 2, 3)}  # beside it in OUT; it needs none of them
    ids = tags.of("id")
    assert {link[1:] for link in links if link not in pages} <= set(ids)
    assert len(ids) == len(set(ids))
    assert not re.search(r"url\((?!#)|@import|https?://", text)


def test_it_can_be_read_without_its_script() -> None:
    before = page(*CLASS).split("<script>")[0]
    assert not re.search(r"<(button|input|select)\b", before)
    assert not Tags(before).of("hidden")
    for student_ in ("s1", "s2", "s3"):
        assert student_ in before


def test_landmarks_headings_tables_and_pictures_for_a_screen_reader() -> None:
    tags = Tags(page(*CLASS))
    assert [tags.tags.count(name) for name in ("header", "main", "footer", "nav")] == [1, 1, 1, 1]
    levels = [level for level, _ in tags.headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for labels in tags.of("aria-labelledby"):
        assert set(labels.split()) <= set(tags.of("id"))
    assert tags.tags.count("svg") == 2
    assert [v for tag, name, v in tags.attributes if tag == "svg" and name == "role"] == ["img", "img"]
    assert "Histogram of 3 students: 1 in the lowest quarter of the points, 1 in the second" in tags.text
    assert "3 cells by mean share of the points and by discrimination" in tags.text


def test_figures_wear_the_pages_colours() -> None:
    for svg in re.findall(r"<svg.*?</svg>", page(*CLASS), re.DOTALL):
        assert "<style" not in svg
        assert "font-family" not in svg
        assert not re.search(r"#[0-9a-f]{6}\b(?!\")", svg)
        assert "var(--ink)" in svg


def test_who_to_look_at() -> None:
    late = Late(due=datetime(2026, 3, 1, tzinfo=UTC), penalty_per_day=0.1)
    lesson = replace(LESSON, late=late)
    unread = record(
        *(
            graded(None, grade_id=c.grade_id, notebook=c.notebook, internal="no zip")
            for c in LESSON.grade_cells
        ),
        student="s4",
        problems=("no zip",),
    )
    broken = Grade("sgd", "other", None, 2.0, "error", internal="KeyError: 'W9'")
    waiting = graded(1.0, grade_id="inline_1", notebook="other", state="needs_review")
    odd = record(
        graded(2.0),
        broken,
        waiting,
        student="s5",
        problems=("2 cs_lib/ folders",),
        handed_in="2026-03-01T02:00:00+00:00",
    )
    roster = Roster(
        [*(RosterEntry(f"s{i}", f"N{i}, F{i}") for i in (1, 2, 3, 4)), RosterEntry("s9", "Gone, Guy")]
    )
    matched = match([f"s{i}" for i in (1, 2, 3, 4, 5)], roster)
    text = class_report.render([*CLASS, unread, odd], lesson, matched)
    reported = re.findall(
        r'<tr data-what="(.*?)"><th scope="row">(.*?)</th>.*?<td class="text">(.*?)</td>', text
    )
    assert {words(what) for _, what, _ in reported if "<a" not in what} == {"s9 (Gone, Guy)", "s5"}
    assert [(kind, words(who), said) for kind, who, said in reported] == [
        ("missing", "s9 (Gone, Guy)", "no hand-in"),
        ("unusual", "s5", "not on the roster"),
        ("not graded", "s4 (N4, F4)", "every cell: no zip"),
        ("late", "s5", "handed in 2 h after the deadline; 10 % of the points are taken off"),
        ("unusual", "s5", "2 cs_lib/ folders"),
        ("not graded", "s5", "sgd: KeyError: &#39;W9&#39;"),
    ]
    links = {href for href in Tags(text).of("href") if not href.startswith("#")}
    assert links == {f"feedback/s{i}.html" for i in (1, 2, 3, 4, 5)}
    assert stats(text)[:2] == ["5 handed in", "1 missing"]
    assert stats(text)[-4:] == [
        "1 late",
        "1 answers to review",
        "1 hand-in not graded",
        "1 other cell not graded",
    ]
    assert "1 hand-in could not be graded; why stands below. Ask for it again" in text
    waits = text[text.index('id="waiting"') : text.index('id="remarks"')]
    assert re.findall(
        r"<code>(.*?)</code>.*?<td class=\"num\">(.*?)</td><td class=\"num\">(.*?)</td>", waits
    ) == [
        ("sgd", "", "1"),
        ("inline_<wbr>1", "1", ""),
    ]
    assert heat(text)["s4"] == ["N4, F4", "–", "!", "!", "!"]
    assert heat(text)["s5"][1:] == ["100", "!", "?"]
    assert heat(text)["s9"] == ["Gone, Guy", "–", "–", "–", "–"]


def test_rows_say_section_and_group_and_odd_ids_make_good_links() -> None:
    person = RosterEntry("a b&c", "Last, First", section="2", group="Team <4>")
    text = page(student("a b&c", 2.0, 1.0, 2.0), matched=match(["a b&c"], Roster([person])))
    assert heat(text)["a b&amp;c"][0] == "Last, First; section 2; Team &lt;4&gt;"
    assert "feedback/a%20b%26c.html" in Tags(text).of("href")


def test_where_nothing_is_known_it_says_so() -> None:
    shown = words(page(*(student(f"s{i}", None, None, None) for i in range(4))))
    assert "No points are known yet." in shown
    assert "No check failed." in shown
    assert "Nobody is missing, nothing was unusual." not in shown


def test_a_class_of_one_and_of_none() -> None:
    assert "1 of 1" not in words(page())
    assert "No points are known yet." in words(page())
    assert "Nobody is missing, nothing was unusual." in words(page(CLASS[0]))
    assert "Histogram of 1 students" in words(page(CLASS[0]))


def test_rare_messages_are_counted_and_not_hidden() -> None:
    letters = [f"{'abcdefgh'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(70)]
    failed = [case(f"affine_forward[{i}]", message=f"wrong {word}") for i, word in enumerate(letters)]
    shown = words(page(record(graded(0.0, *failed)), *CLASS))
    assert "11 rarer messages are left out here" in shown


def test_many_students_stay_small() -> None:
    big = [student(f"student{i:04}", 2.0, 1.0, None) for i in range(1000)]
    assert len(page(*big)) < 400_000
