"""The solution regions of a Python text: where they lie and whose they are.

# TODO: what to write.
# BEGIN SOLUTION
...
# END SOLUTION
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from autograder.errors import ReleaseError

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
TODO = "# TODO"
# Anything a reader would take for a mark, though nbgrader or we would not.
FOR_TOOLS = re.compile(r"#\s*(noqa|type:\s*ignore|fmt:|pragma:|mypy:|ruff:)")  # of no use to students
LIKE_A_MARK = re.compile(
    r"\b(begin|end)[\s_-]*(solution|hidden[\s_-]*tests?|mark[\s_-]*scheme)", re.IGNORECASE
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Region:
    """A solution between its two mark lines; line numbers count from 1."""

    begin: int
    end: int
    todo: int | None  # the first line of the task text, which ends just above `begin`
    owner: str = ""  # the function's qualified name in its module; "" in a notebook cell outside functions


@dataclass(frozen=True)
class _Comment:
    line: int
    column: int
    text: str
    alone: bool
    depth: int  # of open brackets


def parse(text: str, where: str) -> ast.Module:
    """The syntax tree, or a ReleaseError that names file and line."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ReleaseError(
            f"{where}:{line}: expected Python, got: {getattr(error, 'msg', error)}; correct the line"
        ) from error


@lru_cache(maxsize=64)  # the modules of a library, each asked for some four times
def find_regions(text: str, where: str) -> tuple[Region, ...]:
    """The solution regions of a module, each with the function it belongs to.

    Raises:
        ReleaseError: a mark is unbalanced, nested, misspelt, not aligned with its partner, or in no function.
    """
    functions = [
        (name, node.lineno, set(_statement_lines(node)))
        for name, node in definitions(parse(text, where))
        if isinstance(node, Function)
    ]
    owned = []
    for region in pair_marks(text, where):
        owner = _owner(functions, region)
        if owner is None:
            raise ReleaseError(
                f"{where}:{region.begin}: expected {BEGIN} inside a function, got it outside any; "
                "move the region into one"
            )
        owned.append(replace(region, owner=owner))
    return tuple(owned)


def pair_marks(text: str, where: str) -> list[Region]:
    """The regions of a text that parses, from its comments alone."""
    comments, starts = _scan(text)
    regions: list[Region] = []
    opened: _Comment | None = None
    for comment in comments:
        if not LIKE_A_MARK.search(comment.text):
            continue
        _check_mark(comment, where)
        if comment.text == BEGIN:
            if opened is not None:
                raise ReleaseError(
                    f"{where}:{comment.line}: BEGIN SOLUTION is nested in the one of line {opened.line}; "
                    "end that one first or delete this line"
                )
            opened = comment
        elif opened is None:
            raise ReleaseError(
                f"{where}:{comment.line}: END SOLUTION has no BEGIN; add it or delete this line"
            )
        else:
            regions.append(_region(opened, comment, comments, starts, where))
            opened = None
    if opened is not None:
        raise ReleaseError(f"{where}:{opened.line}: BEGIN SOLUTION has no END; add it or delete this line")
    return regions


def _check_mark(comment: _Comment, where: str) -> None:
    if comment.text not in (BEGIN, END):
        raise ReleaseError(
            f"{where}:{comment.line}: expected exactly {BEGIN!r} or {END!r}, got {comment.text!r}; "
            "write it so or reword the comment"
        )
    if not comment.alone or comment.depth:
        place = "inside brackets" if comment.depth else "behind code"
        raise ReleaseError(
            f"{where}:{comment.line}: expected the mark on a line of its own, got it {place}; move it"
        )


def _region(
    begin: _Comment, end: _Comment, comments: list[_Comment], starts: dict[int, int], where: str
) -> Region:
    if begin.column != end.column:
        raise ReleaseError(
            f"{where}:{end.line}: expected END SOLUTION at the indentation of its BEGIN "
            f"(line {begin.line}, column {begin.column}), got column {end.column}; align the two"
        )
    inside = {line: column for line, column in starts.items() if begin.line < line < end.line}
    if not inside:
        raise ReleaseError(
            f"{where}:{begin.line}: expected code between BEGIN and END SOLUTION, got none; "
            "write the solution or delete the marks"
        )
    outside = [line for line, column in inside.items() if column < begin.column]
    if outside:
        raise ReleaseError(
            f"{where}:{outside[0]}: expected the region of line {begin.line} to stay in its block, "
            "got a line that leaves it; move the marks"
        )
    return Region(begin.line, end.line, _task_text(begin, comments))


def _task_text(begin: _Comment, comments: list[_Comment]) -> int | None:
    """The line of the `# TODO` that heads the comment block directly above a BEGIN."""
    alone = {comment.line: comment for comment in comments if comment.alone}
    line = begin.line - 1
    while line in alone and alone[line].column == begin.column and not LIKE_A_MARK.search(alone[line].text):
        if alone[line].text.startswith(TODO):
            return line
        line -= 1
    return None


def stray_todos(text: str, regions: Iterable[Region]) -> list[int]:
    """The lines of TODO comments that no region claims."""
    claimed = {region.todo for region in regions}
    comments, _ = _scan(text)
    return [c.line for c in comments if c.text.startswith(TODO) and c.line not in claimed]


def without_lint_comments(text: str) -> str:
    """The text without the comments that only our linters read."""
    lines = text.split("\n")
    for comment in _scan(text)[0]:
        if FOR_TOOLS.match(comment.text):
            lines[comment.line - 1] = lines[comment.line - 1][: comment.column].rstrip()
    return "\n".join(lines)


def _scan(text: str) -> tuple[list[_Comment], dict[int, int]]:
    """The comments, and for each logical line where it starts: {line: column}."""
    comments, starts = [], {}
    depth, fresh = 0, True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        line, column = token.start
        if token.type == tokenize.COMMENT:
            alone = not token.line[:column].strip()
            comments.append(_Comment(line, column, token.string.rstrip(), alone, depth))
        elif token.type == tokenize.NEWLINE:
            fresh = True
        elif token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        else:
            if fresh:
                starts[line] = column
                fresh = False
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
    return comments, starts


def _owner(functions: list[tuple[str, int, set[int]]], region: Region) -> str | None:
    """The innermost function that holds the region's code. Comments below a function's last statement
    lie outside its node, so the statements decide, not the marks.

    `functions`: (name, first line, lines on which a statement begins), outer before inner.
    """
    inside = set(range(region.begin + 1, region.end))
    owners = (name for name, line, lines in reversed(functions) if line < region.begin and lines & inside)
    return next(owners, None)


def _statement_lines(function: Function) -> Iterator[int]:
    for child in function.body:
        for node in ast.walk(child):
            if isinstance(node, ast.stmt):
                yield node.lineno


def definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Every function and class below `node` with its qualified name, outer before inner."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            name = f"{prefix}{child.name}"
            yield name, child
            yield from definitions(child, f"{name}.")
        else:
            yield from definitions(child, prefix)
