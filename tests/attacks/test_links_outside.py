"""Make symbolic and hard links to hidden files where the grader may follow them."""

CODE = """
import os

def attack(target, folder):
    os.symlink(target, folder + "/soft")
    os.link(target, folder + "/hard")
"""


def test_none_is_made(arena, tmp_path, hidden_file):
    tmp_path.chmod(0o777)
    links = [tmp_path / "soft", tmp_path / "hard"]

    def reset():
        for link in links:
            link.unlink(missing_ok=True)

    arena.attack(
        CODE,
        str(hidden_file),
        str(tmp_path),
        stops=("bwrap", "landlock", "seccomp", "uid"),
        won=lambda _: any(link.is_symlink() or link.exists() for link in links),
        reset=reset,
    )
