"""No name twice in the engine: a class and a module can be spoken of without saying where they are.

A file of `cli/` is named after its verb, and one module or room below may have the same name: what the verb
sets going (docs/decisions/0067-a-verb-and-what-it-sets-going.md).
"""

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ENGINE = Path(__file__).parents[1] / "autograder"
COURSE = ("graders", "rubrics")  # ours: they lie in the engine's folder, and no room imports them
MODULES = sorted(path for path in ENGINE.rglob("*.py") if path.relative_to(ENGINE).parts[0] not in COURSE)
VERBS = {
    "collect": "runs",
    "doctor": "sandbox",
    "export": "bridge",
    "grade": "runs",
    "new": "authoring",
    "review": "runs",
    "term": "runs",
    "verify": "release",
    "watch": "runs",
}  # and in which room a module has the same name
VERBS_OF_ROOMS = {"mutants", "release", "similarity"}


def more_than_once(found: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """name -> where it stands, for names that stand in several places."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in found:
        places[name].append(place)
    return {name: sorted(where) for name, where in places.items() if len(where) > 1}


def test_no_class_has_the_name_of_another():
    classes = (
        (node.name.lstrip("_"), f"{path.relative_to(ENGINE)}")
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert more_than_once(classes) == {}


def test_no_module_has_the_name_of_another_but_a_verb_that_of_what_it_sets_going():
    modules = (
        (path.stem, path.relative_to(ENGINE).parts[0])
        for path in MODULES
        if path.stem not in ("__init__", "__main__")
    )
    assert more_than_once(modules) == {verb: sorted(["cli", room]) for verb, room in VERBS.items()}


def test_no_module_has_the_name_of_another_room_but_a_verb_that_of_what_it_sets_going():
    rooms = {path.name for path in ENGINE.iterdir() if path.is_dir()}
    elsewhere = {(path.parent.name, path.stem) for path in MODULES if path.stem in rooms - {path.parent.name}}
    assert elsewhere == {("cli", verb) for verb in VERBS_OF_ROOMS}


def test_a_name_that_stands_twice_is_found():
    assert more_than_once([("Row", "b"), ("Row", "a"), ("Line", "a")]) == {"Row": ["a", "b"]}
