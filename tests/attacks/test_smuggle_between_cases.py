"""Remember one case's input for the next, in a global, in builtins and in NumPy."""

CODE = """
import builtins
import numpy as np

kept = []

def attack(value):
    before = (list(kept), getattr(builtins, "kept", None), getattr(np, "kept", None))
    kept.append(value)
    builtins.kept = np.kept = value
    return before
"""


def test_a_fresh_worker_knows_nothing(arena):
    def second(alone):
        files = {"cs_lib/layers.py": CODE.encode()}
        with arena.sandbox().submission(files) as student:
            student.begin_case(seed=1)
            student.call("layers.attack", 42)
            student.begin_case(seed=2, alone=alone)
            return student.call("layers.attack", 43)

    assert second(alone=False) == ([42], 42, 42)
    assert second(alone=True) == ([], None, None)
    arena.report("a new worker for each case, where asked for", "returned ([], None, None)")
