"""docs/authoring.md up to "Questions", to the letter: what it has typed works, and what it shows is seen."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs/authoring.md"
BLOCK = re.compile(r"```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.S)
PLACE = re.compile(r"(?P<verb>Write|Append to) `(?P<path>[^`]+)`:$")


def steps() -> list[tuple[str, str, str]]:
    """(the line above, kind, text) of each block, up to the part that is read at leisure."""
    text = GUIDE.read_text(encoding="utf-8").partition("## Questions")[0]
    found = list(BLOCK.finditer(text))
    return [(text[: m.start()].rstrip().rpartition("\n")[2], m["kind"], m["text"]) for m in found]


def typed(folder: Path, command: str) -> str:
    """What a command prints, with `autograder` and `python` those of this environment."""
    words = {"autograder": f"{sys.executable} -P -m autograder", "python": sys.executable}
    first, _, rest = command.partition(" ")
    done = subprocess.run(
        f"{words[first]} {rest}", shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.skipif(os.name != "posix", reason="the engine grades on Linux")
def test_the_guide_works_as_it_is_written(tmp_path: Path) -> None:
    folder, said = tmp_path, ""
    for before, kind, text in steps():
        place = PLACE.search(before)
        if kind == "sh":
            said = ""
            for command in text.splitlines():
                if command.startswith("cd "):
                    folder /= command.removeprefix("cd ")
                else:
                    said += typed(folder, command)
        elif kind == "text":
            assert all(line in said for line in text.splitlines()), said
        else:
            assert place is not None, f"{before!r}: where does this go?"
            path = folder / place["path"]
            kept = path.read_text(encoding="utf-8") if place["verb"] == "Append to" else ""
            path.write_text(kept + text, encoding="utf-8")


def test_the_guide_has_steps_of_every_kind() -> None:
    kinds = [kind for _, kind, _ in steps()]
    assert {"sh", "text", "python", "toml"} == set(kinds)
    assert len(kinds) > 8
