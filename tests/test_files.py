"""Nothing that a person or a run may put in a file's place is waited for."""

import ast
import contextlib
import os
import socket
from pathlib import Path

import pytest

from autograder.cli.codes import USAGE
from autograder.cli.main import main
from autograder.course import roster
from autograder.errors import ExportError, RecordError, ReviewError, RosterError
from autograder.files import OddFileError, opened, text_of, whole
from autograder.gradebook.graded import Graded, unclaimed
from autograder.records import record
from autograder.records.store import Store
from autograder.reports import canvas
from autograder.runs import review

ENGINE = Path(__file__).parents[1] / "autograder"
READS = {"open", "read_text", "read_bytes"}
# What reads in its own way: its files are the kit's own, the kernel's, a temporary folder's, or are written.
ALLOWED = {
    "answers/labelled.py": "written, after it was read by `whole`",
    "authoring/new.py": "the kit's templates",
    "bounded.py": "the null device",
    "bridge/export.py": "written, where a pipe may be wanted",
    "bridge/page.py": "the kit's and nbgrader's templates",
    "cli/streams.py": "the null device",
    "files.py": "the one that does it",
    "gradebook/nbgrader_tables.py": "nbgrader's own",
    "inherited.py": "the kernel's",
    "intake/archive_of_hand_ins.py": "written, where nothing is yet",
    "intake/archives.py": "a file of an open archive; one of a hand-in, opened without waiting",
    "judge/digests.py": "the kit's own and the graders",
    "judge/imported.py": "what pip wrote of the installed packages",
    "mutants/campaign.py": "written, after it was read by `text_of`",
    "pipelines/gradescope_zip.py": "the kit's templates",
    "pipelines/kit_wheel.py": "the kit's own metadata",
    "records/store.py": "the lock, opened without waiting",
    "reports/class_report.py": "the kit's templates",
    "release/student_tool.py": "the kit's own",
    "release/work.py": "the student's tool, which is one file and has no engine",
    "runs/git_hosts.py": "a temporary folder's",
}
APART = ("graders", "sandbox")  # the course's own; what runs beside the student's code, on its own files
OTHERS = ("self", "room")  # whose `open` opens no file


def bare_reads(path: Path) -> bool:
    """Whether a module opens a file by itself."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {f.id for f in calls if isinstance(f, ast.Name)}
    methods = [f for f in calls if isinstance(f, ast.Attribute) and ast.unparse(f.value) not in OTHERS]
    return bool((names | {f.attr for f in methods}) & READS)


def test_files_are_read_by_the_one_helper() -> None:
    modules = {p.relative_to(ENGINE).as_posix(): p for p in sorted(ENGINE.rglob("*.py"))}
    found = {name for name, path in modules.items() if name.split("/")[0] not in APART and bare_reads(path)}
    assert found == set(ALLOWED)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.csv")
    return tmp_path / "pipe.csv"


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n\xff")
    assert whole(path) == b"\xef\xbb\xbfa\r\nb\rc\n\xff"
    assert text_of(path, encoding="utf-8-sig", errors="replace") == "a\nb\nc\n\ufffd"
    with opened(path) as file:
        assert file.read(3) == b"\xef\xbb\xbf"


def test_what_is_no_ordinary_file_is_refused(pipe: Path, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path), socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")  # its name may not be long
        for odd in (pipe, Path("/dev/zero")):
            with pytest.raises(OddFileError, match="is no ordinary file"):
                whole(odd)
        with pytest.raises(OSError, match="socket"):
            whole(tmp_path / "socket")
    with pytest.raises(IsADirectoryError):
        whole(tmp_path)


def test_pipes_that_a_person_names_are_refused(
    pipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RosterError, match=r"expected a CSV in UTF-8, got: .*is no ordinary file"):
        roster.read(pipe)
    with pytest.raises(RosterError, match="is no ordinary file"):
        roster.read_times(pipe)
    with pytest.raises(ExportError, match="is no ordinary file"):
        canvas.read(pipe)
    with pytest.raises(ReviewError, match="is no ordinary file"):
        review.take_objections(Graded(None, tmp_path), pipe)  # type: ignore[arg-type]
    for option in ("--times", "--git", "--roster"):
        given = ["collect", "assignment1", str(tmp_path), "--to", str(tmp_path / "to"), option, str(pipe)]
        assert main(given) == USAGE
        assert "is no ordinary file" in capsys.readouterr().err


def test_pipes_among_results_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("unclaimed.json", "s001.json", ".lock"):
        os.mkfifo(tmp_path / name)
    assert unclaimed(tmp_path) == []
    with pytest.raises(RecordError, match="no ordinary file; delete it and grade again"):
        record.load(tmp_path / "s001.json")
    with Store(tmp_path).locked():
        pass
