"""Which packages of others a part needs. Which room may know which stands in `.importlinter`."""

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GRADERS_KNOW = ("autograder.graders", "autograder.checks")


def imported(path: Path) -> Iterator[str]:
    """The absolute names of the modules a file imports, wherever in the file."""
    package = path.relative_to(ROOT).parent.as_posix().replace("/", ".").split(".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def outside(path: Path, allowed: set[str]) -> set[str]:
    """Top-level packages a file imports that are neither allowed nor in the standard library."""
    return (
        {name.split(".")[0] for name in imported(path)}
        - allowed
        - set(sys.stdlib_module_names)
        - {"__future__"}
    )


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files("cs_lib"), ids=lambda p: p.name)
def test_the_library_needs_numpy_only(path: Path) -> None:
    more = {"vis_utils.py": "matplotlib", "data_utils.py": "PIL", "notebook_setup.py": "IPython"}
    assert outside(path, {"numpy", "cs_lib", more.get(path.name, "numpy")}) == set()


@pytest.mark.parametrize("path", files("autograder/graders"), ids=lambda p: p.name)
def test_graders_know_their_helpers_and_numpy(path: Path) -> None:
    allowed = {"numpy", "pytest", "autograder"} | ({"PIL"} if path.name == "heldback.py" else set())
    if path.name.startswith(("make_", "oracle_")):  # authoring: run by hand, never while grading
        allowed |= {"torch", "PIL"}
    assert outside(path, allowed) == set()
    ours = {name for name in imported(path) if name.startswith("autograder")}
    assert all(name.startswith(GRADERS_KNOW) or name == "autograder" for name in ours), ours


def test_the_worker_knows_numpy_and_its_neighbours() -> None:
    path = ROOT / "autograder/sandbox/worker.py"
    assert outside(path, {"numpy", "msgpack", "autograder"}) == set()
    ours = {name for name in imported(path) if name.startswith("autograder")}
    assert all(name == "autograder" or name.startswith("autograder.sandbox") for name in ours), ours


LATE = (
    "nbformat",
    "requests",
    "setuptools",
    "nbgrader.utils",
    "autograder.intake",
    "autograder.runs.git_program",
)


@pytest.mark.parametrize(("verb", "late"), [("report", LATE), ("export", (*LATE, "numpy"))])
def test_a_verb_starts_without_what_it_may_never_need(verb: str, late: tuple[str, ...]) -> None:
    code = f"import sys, autograder.cli.{verb}; print([name for name in {late!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_date_is_read_by_nbgrader_all_the_same() -> None:
    code = """
import sys
from autograder.gradebook.nbgrader_tables import api
print(api.utils.parse_utc("2026-01-02 03:04:05 UTC"), "nbgrader" in sys.modules)
import nbgrader.apps
from nbgrader import api as same, auth, utils
print(auth.Authenticator.__module__, same is api, utils.parse_utc is api.utils.parse_utc)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split("\n")[:2] == [
        "2026-01-02 03:04:05 False",
        "nbgrader.auth.base True True",
    ], done.stderr


def test_every_room_has_its_place_and_knows_no_course() -> None:
    """import-linter refuses a room without a place; the other contract leaves out what nobody adds."""
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    placed = re.split(r"[|\s]+", rules["importlinter:contract:rooms"]["layers"].strip())
    held = rules["importlinter:contract:graders"]["source_modules"].split()
    assert sorted(held) == sorted(f"autograder.{room}" for room in placed)
