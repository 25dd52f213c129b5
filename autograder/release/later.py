"""What students have to write in a later assignment must not reach them solved in this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograder.course.assignment import Assignment
from autograder.course.settings import Settings
from autograder.errors import ReleaseError
from autograder.release.marks import Region
from autograder.release.strip import Module, Stripped, entries
from autograder.safe_text import listed

SHOWN = 12  # names in one message


def refuse_solved_ahead(
    assignment: Assignment, modules: Sequence[Module], stripped: Mapping[str, Stripped]
) -> None:
    """Refuse functions that ship solved here and are to do later, but for those in `ships_solved`.

    Raises:
        ReleaseError: names them, or an entry of `ships_solved` that nothing needs.
    """
    kept = [module for module in modules if module.name in stripped]
    solved = dict.fromkeys(name for module in kept for name, _ in given(module, stripped[module.name]))
    course = assignment.course
    later = _to_do(assignment, course.assignments[course.assignments.index(assignment.name) + 1 :])
    ahead = {name: where for name in solved for where, todo in later.items() if entries(name, todo)}
    where = assignment.where(assignment.settings)
    for entry in assignment.ships_solved:
        if not any(entries(name, [entry]) for name in ahead):
            raise ReleaseError(
                f"{where}: ships_solved: {entry} is not to do in a later assignment, or does not ship "
                "solved; delete it"
            )
    refused = [name for name in ahead if not entries(name, assignment.ships_solved)]
    if refused:
        named = listed((f"{name} (to do in {ahead[name]})" for name in refused), SHOWN)
        raise ReleaseError(
            f"{where}: expected nothing solved that is to do later, got {named}; add it to leave_out "
            "or todo, or, if students may see it, to ships_solved"
        )


def given(module: Module, stripped: Stripped) -> list[tuple[str, Region]]:
    """The solutions of a module that students get: (qualified function, where)."""
    return [(name, region) for name, region in module.regions if (name, region) not in stripped.regions]


def in_no_list(assignment: Assignment, solved: Iterable[tuple[str, str]]) -> list[str]:
    """A finding for each solution that ships, as (function, place), and that no assignment asks for."""
    asked = _to_do(assignment, assignment.course.assignments)
    return [
        f"{where}: {name} has marks, and is in no assignment's todo: students get it solved; list it in "
        f"{assignment.where(assignment.settings)}, or delete its marks"
        for name, where in solved
        if not any(entries(name, todo) for todo in asked.values())
    ]


def _to_do(assignment: Assignment, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Assignment -> what is to do in it. Only settings are read: notebooks may be drafts."""
    course = assignment.course
    return {name: Settings(course.settings_of(name), course.root).texts("todo") for name in names}
