"""Recursion without end in Python."""

CODE = """
def attack(depth=0):
    return attack(depth + 1)
"""


def test_is_reported(arena):
    seen = arena.run(CODE)
    assert seen.error.kind == "raised"
    assert "RecursionError: maximum recursion depth exceeded" in seen.error.message
    assert 0 < len(seen.error.frames) <= 8
    arena.report("Python", seen)
