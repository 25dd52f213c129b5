"""What every page shares: how templates are read, and a few words for numbers and names."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from autograder.reports import markdown

OUTCOMES = {
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "value": "wrong value",
    "gradient": "wrong gradient",
    "type": "wrong type",
    "mutation": "an argument was changed",
    "code": "the code stopped",
    "needs": "waits for another function",
}

_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


@cache
def template(name: str) -> Template:
    """A template of this package, with all text escaped and every missing value an error."""
    loader = PackageLoader("autograder.reports", "templates")
    options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, **options)  # type: ignore[arg-type]
    environment.filters.update(points=points, breakable=breakable, outcome=outcome, markdown=markdown.html)
    return environment.get_template(name)


def points(value: float) -> str:
    return f"{round(value, 2):g}"


def outcome(property: str, message: str = "") -> str:
    """What a failed check found, in a few words."""
    if property == "code" and message.startswith("NotImplementedError"):  # what a TODO of the release raises
        return "not written yet"
    return OUTCOMES.get(property, "not right yet")


def breakable(name: str) -> Markup:
    """A long name that a narrow column may break after its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def readable(text: str) -> str:
    """Text that any file can hold and that shows in the order it was written: no control characters,
    no half of a surrogate pair, no marks that turn the direction of writing."""
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
