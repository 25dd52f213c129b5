"""Read the grader's environment and command line through /proc."""

CODE = """
def attack(pid):
    return open(f"/proc/{pid}/environ").read() + open(f"/proc/{pid}/cmdline").read()
"""


def test_stays_hidden(arena, victim, secret):
    stops = ("bwrap", "landlock")
    arena.attack(CODE, victim.pid, stops=stops, off=("uid",), won=lambda text: secret in (text or ""))
