"""An endless loop."""

from autograder.sandbox.limits import Limits

CODE = """
import time

def attack():
    until = time.process_time() + 1  # "endless": of computing, however long it waits for a processor
    while time.process_time() < until:
        pass
    return "went on"
"""


def test_is_stopped(arena):
    seen = arena.attack(CODE, tight=Limits(call_seconds=0.3), won=lambda text: text == "went on")
    assert seen.error.kind == "limit"
    assert "stopped after 0.3 s: the call did not finish; look for an endless loop" in seen.error.message
    assert seen.error.frames[-1].function == "attack"
