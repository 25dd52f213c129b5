import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from autograder import files
from autograder.errors import RecordError
from autograder.files import write_atomically
from autograder.records import record
from autograder.records.record import CaseResult, Grade, Hashes, Record

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/record.schema.json").read_text(encoding="utf-8"))


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
    assert record.load_all(tmp_path) == [sample()]


def test_a_record_follows_its_schema() -> None:
    jsonschema.validate(json.loads(sample().to_json()), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(sample().to_json()), "schema": 2}, SCHEMA)


def test_a_file_name_that_is_no_text_stands_in_no_records_way(tmp_path: Path) -> None:
    odd = replace(sample(), problems=("no \udcff.zip",))
    assert record.load(record.save(odd, tmp_path)).problems == ("no ?.zip",)


def test_unknown_points_count_nothing_yet_and_are_told() -> None:
    assert sample().points == 1.5
    assert sample().max_points == 4.0
    assert sample().waiting == ["inline_two_layer_net_1"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": 1, "grades": {"a": 3}}'])
def test_what_is_no_record_is_told(text: str) -> None:
    with pytest.raises(RecordError, match=r"s001\.json: not a record .*delete it and grade again"):
        Record.from_json(text, "s001.json")


def test_another_schema_is_told() -> None:
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
