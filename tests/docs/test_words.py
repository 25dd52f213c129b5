"""The words that the glossary rules out stand in no doc, message or page."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs/glossary.md"
TEXTS = ("docs/**/*.md", "*.md", "bench/*.md", "changes/*.md", "tests/attacks/*.md", "release/*/*.md")
PAGES = ("autograder/**/*.html", "autograder/**/*.js")
CODE = ("autograder/**/*.py", "cs_lib/**/*.py", "samples/*.py", "bench/**/*.py", "tests/**/*.py")


def ruled_out() -> re.Pattern[str]:
    """What the glossary's last table lists on the left."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("| not | but |")[2]
    words = [word.strip() for row in re.findall(r"^\| ([^|-]+) \|", table, re.M) for word in row.split(",")]
    assert len(words) > 8, "the table of words is not where it was"
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


def files(patterns: tuple[str, ...]) -> list[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(found - {Path(__file__)})  # which holds some of the words, to look for them


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """What a reader of the file meets: all of a text, the texts in code, the prose of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    if path == GLOSSARY:
        text = text.partition("## Words we do not use")[0]
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.FunctionDef):
                names = (getattr(node, field, "") for field in ("id", "attr", "arg", "name"))
                yield from ((node.lineno, name.replace("_", " ")) for name in names if name)
    else:
        yield from enumerate(text.splitlines(), 1)


@pytest.mark.parametrize(
    "path",
    files((*TEXTS, *PAGES, *CODE, "source/**/*.ipynb")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_the_words_are_plain(path: Path) -> None:
    words = ruled_out()
    found = [f"line {at}: {match[0]!r}" for at, text in lines(path) for match in words.finditer(text)]
    assert not found, "see the last table of docs/glossary.md: " + "; ".join(found)


def test_a_word_is_found_where_readers_meet_it(tmp_path: Path) -> None:
    code = tmp_path / "a.py"
    code.write_text('def who_is_told(_bear):\n    print("mend this")\n', encoding="utf-8")
    found = {match[0] for _, text in lines(code) for match in ruled_out().finditer(text)}
    assert found == {"told", "bear", "mend"}
    assert not ruled_out().search("a forbearing, untold, amended human-readable text")
