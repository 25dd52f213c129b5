"""The kit that is running, as a wheel, and the versions of what it runs with.

Packed from the installed files: no build tools, no network, and the same from a checkout as from an
installed wheel. What a checkout keeps of its own course inside the engine's folder stays out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import metadata
from pathlib import Path

import autograder
from autograder.course.shipped import engine_files
from autograder.files import packed, whole

KIT = "cs-course-kit"
HOME = Path(autograder.__file__).parents[1]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
WHEEL = "Wheel-Version: 1.0\nGenerator: cs-course-kit\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel() -> tuple[str, bytes]:
    """The wheel's file name, and the wheel."""
    kit = metadata.distribution(KIT)
    info = f"cs_course_kit-{kit.version}.dist-info"
    files = {path.relative_to(HOME).as_posix(): whole(path) for path in engine_files(HOME)}
    about = kit.read_text("METADATA") or kit.read_text("PKG-INFO")  # the second in a checkout's own egg-info
    files[f"{info}/METADATA"] = (about or "").encode()
    files[f"{info}/entry_points.txt"] = (kit.read_text("entry_points.txt") or "").encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    lines = []
    for name, data in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    return f"cs_course_kit-{kit.version}-py3-none-any.whl", packed(files)


def constraints() -> str:
    """`name==version` of all that the kit needs, as it is installed here: grading there is grading here."""
    found: dict[str, str] = {}
    waiting = [KIT]
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).casefold()
        if key in found:
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # of another platform
            continue
        found[key] = package.version
        needed = (line for line in package.requires or () if "extra ==" not in line)
        waiting += [match[0] for line in needed if (match := NAME.match(line))]
    del found[KIT]
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
