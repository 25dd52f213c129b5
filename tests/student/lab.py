"""JupyterLab in a browser: cells run, files edited and saved by Lab's own commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.formgrader.browser import Browser, until

ANSI = re.compile(r"\x1b\[[\d;]*m")
OPTIONS = ("--LabApp.expose_app_in_browser=True",)  # its commands, for scripts in the page
PATIENCE = 240  # seconds; a whole notebook, on a busy machine


class Lab:
    def __init__(self, browser: Browser, url: str, token: str, notebook: str) -> None:
        self.browser, self.notebook = browser, notebook
        browser.open(f"{url}/lab/tree/{notebook}?token={token}")
        until(lambda: self._ready() or None, "JupyterLab and its kernel", PATIENCE)

    def _ready(self) -> bool:
        return bool(
            self.browser.run(
                "const page = window.jupyterapp?.shell.widgets('main')"
                ".find(w => w.context?.path === arguments[0]);"
                "return page?.sessionContext?.session?.kernel?.status === 'idle';",
                self.notebook,
            )
        )

    def _in_page(self, script: str, *arguments: object) -> Any:
        """Run a script with `page`, the notebook's window, and `cell(id)`, one of its cells."""
        find = (
            "const app = window.jupyterapp;"
            "const page = app.shell.widgets('main').find(w => w.context?.path === arguments[0]);"
            "const cell = id => page.content.widgets.find(w => w.model.id === id);"
        )
        return self.browser.run(find + script, self.notebook, *arguments)

    def run(self, cell: str) -> str:
        """Run a cell, wait for it, and return what it shows, without colours."""
        self._in_page(
            "const chosen = cell(arguments[1]); chosen.model.sharedModel.execution_count = null;"
            "app.shell.activateById(page.id);"
            "page.content.activeCellIndex = page.content.widgets.indexOf(chosen);"
            "app.commands.execute('notebook:run-cell'); return true;",
            cell,
        )
        until(lambda: self._counts([cell])[0], f"cell {cell} to run", PATIENCE)
        until(lambda: self._ready() or None, "the kernel to be idle", PATIENCE)
        return self.shows(cell)

    def run_all(self) -> None:
        codes = self._in_page(
            "return page.content.widgets.filter(w => w.model.type === 'code').map(w => w.model.id);"
        )
        self._in_page(
            "app.shell.activateById(page.id); app.commands.execute('notebook:run-all-cells'); return true;"
        )
        until(lambda: all(self._counts(codes)) or None, "all cells to run", PATIENCE)
        until(lambda: self._ready() or None, "the kernel to be idle", PATIENCE)

    def _counts(self, cells: list[str]) -> list[int | None]:
        counts: list[int | None] = self._in_page(
            "return arguments[1].map(id => cell(id).model.executionCount);", cells
        )
        return counts

    def outputs(self, cell: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._in_page("return cell(arguments[1]).model.outputs.toJSON();", cell)
        return found

    def shows(self, cell: str) -> str:
        text = ""
        for output in self.outputs(cell):
            text += (
                "\n".join(output["traceback"]) if output["output_type"] == "error" else output.get("text", "")
            )
        return ANSI.sub("", text)

    def write(self, cell: str, text: str) -> None:
        self._in_page(
            "cell(arguments[1]).model.sharedModel.setSource(arguments[2]); return true;", cell, text
        )

    def save(self) -> None:
        self._in_page("return page.context.save().then(() => true);")

    def edit(self, file: str, text: str) -> None:
        """Open a file in Lab's editor, put this text into it, and save it."""
        self._in_page(
            "return app.commands.execute('docmanager:open', {path: arguments[1], factory: 'Editor'})"
            ".then(editor => editor.context.ready.then(() => {"
            "editor.context.model.sharedModel.setSource(arguments[2]);"
            "return editor.context.save();})).then(() => true);",
            file,
            text,
        )

    def look(self, cell: str, path: Path) -> None:
        """A picture of the window with a cell in view."""
        self._in_page(
            "app.shell.activateById(page.id);"
            "page.content.activeCellIndex = page.content.widgets.indexOf(cell(arguments[1]));"
            "return page.content.scrollToItem(page.content.activeCellIndex, 'center').then(() => true);",
            cell,
        )
        self.browser.picture(path)
