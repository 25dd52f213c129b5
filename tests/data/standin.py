"""A tiny stand-in for CIFAR-10 in all its shapes (batches, archive, npm package), and a server for it."""

import hashlib
import http.server
import io
import json
import tarfile
import threading
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
ROWS = 4


def make_files(seed: int = 0) -> dict[str, bytes]:
    """Six batches of four rows each, in the official binary format."""
    rng = np.random.default_rng(seed)
    files = {}
    for name in NAMES:
        labels = rng.integers(10, size=(ROWS, 1), dtype=np.uint8)
        pixels = rng.integers(256, size=(ROWS, 3072), dtype=np.uint8)
        files[name] = np.concatenate([labels, pixels], axis=1).tobytes()
    return files


def rows_of(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, 3073)


def make_archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in {"readme.html": b"<html>", **files}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_package(files: dict[str, bytes], leave_out: str = "") -> bytes:
    """What `npm pack` gives: PNG files with an image a row, and the labels as JSON."""
    members = {}
    for name, content in files.items():
        pixels = rows_of(content)[:, 1:].reshape(-1, 3, 1024).transpose(0, 2, 1)
        picture = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(picture, "PNG")
        members[name.replace(".bin", ".png")] = picture.getvalue()
    for label_file, names in (("train_lables.json", NAMES[:5]), ("test_lables.json", NAMES[5:])):
        labels = np.concatenate([rows_of(files[name])[:, 0] for name in names])
        members[label_file] = json.dumps(labels.tolist()).encode()
    members.pop(leave_out, None)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for name, content in members.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_sums(files: dict[str, bytes], archive: bytes) -> dict[str, dict[str, str]]:
    def sha256(names: list[str], first: int, end: int) -> str:
        return hashlib.sha256(b"".join(rows_of(files[n])[:, first:end].tobytes() for n in names)).hexdigest()

    return {
        "archive": {"cifar-10-binary.tar.gz": hashlib.md5(archive).hexdigest()},
        "full": {name: hashlib.md5(files[name]).hexdigest() for name in NAMES},
        "arrays": {
            "training images": sha256(NAMES[:5], 1, 3073),
            "training labels": sha256(NAMES[:5], 0, 1),
            "test images": sha256(NAMES[5:], 1, 3073),
            "test labels": sha256(NAMES[5:], 0, 1),
        },
        "subset": {},
    }


def is_whole(folder: Path) -> bool:
    return {path.name: path.read_bytes() for path in (folder / "full").iterdir()} == FILES


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_full(folder: Path, files: dict[str, bytes]) -> None:
    (folder / "full").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "full" / name).write_bytes(content)


FILES = make_files()
ARCHIVE = make_archive(FILES)
SUMS = make_sums(FILES, ARCHIVE)


class Server:
    """Serves one file on 127.0.0.1, with ranges, and breaks or misbehaves as asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.ranges: list[str | None] = []  # the Range header of each request
        self.breaks: list[int] = []  # after how many bytes the next answers break off
        self.knows_ranges = True
        self.says_length = True
        self.hangs_after: int | None = None  # waits there until the server is closed
        self.status = 200
        self.closing = threading.Event()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/archive.tar.gz"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                server.answer(self)

        return Handler

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.ranges.append(wanted)
        if self.status != 200:
            handler.send_error(self.status)
            return
        start = 0
        if wanted and self.knows_ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(self.content):
                handler.send_error(416)
                return
        handler.send_response(206 if start else 200)
        body = self.content[start:]
        if self.says_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        limit = self.breaks.pop(0) if self.breaks else len(body)
        if self.hangs_after is not None:
            limit = self.hangs_after
        handler.wfile.write(body[:limit])
        handler.wfile.flush()
        if self.hangs_after is not None:
            self.closing.wait(120)
