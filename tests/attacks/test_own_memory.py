"""Search frames, the garbage collector and loaded modules for the expected value."""

CODE = """
import gc
import sys

def attack(begins_with):
    found, seen, todo = [], set(), [sys.modules, *gc.get_objects()]
    frame = sys._getframe()
    while frame is not None:
        todo += [frame.f_locals, frame.f_globals]
        frame = frame.f_back
    while todo and len(seen) < 300_000:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is str and value.startswith(begins_with) and value != begins_with:
            found.append(value)
        elif type(value) in (list, tuple, set):
            todo += list(value)
        elif type(value) is dict:
            todo += [*value, *value.values()]
    return found
"""
CHECK = """
def grade(answer):
    expected = "answer-" + "of-the-grader"
    return attack("answer-")
print(grade(None))
"""


def test_nothing_is_there(arena, secret, naive):
    assert "answer-of-the-grader" in naive(CODE, CHECK)
    seen = arena.run(CODE, "answer-")
    assert seen.value == []
    arena.report("answers stay with the judge", seen)
