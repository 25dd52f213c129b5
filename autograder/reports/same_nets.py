"""Trained models that several students handed in: the same numbers, however the file was packed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograder.records.record import Record
from autograder.safe_text import listed

NET = re.compile(r"(?P<path>\S+): net (?P<print>[0-9a-f]{16})")  # what the case of a file that loads says
NAMED = 5  # others that a line names


class SameNets:
    """Collected record by record: a class is larger than memory."""

    def __init__(self) -> None:
        self._students: dict[tuple[str, str], list[str]] = {}  # (file, fingerprint) -> who

    def add(self, record: Record) -> None:
        for grade in record.grades.values():
            for case in grade.cases:
                net = NET.fullmatch(case.message) if case.outcome == "passed" else None
                if net:
                    self._students.setdefault((net["path"], net["print"]), []).append(record.student)

    def found(self) -> Mapping[str, Sequence[str]]:
        """Of each student whose nets others have too: in words, which and who."""
        paths: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (path, _), students in self._students.items():
            for student in students if len(students) > 1 else ():
                others = tuple(other for other in students if other != student)
                paths.setdefault((student, others), []).append(path)
        lines: dict[str, list[str]] = {}
        for (student, others), alike in paths.items():
            holds = "holds the same net" if len(alike) == 1 else "hold the same nets"
            text = f"{', '.join(alike)} {holds} as {listed(others, NAMED)}"
            lines.setdefault(student, []).append(text)
        return lines
