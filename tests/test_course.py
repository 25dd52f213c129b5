"""assignment.toml and the notebooks' metadata become typed objects, or a clear message."""

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from autograder.course import assignment as course
from autograder.course.course import find_root
from autograder.course.policy import Intake, Late
from autograder.errors import CourseError
from autograder.sandbox.limits import Limits

COURSE = """\
title = "A course"
package = "lib"
assignments = ["demo"]
"""
SETTINGS = """\
title = "A demo"
# What students write, and what they do not get.
notebooks = ["Intro", "More"]
todo = ["lib.layers.f", "lib.layers.Net.loss"]
leave_out = ["lib.layers.conv_*", "lib.fast"]
results = ["results/net.npz"]

[limits]
call_seconds = 3
memory_mb = 512
"""


def cell(grade_id: str, points: Any, cell_type: str = "code", solution: bool = False) -> dict[str, Any]:
    mark = {"grade": True, "solution": solution, "grade_id": grade_id, "points": points}
    return {"cell_type": cell_type, "metadata": {"nbgrader": mark}, "source": ""}


class Folder:
    """A course of one assignment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "course.toml").write_text(COURSE, encoding="utf-8")
        self.settings(SETTINGS)
        self.notebook("Intro", [cell("f", 2), {"cell_type": "markdown", "metadata": {}, "source": ""}])
        more = [cell("train_net", 1.5), cell("inline_More_1", 1, "markdown", solution=True)]
        self.notebook("More", more)

    def settings(self, text: str) -> None:
        (self.root / "source/demo").mkdir(parents=True, exist_ok=True)
        (self.root / "source/demo/assignment.toml").write_text(text, encoding="utf-8")

    def notebook(self, name: str, cells: Any) -> None:
        path = self.root / f"source/demo/{name}.ipynb"
        path.write_text(json.dumps({"cells": cells}), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_everything_is_read(folder: Folder) -> None:
    demo = course.load("demo", folder.root)
    assert (demo.name, demo.title, demo.package) == ("demo", "A demo", "lib")
    assert [notebook.name for notebook in demo.notebooks] == ["Intro", "More"]
    assert demo.notebooks[1].path == folder.root.resolve() / "source/demo/More.ipynb"
    assert demo.todo == ("lib.layers.f", "lib.layers.Net.loss")
    assert demo.leave_out == ("lib.layers.conv_*", "lib.fast")
    assert demo.results == ("results/net.npz",)


def test_points_and_kinds_come_from_the_notebooks(folder: Folder) -> None:
    demo = course.load("demo", folder.root)
    assert [(c.grade_id, c.notebook, c.points, c.kind, c.manual) for c in demo.grade_cells] == [
        ("f", "Intro", 2.0, "code", False),
        ("train_net", "More", 1.5, "code", False),
        ("inline_More_1", "More", 1.0, "inline", True),
    ]
    assert demo.max_points == 4.5
    assert demo.notebooks[1].max_points == 2.5


def test_limits_are_the_defaults_but_for_what_is_set(folder: Folder) -> None:
    limits = course.load("demo", folder.root).limits
    assert limits.call_seconds == 3.0
    assert isinstance(limits.call_seconds, float)
    assert limits.memory_mb == 512
    assert limits.submission_seconds == Limits().submission_seconds


def test_folders_are_where_they_are_looked_for(folder: Folder) -> None:
    demo = course.load("demo", folder.root)
    root = folder.root.resolve()
    assert demo.settings == root / "source/demo/assignment.toml"
    assert demo.library == root / "lib"
    assert demo.release_folder == root / "release/demo"


def test_an_assignment_cannot_be_changed_and_can_be_a_key(folder: Folder) -> None:
    demo = course.load("demo", folder.root)
    with pytest.raises(FrozenInstanceError):
        demo.title = "x"  # type: ignore[misc]
    assert {demo: 1}[course.load("demo", folder.root)] == 1


def test_only_three_settings_are_needed(folder: Folder) -> None:
    folder.settings('title = "T"\nnotebooks = ["Intro"]\n')
    demo = course.load("demo", folder.root)
    assert (demo.todo, demo.leave_out, demo.results, demo.limits) == ((), (), (), Limits())


def test_the_course_is_found_from_below(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(folder.root / "source/demo")
    assert find_root() == folder.root.resolve()
    assert course.load("demo").title == "A demo"
    assert course.names() == ["demo"]


def test_elsewhere_there_is_no_course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        CourseError, match=r"expected a course here or in a folder above, found no course\.toml"
    ):
        find_root()


# Wrong settings -----------------------------------------------------------------------------------------

WHERE = r"^source/demo/assignment.toml"
SETTINGS_REFUSED = {
    "no toml": ("title = ", 'title = "A', WHERE + r": expected TOML in UTF-8, got: .* line 1"),
    "unknown key": (
        "todo =",
        "tudo =",
        WHERE
        + r":4: tudo: expected one of title, notebooks, .*, got the unknown key tudo; did you mean todo",
    ),
    "no title": (
        'title = "A demo"\n',
        "",
        WHERE + r": title: expected a text that is not empty, got nothing; write",
    ),
    "empty title": (
        '"A demo"',
        '" "',
        WHERE + r":1: title: expected a text that is not empty, got ' '; write title",
    ),
    "title of another type": (
        '"A demo"',
        "3",
        WHERE + r":1: title: expected a text that is not empty, got 3;",
    ),
    "one notebook as a text": (
        '["Intro", "More"]',
        '"Intro"',
        WHERE + r":3: notebooks: expected a list of texts, got 'Intro'; write notebooks = ",
    ),
    "no notebooks": (
        '["Intro", "More"]',
        "[]",
        WHERE + r":3: notebooks: expected at least one notebook, got none",
    ),
    "notebook with a suffix": (
        '"Intro", ',
        '"Intro.ipynb", ',
        WHERE
        + r":3: notebooks: expected names of letters, digits, - and _, got 'Intro.ipynb'; leave out .ipynb",
    ),
    "notebook outside": ('"Intro", ', '"../Intro", ', WHERE + r":3: notebooks: expected names of letters"),
    "twice": (
        '"Intro", "More"',
        '"More", "More"',
        WHERE + r":3: notebooks: expected each entry once, got 'More' tw",
    ),
    "todo of a number": ('["lib.layers.f",', "[1,", WHERE + r":4: todo: expected a list of texts, got \[1, "),
    "todo with a glob": (
        "lib.layers.f",
        "lib.layers.f*",
        WHERE + r":4: todo: expected a qualified name without wildcards that starts with lib., got 'lib.l",
    ),
    "todo elsewhere": (
        "lib.layers.f",
        "other.f",
        WHERE + r":4: todo: .* that starts with lib., got 'other.f'; corr",
    ),
    "leave out elsewhere": (
        "lib.fast",
        "fast",
        WHERE + r":5: leave_out: expected a qualified name or glob that st",
    ),
    "result outside": (
        "results/net.npz",
        "../net.npz",
        WHERE + r":6: results: expected paths of .npz files inside the notebook's folder, got '../net.npz'",
    ),
    "absolute result": ("results/net.npz", "/tmp/net.npz", WHERE + r":6: results: expected paths of .npz"),
    "result of another kind": (
        "results/net.npz",
        "results/net.pkl",
        WHERE + r":6: results: expected paths of .npz",
    ),
    "limits as a number": (
        "[limits]\ncall_seconds = 3\nmemory_mb = 512\n",
        "limits = 3\n",
        WHERE + r":8: limits: expected a table, got 3; write \[limits\] and one setting a line",
    ),
    "unknown limit": (
        "call_seconds",
        "seconds",
        WHERE + r":9: seconds: expected one of call_seconds, .*, got the unknown key limits.seconds",
    ),
    "no limit": (
        "= 3\n",
        "= 0\n",
        WHERE + r":9: call_seconds: expected a number above 0, got 0; correct the limit",
    ),
    "limit as a text": ("= 3\n", '= "3"\n', WHERE + r":9: call_seconds: expected a number above 0, got '3'"),
    "limit as a truth": (
        "= 3\n",
        "= true\n",
        WHERE + r":9: call_seconds: expected a number above 0, got True",
    ),
    "endless limit": ("= 3\n", "= inf\n", WHERE + r":9: call_seconds: expected a number above 0, got inf"),
    "half a megabyte": (
        "= 512",
        "= 0.5",
        WHERE + r":10: memory_mb: expected a whole number above 0, got 0.5",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), SETTINGS_REFUSED.values(), ids=SETTINGS_REFUSED.keys())
def test_wrong_settings_are_refused(folder: Folder, old: str, new: str, message: str) -> None:
    assert SETTINGS.count(old) == 1
    folder.settings(SETTINGS.replace(old, new))
    with pytest.raises(CourseError, match=message):
        course.load("demo", folder.root)


@pytest.mark.parametrize("name", ["demos", "", "..", "demo/../demo"])
def test_an_unknown_assignment_is_refused(folder: Folder, name: str) -> None:
    message = r"^course.toml: assignments: expected one of demo, got .*; correct the name, or list it there"
    with pytest.raises(CourseError, match=message):
        course.load(name, folder.root)


def test_where_there_is_no_course_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"course.toml: expected the course's settings, found no such file"):
        course.load("demo", tmp_path)


def test_settings_in_another_encoding_are_refused(folder: Folder) -> None:
    (folder.root / "source/demo/assignment.toml").write_bytes(b'title = "\xff"\n')
    with pytest.raises(CourseError, match=r"expected TOML in UTF-8, got: .*; correct the file"):
        course.load("demo", folder.root)


TABLES_REFUSED = {
    "intake as a text": ('intake = "last"', r"intake: expected a table, got 'last'"),
    "unknown rule": (
        '[intake]\ncounts = "newest"',
        r'counts: expected "last", "best" or "first", got \'newest\'',
    ),
    "alias that is no name": (
        '[intake]\npackage_aliases = ["a-b"]',
        r"package_aliases: expected the name of a",
    ),
    "alias that is the name": ('[intake]\npackage_aliases = ["lib"]', r"a package other than lib, got 'lib'"),
    "aliases as a text": ('[intake]\npackage_aliases = "a"', r"package_aliases: expected a list of texts"),
    "no such cell": (
        '[adopt]\nleave_out = ["g"]',
        r"toml:\d+: adopt: expected grade_ids in leave_out, got 'g'; correct the name",
    ),
    "no cell left": (
        '[adopt]\nleave_out = ["f", "train_net", "inline_More_1"]',
        r"adopt: expected leave_out to leave some cells in, got all of them",
    ),
    "adopt something else": ('[adopt]\nkeep = ["f"]', r"keep: expected one of leave_out, got the unknown"),
    "late without a deadline": (
        "[late]\ngrace_days = 1",
        r"due: expected a date and time, got nothing",
    ),
    "deadline without a time": (
        "[late]\ndue = 2026-02-01",
        r"due: expected a date and time",
    ),
    "more than all": (
        "[late]\ndue = 2026-02-01T12:00:00Z\npenalty_per_day = 10",
        r"penalty_per_day: expected a share from 0 to 1, got 10",
    ),
    "days before": (
        "[late]\ndue = 2026-02-01T12:00:00Z\ngrace_days = -1",
        r"grace_days: expected a number of days, got -1",
    ),
    "unknown": ("[late]\npenalty = 1", r"penalty: expected one of due, .*, got the unknown key late.penalty"),
}


@pytest.mark.parametrize(("table", "message"), TABLES_REFUSED.values(), ids=TABLES_REFUSED.keys())
def test_wrong_rules_for_hand_ins_are_refused(folder: Folder, table: str, message: str) -> None:
    first, _, rest = SETTINGS.partition("[limits]")
    folder.settings(f"{first}\n{table}\n\n[limits]{rest}")
    with pytest.raises(CourseError, match=message):
        course.load("demo", folder.root)


def test_rules_for_hand_ins_are_read(folder: Folder) -> None:
    assert course.load("demo", folder.root).intake == Intake("last", ())
    assert course.load("demo", folder.root).late == Late()
    folder.settings(
        SETTINGS
        + '[intake]\ncounts = "best"\npackage_aliases = ["old_lib"]\n'
        + "[late]\ndue = 2026-02-01T13:00:00+01:00\ngrace_days = 1\npenalty_per_day = 0.1\n"
    )
    demo = course.load("demo", folder.root)
    assert demo.intake == Intake("best", ("old_lib",))
    assert demo.late == Late(datetime(2026, 2, 1, 12, tzinfo=UTC), 1.0, 0.1)


def test_cells_that_an_adopted_course_does_not_have_count_nowhere(folder: Folder) -> None:
    whole = course.load("demo", folder.root)
    folder.settings(SETTINGS + '[adopt]\nleave_out = ["train_net", "inline_More_1"]\n')
    adopted = course.load("demo", folder.root)
    assert [cell.grade_id for cell in adopted.grade_cells] == ["f"]
    assert (whole.max_points, adopted.max_points) == (4.5, 2)
    assert adopted.written == {}


@pytest.mark.parametrize("due", ["2026-02-01T13:00:00", "2026-02-01T13:00:00+01:00", "2026-02-01T12:00:00Z"])
def test_a_deadline_in_the_courses_zone(folder: Folder, due: str) -> None:
    (folder.root / "course.toml").write_text(f'{COURSE}\ntime_zone = "Europe/Berlin"\n', encoding="utf-8")
    folder.settings(f"{SETTINGS}\n[late]\ndue = {due}\n")
    late = course.load("demo", folder.root).late
    assert late == Late(datetime(2026, 2, 1, 12, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))


# Wrong notebooks ----------------------------------------------------------------------------------------

INTRO = r"^source/demo/Intro.ipynb cell 1: "
CELLS_REFUSED = {
    "no points": (
        [cell("f", None)],
        INTRO + r"nbgrader.points of f: expected a number, 0 or more, got nothing; give",
    ),
    "negative points": (
        [cell("f", -1)],
        INTRO + r"nbgrader.points of f: expected a number, 0 or more, got -1",
    ),
    "points as a text": ([cell("f", "2")], INTRO + r"nbgrader.points of f: expected a number, .*got '2'"),
    "points as a truth": ([cell("f", True)], INTRO + r"nbgrader.points of f: expected a number, .*got True"),
    "no number": ([cell("f", float("nan"))], INTRO + r"nbgrader.points of f: expected a number, .*got nan"),
    "no id": (
        [cell(None, 1)],
        INTRO + r"nbgrader.grade_id: expected letters, digits, - and _, got nothing; name",
    ),  # type: ignore[arg-type]
    "id with a space": (
        [cell("a b", 1)],
        INTRO + r"nbgrader.grade_id: expected letters, digits, - and _, got 'a b'",
    ),
    "graded text": (
        [cell("f", 1, "markdown")],
        INTRO + r"f: expected solution = true on a graded text cell, got fal",
    ),
    "raw": (
        [cell("f", 1, "raw")],
        INTRO + r"f: expected a code or Markdown cell, got 'raw'; change its type",
    ),
    "mark": (
        [{"metadata": {"nbgrader": 3}}],
        INTRO + r"nbgrader: expected a table, got 3; correct the metadata",
    ),
    "grade": (
        [{"metadata": {"nbgrader": {"grade": "yes"}}}],
        INTRO + r"nbgrader.grade: expected true or false, got 'yes'; correct the metadata",
    ),
    "no cells": (
        None,
        r"^source/demo/Intro.ipynb: expected a notebook with a list of cells, got none; restore",
    ),
    "cells of another type": ([1], r"^source/demo/Intro.ipynb: expected a notebook with a list of cells"),
}


@pytest.mark.parametrize(("cells", "message"), CELLS_REFUSED.values(), ids=CELLS_REFUSED.keys())
def test_wrong_cells_are_refused(folder: Folder, cells: Any, message: str) -> None:
    folder.notebook("Intro", cells)
    with pytest.raises(CourseError, match=message):
        course.load("demo", folder.root)


def test_an_id_used_in_two_notebooks_is_refused(folder: Folder) -> None:
    folder.notebook("More", [cell("f", 1)])
    message = (
        r"More.ipynb: grade_id f: expected each id once in an assignment, got it also in source/demo/Intro"
    )
    with pytest.raises(CourseError, match=message):
        course.load("demo", folder.root)


def test_an_id_used_twice_in_a_notebook_is_refused(folder: Folder) -> None:
    folder.notebook("Intro", [cell("f", 1), cell("f", 1)])
    with pytest.raises(CourseError, match=r"Intro.ipynb: grade_id f: expected each id once in an assignment"):
        course.load("demo", folder.root)


def test_a_missing_notebook_is_refused(folder: Folder) -> None:
    (folder.root / "source/demo/More.ipynb").unlink()
    with pytest.raises(
        CourseError, match=r"^source/demo/More.ipynb: expected this notebook, found no such file; add"
    ):
        course.load("demo", folder.root)


def test_a_notebook_that_is_no_json_is_refused(folder: Folder) -> None:
    (folder.root / "source/demo/More.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(
        CourseError, match=r"^source/demo/More.ipynb: expected a notebook \(JSON in UTF-8\), got: "
    ):
        course.load("demo", folder.root)


@pytest.mark.parametrize("name", ["autograder/__init__.py", "autograder.py"])
def test_a_course_that_hides_the_engine_is_refused(folder: Folder, name: str) -> None:
    (folder.root / name).parent.mkdir(exist_ok=True)
    (folder.root / name).touch()
    with pytest.raises(CourseError, match=rf"{name}: expected nothing in a course that hides the engine"):
        course.load("demo", folder.root)
