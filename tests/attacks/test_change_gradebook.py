"""Write full marks into the gradebook."""

import sqlite3
from contextlib import closing

CODE = """
import sqlite3

def attack(path):
    with sqlite3.connect(path) as book:
        book.execute("update grades set points = 700")
"""


def test_keeps_its_points(arena, tmp_path):
    path = tmp_path / "gradebook.db"

    def fill():
        with closing(sqlite3.connect(path)) as book, book:
            book.execute("drop table if exists grades")
            book.execute("create table grades (points)")
            book.execute("insert into grades values (13)")

    def points():
        with closing(sqlite3.connect(path)) as book:
            return book.execute("select points from grades").fetchone()[0]

    fill()
    stops = ("bwrap", "landlock", "uid")
    off = ("seccomp", "rlimits")
    arena.attack(CODE, str(path), stops=stops, off=off, won=lambda _: points() == 700, reset=fill)
    assert points() == 13
