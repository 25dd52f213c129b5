"""Reply with a pickle that runs code in whoever opens it."""

import pickle

CODE = """
import os
import pickle

class Evil:
    def __reduce__(self):
        return (eval, ("__import__('sys').__dict__.setdefault('owned', 'owned')",))

def attack():
    os.write(3, pickle.dumps(Evil()))
    return Evil()
"""


def test_is_not_opened(arena, naive):
    check = "import sys, io; import pickle; pickle.loads(pickle.dumps(Evil())); print(sys.owned)"
    assert naive(CODE, check) == "owned"
    assert "owned" not in vars(pickle)
    seen = arena.run(CODE)
    assert seen.error.kind == "bad_reply"
    assert "bytes that are no reply" in seen.error.message
    arena.report("no pickle", seen)
    arena.next_student_is_graded()
