"""Wait for input that never comes."""

CODE = """
def attack():
    return input("Password: ")
"""


def test_there_is_none(arena):
    seen = arena.run(CODE)
    assert (seen.error.kind, seen.error.message) == ("raised", "EOFError: EOF when reading a line")
    arena.report("/dev/null", seen)
