"""Every verb, setting, field of a record and public check is described, and pages show the first two."""

import argparse
import inspect
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from autograder.checks import checks, fixed, student
from autograder.checks.student import Student
from docs.site import reference

ROOT = Path(__file__).parents[2]
WRITTEN = "\n".join(
    path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)
SETTINGS = [
    (file, table, *row)
    for file, tables in (("course", reference.course_rows()), ("assignment", reference.assignment_rows()))
    for table, rows in tables.items()
    for row in rows
]
SENTENCE = 3  # words of an argument's help: fewer only repeat its name


def public(module: ModuleType) -> dict[str, object]:
    own = {
        name: value
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__
    }
    return {name: value for name, value in own.items() if not name.startswith("_")}


@pytest.mark.parametrize("verb", reference.parsers())
def test_a_verb_is_described(verb: str) -> None:
    parser = reference.parsers()[verb]
    assert parser.description, f"{verb} has no description"
    assert [name for name, meaning in reference.arguments(parser) if len(meaning.split()) < SENTENCE] == []
    assert re.search(rf"(autograder|-m autograder|make) {verb}\b", WRITTEN), (
        f"no page shows how to use {verb}"
    )


def test_a_choice_is_named_in_its_help_and_an_argument_has_one_spelling() -> None:
    for verb, parser in reference.parsers().items():
        shown = dict(reference.arguments(parser))
        for action in parser._actions:
            name = str(action.metavar or action.dest)
            if action.option_strings or not action.choices:
                assert action.option_strings or name == name.upper(), f"{verb}: {name}"
            said = " ".join(shown.values())
            assert [one for one in action.choices or () if str(one) not in said] == [], f"{verb}: {name}"


def test_help_is_not_made_up() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("assignment", choices=("one", "two"))
    assert list(reference.arguments(parser)) == [("`assignment`", "")]


@pytest.mark.parametrize(("file", "table", "name", "default", "meaning"), SETTINGS)
def test_a_setting_is_described(file: str, table: str, name: str, default: str, meaning: str) -> None:
    assert meaning, f"{file}.toml: {table}.{name} has no comment beside its field, which the reference shows"
    assert re.search(rf"\b{name}\b", WRITTEN), f"no page names {name}"


def test_a_record_is_described() -> None:
    schema = json.loads(reference.SCHEMA.read_text(encoding="utf-8"))
    objects = {"record": schema, **schema["$defs"]}
    fields = {
        f"{name}.{key}": value for name, of in objects.items() for key, value in of["properties"].items()
    }
    assert "CaseResult.outcome" in fields
    assert [name for name, value in fields.items() if not reference.said(value, schema)] == []


@pytest.mark.parametrize("module", [checks, fixed, student], ids=["checks", "fixed", "student"])
def test_public_checks_are_described(module: ModuleType) -> None:
    assert [name for name, value in public(module).items() if not inspect.getdoc(value)] == []


@pytest.mark.parametrize("name", reference.STUDENT)
def test_what_graders_call_is_described(name: str) -> None:
    assert inspect.getdoc(getattr(Student, name))
    assert f"`{name}`" in WRITTEN
