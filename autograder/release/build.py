"""Build what students get: `release/<assignment>/` through nbgrader, and a zip that works on its own."""

import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.course.course import FILE, find
from autograder.errors import CourseError, ReleaseError
from autograder.files import contents_below, files_below, packed
from autograder.safe_text import plural

Tell = Callable[[str], None]


@dataclass(frozen=True)
class ReleaseResult:
    """What was built."""

    assignment: Assignment
    folder: Path
    archive: Path
    files: tuple[str, ...]

    def __str__(self) -> str:
        where = self.assignment.where
        return (
            f"{where(self.folder)}/ with {plural(len(self.files), 'file')}, "
            f"{plural(len(self.assignment.todo), 'thing')} to do in {self.assignment.package} and "
            f"{self.assignment.max_points:g} points; {where(self.archive)}, "
            f"{self.archive.stat().st_size / 1e6:.1f} MB"
        )


def tell(message: str) -> None:
    """Progress, on stderr."""
    print(message, file=sys.stderr, flush=True)


def build(name: str, root: Path | None = None, progress: Tell = tell) -> ReleaseResult:
    """Build the release of an assignment. The gradebook is neither read nor written.

    The release that is there stays until the new one is complete, and stays if the new one is refused.

    Raises:
        CourseError: the assignment's settings or notebooks do not load.
        ReleaseError: the release is refused; the message says where and why.
    """
    assignment = course.load(name, root)
    building = assignment.release_folder.parent / f".building-{name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        progress(
            f"{name}: stripping {plural(len(assignment.notebooks), 'notebook')} and {assignment.package}"
        )
        fresh = building / name
        _generate(assignment, building)
        progress(f"{name}: packing the zip")
        archive = archive_path(assignment)
        write_archive(assignment, fresh, building / archive.name)
        _replace_folder(fresh, assignment.release_folder, building / "old")
        os.replace(building / archive.name, archive)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    files = tuple(_files_in(assignment.release_folder))
    return ReleaseResult(assignment, assignment.release_folder, archive, files)


def differences(assignment: Assignment) -> tuple[int, list[str]]:
    """Build a release that is thrown away: how many files are as they lie there, and a sentence on each that
    is not, or on what `release` would refuse."""
    building = assignment.release_folder.parent / f".building-{assignment.name}-anew"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _generate(assignment, building)
        _data(assignment)
        fresh = contents_below(building / assignment.name, building)
        there = contents_below(assignment.release_folder, assignment.release_folder.parent)
    except (CourseError, ReleaseError) as error:
        return 0, [str(error)]
    finally:
        shutil.rmtree(building, ignore_errors=True)
    other = [name for name, content in fresh.items() if there.get(name) != content]
    # Grading the release says that there is none.
    return len(fresh) - len(other), [differs(f"release/{name}") for name in other if there]


def differs(where: str) -> str:
    return f"{where}: expected what the course builds now, got something else; run `autograder release`"


def archive_path(assignment: Assignment) -> Path:
    return assignment.release_folder.parent / f"{assignment.name}.zip"


def write_archive(assignment: Assignment, folder: Path, target: Path) -> None:
    """Zip a release with the data, under one top folder, to the same bytes each time."""
    entries = {name: folder / name for name in _files_in(folder)} | _data(assignment)
    target.write_bytes(packed({f"{assignment.name}/{name}": path for name, path in entries.items()}))


def _data(assignment: Assignment) -> dict[str, Path]:
    """The files that every release carries, by their path in the course."""
    entries: dict[str, Path] = {}
    for pattern in assignment.course.data:
        matched = sorted(assignment.root.glob(pattern))
        for path in filter(assignment.course.hides, matched):
            raise ReleaseError(
                f"{FILE}: data: {pattern}: expected files that students may read, got "
                f"{assignment.where(path)}; keep data in a folder apart, and name it"
            )
        found = [path for path in matched if path.is_file()]
        if matched and not found:
            raise ReleaseError(
                f"{FILE}: data: {pattern}: expected files to pack with the release, got the folder "
                f"{assignment.where(matched[0])}; name its files, as in {assignment.where(matched[0])}/*"
            )
        if not found:
            raise ReleaseError(
                f"{FILE}: data: expected files to pack with the release at {pattern}, found none; "
                "restore them, or take the entry out"
            )
        entries |= {assignment.where(path): path for path in found}
    return entries


def write_archive_after(assignment: str, notebooks: list[str], **_: Any) -> None:
    """nbgrader's hook after a release typed in a shell or clicked in formgrader: its zip."""
    loaded = course.load(assignment, find(Path(notebooks[0]).parent))
    if all((loaded.release_folder / f"{notebook.name}.ipynb").is_file() for notebook in loaded.notebooks):
        write_archive(loaded, loaded.release_folder, archive_path(loaded))


def _files_in(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in files_below(folder)]


def _replace_folder(fresh: Path, target: Path, aside: Path) -> None:
    if target.exists():
        os.rename(target, aside)
    try:
        os.rename(fresh, target)
    except OSError:
        if aside.exists():
            os.rename(aside, target)
        raise


def _generate(assignment: Assignment, building: Path) -> None:
    """Run nbgrader's own conversion with this course's settings, into `building`."""
    from nbgrader.converters import GenerateAssignment, NbGraderException  # slow to import
    from nbgrader.coursedir import CourseDirectory

    class Generate(GenerateAssignment):
        """Remembers why it failed: nbgrader itself only logs that."""

        failure: Exception | None = None

        def convert_single_notebook(self, notebook_filename: str) -> None:
            try:
                super().convert_single_notebook(notebook_filename)
            except Exception as error:
                self.failure = error
                raise

    config = _settings(assignment, building)
    silent = logging.Logger("nbgrader")  # not the shared one: it swallows nbgrader's tracebacks
    silent.addHandler(logging.NullHandler())
    converter = Generate(coursedir=CourseDirectory(config=config), config=config, log=silent)
    try:
        converter.start()
    except NbGraderException as error:
        cause = converter.failure
        if isinstance(cause, ReleaseError | CourseError):
            raise cause from None
        reason = f"{type(cause).__name__}: {cause}" if cause else str(error)
        raise ReleaseError(
            f"source/{assignment.name}: nbgrader could not convert it: {reason}; correct the notebook"
        ) from cause


def _settings(assignment: Assignment, building: Path) -> Any:
    """The course's nbgrader settings, turned to `building` and away from the gradebook."""
    from traitlets.config import Config

    from autograder.release import nbgrader_settings

    config = Config()
    nbgrader_settings.configure(config)
    nbgrader_settings.add_own(config, assignment.course)
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    config.GenerateAssignment.post_convert_hook = None
    config.CourseDirectory.root = str(assignment.root)
    config.CourseDirectory.assignment_id = assignment.name
    config.CourseDirectory.release_directory = assignment.where(building)
    return config
