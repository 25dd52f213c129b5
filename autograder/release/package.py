"""The solved library -> the library students get, whole: every module stripped, and all of it checked."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.assignment import Assignment
from autograder.course.course import FILE
from autograder.errors import ReleaseError
from autograder.files import dotted, text_of, whole
from autograder.intake import Submission
from autograder.notebook import raw_cells, source_of
from autograder.release import later, marks, names
from autograder.release.strip import Module, Stripped, strip_module

IGNORED = {"__pycache__"}


@dataclass(frozen=True)
class Solution:
    """A piece of text that must not reach students."""

    owner: str  # qualified function, or notebook and grade id
    path: str
    line: int  # of its first line, from 1
    text: str
    prose: bool = False


@dataclass(frozen=True)
class Skeleton:
    """The library as students get it, {path relative to the release: text}, and what was taken out."""

    files: dict[str, str]
    solutions: tuple[Solution, ...] = ()
    given: tuple[tuple[str, str], ...] = ()  # marked, and shipped solved: (qualified function, path and line)


def skeleton(assignment: Assignment) -> Skeleton:
    """Strip the library for an assignment.

    Raises:
        ReleaseError: marks, to-do names or globs are wrong, or what is left does not fit together.
    """
    modules, kept, globs = _library(assignment)
    stripped = {module.name: strip_module(module, assignment.todo, globs) for module in kept}
    _refuse_unmatched(assignment, modules, stripped)
    later.refuse_solved_ahead(assignment, modules, stripped)
    names.refuse_left_out_uses(modules, stripped, globs)
    names.refuse_helpers_of_answers(modules, stripped, assignment.todo, _notebook_words(assignment))
    for module in kept:
        text = stripped[module.name].text
        marks.parse(text, f"{module.path} (skeleton)")
        refuse_marks(text, f"{module.path} (skeleton)")
    return Skeleton(
        {module.path: stripped[module.name].text for module in kept},
        tuple(solution for module in modules for solution in _solutions(module, stripped.get(module.name))),
        tuple(
            (name, f"{module.path}:{region.begin}")
            for module in kept
            for name, region in later.given(module, stripped[module.name])
        ),
    )


def solved(assignment: Assignment) -> dict[str, str]:
    """The library with the same names left out but every solution in place: what a perfect student has."""
    _, kept, globs = _library(assignment)
    return {module.path: strip_module(module, (), globs).text for module in kept}


def write_texts(texts: Mapping[str, str], folder: Path) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def handed_in(
    name: str, assignment: Assignment, texts: Mapping[str, str], results: Mapping[str, bytes] | None = None
) -> Submission:
    """The solution as a hand-in: the library's texts, the solved notebooks, and trained models if any."""
    package = {path: text.encode() for path, text in texts.items()}
    notebooks = {notebook.name: whole(notebook.path) for notebook in assignment.notebooks}
    return Submission(name, package, notebooks, dict(results or {}))


def refuse_marks(text: str, where: str) -> None:
    """A mark that outlived the stripping, in code, text or string."""
    for number, line in enumerate(text.splitlines(), 1):
        found = marks.LIKE_A_MARK.search(line)
        if found:
            raise ReleaseError(
                f"{where}:{number}: expected no mark in what students get, got {found.group()!r}; "
                "reword the line"
            )


def _solutions(module: Module, stripped: Stripped | None) -> list[Solution]:
    """What of a module students must not see: solutions to do, and those of code that is left out."""
    lines = module.text.split("\n")
    return [
        Solution(name, module.path, region.begin + 1, "\n".join(lines[region.begin : region.end - 1]))
        for name, region in (stripped or module).regions
    ]


def _library(assignment: Assignment) -> tuple[list[Module], list[Module], list[str]]:
    """The modules of the solved library, those that are kept, and the names and globs that are left out."""
    modules, words = _modules(assignment), _notebook_words(assignment)
    globs = [*assignment.leave_out, *names.taken_along(modules, assignment.leave_out, words)]
    return modules, [module for module in modules if not names.left_out(module.name, globs)], globs


def _modules(assignment: Assignment) -> list[Module]:
    """The modules of the solved library, by path."""
    modules = []
    for path in sorted(assignment.library.rglob("*")):
        relative = path.relative_to(assignment.root)
        if path.is_dir() or IGNORED & set(relative.parts) or path.suffix == ".pyc":
            continue
        where = relative.as_posix()
        if path.suffix != ".py":
            raise ReleaseError(
                f"{where}: expected only .py files in the library, got this one; move it elsewhere"
            )
        name = dotted(where)
        try:
            modules.append(Module(name, where, text_of(path)))
        except UnicodeDecodeError as error:
            raise ReleaseError(f"{where}: expected UTF-8, got: {error}; save it as such") from error
    if assignment.package not in {module.name for module in modules}:
        raise ReleaseError(
            f"{assignment.package}/__init__.py: expected the solved library, found no such file; "
            f"correct package in {FILE}"
        )
    return modules


def _settings(assignment: Assignment, entry: str) -> str:
    """assignment.toml, with the line where an entry stands."""
    where = assignment.where(assignment.settings)
    for number, line in enumerate(text_of(assignment.settings).splitlines(), 1):
        if f'"{entry}"' in line.replace("'", '"'):
            return f"{where}:{number}"
    return where


def _notebook_words(assignment: Assignment) -> set[str]:
    """Every name the notebooks' code mentions."""
    words: set[str] = set()
    for notebook in assignment.notebooks:
        for cell in raw_cells(notebook.path):
            if cell.get("cell_type") == "code":
                words.update(re.findall(r"\w+", source_of(cell)))
    return words


def _refuse_unmatched(
    assignment: Assignment, modules: Sequence[Module], stripped: Mapping[str, Stripped]
) -> None:
    used = {entry for result in stripped.values() for entry in result.used}
    known = {
        f"{module.name}.{name}"
        for module in modules
        for name, _ in marks.definitions(marks.parse(module.text, module.path))
    }
    for entry in assignment.todo:
        where = _settings(assignment, entry)
        if entry not in known:
            near = difflib.get_close_matches(entry, known, 1)
            advice = f"did you mean {near[0]}?" if near else "correct the name"
            raise ReleaseError(
                f"{where}: todo: expected a function or class, {entry} does not exist; {advice}"
            )
        if names.left_out(entry, assignment.leave_out):
            raise ReleaseError(
                f"{where}: todo: {entry} is left out as well; take it from one of the two lists"
            )
        if entry not in used:
            raise ReleaseError(
                f"{where}: todo: expected {entry} to hold a solution region, got none; "
                f"put {marks.BEGIN!r} and {marks.END!r} around its solution"
            )
    for glob in assignment.leave_out:
        if glob not in used and not any(names.left_out(module.name, [glob]) for module in modules):
            where = _settings(assignment, glob)
            raise ReleaseError(f"{where}: leave_out: {glob} matches nothing; correct or delete it")
