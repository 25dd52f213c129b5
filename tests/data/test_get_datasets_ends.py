"""How get_datasets.py ends when the disk is full, when it is stopped or killed, and on wrong usage."""

import errno
import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import download
import get_datasets
import pytest
import standin
from standin import ARCHIVE, FILES, is_whole, names_in

ROOT = Path(__file__).resolve().parents[2]
PART = "cifar-10-binary.tar.gz.part"
HALF = len(ARCHIVE) // 2


def run(folder, *argv):
    return get_datasets.main(list(argv), folder)


# Disk full, stopped, killed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_disk_during_the_download(folder, server, capsys):
    standin.write_full(folder, FILES)
    (folder / PART).symlink_to("/dev/full")
    assert run(folder, "--url", server.url, "--force") == 1
    err = capsys.readouterr().err
    assert "no space left on the disk of " in err
    assert "free about 400 MB" in err
    assert is_whole(folder)


def test_a_full_disk_while_the_files_are_written(folder, server, capsys, monkeypatch):
    def no_space(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    standin.write_full(folder, FILES)
    monkeypatch.setattr(get_datasets, "flush", no_space)
    assert run(folder, "--url", server.url, "--force") == 1
    assert "no space left on the disk of " in capsys.readouterr().err
    assert is_whole(folder)
    assert names_in(folder) == [PART, "full", "sums.json"]

    monkeypatch.undo()
    server.ranges.clear()
    assert run(folder, "--url", server.url, "--force") == 0
    assert server.ranges == []


def test_a_rename_that_fails_brings_the_old_data_back(folder, server, capsys, monkeypatch):
    rename = Path.rename

    def refuse(path, target):
        if path.name == "full-new.part":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return rename(path, target)

    standin.write_full(folder, FILES)
    monkeypatch.setattr(Path, "rename", refuse)
    assert run(folder, "--url", server.url, "--force") == 1
    assert "check that " in capsys.readouterr().err
    assert is_whole(folder)
    assert names_in(folder) == [PART, "full", "sums.json"]


def test_a_run_killed_between_the_renames_is_corrected_by_the_next(folder, capsys):
    standin.write_full(folder, FILES)
    (folder / "full").rename(folder / "full-old.part")
    (folder / "full-new.part").mkdir()
    assert run(folder, "--url", "http://127.0.0.1:9/none") == 0
    assert "complete already" in capsys.readouterr().out
    assert is_whole(folder)


def test_a_stopped_run_keeps_its_bytes_and_the_old_data(folder, server):
    for name in ("get_datasets.py", "download.py"):
        shutil.copy(ROOT / "datasets" / name, folder)
    standin.write_full(folder, FILES)
    server.hangs_after = HALF
    command = [sys.executable, str(folder / "get_datasets.py"), "--url", server.url, "--force"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while download.size_of(folder / PART) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.terminate()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "interrupted; run this again to go on" in err
    assert "Traceback" not in err
    assert out == ""
    assert is_whole(folder)
    kept = (folder / PART).read_bytes()
    assert kept
    assert ARCHIVE.startswith(kept)

    server.hangs_after = None
    assert run(folder, "--url", server.url, "--force") == 0
    assert server.ranges[-1] == f"bytes={len(kept)}-"
    assert is_whole(folder)


def test_two_runs_at_once_are_refused(folder, server, capsys):
    pytest.importorskip("fcntl", reason="no locks of this kind on this system")
    with get_datasets.only_run(folder):
        assert run(folder, "--url", server.url) == 1
    assert "another run is at work in " in capsys.readouterr().err
    assert server.ranges == []


# The command line and the bar


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--archive", "a", "--source", "npm"], "--archive is a source of its own"),
        (["--archive", "a", "--url", "http://a"], "--archive is a source of its own"),
        (["--source", "npm", "--url", "http://a"], "--url is for the official archive"),
        (["--url", "file:///a"], "--url must start with http:// or https://, got file:///a"),
        (["--source", "floppy"], "invalid choice"),
    ],
    ids=["archive-npm", "archive-url", "npm-url", "file-url", "unknown-source"],
)
def test_wrong_usage_ends_with_code_2(folder, capsys, argv, message):
    with pytest.raises(SystemExit) as stopped:
        run(folder, *argv)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_debug_adds_the_traceback(folder, capsys):
    assert run(folder, "--archive", "missing.tar.gz", "--debug") == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_on_a_terminal_shows_share_rate_and_time_left(monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 4.0, 4.0])
    monkeypatch.setattr(download.time, "monotonic", lambda: next(clock))
    stream = Terminal()
    progress = download.Progress(total=8_000_000, stream=stream)
    progress.add(2_000_000)
    progress.add(6_000_000)
    progress.close()
    first, last = stream.getvalue().strip().split("\r")
    assert first.rstrip() == "[######                  ]  25%  2.0 of 8.0 MB, 1.0 MB/s, 0:06 left"
    assert last.rstrip() == "[" + "#" * 24 + "] 100%  8.0 of 8.0 MB, 2.0 MB/s, 0:00 left"


def test_elsewhere_progress_is_a_line_at_each_tenth():
    stream = io.StringIO()
    progress = download.Progress(total=1_000_000, stream=stream)
    for _ in range(100):
        progress.add(10_000)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert [line.split("%")[0].strip() for line in lines] == [str(10 * i) for i in range(1, 11)]


def test_without_a_total_progress_shows_the_bytes():
    progress = download.Progress(total=None, stream=io.StringIO())
    progress.add(3_000_000)
    assert progress.text(bar=True).startswith("3.0 MB, ")
