"""A headless Chromium, driven through chromedriver by the W3C WebDriver protocol: plain JSON over HTTP."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's key of an element's id
PATIENCE = 240  # seconds; a page of formgrader takes three on an idle machine
T = TypeVar("T")


class BrowserError(Exception):
    """The browser did not do what it was asked."""


def installed() -> str:
    """Why there is no browser to test with; "" if there is one."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def until(found: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """The first thing `found` returns that is not None."""
    end = time.monotonic() + patience
    while True:
        result = found()
        if result is not None:
            return result
        if time.monotonic() > end:
            raise BrowserError(f"waited {patience:g} s for {what}")
        time.sleep(0.2)


class Browser:
    """One window. `address` is the site that the tests are about."""

    address = ""

    def __init__(self, driver: str) -> None:
        self.driver = driver
        options = {
            "binary": shutil.which("chromium"),
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"],
        }
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self.session = ""
        self.session = self._ask("POST", "/session", wanted)["sessionId"]

    def close(self) -> None:
        self._ask("DELETE", "")

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns that runs in the page."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, css: str, patience: float = PATIENCE) -> str:
        """The id of the first element, once it is there."""

        def found() -> str | None:
            elements = self._ask("POST", "/elements", {"using": "css selector", "value": css})
            return elements[0][ELEMENT] if elements else None

        return until(found, f"{css} in the page", patience)

    def click(self, css: str) -> None:
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
        self._ask("POST", f"/element/{element}/click", {})

    def type(self, css: str, text: str) -> None:
        """Replace what stands in a field, and leave it."""
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({block: 'center'}); arguments[0].select()", {ELEMENT: element})
        self._ask("POST", f"/element/{element}/value", {"text": text + "\ue004"})  # then the Tab key

    def keys(self, *texts: str) -> None:
        """Type on the keyboard, wherever the focus is."""
        pressed = [
            {"type": kind, "value": sign} for text in texts for sign in text for kind in ("keyDown", "keyUp")
        ]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]})

    def theme(self, name: str) -> None:
        """As people have set it: light or dark."""
        media = {"features": [{"name": "prefers-color-scheme", "value": name}]}
        self._ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": media})

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self.driver}{f'/session/{self.session}' if self.session else ''}{path}"
        data = None if method != "POST" else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(f"{method} {path}: {json.load(error)['value']['message']}") from None


@contextmanager
def browser(log: Path) -> Iterator[Browser]:
    """A browser that is gone at the end, with the driver's output in `log`."""
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(["chromedriver", "--port=0"], stdout=output, stderr=output)
        opened = None
        try:
            port = until(lambda: _port(log), "chromedriver's port")
            opened = Browser(f"http://127.0.0.1:{port}")
            yield opened
        finally:
            if opened is not None:
                opened.close()
            process.terminate()
            process.wait()


def _port(log: Path) -> str | None:
    found = re.search(r"started successfully on port (\d+)", log.read_text(encoding="utf-8"))
    return found[1] if found else None
