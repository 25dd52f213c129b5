"""What stands below and in a cell of a student's notebook, as far as a page may show it.

Every page of a hand-in reads outputs and pasted pictures here: printed text and pictures of known kinds,
within limits. HTML, JavaScript, SVG, widgets and what claims to be a picture are left out, for they could
run code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

TEXT = "text/plain"
DRAWN = ("image/png", "image/jpeg")  # by code
PICTURES = (*DRAWN, "image/gif", "image/webp")  # pasted into a cell
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
MAX_PASTED = 3_000_000  # characters of pictures pasted into one cell
MAX_OUTPUT = 2_000_000  # characters of one cell's outputs, pictures included


def each_output(cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A cell's outputs as they came, without what is none."""
    outputs = cell.get("outputs")
    yield from (
        output for output in (outputs if isinstance(outputs, list) else ()) if isinstance(output, dict)
    )


def outputs(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a cell printed and drew, in the format of notebooks."""
    kept: list[dict[str, Any]] = []
    size = 0
    for output in each_output(cell):
        safe: dict[str, Any]
        if output.get("output_type") == "stream":
            safe = {"output_type": "stream", "name": "stdout", "text": _text(output.get("text"))}
        elif data := _shown(output.get("data")):
            safe = {"output_type": "display_data", "data": data, "metadata": {}}
        else:
            continue
        size += len(json.dumps(safe))
        if size > MAX_OUTPUT:
            break
        kept.append(safe)
    return kept


def pasted(cell: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The pictures pasted into a cell of text: name -> kind -> base64."""
    attachments = cell.get("attachments")
    kept: dict[str, dict[str, str]] = {}
    room = MAX_PASTED
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, value in bundle.items() if isinstance(bundle, dict) else ():
            data = _picture(value)
            if kind in PICTURES and data and len(data) <= room:
                kept[str(name)] = {kind: data}
                room -= len(data)
    return kept


def pasted_as_urls(cell: Mapping[str, Any]) -> dict[str, str]:
    """The same as a page names them: name -> data URL."""
    return {n: url(kind, data) for n, bundle in pasted(cell).items() for kind, data in bundle.items()}


def url(kind: str, data: str) -> str:
    return f"data:{kind};base64,{data}"


def _shown(bundle: object) -> dict[str, str]:
    """Of the ways in which one output can be shown, those that are harmless."""
    found: dict[str, Any] = bundle if isinstance(bundle, dict) else {}
    data = {kind: _picture(found[kind]) for kind in found if kind in DRAWN}
    if TEXT in found:
        data[TEXT] = _text(found[TEXT])
    return {kind: value for kind, value in data.items() if value or kind == TEXT}


def _picture(value: object) -> str:
    """A picture's base64 without the line ends that programs put into it; empty for what is no base64."""
    data = "".join(_text(value).split())
    return data if BASE64.fullmatch(data) else ""


def _text(value: object) -> str:
    """What a notebook holds as text, or in lines; what is something else was made by no program that runs
    cells."""
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))
