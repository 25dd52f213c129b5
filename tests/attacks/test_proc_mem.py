"""Read the grader's memory through /proc/<pid>/mem."""

CODE = """
def attack(pid, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(40).decode("latin-1")
"""


def test_stays_hidden(arena, victim, secret, may_trace):
    stops = ("bwrap", "landlock", "uid")
    arena.attack(CODE, victim.pid, victim.address, stops=stops, won=lambda text: secret in (text or ""))
