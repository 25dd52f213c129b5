"""From `autograder pipeline gradescope` to `results.json`, in the layout that Gradescope documents."""

import io
import json
import math
import os
import shutil
import site
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.policy import Late
from autograder.errors import CourseError, IntakeError
from autograder.pipelines import kit_wheel, on_gradescope
from autograder.pipelines.gradescope_zip import course_files
from autograder.sandbox import level
from tests.once import once
from tests.small_kit import COURSE, NAME, POINTS, RIGHT, Kit, notebook

SECOND = "landlock+seccomp"  # what a container without user namespaces offers
NOTEBOOK_CELLS = {"double": 4.0, "noise": 1.0, "inline_nb_1": 2.0}
WRONG_ONLY = RIGHT.replace("2 * x", "x + 2")
METADATA = {
    "id": 4711,
    "created_at": "2026-02-01T20:59:00.000000-03:00",  # 59 min after the deadline
    "assignment": {"due_date": "2026-02-02T00:00:00.000000+01:00", "title": "Lesson"},
    "users": [{"email": "s001@uni.example", "id": 1, "name": "S One"}],
    "previous_submissions": [],
}
LATE = "[late]\ndue = 2026-02-01T23:00:00Z\npenalty_per_day = 0.5\n"


def kit_with_zip(folder: Path) -> None:
    kit = Kit(folder / "kit")
    kit.write_settings(LATE)
    (kit.home / "course.toml").write_text(COURSE + 'roster = "roster.csv"\n')
    (kit.home / "roster.csv").write_text("id,name\ns001,Secret Person\n")
    command = ["pipeline", "gradescope", NAME, "--to", str(folder / "autograder.zip")]
    done = subprocess.run(
        [*kit.command(Path())[:4], *command],
        cwd=kit.home,
        env=kit.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "give it to nobody" in done.stderr
    with zipfile.ZipFile(folder / "autograder.zip") as archive:
        archive.extractall(folder / "autograder/source")
    root = folder / "autograder"
    for name in ("setup.sh", "run_autograder"):
        (root / "source" / name).chmod(0o755)
    _set_up(root)


def _set_up(root: Path) -> None:
    """As Gradescope builds its image; what the kit depends on is lent to it in place of a download."""
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    run = subprocess.run(["./source/setup.sh"], cwd=root, env=offline, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    [packages] = (root / "env").glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    shutil.copy(root / "source/run_autograder", root / "run_autograder")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "gradescope", kit_with_zip)


def handed_in(root: Path, code: str) -> None:
    for name in ("submission", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    (root / "submission/cs_lib").mkdir()
    (root / "submission/cs_lib/layers.py").write_text(code)
    (root / "submission/nb.ipynb").write_text(notebook(POINTS, "Because."))
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))


def graded(root: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))
    }
    command = ["./run_autograder", *more]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


@pytest.mark.long
@pytest.mark.skipif("landlock" not in level.probe().layers, reason="no Landlock here")
def test_from_zip_to_results_without_user_namespaces(built: Path) -> None:
    root = built / "autograder"
    handed_in(root, WRONG_ONLY)
    run = graded(root, "--isolation", SECOND)
    assert run.returncode == 0, run.stderr
    assert f"isolation {SECOND}" in run.stdout
    text = (root / "results/results.json").read_text()
    results = json.loads(text)
    tests = {test["name"]: test for test in results["tests"]}
    assert set(tests) == set(NOTEBOOK_CELLS)
    assert {test["visibility"] for test in tests.values()} == {"after_due_date"}
    assert tests["double"]["score"] < 4.0
    assert (tests["noise"]["score"], tests["noise"]["status"]) == (1.0, "passed")
    assert "score" not in tests["inline_nb_1"]
    assert (results["visibility"], results["stdout_visibility"]) == ("visible", "hidden")
    # Always shown: what was unusual, and nothing of what a check found.
    assert "handed in 59 min after the deadline" in results["output"]
    assert not any(word in results["output"] for word in ("double", "out", "wrong"))
    assert "1000000" not in json.dumps({**results, "tests": []})  # an input of a hidden check


@pytest.mark.long
def test_no_result_rather_than_a_zero_where_the_fault_is_ours(built: Path, tmp_path: Path) -> None:
    root = tmp_path / "autograder"
    shutil.copytree(built / "autograder", root, symlinks=True)
    handed_in(root, RIGHT)
    (root / "results/results.json").write_text("of an earlier run")
    [grader] = root.glob("source/course/graders/*/test_lesson.py")
    grader.write_text("import nothing_of_this_name\n")
    run = graded(root)
    assert run.returncode == 1
    assert "nothing_of_this_name" in run.stderr
    assert not (root / "results/results.json").exists()


