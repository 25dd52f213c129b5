import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import files
from autograder.errors import RecordError
from autograder.files import write_atomically
from autograder.records import record, schema
from autograder.records.record import CaseResult, Grade, Hashes, Record

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs/record.schema.json").read_text(encoding="utf-8"))


def sample(student: str = "s001") -> Record:
    case = CaseResult(
        "values[small]", "core", 1.0, "failed", "out: wrong\n<b>", "Look at the axis.", "value", 0.1
    )
    grades = {
        "affine_forward": Grade("affine_forward", "two_layer_net", 1.5, 2.0, "graded", (case,)),
        "inline_two_layer_net_1": Grade("inline_two_layer_net_1", "two_layer_net", None, 2.0, "needs_review"),
    }
    answers = {"inline_two_layer_net_1": "Größe: 中文"}
    return Record(student, "assignment1", "none", Hashes("a", "b", "c"), grades, ("odd",), answers, 1.0, 0.5)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    path = record.save(sample(), tmp_path)
    assert record.load(path) == sample()


def test_a_record_follows_its_schema() -> None:
    jsonschema.validate(json.loads(sample().to_json()), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(sample().to_json()), "schema": 2}, SCHEMA)


def test_the_published_schema_is_that_of_the_types() -> None:
    published = (ROOT / "docs/record.schema.json").read_text(encoding="utf-8")
    assert published == schema.text(), "python -m autograder.records.schema > docs/record.schema.json"


def changed(**changes: object) -> str:
    """The sample with values at dotted places changed, as `grades__sgd__points`."""
    raw = json.loads(sample().to_json())
    for place, value in changes.items():
        *path, last = place.split("__")
        inner = raw
        for key in path:
            inner = inner[key]
        inner[last] = value
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("student", "../s002", "expected a name that a file may have"),
        ("student", "a/b", "expected a name that a file may have"),
        ("student", "", "student: expected a text of length >= 1"),
        ("assignment", "..", "expected a name that a file may have"),
        ("student", 3, "student: expected a text, got a whole number"),
        ("grades__affine_forward__points", 9.0, "expected points from 0 to 2, got 9"),
        ("grades__affine_forward__points", -1.0, "expected points from 0 to 2, got -1"),
        ("grades__affine_forward__points", "2", "points: expected a number or nothing, got a text"),
        ("grades__affine_forward__points", None, "affine_forward: graded, but without points"),
        ("grades__affine_forward__max_points", -2, "expected a number >= 0"),
        ("grades__affine_forward__grade_id", "sgd", "the grade of 'affine_forward' calls itself 'sgd'"),
        ("grades__affine_forward__notebook", "../x", "expected a name that a file may have"),
        ("grades__affine_forward__state", "perfect", "invalid enum value 'perfect'"),
        ("grades__affine_forward__cases", {}, "expected a list"),
        ("grades__affine_forward", [], "expected a table"),
        ("answers", [], "expected a table"),
        ("problems", "late", "expected a list"),
        ("handed_in", "yesterday", "invalid isoformat"),
        ("handed_in", "2026-03-01T00:00:00", "expected a time with its zone"),
        ("extension_days", -1, "expected a number >= 0"),
        ("seconds", "1", "seconds: expected a number, got a text"),
        ("schema", "1", "schema: expected a whole number, got a text"),
    ],
)
def test_a_record_that_was_changed_is_named(tmp_path: Path, place: str, value: object, said: str) -> None:
    path = tmp_path / "s001.json"
    path.write_text(changed(**{place: value}))
    with pytest.raises(RecordError, match=rf"s001\.json: not a record \(.*{said}.*delete it and grade again"):
        record.load(path)


def test_numbers_that_are_none_are_refused() -> None:
    for number in ("NaN", "Infinity", "1e400"):
        text = changed().replace('"seconds": 1.0', f'"seconds": {number}')
        with pytest.raises(RecordError, match="not a record"):
            Record.from_json(text)


def test_a_record_of_another_student_is_named(tmp_path: Path) -> None:
    record.save(sample(), tmp_path).rename(tmp_path / "s002.json")
    with pytest.raises(RecordError, match=r"s002\.json: a record of 's001'; delete it and grade again"):
        record.load(tmp_path / "s002.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data(), value=JSON)
def test_whatever_stands_in_a_record_it_is_a_record_or_named(data: st.DataObject, value: object) -> None:
    raw = json.loads(sample().to_json())
    inner = raw
    while isinstance(inner, dict | list) and inner:
        keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(list(keys)))
        if data.draw(st.booleans()) or not isinstance(inner[key], dict | list) or not inner[key]:
            inner[key] = value
            break
        inner = inner[key]
    try:
        found = Record.from_json(json.dumps(raw))
    except RecordError:
        return
    assert Record.from_json(found.to_json()) == found


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_named(data: bytes) -> None:
    with pytest.raises(RecordError):
        Record.from_json(data)


def test_a_file_name_that_is_no_text_stands_in_no_records_way(tmp_path: Path) -> None:
    odd = replace(sample(), problems=("no \udcff.zip",))
    assert record.load(record.save(odd, tmp_path)).problems == ("no ?.zip",)


def test_unknown_points_count_nothing_yet_and_are_reported() -> None:
    assert sample().points == 1.5
    assert sample().max_points == 4.0
    assert sample().waiting == ["inline_two_layer_net_1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the file ends too early"),
        ("x", "no JSON"),
        ("{}", "schema is missing"),
        ("[]", "expected a table"),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, said: str) -> None:
    with pytest.raises(RecordError, match=rf"not a record \({said}") as caught:
        Record.from_json(text)
    assert "`" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": 1, "grades": {"a": 3}}'])
def test_what_is_no_record_is_reported(text: str) -> None:
    with pytest.raises(RecordError, match=r"s001\.json: not a record .*delete it and grade again"):
        Record.from_json(text, "s001.json")


def test_another_schema_is_reported() -> None:
    with pytest.raises(RecordError, match="schema 7, expected 1"):
        Record.from_json('{"schema": 7}')


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record.save(sample(), tmp_path)
    before = path.read_text(encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "half")
    assert path.read_text(encoding="utf-8") == before
    assert [p.name for p in tmp_path.iterdir()] == ["s001.json"]
