"""The reading room: a Jupyter server extension beside formgrader, in which people read written answers."""

from __future__ import annotations

from typing import Any

ROOT = "/autograder/reading"  # of its pages


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from autograder.reading.extension import ReadingRoom  # loads Jupyter's server

    return [{"module": "autograder.reading.extension", "app": ReadingRoom}]
