"""What lies in folders that are passed over: what Jupyter saved, environments, data sets, what systems leave.

None of it is graded. But where a file itself is missing or is as it was given out, the work may lie there,
and a person is asked. Of other people's packages below `site-packages` and `node_modules` nothing is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.archives import IGNORED_FOLDERS, LIBRARIES, PRIVATE, REPOSITORY, Tree, is_archive
from autograder.intake.changed_names import MODEL, MODULE, NOTEBOOK, ending, likely
from autograder.intake.given import GivenCell, fingerprint, given, plain
from autograder.intake.handed_in import Submission
from autograder.intake.kinds import NUMBERS, SOURCE, TEXT, Other
from autograder.intake.notebook_files import HandedInCell, by_name, is_as_given, parsed

MARK = "-checkpoint"
PASSED_OVER = "in a folder that is passed over"  # as a kind of file
DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".pages", ".txt", ".md", ".tex", ".html", ".htm")
ABOUT_FILES = ("readme", "license")  # what tells of a data set is no answer
MAX_COMPARED = 200  # files of one hand-in that are read, to compare them


def origin(name: str, data: Collection[str] = ()) -> str:
    """The file that this may be, outside the folder that is passed over; empty if it is of no use. `data`
    are the folders of the course's data."""
    path = PurePosixPath(name)
    parts = path.parts[:-1]
    at = next((n for n, part in enumerate(parts) if part in IGNORED_FOLDERS or part in data), None)
    if at is None or path.name.startswith("._") or any(part in LIBRARIES for part in parts[at:]):
        return ""
    if name.endswith(REPOSITORY):
        return name
    own = PurePosixPath(*parts[:at], *parts[at + 1 :], path.stem.removesuffix(MARK) + path.suffix).as_posix()
    outer = len(parts) == at + 1 and parts[at] not in PRIVATE
    about = path.stem.lower().startswith(ABOUT_FILES)
    document = outer and not about and path.suffix.lower() in DOCUMENTS
    return own if ending(own) or document or (outer and is_archive(own)) else ""


def noted(tree: Tree, name: str, compared: int) -> Other:
    """Such a file, to compare. It counts for nothing, so no limit of the hand-in is spent on it."""
    if compared >= MAX_COMPARED:
        return Other(PASSED_OVER)  # like nothing that was given out
    try:
        print = _digest(name, tree.read(name)) if ending(name) else fingerprint(tree.head(name))
    except IntakeError:
        print = ""
    return Other(PASSED_OVER, print)


def suspects(
    found: Mapping[str, Other], submission: Submission, assignment: Assignment
) -> Iterator[tuple[str, Other]]:
    """Which of these files may be the work, and as what: of a file that is not there or untouched, and not
    the same. An archive or a repository may hold it where nothing was worked on, or much is missing."""
    known, package, notebooks = given(assignment), submission.package, submission.notebooks
    untouched = {p for p in known.package if known.lacks_work(p, package)}
    unread = {n for n in known.notebooks if n not in notebooks or is_as_given(n, notebooks[n], known)}
    nothing = len(untouched) == len(known.package) and len(unread) == len(known.notebooks)
    prints = {n: _of_cells(known.notebooks[n]) for n in unread}
    no_model = {PurePosixPath(r).name for r in assignment.results if r not in submission.results}
    for name, other in found.items():
        path = PurePosixPath(name)
        base = path.stem.removesuffix(MARK) + path.suffix
        kind = ending(base)
        if name.endswith(REPOSITORY) or is_archive(base):
            lacking = nothing if is_archive(base) else not package or len(notebooks) < len(known.notebooks)
            may_be = "" if lacking else None
        elif kind == MODEL:
            may_be = None if no_model.isdisjoint(likely(base)) else NUMBERS[0]
        elif kind == MODULE:
            places = [p for p in untouched if PurePosixPath(p).name in likely(base)]
            same = any(other.print == _digest(p, known.package[p].encode()) for p in places)
            may_be = SOURCE if places and not same else None
        elif kind == NOTEBOOK:
            as_given = prints.get(by_name(base, assignment.notebooks), other.print)
            may_be = None if other.print == as_given else TEXT
        else:
            may_be = None if known.is_other(name, other.print) else TEXT
        if may_be is not None:
            yield name, Other(may_be)


def _digest(name: str, data: bytes) -> str:
    """Of what stands in a file; of a notebook, without what a run left in it."""
    if ending(name) == NOTEBOOK:
        with suppress(IntakeError):
            return _of_cells(parsed(name, data))
    return _hashed(plain(data))


def _of_cells(cells: Iterable[HandedInCell | GivenCell]) -> str:
    return _hashed("\0".join(cell.spaced for cell in cells))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
