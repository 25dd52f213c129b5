"""One module of the solved library -> the module students get.

To-do functions lose their solution, given ones only the marks, left-out names vanish.
"""

import ast
import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator
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
class Module:
    """A module of the solved library."""

    name: str  # dotted
    path: str
    text: str

    @property
    def package(self) -> str:
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]

    @property
    def regions(self) -> tuple[tuple[str, Region], ...]:
        """Its solutions: (qualified function, where)."""
        return tuple((f"{self.name}.{r.owner}", r) for r in marks.find_regions(self.text, self.path))


@dataclass(frozen=True)
class Stripped:
    """A module as students get it, and what was done to it."""

    text: str
    regions: tuple[tuple[str, Region], ...]  # not shown: (qualified function, where in the solved text)
    used: frozenset[str]  # the to-do names and globs that matched something


def strip_module(module: Module, todo: Iterable[str], leave_out: Iterable[str]) -> Stripped:
    """Strip a module.

    Args:
        todo: qualified names whose regions are cleared; a class stands for all its methods.
        leave_out: globs of qualified names, matched part by part, that vanish, or whole modules, whose
            imports vanish.

    Raises:
        ReleaseError: the marks are wrong, a task has no text, a name is both to do and left out.
    """
    regions, lines = module.regions, module.text.split("\n")
    tree = marks.parse(module.text, module.path)
    gone = {name: node for name, node in members(tree, module.name) if matches(name, leave_out)}
    removals = [_removal(node, lines) for node in gone.values()]
    removed = {line for edit in removals for line in range(edit.first, edit.last + 1)}
    _refuse_stray_todos(module, [region for _, region in regions], removed)
    hidden = [(name, region) for name, region in regions if region.begin in removed]
    shown = [(name, region) for name, region in regions if region.begin not in removed]
    cleared = [(name, region) for name, region in shown if entries(name, todo)]
    edits = removals + [_clear(lines, name, region, module.path) for name, region in cleared]
    for name, region in shown:
        if not entries(name, todo):
            edits += [
                Replacement(region.todo or region.begin, region.begin),
                Replacement(region.end, region.end),
            ]
    kept = prune_imports(apply_edits(module.text, edits), module, gone.keys(), leave_out)
    used = {entry for name, _ in cleared for entry in entries(name, todo)}
    used |= {glob for glob in leave_out if any(matches(name, [glob]) for name in gone)}
    return Stripped(marks.without_lint_comments(kept), (*cleared, *hidden), frozenset(used))


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


def _clear(lines: list[str], name: str, region: Region, where: str) -> Replacement:
    if region.todo is None:
        raise ReleaseError(
            f"{where}:{region.begin}: {name} is to do: expected a comment '{marks.TODO}: ...' right above "
            "BEGIN SOLUTION, got none; tell the student what to write"
        )
    source = "\n".join(lines[region.begin - 1 : region.end])
    part = PART.match(lines[region.todo - 1].strip())
    title = f"{region.owner.removesuffix('.__init__')}{part[1]}" if part else region.owner
    return Replacement(region.begin, region.end, tuple(clear_solution(source, title).split("\n")))


def _refuse_stray_todos(module: Module, regions: Iterable[Region], removed: set[int]) -> None:
    for line in marks.stray_todos(module.text, regions):
        if line not in removed:
            raise ReleaseError(
                f"{module.path}:{line}: expected '{marks.TODO}' only in the comment right above a BEGIN "
                "SOLUTION, got it elsewhere; move it or reword it"
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


def prune_imports(kept: str, module: Module, gone: Collection[str], leave_out: Iterable[str]) -> str:
    """What is kept, without imports of left-out modules and those that only left-out code needs."""
    tree = marks.parse(kept, f"{module.path} (skeleton)")
    needless = (_loaded(ast.parse(module.text)) - _loaded(_without(module, gone))) if gone else set()
    edits = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            aliases = [
                alias
                for alias in node.names
                if (alias.asname or alias.name.split(".")[0]) not in needless
                and not any(matches(n, leave_out) for n in imported_modules(node, alias, module.package))
            ]
            if len(aliases) < len(node.names):
                lines = tuple(_import_lines(node, aliases)) if aliases else ()
                edits.append(Replacement(node.lineno, node.end_lineno or node.lineno, lines))
    return apply_edits(kept, edits) if edits else kept


def _without(module: Module, gone: Collection[str]) -> ast.Module:
    """The solved module, solutions and all, without its left-out names."""
    tree, lines = ast.parse(module.text), module.text.split("\n")
    edits = [_removal(node, lines) for name, node in members(tree, module.name) if name in gone]
    return ast.parse(apply_edits(module.text, edits))


def _loaded(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def imported_modules(node: ast.Import | ast.ImportFrom, alias: ast.alias, package: str) -> list[str]:
    """The dotted names an imported name may stand for: a module, or a member of one."""
    if isinstance(node, ast.Import):
        return [alias.name]
    base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    source = ".".join([*base, *([node.module] if node.module else [])])
    return [source, f"{source}.{alias.name}"]


def _import_lines(node: ast.Import | ast.ImportFrom, aliases: list[ast.alias]) -> list[str]:
    if isinstance(node, ast.Import):
        return [ast.unparse(ast.Import(aliases))]
    short = ast.unparse(ast.ImportFrom(node.module, aliases, node.level))
    if len(short) <= LINE_LENGTH:
        return [short]
    head = short[: short.index(" import ")]
    return [f"{head} import (", *(f"    {ast.unparse(alias)}," for alias in aliases), ")"]
