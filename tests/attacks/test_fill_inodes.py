"""Use up the file system's inodes with empty files."""

CODE = """
def attack(folder):
    for number in range(500):
        open(f"{folder}/{number}", "w").close()
"""


def test_no_file_is_made(arena, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    room.chmod(0o777)

    def reset():
        for path in room.iterdir():
            path.unlink()

    arena.attack(
        CODE,
        str(room),
        stops=("bwrap", "landlock", "seccomp", "uid"),
        won=lambda _: any(room.iterdir()),
        reset=reset,
    )
