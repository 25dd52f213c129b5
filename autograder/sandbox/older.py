"""Code of earlier years as it was meant: rewritten before it is compiled, when an alias is asked for.

What is rewritten keeps its line, so that messages name the lines the student knows. None of it is there
without an alias: in a course that hands out our release, such code fails at home too.
"""

import ast
import builtins
import re
from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np

WORDS = (  # text that stands for the same thing today
    (re.compile(rb"\.iter(items|keys|values)\(\s*\)"), rb".\1()"),
    (re.compile(rb"\bbn_param\[mode\]\s*=\s*mode\b"), b"bn_param['mode'] = mode"),  # a starter's slip, 2016
)
PYTHON_2 = re.compile(rb"\.iter(items|keys|values)\(\s*\)|\.has_key\(|^\s*print\s+['\"\w]", re.M)
XRANGE = re.compile(rb"\bxrange\(")
GIVEN_XRANGE = re.compile(rb"^\s*from (past|six|builtins|future)\S* import|^\s*xrange\s*=", re.M)
PYTHON_3 = re.compile(rb"^from __future__ import .*\bdivision\b|\) *->|^\s*nonlocal\b|\bf['\"]", re.M)
NUMBERS = {"int": int, "float": float}


def is_python_2(source: bytes) -> bool:
    """Whether a file only makes sense in Python 2, where 7 / 2 is 3."""
    old = PYTHON_2.search(source) or (XRANGE.search(source) and not GIVEN_XRANGE.search(source))
    return bool(old) and not PYTHON_3.search(source)


def divides_as_python_2(files: Mapping[str, bytes]) -> set[str]:
    """The files of a package in which `/` is Python 2's: all that could be, if one certainly is."""
    if not any(map(is_python_2, files.values())):
        return set()
    return {path for path, source in files.items() if not PYTHON_3.search(source)}


def compiled(source: bytes, path: str, old_division: bool) -> CodeType:
    for pattern, text in WORDS:
        source = pattern.sub(text, source)
    tree = _Rewritten(old_division).visit(ast.parse(source, path))
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class _Rewritten(ast.NodeTransformer):
    def __init__(self, old_division: bool) -> None:
        self.old_division = old_division

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if self.old_division and isinstance(node.op, ast.Div):
            return _call("_divided", node, node.left, node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if self.old_division and isinstance(node.op, ast.Div) and isinstance(node.target, ast.Name):
            now = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            value = _call("_divided", node, now, node.value, ast.Constant(True))
            return ast.copy_location(ast.Assign([node.target], value), node)
        if isinstance(node.target, ast.Subscript) and _plain(node.target.value):
            node.value = _call("_entry", node, _read(node.target.value), node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        (target, *more) = node.targets
        if isinstance(target, ast.Subscript) and not more and _plain(target.value):
            node.value = _call("_entry", node, _read(target.value), node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in NUMBERS and len(node.args) == 1:
            node.args = [_call("_number", node, node.args[0])]
        return node


def _plain(node: ast.expr) -> bool:
    """A name, or an attribute of one: reading it twice changes nothing."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _plain(node.value))


def _read(node: ast.expr) -> ast.expr:
    text = ast.unparse(node)
    return ast.copy_location(ast.parse(text, mode="eval").body, node)


def _call(name: str, where: ast.AST, *args: ast.expr) -> ast.expr:
    helper = ast.Name(HELPERS_PREFIX + name, ast.Load())
    return ast.copy_location(ast.Call(helper, list(args), []), where)


def _number(value: Any) -> Any:
    """int(array([3])) and float(array([3.0])) were 3."""
    return value.reshape(()) if isinstance(value, np.ndarray) and value.size == 1 else value


def _entry(owner: Any, value: Any) -> Any:
    """a[i, j] = array([3.0]) put 3.0 there."""
    return _number(value) if isinstance(owner, np.ndarray) else value


def _divided(left: Any, right: Any, in_place: bool = False) -> Any:
    if _whole(left) and _whole(right):
        return left // right
    if in_place and isinstance(left, np.ndarray):
        left /= right
        return left
    return left / right


def _whole(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "iu"
    return isinstance(value, int)


HELPERS_PREFIX = "_older"  # two underscores would be mangled inside a class
HELPERS = {f"{HELPERS_PREFIX}{f.__name__}": f for f in (_number, _entry, _divided)}


def reshape(a: Any, /, *args: Any, newshape: Any = None, **kwargs: Any) -> Any:
    """np.reshape, whose argument was called newshape."""
    return np.asarray(a).reshape(newshape, **kwargs) if newshape is not None else _reshape(a, *args, **kwargs)


_reshape = np.reshape


def bring_back() -> None:
    """Put into builtins and NumPy what rewritten code calls."""
    for name, helper in HELPERS.items():
        setattr(builtins, name, helper)
    np.reshape = reshape
