"""What one check came to: outcome, message and property of a case, and whose fault it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from autograder.checks.checks import FINITE_HINT, CheckFailed
from autograder.errors import GradingError
from autograder.judge.check import Check
from autograder.records.record import CaseResult, Outcome
from autograder.sandbox.faults import SandboxError, StudentError
from autograder.sandbox.sandboxed_student import SandboxedStudent

PROPERTIES = {"import": "import", "missing": "missing"}  # of a student's error, by its kind; else "code"
OURS = (SandboxError, GradingError, MemoryError, OSError)  # never made by what a student's code returned


@dataclass(frozen=True)
class Came:
    """What a check came to. `strange`: an error in the grader itself, which may be anyone's fault."""

    case: CaseResult
    strange: bool = False


def run(check: Check, given: Mapping[str, Any], student: SandboxedStudent | None) -> Came:
    """Call a check with what it asks for. A text it returns is its message."""
    started = time.perf_counter()
    outcome, message, prop, strange = _outcome(check, {name: given[name] for name in check.wants}, student)
    failed = outcome == "failed"
    case = CaseResult(
        id=check.id,
        kind=check.kind,
        weight=check.weight,
        outcome=outcome,
        message=message,
        hint=check.hint if failed else "",
        property=prop,
        seconds=round(time.perf_counter() - started, 4),
        called=student.calls.about(message) if failed and student is not None else "",
    )
    return Came(case, strange)


def _outcome(
    check: Check, asked: Mapping[str, Any], student: SandboxedStudent | None
) -> tuple[Outcome, str, str, bool]:
    """Outcome, message, property, and whether the grader itself failed."""
    try:
        said = check.function(**check.given, **asked)
    except CheckFailed as error:
        return "failed", str(error), error.property, False
    except StudentError as error:
        return "failed", student_message(error), PROPERTIES.get(error.kind, "code"), False
    except pytest.skip.Exception as error:
        return "skipped", str(error), "", False
    except Exception as error:
        strange = student is not None and not isinstance(error, OURS)
        return "error", f"{type(error).__name__}: {error}", "", strange
    if student is not None and student.not_finite:
        said = f"{student.not_finite} gave NaN or an infinity, which no right result holds. {FINITE_HINT}"
        return "failed", said, "value", False
    return "passed", said if isinstance(said, str) else "", "", False


def students_fault(came: Came, check: Check, is_sound: Callable[[Check], bool]) -> CaseResult:
    """A check that broke over what the code returned, though it is sound, failed."""
    case = came.case
    if not came.strange or not is_sound(check):
        return case
    kind = case.message.partition(":")[0]
    message = (
        f"What the code gave could not be compared with the right result ({kind}): it has another form. "
        "Return plain numbers and NumPy arrays, as many and in the shapes that the docstring states."
    )
    return replace(case, outcome="failed", message=message, property="type", hint=check.hint)


def student_message(error: StudentError) -> str:
    """A student's own error as they would see it: the message, then their own lines."""
    frames = [f"  {f.file} line {f.line}, in {f.function}: {f.source}".rstrip(": ") for f in error.frames]
    return "\n".join([error.message, *frames])
