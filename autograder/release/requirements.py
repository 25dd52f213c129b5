"""What students install: the source's requirements.txt, and what student code may import besides NumPy."""

import re
from collections.abc import Iterable
from importlib import metadata

from autograder.errors import ReleaseError

NAME = re.compile(r"^[A-Za-z0-9][\w.-]*", re.M)


def completed(text: str, packages: Iterable[str]) -> str:
    """The text, with grading's version of each package of `[environment]` that it does not name."""
    asked = {_normal(name) for name in NAME.findall(text)}
    tops = dict.fromkeys(package.partition(".")[0] for package in packages)
    owners = metadata.packages_distributions() if tops else {}
    lines = []
    for top in tops:
        if top not in owners:
            raise ReleaseError(
                f"course.toml: packages: expected what is installed beside the engine, got {top!r}; "
                "install it, or take the entry out"
            )
        for owner in dict.fromkeys(owners[top]):
            if _normal(owner) not in asked:
                version = metadata.version(owner).partition("+")[0]  # "+cpu" is of one builder
                lines.append(f"{owner}=={version}  # as grading has it\n")
    return text + "\n" * (bool(lines) and not text.endswith("\n")) + "".join(lines)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
