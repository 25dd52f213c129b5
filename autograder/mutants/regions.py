"""What students write: the solution regions of an assignment's to-do list, in the solved library and in
notebooks, as texts with the lines that are theirs."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.course.assignment import Assignment
from autograder.errors import CourseError
from autograder.files import dotted, text_of
from autograder.intake import Submission
from autograder.notebook import raw_cells, source_of
from autograder.release import marks
from autograder.release.marks import Function
from autograder.release.package import handed_in
from autograder.release.strip import entries


@dataclass(frozen=True)
class Span:
    """The lines of one region, from 1, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class Target:
    """A function that students write, in the text that holds it."""

    name: str  # as graders call it: "shapes.area", "solids.cube.Cube.volume"
    path: str  # of the library's file; of a notebook its name and the cell, "warm_up.ipynb:3"
    text: str
    spans: tuple[Span, ...] = field(compare=False)

    @property
    def short(self) -> str:
        """The function's own name, or its class's."""
        parts = self.name.split(".")
        owner = next((p for p in parts if p[:1].isupper()), "")
        return owner or parts[-1]

    @cached_property
    def function(self) -> Function:
        """Its node in the syntax tree of the text."""
        wanted = self.name.split(".")
        for name, node in marks.definitions(ast.parse(self.text)):
            parts = name.split(".")
            if isinstance(node, Function) and wanted[-len(parts) :] == parts:
                return node
        raise CourseError(f"{self.path}: {self.name}: expected a function of this name, found none")

    def holds(self, node: ast.AST) -> bool:
        """Whether a node lies in what students write."""
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        return any(span.first <= first and last <= span.last for span in self.spans)


# Of the solved library, by path; `package.solved` takes seconds, so it is passed on.
Texts = Mapping[str, str]


def targets(assignment: Assignment, texts: Texts) -> list[Target]:
    """Every function of the to-do list, in the order of the files, then those of notebooks."""
    return [*_in_library(assignment, texts), *_in_notebooks(assignment)]


def _in_library(assignment: Assignment, texts: Texts) -> Iterator[Target]:
    for path, text in texts.items():
        original = text_of(assignment.root / path)
        module = dotted(path)
        found: dict[str, list[str]] = {}
        lines = marks.without_lint_comments(original).split("\n")
        for region in marks.find_regions(original, path):
            if entries(f"{module}.{region.owner}", assignment.todo):
                block = "\n".join(lines[region.begin : region.end - 1])
                found.setdefault(region.owner, []).append(block)
        for owner, blocks in found.items():
            name = f"{module}.{owner}".removeprefix(f"{assignment.package}.")
            yield Target(name, path, text, _spans(text, owner, blocks))


def _spans(text: str, owner: str, blocks: list[str]) -> tuple[Span, ...]:
    """Where regions lie once the marks are gone."""
    node = dict(marks.definitions(ast.parse(text)))[owner]
    at = sum(len(line) + 1 for line in text.split("\n")[: node.lineno - 1])
    spans = []
    for block in blocks:
        at = text.index(block, at)
        first = text.count("\n", 0, at) + 1
        spans.append(Span(first, first + block.count("\n")))
        at += len(block)
    return tuple(spans)


def _in_notebooks(assignment: Assignment) -> Iterator[Target]:
    """Functions in cells that are the student's to write."""
    for notebook in assignment.notebooks:
        if not notebook.has_functions:
            continue
        for number, cell in enumerate(raw_cells(notebook.path)):
            text = source_of(cell)
            if cell.get("cell_type") != "code" or marks.BEGIN not in text:
                continue
            where = f"{notebook.name}.ipynb:{number}"
            regions = marks.pair_marks(text, where)
            for owner, node in marks.definitions(ast.parse(text)):
                inside = [r for r in regions if node.lineno <= r.begin <= (node.end_lineno or 0)]
                around = [r for r in regions if r.begin < node.lineno and (node.end_lineno or 0) < r.end]
                spans = [Span(r.begin + 1, r.end - 1) for r in inside]
                if around and isinstance(node, Function):
                    spans = [Span(node.body[0].lineno, node.end_lineno or node.lineno)]
                if spans and isinstance(node, Function):
                    yield Target(f"notebooks.{notebook.name}.{owner}", where, text, tuple(spans))


def submission(assignment: Assignment, texts: Texts, name: str, changed: Mapping[str, str]) -> Submission:
    """The solution as a hand-in, with some of its texts changed: {a target's path: text}."""
    solution = handed_in(name, assignment, {path: changed.get(path, text) for path, text in texts.items()})
    notebooks = dict(solution.notebooks)
    for where, text in changed.items():
        notebook, _, number = where.rpartition(".ipynb:")
        if notebook:
            content = json.loads(notebooks[notebook])
            content["cells"][int(number)]["source"] = text
            notebooks[notebook] = json.dumps(content).encode()
    return replace(solution, notebooks=notebooks)
