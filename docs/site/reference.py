"""The reference, made from code: settings, verbs, the record's schema, the checks of grader authors.

What has no description is an error, so that nothing can be added without one.
"""

import argparse
import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.cli import codes, json_output
from autograder.cli import main as cli
from autograder.course import course
from autograder.course import settings as assignment_settings
from autograder.course.assignment import Assignment
from autograder.course.course import Course
from autograder.course.policy import Intake, Late, WatchRules
from autograder.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
TABLES = {"limits": Limits, "intake": Intake, "late": Late}  # of assignment.toml
IN_TABLES = {
    "environment": {"packages": "packages"},
    "notebooks": {"environment": "variables"},
    "mutants": {"operators": "operators"},
    "term": {name: name for name in course.TERM},
}  # of course.toml
Rows = list[tuple[str, str, str]]  # name, default, meaning
ADOPT: dict[str, Rows] = {
    "adopt": [("leave_out", "", "grade_ids of cells that count nowhere")]
}  # has no type
SCHEMA = ROOT / "docs" / "record.schema.json"
STUDENT = ("call", "new", "method", "get", "set", "define")  # what graders use of the fixture `student`


def pages() -> dict[str, str]:
    """Page of the site -> its text."""
    return {
        "reference/verbs.md": verbs(),
        "reference/settings.md": settings(),
        "reference/record.md": record(json.loads(SCHEMA.read_text(encoding="utf-8"))),
        "reference/output.md": output(),
        "reference/checks.md": checks(),
    }


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = [tuple(escaped(cell) for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ("---",) * len(head), *cells]) + "\n"


def escaped(cell: str) -> str:
    """Text for a cell: `<student>` is no HTML and `|` no border, but in code only the border matters."""
    parts = cell.replace("|", "\\|").split("`")
    return "`".join(part if at % 2 else part.replace("<", "\\<") for at, part in enumerate(parts))


