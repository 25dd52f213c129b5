"""One function of a submission that is not there in a case, whatever name its code goes by.

Its definition is cut out of the text before anything of the submission runs, so that no decorator gets
hold of it, and nobody reads it. What the module gives its name in another way, an alias say, is emptied:
every object that is the same function, and every function with the same code, in whichever module, refuses
to be called. Code that both functions call is shared, and stays.
"""

import ast
import dis
import functools
import gc
from collections.abc import Collection, Container, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from autograder.sandbox.stand_ins import NOT_THERE

Likeness = tuple[bytes, tuple[str, ...], tuple[Any, ...]]
Likes = dict[str, set[Likeness]]  # by the name of the function
DEEP = 20  # wrappers round wrappers that are followed


def cut(source: bytes, path: str, whole: CodeType, names: Collection[str]) -> tuple[bytes, Likes]:
    """The module's text without these functions, on lines as before, and what their code looks like.

    Args:
        whole: the module's text compiled, as it is executed.
    """
    likes: Likes = {name: set() for name in names}
    for code in whole.co_consts:
        if isinstance(code, CodeType) and code.co_name in likes and not _hands_on(code):
            likes[code.co_name].add(_likeness(code))
    lines = source.split(b"\n")
    for node in _definitions(ast.parse(source, path)):
        if node.name in names:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            last = node.end_lineno or node.lineno
            lines[first:last] = [b" " * node.col_offset + b"pass", *[b""] * (last - first - 1)]
    return b"\n".join(lines), likes


def _definitions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    """Those that are made while the module is executed, not those inside of functions."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef):
            yield inner
        elif isinstance(inner, ast.stmt | ast.ExceptHandler):
            yield from _definitions(inner)


def functions_now() -> dict[int, FunctionType]:
    """All that there are, by their id: before the student's code has run, those of Python and libraries."""
    return {id(function): function for function in gc.get_objects() if type(function) is FunctionType}


def empty(name: str, bound: Collection[Any], likes: set[Likeness], others: Container[int]) -> None:
    """Let everything that was to be called `name`, and every function with the same code, refuse.

    Args:
        bound: what the module gave that name.
        others: ids of functions that stay: they were there before the student's code, whatever that says of
            its own.
    """
    same = {id(function): function for value in bound for function in _functions(value)}
    likes = likes | {_likeness(f.__code__) for f in same.values() if not _hands_on(f.__code__)}
    for at, function in functions_now().items():
        if at not in others and (at in same or _likeness(function.__code__) in likes):
            function.__code__ = _refusing(name, len(function.__code__.co_freevars))


def _functions(value: Any) -> Iterator[FunctionType]:
    """The functions that come to be called when `value` is."""
    for _ in range(DEEP):
        if isinstance(value, FunctionType):
            yield value
            value = getattr(value, "__wrapped__", None)
        elif isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, MethodType):
            value = value.__func__
        else:
            value = getattr(type(value), "__call__", None)  # noqa: B004
            if not isinstance(value, FunctionType):
                return


def _likeness(code: CodeType) -> Likeness:
    """Code without what a copy may change: names of its own, places, texts."""
    consts = tuple(repr(const) for const in code.co_consts if not isinstance(const, str | CodeType))
    return code.co_code, code.co_names, consts


def _hands_on(code: CodeType) -> bool:
    """Whether a function computes nothing itself: then another that looks like it is not the same."""
    steps = [step.opname for step in dis.get_instructions(code)]
    return "BINARY_OP" not in steps and steps.count("CALL") + steps.count("CALL_FUNCTION_EX") <= 1


def _refusing(name: str, free: int) -> CodeType:
    """Code that refuses, of as many free variables as the function has whose code it becomes."""
    cells = [f"v{i}" for i in range(free)]
    lines = [
        "def outer():",
        *(f" {cell} = None" for cell in cells),
        " def refuse(*args, **kwargs):",
        *(f"  {cell}" for cell in cells),
        f"  raise RuntimeError({NOT_THERE.format(name)!r})",
        " return refuse",
    ]
    scope: dict[str, Any] = {}
    exec("\n".join(lines), scope)  # noqa: S102
    code: CodeType = scope["outer"]().__code__
    return code
