"""What students have to write in a later assignment must not reach them solved in this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.course.assignment import Assignment
from autograder.course.settings import Settings
from autograder.errors import ReleaseError
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
    given = [name for module in modules if module.name in stripped for name in _given(module, stripped)]
    later = _to_do_later(assignment)
    ahead = {name: where for name in given for where, todo in later.items() if entries(name, todo)}
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


def _given(module: Module, stripped: Mapping[str, Stripped]) -> list[str]:
    """The functions of a module whose solutions students get."""
    taken = stripped[module.name].regions
    return list(dict.fromkeys(name for name, region in module.regions if (name, region) not in taken))


def _to_do_later(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """Later assignment -> what is to do in it. Only settings are read: notebooks may be drafts."""
    course = assignment.course
    later = course.assignments[course.assignments.index(assignment.name) + 1 :]
    return {name: Settings(course.settings_of(name), course.root).texts("todo") for name in later}
