"""Look for other students' work and read it."""

CODE = """
import glob

def attack(folder):
    return [open(path).read() for path in glob.glob(folder + "/**/*.py", recursive=True)]
"""


def test_stays_hidden(arena, tmp_path, secret):
    other = tmp_path / "ann" / "cs_lib"
    other.mkdir(parents=True)
    (other / "layers.py").write_text(f"# {secret}")
    won = lambda texts: any(secret in text for text in texts or ())  # noqa: E731
    arena.attack(CODE, str(tmp_path), stops=("bwrap", "landlock", "uid"), won=won)
