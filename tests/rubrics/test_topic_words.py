"""The words of a subject stand in rubrics: the engine's lists of words hold none of them."""

import ast
import re
import tomllib
from pathlib import Path

from autograder.answers import words
from autograder.answers.words import lexicon
from autograder.course.course import find

ROOM = Path(words.__file__).parent
# Of our topic's words, those that the engine needs as words about answers, or that are plain English.
ABOUT_ANSWERS = lexicon(
    "number function error value general step test mean sum cut class rate example change"
)
NAMES_OF_SIGNS = lexicon("infinity sigma beta gamma lambda strong")  # Greek letters, ∞, a tag of HTML


def strings(source: str) -> set[str]:
    """Every word in a text of the code that is no docstring."""
    tree = ast.parse(source)
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    found = [n.value for n in texts if id(n) not in docs]
    return {word for text in found for word in re.findall(r"[a-z]{3,}", text.lower())}


def test_no_word_of_our_course_is_in_the_engine() -> None:
    topic: set[str] = set()
    for path in find().rubrics.glob("*.toml"):
        rubric = tomllib.loads(path.read_text())
        groups = [
            *rubric.pop("words").values(),
            *(n for q in rubric.values() for n in q.get("options", {}).values()),
        ]
        topic |= {words.stem(w) for group in groups for text in group for w in text.split()}
    topic -= {words.stem(w) for w in words.GLUE | ABOUT_ANSWERS | words.POINTING}
    assert {"sigmoid", "gradient", "overfit"} <= topic
    for path in ROOM.glob("*.py"):
        found = {w for w in strings(path.read_text()) - NAMES_OF_SIGNS if words.stem(w) in topic}
        assert found == set(), path.name


def test_a_word_of_a_course_would_be_found() -> None:
    assert "gradient" in strings('"""Of a slope."""\nWORDS = "gradient layer"\n')
    assert "slope" not in strings('"""Of a slope."""\nWORDS = "gradient layer"\n')
