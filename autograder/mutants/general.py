"""Operators for any code: the mistakes of every first draft."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise

from autograder.mutants.operator import Edit, Operator, Place, operator

FLIPPED: dict[type, tuple[str, ...]] = {
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">="),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
SIGNS: dict[type, str] = {ast.Add: "-", ast.Sub: "+"}
FACTORS: dict[type, str] = {ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Pow: "*"}
# The number that leaves the other side as it is: without it, or with another sign, the value is equal.
NEUTRAL: dict[type, int] = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.Div: 1, ast.Pow: 1}


@operator("comparison", "another comparison: the boundary, or the other way round")
def comparison(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for new in FLIPPED[type(node.ops[0])]:
            yield place.between(node.left, node.comparators[0], new)


@operator("condition", "a condition that always holds, never holds, or is turned round")
def condition(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for new in ("True", "False") if not isinstance(node, ast.While) else ("False",):
            yield place.replace(node.test, new)
    if isinstance(node, ast.BoolOp):
        new = "or" if isinstance(node.op, ast.And) else "and"
        yield place.between(node.values[0], node.values[1], new)
        yield place.replace(node, place.text(node.values[0]))
        yield place.replace(node, place.text(node.values[1]))


@operator("sign", "plus for minus, minus for plus, a minus that is lost")
def sign(node: ast.AST, place: Place) -> Iterator[Edit]:
    yield from _another_symbol(node, place, SIGNS)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
        yield place.replace(node, place.whole(node.operand))


@operator("factor", "a product for a quotient, and the other way round")
def factor(node: ast.AST, place: Place) -> Iterator[Edit]:
    yield from _another_symbol(node, place, FACTORS)


def _another_symbol(node: ast.AST, place: Place, symbols: Mapping[type, str]) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            end = ""
        case ast.AugAssign(target=left, op=op, value=right):
            end = "="
        case _:
            return
    if type(op) in symbols and not is_neutral(right, op):
        yield place.between(left, right, f"{symbols[type(op)]}{end}")


@operator("dropped term", "one side of a sum, product or quotient is lost")
def dropped_term(node: ast.AST, place: Place) -> Iterator[Edit]:
    if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.Mod):
        return
    if not is_neutral(node.right, node.op):
        yield place.replace(node, place.whole(node.left))
    if not isinstance(node.op, ast.Pow) and not is_neutral(node.left, node.op):
        minus = "-" if isinstance(node.op, ast.Sub) else ""
        over = "1 / " if isinstance(node.op, ast.Div) else ""
        yield place.replace(node, f"({minus}{over}{place.whole(node.right)})")


@operator("swapped arguments", "two arguments or operands in the wrong order")
def swapped_arguments(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Call):
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        for first, second in pairwise(plain):
            yield place.swap(first, second, node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        yield place.swap(node.left, node.right, node)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
        names = node.targets[0].elts
        for first, second in pairwise(names):
            yield place.swap(first, second, node)


@operator("off by one", "a whole number, or the end of a range or slice, one too large or too small")
def off_by_one(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and type(node.value) is int and not _is_axis(node, place):
        yield place.replace(node, str(node.value + 1))
        yield place.replace(node, str(node.value - 1) if node.value else "(-1)")
    if isinstance(node, ast.Call) and _called(node) == "range":
        for bound in node.args[:2]:
            if not _is_number(bound):
                yield place.replace(bound, f"{place.whole(bound)} - 1")
                yield place.replace(bound, f"{place.whole(bound)} + 1")
    if isinstance(node, ast.Slice):
        for end in (node.lower, node.upper):
            if end is not None and not _is_number(end):
                yield place.replace(end, f"{place.text(end)} + 1")


@operator("constant", "another number: twice, half, none")
def constant(node: ast.AST, place: Place) -> Iterator[Edit]:
    if _is_number(node) and isinstance(node, ast.Constant) and not _is_axis(node, place):
        value = node.value
        for new in (2 * value, value / 2, 0) if value else (1,):  # type: ignore[operator]
            yield place.replace(node, repr(new))


@operator("early return", "a loop that ends after its first round, a return above the last steps")
def early_return(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.For):
        yield place.after(node.body[-1], "break", place.indent(node.body[0]))
    if isinstance(node, ast.stmt) and node in place.function.body:
        returns = [n for n in place.function.body if isinstance(n, ast.Return) and n.lineno > node.lineno]
        if (
            returns
            and returns[0].value is not None
            and _bound_before(node, place) >= _names(returns[0].value)
        ):
            yield place.before(node, f"return {place.text(returns[0].value)}")


@operator("default for an argument", "the default in place of what was passed")
def default_for_argument(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in place.defaults:
        yield place.replace(node, f"({place.defaults[node.id]})")
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Load()) if key in place.defaults:
            yield place.replace(node, place.defaults[key])
        case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()) if name in place.defaults:
            yield place.replace(node, f"({place.defaults[name]})")


@operator("dropped statement", "a line that is missing")
def dropped_statement(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.stmt) and node is not place.function and not isinstance(node, ast.Pass):
        yield place.replace(node, "pass")


@operator("dropped call", "a function around a value that is lost, or its opposite")
def dropped_call(node: ast.AST, place: Place) -> Iterator[Edit]:
    if not isinstance(node, ast.Call):
        return
    if node.args and not isinstance(node.args[0], ast.Starred) and _called(node) != "range":
        yield place.replace(node, place.whole(node.args[0]))
    if isinstance(node.func, ast.Attribute):
        name = node.func.attr
        if not _is_module(node.func.value, place):
            yield place.replace(node, place.whole(node.func.value))
        for new in OPPOSITE.get(name, ()):
            end = place.end(node.func)
            yield Edit(end - len(name.encode()), end, new)


OPPOSITE = {
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "max": ("min", "mean"),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "exp": ("log",),
    "log": ("exp",),
    "randn": ("rand",),
    "rand": ("randn",),
}


@operator("order", "two lines in the wrong order")
def order(node: ast.AST, place: Place) -> Iterator[Edit]:
    for body in _bodies(node):
        for first, second in pairwise(body):
            simple = all(isinstance(one, ast.Assign | ast.AugAssign) for one in (first, second))
            both = place.target.holds(first) and place.target.holds(second)
            if both and simple and _stores(first) & _names(second):
                yield place.swap(first, second, second)


@operator("wrong name", "another name of the same kind: the other array that was passed in")
def wrong_name(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in place.parameters:
        others = [p for p in place.parameters if p != "self"]
        if node.id in others and len(others) > 1:
            yield place.replace(node, others[others.index(node.id) - 1])


def is_neutral(side: ast.AST, op: ast.operator) -> bool:
    """Whether one side of an operation is the number that changes nothing, as in `1.0 / x` and `x - 0`."""
    return isinstance(side, ast.Constant) and _is_number(side) and side.value == NEUTRAL.get(type(op))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_axis(node: ast.AST, place: Place) -> bool:
    """Whether a number says which axis; those have an operator of their own."""
    parent = place.parent(node)
    if isinstance(parent, ast.Tuple):
        parent = place.parent(parent)
    return isinstance(parent, ast.keyword) and parent.arg in ("axis", "ddof")


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _is_module(node: ast.AST, place: Place) -> bool:
    """`np`, `np.random`, `layers`: what stands before a function's name, and nothing here gives a value."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id not in place.values


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _stores(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _bound_before(node: ast.stmt, place: Place) -> set[str]:
    names = {"float", "int", *place.parameters}
    for other in ast.walk(place.function):
        if isinstance(other, ast.Name) and isinstance(other.ctx, ast.Store) and other.lineno < node.lineno:
            names.add(other.id)
    return names


def _bodies(node: ast.AST) -> list[list[ast.stmt]]:
    """The lists of statements that a statement heads."""
    if not isinstance(node, ast.stmt):
        return []
    found = [getattr(node, name, []) for name in ("body", "orelse")]
    return [body for body in found if isinstance(body, list) and body]


GENERAL: tuple[Operator, ...] = (
    comparison, condition, sign, factor, dropped_term, swapped_arguments, off_by_one, constant, early_return,
    default_for_argument, dropped_statement, dropped_call, order, wrong_name,
)  # fmt: skip
