"""One hand-in in memory.

`find` lists who handed in what, cheaply. `read` brings one hand-in into memory as a `Submission`: the
package's files, the notebooks and the trained models, each under the name the assignment gives it. Nothing
is dropped silently: whatever is unusual is a sentence in `Submission.problems`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.course import roster
from autograder.course.assignment import Assignment
from autograder.course.policy import utc
from autograder.errors import IntakeError
from autograder.files import opened
from autograder.intake import facts
from autograder.intake.archives import is_archive, is_foreign, is_hidden, odd, open_tree, stem
from autograder.intake.arrange import arrange
from autograder.intake.changed_names import BEHIND
from autograder.intake.facts import STAMP, Facts, time_of
from autograder.intake.handed_in import MAX_SENTENCE, Submission, limited, nothing
from autograder.intake.kinds import ARCHIVES, HEAD, Other, described
from autograder.intake.unpacked import read_files
from autograder.safe_text import shown

LONGEST_NAME = 255  # bytes that a file system lets a name have


@dataclass(frozen=True)
class Source:
    """Where one student's hand-in lies: a folder or an archive."""

    student: str
    path: Path
    aliases: tuple[str, ...] = ()  # other names of the package, in place of the assignment's
    facts: Facts | None = None  # what `autograder collect` knows about it
    folder: Path | None = None  # of the class, which holds the hand-in as it came
    refused: str = ""  # why nobody can tell which hand-in this is
    extension_days: float | None = None  # as the course's roster has it now; None where it says nothing


def find(folder: Path, assignment: Assignment, aliases: tuple[str, ...] = ()) -> list[Source]:
    """Every student's hand-in below `folder`, by student.

    `<student>/<assignment>/…`, `<student>/…`, and archives of either (`<student>.zip`,
    `<student>/<any>.zip`). A student who handed in other assignments only is left out.
    """
    if not folder.is_dir():
        raise IntakeError(
            f"{folder}: no such folder; give the folder that holds one folder or zip per student"
        )
    sources: dict[str, Source] = {}
    known = facts.load(folder, assignment.name)
    days = roster.extensions(assignment.course.roster, assignment.name)
    for entry in sorted(folder.iterdir()):
        if is_hidden(entry.name, assignment.course.data_folders):
            continue
        if entry.is_dir() or is_packed(entry):
            student = entry.name if entry.is_dir() else packed_by(entry.name)
            if odd(entry.name):
                continue  # named by `beside`
            if student in sources:
                first = sources[student]
                why = first.refused or f"both {first.path.relative_to(folder).parts[0]} and {entry.name}"
                sources[student] = replace(first, refused=why)
                continue
            place = place_of(entry, assignment)
            if place is None:
                continue
            later = days.get(student)
            sources[student] = Source(
                student, place, aliases, known.get(student), folder, extension_days=later
            )
    if not sources:
        raise IntakeError(
            f"{folder}: holds no student folders and no zips; expected <student>/… or <student>.zip"
        )
    return list(sources.values())


def place_of(entry: Path, assignment: Assignment) -> Path | None:
    """Where a student's folder or archive holds the hand-in; None if it holds other assignments only."""
    inner, assignments = entry / assignment.name, set(assignment.course.assignments)
    inside = _inside(entry) if entry.is_dir() else set()
    if inner.is_dir():  # what lies beside it may be the work itself
        data = assignment.course.data_folders
        return entry if any(not is_hidden(name, data) for name in inside - assignments) else inner
    return None if inside and inside <= assignment.others else entry


def packed_by(name: str) -> str:
    """The student by whose id an archive in the class's folder is called: `s001.zip (1)`, `s001.zip`."""
    base = name if len(name) <= LONGEST_NAME else ""  # each ending taken off reads the rest once more
    while (shorter := BEHIND.sub("", base)) and shorter != base and not is_archive(base):
        base = shorter
    return stem(base) if is_archive(base) else name


def is_packed(entry: Path) -> bool:
    """Whether a file is an archive, by its name or by its first bytes."""
    try:
        if entry.is_symlink() or not entry.is_file():
            return False
        with opened(entry) as file:
            return is_archive(entry.name) or described(file.read(HEAD)) in ARCHIVES
    except OSError:
        return is_archive(entry.name)


