"""Which excuses hold.

A case passes with wrong numbers if they are what the student's own functions give, since the mistake costs
points in the cells of those functions. Where it did not, the functions behave differently in this case than
when they are called alone, and nothing is excused.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Key = tuple[str, str]  # grade id, case id
Blamed = tuple[str, ...]  # functions, by their grade ids; one of them at least must have lost points

# Their edge cases (eps, test mode, shapes of gradients) lie on the way of every net that normalises.
EDGES_MATTER = ("batchnorm_", "layernorm_", "spatial_")
MAX_NAMED = 3  # functions that a message names


@dataclass(frozen=True)
class Seen:
    """What matters of a case here."""

    kind: str  # core | edge
    lost: bool


def unfounded(cases: Mapping[Key, Seen], excused: Mapping[Key, Collection[Blamed]]) -> dict[Key, Blamed]:
    """The excused cases that have to fail, each with the functions it blames without reason.

    A core case needs a core case lost by whom it blames, or any case of a normalisation. A case that is
    excused with reason counts as lost: the net blames spatial batch norm, which blames batch norm.
    """
    lost = {key for key, seen in cases.items() if seen.lost}
    waiting = {key: sorted(groups) for key, groups in excused.items() if groups and key not in lost}
    while True:
        held = {key for key, groups in waiting.items() if not _idle(cases, lost, key, groups)}
        if not held:
            break
        lost |= held
        waiting = {key: groups for key, groups in waiting.items() if key not in held}
    return {key: tuple(dict.fromkeys(_idle(cases, lost, key, groups))) for key, groups in waiting.items()}


def _idle(cases: Mapping[Key, Seen], lost: set[Key], key: Key, groups: Iterable[Blamed]) -> list[str]:
    """The functions of groups in which none has lost what this case needs."""
    strict = cases[key].kind == "core"
    charged = {
        grade_id
        for grade_id, case in lost
        if not strict or cases[grade_id, case].kind == "core" or grade_id.startswith(EDGES_MATTER)
    }
    return [name for group in groups if not charged & set(group) for name in group]


def told(blamed: Blamed, cells: Collection[str]) -> str:
    """Why the case failed, for the student; `cells` are all grade ids there are."""
    own = [name for name in blamed if name in cells]
    if not own:
        return (
            f"The result agrees with your {', '.join(blamed)}, but it is not right: what came with the "
            "assignment was changed. Put it back as it was given."
        )
    names, one = ", ".join(own) if len(own) <= MAX_NAMED else "own layers", len(own) == 1
    return (
        f"The result agrees with your {names}, but not with the right result, and "
        f"{'it' if one else 'they'} passed {'its' if one else 'their'} own checks: "
        f"{'it behaves' if one else 'they behave'} differently here than when called alone."
    )