@pytest.mark.long
def test_the_zip_holds_no_student_and_is_the_same_every_time(built: Path) -> None:
    with zipfile.ZipFile(built / "autograder.zip") as archive:
        names = archive.namelist()
        whole = b"".join(archive.read(name) for name in names)
        scripts = {n for n in names if (archive.getinfo(n).external_attr >> 16) & 0o100}
    assert scripts == {"setup.sh", "run_autograder"}
    assert b"Secret Person" not in whole
    assert not any("roster" in name for name in names if name.startswith("course/"))
    assert b"roster" not in (built / "autograder/source/course/course.toml").read_bytes()


def test_the_wheel_leaves_out_what_the_checkout_keeps_of_its_course() -> None:
    name, data = kit_wheel.wheel()
    assert name.endswith("-py3-none-any.whl")
    assert kit_wheel.wheel()[1] == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = set(archive.namelist())
    assert "autograder/pipelines/templates/gradescope_setup.sh.tmpl" in held
    assert not any(path.startswith(("autograder/graders/", "autograder/rubrics/")) for path in held)


@pytest.mark.parametrize(
    "folder", ["cs_course_kit-0.1.0.dist-info/METADATA", "cs_course_kit.egg-info/PKG-INFO"]
)
def test_the_wheel_says_what_it_is(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip installed the kit, and as setuptools describes a checkout beside it."""
    (tmp_path / folder).parent.mkdir()
    (tmp_path / folder).write_text("Metadata-Version: 2.4\nName: cs-course-kit\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    name, data = kit_wheel.wheel()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        about = archive.read("cs_course_kit-0.1.0.dist-info/METADATA")
    assert (name, b"Version: 0.1.0" in about) == ("cs_course_kit-0.1.0-py3-none-any.whl", True)


def test_versions_are_those_of_this_machine() -> None:
    lines = kit_wheel.constraints().splitlines()
    assert any(line.startswith("numpy==") for line in lines)
    assert any(line.startswith("nbgrader==0.9.6") for line in lines)
    assert not any(line.startswith("cs-course-kit") for line in lines)


def test_the_later_deadline_of_gradescope_counts(tmp_path: Path) -> None:
    assignment = replace(course.load("assignment1"), late=Late(due=None))
    (tmp_path / "submission_metadata.json").write_text(json.dumps(METADATA))
    found = on_gradescope.source(tmp_path, assignment)
    assert found.student == "gradescope-4711"
    assert found.facts is not None
    assert (found.facts.handed_in, found.facts.extension_days) == ("2026-02-01T23:59:00+00:00", 0.0)
    due = on_gradescope.utc(on_gradescope.datetime.fromisoformat("2026-01-31T23:00:00+00:00"))
    later = on_gradescope.source(tmp_path, replace(assignment, late=Late(due=due)))
    assert later.facts is not None
    assert later.facts.extension_days == 1.0


@pytest.mark.parametrize(
    "about", [{"id": "x"}, [], {"created_at": 3}, {"assignment": "text"}, {"id": math.inf}]
)
def test_metadata_of_another_form_is_named(about: object, tmp_path: Path) -> None:
    (tmp_path / "submission_metadata.json").write_text(json.dumps(about))
    with pytest.raises(IntakeError, match=r"submission_metadata\.json: expected what Gradescope writes"):
        on_gradescope.source(tmp_path, course.load("assignment1"))


def test_a_release_that_is_not_built_and_a_roster_in_another_form_are_named(tmp_path: Path) -> None:
    assignment = course.load("assignment1")
    gone = replace(assignment, name="assignment9")
    with pytest.raises(CourseError, match="release/assignment9: expected the release, found none; run"):
        course_files(gone)
    shutil.copytree(assignment.release_folder / "cs_lib", tmp_path / "release/assignment1/cs_lib")
    (tmp_path / "course.toml").write_text('"roster" = "people.csv"\n')
    empty = replace(assignment.course, root=tmp_path, assignments=(), graders=tmp_path, rubrics=tmp_path)
    with pytest.raises(CourseError, match="roster: expected one line"):
        course_files(replace(assignment, course=empty, notebooks=()))
