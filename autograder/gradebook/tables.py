"""Our own tables beside nbgrader's: what people decided, who reads what, comments to use again, objections.

nbgrader neither reads nor changes them.
"""

from __future__ import annotations

import sqlalchemy as sa

TABLES = sa.MetaData()

LINES = sa.Table(
    "autograder_decision",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("batch", sa.String(32), nullable=False, index=True),  # lines of one action share it
    sa.Column("at", sa.String(32), nullable=False),  # ISO 8601, UTC
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("assignment", sa.String(128), nullable=False),
    sa.Column("student", sa.String(128), nullable=False),
    sa.Column("grade_id", sa.String(128), nullable=False),
    sa.Column("points", sa.Float),
    sa.Column("verdicts", sa.Text, nullable=False),  # JSON: criterion -> met
    sa.Column("comment", sa.Text),
    sa.Column("before", sa.Text, nullable=False),  # JSON: what an undo brings back
    sa.Column("version", sa.String(16), nullable=False),  # of the cell, once this was entered
    sa.Column("undoes", sa.String(32), nullable=False, default=""),  # a batch
    sa.Index("autograder_decision_cell", "assignment", "grade_id", "student"),
)

REMARKS = sa.Table(
    "autograder_remark",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("assignment", sa.String(128), nullable=False),
    sa.Column("grade_id", sa.String(128), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
)

SPLITS = sa.Table(
    "autograder_split",
    TABLES,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),  # JSON
    sa.Column("version", sa.Integer, nullable=False),
)

OBJECTIONS = sa.Table(
    "autograder_objection",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("assignment", sa.String(128), nullable=False),
    sa.Column("student", sa.String(128), nullable=False),
    sa.Column("grade_id", sa.String(128), nullable=False),  # empty: about the whole assignment
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("reply", sa.Text, nullable=False, default=""),
    sa.Column("who", sa.String(200), nullable=False, default=""),
    sa.Column("replied", sa.String(32), nullable=False, default=""),
    sa.UniqueConstraint("assignment", "student", "grade_id", "text"),
)


def create(engine: sa.Engine) -> None:
    """Make the tables that are not there yet."""
    TABLES.create_all(engine)


def exist(connection: sa.Connection) -> bool:
    there = sa.inspect(connection)
    return all(there.has_table(name) for name in TABLES.tables)
