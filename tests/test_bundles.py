"""What leaves this machine says nothing of students: neither who they are nor what they wrote."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import assignment as courses
from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.pipelines import github, gradescope_zip, kit_wheel
from autograder.release.build import write_archive
from autograder.sandbox.level import probe
from autograder.workers.pool import Plan
from tests.small_kit import COURSE, NAME, ROOT, Kit

WHO, WROTE = b"Secret Person", b"a secret of s001"
OF_STUDENTS = {
    f"rubrics/{NAME}.answers.jsonl": WROTE,
    f"graders/{NAME}/{NAME}.answers.jsonl": WROTE,
    "graders/gradebook.db": WROTE,
    "cs_lib/gradebook.db": WROTE,
    f"release/{NAME}/gradebook.db": WROTE,
    "gradebook.db": WROTE,
    f"submitted/s001/{NAME}/nb.ipynb": WROTE,
    f"feedback/s001/{NAME}/nb.html": WROTE,
    f"graded/{NAME}/records/s001.json": WROTE,
    "graders/people/roster.csv": b"id,name\ns001," + WHO,
}


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    """A course that keeps what is of students in every place it can."""
    kit = Kit(tmp_path / "kit")
    more = 'roster = "graders/people/roster.csv"\ndata = ["data/*"]\n'
    (kit.home / "course.toml").write_text(COURSE + more)
    given = {"data/images.bin": b"images", "cs_lib/layers.py": b"solved", f"rubrics/{NAME}.toml": b""}
    for name, data in {**OF_STUDENTS, **given}.items():
        path = kit.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return courses.load(NAME, kit.home)


def gradescope(assignment: Assignment, folder: Path) -> bytes:
    gradescope_zip.write(assignment, folder / "a.zip", "hidden")
    return (folder / "a.zip").read_bytes()


def cluster(assignment: Assignment, folder: Path) -> bytes:
    module = pytest.importorskip("autograder.workers.cluster", exc_type=ImportError)
    packed: bytes = module.pack(Plan(NAME, assignment.root, probe(), home=ROOT))
    return packed


def workflow(assignment: Assignment, folder: Path) -> bytes:
    github.write(assignment, folder / "repository")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in (folder / "repository").rglob("*.*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder / "repository"))
    return held.getvalue()


def wheel(assignment: Assignment, folder: Path) -> bytes:
    return kit_wheel.wheel()[1]


def release(assignment: Assignment, folder: Path) -> bytes:
    (assignment.release_folder / "gradebook.db").unlink()  # a release is made anew, of nothing else
    write_archive(assignment, assignment.release_folder, folder / "r.zip")
    return (folder / "r.zip").read_bytes()


def files(data: bytes, top: str = "") -> Iterator[tuple[str, bytes]]:
    """Of an archive, and of those in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            held = archive.read(name)
            yield f"{top}{name}", held
            if name.endswith((".whl", ".zip")):
                yield from files(held, f"{name}/")


# Whether it holds graders: the places where an instructor's programs run do, what students get does not.
BUNDLES = {gradescope: True, cluster: True, workflow: False, wheel: False, release: False}


@pytest.mark.parametrize(("made", "hidden"), BUNDLES.items(), ids=lambda v: getattr(v, "__name__", ""))
def test_nothing_of_students_leaves_the_machine(
    made: Callable[[Assignment, Path], bytes], hidden: bool, assignment: Assignment, tmp_path: Path
) -> None:
    held = dict(files(made(assignment, tmp_path)))
    assert held
    assert [name for name, data in held.items() if WHO in data or WROTE in data] == []
    assert [name for name in held if name.endswith(("roster.csv", ".answers.jsonl", "gradebook.db"))] == []
    graders = [name for name in held if f"graders/{NAME}/" in name or f"rubrics/{NAME}" in name]
    assert bool(graders) == hidden


@pytest.mark.parametrize("name", OF_STUDENTS)
def test_data_of_a_release_are_nobodys(name: str, assignment: Assignment, tmp_path: Path) -> None:
    careless = replace(assignment, course=replace(assignment.course, data=(name,)))
    with pytest.raises(
        ReleaseError, match=r"course\.toml: data: .*expected files that students may read, got"
    ):
        write_archive(careless, assignment.release_folder, tmp_path / "r.zip")
