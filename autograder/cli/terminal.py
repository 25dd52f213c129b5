"""Text at the instructor's terminal. Names of files and students are written by strangers: what stands in
them is shown, never obeyed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from autograder.safe_text import printable


class Terminal(Console):
    """A console that takes no markup, colours nothing by itself, and replaces what a terminal would obey."""

    def __init__(self) -> None:
        super().__init__(markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)
