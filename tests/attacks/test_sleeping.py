"""Sleep, using no processor time, until everyone has gone home."""

from autograder.sandbox.limits import Limits

CODE = """
import time

def attack():
    time.sleep(2)
    return "went on"
"""


def test_is_stopped(arena):
    seen = arena.attack(CODE, tight=Limits(call_seconds=0.3), won=lambda text: text == "went on")
    assert seen.error.kind == "limit"
