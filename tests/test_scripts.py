"""What stands outside the engine and the tests asks the engine for names that it has."""

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("bench", "changes", "docs", "figures", "samples")
COURSE = ("autograder.graders", "autograder.rubrics")  # hidden graders, which load under pytest alone
SCRIPTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def is_engine(name: str | None) -> bool:
    return (name or "").split(".")[0] == "autograder" and not str(name).startswith(COURSE)


def asked(tree: ast.Module) -> dict[str, Any]:
    """What a script imports from the engine, by the name that it has there."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_engine(node.module):
            module = import_module(str(node.module))
            for name in node.names:
                if not hasattr(module, name.name):
                    import_module(f"{node.module}.{name.name}")
                found[name.asname or name.name] = getattr(module, name.name)
        elif isinstance(node, ast.Import):
            engine = [name for name in node.names if is_engine(name.name)]
            found |= {name.asname: import_module(name.name) for name in engine if name.asname}
    return found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_script_finds_what_it_asks_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {name: thing for name, thing in asked(tree).items() if isinstance(thing, ModuleType)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            assert hasattr(module, node.attr), f"line {node.lineno}: {module.__name__} has no {node.attr}"
