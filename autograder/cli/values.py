"""What the value of an argument may be, refused by argparse in one sentence; what many verbs are about."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from autograder.errors import FolderError, GradebookError
from autograder.files import kind_of


def add_assignment(parser: argparse.ArgumentParser) -> None:
    """The assignment that a verb is about."""
    help = "the name of the assignment, which is its folder's below source/"
    parser.add_argument("assignment", metavar="ASSIGNMENT", help=help)


def add_hand_ins(parser: argparse.ArgumentParser) -> None:
    """The folder of a class."""
    help = "the hand-ins, a folder that holds <student>/… or <student>.zip"
    parser.add_argument("folder", type=given_path, metavar="DIR", help=help)


def whole(least: int | None = None) -> Callable[[str], int]:
    """A whole number, `least` or more."""
    what = "a whole number" if least is None else f"a whole number, {least} or more"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {what}, got {text!r}") from None
        if least is not None and value < least:
            raise argparse.ArgumentTypeError(f"expected {what}, got {text!r}")
        return value

    return read


def given_path(text: str) -> Path:
    """What a verb looks at itself. An empty text is a variable that a script has not set: it names no folder,
    though Path would take it for the one we are in."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got nothing")
    return Path(text)


def folder(text: str) -> Path:
    """A folder to read from."""
    found = kind_of(given_path(text))
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text}: expected a folder, got {found or 'none of this name'}")
    return Path(text)


def new_folder(text: str) -> Path:
    """A folder to write to; it may be there."""
    refuse_in_the_way(given_path(text))
    return Path(text)


def new_file(text: str) -> Path:
    """A file to write; it may be there."""
    refuse_in_the_way(given_path(text).parent)
    refuse_folder(Path(text))
    return Path(text)


def written(option: str, where: Path, folder: bool) -> None:
    """Of an option that names a file or a folder, whichever another one asks for. Raises FolderError where it
    cannot be written."""
    try:
        (new_folder if folder else new_file)(str(where))
    except argparse.ArgumentTypeError as error:
        raise FolderError(f"{option} {error}") from None


def refuse_in_the_way(wanted: Path) -> None:
    """Raises ArgumentTypeError where no folder can be made, for what lies there or above."""
    for place in (*reversed(wanted.parents), wanted):
        if not place.is_dir():
            if found := kind_of(place):
                what = f"{place}: expected a folder, got {found}, which is in its way"
                raise argparse.ArgumentTypeError(what)
            return


def refuse_folder(wanted: Path) -> None:
    """Raises ArgumentTypeError where a folder lies in a file's place."""
    if wanted.is_dir():
        raise argparse.ArgumentTypeError(f"{wanted}: expected a file, got a folder; name a file in it")


def address(text: str) -> str:
    """Of a Dask scheduler."""
    host, _, port = text.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(
            f"expected an address such as tcp://192.0.2.1:8786, as the scheduler prints it, got {text!r}"
        )
    return text


def gradebook(text: str) -> str:
    """A URL of SQLAlchemy; what it says is not shown, since it may hold a password. Empty: OUT's own."""
    if text:
        from autograder.gradebook.url import refuse_unusable  # SQLAlchemy takes a fifth of a second

        try:
            refuse_unusable(text)
        except GradebookError as error:
            raise argparse.ArgumentTypeError(str(error).removeprefix("--gradebook: ")) from None
    return text
