"""Leave through SystemExit and other exceptions that `except Exception` does not catch."""

import pytest

EXIT = """
import sys

def attack():
    sys.exit("no errors")
"""
OWN = """
class Gone(BaseException):
    pass

def attack():
    raise Gone("no errors")
"""
CHECK = """
try:
    attack()
except Exception:
    print("failed")
"""


@pytest.mark.parametrize("code", [EXIT, OWN, OWN.replace("Gone", "KeyboardInterrupt2")])
def test_is_a_failure(arena, naive, code):
    if "sys.exit" in code:
        with pytest.raises(AssertionError, match="no errors"):  # the naive grader ends without a word
            naive(code, CHECK)
    seen = arena.run(code)
    assert seen.error.kind == "raised"
    assert "no errors" in seen.error.message
    arena.report("the worker catches all", seen)
