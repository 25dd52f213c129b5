"""Plant a .pth file that Python runs at its next start."""

import subprocess
import sys

CODE = """
def attack(folder):
    with open(folder + "/evil.pth", "w") as file:
        file.write("import sys; sys.stdout.write('planted ')\\n")
"""


def test_not_planted(arena, tmp_path):
    tmp_path.chmod(0o777)
    planted = tmp_path / "evil.pth"

    def runs(_):
        program = f"import site; site.addsitedir({str(tmp_path)!r})"
        return (
            "planted"
            in subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
        )

    arena.attack(
        CODE,
        str(tmp_path),
        stops=("bwrap", "landlock", "seccomp", "uid"),
        off=("rlimits",),
        won=runs,
        reset=lambda: planted.unlink(missing_ok=True),
    )