# --- verbs --------------------------------------------------------------------------------------


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The verbs of the command line."""
    actions = cli.parser()._actions
    return dict(next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices)


def verbs() -> str:
    parts = [
        "# Verbs",
        "Made from the command line's own help. Results go to stdout, progress and complaints to stderr. "
        f"Every verb takes `--debug`, which adds the traceback of an error. {codes.CODES.capitalize()}.",
    ]
    for name, parser in parsers().items():
        usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
        usage = usage.replace("[-h] ", "").replace("[--debug] ", "")
        rows = list(arguments(parser))
        parts += [f"## {name}", parser.description or "", "```text\n" + folded(usage) + "\n```"]
        parts += [table(("argument", "what it is"), rows)] if rows else []
    return "\n\n".join(parts) + "\n"


def folded(usage: str, width: int = 80) -> str:
    """A usage line over several lines, broken between arguments only."""
    lines = [""]
    for word in re.findall(r"\[[^\]]*(?:\[[^\]]*\][^\]]*)*\]|\S+(?: [A-Z=]+(?=\s|$))?", usage):
        if len(lines[-1]) + len(word) > width:
            lines.append("   ")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if {"-h", "--debug"} & set(action.option_strings):
            continue
        shown = action.metavar or action.dest
        if action.option_strings:
            values = f" {action.metavar or action.dest.upper()}" if action.nargs != 0 else ""
            shown = action.option_strings[-1] + values
        elif action.nargs == "*":
            shown = f"[{shown} …]"
        yield f"`{shown}`", parser._get_formatter()._expand_help(action) if action.help else ""


# --- settings -----------------------------------------------------------------------------------


def comments(owner: type) -> dict[str, str]:
    """Field -> the comment beside it in the source."""
    found = re.finditer(r"^    (\w+): [^#\n]*(?:# (.*))?$", inspect.getsource(owner), re.MULTILINE)
    return {match[1]: match[2] or "" for match in found}


def default(field: Any) -> str:
    if field.default is dataclasses.MISSING or field.default in (None, (), ""):
        return ""
    return f"`{json.dumps(field.default)}`"


def course_rows() -> dict[str, Rows]:
    """Table of course.toml ("" for the top) -> its settings."""
    said, needed = comments(Course), course.REQUIRED
    top = [name for name in (*needed, *course.OPTIONAL) if name not in (*IN_TABLES, "watch")]
    rows = {"": [(name, "needed" if name in needed else "", said.get(name, "")) for name in top]}
    for name, keys in IN_TABLES.items():
        rows[name] = [(key, "", said.get(field, "")) for key, field in keys.items()]
    return rows | {"watch": fields_of(WatchRules)}


def fields_of(owner: type) -> Rows:
    """The fields of a table that has a type of its own."""
    said = comments(owner)
    fields = [f for f in dataclasses.fields(owner) if f.metadata.get("setting", True)]
    return [(f.name, default(f), said.get(f.name, "")) for f in fields]


def assignment_rows() -> dict[str, Rows]:
    """Table of assignment.toml ("" for the top) -> its settings."""
    said, needed = comments(Assignment), assignment_settings.REQUIRED
    tables = (*TABLES, *ADOPT)
    top = [name for name in (*needed, *assignment_settings.OPTIONAL) if name not in tables]
    rows = {"": [(name, "needed" if name in needed else "", said.get(name, "")) for name in top]}
    for name, owner in TABLES.items():
        rows[name] = fields_of(owner)
    return rows | ADOPT


def settings() -> str:
    parts = ["# Settings", "Made from the code that reads them. An unknown setting is refused."]
    files = {
        "course.toml": ("`course.toml` lies at a course's root.", course_rows()),
        "assignment.toml": (
            "`source/<assignment>/assignment.toml` says what an assignment is.",
            assignment_rows(),
        ),
    }
    for name, (about, tables) in files.items():
        parts += [f"## {name}", about]
        for key, rows in tables.items():
            parts += [f"### [{key}]"] if key else []
            shown = [(f"`{setting}`", value, meaning) for setting, value, meaning in rows]
            parts.append(table(("setting", "default", "meaning"), shown))
    return "\n\n".join(parts) + "\n"


# --- the record ---------------------------------------------------------------------------------


def record(schema: dict[str, Any]) -> str:
    parts = ["# The record", escaped(meaning(schema))]
    parts.append("The schema as a file: [record.schema.json](../record.schema.json).")
    for name, part in {"": schema, **schema["$defs"]}.items():
        needed = part.get("required", [])
        rows = [
            (f"`{key}`" if key in needed else f"`{key}` (may be missing)", kind(value), said(value, schema))
            for key, value in part["properties"].items()
        ]
        parts += [f"## {name}", escaped(meaning(part))] if name else []
        parts.append(table(("field", "holds", "meaning"), rows))
    return "\n\n".join(parts) + "\n"


def output() -> str:
    parts = [
        "# What --json prints",
        "Made from the types that it is printed from, for a program that reads it. Under one number of "
        "`schema`, fields may come, and none goes or means something else.",
        "The schema as a file: [output.schema.json](../output.schema.json).",
    ]
    made = json_output.schema()
    for name, part in made["$defs"].items():
        rows = [(f"`{key}`", kind(value), said(value, made)) for key, value in part["properties"].items()]
        parts += [f"## {name}", escaped(meaning(part)), table(("field", "holds", "meaning"), rows)]
    return "\n\n".join(parts) + "\n"


def said(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """The description of a field, or of what it refers to."""
    return meaning(value) or meaning(schema["$defs"].get(kind(value), {}))


def meaning(value: dict[str, Any]) -> str:
    return str(value.get("description", ""))


def kind(value: dict[str, Any]) -> str:
    """What a field of the schema may hold, in a few words."""
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if "enum" in value:
        return ", ".join(f"`{json.dumps(item)}`" for item in value["enum"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "anyOf" in value:
        return " or ".join(kind(item) for item in value["anyOf"])
    of = value.get("type", "anything")
    if "prefixItems" in value:
        return f"list of {' and '.join(kind(item) for item in value['prefixItems'])}"
    if of == "array":
        return f"list of {kind(value.get('items', {}))}"
    if of == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"name → {kind(value['additionalProperties'])}"
    return " or ".join(of) if isinstance(of, list) else of


# --- checks -------------------------------------------------------------------------------------


def checks() -> str:
    return (
        "# Checks and the student\n\nThe vocabulary of a hidden grader: "
        "`from autograder.checks.checks import cases, Case, close`.\n\n"
        "## Checks\n\n```{eval-rst}\n.. automodule:: autograder.checks.checks\n   :members:\n```\n\n"
        "## The fixture `student`\n\n"
        "```{eval-rst}\n.. autoclass:: autograder.checks.student.Student\n   :members:\n"
        "```\n\n"
        "## Fixed arrays\n\n```{eval-rst}\n.. automodule:: autograder.checks.fixed\n   :members:\n```\n"
    )
