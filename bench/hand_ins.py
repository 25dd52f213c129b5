"""Hand-ins for the benches: as many as asked for, of mixed quality, no two the same."""

from pathlib import Path

from autograder.course import assignment as course
from samples import make_class

QUIET = ("s001", "s002", "s003", "s004", "s005", "s006", "s007", "s014", "s015")  # none waits for a limit


def write(folder: Path, count: int, assignment: str, kinds: tuple[str, ...] = QUIET) -> list[str]:
    """`count` students below `folder`; the kinds of `samples/class.toml` in turn, each with a comment
    in its modules and trained nets of its own."""
    about = make_class.read_class()
    loaded = course.load(assignment)
    files = {kind: make_class.hand_in(loaded, about[kind]) for kind in kinds}
    students = [f"b{number:06}" for number in range(count)]
    for number, student in enumerate(students):
        for name, data in make_class.with_own_nets(files[kinds[number % len(kinds)]], number).items():
            path = folder / student / assignment / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".py"):
                data += f"\n# {student}\n".encode()
            path.write_bytes(data)
    return students
