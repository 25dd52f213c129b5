"""Where a gradebook is, as a URL for SQLAlchemy. (Apart, since nbgrader takes a second to import.)"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.errors import GradebookError
from autograder.files import kind_of
from autograder.gradebook import unanswered

BACKUP = "put a backup in its place, or move it away: it is then made anew, without what people entered,"
TO_DO = {  # what a database says -> what helps
    "is locked": "close what else has it open, such as formgrader or the reading room,",
    "lock timeout": "end what else has it locked",
    "readonly": "see who may write it and its folder",
    "unable to open": "see that its folder is there and may be written,",
    "not a database": BACKUP,
    "malformed": BACKUP,
    "disk is full": "make room",
    "disk I/O": "see whether its disk is full or failing",
    "timeout expired": "see that the server runs and can be reached",
    "refused": "see that the server runs and can be reached",
    "no answer": "see that the server runs and can be reached",
    "closed the connection": "see that the server runs",
}
DRIVER = "for PostgreSQL, pip install 'cs-course-kit[postgresql]'"  # an optional extra
LOCK_SECONDS = 60  # SQLite and PostgreSQL wait this long for another writer before they give up
CONNECT_SECONDS = 30  # for a server to answer at all


def sqlite_url(path: Path) -> str:
    """The gradebook at `path`, whatever characters stand in it."""
    url = URL.create("sqlite", database=str(path.resolve()), query={"timeout": str(LOCK_SECONDS)})
    return url.render_as_string(hide_password=False)


def parsed(url: str) -> URL:
    """Raises GradebookError, without the text that may hold a password, where `url` is none."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise GradebookError(
            "--gradebook: expected a URL such as postgresql+psycopg://user:password@host/name or "
            "sqlite:////folder/gradebook.db, got something else; correct it"
        ) from None
    if "@" in (parts.host or ""):
        raise GradebookError("--gradebook: a name or password holds @, which a URL writes as %40; write that")
    return parts


def refuse_unusable(url: str) -> None:
    """Raises GradebookError where no gradebook can be at `url`, whatever runs there."""
    parts = parsed(url)
    try:
        parts.get_dialect().import_dbapi()
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        name = getattr(error, "name", None) or f"database called {parts.drivername}"
        raise GradebookError(f"--gradebook: there is no {name} here; {DRIVER}") from None


def patient(url: str) -> URL:
    """The URL with an end to each wait: for a table that another program locks, for a server to answer."""
    unanswered.end_waits()
    parts = parsed(url)
    if parts.get_backend_name() == "sqlite":
        _refuse_odd(parts.database or "")
    if parts.get_backend_name() != "postgresql":
        return parts
    own = parts.query.get("options", "")
    options = [f"-c lock_timeout={LOCK_SECONDS}s", *([own] if isinstance(own, str) else own)]
    limits = {"connect_timeout": str(CONNECT_SECONDS), **parts.query}
    # The last word is the URL's.
    return parts.set(query={**limits, "options": " ".join(filter(None, options))})


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """The database, to be read. Raises GradebookError where it is locked or gone, or no gradebook."""
    engine = create_engine(patient(url))
    try:
        yield engine
    except SQLAlchemyError as error:
        raise GradebookError(reason(url, error)) from None
    finally:
        engine.dispose()


def _refuse_odd(database: str) -> None:
    """Raises GradebookError where something else lies in the place of SQLite's file."""
    if not database or database.startswith(("file:", ":")):
        return
    found = kind_of(Path(database))
    if found in ("", "a file", "a link that leads nowhere"):  # the last: SQLite makes the file it leads to
        return
    raise GradebookError(
        f"gradebook {database}: expected a file, got {found}; move it away and run the same command again, "
        "which makes the gradebook anew from the records"
    )


def place(url: str) -> str:
    """Where a gradebook is: the file, or the server without the password."""
    parts = parsed(url)
    if parts.get_backend_name() == "sqlite":
        return parts.database or "in memory"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.host}{port}/{parts.database}"


def reason(url: str, error: SQLAlchemyError) -> str:
    """What a database said, where, and what to do; never a password."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip().splitlines()[0]
    to_do = next((what for words, what in TO_DO.items() if words in str(cause)), "fix this")
    return f"gradebook {place(url)}: {text}; the records are kept, so {to_do} and run the same command again"
