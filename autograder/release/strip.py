"""One module of the solved library -> the module students get.

To-do functions lose their solution, given ones only the marks, left-out names vanish.
"""

import ast
import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.errors import ReleaseError
from autograder.release import marks
from autograder.release.marks import Function, Region

PART = re.compile(rf"{marks.TODO}( for [^:]+):")  # one part of a function, which is not to do with the others
LINE_LENGTH = 110  # rewritten imports are wrapped beyond this


@dataclass(frozen=True)
class Replacement:
    """Lines `first`..`last` (from 1, both included) are replaced."""

    first: int
    last: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stripped:
    """A module as students get it, and what was done to it."""

    text: str
    regions: tuple[tuple[str, Region], ...]  # not shown: (qualified function, where in the solved text)
    left_out: frozenset[str]  # qualified names that vanished
    used: frozenset[str]  # the to-do names and globs that matched something


def strip_module(
    text: str, where: str, module: str, todo: Iterable[str] = (), leave_out: Iterable[str] = ()
) -> Stripped:
    """Strip the text of `module`.

    Args:
        text: the solved source.
        where: its path, for messages.
        module: its dotted name.
        todo: qualified names whose regions are cleared; a class stands for all its methods.
        leave_out: globs of qualified names, matched part by part, that vanish, or whole modules, whose
            imports vanish.

    Raises:
        ReleaseError: the marks are wrong, a task has no text, a name is both to do and left out.
    """
    found, lines = marks.find_regions(text, where), text.split("\n")
    tree = marks.parse(text, where)
    gone = {name: node for name, node in members(tree, module) if matches(name, leave_out)}
    removals = [_removal(node, lines) for node in gone.values()]
    removed = {line for edit in removals for line in range(edit.first, edit.last + 1)}
    _refuse_stray_todos(text, found, removed, where)
    hidden = [(f"{module}.{region.owner}", region) for region in found if region.begin in removed]
    regions = [region for region in found if region.begin not in removed]
    wanted = {region: entries(f"{module}.{region.owner}", todo) for region in regions}
    cleared = [(f"{module}.{region.owner}", region) for region in regions if wanted[region]]
    for name, region in cleared:
        _refuse_without_task(name, region, where)

    edits = removals + [_clear(lines, region) for _, region in cleared]
    edits += [edit for region in regions if not wanted[region] for edit in _unmark(region)]
    kept = prune_imports(apply_edits(text, edits), text, gone.keys(), module, leave_out, where)
    used = {entry for entries in wanted.values() for entry in entries}
    used |= {glob for glob in leave_out if any(matches(name, [glob]) for name in gone)}
    kept = marks.without_lint_comments(kept)
    return Stripped(kept, (*cleared, *hidden), frozenset(gone), frozenset(used))


def entries(name: str, todo: Iterable[str]) -> list[str]:
    """The entries of the to-do list that cover a function: its own, and its class's."""
    return [entry for entry in todo if name == entry or name.startswith(entry + ".")]


def matches(name: str, globs: Iterable[str]) -> bool:
    """Whether a qualified name fits a glob, part by part: `*` does not reach over a dot."""
    parts = name.split(".")
    return any(
        len(parts) == len(glob.split("."))
        and all(
            fnmatch.fnmatchcase(part, pattern) for part, pattern in zip(parts, glob.split("."), strict=True)
        )
        for glob in globs
    )


def clear_solution(source: str, name: str) -> str:
    """A region, marks included, as nbgrader leaves it, with a stub that names the function."""
    # Here, because they are slow to import and grading imports this package without stripping.
    from nbformat.v4 import new_code_cell
    from nbgrader.preprocessors import ClearSolutions

    stub = f'raise NotImplementedError("{name} is not written yet")'
    cell = new_code_cell(source)
    clearer = ClearSolutions(code_stub={"python": stub}, enforce_metadata=False)
    clearer.preprocess_cell(cell, {"language": "python"}, 0)
    return str(cell.source)


def members(tree: ast.Module, module: str) -> Iterator[tuple[str, ast.stmt]]:
    """The names a module and its classes bind by def, class or assignment."""
    classes = [(node.body, f"{module}.{node.name}.") for node in tree.body if isinstance(node, ast.ClassDef)]
    for body, prefix in [(tree.body, f"{module}."), *classes]:
        for node in body:
            if isinstance(node, Function | ast.ClassDef):
                yield prefix + node.name, node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield prefix + target.id, node


def _removal(node: ast.stmt, lines: list[str]) -> Replacement:
    """A definition goes with its decorators and with the comment blocks above it, but for one that stands
    right below other code."""
    decorators = node.decorator_list if isinstance(node, Function | ast.ClassDef) else []
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    comment = " " * node.col_offset + "#"
    while True:
        below = first - 1
        while below and not lines[below - 1].strip():
            below -= 1
        start = below + 1
        while start > 1 and lines[start - 2].startswith(comment):
            start -= 1
        attached, free = below == first - 1, start == 1 or not lines[start - 2].strip()
        if start > below or not (attached or free):
            return Replacement(first, _end_line(node, lines))
        first = start


