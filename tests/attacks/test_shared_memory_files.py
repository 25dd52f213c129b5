"""Take memory that outlives the process, as files in /dev/shm."""

import secrets
from pathlib import Path

CODE = """
def attack(path):
    with open(path, "wb") as file:
        file.write(bytes(16 << 20))
"""


def test_none_is_taken(arena):
    place = Path("/dev/shm") / f"attack-{secrets.token_hex(4)}"
    try:
        arena.attack(
            CODE,
            str(place),
            stops=("bwrap", "landlock", "seccomp"),
            off=("rlimits",),
            won=lambda _: place.exists(),
            reset=lambda: place.unlink(missing_ok=True),
        )
    finally:
        place.unlink(missing_ok=True)
