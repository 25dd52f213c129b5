"""Where a gradebook is, as a URL for SQLAlchemy. (Apart, since nbgrader takes a second to import.)"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from autograder.errors import GradebookError

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


def patient(url: str) -> URL:
    """The URL with an end to each wait: for a table that another program locks, for a server to answer."""
    parts = parsed(url)
    if parts.get_backend_name() != "postgresql":
        return parts
    limits = {"options": f"-c lock_timeout={LOCK_SECONDS}s", "connect_timeout": str(CONNECT_SECONDS)}
    return parts.update_query_dict({key: value for key, value in limits.items() if key not in parts.query})


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
    advice = "the records are kept, so fix this and run the same command again"
    return f"gradebook {place(url)}: {text}; {advice}"
