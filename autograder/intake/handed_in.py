"""One hand-in in memory, and what is said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.intake.archives import MAX_NOTED
from autograder.intake.written import WrittenAnswers
from autograder.safe_text import shown

MAX_SENTENCE = 500  # characters of one thing said


@dataclass(frozen=True)
class Submission:
    """One hand-in in memory. Paths are those of the assignment, not of the wrapping."""

    student: str
    package: dict[str, bytes] = field(default_factory=dict)  # "lib/shapes.py" -> text
    notebooks: dict[str, bytes] = field(default_factory=dict)  # "areas" -> JSON
    results: dict[str, bytes] = field(default_factory=dict)  # "results/areas.npz" -> bytes
    problems: tuple[str, ...] = ()
    unreadable: str = ""  # why nothing could be read at all
    fault: str = ""  # what went wrong on our side while it was read
    handed_in: str = ""  # ISO 8601 in UTC; empty if nobody knows
    extension_days: float = 0.0
    aliases: tuple[str, ...] = ()  # under which the package's own imports find it, with the bridge on
    answers: WrittenAnswers | None = None  # what is written in the notebooks
    # Grade id, or a trained model -> why a person must look.
    doubts: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Hash of what the record depends on: what was made of the hand-in, which the release and settings
        decide too. The time counts, for it is in the record."""
        total = hashlib.sha256()
        for part in (self.package, self.notebooks, self.results):
            for name, data in sorted(part.items()):
                total.update(f"{name}\0{len(data)}\0".encode() + data)
        doubts = sorted(self.doubts.items())
        written = self.answers or WrittenAnswers()
        answers = [sorted(part.items()) for part in (written.texts, written.doubts, written.broken)]
        about = [self.handed_in, self.extension_days, self.aliases, self.problems, doubts, answers]
        total.update(json.dumps(about).encode())
        return total.hexdigest()


def nothing(noted: Sequence[str]) -> str:
    """Why a hand-in without a file cannot be graded."""
    return "; ".join(("no file was handed in; ask whether the upload was the right one", *noted[:3]))


def limited(problems: Iterable[str]) -> tuple[str, ...]:
    """Problems each once, none without end, and not without number."""
    each = list(dict.fromkeys(shown(p)[:MAX_SENTENCE] for p in problems))
    more = [f"and {len(each) - MAX_NOTED} more of this kind"] if len(each) > MAX_NOTED else []
    return (*each[:MAX_NOTED], *more)
