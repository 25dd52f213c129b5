"""The wheel holds the engine alone, and serves a course of its own where nothing else of this checkout is."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("autograder", "pyproject.toml", "README.md", "LICENSE")


def tracked(folder: str) -> Iterator[Path]:
    """Files of the checkout as git sees them, those not yet committed included."""
    command = ["git", "ls-files", "-co", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    yield from (ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("build")
    for source in SOURCES:
        for path in tracked(source):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    run = subprocess.run([*command, "-w", "dist"], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    [built] = (folder / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_engine_and_nothing_of_the_course(wheel: Path) -> None:
    own = (ROOT / "autograder/graders", ROOT / "autograder/rubrics")
    engine = [path for path in tracked("autograder") if not any(path.is_relative_to(f) for f in own)]
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    beside = {name for name in held if ".data/" in name}
    assert held - beside == {path.relative_to(ROOT).as_posix() for path in engine}
    [switch] = beside  # what makes Jupyter's servers open the reading room
    assert switch.partition(".data/")[2] == "data/etc/jupyter/jupyter_server_config.d/autograder_reading.json"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; what the kit depends on is lent to it, this checkout is not."""
    home = tmp_path_factory.mktemp("machine") / "env"
    venv.create(home, with_pip=False, symlinks=True)
    [packages] = home.glob("lib/python*/site-packages")
    options = ("--quiet", "--no-deps", "--ignore-installed", "--prefix", str(home))
    command = [sys.executable, "-m", "pip", "install", *options, str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    # Plain lines of a .pth file only lengthen the path: the checkout's own editable install is not followed.
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return home / "bin"


def run(bin: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    ours = ("PYTHON", "PYTEST")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment |= {"PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(bin.parent)}
    first = str(bin / command[0])
    return subprocess.run(
        [first, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_jupyter_knows_the_reading_room_once_the_wheel_is_there(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, tmp_path, "python", "-m", "jupyter_server.extension.serverextension", "list")
    assert re.search(r"autograder\.reading +\S*enabled", listed.stdout + listed.stderr), listed.stderr
    assert re.search(r"autograder\.reading +\S*OK", listed.stdout + listed.stderr), listed.stderr


def test_a_foreign_course_is_made_and_graded_with_the_wheel(installed: Path, tmp_path: Path) -> None:
    made = run(installed, tmp_path, "autograder", "init", "course", "--package", "lib")
    assert made.returncode == 0, made.stderr
    course = tmp_path / "course"
    where = run(installed, course, "python", "-c", "import autograder; print(autograder.__file__)")
    assert where.stdout.startswith(str(installed.parent))
    verified = run(installed, course, "autograder", "verify")
    assert "the solved version earns 2 of 3 points, 1 question needs review" in verified.stdout, (
        verified.stderr
    )
    # Its graders may lie below a folder of the engine's name, from wherever they are started.
    (course / "autograder").mkdir()
    (course / "graders").rename(course / "autograder/graders")
    settings = (course / "course.toml").read_text()
    (course / "course.toml").write_text(settings + 'graders = "autograder/graders"\n')
    student = course / "submitted/s001"
    shutil.copytree(course / "release/first", student)
    shutil.copy(course / "lib/first.py", student / "lib/first.py")
    command = ("grade", "first", "submitted", "--out", "graded", "--jobs", "2", "--json")
    graded = run(installed, course, "python", "-m", "autograder", *command)
    assert graded.returncode in (0, 1), graded.stderr
    [line] = json.loads(graded.stdout)["students"]
    assert (line["student"], line["points"], line["max_points"]) == ("s001", 2.0, 3.0)
    assert "standardize" in (course / "graded/feedback/s001.html").read_text()


def test_a_folder_without_a_course_says_so(installed: Path, tmp_path: Path) -> None:
    asked = run(installed, tmp_path, "autograder", "verify")
    assert asked.returncode == 2
    assert (
        "found no course.toml; go to the course's folder, or make one with `autograder init" in asked.stderr
    )
