"""Names across the modules of a library: what goes with left-out code, and what a skeleton may not use."""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from autograder.errors import ReleaseError
from autograder.files import dotted
from autograder.release.marks import Function
from autograder.release.strip import Module, Stripped, imported_modules, matches, members, strip_module


def left_out(name: str, globs: Iterable[str]) -> bool:
    """Whether a qualified name, or a module or class it lies in, is left out."""
    parts = name.split(".")
    return any(matches(".".join(parts[:size]), globs) for size in range(2, len(parts) + 1))


def taken_along(modules: Sequence[Module], leave_out: Sequence[str], other_words: set[str]) -> list[str]:
    """Constants and private helpers that only left-out code uses; they vanish with it.

    `other_words` are names that code outside the library uses.
    """
    taken: list[str] = []
    while True:
        globs = [*leave_out, *taken]
        kept = [module for module in modules if not left_out(module.name, globs)]
        trees = {module.name: ast.parse(strip_module(module, (), globs).text) for module in kept}
        mentions = _mentions(trees.values())
        used_by_gone = _words_of_left_out(modules, globs)
        more = [
            name
            for module in kept
            for name, node in members(trees[module.name], module.name)
            if (_is_private(name) or not isinstance(node, Function | ast.ClassDef))
            and _short(name) in used_by_gone - other_words
            and not _used(_short(name), mentions, node)
        ]
        if not more:
            return taken
        taken += more


def refuse_left_out_uses(
    modules: Sequence[Module], stripped: Mapping[str, Stripped], globs: Sequence[str]
) -> None:
    """A use that importing does not reveal: `layers.conv_forward` inside a function that is kept."""
    for module in modules:
        if module.name not in stripped:
            continue
        # The solved text: the skeleton has lost the imports of what is left out.
        bound = _bound(ast.parse(module.text), module.package)
        for node in ast.walk(ast.parse(stripped[module.name].text)):
            names: list[str] = []
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [f"{bound[node.value.id]}.{node.attr}"] if node.value.id in bound else []
            elif isinstance(node, ast.Name):
                names = [f"{module.name}.{node.id}", bound.get(node.id, "")]
            for name in names:
                if left_out(name, globs):
                    raise ReleaseError(
                        f"{module.path} (skeleton): expected no use of what is left out, got "
                        f"{ast.unparse(node)}, which is {name}; leave out the function that uses it too, "
                        "or keep both"
                    )


def refuse_helpers_of_answers(
    modules: Sequence[Module], stripped: Mapping[str, Stripped], todo: Sequence[str], other_words: set[str]
) -> None:
    """A private helper that only solutions call is half the answer."""
    trees = {name: ast.parse(result.text) for name, result in stripped.items()}
    mentions = _mentions(trees.values())
    for module in modules:
        for name, node in members(trees.get(module.name, ast.Module([], [])), module.name):
            helper = isinstance(node, Function | ast.ClassDef) and _is_private(name) and name not in todo
            if helper and _short(name) not in other_words and not _used(_short(name), mentions, node):
                raise ReleaseError(
                    f"{module.path}: {name} is used by no code that students get, so it may hold part of an "
                    "answer; add it to leave_out or todo, or give it a public name"
                )


def refuse_missing(code: str, where: str, package: str, files: Mapping[str, str]) -> None:
    """A notebook that asks the library for a name that students do not get.

    Args:
        code: the notebook's code, all of it.
        where: its path, for messages.
        package: the library.
        files: the library as students get it, {path: text}.
    """
    modules = {dotted(path): _top_level(ast.parse(text).body) for path, text in files.items()}
    tree = ast.parse(code)
    bound = _bound(tree, "")
    imported, used = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used += [f"{bound[node.value.id]}.{node.attr}"] if node.value.id in bound else []
    for name in [*imported, *(name for name in used if name.rpartition(".")[0] in modules)]:
        module, _, short = name.rpartition(".")
        if name.split(".")[0] == package and name not in modules and short not in modules.get(module, ()):
            raise ReleaseError(
                f"{where}: expected only what students get of the library, got {name}; take it from "
                "leave_out in assignment.toml, add it to the library, or do without it"
            )


def _top_level(body: Iterable[ast.stmt]) -> set[str]:
    """The names a module binds."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, ast.alias):
                names.add(part.asname or part.name.split(".")[0])
            elif isinstance(part, Function | ast.ClassDef):
                names.add(part.name)
    return names


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _is_private(name: str) -> bool:
    # A name that ends in _ as well is called by others: __len__ by Python, _repr_html_ by IPython.
    return _short(name).startswith("_") and not _short(name).endswith("_")


def _words_of_left_out(modules: Sequence[Module], globs: Sequence[str]) -> set[str]:
    words: set[str] = set()
    for module in modules:
        tree = ast.parse(module.text)
        gone: list[ast.AST] = [tree] if left_out(module.name, globs) else []
        gone += [node for name, node in members(tree, module.name) if matches(name, globs)]
        words.update(word for part in gone for node in ast.walk(part) for word in _names(node))
    return words


def _mentions(trees: Iterable[ast.AST]) -> Counter[str]:
    """How many nodes of the trees name it, by name."""
    return Counter(word for tree in trees for node in ast.walk(tree) for word in set(_names(node)))


def _used(name: str, mentions: Counter[str], definition: ast.stmt) -> bool:
    """Whether `name` is mentioned outside its own definition."""
    return mentions[name] > _mentions([definition])[name]


def _names(node: ast.AST) -> tuple[str, ...]:
    """The names a node mentions, also as a text: getattr(self, "_name")."""
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Store) else (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.alias):
        return (node.name, node.asname or "")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    return ()


def _bound(tree: ast.AST, package: str) -> dict[str, str]:
    """What each imported name stands for."""
    return {
        alias.asname or alias.name: imported_modules(node, alias, package)[-1]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
