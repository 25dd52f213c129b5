"""Collect the fragments of this folder: `make changelog` prints them, `make changelog VERSION=1.2.0` moves
them into CHANGELOG.md as that version.

A fragment is `<slug>.md`: one or two sentences for a user, no heading. Fragments are sorted by name.
"""

import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
CHANGELOG = HERE.parent / "CHANGELOG.md"
WIDTH = 600  # characters of a fragment; more is a page of the docs


class FragmentError(Exception):
    """A fragment is not one."""


def fragments(folder: Path = HERE) -> dict[Path, str]:
    """File -> its text as one line."""
    found = {}
    for path in sorted(folder.glob("*.md")):
        text = " ".join(path.read_text(encoding="utf-8").split())
        if not text or text.startswith("#") or len(text) > WIDTH:
            raise FragmentError(
                f"changes/{path.name}: expected one or two sentences for a user, up to {WIDTH} characters "
                f"and without a heading, got {len(text)} characters; shorten it, and put the rest into docs/"
            )
        found[path] = text.removeprefix("- ")
    return found


def section(version: str, day: date, texts: list[str]) -> str:
    return "\n".join([f"## {version} ({day})", "", *(f"- {text}" for text in texts), ""])


def release(version: str, day: date, folder: Path = HERE, changelog: Path = CHANGELOG) -> None:
    """Put the fragments on top of the changelog and delete them."""
    found = fragments(folder)
    text = changelog.read_text(encoding="utf-8")
    if f"\n## {version} (" in text:
        raise FragmentError(f"CHANGELOG.md: {version} is there already; expected a new version")
    head, mark, rest = text.partition("\n## ")
    added = section(version, day, list(found.values()))
    changelog.write_text(f"{head}\n{added}{mark}{rest}", encoding="utf-8")
    for path in found:
        path.unlink()


def main(version: str = "") -> int:
    try:
        if version:
            release(version, date.today())
        else:
            print(section("next", date.today(), list(fragments().values())), end="")
    except FragmentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
