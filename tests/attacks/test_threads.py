"""Start threads, to use more processors or to go on after the call."""

CODE = """
import threading

def attack():
    ran = []
    thread = threading.Thread(target=lambda: ran.append(True))
    thread.start()
    thread.join()
    return ran
"""


def test_no_thread(arena):
    seen = arena.attack(CODE, stops=("seccomp",), won=lambda ran: ran == [True])
    text = "RuntimeError: can't start new thread (no threads while grading: compute in one)"
    assert seen.error.message == text
