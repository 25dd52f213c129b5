"""Functions that students write in a notebook: as a module beside their package, which graders call.

`student.call("notebooks.warm_up.f", x)` calls the `f` that warm_up.ipynb defines. Of each code cell, in
order, the module runs imports, functions, classes, and names given a plain value. The rest (training, plots,
calls that try things out) is left alone: a grader asks what a function does, not what a notebook printed.
A cell that Python cannot read is left out as a whole. All of this happens in the sandbox; here, cells are
text.
"""

from __future__ import annotations

import re
from typing import Any

from autograder import intake
from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake import Submission
from autograder.intake.notebook_files import text_in

FOLDER = "notebooks"  # in the package
MODULE = """\
import ast as _ast

_KEPT = (_ast.Import, _ast.ImportFrom, _ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef)


def _plain(node):
    if not isinstance(node, (_ast.Assign, _ast.AnnAssign)) or node.value is None:
        return False
    try:
        _ast.literal_eval(node.value)
    except Exception:
        return False
    return True


for _name, _text in {cells!r}:
    try:
        _tree = _ast.parse(_text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        continue
    for _node in _tree.body:
        if isinstance(_node, _KEPT) or _plain(_node):
            try:
                exec(compile(_ast.Module([_node], []), _name, "exec"), globals())
            except (ImportError, AttributeError):
                pass  # what only a notebook needs: a call that uses it fails, by its name
"""
MAGIC = re.compile(r"(?m)^(\s*)[%!?].*$")


def notebook_modules(assignment: Assignment, submission: Submission) -> dict[str, bytes]:
    """Modules of the notebooks in which students write functions, by their path."""
    top = f"{assignment.package}/{FOLDER}"
    found: dict[str, bytes] = {}
    for notebook in assignment.notebooks:
        if not notebook.has_functions or notebook.name not in submission.notebooks:
            continue
        try:
            cells = intake.read_cells(notebook.name, submission.notebooks[notebook.name])
        except IntakeError:
            continue  # the record says so already
        code = [
            (f"{notebook.name}.ipynb cell {number}", MAGIC.sub(r"\1pass", _code(cell)))
            for number, cell in enumerate(cells, 1)
            if cell.get("cell_type") == "code"
        ]
        text = MODULE.replace("{cells!r}", repr(code))
        found[f"{top}/{module_name(notebook.name)}.py"] = text.encode("utf-8", "replace")
    return {f"{top}/__init__.py": b"", **found} if found else {}


def module_name(notebook: str) -> str:
    """A notebook's name as Python's: `01-warm up` is `_01_warm_up`."""
    name = re.sub(r"\W", "_", notebook)
    return name if name.isidentifier() else f"_{name}"


def _code(cell: dict[str, Any]) -> str:
    text = text_in(cell)
    return "" if text.lstrip().startswith("%%") else text
