"""The engine serves any course: no file of it names a thing of this one, not even as an example."""

import re
from functools import cache
from pathlib import Path

import pytest

import autograder
from autograder.course import assignment as course
from autograder.course.course import find
from autograder.files import files_below

ENGINE = Path(autograder.__file__).parent
OURS = find()
DOCS = OURS.root / "docs"
# What a file of the engine may name, by the decision record that says why.
EXCUSED = {
    "sandbox/older_packages.py": "0084-parts-the-engine-works-without.md",
    "sandbox/meanings.py": "0084-parts-the-engine-works-without.md",
}


def engine_files() -> list[Path]:
    """The code, pages, scripts, styles and templates, and the schemas that are made of the code."""
    own = (OURS.graders, OURS.rubrics)
    found = [path for path in files_below(ENGINE) if not any(path.is_relative_to(folder) for folder in own)]
    return found + files_below(DOCS, "*.schema.json")


def short(path: Path) -> str:
    return path.relative_to(ENGINE if path.is_relative_to(ENGINE) else OURS.root).as_posix()


@cache
def names_of_this_course() -> re.Pattern[str]:
    """Its package, assignments, notebooks, grade ids, tasks and data, as words."""
    words = {OURS.package, "CIFAR", "cifar10", "CS_DATASETS", *OURS.data_folders}
    for name in OURS.assignments:
        assignment = course.load(name)
        words |= {name, *(notebook.name for notebook in assignment.notebooks)}
        words |= {cell.grade_id for cell in assignment.grade_cells}
        words |= {entry.rpartition(".")[2] for entry in assignment.todo}
    words -= {"Dropout", "loss", "_step", "sgd", "adam", "rmsprop"}  # words of the language, too
    return re.compile(rf"\b({'|'.join(sorted(map(re.escape, words)))})\b")


def named_in(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"line {n}: {text}" for n, text in enumerate(lines, 1) if names_of_this_course().search(text)]


@pytest.mark.parametrize("path", engine_files(), ids=short)
def test_no_file_of_the_engine_names_a_thing_of_this_course(path: Path) -> None:
    if short(path) not in EXCUSED:
        assert named_in(path) == []


@pytest.mark.parametrize("file", EXCUSED)
def test_a_file_is_excused_only_by_a_record_that_names_it(file: str) -> None:
    assert named_in(ENGINE / file), "it names nothing of this course: take it out of the list"
    assert Path(file).name in (DOCS / "decisions" / EXCUSED[file]).read_text(encoding="utf-8")


def test_a_remark_and_a_template_count_as_well(tmp_path: Path) -> None:
    named = OURS.package
    page = tmp_path / "page.html"
    page.write_text(f"<p>\n{{# such as {named}/shapes.py #}}\n</p>\n", encoding="utf-8")
    assert named_in(page) == [f"line 2: {{# such as {named}/shapes.py #}}"]
