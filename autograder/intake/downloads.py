"""Who handed in what, in a folder or zip as it came: an LMS's bulk download, nbgrader's layout, or plain.

    Canvas      lastfirst_LATE_12345_67890_name-1.zip     (user, then a number that grows with each upload)
    Moodle      Full Name_123456_assignsubmission_file_/…  (or …_file_name.zip, or Group A-Full Name_…)
    Gradescope  submission_12345/… beside submission_metadata.yml
    nbgrader    <student>/<assignment>/… with timestamp.txt
    plain       <student>/…, <student>.zip

Entries of several kinds may lie side by side. What is none of them is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from autograder import bounded
from autograder.course.assignment import Assignment
from autograder.course.roster import Roster, RosterEntry
from autograder.errors import IntakeError
from autograder.files import opened
from autograder.intake import archives
from autograder.intake.archives import (
    IGNORED_FOLDERS,
    FolderTree,
    Tree,
    ZipTree,
    is_archive,
    is_foreign,
    is_hidden,
    odd,
    stem,
)
from autograder.intake.facts import STAMP, time_of
from autograder.intake.unpacked import in_order, of_use

METADATA = "submission_metadata.yml"
MAX_DOWNLOAD_ENTRIES = 500_000
MAX_METADATA = 32 * 2**20
WORK = (".ipynb", ".py")

CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?:(?P<late>LATE)_)?(?P<user>\d+)_(?P<file>\d+)_(?P<original>.+)", re.S
)
MOODLE = re.compile(
    r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)", re.S
)
GROUP = re.compile(r"\d|\b(group|gruppe|groupe|grupo|gruppo|team|lab|section|tutorial)\b|\b[A-Z]$", re.I)
ADDED = re.compile(r"(?:-(?P<dash>\d{1,3})| ?\((?P<round>\d{1,3})\))\Z")


@dataclass(frozen=True)
class Person:
    """What a download says about a student."""

    ids: tuple[str, ...] = ()
    name: str = ""
    group: str = ""  # that handed in together, where the roster has such a group

    @property
    def names(self) -> list[str]:
        """The name, and what follows a group's in it: `Group A-Ada Lovelace`. What stands before a hyphen
        may be half of a double name, so it must look like a group."""
        found = [self.name]
        for at, sign in enumerate(self.name[:200] if self.group else ""):
            if sign == "-" and GROUP.search(self.name[:at]):
                found.append(self.name[at + 1 :].strip())
        return found

    def on(self, roster: Roster) -> list[RosterEntry]:
        """Who on the roster this is: one is a match, several are namesakes, none is a stranger."""
        return next(filter(None, (roster.match(self.ids, name) for name in self.names)), [])

    @property
    def label(self) -> str:
        return next((i for i in (*self.ids, self.name) if i), "nobody")


@dataclass(frozen=True)
class HandIn:
    """One hand-in as it came. `files` maps names inside it to names in `tree`."""

    where: str
    people: tuple[Person, ...]
    tree: Tree
    files: dict[str, str] = field(default_factory=dict)
    handed_in: datetime | None = None
    late: bool = False  # so marked by the LMS
    order: str = ""  # among hand-ins of one student that carry no time
    problems: tuple[str, ...] = ()
    refused: str = ""  # why nothing of it can be read


@dataclass
class Survey:
    """What a download holds."""

    kind: str = "plain"
    hand_ins: list[HandIn] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


@contextmanager
def survey(path: Path, assignment: Assignment) -> Iterator[Survey]:
    """The hand-ins of an assignment below `path`, to be read while this is open. Raises IntakeError where no
    such folder or zip is, or nothing in it is a hand-in."""
    if path.is_dir():
        tree: Tree = FolderTree(path, MAX_DOWNLOAD_ENTRIES)
        yield _Download(tree, path.name, assignment).survey(path)
    elif path.is_file() and path.suffix.lower() == ".zip":
        with opened(path) as file:
            tree = ZipTree(file, path.name, MAX_DOWNLOAD_ENTRIES)
            yield _Download(tree, path.name, assignment).survey(path)
    else:
        raise IntakeError(f"{path}: no such folder or zip; give the download, or a folder of hand-ins")


FROM_LMS = (
    "what Moodle, Canvas, Gradescope or nbgrader gave out, or a folder with a folder or zip for each student"
)


@dataclass
class _Download:
    """What is looked into, and what is found."""

    tree: Tree
    where: str
    assignment: Assignment
    found: Survey = field(default_factory=Survey)

    def survey(self, path: Path) -> Survey:
        found = self.found
        data = self.assignment.course.data_folders
        tops = IGNORED_FOLDERS | data
        names = [n for n in self.tree.names() if of_use(n, data) and n.split("/")[0] not in tops]
        metadata = min((n for n in names if n.split("/")[-1] == METADATA), key=len, default=None)
        if metadata is not None:
            found.kind = "Gradescope"
            self.gradescope(names, metadata)
        else:
            self.entries(names)
        found.noted += self.tree.noted
        if not found.hand_ins:
            noted = f" ({'; '.join(found.noted[:3])})" if found.noted else ""
            raise IntakeError(f"{path}: holds no hand-ins{noted}; give {FROM_LMS}")
        return found

    # Gradescope

    def gradescope(self, names: list[str], metadata: str) -> None:
        about = self._about(metadata)
        top = metadata.removesuffix(METADATA)
        folders = _by_top([n.removeprefix(top) for n in names if n.startswith(top) and n != metadata])
        for folder, files in folders.items():
            facts = about.get(folder)
            if not isinstance(facts, dict):
                self.found.noted.append(f"{self.where}: {folder} is not in {METADATA}; not used")
                continue
            when, listed = _fact(facts, "created_at"), _fact(facts, "submitters")
            people = (
                [_submitter(s) for s in listed if isinstance(s, dict)] if isinstance(listed, list) else []
            )
            hand_in = HandIn(
                f"{self.where}: {folder}",
                tuple(people) or (Person(name=folder),),
                self.tree,
                {f.removeprefix(f"{folder}/"): top + f for f in files},
                time_of(str(when)) if isinstance(when, str | datetime) else None,
                order=folder.rpartition("_")[2].zfill(20),
                problems=() if people else (f"{METADATA} names nobody for {folder}",),
            )
            self.found.hand_ins.append(hand_in)
        missing = [str(key) for key in about if key not in folders]
        self.found.noted += [
            f"{self.where}: {key} is in {METADATA}, but its files are not here" for key in missing
        ]

    def _about(self, metadata: str) -> dict[Any, Any]:
        import yaml  # type: ignore[import-untyped]  # comes with Jupyter; only this download needs it

        where = f"{self.where}: {metadata}"
        try:
            read = partial(yaml.safe_load, self.tree.read(metadata, MAX_METADATA))
            about = bounded.call(read, bounded.Bounds(seconds=600))
        except (bounded.Exceeded, yaml.YAMLError, ValueError, RecursionError) as error:
            raise IntakeError(f"{where}: not readable ({type(error).__name__}); download again") from None
        if not isinstance(about, dict):
            raise IntakeError(f"{where}: expected submissions, found none; download again")
        return about

    # all others, entry by entry

    def entries(self, names: list[str]) -> None:
        tops, prefix, found = _by_top(names), "", self.found
        while len(tops) == 1 and all("/" in n for n in names):
            top = next(iter(tops))
            inner = _by_top(n.removeprefix(f"{top}/") for n in names)
            if _is_marked(top) or not self._is_wrapping(inner):
                break
            prefix, names = f"{prefix}{top}/", [n.removeprefix(f"{top}/") for n in names]
            tops = inner
        canvas: dict[str, list[re.Match[str]]] = {}
        moodle: dict[str, list[HandIn]] = {}
        for top, files in tops.items():
            whole = {n: prefix + n for n in files}
            if is_hidden(top, self.assignment.course.data_folders):
                continue
            if why := odd(top):
                found.noted.append(f"{self.where}: {top!r} is not used: {why}")
            elif files == [top] and (match := CANVAS.fullmatch(top)):
                canvas.setdefault(f"{match['name']}_{match['user']}", []).append(match)
            elif match := MOODLE.fullmatch(top):
                moodle.setdefault(f"{match['name']}_{match['number']}", []).append(self._moodle(match, whole))
                found.kind = "Moodle"
            elif files == [top]:
                self._file(top, whole)
            else:
                found.hand_ins += self._folder(top, whole)
        found.hand_ins += [_together(parts) for parts in moodle.values()]
        for matches in canvas.values():
            found.hand_ins += self._canvas(prefix, matches)
            found.kind = "Canvas"

    def _is_wrapping(self, inner: dict[str, list[str]]) -> bool:
        """Whether the one folder at the top holds the students, and is not itself a student's."""
        if all(map(_is_marked, inner)):
            return True
        names = self.assignment.package, self.assignment.name, *self.assignment.intake.package_aliases
        own = {*names, "results", STAMP} & set(inner) or any(n.lower().endswith(WORK) for n in inner)
        return isinstance(self.tree, ZipTree) and not own

    def _moodle(self, match: re.Match[str], whole: dict[str, str]) -> HandIn:
        top, name, number = match.string, match["name"], match["number"]
        files = {n.removeprefix(f"{top}/"): place for n, place in whole.items()}
        if list(files) == [top]:  # a file with the whole mark in its name
            files = {match["rest"] or top: whole[top]}
        person = Person((f"{name}_{number}", number), name, group=name)
        return HandIn(f"{self.where}: {top}", (person,), self.tree, files, order=number.zfill(20))

    def _file(self, top: str, whole: dict[str, str]) -> None:
        about, noted = f"{self.where}: {top}", self.found.noted
        if is_archive(top):
            names = dict.fromkeys((stem(top), _versioned(stem(top))[0]))
            self.found.hand_ins.append(HandIn(about, (Person(tuple(names)),), self.tree, {top: whole[top]}))
        elif is_foreign(top):
            noted.append(f"{about} is not used: not a zip; ask for it again as one")
        elif top != STAMP:
            noted.append(f"{about} is not used: neither a student's folder nor an archive")

    def _folder(self, student: str, whole: dict[str, str]) -> Iterator[HandIn]:
        """A student's folder: nbgrader's, or one with the files, or one with a zip for each hand-in."""
        inside = {n.removeprefix(f"{student}/"): place for n, place in whole.items()}
        tops, name = _by_top(inside), self.assignment.name
        if name in tops and tops[name] != [name]:
            inside = {n.removeprefix(f"{name}/"): p for n, p in inside.items() if n.startswith(f"{name}/")}
        elif set(tops) & self.assignment.others and all("/" in n or n == STAMP for n in inside):
            self.found.noted.append(f"{self.where}: {student} has nothing for {name}")
            return
        stamp = inside.pop(STAMP, None) if self.assignment.intake.nbgrader_times else None
        when, problems = _stamped(self.tree, stamp)
        about = f"{self.where}: {student}"
        hand_in = HandIn(about, (Person((student,)),), self.tree, inside, when, problems=problems)
        if inside and all("/" not in n and is_archive(n) for n in inside):
            yield from self._versions(hand_in, [(n, place, "") for n, place in inside.items()])
        else:
            yield hand_in

    def _canvas(self, prefix: str, matches: list[re.Match[str]]) -> Iterator[HandIn]:
        name, user = matches[0]["name"], matches[0]["user"]
        person = Person((f"{name}_{user}", user), name)
        late = any(m["late"] for m in matches)
        hand_in = HandIn(f"{self.where}: {name}_{user}", (person,), self.tree, late=late)
        files = [(m["original"], prefix + m.string, m["file"].zfill(20)) for m in matches]
        yield from self._versions(hand_in, files)

    def _versions(self, hand_in: HandIn, files: list[tuple[str, str, str]]) -> Iterator[HandIn]:
        """One hand-in for each version of the files: `work.zip`, `work-1.zip`, `work (2).zip` are three.

        Files are (name, place, number of the upload). Files of different names belong together: the newest of
        each are one hand-in, those before them an earlier one.
        """
        # names that end as they should, and are no version of each other: `part-1.ipynb`, `part-2.ipynb`
        own = {f"{n.name}.ipynb" for n in self.assignment.notebooks}
        own |= {result.split("/")[-1] for result in self.assignment.results}
        by_base: dict[str, list[tuple[str, int, str, str]]] = {}  # upload, version, plain name, place
        there = {name.casefold() for name, _, _ in files}
        for name, place, upload in files:
            base, version = (name, 0) if name in own else _versioned(name)
            if version and base.casefold() not in there:
                base, version = name, 0  # nothing says that this is a second version of anything
            by_base.setdefault(base.casefold(), []).append((upload, version, base, place))
        for rank in range(max(map(len, by_base.values()), default=0)):
            chosen = [sorted(v)[-1 - rank] for v in by_base.values() if rank < len(v)]
            yield replace(
                hand_in,
                files={base: place for _, _, base, place in chosen},
                order=max(f"{upload or '0'}-{version:04}" for upload, version, _, _ in chosen),
            )


