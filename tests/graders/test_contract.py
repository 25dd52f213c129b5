"""docs/contract.md, the docstrings, the visible checks and the hidden cases say the same."""

import ast
import importlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from autograder.course import assignment as course
from autograder.judge.grading import load_checks
from autograder.judge.neighbours import graders_importable
from autograder.judge.scoring import EDGE_SHARE

from .running import LIBRARY, rows

ROOT = LIBRARY.parent
TABLE = re.compile(
    r"^\| (?P<asked>.+?) \| (?P<of>.+?) \| (?P<says>.+?) \| `(?P<case>\w+)` \| (?P<visible>.+?) \|$"
)
MODULES = (
    *(f"shared.{name}" for name in ("affine_relu", "losses", "optimizers")),
    *(
        f"assignment2.test_{name}"
        for name in ("batchnorm", "layernorm", "dropout", "conv", "pool", "spatial", "groupnorm")
    ),
)
KINDS = re.compile(
    r"dtype|unchanged|^(test_mode_)?eps_argument|^epsilon$|same_dict|at_zero|seed_repeats|zeros_in_x"
)
KEEPS = {"kept", "float32"}


def table() -> Iterator[tuple[str, str, str, str]]:
    """(function, what its docstring says, hidden case, visible check)."""
    for line in (ROOT / "docs/contract.md").read_text(encoding="utf-8").splitlines():
        found = TABLE.match(line)
        if found and found["asked"] != "asked":
            for function in re.findall(r"`(\w+)`", found["of"]):
                yield function, found["says"], found["case"], found["visible"]


@cache
def hidden() -> set[tuple[str, str]]:
    modules = [importlib.import_module(f"autograder.graders.{name}") for name in MODULES]
    return {(row.grade_id, row.case.id) for module in modules for row in rows(module)}


@cache
def docstrings() -> dict[str, str]:
    """Each function's docstring, with that of its module."""
    found = {}
    for path in (LIBRARY / "layers.py", LIBRARY / "optim.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in module.body:
            if isinstance(node, ast.FunctionDef):
                text = f"{ast.get_docstring(module)} {ast.get_docstring(node)}"
                found[node.name] = " ".join(text.split())
    return found


@cache
def check_cells() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in ROOT.glob("source/*/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if cell["cell_type"] == "code" and grade_id:
                found.setdefault(grade_id, []).append("".join(cell["source"]))
    return found


ROWS = list(table())


def test_the_table_is_read() -> None:
    assert len(ROWS) > 55
    assert len({(function, case) for function, _, case, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("function", "says", "case", "visible"), ROWS, ids=lambda value: value[:24])
def test_docstring_case_and_visible_check_agree(function: str, says: str, case: str, visible: str) -> None:
    assert says in docstrings()[function]
    assert (function, case) in hidden()
    for source in check_cells()[function]:
        if visible in KEEPS:
            assert re.search(rf"checks\.keeps\(\s*\w+\.{function}\b", source)
        else:
            assert re.search(rf"checks\.(compare|holds)\(\s*{re.escape(visible)}", source)


def test_every_case_of_these_kinds_is_listed() -> None:
    asked = {(function, case) for function, case in hidden() if KINDS.search(case)}
    assert asked - {(function, case) for function, _, case, _ in ROWS} == set()


def test_test_mode_is_shown_where_it_is_asked() -> None:
    (cell,) = check_cells()["batchnorm_forward"]
    assert cell.count("checks.keeps(layers.batchnorm_forward") == 2
    (cell,) = check_cells()["dropout_forward"]
    assert cell.count("checks.keeps(layers.dropout_forward") == 2


def test_no_docstring_of_a_backward_function_promises_an_error() -> None:
    promises = [name for name, text in docstrings().items() if "backward" in name and "Raises:" in text]
    assert promises == []


@pytest.mark.parametrize("name", ["assignment1", "assignment2"])
def test_what_a_worker_says_of_its_arguments_counts_for_little(name: str) -> None:
    assignment = course.load(name)
    with graders_importable(assignment.course):
        edges = [check for check in load_checks(assignment) if check.kind == "edge"]
    whole = Counter[str]()
    for check in edges:
        whole[check.grade_id] += check.weight
    said = [c for c in edges if "unchanged" in c.id]
    assert said
    assert all(EDGE_SHARE * c.weight / whole[c.grade_id] <= 0.1 for c in said)
