"""Operators of this field: the mistakes of those who write array code and nets for the first time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.mutants.general import is_neutral
from autograder.mutants.operator import Edit, Operator, Place, operator

REDUCTIONS = ("sum", "mean", "var", "std", "max", "min", "argmax", "prod")
# What is taken for each other: rows and columns, images and filters, here and there.
PAIRS = (
    ("H", "W"), ("HH", "WW"), ("H_out", "W_out"), ("H_pad", "W_pad"), ("height", "width"), ("top", "left"),
    ("row", "column"), ("i", "j"), ("n", "f"), ("n", "c"), ("N", "C"), ("N", "D"), ("N", "F"),
    ("stride", "pad"),
    ("gamma", "beta"), ("dgamma", "dbeta"), ("mean", "var"), ("running_mean", "running_var"),
    ("beta1", "beta2"),
    ("m", "v"), ("m_hat", "v_hat"), ("dw", "w"), ("dx", "dw"), ("x", "x_hat"), ("out", "x"),
    ("centred", "x_hat"),
    ("std", "var"), ("dout", "x"),
)  # fmt: skip
OTHER_NAMES: dict[str, list[str]] = {}
for _one, _two in PAIRS:
    OTHER_NAMES.setdefault(_one, []).append(_two)
    OTHER_NAMES.setdefault(_two, []).append(_one)


def _keyword(node: ast.AST, name: str) -> ast.keyword | None:
    return next((k for k in getattr(node, "keywords", ()) if k.arg == name), None)


def _without(place: Place, gone: ast.keyword) -> Edit:
    """A call with one keyword argument less."""
    start, end = place.start(gone), place.end(gone)
    text = place.data
    before = re.search(rb",\s*$", text[:start])
    if before:
        return Edit(before.start(), end, "")
    after = re.match(rb"\s*,\s*", text[end:])
    return Edit(start, end + (after.end() if after else 0), "")


@operator("axis", "another axis, or none")
def axis(node: ast.AST, place: Place) -> Iterator[Edit]:
    keyword = _keyword(node, "axis") if isinstance(node, ast.Call) else None
    if keyword is None or not isinstance(node, ast.Call):
        return
    yield _without(place, keyword)
    match keyword.value:
        case ast.Constant(value=int(number)):
            for other in (0, 1, 2):
                if other != number and other <= max(1, number):
                    yield place.replace(keyword.value, str(other))
        case ast.Tuple(elts=parts):
            for gone in parts:
                left = ", ".join(place.text(part) for part in parts if part is not gone)
                yield place.replace(keyword.value, f"({left},)")


@operator("keepdims", "an axis that is kept, or is not")
def keepdims(node: ast.AST, place: Place) -> Iterator[Edit]:
    if not isinstance(node, ast.Call) or _keyword(node, "axis") is None:
        return
    kept = _keyword(node, "keepdims")
    if kept is not None:
        yield _without(place, kept)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in REDUCTIONS:
        end = place.end(node) - 1
        yield Edit(end, end, ", keepdims=True")


@operator("mean or sum", "a missing 1/N or 1/2, a sum for a mean, and the other way round")
def mean_or_sum(node: ast.AST, place: Place) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("sum", "mean")
    ):
        end = place.end(node.func)
        yield Edit(end - len(node.func.attr), end, "mean" if node.func.attr == "sum" else "sum")
    match node:
        case ast.BinOp(left=ast.Constant(value=float()) as share, op=ast.Mult() as op, right=rest) if (
            not is_neutral(share, op)
        ):
            yield place.replace(node, place.whole(rest))
        case ast.BinOp(left=rest, op=ast.Div(), right=ast.Name(id="N")):
            yield place.replace(node, place.whole(rest))
        case ast.AugAssign(op=ast.Div()):
            yield place.replace(node, "pass")


@operator("= for +=", "a sum that keeps only its last term")
def set_for_add(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.AugAssign):
        yield place.between(node.target, node.value, "=")


@operator("geometry", "pad, stride or the size of a window changed or left out")
def geometry(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if node.id == "stride":
            yield place.replace(node, "1")
        if node.id == "pad":
            yield place.replace(node, "0")
            yield place.replace(node, "(2 * pad)")


@operator("mixed up", "two sizes, places or arrays taken for each other, as H for W")
def mixed_up(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for other in OTHER_NAMES.get(node.id, ()):
            if other in place.names:
                yield place.replace(node, other)


@operator("transpose", "a transpose that is missing or has two axes swapped")
def transpose(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield place.replace(node, place.whole(node.value))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield place.replace(node.left, f"{place.whole(node.left)}.T")
    match node:
        case ast.Call(func=ast.Attribute(attr="reshape"), args=[first, *rest]) if len(rest) == 1:
            yield place.swap(first, rest[0], node)


@operator("biased variance", "N - 1 in place of N, variance in place of deviation")
def biased_variance(node: ast.AST, place: Place) -> Iterator[Edit]:
    match node:
        case ast.Call(func=ast.Attribute(attr="var" | "std" as name) as func):
            end = place.end(node) - 1
            yield Edit(end, end, ", ddof=1" if node.args or node.keywords else "ddof=1")
            yield Edit(place.end(func) - 3, place.end(func), "std" if name == "var" else "var")
        case ast.BinOp(op=ast.Div(), right=ast.Name(id="N") as size):
            yield place.replace(size, "(N - 1)")
        case ast.Call(func=ast.Attribute(attr="sqrt"), args=[inner]):
            yield place.replace(node, place.whole(inner))


@operator("eps", "the small number under another root, or left out")
def eps(node: ast.AST, place: Place) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right) if "eps" in place.text(right).lower():
            yield place.replace(node, place.whole(left))
            yield place.replace(right, f"2 * {place.text(right)}")
            around = place.parent(node)
            match around, left:
                case ast.Call(func=ast.Attribute(attr="sqrt") as root), _:
                    yield place.replace(
                        around, f"({place.text(root)}({place.text(left)}) + {place.text(right)})"
                    )
                case _, ast.Call(func=ast.Attribute(attr="sqrt") as root, args=[inner]):
                    yield place.replace(
                        node, f"{place.text(root)}({place.text(inner)} + {place.text(right)})"
                    )


@operator("missing copy", "no new array where one is needed")
def missing_copy(node: ast.AST, place: Place) -> Iterator[Edit]:
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr="copy" | "astype")) if (
            not isinstance(value, ast.Name) or value.id != "np"
        ):
            yield place.replace(node, place.whole(value))
        case ast.Call(
            func=ast.Attribute(attr="array" | "zeros_like" | "empty_like" | "ones_like"), args=[value, *_]
        ):
            yield place.replace(node, place.whole(value))


@operator("writes to an argument", "an array that was passed in is changed")
def writes_to_argument(node: ast.AST, place: Place) -> Iterator[Edit]:
    """`out = x * a` becomes `x *= a`, `out = x`."""
    symbols = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    for part in ast.walk(node.value):
        match part:
            case ast.BinOp(left=ast.Name(id=name), op=op, right=right) if (
                type(op) in symbols and name in place.given
            ):
                line = f"{name} {symbols[type(op)]}= {place.text(right)}"
                text = place.text(node)
                at = place.start(part) - place.start(node)
                raw = text.encode()
                rest = raw[:at].decode() + name + raw[at + place.end(part) - place.start(part) :].decode()
                yield Edit(place.start(node), place.end(node), f"{line}\n{place.indent(node)}{rest}")
            case ast.Call(
                func=ast.Attribute(attr="maximum" | "exp" | "sqrt"), args=[ast.Name(id=name), *_]
            ) if name in place.given:
                end = place.end(part) - 1
                yield Edit(end, end, f", out={name}")


def _outputs(node: ast.AST, place: Place) -> bool:
    """Whether a statement gives a value to a name that is returned."""
    if (
        not isinstance(node, ast.Assign)
        or len(node.targets) != 1
        or not isinstance(node.targets[0], ast.Name)
    ):
        return False
    return node.targets[0].id in place.returned and not isinstance(
        node.value, ast.Tuple | ast.Name | ast.Constant
    )


@operator("float64 leak", "float32 goes in, float64 comes out")
def float64_leak(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Assign) and _outputs(node, place):
        yield place.replace(node.value, f"np.float64(1) * {place.whole(node.value)}")
    match node:
        case ast.Call(func=ast.Attribute(attr="zeros" | "ones" | "empty")) if given := _keyword(
            node, "dtype"
        ):
            yield _without(place, given)


@operator("float32 leak", "float64 goes in, and is rounded to float32 on the way")
def float32_leak(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Assign) and _outputs(node, place):
        yield place.replace(
            node.value, f"np.float32(1) * np.asarray({place.text(node.value)}, dtype=np.float32)"
        )


@operator("stale state", "state that is used before it is brought up to date, or never is")
def stale_state(node: ast.AST, place: Place) -> Iterator[Edit]:
    """`v = f(v)` becomes `v_new = f(v)`, so that later lines, and the next call, see the old one."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.value)):
            yield place.replace(node.targets[0], f"{name}_new")
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute()) as kept, *_]):
            yield place.replace(kept, "_")


