"""An endless loop that ignores every signal and swallows every exception."""

from autograder.sandbox.limits import Limits

CODE = """
import signal
import time

def attack():
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    until = time.monotonic() + 4  # it is killed after 1.3 s, or later by what the judge is held up
    while time.monotonic() < until:
        try:
            time.sleep(0.01)
        except BaseException:
            pass
    return "went on"
"""


def test_is_killed(arena):
    seen = arena.attack(CODE, tight=Limits(call_seconds=0.3), won=lambda text: text == "went on")
    assert seen.error.kind == "limit"
    assert "look for an endless loop" in seen.error.message
