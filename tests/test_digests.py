"""Whatever can change a point is part of what a result is remembered by."""

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path

import grimp
import pytest

from autograder import intake
from autograder.course import assignment as courses
from autograder.errors import GradingError
from autograder.judge import digests, imported
from autograder.judge.grading import load_checks
from autograder.judge.neighbours import graders_importable
from autograder.records.record import Hashes
from autograder.workers import serve
from autograder.workers.pool import Plan
from tests.small_kit import COURSE, DOUBLED, NAME, POINTS, Kit, notebook

OTHER = "other"  # an assignment beside


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("autograder", cache_dir=None)


def file_of(module: str) -> Path:
    path = digests.ENGINE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_every_module_that_grading_runs_is_hashed(graph: grimp.ImportGraph) -> None:
    used = {"autograder.judge.grading", *graph.find_upstream_modules("autograder.judge.grading")}
    hashed = set(digests.deciding_code())
    assert sorted(module for module in used if file_of(module) not in hashed) == []


def test_what_is_hashed_without_being_imported_lies_in_a_room_that_is(graph: grimp.ImportGraph) -> None:
    """A room that nothing of grading needs would regrade everyone for nothing."""
    used = {"autograder.judge.grading", *graph.find_upstream_modules("autograder.judge.grading")}
    rooms = {module.split(".")[1] for module in used if "." in module}
    assert {name.removesuffix(".py") for name in digests.DECIDING} - rooms <= {"__init__"}


@pytest.mark.parametrize("name", [p.relative_to(digests.ENGINE).as_posix() for p in digests.deciding_code()])
def test_a_changed_file_changes_the_hash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = digests.ENGINE / name
    before = digests.environment_digest.__wrapped__()
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == path else b""))
    assert digests.environment_digest.__wrapped__() != before


