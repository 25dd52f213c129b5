"""Import the hidden graders as modules."""

import sys
from pathlib import Path

import autograder

CODE = """
import importlib
import sys

def attack(folders):
    sys.modules.pop("autograder", None)
    sys.path += folders
    importlib.invalidate_caches()
    return importlib.import_module("autograder.checks.checks").__file__
"""


def test_not_importable(arena):
    folders = [str(Path(autograder.__file__).parents[1]), *(p for p in sys.path if p.endswith("-packages"))]
    arena.attack(CODE, folders, stops=("bwrap", "landlock"), off=("uid",), won=lambda file: bool(file))
