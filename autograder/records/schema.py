"""The JSON schema of a record; `python -m autograder.records.schema > docs/record.schema.json` writes it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from autograder.records.record import SCHEMA, Record


def schema() -> dict[str, Any]:
    """The schema made from the types, closed to unknown names."""
    made = msgspec.json.schema(Record)
    parts = made["$defs"]
    for part in parts.values():
        part["additionalProperties"] = False
    parts["Record"]["properties"]["schema"] = {"description": "The version of this schema.", "const": SCHEMA}
    parts["Record"]["required"] = list(parts["Record"]["properties"])  # `to_json` leaves nothing out
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**draft, **parts.pop("Record"), "title": "Record of one graded submission", "$defs": parts}


def text() -> str:
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