def libraries_of(graph: grimp.ImportGraph, module: str) -> set[str]:
    """What a module and all it imports take from elsewhere."""
    used = {module, *graph.find_upstream_modules(module)}
    nodes = [node for name in used for node in ast.walk(ast.parse(file_of(name).read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    found = {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, "autograder"}
    return found - {"yaml"}  # only for a download from Gradescope, which is collected before it is graded


def test_libraries_are_those_that_grading_imports(graph: grimp.ImportGraph) -> None:
    assert libraries_of(graph, "autograder.judge.grading") == {*digests.LIBRARIES}


def test_a_dask_worker_needs_what_the_docs_say(graph: grimp.ImportGraph) -> None:
    needed = libraries_of(graph, "autograder.workers.serve")
    text = (digests.ENGINE.parent / "docs/scale.md").read_text()
    [said] = [part for part in text.split("\n\n") if part.startswith("Workers need ")]
    assert sorted(needed) == [name for name in sorted(needed) if name in said.replace("NumPy", "numpy")]
    assert needed == {*digests.LIBRARIES}


QUESTION = {"cell_type": "markdown", "id": "asked", "metadata": {}, "source": "What is twice x?"}
RUBRIC = """
[inline_nb_1]
answer = "x and x."
[[inline_nb_1.criterion]]
id = "said"
title = "Said"
share = 1
full = "The sum of x and x."
"""


def write_notebook(place: Path, change: Callable[[list[dict]], object] = lambda cells: None) -> None:
    content = json.loads(notebook(POINTS))
    content["cells"].insert(2, dict(QUESTION))
    change(content["cells"])
    place.write_text(json.dumps(content))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A course with something in every place that a result may depend on."""
    kit = Kit(tmp_path / "kit")
    write(kit, "course.toml", COURSE.replace(f'"{NAME}"', f'"{NAME}", "{OTHER}"') + 'roster = "roster.csv"\n')
    write(kit, "roster.csv", "id,name\ns001,S One\n")
    write(kit, f"source/{OTHER}/assignment.toml", 'title = "Other"\nnotebooks = ["nb"]\n')
    write(kit, f"rubrics/{NAME}.toml", RUBRIC)
    write(kit, "graders/shared/tol.py", "import jinja2\n\nRTOL = 0\n")
    more = (kit.home / f"graders/{NAME}/test_lesson.py").read_text()
    kit.write_graders(f"from graders.shared import tol\n{more}")
    write(kit, "cs_lib/layers.py", DOUBLED)
    write_notebook(kit.home / f"source/{NAME}/nb.ipynb")
    write_notebook(kit.home / f"release/{NAME}/nb.ipynb")
    kit.hand_in("s001", answer="Because.")
    return kit


def write(kit: Kit, name: str, text: str) -> None:
    path = kit.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def append(kit: Kit, name: str, text: str) -> None:
    path = kit.home / name
    path.write_text(path.read_text() + text)


def hashes(kit: Kit) -> Hashes:
    digests.forget()
    assignment = courses.load(NAME, kit.home)
    [source] = intake.find(kit.submitted, assignment)
    return digests.hashes(assignment, intake.read(source, assignment))


def cells_of(kit: Kit, change: Callable[[list[dict]], object], folder: str = "source") -> None:
    write_notebook(kit.home / folder / NAME / "nb.ipynb", change)


def marked(at: int, **mark: object) -> Callable[[list[dict]], object]:
    return lambda cells: cells[at]["metadata"]["nbgrader"].update(mark)


def settings(text: str) -> Callable[[Kit], None]:
    return lambda kit: kit.write_settings(text)


def lies(name: str, text: str) -> Callable[[Kit], None]:
    return lambda kit: write(kit, name, text)


def adds(name: str, text: str) -> Callable[[Kit], None]:
    return lambda kit: append(kit, name, text)


FUNCTION = {
    "cell_type": "code",
    "id": "own",
    "metadata": {"nbgrader": {"solution": True, "grade": False, "grade_id": "own"}},
    "source": "def own(x):\n    return x",
    "outputs": [],
    "execution_count": None,
}
CHANGES: dict[str, Callable[[Kit], object]] = {
    "points": lambda kit: cells_of(kit, marked(0, points=9.0)),
    "who grades a cell": lambda kit: cells_of(kit, marked(1, solution=True, locked=False)),
    "a question's text": lambda kit: cells_of(kit, lambda cells: cells[2].update(source="What is x + x?")),
    "functions in a notebook": lambda kit: cells_of(kit, lambda cells: cells.append(dict(FUNCTION))),
    "the answer cell as given out": lambda kit: cells_of(
        kit, lambda cells: cells[3].update(source="Because."), "release"
    ),
    "a rubric": adds(f"rubrics/{NAME}.toml", "# seen\n"),
    "a rubric that one may refer to": lies("rubrics/shared.toml", RUBRIC),
    "a grader": adds(f"graders/{NAME}/test_lesson.py", "# seen\n"),
    "a neighbour": adds("graders/shared/tol.py", "# seen\n"),
    "a neighbour in a folder called right": lies("graders/shared/right/tol.py", "RTOL = 0\n"),
    "a neighbour called as what proves graders": lies("graders/shared/equivalents.toml", "a = 1\n"),
    "an expected array": lies(f"graders/{NAME}/expected/double.npz", "bytes"),
    "a library that graders import": adds("graders/shared/tol.py", "import markdown_it\n"),
    "a module as given out": adds(f"release/{NAME}/cs_lib/layers.py", "# seen\n"),
    "the solved package": adds("cs_lib/layers.py", "# seen\n"),
    "packages": adds("course.toml", '[environment]\npackages = ["yaml"]\n'),
    "limits": settings("[limits]\ncall_seconds = 7\n"),
    "todo": settings('todo = ["cs_lib.layers.double"]\n'),
    "leave_out": settings('leave_out = ["cs_lib.layers.noise"]\n'),
    "ships_solved": settings('ships_solved = ["cs_lib.layers.noise"]\n'),
    "results": settings('results = ["results/net.npz"]\n'),
    "adopt": settings('[adopt]\nleave_out = ["noise"]\n'),
    "late": settings("[late]\ndue = 2026-02-01T23:59:00\n"),
    "intake": settings('[intake]\npackage_aliases = ["cs231n"]\n'),
    "an extension": lies("roster.csv", "id,name,extension_days\ns001,S One,2\n"),
}
NO_CHANGES: dict[str, Callable[[Kit], object]] = {
    "nothing": lambda kit: None,
    "an explanation": lambda kit: cells_of(kit, lambda cells: cells.append({**QUESTION, "id": "more"})),
    "another assignment's grader": lies(f"graders/{OTHER}/test_other.py", "import torch\n"),
    "a right solution": lies(f"graders/{NAME}/right/terse/layers.py", "import torch\n"),
    "what no grader need notice": lies(f"graders/{NAME}/equivalents.toml", "\n"),
    "kept answers": lies(f"rubrics/{NAME}.answers.jsonl", "{}\n"),
    "another student": lies("roster.csv", "id,name\ns001,S One\ns002,S Two\n"),
    "the term": adds("course.toml", "[term]\nlate_days = 2\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_can_change_a_point_changes_a_hash(kit: Kit, change: Callable[[Kit], object]) -> None:
    before = hashes(kit)
    change(kit)
    assert hashes(kit) != before


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_cannot_change_a_point_grades_nobody_again(kit: Kit, change: Callable[[Kit], object]) -> None:
    before = hashes(kit)
    change(kit)
    assert hashes(kit) == before


def test_versions_of_what_graders_and_students_import(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    append(kit, "course.toml", '[environment]\npackages = ["yaml"]\n')
    assert [name.split()[0] for name in digests.libraries(courses.load(NAME, kit.home))] == ["jinja2", "yaml"]
    for name in ("jinja2", "yaml"):
        before = hashes(kit).graders
        real = imported.version
        monkeypatch.setattr(imported, "version", lambda n, name=name, real=real: real(n) + "1" * (n == name))
        assert hashes(kit).graders != before


@pytest.mark.parametrize("name", digests.LIBRARIES)
def test_versions_of_what_the_engine_runs_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.environment_digest.__wrapped__()
    monkeypatch.setattr(imported, "version", lambda n: "other" if n == name else real(n))
    assert digests.environment_digest.__wrapped__() != before


real = imported.version


def test_a_version_is_that_of_the_package_a_module_comes_in() -> None:
    assert imported.version("PIL").startswith("pillow ")
    assert imported.version("yaml").startswith("PyYAML ")
    assert imported.version("pytest") == pytest.__version__
    assert imported.version("nothing_of_this_name") == "none"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            f"from graders.{OTHER}.tol import RTOL",
            f"graders.{OTHER}.tol, of another assignment; move",
        ),
        (f"from graders import {OTHER}", f"imports graders.{OTHER}, of another assignment; move"),
        (f"from ..{OTHER} import tol", f"imports graders.{OTHER}, of another assignment; move"),
        (f"import graders.{NAME}.right.terse", "which decides no points; move it out of right/"),
        ("from autograder.release import marks", "imports autograder.release, on which no result depends"),
    ],
)
@pytest.mark.parametrize("place", [f"graders/{NAME}/test_lesson.py", "graders/shared/tol.py"])
def test_an_import_of_what_is_not_hashed_is_refused(kit: Kit, place: str, line: str, why: str) -> None:
    write(kit, f"graders/{OTHER}/tol.py", "RTOL = 0\n")
    append(kit, place, f"\ndef late():\n    {line}\n")
    assignment = courses.load(NAME, kit.home)
    with pytest.raises(
        GradingError, match=f"hidden graders import what no result depends on:\n{place}: .*{why}"
    ):
        load_checks(assignment)


def test_what_lies_above_graders_is_not_run_with_them(kit: Kit) -> None:
    """pytest looks for conftest.py in every folder above, and no digest has those."""
    write(kit, "conftest.py", "raise SystemExit('this decides no points')\n")
    write(kit, f"graders/{NAME}/right/terse/test_layers.py", "raise SystemExit('nor does this')\n")
    assignment = courses.load(NAME, kit.home)
    with graders_importable(assignment.course):
        assert len(load_checks(assignment)) == 5


@pytest.mark.parametrize("name", ["Python", "rapidfuzz", "jinja2"])
def test_a_worker_elsewhere_has_the_same_versions(kit: Kit, name: str) -> None:
    assignment = courses.load(NAME, kit.home)
    here = (*digests.environment(), *digests.libraries(assignment))
    serve._same_environment(Plan(NAME, kit.home, "none", environment=here), assignment)
    there = tuple(f"{name} 0.1" if each.startswith(f"{name} ") else each for each in here)
    with pytest.raises(
        GradingError, match=rf"the run was started with .*{name} 0\.1.*; results could differ"
    ):
        serve._same_environment(Plan(NAME, kit.home, "none", environment=there), assignment)