def beside(folder: Path, assignment: str = "") -> list[str]:
    """What lies in the class's folder and is nobody's hand-in, each with what to do."""
    found = []
    for entry in sorted(folder.iterdir()):
        if is_hidden(entry.name):
            continue
        if why := odd(entry.name):
            found.append(f"{shown(entry.name)}: {why}; rename it, or collect the hand-ins")
        elif entry.is_symlink() and not entry.exists():
            found.append(f"{shown(entry.name)}: a link to something that is not there; put the hand-in there")
        elif not entry.is_dir() and not is_packed(entry):
            closed = "an archive that cannot be opened; unpack it or"
            kind = closed if is_foreign(entry.name) else "no hand-in;"
            found.append(f"{shown(entry.name)}: {kind} put it into a folder named after its student")
    unmatched = folder / facts.HIDDEN / assignment / "unmatched"
    for room in sorted(unmatched.glob("[!.]*")) if assignment else ():
        found.append(
            f"{shown(room.name)}: handed in, and nobody on the roster; complete it and collect again"
        )
    return found


def source_of(folder: Path, student: str, place: Path, assignment: Assignment) -> Source:
    """One student's hand-in that lies at `place`, in the class's folder."""
    known = facts.load(folder, assignment.name)
    later = roster.extensions(assignment.course.roster, assignment.name).get(student)
    return Source(student, place, (), known.get(student), folder, extension_days=later)


def _inside(entry: Path) -> set[str]:
    """What a student's folder shows; nothing where it cannot be listed, which is said when it is read."""
    try:
        return {p.name for p in entry.iterdir() if not p.name.startswith(".")}
    except OSError:
        return set()


def read(source: Source, assignment: Assignment) -> Submission:
    """One hand-in as a `Submission`. An unreadable one comes back empty, with the reason in `unreadable`.

    What is known about it comes from the collector. Whatever claims to be such a fact inside the hand-in is
    a file that is not used.
    """
    student, aliases = source.student, source.aliases or assignment.intake.package_aliases
    known = source.facts or Facts()
    if source.refused:
        why = f"{source.refused} lie there; keep the one that counts, or let `autograder collect` choose"
        return empty(source, shown(why))
    try:
        handed_in, note = _time(source, assignment)
        files, unread, noted = _read(source, assignment)
        if not files and not unread:
            raise IntakeError(nothing(noted))
        if note:
            unread.pop(STAMP, None)
    except IntakeError as error:
        return empty(source, shown(str(error))[:MAX_SENTENCE])
    found = arrange(student, files, assignment, aliases, unread)
    extension = extension_of(source)
    late = assignment.late.in_words(handed_in, extension)
    problems = (*([late] if late else []), *note, *known.problems, *noted, *found.problems)
    return replace(
        found,
        problems=limited(problems),
        handed_in=handed_in.isoformat() if handed_in else "",
        extension_days=extension,
    )


def empty(source: Source, why: str, fault: str = "") -> Submission:
    """A hand-in of which nothing can be read. When it came is known all the same."""
    known = source.facts or Facts()
    return Submission(
        source.student,
        problems=known.problems,
        unreadable=why,
        fault=fault,
        handed_in=known.handed_in,
        extension_days=extension_of(source),
    )


def extension_of(source: Source) -> float:
    """Days: what is known now, else what the collector knew."""
    known = source.facts.extension_days if source.facts else 0.0
    return known if source.extension_days is None else source.extension_days


def _read(source: Source, assignment: Assignment) -> tuple[dict[str, bytes], dict[str, Other], list[str]]:
    """The files that count: as they came, unless somebody has changed what the collector wrote of them."""
    known, data = source.facts, assignment.course.data_folders
    files, unread, noted = read_files(open_tree(source.path), data)
    if known is None or source.folder is None:
        return files, unread, noted
    if facts.hash_of(files) != known.written:
        changed = "its files are not those that were collected; graded as they are now"
        unread.pop(STAMP, None)
        return files, unread, [changed, *noted]
    if known.unreadable:
        raise IntakeError(known.unreadable)
    as_it_came = facts.kept(source.folder, assignment.name) / source.student / known.hand_in / facts.FILES
    return read_files(open_tree(as_it_came), data)


def _time(source: Source, assignment: Assignment) -> tuple[datetime | None, tuple[str, ...]]:
    """When this was handed in, and where that is known from if not from the collector."""
    if source.facts is not None:
        noted = source.facts.handed_in
        return (utc(datetime.fromisoformat(noted)) if noted else None), ()
    if not assignment.intake.nbgrader_times:
        return None, ()
    when = stamp(source.path)
    return when, (f"the time is that of {STAMP}, as [intake] nbgrader_times says",) if when else ()


def stamp(folder: Path) -> datetime | None:
    """When this was handed in, from the file nbgrader keeps beside it; an empty one does not say. Raises
    IntakeError where it holds something else than a time."""
    path = folder / STAMP
    if not folder.is_dir() or not path.is_file() or path.is_symlink():
        return None
    with opened(path) as file:
        text = file.read(100).decode("utf-8", "replace").strip()
    if not text:
        return None
    when = time_of(text)
    if when is None:
        raise IntakeError(f"{STAMP}: expected a time such as 2026-02-01 12:00:00 UTC, got {text!r}")
    return when
