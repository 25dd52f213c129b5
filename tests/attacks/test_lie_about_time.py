"""Lie about the time it took."""

CODE = """
import time

really = time.sleep
start = time.perf_counter()
for name in ("time", "monotonic", "perf_counter", "process_time"):
    setattr(time, name, lambda: start)

def attack():
    really(0.5)
    return "done"
"""
CHECK = """
before = time.perf_counter()
attack()
print(time.perf_counter() - before < 0.1)
"""


def test_the_judge_has_its_own_clock(arena, naive):
    assert naive(CODE, CHECK) == "True"
    with arena.student(CODE) as student:
        student.begin_case(seed=1)
        student.call("layers.attack")
        first = student.total_seconds
        student.call("layers.attack")
        assert student.total_seconds > first + 0.1  # less what the judge was held up itself
        arena.report("the judge's clock", "the time it took")
