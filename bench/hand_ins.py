"""Hand-ins for the benches: as many as asked for, of mixed quality, no two the same."""

import io
from pathlib import Path

import numpy as np

from autograder.course import assignment as course
from samples import make_class

NUDGE = 1e-4  # relative, of each number of a net
QUIET = ("s001", "s002", "s003", "s004", "s005", "s006", "s007", "s014", "s015")  # none waits for a limit


def write(folder: Path, count: int, assignment: str, kinds: tuple[str, ...] = QUIET) -> list[str]:
    """`count` students below `folder`; the kinds of `samples/class.toml` in turn, each with a comment
    in its modules and trained nets of its own."""
    about = make_class.read_class()
    loaded = course.load(assignment)
    files = {kind: make_class.hand_in(loaded, about[kind]) for kind in kinds}
    students = [f"b{number:06}" for number in range(count)]
    for number, student in enumerate(students):
        for name, data in files[kinds[number % len(kinds)]].items():
            path = folder / student / assignment / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".py"):
                data += f"\n# {student}\n".encode()
            elif name.endswith(".npz"):
                data = net_of_its_own(data, number)
            path.write_bytes(data)
    return students


def net_of_its_own(data: bytes, seed: int) -> bytes:
    """A saved net with every number changed in its fourth digit: as good, and no other's."""
    draw = np.random.default_rng(seed)
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name, array in arrays.items():
        if array.dtype.kind == "f":
            factor = 1 + NUDGE * draw.standard_normal(array.shape)
            arrays[name] = (array * factor).astype(array.dtype)
    changed = io.BytesIO()
    np.savez(changed, **arrays)
    return changed.getvalue()
