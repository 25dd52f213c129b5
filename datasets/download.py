"""Download a large file over HTTP with a progress bar, and go on where an earlier try broke off."""

import http.client
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

CHUNK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte
TRIES = 3  # in a row, with no new byte
WAIT = 2.0  # seconds between tries


class SourceError(Exception):
    """This source cannot give the data; another one may."""


def download(url: str, part: Path) -> None:
    """Download `url` into `part`, going on after each break, until no new byte comes in TRIES tries."""
    failed = 0
    while True:
        before = size_of(part)
        if fetch(url, part):
            return
        failed = failed + 1 if size_of(part) <= before else 0
        if failed == TRIES:
            raise SourceError(
                f"the connection to {url} keeps breaking, at {size_of(part) / 1e6:.1f} MB; run this again "
                "to go on from there"
            )
        say(f"the connection broke at {size_of(part) / 1e6:.1f} MB; going on")
        time.sleep(WAIT)


def fetch(url: str, part: Path) -> bool:
    """Ask once for the bytes that are missing and append them; return whether the file is complete."""
    have = size_of(part)
    response = request(url, have)
    if response is None:  # the server has nothing after these bytes: complete, or of another file
        return True
    with response:
        if have and response.status != 206:
            have = 0  # this server sends the whole file anyway
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        progress = Progress(total, have)
        with open(part, "ab" if have else "wb") as file:
            try:
                for chunk in chunks(response):
                    file.write(chunk)
                    progress.add(len(chunk))
            finally:
                progress.close()
    return progress.done == total if total is not None else progress.done > 0


def request(url: str, have: int) -> http.client.HTTPResponse | None:
    """Open `url` from byte `have` on; None when the server says that it has no more bytes."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        # main() lets only http and https addresses through.
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:
            return None
        raise SourceError(
            f"{url} answers {error.code} {error.reason}; give another address with --url"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise SourceError(
            f"{url} cannot be reached ({reason}); check the network, then run this again"
        ) from error


def chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give the bytes that come; a broken connection ends them, and the caller sees that some are missing."""
    while True:
        try:
            chunk = response.read1(CHUNK)  # what has come by now, so that a break loses nothing
        except (OSError, http.client.HTTPException):
            return
        if not chunk:
            return
        yield chunk


class Progress:
    """A bar with rate and time left on a terminal; elsewhere a plain line at each tenth of the way."""

    def __init__(self, total: int | None, done: int = 0, stream: TextIO | None = None) -> None:
        self.total, self.done, self.start_done = total, done, done
        self.stream = sys.stderr if stream is None else stream
        self.terminal = self.stream.isatty()
        self.start = time.monotonic()
        self.shown_at = -1.0
        self.step = max(1, (total or 200_000_000) // 10)
        self.next_line = done + self.step

    def add(self, size: int) -> None:
        self.done += size
        if self.terminal:
            now = time.monotonic()
            if now - self.shown_at >= 0.1 or self.done == self.total:
                self.shown_at = now
                width = shutil.get_terminal_size().columns - 1
                print("\r" + self.text(bar=True)[:width].ljust(width), end="", file=self.stream, flush=True)
        elif self.done >= self.next_line or self.done == self.total:
            self.next_line = self.done + self.step
            print(self.text(bar=False), file=self.stream, flush=True)

    def close(self) -> None:
        if self.terminal and self.shown_at >= 0:
            print(file=self.stream, flush=True)

    def text(self, bar: bool) -> str:
        rate = (self.done - self.start_done) / max(time.monotonic() - self.start, 1e-6)
        amount = f"{self.done / 1e6:.1f} MB"
        if not self.total:
            return f"{amount}, {rate / 1e6:.1f} MB/s"
        share = self.done / self.total
        amount = f"{self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB, {rate / 1e6:.1f} MB/s"
        left = (self.total - self.done) / rate if rate > 0 else 0.0
        text = f"{share:4.0%}  {amount}, {int(left) // 60}:{int(left) % 60:02d} left"
        return "[" + ("#" * int(share * 24)).ljust(24) + "] " + text if bar else text


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
