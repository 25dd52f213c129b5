"""Work in folders that are passed over: environments, data sets, what systems and Jupyter leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder import intake
from autograder.course.assignment import Assignment
from autograder.intake import Source
from tests.intake.conftest import below, put, tarred, zipped
from tests.intake.test_situations import (
    CODE,
    INLINE,
    MODEL,
    NB,
    ONE,
    TRAINED,
    UNTOUCHED,
    WEIGHTS,
    WORK,
    Files,
    answered,
    hand_in,
    packed,
    taken,
    untouched,
    without,
)

SKIPPED = ("venv", ".venv", "datasets", "__pycache__", "__MACOSX", ".vscode", ".idea", ".ipynb_checkpoints")
ENV = {"env/pyvenv.cfg": b"home = /usr", "env/bin/activate_this.py": b"x", "env/lib/python3/io.py": b"x"}


@pytest.mark.parametrize("folder", SKIPPED)
@pytest.mark.parametrize("place", ["folder", "zip"])
def test_work_in_a_folder_that_is_passed_over_is_no_settled_zero(
    folder: str, place: str, tmp_path: Path
) -> None:
    """Wholly there, or a part of it, or beside what was given out."""
    work = hand_in()
    cases: list[tuple[Files, set[str]]] = [
        (below(folder, work), CODE | TRAINED | INLINE),
        ({**untouched(), **below(folder, work)}, CODE | TRAINED | INLINE),
        ({NB: work[NB], MODEL: WEIGHTS, **below(folder, without(NB, MODEL)(work))}, CODE),
        ({**without(NB)(work), f"{folder}/{NB}": work[NB]}, INLINE),
        ({**without(MODEL)(work), f"{folder}/{MODEL}": WEIGHTS}, TRAINED),
        ({**work, **below(folder, untouched())}, set()),
    ]
    for number, (files, asked) in enumerate(cases):
        found = taken(files if place == "folder" else {"w.zip": zipped(files)}, tmp_path / str(number))
        assert set(found.doubts) == asked, number
        named = any(
            "not used, in a folder that is passed over:" in p and f"{folder}/" in p for p in found.problems
        )
        assert named == bool(asked)


PASSED = {
    "a PDF among the data": ({NB: UNTOUCHED, "datasets/answers.pdf": b"%PDF-1.7"}, True),
    "work packed among the data": ({**untouched(), "datasets/work.zip": zipped(hand_in())}, True),
    "work in an environment of another name": ({**untouched(), **ENV, f"env/{NB}": packed(answered())}, True),
    "nothing but a repository": ({".git/HEAD": b"ref", "README.md": b"x"}, True),
    "an environment": ({NB: UNTOUCHED, **ENV}, False),
    "other people's packages": (
        {NB: UNTOUCHED, "venv/lib/python3/site-packages/cs_lib/layers.py": b"x"},
        False,
    ),
    "what tells of the data": (
        {NB: UNTOUCHED, "datasets/README.txt": b"x", "datasets/a/names.txt": b"x"},
        False,
    ),
    "a data set, and work": ({NB: packed(answered()), "datasets/all.tar.gz": tarred({"a": b"x"})}, False),
    "a repository, and work": ({NB: UNTOUCHED, ".git/HEAD": b"ref", ".git/hooks/a.py": b"x"}, False),
}


@pytest.mark.parametrize("case", PASSED)
@pytest.mark.parametrize("place", ["folder", "zip"])
def test_what_else_lies_in_such_a_folder(case: str, place: str, tmp_path: Path) -> None:
    more, asked = PASSED[case]
    files = more if case.startswith("nothing") else {"cs_lib/layers.py": WORK, MODEL: WEIGHTS, **more}
    found = taken(files if place == "folder" else {"w.zip": zipped(files)}, tmp_path)
    assert (ONE in found.doubts) == asked
    assert any("in a folder that is passed over" in problem for problem in found.problems) == asked


@pytest.mark.parametrize("place", ["folder", "zip"])
def test_the_folders_of_data_are_those_of_the_course(
    place: str, tmp_path: Path, assignment: Assignment
) -> None:
    other = replace(assignment, course=replace(assignment.course, data=("pictures/*.svg", "LICENSE")))
    assert other.course.data_folders == {"pictures"}
    asked = {}
    for folder in ("pictures", "datasets"):
        files = below(folder, hand_in())
        room = put(tmp_path / folder, files if place == "folder" else {"w.zip": zipped(files)})
        asked[folder] = set(intake.read(Source("s001", room), other).doubts)
    assert asked == {"pictures": CODE | TRAINED | INLINE, "datasets": set()}


def test_a_folder_of_data_is_nobodys_hand_in(tmp_path: Path, assignment: Assignment) -> None:
    other = replace(assignment, course=replace(assignment.course, data=("pictures/*.svg",)))
    put(
        tmp_path, {**below("s001", hand_in()), **below("pictures", hand_in()), **below("datasets", hand_in())}
    )
    assert [source.student for source in intake.find(tmp_path, other)] == ["datasets", "s001"]
