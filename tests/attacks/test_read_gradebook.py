"""Read the gradebook through SQLite."""

import sqlite3

CODE = """
import sqlite3

def attack(path):
    return sqlite3.connect(path).execute("select points from grades").fetchall()
"""


def test_stays_hidden(arena, tmp_path):
    path = tmp_path / "gradebook.db"
    with sqlite3.connect(path) as book:
        book.execute("create table grades (points)")
        book.execute("insert into grades values (13)")
    book.close()
    stops = ("bwrap", "landlock", "uid")
    off = ("seccomp", "rlimits")  # SQLite opens for writing and takes locks
    arena.attack(CODE, str(path), stops=stops, off=off, won=lambda rows: rows == [(13,)])
