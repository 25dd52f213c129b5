"""All files of a hand-in, those in its archives too, within what one hand-in may take.

A crowd (another library, a thousand pictures) costs no work its place: what lies highest and in the smallest
folders is read first, and from a number on files are only counted, and a person is asked if something is
missing. More bytes than a hand-in may have refuse it whole.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from autograder.errors import IntakeError
from autograder.intake import archives, passed_over
from autograder.intake.archives import (
    IGNORED_FOLDERS,
    MAX_DEPTH,
    Budget,
    TooLarge,
    Tree,
    ignored,
    is_archive,
    is_foreign,
    open_archive,
    stem,
)
from autograder.intake.changed_names import ending
from autograder.intake.given import fingerprint
from autograder.intake.kinds import ARCHIVES, UNREAD, Other, kind, of_zip
from autograder.safe_text import briefly, shown

ENVIRONMENT = "pyvenv.cfg"  # lies at the top of one, whatever the folder is called
MANY = "files beyond those that are looked at"


def wanted(name: str) -> bool:
    """Whether a file may be part of a hand-in, by the name that it has or had."""
    return bool(ending(name)) or PurePosixPath(name).suffix.lower() == ".json"


def of_use(name: str, data: Collection[str] = ()) -> bool:
    """Whether a file is more than litter: part of a hand-in, or it may be if that is missing."""
    return not ignored(name, data) or bool(passed_over.origin(name, data))


def in_order(names: Iterable[str]) -> list[str]:
    """Names in the order in which they are read."""
    folder = {name: name.rpartition("/")[0] for name in names}
    count = Counter(folder.values())
    return sorted(folder, key=lambda name: (count[folder[name]] > archives.CROWD, name.count("/"), name))


def read_files(
    tree: Tree, data: Collection[str] = ()
) -> tuple[dict[str, bytes], dict[str, Other], list[str]]:
    """(all wanted files of a hand-in, also those in archives; the others and what each is; what was unusual).
    `data` are the folders of the course's data, which are passed over. Raises IntakeError where nothing of it
    can be read, or it is larger than a hand-in may be."""
    reading = _Unpacked(data=data)
    _read_into(tree, "", MAX_DEPTH, reading)
    if not reading.files and reading.faults:
        raise IntakeError(reading.faults[0])
    if reading.left:
        reading.others[MANY] = Other("")
        most = ", ".join(f"{briefly(f)}/" if f else "the top folder" for f, _ in reading.left.most_common(3))
        count = f"{sum(reading.left.values()):,} files, most in {most}"
        reading.noted.append(f"{count}, are not looked at; hand in notebooks, package and results only")
    return reading.files, reading.others, [shown(what) for what in reading.noted]


@dataclass
class _Unpacked:
    """What was found so far."""

    data: Collection[str]
    budget: Budget = field(default_factory=Budget)
    files: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, Other] = field(default_factory=dict)  # name -> what it is
    noted: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # of files that could not be read, also noted
    left: Counter[str] = field(default_factory=Counter)  # by folder, files that nobody looked at
    compared: int = 0  # files that were passed over


def _read_into(tree: Tree, below: str, depth: int, reading: _Unpacked) -> None:
    """Add what `tree` holds, as if it lay in the folder `below`. What cannot be read is named."""
    names = tree.names()
    taken = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    environments = _environments(names)
    for name in in_order(names):
        whole = below + name
        apart = next((e for e in environments if name.startswith(e)), "")
        seen = f"venv/{name.removeprefix(apart)}" if apart else whole
        try:
            if ignored(seen, reading.data):
                if passed_over.origin(seen, reading.data):
                    reading.others[whole] = passed_over.noted(tree, name, reading.compared)
                    reading.compared += 1
            elif not reading.budget.one_more(wanted(name)):
                reading.left[whole.rpartition("/")[0]] += 1
            elif wanted(name):
                reading.files[whole] = reading.budget.spend(tree.read(name))
            else:
                opened = name if stem(name) in taken else stem(name)
                taken.add(opened)
                _read_other(tree, name, below, opened, depth, reading)
        except TooLarge:
            raise
        except IntakeError as error:
            reading.others[whole] = Other(UNREAD)
            reading.faults.append(str(error))
            reading.noted.append(f"{whole} is not used: {str(error).removeprefix(f'{name}: ')}")
    reading.left.update(tree.left)
    reading.noted += tree.noted


def _environments(names: Iterable[str]) -> list[str]:
    """The folders, each with its slash, that hold an environment of Python under a name of their own."""
    tops = (name.removesuffix(ENVIRONMENT) for name in names if name.endswith(f"/{ENVIRONMENT}"))
    return [top for top in tops if not IGNORED_FOLDERS & set(top.split("/"))]


def _read_other(tree: Tree, name: str, below: str, opened: str, depth: int, reading: _Unpacked) -> None:
    """A file of no kind that is graded. Where it is an archive, by its content or by its name, what is in it
    counts as if it lay in the folder `opened`."""
    head = tree.head(name)
    whole, what = below + name, kind(head)
    reading.others[whole] = Other(what, fingerprint(head))
    closed = is_foreign(name) and what not in ARCHIVES  # its name says so, and nothing that it is one we open
    if not depth or closed or not (what in ARCHIVES or is_archive(name)):
        return
    inner = open_archive(io.BytesIO(reading.budget.spend(tree.read(name, archives.MAX_TOTAL_BYTES))), name)
    if known := of_zip(inner.names()):
        reading.others[whole] = Other(known)
        return
    # What breaks off half way is not taken by halves.
    apart = _Unpacked(reading.data, reading.budget, compared=reading.compared)
    _read_into(inner, f"{below}{opened}/", depth - 1, apart)
    del reading.others[whole]
    reading.files |= apart.files
    reading.others |= apart.others
    reading.noted += apart.noted
    reading.faults += apart.faults
    reading.left += apart.left
    reading.compared = apart.compared
