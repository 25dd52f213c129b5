"""Fill the disk with one large file."""

CODE = """
def attack(path):
    with open(path, "wb") as file:
        for _ in range(16):
            file.write(bytes(1 << 20))
"""


def test_no_room_is_taken(arena, tmp_path):
    tmp_path.chmod(0o777)
    big = tmp_path / "big"
    arena.attack(
        CODE,
        str(big),
        stops=("bwrap", "landlock", "seccomp", "rlimits", "uid"),
        won=lambda _: big.exists() and big.stat().st_size >= 16 << 20,
        reset=lambda: big.unlink(missing_ok=True),
    )