def _fact(facts: dict[Any, Any], key: str) -> Any:
    return facts.get(f":{key}", facts.get(key))


def _submitter(facts: dict[Any, Any]) -> Person:
    ids = (_fact(facts, "sid"), _fact(facts, "email"))
    return Person(tuple(str(i) for i in ids if i), str(_fact(facts, "name") or ""))


def _by_top(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by their first part."""
    tops: dict[str, list[str]] = {}
    for name in names:
        tops.setdefault(name.split("/")[0], []).append(name)
    return tops


def _is_marked(top: str) -> bool:
    return bool(CANVAS.fullmatch(top) or MOODLE.fullmatch(top))


def _together(parts: list[HandIn]) -> HandIn:
    """What one person handed in as text on Moodle's page, and as files, is one hand-in."""
    parts = sorted(parts, key=lambda p: p.where)
    files: dict[str, str] = {}
    for part in parts:
        for name, place in part.files.items():
            files[name if name not in files else f"{PurePosixPath(place).parts[-2]}/{name}"] = place
    return replace(parts[0], where=" and ".join(p.where for p in parts), files=files)


def _stamped(tree: Tree, stamp: str | None) -> tuple[datetime | None, tuple[str, ...]]:
    if stamp is None:
        return None, ()
    text = tree.read(stamp, 1000).decode("utf-8", "replace").strip()
    when = time_of(text)
    return when, () if when or not text else (f"{STAMP} holds {text[:60]!r}, which is no time",)


def placed(folder: Path, assignment: Assignment) -> HandIn:
    """A hand-in that lies at its place in nbgrader's layout, and the time that is beside it if it counts."""
    tree = FolderTree(folder)
    data, nbgrader_times = assignment.course.data_folders, assignment.intake.nbgrader_times
    files = {name: name for name in tree.names() if of_use(name, data)}
    when, problems = _stamped(tree, files.pop(STAMP, None) if nbgrader_times else None)
    where = f"{folder.parent.name}/{folder.name}, where it was"
    return HandIn(where, (Person((folder.parent.name,)),), tree, files, when, problems=problems)


def _versioned(name: str) -> tuple[str, int]:
    """A file's name without an added version, and that version: `work-1.zip` -> `work.zip`, 1.

    Canvas puts its number before the first dot (`my-1.work.zip`), browsers before the ending.
    """
    ending = len(stem(name)) if is_archive(name) else (name.rfind(".") if "." in name else len(name))
    for dot in dict.fromkeys((name.find(".") if "." in name else len(name), ending)):
        match = ADDED.search(name[:dot][-8:])
        base = name[:dot].removesuffix(match[0]) if match else ""
        if match and base:
            return base + name[dot:], int(match["dash"] or match["round"])
    return name, 0


def read_all(hand_in: HandIn, spend: Callable[[bytes], bytes]) -> dict[str, bytes]:
    """The files of a hand-in as they came, archives unopened; of a crowd one more than is looked at."""
    if hand_in.refused:
        raise IntakeError(hand_in.refused)
    names = in_order(hand_in.files)[: archives.MAX_ENTRIES + 1]
    return {name: spend(hand_in.tree.read(hand_in.files[name])) for name in names}
