"""The published schema is that of the types, and what the verbs print follows it (`tests/printed.py`)."""

import json

import jsonschema
import pytest

from autograder.cli import json_output
from tests import printed

PROGRESS = {
    "what": "assignment1",
    "done": 1,
    "total": 2,
    "unchanged": 0,
    "failing": 0,
    "errors": 0,
    "rate": 0.5,
    "seconds_left": None,
    "said": "",
}


def test_the_published_schema_is_that_of_the_types() -> None:
    how = "python -m autograder.cli.json_output > docs/output.schema.json"
    assert json_output.schema() == printed.SCHEMA, how


def test_another_number_of_the_schema_or_another_field_is_refused() -> None:
    line = {"schema": 1, "assignment": "assignment1", "groups": [], "not_graded": {}}
    assert printed.read("ReviewOutput", json.dumps(line)) == line
    for change in ({"schema": 2}, {"groups": None}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            printed.read("ReviewOutput", json.dumps(line | change))
    with pytest.raises(jsonschema.ValidationError, match="'seconds_left' is a required property"):
        printed.read("ProgressOutput", json.dumps({k: v for k, v in PROGRESS.items() if k != "seconds_left"}))


def test_every_verb_with_json_has_its_type() -> None:
    from docs.site.reference import parsers

    verbs = [name for name, parser in parsers().items() if "--json" in parser.format_usage()]
    assert verbs == ["collect", "grade", "mutants", "review", "similarity"]
    said = " ".join(part["description"] for part in printed.SCHEMA["$defs"].values())
    assert [verb for verb in verbs if f"`autograder {verb} --json`" not in said] == []