def _end_line(node: ast.stmt, lines: list[str]) -> int:
    """The last line of a definition, with the comments in its body that follow its last statement."""
    last = node.end_lineno or node.lineno
    following = last
    while following < len(lines):
        line = lines[following]
        if line.strip() and not (
            line.startswith(" " * (node.col_offset + 1)) and line.lstrip().startswith("#")
        ):
            break
        following += 1
        if line.strip():
            last = following
    return last


def _refuse_without_task(name: str, region: Region, where: str) -> None:
    if region.todo is None:
        raise ReleaseError(
            f"{where}:{region.begin}: {name} is to do: expected a comment '{marks.TODO}: ...' right above "
            "BEGIN SOLUTION, got none; tell the student what to write"
        )


def _clear(lines: list[str], region: Region) -> Replacement:
    source = "\n".join(lines[region.begin - 1 : region.end])
    part = PART.match(lines[region.todo - 1].strip()) if region.todo else None
    name = f"{region.owner.removesuffix('.__init__')}{part[1]}" if part else region.owner
    return Replacement(region.begin, region.end, tuple(clear_solution(source, name).split("\n")))


def _unmark(region: Region) -> list[Replacement]:
    return [Replacement(region.todo or region.begin, region.begin), Replacement(region.end, region.end)]


def _refuse_stray_todos(text: str, regions: Iterable[Region], removed: set[int], where: str) -> None:
    for line in marks.stray_todos(text, regions):
        if line not in removed:
            raise ReleaseError(
                f"{where}:{line}: expected '{marks.TODO}' only in the comment right above a BEGIN SOLUTION, "
                "got it elsewhere; move it or reword it"
            )


def apply_edits(text: str, edits: Iterable[Replacement]) -> str:
    """The text with the edits made. Where lines vanish, the larger of the gaps around them stays.

    An edit inside a larger one is dropped with it.
    """
    lines = text.split("\n")
    out: list[str] = []
    position = 1
    for edit in sorted(edits, key=lambda edit: (edit.first, -edit.last)):
        if edit.first < position:
            continue
        out += lines[position - 1 : edit.first - 1]
        position = edit.last + 1
        if edit.lines:
            out += edit.lines
            continue
        above = 0
        while out and not out[-1].strip():
            out.pop()
            above += 1
        below = 0
        while position <= len(lines) and not lines[position - 1].strip():
            position += 1
            below += 1
        out += [""] * max(above, below)
    out += lines[position - 1 :]
    return "\n".join(out).strip("\n") + "\n" if any(line.strip() for line in out) else ""


def prune_imports(
    kept: str, solved: str, gone: Iterable[str], module: str, leave_out: Iterable[str], where: str
) -> str:
    """Drop imports of left-out modules, and those that only left-out code needed."""
    tree = marks.parse(kept, f"{where} (skeleton)")
    needless = (_loaded(ast.parse(solved)) - _loaded(_without(solved, gone, module))) if gone else set()
    package = module if where.endswith("__init__.py") else module.rpartition(".")[0]
    edits = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            aliases = [
                alias
                for alias in node.names
                if (alias.asname or alias.name.split(".")[0]) not in needless
                and not _names_left_out(node, alias, package, leave_out)
            ]
            if len(aliases) < len(node.names):
                lines = tuple(_import_lines(node, aliases)) if aliases else ()
                edits.append(Replacement(node.lineno, node.end_lineno or node.lineno, lines))
    return apply_edits(kept, edits) if edits else kept


def _without(solved: str, gone: Iterable[str], module: str) -> ast.Module:
    """The solved module, solutions and all, without its left-out names."""
    names = set(gone)
    lines = solved.split("\n")
    edits = [_removal(node, lines) for name, node in members(ast.parse(solved), module) if name in names]
    return ast.parse(apply_edits(solved, edits))


def _loaded(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def imported_modules(node: ast.Import | ast.ImportFrom, alias: ast.alias, package: str) -> list[str]:
    """The dotted names an imported name may stand for: a module, or a member of one."""
    if isinstance(node, ast.Import):
        return [alias.name]
    base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    source = ".".join([*base, *([node.module] if node.module else [])])
    return [source, f"{source}.{alias.name}"]


def _names_left_out(
    node: ast.Import | ast.ImportFrom, alias: ast.alias, package: str, leave_out: Iterable[str]
) -> bool:
    return any(matches(name, leave_out) for name in imported_modules(node, alias, package))


def _import_lines(node: ast.Import | ast.ImportFrom, aliases: list[ast.alias]) -> list[str]:
    if isinstance(node, ast.Import):
        return [ast.unparse(ast.Import(aliases))]
    short = ast.unparse(ast.ImportFrom(node.module, aliases, node.level))
    if len(short) <= LINE_LENGTH:
        return [short]
    head = short[: short.index(" import ")]
    return [f"{head} import (", *(f"    {ast.unparse(alias)}," for alias in aliases), ")"]
