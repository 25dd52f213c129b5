"""Where a gradebook is. (Apart from the gradebook, since nbgrader takes two seconds to import.)"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError


def place(url: str) -> str:
    """Where a gradebook is; leaves a password out."""
    return url.split("@")[-1].split("?")[0]


def reason(url: str, error: SQLAlchemyError) -> str:
    """What a database said, where, and what to do; never a password."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip().splitlines()[0]
    advice = "the records are kept, so mend this and run the same command again"
    return f"gradebook {place(url)}: {text}; {advice}"


LOCK_SECONDS = 60  # SQLite waits this long for another writer before it gives up


def sqlite_url(path: Path) -> str:
    """The gradebook at `path`, for SQLAlchemy. (Here, since nbgrader takes two seconds to import.)"""
    return f"sqlite:///{path.resolve()}?timeout={LOCK_SECONDS}"
