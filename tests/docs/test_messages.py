"""What the engine prints and writes sends nobody to a page: the wheel carries none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "autograder"
OF_OUR_COURSE = ("graders", "rubrics")
PAGE = re.compile(r"docs/[\w-]+\.md")


def texts(path: Path) -> Iterator[str]:
    """Of a module, its strings that are no docstrings; of any other file, all."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def of_the_engine() -> list[Path]:
    kinds = (".py", ".tmpl", ".html", ".js", ".toml")
    paths = [path for path in sorted(ENGINE.rglob("*")) if path.suffix in kinds]
    return [path for path in paths if path.relative_to(ENGINE).parts[0] not in OF_OUR_COURSE]


def test_no_text_of_the_engine_names_a_page() -> None:
    paths = of_the_engine()
    assert len(paths) > 150
    found = [
        f"{path.relative_to(ENGINE)}: {text[:80]}"
        for path in paths
        for text in texts(path)
        if PAGE.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "names"), [('"""docs/why.md"""\n', False), ('x = f"{1}: see docs/why.md"\n', True)]
)
def test_a_page_is_found_in_a_message_and_not_in_a_docstring(tmp_path: Path, text: str, names: bool) -> None:
    (tmp_path / "module.py").write_text(text)
    assert any(PAGE.search(one) for one in texts(tmp_path / "module.py")) is names
