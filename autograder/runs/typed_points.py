"""Points typed in formgrader, when other answers take the place of those they were given to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autograder.answers.groups import digest
from autograder.course.assignment import Assignment
from autograder.records.record import Record


def note_typed(
    url: Callable[[], str], assignment: Assignment, changes: Iterable[tuple[Record | None, Record]]
) -> None:
    """Write down in the gradebook for which answers they were given, before the records of before are gone.
    Raises GradebookError: it is locked, read-only or gone."""
    earlier: dict[str, dict[str, str]] = {}
    for before, after in changes:
        for grade_id, text in before.answers.items() if before is not None else ():
            if text != after.answers.get(grade_id, ""):
                earlier.setdefault(grade_id, {})[after.student] = digest(text)
    if earlier:
        from autograder.gradebook.book import Gradebook  # nbgrader takes a second to import

        with Gradebook(url(), assignment) as book:
            book.note_typed(earlier)
