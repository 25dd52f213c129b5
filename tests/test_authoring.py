"""`autograder init` and `autograder new`: what they write fits together, and what they refuse."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.new import init, new
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.course import FOLDERS, read
from autograder.errors import CourseError
from autograder.release.build import build
from autograder.release.package import skeleton


@pytest.fixture
def made(tmp_path: Path) -> Path:
    init(tmp_path / "course", "Statistics 101", "stats", "warm_up")
    return tmp_path / "course"


def test_a_new_course_loads(made: Path) -> None:
    assignment = course.load("warm_up", made)
    assert (assignment.course.title, assignment.package) == ("Statistics 101", "stats")
    cells = [(c.grade_id, c.points, c.manual) for c in assignment.grade_cells]
    assert cells == [("standardize", 2.0, False), ("inline_warm_up_1", 1.0, True)]
    [question] = assignment.questions
    assert question.asked.startswith("**Question 1.**")
    assert "not written yet" in skeleton(assignment).files["stats/warm_up.py"]


def test_another_assignment_comes_last_and_no_release_gives_the_other_away(made: Path) -> None:
    files = new(read(made), "second")
    assert files[-1] == "course.toml"
    assert read(made).assignments == ("warm_up", "second")
    assert set(skeleton(course.load("warm_up", made)).files) == {"stats/__init__.py", "stats/warm_up.py"}
    assert set(skeleton(course.load("second", made)).files) == {"stats/__init__.py", "stats/second.py"}
    new(read(made), "third")
    assert course.load("warm_up", made).leave_out == ("stats.second", "stats.third")


def test_an_assignment_with_tables_keeps_them(made: Path) -> None:
    path = made / "source/warm_up/assignment.toml"
    path.write_text(path.read_text() + "[limits]\ncall_seconds = 3\n")
    new(read(made), "second")
    warm_up = course.load("warm_up", made)
    assert (warm_up.leave_out, warm_up.limits.call_seconds) == (("stats.second",), 3.0)


def test_the_visible_check_of_a_new_course_says_what_is_wrong(made: Path) -> None:
    released = build("warm_up", made).folder
    path = released / "stats/warm_up.py"
    wrong = "    out = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPSILON)"
    path.write_text(re.sub(r"(?m)^    raise .*$", wrong, path.read_text()))
    done = subprocess.run(
        [sys.executable, "work.py", "check", "standardize"],
        cwd=released,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "warm_up: standardize, 2 points: wrong" in done.stdout
    assert "  NOT YET  EPSILON" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new_"),
    [
        ("course.toml", 'assignments = ["warm_up"]', 'assignments = ["warm_up",  # the first [of all]\n]'),
        ("course.toml", 'assignments = ["warm_up"]', 'assignments = ["warm_up"  # the first\n]'),
        ("source/warm_up/assignment.toml", "todo =", 'leave_out = [  # none ]\n"stats.x"]\ntodo ='),
    ],
)
def test_a_list_that_cannot_be_added_to_is_refused_before_a_file_is_written(
    made: Path, file: str, old: str, new_: str
) -> None:
    text = (made / file).read_text().replace(old, new_)
    (made / file).write_text(text)
    before = sorted(made.rglob("*"))
    with pytest.raises(CourseError, match=rf"{file}: .*: expected a list to which '.*second' can be added"):
        new(read(made), "second")
    assert sorted(made.rglob("*")) == before
    assert (made / file).read_text() == text


def test_a_list_over_several_lines_is_added_to(made: Path) -> None:
    path = made / "course.toml"
    path.write_text(path.read_text().replace('["warm_up"]', '[\n    "warm_up",\n]'))
    new(read(made), "second")
    assert read(made).assignments == ("warm_up", "second")


@pytest.mark.parametrize("name", ["2nd", "a-b", "../x", "class", ""])
def test_a_name_that_is_no_name_is_refused(made: Path, name: str) -> None:
    with pytest.raises(CourseError, match="NAME: expected letters, digits and _, as Python's names"):
        new(read(made), name)


def test_an_assignment_that_is_there_is_refused(made: Path) -> None:
    with pytest.raises(CourseError, match="assignments: warm_up is listed already; choose another name"):
        new(read(made), "warm_up")
    (made / "graders/second").mkdir()
    (made / "graders/second/test_second.py").write_text("")
    with pytest.raises(CourseError, match=r"graders/second/test_second.py: expected no such file yet, got"):
        new(read(made), "second")
    assert read(made).assignments == ("warm_up",)
    assert not (made / "source/second").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("T", "my lib", "a"), "--package: expected letters"),
        (("T", "lib", "a.b"), "--assignment: expected letters"),
        (("T", "json", "a"), "--package: expected a name that no module of Python, NumPy or the engine has"),
        (("T", "autograder", "a"), "--package: expected a name that no module"),
        (('T"', "lib", "a"), "--title: expected a line of text without quotes and backslashes"),
        (("", "lib", "a"), "--title: expected a line of text"),
        ((" ", "lib", "a"), "--title: expected a line of text"),
        *(
            (("T", name, "a"), f"--package: expected a folder of its own, none of source, .*, got '{name}'")
            for name in (*FOLDERS, "graders", "rubrics")
        ),
    ],
)
def test_a_course_with_wrong_names_is_refused(
    tmp_path: Path, arguments: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(CourseError, match=message):
        init(tmp_path / "course", *arguments)
    assert not (tmp_path / "course").exists()


def test_a_folder_with_something_in_it_is_left_alone(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", str(made)]) == 2
    assert "expected an empty folder or none, got something in it; name another" in capsys.readouterr().err


def test_a_list_is_written_where_there_is_none(made: Path) -> None:
    course_ = read(made)
    (made / "course.toml").write_text('title = "T"\npackage = "stats"\n', encoding="utf-8")
    new(course_, "second")  # the list is added where there is none
    assert read(made).assignments == ("second",)


# autograder try ------------------------------------------------------------------------------------------


@pytest.fixture
def at_work(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


def tried(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.main(["try", *arguments])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize(
    ("grader", "criteria"),
    [("warm_up", 2), ("standardize", 0), ("warm_up/standardize", 0), ("graders/warm_up/test_warm_up.py", 0)],
)
def test_the_solution_passes_whatever_is_named(
    at_work: Path, capsys: pytest.CaptureFixture[str], grader: str, criteria: int
) -> None:
    code, said = tried(capsys, grader)
    assert (code, said.splitlines()[-1]) == (
        0,
        "5 of 5 cases passed on the solution of warm_up"
        + (f"; {criteria} more {'needs' if criteria == 1 else 'need'} review" if criteria else ""),
    )


def test_a_case_that_fails_shows_the_authors_line(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = tried(capsys, "standardize", "skeleton")
    assert code == 1
    assert 'graders/warm_up/test_warm_up.py:19: out = student.call("warm_up.standardize", case.x)' in said
    assert "hint: Where does EPSILON go?" in said
    assert "Traceback" not in said


def test_an_error_of_a_grader_shows_its_traceback(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = at_work / "graders/warm_up/test_warm_up.py"
    path.write_text(path.read_text().replace("close(out, case.want", "close(out, 1 / 0"))
    code, said = tried(capsys, "standardize")
    assert code == 1
    first = said[said.index("Traceback") :].splitlines()
    assert first[1].strip() == f'File "{path}", line 20, in test_standardize'
    assert "ZeroDivisionError: division by zero" in said
    assert "trial.py" not in said


def test_a_grader_for_no_cell_is_named_and_so_is_a_cell_without_one(
    at_work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = at_work / "graders/warm_up/test_warm_up.py"
    path.write_text(path.read_text().replace('    "standardize",', '    "standardise",'))
    code, said = tried(capsys, "warm_up")
    assert code == 1
    assert "missing graders/warm_up: standardise: a grader for a cell that is not there; correct" in said
    cell = "missing source/warm_up/warm_up.ipynb: standardize: 2 points and no hidden grader; write one"
    assert cell in said
    code, said = tried(capsys, str(path))
    assert (code, "standardise: a grader for a cell" in said, cell in said) == (1, True, False)


def test_a_hand_in_is_tried_from_its_folder(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = at_work / "s001"
    (folder / "stats").mkdir(parents=True)
    (folder / "stats/__init__.py").write_text("")
    (folder / "stats/warm_up.py").write_text("def standardize(x):\n    return x\n")
    code, said = tried(capsys, "standardize", "s001")
    assert (code, said.splitlines()[-1]) == (1, "1 of 5 cases passed on s001")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("softmax",), "expected an assignment of course.toml (warm_up), a grader's file or a grade id"),
        (("graders/warm_up/test_nothing.py",), "expected a grader's file, found no such file"),
        (("warm_up", "nowhere"), "expected solution, skeleton, a folder or a zip, found no such file"),
    ],
)
def test_what_is_not_there_is_refused(
    at_work: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    code, said = tried(capsys, *arguments)
    assert code == 2
    assert message in said


def test_a_grade_id_of_two_assignments_is_refused(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new(read(at_work), "second")
    code, said = tried(capsys, "standardize")
    assert code == 2
    assert "expected one grade cell, got several; write warm_up/standardize or second/standardize" in said


def test_a_broken_zip_is_refused(at_work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (at_work / "s001.zip").write_bytes(b"no zip")
    code, said = tried(capsys, "warm_up", "s001.zip")
    assert code == 2
    assert said.count("s001.zip: not a readable zip") == said.count("s001.zip") == 1
