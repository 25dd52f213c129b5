"""The class list, in our form and in Canvas's."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder.course import roster
from autograder.course.roster import RosterEntry
from autograder.errors import RosterError

OURS = """id,name,email,section,extension_days,extension_days assignment2,canvas_id
ada,Ada King Lovelace,ada@uni.example,1,,,501
grace,"Hopper, Grace",grace@uni.example,2,2,0.5,502

zoe,Zoë Müller,,,,,
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,One (1)
"    Points Possible",,,,,25
"Lovelace, Ada King",501,u1,ada,1,3
"Hopper, Grace",502,u2,,2,
"Student, Test",503,,,,
"""


MOODLE = """First name,Surname,ID number,Email address,Groups
Ada King,Lovelace,u1,ada@uni.example,Group A
Grace,Hopper,,grace@uni.example,
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade
Participant 811,Ada King Lovelace,ada@uni.example,Submitted,
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_form(tmp_path: Path) -> None:
    found = roster.read(written(tmp_path, "\ufeff" + OURS))
    assert [s.id for s in found] == ["ada", "grace", "zoe"]
    assert len(found) == 3
    assert found.students["ada"] == RosterEntry(
        "ada", "Ada King Lovelace", "ada@uni.example", "1", {"canvas_id": "501"}, {}
    )
    grace = found.students["grace"]
    assert (grace.extension_days("assignment1"), grace.extension_days("assignment2")) == (2.0, 0.5)
    assert [s.last_first for s in found] == [("Lovelace", "Ada King"), ("Hopper", "Grace"), ("Müller", "Zoë")]


def test_the_gradebook_of_canvas(tmp_path: Path) -> None:
    found = roster.read(written(tmp_path, CANVAS))
    assert {s.id: s.name for s in found} == {"ada": "Lovelace, Ada King", "u2": "Hopper, Grace"}
    assert found.students["ada"].known_as == {"canvas_id": "501", "sis_id": "u1", "login": "ada"}


def test_what_moodle_exports(tmp_path: Path) -> None:
    ada, grace = roster.read(written(tmp_path, MOODLE))
    assert ada == RosterEntry(
        "u1", "Ada King Lovelace", "ada@uni.example", "", {"number_id": "u1"}, {}, "Group A"
    )
    assert (grace.id, grace.last_first) == ("grace@uni.example", ("Hopper", "Grace"))
    [known] = roster.read(written(tmp_path, WORKSHEET))
    assert (known.id, known.name) == ("ada@uni.example", "Ada King Lovelace")
    with pytest.raises(RosterError, match=r":2: expected an id of letters, digits .*, got ''"):
        roster.read(written(tmp_path, "Full name,Email address\nAda,\n"))


def test_first_and_last_names_in_columns_of_their_own(tmp_path: Path) -> None:
    found = roster.read(written(tmp_path, "ID,First_Name,Last_Name\na,Ada,Lovelace\n"))
    assert found.students["a"].name == "Ada Lovelace"


@pytest.mark.parametrize(
    ("ids", "name", "who"),
    [
        (("501",), "", ["ada"]),
        (("ADA@uni.example",), "", ["ada"]),
        (("nobody", "grace"), "", ["grace"]),
        ((), "kinglovelaceada", ["ada"]),
        ((), "lovelaceadaking", ["ada"]),
        ((), "Ada King Lovelace", ["ada"]),
        ((), "Grace Hopper", ["grace"]),
        ((), "zoe muller", ["zoe"]),
        ((), "mullerzoe", ["zoe"]),
        (("999",), "Somebody Else", []),
        (("",), "", []),
    ],
)
def test_students_are_recognised(ids: tuple[str, ...], name: str, who: list[str], tmp_path: Path) -> None:
    assert [s.id for s in roster.read(written(tmp_path, OURS)).match(ids, name)] == who


def test_an_id_decides_before_a_name(tmp_path: Path) -> None:
    assert [s.id for s in roster.read(written(tmp_path, OURS)).match(("502",), "Ada King Lovelace")] == [
        "grace"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a column called id, got no header"),
        ("name,email\n", "expected a column called id, got name, email"),
        ("id\na\na\n", r":3: the id a stands twice"),
        ("id,name\n,Ada\n", r":2: expected an id of letters, digits .*, got ''"),
        ("id\n../x\n", r":2: expected an id of letters, digits .*, got '\.\./x'"),
        ("id,extension_days\na,two\n", r":2: extension_days: expected a number of days, .*, got 'two'"),
        ("id,extension_days\na,-1\n", r":2: extension_days: expected a number of days, .*, got '-1'"),
        ("id,extension_days\na,nan\n", r":2: extension_days: expected a number of days, .*, got 'nan'"),
    ],
)
def test_what_is_no_roster_is_reported(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=message):
        roster.read(written(tmp_path, text))


def test_a_missing_or_binary_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text('id\n"' + "x" * 200_000 + '"\n')
    with pytest.raises(RosterError, match=r"wide.csv:\d+: expected a CSV, got: field larger than"):
        roster.read(tmp_path / "wide.csv")
    with pytest.raises(RosterError, match="expected a CSV in UTF-8"):
        roster.read(tmp_path / "nowhere.csv")
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    with pytest.raises(
        RosterError, match=r"circle\.csv: expected a CSV in UTF-8, got: Too many levels of symbolic"
    ):
        roster.read(tmp_path / "circle.csv")
    (tmp_path / "roster.csv").write_bytes(b"id\n\xff\n")
    with pytest.raises(RosterError, match="expected a CSV in UTF-8"):
        roster.read(tmp_path / "roster.csv")


def test_times_are_read(tmp_path: Path) -> None:
    text = "ID,Time,note\nada,2026-02-01 13:30+01:00,\n\ngrace,2026-02-01 12:30:00 UTC,x\n"
    when = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
    assert roster.read_times(written(tmp_path, text)) == {"ada": when, "grace": when}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected columns called id and time, got none"),
        ("id\n", "expected columns called id and time, got id"),
        ("id,time\na,2026-02-01\na,2026-02-01\n", ":3: the id a stands twice"),
        ("id,time\na,noon\n", ":2: expected a time such as .*, got 'noon'"),
        ("id,time\na\n", ":2: expected a time such as .*, got ''"),
    ],
)
def test_what_tells_no_times_is_reported(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=message):
        roster.read_times(written(tmp_path, text))


def test_a_time_without_a_zone_is_by_the_courses_clock(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("id,time\ns001,2026-02-01 12:30\ns002,2026-02-01 12:30 UTC\n")
    times = roster.read_times(tmp_path / "times.csv", ZoneInfo("Europe/Berlin"))
    assert [when.hour for when in times.values()] == [11, 12]