@operator("train for test", "the behaviour of training while testing, and the other way round")
def train_for_test(node: ast.AST, place: Place) -> Iterator[Edit]:
    match node:
        case ast.Constant(value="train" | "test" as mode):
            yield place.replace(node, '"test"' if mode == "train" else '"train"')
        case ast.Compare(left=ast.Name(id="y"), ops=[ast.Is()]):
            yield place.replace(node, "y is not None")


@operator("wrong key", "another key of the same dict, or of the next layer")
def wrong_key(node: ast.AST, place: Place) -> Iterator[Edit]:
    if isinstance(node, ast.Subscript):
        text = place.text(node.slice)
        keys = [place.text(n.slice) for n in place.nodes if isinstance(n, ast.Subscript)]
        kind = re.compile(r'f?"')
        others = dict.fromkeys(k for k in keys if kind.match(k) and k != text)
        if kind.match(text):
            for other in list(others)[:2]:
                yield place.replace(node.slice, other)


@operator("regularised bias", "the penalty on biases as well, or on fewer weights")
def regularised_bias(node: ast.AST, place: Place) -> Iterator[Edit]:
    if not isinstance(node, ast.For) or "reg" not in place.text(node):
        return
    body, first = node.body, node.body[0]
    text = place.data[place.start(first) : place.end(body[-1])].decode()
    for name in ("b", "gamma", "beta"):
        twice = re.sub(r'(f?")W', rf"\g<1>{name}", text)
        if twice != text:
            yield place.after(body[-1], twice, place.indent(first))
    match node.iter:
        case ast.Tuple(elts=parts):
            for part in parts:
                bias = place.text(part).replace("W", "b")
                yield place.replace(node.iter, f"({', '.join(map(place.text, parts))}, {bias})")
                left = ", ".join(place.text(p) for p in parts if p is not part)
                yield place.replace(node.iter, f"({left},)")


FIELD: tuple[Operator, ...] = (
    axis, keepdims, mean_or_sum, set_for_add, geometry, mixed_up, transpose, biased_variance, eps,
    missing_copy,
    writes_to_argument, float64_leak, float32_leak, stale_state, train_for_test, wrong_key, regularised_bias,
)  # fmt: skip
