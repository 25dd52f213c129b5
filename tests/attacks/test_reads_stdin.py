"""Wait for input that never comes."""

CODE = """
def attack():
    return input("Password: ")
"""


def test_there_is_none(arena):
    seen = arena.run(CODE)
    assert seen.error.kind == "raised"
    assert seen.error.message.startswith("EOFError: EOF when reading a line (no keyboard while grading")
    arena.report("/dev/null", seen)
