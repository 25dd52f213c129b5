"""Cases in which a worker came to an end that others than the student's code may have brought about.

A crash, no memory, a call that sleeps: the code may do that, and so may a machine in trouble. Such a case is
run again alone, in a worker in which nothing else has run and beside another one that only has to live. The
same end once more, while the other lives on, is the code's own; anything else is not. See `Session._late` and
`Session._died` for ends that are never the code's.
"""

from collections.abc import Callable
from dataclasses import replace

from autograder.judge.outcomes import Came
from autograder.sandbox.faults import SandboxError
from autograder.sandbox.running import Running
from autograder.sandbox.sandboxed_student import SandboxedStudent

Once = Callable[[bool], Came]  # run the check, alone or not


def settled(student: SandboxedStudent, once: Once) -> Came:
    """What a check came to, once it is certain whose doing it is."""
    came = once(False)
    first = student.doubt
    if not first or came.case.outcome != "failed":
        return came
    try:
        witness = Running(student.sandbox, {}, student.package)
    except SandboxError as error:
        return _unsettled(came, f"{first}; {error}")
    try:
        again = once(True)
        second = student.doubt
        if not second or again.case.outcome != "failed":
            return again
        if second == first and _lives(witness):
            student.shown()
            return again
        return _unsettled(again, f"{first}, then {second}")
    finally:
        witness.stop()


def _lives(witness: Running) -> bool:
    try:
        witness.set_up("asked")
    except SandboxError:
        return False
    return True


def _unsettled(came: Came, ends: str) -> Came:
    message = f"a worker came to an end that may not be the code's doing ({ends})"
    return Came(replace(came.case, outcome="error", message=message, hint="", property="", called=""))
