"""Hook imports, and rewrite the modules of ours that run beside it, to change how others are graded."""

CODE = """
import sys

class Hook:
    def find_spec(self, name, path=None, target=None):
        raise ImportError("no more imports")

def attack():
    sys.meta_path.insert(0, Hook())
    for name in [n for n in sys.modules if n.startswith("autograder")]:
        module = sys.modules[name]
        for key in list(vars(module)):
            if not key.startswith("__"):
                setattr(module, key, None)
    return "done"
"""
CHECK = """
print(attack())
try:
    import difflib
except ImportError as error:
    print(error)
"""


def test_only_its_own_worker(arena, naive):
    assert "no more imports" in naive(CODE, CHECK)
    seen = arena.run(CODE)
    assert seen.error.kind in ("crash", "bad_reply")
    arena.report("a worker of its own", seen)
    arena.next_student_is_graded()
