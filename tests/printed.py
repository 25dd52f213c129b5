"""What `--json` printed, read as a program would that trusts the published schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/output.schema.json").read_text(encoding="utf-8"))


def read(kind: str, text: str) -> dict[str, Any]:
    """`text` as data, refused unless it is of this kind, with no field that the schema does not name."""
    data: dict[str, Any] = json.loads(text)
    closed = {name: {**part, "additionalProperties": False} for name, part in SCHEMA["$defs"].items()}
    jsonschema.validate(data, {"$defs": closed, "$ref": f"#/$defs/{kind}"})
    return data
