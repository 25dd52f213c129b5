"""List and read the course's own folder, where graders and expected arrays really lie."""

from pathlib import Path

import autograder

CODE = """
import os

def attack(folder):
    found = sorted(os.listdir(folder))
    with open(os.path.join(folder, "__init__.py")) as file:
        return found, file.read()
"""


def test_stays_hidden(arena):
    folder = str(Path(autograder.__file__).parent)
    arena.attack(CODE, folder, stops=("bwrap", "landlock"), off=("uid",), won=lambda found: found is not None)
