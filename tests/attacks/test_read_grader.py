"""Open a hidden grader's file."""

CODE = """
def attack(path):
    with open(path) as file:
        return file.read()
"""


def test_stays_hidden(arena, hidden_file, secret):
    stops = ("bwrap", "landlock", "uid")
    seen = arena.attack(CODE, str(hidden_file), stops=stops, won=lambda text: secret in (text or ""))
    assert seen.error.kind == "raised"
    assert str(hidden_file) in seen.error.message
