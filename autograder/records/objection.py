"""A student's objection to points, and the reply to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Objection:
    id: int
    at: str
    student: str
    grade_id: str  # empty: about the whole assignment
    text: str
    reply: str  # empty: none yet
    who: str
    replied: str  # when, and so a version of the reply: two people who answer at once are asked
