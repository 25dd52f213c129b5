"""course.toml becomes a typed object, or a clear message; and tests of the course run over what it lists."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder.course import assignment as course
from autograder.course.course import FOLDERS, find, read
from autograder.errors import CourseError

LEAST = 'title = "A course"\npackage = "lib"\nassignments = ["one"]\n'


def settings(root: Path, text: str) -> Path:
    for name in ("one", "two"):
        (root / "source" / name).mkdir(parents=True, exist_ok=True)
        (root / "source" / name / "assignment.toml").write_text('title = "T"\nnotebooks = ["nb"]\n')
    (root / "course.toml").write_text(text, encoding="utf-8")
    return root


def test_three_settings_are_enough(tmp_path: Path) -> None:
    found = read(settings(tmp_path, LEAST))
    root = tmp_path.resolve()
    assert (found.title, found.package, found.assignments) == ("A course", "lib", ("one",))
    assert (found.graders, found.rubrics) == (root / "graders", root / "rubrics")
    assert (found.data, found.packages, found.roster, found.nbgrader) == ((), (), None, {})
    assert found.time_zone == ZoneInfo("UTC")
    assert found.graders_package == "graders"


def test_everything_is_read(tmp_path: Path) -> None:
    text = """
title = "T"
package = "lib"
assignments = ["two", "one"]
graders = "hidden/graders"
rubrics = "hidden/rubrics"
data = ["data/*.csv"]
roster = "roster.csv"
time_zone = "Europe/Berlin"
[environment]
packages = []
[notebooks]
environment = { DATA = "./data", SIZE = "small" }
[nbgrader.ClearSolutions]
text_stub = "Here."
"""
    found = read(settings(tmp_path, text))
    root = tmp_path.resolve()
    assert found.assignments == ("two", "one")
    assert (found.graders, found.rubrics) == (root / "hidden/graders", root / "hidden/rubrics")
    assert found.graders_package == "hidden.graders"
    assert (found.data, found.packages) == (("data/*.csv",), ())
    assert found.roster == root / "roster.csv"
    assert found.time_zone == ZoneInfo("Europe/Berlin")
    assert found.variables == {"DATA": str(root / "data"), "SIZE": "small"}
    assert found.nbgrader == {"ClearSolutions": {"text_stub": "Here."}}


REFUSED = {
    "no assignments": ('["one"]', "[]", r":3: assignments: expected at least one, got none; write"),
    "assignment outside": ('["one"]', '["../x"]', r":3: assignments: expected names of letters, digits"),
    "assignment not there": (
        '["one"]',
        '["three"]',
        r":3: assignments: expected an assignment, in source/three/assignment.toml, got no such file",
    ),
    "package": (
        '"lib"',
        '"my lib"',
        r":2: package: expected the name of an importable package, got 'my lib'",
    ),
    "no package": ('package = "lib"\n', "", r"course.toml: package: expected a text that is not empty"),
    "unknown": (
        "title",
        "titel",
        r":1: titel: expected one of title, package, .*, got the unknown key titel",
    ),
    "unknown in a table": ("]\n", "]\n[environment]\npips = []\n", r":5: pips: expected one of packages"),
    "package to import": (
        "]\n",
        ']\n[environment]\npackages = ["scikit-learn"]\n',
        r":5: packages: expected names as in `import name`, got 'scikit-learn'; correct the entry",
    ),
    "graders outside": ("]\n", ']\ngraders = "../graders"\n', r":4: graders: expected a path inside the cou"),
    "roster at the root": (
        "]\n",
        ']\nroster = "/etc/passwd"\n',
        r":4: roster: expected a path inside the co",
    ),
    "data outside": (
        "]\n",
        ']\ndata = ["../*"]\n',
        r":4: data: expected paths inside the course, got '../\*'",
    ),
    "time zone": (
        "]\n",
        ']\ntime_zone = "Berlin"\n',
        r":4: time_zone: expected the name of a time zone, got",
    ),
    "time zone of a number": (
        "]\n",
        "]\ntime_zone = 1\n",
        r":4: time_zone: expected the name of a time zone",
    ),
    "variables": ("]\n", "]\n[notebooks]\nenvironment = 3\n", r":5: environment: expected a table of texts"),
    "nbgrader": (
        "]\n",
        "]\n[nbgrader]\nx = 1\n",
        r":4: nbgrader: expected a table for each of nbgrader's cl",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_settings_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert LEAST.count(old) == 1
    with pytest.raises(CourseError, match=message):
        read(settings(tmp_path, LEAST.replace(old, new)))


def test_an_assignment_that_is_not_listed_is_a_draft(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"expected one of one, got 'two'; correct the name, or list it"):
        course.load("two", settings(tmp_path, LEAST))


@pytest.mark.parametrize("name", find().assignments)
def test_each_assignment_of_this_course_loads(name: str) -> None:
    assignment = course.load(name)
    assert assignment.max_points > 0
    assert assignment.graders.is_dir()


@pytest.mark.parametrize("name", ["json", "autograder", "numpy"])
def test_a_package_of_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    text = LEAST.replace('"lib"', f'"{name}"')
    message = f"course.toml:2: package: expected a name that no module of Python.*, got '{name}'; rename"
    with pytest.raises(CourseError, match=message):
        read(settings(tmp_path, text))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_package_in_a_folder_that_the_engine_writes_to_is_refused(tmp_path: Path, name: str) -> None:
    message = (
        f"course.toml:2: package: expected a folder of its own, none of source, .*, got '{name}'; rename"
    )
    with pytest.raises(CourseError, match=message):
        read(settings(tmp_path, LEAST.replace('"lib"', f'"{name}"')))


@pytest.mark.parametrize("key", ["graders", "rubrics"])
@pytest.mark.parametrize("folder", ["lib", "lib/hidden", "source/one", "release", "lib/../source"])
def test_what_is_hidden_lies_in_nothing_that_is_released(tmp_path: Path, key: str, folder: str) -> None:
    message = f"{key}: expected a (folder apart from lib, source and release|path inside the course), got"
    with pytest.raises(CourseError, match=message):
        read(settings(tmp_path, LEAST + f'{key} = "{folder}"\n'))


def test_what_is_hidden_does_not_hold_what_is_released(tmp_path: Path) -> None:
    settings(tmp_path, LEAST)
    (tmp_path / "all").symlink_to(tmp_path)
    with pytest.raises(CourseError, match="graders: expected a folder apart from lib, source and release"):
        read(settings(tmp_path, LEAST + 'graders = "all"\n'))


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    settings(tmp_path, LEAST)
    (tmp_path / "course.toml").write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert read(tmp_path).title == "A course"
