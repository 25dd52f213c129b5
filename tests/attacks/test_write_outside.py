"""Write a file outside."""

CODE = """
def attack(path):
    with open(path, "w") as file:
        file.write("I was here")
"""


def test_nothing_is_written(arena, tmp_path):
    tmp_path.chmod(0o777)
    mark = tmp_path / "mark.txt"
    arena.attack(
        CODE,
        str(mark),
        stops=("bwrap", "landlock", "seccomp", "uid"),
        off=("rlimits",),
        won=lambda _: mark.exists(),
        reset=lambda: mark.unlink(missing_ok=True),
    )
