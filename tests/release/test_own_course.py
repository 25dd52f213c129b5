"""The skeletons of this course's own assignments, as students see them."""

import ast
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.release.package import Skeleton, skeleton

from .conftest import PROJECT

NAMES = course.names(PROJECT)


@cache
def stripped(name: str) -> Skeleton:
    return skeleton(course.load(name, PROJECT))


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_a_stub_that_names_it(name: str) -> None:
    text = "\n".join(stripped(name).files.values())
    for entry in course.load(name, PROJECT).todo:
        last = entry.rpartition(".")[2]
        assert f'raise NotImplementedError("{last}' in text or f".{last} is not written yet" in text, entry


@pytest.mark.parametrize("name", NAMES)
def test_every_stub_has_its_task_right_above_it(name: str) -> None:
    for path, text in stripped(name).files.items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if "is not written yet" in line:
                above = number - 1
                while lines[above].lstrip().startswith("#") and "# TODO" not in lines[above]:
                    above -= 1
                assert "# TODO" in lines[above], f"{path}:{number + 1}"


@pytest.mark.parametrize("name", NAMES)
def test_no_task_text_is_left_without_a_stub(name: str) -> None:
    for path, text in stripped(name).files.items():
        assert text.count("# TODO") == text.count("is not written yet"), path


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_imported_in_vain(name: str) -> None:
    """What students need for their solutions may be imported; the rest must be used."""
    for path, text in stripped(name).files.items():
        used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        needed = "\n".join(s.text for s in stripped(name).solutions if s.path == path)
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    assert bound in used or bound in needed, f"{path}: {bound}"


@pytest.mark.parametrize("name", NAMES)
def test_the_skeleton_is_formatted(name: str, tmp_path: Path) -> None:
    ruff = shutil.which("ruff") or str(Path(sys.executable).parent / "ruff")
    for path, text in stripped(name).files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    command = [ruff, "format", "--check", "--diff", "--no-cache", "--line-length", "110", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
