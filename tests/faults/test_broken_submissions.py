"""Thirty kinds of broken hand-in in one class: each costs itself, and nobody else anything."""

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_kit import NAME, RIGHT, Kit, notebook, records_of
from tests.small_kit import POINTS as CELLS

FULL, NOTHING, HUMAN = 4.0, 0.0, None  # points of `double`
Break = Callable[[Path], None]  # gets a right hand-in's folder


def code(text: str | bytes) -> Break:
    return lambda folder: write(folder / "cs_lib/layers.py", text)


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def nb(content: str | bytes) -> Break:
    return lambda folder: write(folder / "nb.ipynb", content)


def only_zip(data: bytes) -> Break:
    def replace(folder: Path) -> None:
        clear(folder)
        write(folder / "hand-in.zip", data)

    return replace


def clear(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def zipped(*entries: tuple[str, bytes], link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if link else 0
            archive.writestr(info, data)
    return buffer.getvalue()


def remove(*names: str) -> Break:
    def run(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return run


def moved(folder: Path) -> None:
    (folder / "my work").mkdir()
    (folder / "cs_lib").rename(folder / "my work/cs_lib")


def linked(folder: Path) -> None:
    (folder / "cs_lib/layers.py").unlink()
    (folder / "cs_lib/layers.py").symlink_to("/etc/passwd")


def pipe(folder: Path) -> None:
    (folder / "cs_lib/layers.py").unlink()
    os.mkfifo(folder / "cs_lib/layers.py")


def folder_for_a_file(folder: Path) -> None:
    (folder / "cs_lib/layers.py").unlink()
    (folder / "cs_lib/layers.py").mkdir()


GOOD_ZIP = zipped(("cs_lib/layers.py", RIGHT.encode()), ("nb.ipynb", notebook(CELLS).encode()))
TWICE = json.dumps({"cells": json.loads(notebook(CELLS))["cells"] * 2, "metadata": {}})

KINDS: dict[str, tuple[Break, float | None]] = {
    "right": (lambda folder: None, FULL),
    "empty folder": (clear, HUMAN),
    "file empty": (code(""), NOTHING),
    "syntax error": (code("def double(x:\n"), NOTHING),
    "tabs and spaces": (code("def double(x):\n\tif x:\n        return 2 * x\n"), NOTHING),
    "not UTF-8 in a comment": (code(b"# caf\xe9\n" + RIGHT.encode()), FULL),
    "Latin-1 that says so": (code(b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + RIGHT.encode()), FULL),
    "byte order mark": (code(b"\xef\xbb\xbf" + RIGHT.encode()), FULL),
    "null bytes": (code(b"\0" * 100), NOTHING),
    "binary": (code(bytes(range(256)) * 40), NOTHING),
    "Windows line ends": (code(RIGHT.replace("\n", "\r\n")), FULL),
    "merge conflict left": (code("<<<<<<< HEAD\n" + RIGHT), NOTHING),
    "import of what is not there": (code("import torch\n" + RIGHT), NOTHING),
    "raises on import": (code("raise RuntimeError('no')\n" + RIGHT), NOTHING),
    "exits on import": (code("raise SystemExit(0)\n" + RIGHT), NOTHING),
    "ends Python on import": (code("import os\nos._exit(0)\n" + RIGHT), NOTHING),
    "loops on import": (code("while True:\n    pass\n"), NOTHING),
    "loops for ever": (code(RIGHT.replace("return 2 * x", "while True: pass")), NOTHING),
    "recursion without end": (code(RIGHT.replace("return 2 * x", "return double(x)")), NOTHING),
    "takes all memory": (code(RIGHT.replace("return 2 * x", "return bytearray(1 << 40)")), NOTHING),
    "prints without end": (code(RIGHT.replace("return 2 * x", "print('x' * 10**7)\n    return 2 * x")), FULL),
    "returns a string": (code(RIGHT.replace("return 2 * x", "return 'four'")), NOTHING),
    "returns an object": (code(RIGHT.replace("return 2 * x", "return object()")), NOTHING),
    "returns itself inside itself": (
        code(RIGHT.replace("return 2 * x", "a = []\n    a.append(a)\n    return a")),
        NOTHING,
    ),
    "function renamed": (code(RIGHT.replace("def double", "def dubble")), NOTHING),
    "no package": (remove("cs_lib/layers.py"), NOTHING),
    "package moved": (moved, FULL),
    "notebook missing": (remove("nb.ipynb"), FULL),
    "notebook cut short": (nb(notebook(CELLS)[:200]), FULL),
    "notebook is a list": (nb("[]"), FULL),
    "notebook nested without end": (nb("[" * 100_000), FULL),
    "cells twice": (nb(TWICE), FULL),
    "cells of odd types": (nb('{"cells": [null, 3, {"source": 7}]}'), FULL),
    "link out of the hand-in": (linked, NOTHING),
    "named pipe": (pipe, NOTHING),
    "folder for a file": (folder_for_a_file, NOTHING),
    "good zip": (only_zip(GOOD_ZIP), FULL),
    "zip cut short": (only_zip(GOOD_ZIP[:-60]), HUMAN),
    "zip is text": (only_zip(b"I could not make a zip"), HUMAN),
    "zip is empty": (only_zip(b""), HUMAN),
    "zip climbs out": (only_zip(zipped(("../../cs_lib/layers.py", RIGHT.encode()))), HUMAN),
    "zip of links": (only_zip(zipped(("cs_lib/layers.py", b"/etc/passwd"), link=True)), HUMAN),
    "zip bomb": (only_zip(zipped(("cs_lib/layers.py", b"\0" * (70 << 20)))), HUMAN),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict], str]:
    home = tmp_path_factory.mktemp("broken")
    kit = Kit(home / "kit")
    kit.write_settings("[limits]\ncall_seconds = 1.0\n")
    for number, (break_it, _) in enumerate(KINDS.values()):
        kit.hand_in(f"s{number:03}")
        break_it(kit.submitted / f"s{number:03}")
    done = kit.grade(home / "out", "--json")
    assert done.returncode == 1, done.stderr  # some need review
    records = records_of(home / "out")
    students = [line["student"] for line in json.loads(done.stdout)["students"]]
    assert students == list(records) == [f"s{number:03}" for number in range(len(KINDS))]
    for student in students:
        assert (home / f"out/feedback/{student}.html").exists()
    assert NAME in (home / "out/grades.csv").read_text()
    return dict(zip(KINDS, records.values(), strict=True)), done.stderr


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(KINDS) >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_broken_hand_in_earns(graded: tuple[dict[str, dict], str], kind: str) -> None:
    records, complaints = graded
    grade = records[kind]["grades"]["double"]
    assert grade["points"] == KINDS[kind][1], (grade, records[kind]["problems"])
    assert (grade["state"] == "error") == (grade["points"] is None)
    assert "Traceback" not in complaints
    if grade["points"] is None:
        assert records[kind]["problems"]
    elif grade["points"] == 0:
        assert all(case["message"] for case in grade["cases"])
