"""The reading room as an extension of Jupyter's server: its settings, pages, styles and scripts.

It uses the server's own login, cookies against forged requests and templates, and reads the folder that
formgrader is set up for unless it is given another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp, ExtensionAppJinjaMixin
from traitlets import Unicode

from autograder.course import assignment as course
from autograder.course.course import find
from autograder.errors import CourseError, RecordError
from autograder.gradebook.url import sqlite_url
from autograder.reading import ROOT, handlers
from autograder.reading.room import Room
from autograder.records.record import load

HERE = Path(__file__).parent
NAME = "autograder_reading"


def _assignment(folder: Path) -> str:
    """Of which assignment the records are: what the first says that is whole.

    Raises:
        RecordError: there are none, or all are broken.
    """
    why = f"{folder}: no records; run autograder grade first"
    for path in sorted(folder.glob("*.json")):
        try:
            return load(path).assignment
        except (OSError, RecordError) as error:
            why = str(error)
    raise RecordError(why)


class ReadingRoom(ExtensionAppJinjaMixin, ExtensionApp):
    name = NAME
    extension_url = ROOT
    load_other_extensions = True
    static_paths = [str(HERE / "static")]  # noqa: RUF012  as Jupyter has it
    template_paths = [str(HERE / "templates")]  # noqa: RUF012

    out = Unicode("", help="the folder that `autograder grade` wrote; default formgrader's").tag(config=True)
    course = Unicode("", help="the course's folder; default that of formgrader's settings").tag(config=True)
    gradebook = Unicode("", help="SQLAlchemy URL; default formgrader's, else OUT/gradebook.db").tag(
        config=True
    )

    _room: Room | None = None

    def initialize_handlers(self) -> None:
        self.handlers.extend(handlers.HANDLERS)

    def _prepare_templates(self) -> None:
        super()._prepare_templates()
        environment: Any = vars(self)["jinja2_env"]
        handlers.add_filters(environment)

    def room(self) -> Room:
        """The class that is read here. Looked for anew until there is one: it may be graded later.

        Raises:
            CourseError, RecordError: there is no course, or nothing is graded.
        """
        if self._room is None:
            self._room = self._find_room()
        return self._room

    def _find_room(self) -> Room:
        settings = self.serverapp.web_app.settings if self.serverapp else {}
        formgrader = settings.get("nbgrader_formgrader")
        root = self.serverapp.root_dir if self.serverapp else "."
        out = Path(self.out or (formgrader.coursedir.root if formgrader else root))
        folder = self.course
        if not folder and formgrader:
            folder = settings["initial_config"].OfCourse.get("course", "")
        name = _assignment(out / "records")
        if not folder and not (out / "course.toml").exists():
            raise CourseError(
                f"{out}: expected nbgrader_config.py, which says whose course this is, found none that does; "
                f"run autograder review {name} --out {out} --browser"
            )
        assignment = course.load(name, find(Path(folder or out)))
        return Room(assignment, out, self.gradebook or self._url(out, formgrader is not None))

    def _url(self, out: Path, beside_formgrader: bool) -> str:
        own = sqlite_url(out / "gradebook.db")
        if not beside_formgrader or not self.serverapp:
            return own
        url = str(self.serverapp.web_app.settings["nbgrader_formgrader"].coursedir.db_url)
        return own if url == f"sqlite:///{(out / 'gradebook.db').resolve()}" else url
