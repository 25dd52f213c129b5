"""The engine's rooms in figures: lines, who knows whom, floors. `python -m bench.house`.

A room is a folder of `autograder/`, or a file beside them; an arrow says that a room imports from another; a
floor lies above all that its rooms import from. Graders and rubrics are the course's.
"""

import ast
from functools import cache
from pathlib import Path

import grimp

ENGINE = Path(__file__).parents[1] / "autograder"
COURSE = {"graders", "rubrics"}


def arrows() -> dict[str, set[str]]:
    """room -> the rooms that it imports from"""
    graph = grimp.build_graph("autograder")
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        if here := room(module):
            others = {room(other) for other in graph.find_modules_directly_imported_by(module)}
            found.setdefault(here, set()).update(others - {here, ""})
    return found


def room(module: str) -> str:
    """ "" for the package itself, what starts it, and the course's folders."""
    name = module.partition(".")[2].partition(".")[0]
    return "" if name in COURSE or name == "__main__" else name


def floors(known: dict[str, set[str]]) -> dict[str, int]:
    @cache
    def floor(name: str) -> int:
        return 1 + max(map(floor, known[name]), default=0)

    return {name: floor(name) for name in known}


def files(name: str) -> list[Path]:
    folder = ENGINE / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ENGINE / f"{name}.py"]


def main() -> None:
    known = arrows()
    floor = floors(known)
    texts = {name: [path.read_text(encoding="utf-8") for path in files(name)] for name in known}
    print("| floor | room | lines | files | definitions | knows |\n|---:|---|---:|---:|---:|---|")
    for name in sorted(known, key=lambda name: (-floor[name], name)):
        lines = sum(len(text.splitlines()) for text in texts[name])
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        made = sum(isinstance(node, kinds) for text in texts[name] for node in ast.walk(ast.parse(text)))
        knows = " ".join(sorted(known[name]))
        print(f"| {floor[name]} | `{name}` | {lines:,} | {len(texts[name])} | {made} | {knows} |")
    total = sum(len(text.splitlines()) for room_texts in texts.values() for text in room_texts)
    counted = sum(map(len, known.values()))
    print(f"\n{len(known)} rooms, {counted} arrows, {max(floor.values())} floors, {total:,} lines")


if __name__ == "__main__":
    main()
