"""A running IPython kernel, as a notebook has one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

COLOURS = re.compile(r"\x1b\[[\d;]*m")
PATIENCE = 240  # seconds; a kernel starts in two on an idle machine


@dataclass(frozen=True)
class Ran:
    """What a cell left behind."""

    printed: str
    error: str  # what Jupyter shows in red, "" if the cell ran through
    status: str
    described: tuple[str, ...]  # the alternative texts of its pictures


class Kernel:
    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str) -> Ran:
        printed, error, described = "", "", list[str]()

        def take(message: dict[str, Any]) -> None:
            nonlocal printed, error
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            elif message["msg_type"] == "error":
                error += "\n".join(message["content"]["traceback"])
            elif message["msg_type"] == "display_data":
                described.append(message["content"]["metadata"]["image/png"].get("alt", ""))

        reply = self.client.execute_interactive(code, output_hook=take, timeout=PATIENCE)
        status = reply["content"]["status"]
        return Ran(COLOURS.sub("", printed), COLOURS.sub("", error), status, tuple(described))


@contextmanager
def kernel(folder: Path, **more: str) -> Iterator[Kernel]:
    """A kernel that works in `folder`, with more in its environment, and is gone at the end."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": "", **more}
    environment.pop("MPLBACKEND", None)
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=environment, extra_arguments=["--log-level=40"])
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.destroy(linger=0)
