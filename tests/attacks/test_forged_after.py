"""Write a second reply behind the real one, for the next question."""

import pytest

from autograder.sandbox.faults import StudentError

CODE = """
from autograder.sandbox.line import Line

plain_send = Line.send

def send_twice(line, frame):
    plain_send(line, frame)
    plain_send(line, frame)

def attack():
    Line.send = send_twice
    return "right"

def not_written():
    raise NotImplementedError
"""


def test_is_not_taken_for_the_next(arena):
    with arena.student(CODE) as student:
        student.begin_case(seed=1)
        assert student.call("layers.attack") == "right"  # the reply to this is still sent once
        assert student.call("layers.attack") == "right"  # twice
        refused = "sent before anything was asked|an answer to something else"  # whichever is noticed first
        with pytest.raises(StudentError, match=refused) as caught:
            student.call("layers.not_written")
        student.begin_case(seed=2)
        with pytest.raises(StudentError) as honest:
            student.call("layers.not_written")
    assert caught.value.kind == "bad_reply"
    assert honest.value.kind == "not_implemented"
    arena.report("one reply to one request", "bad_reply: the answer cannot be used, and why")
