"""The solved notebooks: are they fit for stripping, and which texts in them are answers?"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.course.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.notebook import mark_of, mark_scheme, raw_cells, source_of, without_mark_scheme
from autograder.release import marks
from autograder.release.package import Solution

MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?)$")
HIDDEN = "BEGIN HIDDEN TESTS"  # nbgrader's own mark


def check_source(notebook: Mapping[str, Any], where: str) -> None:
    """Refuse a solved notebook that would not strip cleanly, or not to the same bytes each time.

    Args:
        notebook: as it lies on disk; reading it with nbformat would already give missing ids a value.
        where: its path, for messages.

    Raises:
        ReleaseError: no stable cell ids, another kernel, code that does not parse, marks that are
            unbalanced, nested, or in a cell that nbgrader does not treat as an answer.
    """
    version = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if version[0] != 4 or not isinstance(version[1], int) or version[1] < 5:
        raise ReleaseError(
            f"{where}: expected notebook format 4.5 or later, got {version[0]}.{version[1]}, without cell "
            "ids every build would differ; save it with a current Jupyter"
        )
    kernel = notebook.get("metadata", {}).get("kernelspec", {}).get("name")
    if kernel != "python3":
        raise ReleaseError(f"{where}: expected the kernel python3, got {kernel}; select it and save")
    seen: set[str] = set()
    for number, cell in enumerate(notebook.get("cells", []), 1):
        if not cell.get("id") or cell["id"] in seen:
            got = f"{cell['id']!r} again" if cell.get("id") else "none"
            raise ReleaseError(
                f"{where} cell {number}: expected an id of its own, got {got}, so every build would make up "
                "another; save the notebook with a current Jupyter"
            )
        seen.add(cell["id"])
        _check_cell(cell, f"{where} cell {number}")


def _check_cell(cell: Mapping[str, Any], where: str) -> None:
    source = source_of(cell)
    if mark_of(cell).get("task"):
        source = without_mark_scheme(source)
    if cell.get("cell_type") != "code":
        for number, line in enumerate(source.split("\n"), 1):
            if marks.LIKE_A_MARK.search(line):
                raise ReleaseError(
                    f"{where}:{number}: expected no mark in a text cell, whose whole text is the answer, "
                    f"got {line.strip()!r}; delete the line"
                )
        return
    if HIDDEN in source:
        raise ReleaseError(
            f"{where}: expected no hidden tests in a notebook, got {HIDDEN!r}: they would run beside student "
            "code; write each as a case of a grader"
        )
    regions = regions_of(source, where)
    if regions and not mark_of(cell).get("solution"):
        raise ReleaseError(
            f"{where}:{regions[0].begin}: expected a solution only in a cell whose nbgrader metadata has "
            "solution = true, got one elsewhere; make the cell an autograded answer"
        )


def regions_of(source: str, where: str) -> list[marks.Region]:
    """The solution regions of a code cell, which has to parse."""
    python = as_python(source)
    marks.parse(python, where)
    return marks.pair_marks(python, where)


def as_python(source: str) -> str:
    """A cell with IPython's magics and shell lines replaced, line for line."""
    if source.lstrip().startswith("%%"):
        return "\n".join("pass" if line.strip() else "" for line in source.split("\n"))
    return "\n".join(MAGIC.sub(r"\1pass", line) for line in source.split("\n"))


def solutions(assignment: Assignment) -> list[Solution]:
    """The answers that stand in the solved notebooks."""
    found: list[Solution] = []
    for notebook in assignment.notebooks:
        where = assignment.where(notebook.path)
        for number, cell in enumerate(raw_cells(notebook.path), 1):
            if mark_of(cell).get("solution"):
                found += _answers(cell, f"{where} cell {number}")
            elif mark_of(cell).get("task") and (scheme := mark_scheme(source_of(cell))):
                owner = str(mark_of(cell).get("grade_id", where))
                found.append(Solution(owner, f"{where} cell {number}", 1, scheme, prose=True))
    return found


def _answers(cell: Mapping[str, Any], where: str) -> Iterator[Solution]:
    source = source_of(cell)
    owner = str(mark_of(cell).get("grade_id", where))
    if cell.get("cell_type") != "code":
        yield Solution(owner, where, 1, source, prose=True)
        return
    lines = as_python(source).split("\n")
    regions = regions_of(source, where)
    for region in regions:
        yield Solution(owner, where, region.begin + 1, "\n".join(lines[region.begin : region.end - 1]))
    if not regions:
        yield Solution(owner, where, 1, "\n".join(lines))
