"""What an operator is: a kind of small mistake, and where in a function it can be made.

    @operator("sign", "a sum in place of a difference, and the other way round")
    def sign(node, place):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield place.between(node.left, node.right, "-")

An operator is called with each node of what students write, and gives edits. The texts are changed, not the
tree, so that a mutant's diff is the line a student would have written.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.course.course import FILE, Course
from autograder.errors import CourseError
from autograder.judge.neighbours import graders_importable
from autograder.mutants.regions import Target

# Nodes that say where they stand.
Located = ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias | ast.excepthandler | ast.pattern
ATOMS = ast.Name | ast.Call | ast.Constant | ast.Attribute | ast.Subscript | ast.Tuple | ast.List


@dataclass(frozen=True)
class Edit:
    """Bytes `start`..`end` of the text become `new`."""

    start: int
    end: int
    new: str


Find = Callable[[ast.AST, "Place"], Iterator[Edit]]


@dataclass(frozen=True)
class Operator:
    name: str
    summary: str
    find: Find


def operator(name: str, summary: str) -> Callable[[Find], Operator]:
    """Make a function an operator."""
    return lambda find: Operator(name, summary, find)


class Place:
    """The function around a node: its text, its names, its tree."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.data = target.text.encode()
        self._starts = [0]
        for line in self.data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.function = target.function
        self.nodes = [
            node for node in ast.walk(self.function) if isinstance(node, Located) and target.holds(node)
        ]
        self._parents = {
            child: node for node in ast.walk(self.function) for child in ast.iter_child_nodes(node)
        }

    # texts

    def start(self, node: Located) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: Located) -> int:
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def text(self, node: Located) -> str:
        return self.data[self.start(node) : self.end(node)].decode()

    def whole(self, node: Located) -> str:
        """A node's text, in brackets where it could fall apart in another place."""
        return self.text(node) if isinstance(node, ATOMS) else f"({self.text(node)})"

    def indent(self, node: Located) -> str:
        return " " * node.col_offset

    # edits

    def replace(self, node: Located, new: str) -> Edit:
        return Edit(self.start(node), self.end(node), new)

    def between(self, left: Located, right: Located, new: str) -> Edit:
        """Another operator between two operands; brackets around these stay."""
        start, end = self.end(left), self.start(right)
        gap = self.data[start:end].decode()
        core = gap.strip(" ()\n\\")
        at = gap.index(core)
        return Edit(start + len(gap[:at].encode()), start + len(gap[: at + len(core)].encode()), new)

    def swap(self, first: Located, second: Located, within: Located) -> Edit:
        """Two parts of a node change places."""
        a, b = (self.start(first), self.end(first)), (self.start(second), self.end(second))
        text = self.whole if isinstance(within, ast.BinOp) else self.text
        return Edit(a[0], b[1], f"{text(second)}{self.data[a[1] : b[0]].decode()}{text(first)}")

    def before(self, statement: Located, new: str) -> Edit:
        """A line above a statement."""
        return Edit(self.start(statement), self.start(statement), f"{new}\n{self.indent(statement)}")

    def after(self, statement: Located, new: str, indent: str) -> Edit:
        """A line below a statement."""
        return Edit(self.end(statement), self.end(statement), f"\n{indent}{new}")

    # what is around

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    @cached_property
    def parameters(self) -> list[str]:
        arguments = self.function.args
        return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]

    @cached_property
    def names(self) -> set[str]:
        """All names in the function, its parameters among them."""
        return {n.id for n in ast.walk(self.function) if isinstance(n, ast.Name)} | set(self.parameters)

    @cached_property
    def values(self) -> set[str]:
        """Parameters, and names to which the file or cell gives a value; others are imported or built in."""
        names = [n for n in ast.walk(ast.parse(self.target.text)) if isinstance(n, ast.Name)]
        return {*self.parameters, *(n.id for n in names if isinstance(n.ctx, ast.Store))}

    @cached_property
    def given(self) -> set[str]:
        """Names of what was passed in: arguments, and what is unpacked from one."""
        names = set(self.parameters)
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names:
                names |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        return names

    @cached_property
    def returned(self) -> set[str]:
        """Names in the function's return statements."""
        values = [n.value for n in ast.walk(self.function) if isinstance(n, ast.Return) and n.value]
        return {n.id for value in values for n in ast.walk(value) if isinstance(n, ast.Name)}

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Name or key -> its default: of the signature, of `.get(key, default)`, of keywords of calls."""
        found: dict[str, str] = {}
        arguments = self.function.args
        for arg, value in zip(reversed(arguments.args), reversed(arguments.defaults), strict=False):
            found[arg.arg] = self.text(value)
        for node in ast.walk(self.function):
            match node:
                case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), default]):
                    found[key] = self.text(default)
                case ast.keyword(arg=str(key), value=ast.Constant(value=int() | float() as number)):
                    found.setdefault(key, repr(number))
        return found


def of_course(course: Course) -> list[Operator]:
    """The operators that a course brings, named in course.toml as `[mutants] operators`.

    Raises:
        CourseError: an entry names no operator.
    """
    found = []
    for entry in course.operators:
        module, _, name = entry.rpartition(".")
        try:
            with graders_importable(course):
                value = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, SyntaxError, ValueError) as error:
            raise CourseError(
                f"{FILE}: mutants.operators: expected an operator at {entry}, got {type(error).__name__}: "
                f"{error}; correct the entry"
            ) from error
        if not isinstance(value, Operator):
            raise CourseError(
                f"{FILE}: mutants.operators: expected an operator at {entry}, got a {type(value).__name__}; "
                "put @operator(name, summary) above the function"
            )
        found.append(value)
    return found


def refuse_repeats(operators: Iterable[Operator]) -> list[Operator]:
    """Operators of different names.

    Raises:
        CourseError: two have one name.
    """
    found: dict[str, Operator] = {}
    for one in operators:
        if one.name in found:
            raise CourseError(
                f"{FILE}: mutants.operators: {one.name} is the name of another operator; rename it"
            )
        found[one.name] = one
    return list(found.values())
