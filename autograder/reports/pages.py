"""What every page shares: how templates are read, and a few words for numbers and names."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from autograder.reports import markdown
from autograder.safe_text import readable

OUTCOMES = {
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "value": "wrong value",
    "gradient": "wrong gradient",
    "type": "wrong type",
    "mutation": "an argument was changed",
    "code": "the code stopped",
    "needs": "waits for another function",
    "import": "waits for a line that Python cannot read",
    "missing": "not handed in",
}


@cache
def template(name: str) -> Template:
    """A template of this package, with all text escaped and every missing value an error."""
    loader = PackageLoader("autograder.reports", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        points=points,
        breakable=breakable,
        outcome=outcome,
        markdown=markdown.html,
        inline=markdown.inline,
        to_student=to_student,
        sentence=sentence,
    )
    return environment.get_template(name)


def page(name: str, /, **shown: object) -> str:
    """A page made of a template, in text that any file can hold."""
    return readable(template(name).render(**shown))


def to_student(problem: str) -> str:
    """A problem as the instructor reads it, in words to the student."""
    return problem.replace("ask for it again", "hand it in again")


def sentence(words: str) -> str:
    """The same with a capital in front; what follows stays, "Python" among it."""
    return words[:1].upper() + words[1:]


def points(value: float) -> str:
    return f"{round(value, 2):g}"


NOT_WRITTEN = "not written yet"


def outcome(property: str, message: str = "") -> str:
    """What a failed check found, in a few words."""
    if property == "code" and message.startswith("NotImplementedError"):  # what a TODO of the release raises
        return NOT_WRITTEN
    return OUTCOMES.get(property, "not right yet")


def breakable(name: str) -> Markup:
    """A long name that a narrow column may break after its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))
