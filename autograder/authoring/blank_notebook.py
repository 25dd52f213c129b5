"""The notebook of a new assignment: one graded check, one question."""

from __future__ import annotations

import json
from typing import Any

KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}

# It notices every mutant of the solution that the hidden checks notice (tests/mutants/test_campaign.py).
CHECK = """rows = np.array([[1.0, 10.0], [3.0, 30.0]])
before = rows.copy()
out = {module}.standardize(rows)
print(out)

results = {{
    "two rows": np.allclose(out, [[-1.0, -1.0], [1.0, 1.0]], rtol=1e-6),
    "one value": not {module}.standardize(np.full((2, 1), 5.0)).any(),
    "EPSILON": np.allclose({module}.standardize(np.array([[0.0], [6e-8]])), [[-0.75], [0.75]]),
    "x unchanged": np.array_equal(rows, before),
}}
for name, right in results.items():
    print(f"  {{'ok' if right else 'NOT YET':8}} {{name}}")"""


def new_notebook(name: str, module: str, package: str) -> str:
    """A solved notebook with nbgrader's metadata, as text. Points stand in its cells, and nowhere else."""
    cells = [
        _text("title", f"# {name}\n\nYou write one function, check it, and answer one question."),
        _code("setup", f"import numpy as np\n\nfrom {package} import {module}"),
        _text(
            "task",
            f"## Standardize\n\nOpen `{package}/{module}.py` and write `standardize`.\nThen restart the "
            "kernel and run this notebook. The cell below should print one row of -1, one of 1, and ok four "
            "times.",
        ),
        _code(
            "check-standardize",
            CHECK.format(module=module),
            _mark("standardize", "code", points=2, locked=True),
        ),
        _text(
            f"question-{module.replace('_', '-')}-1",
            "**Question 1.** A column holds the same number in every row. What is special about it here, "
            "and what would happen without `EPSILON`?",
            _mark(f"question_{module}_1", "markdown", grade=False, locked=True),
        ),
        _text(
            f"answer-{module.replace('_', '-')}-1",
            "Its standard deviation is zero, so 0 would be divided by 0, which is not a number.",
            _mark(f"inline_{module}_1", "markdown", points=1, solution=True),
        ),
    ]
    return json.dumps(
        {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False
    )


def _mark(
    grade_id: str,
    cell_type: str,
    points: int | None = None,
    *,
    grade: bool = True,
    solution: bool = False,
    locked: bool = False,
) -> dict[str, Any]:
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    mark = {"grade_id": grade_id, "cell_type": cell_type, "schema_version": 3, **flags}
    return {"nbgrader": mark if points is None else {**mark, "points": points}}


def _text(id: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": metadata or {}, "source": source}


def _code(id: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    made = {"cell_type": "code", "id": id, "metadata": metadata or {}, "source": source}
    return {**made, "execution_count": None, "outputs": []}
