"""What `--json` prints; the types of it stand with the verbs.

The schema is made from these: `python -m autograder.cli.json_output > docs/output.schema.json`.
A field is never taken away or given another meaning under the same `schema`; new ones may come.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

SCHEMA = 1


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What a verb prints."""

    assignment: Annotated[str, Meta(description="The name of the assignment's folder.")]


T = TypeVar("T")


def made(kind: type[T], source: Any, **more: Any) -> T:
    """One of these types from the fields of `source` and some more."""
    return msgspec.convert({**msgspec.to_builtins(source), **more}, kind)


def show(data: msgspec.Struct) -> None:
    """On stdout, for a program, which reads first of which schema it is."""
    numbered = {"schema": SCHEMA, **msgspec.to_builtins(data)}
    print(msgspec.json.format(msgspec.json.encode(numbered), indent=1).decode())


def schema() -> dict[str, Any]:
    """Of all verbs, each a definition by the name of its type."""
    from autograder.cli import grade, mutants, progress, review, similarity  # they need `show`
    from autograder.intake import Report

    verbs = (
        *(grade.GradeOutput, review.ReviewOutput, Report),
        *(similarity.SimilarityOutput, mutants.MutantsOutput, mutants.SensitivityOutput),
    )
    _, parts = msgspec.json.schema_components((*verbs, progress.ProgressOutput))
    number = {"schema": {"description": "The version of this schema.", "const": SCHEMA}}
    for name, part in parts.items():
        if name in [kind.__name__ for kind in verbs]:
            part["properties"] = number | part["properties"]
        part["required"] = list(part["properties"])  # nothing is left out, so no default counts
        for field in part["properties"].values():
            field.pop("default", None)
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "What --json prints", "$defs": parts}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
