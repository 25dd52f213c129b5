"""Give every file of a hand-in the place the assignment has for it; say what is missing or lay elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.intake.archives import odd
from autograder.intake.notebook_files import likely_names, recognised

SHOWN = 8  # names of files, in one sentence


@dataclass(frozen=True)
class Arranged:
    """A hand-in's files under the assignment's own names."""

    package: dict[str, bytes]  # "cs_lib/layers.py" -> text
    notebooks: dict[str, bytes]  # "two_layer_net" -> JSON
    results: dict[str, bytes]  # "results/conv_net.npz" -> bytes
    problems: tuple[str, ...]


def arranged(files: dict[str, bytes], assignment: Assignment, aliases: Sequence[str] = ()) -> Arranged:
    """`aliases` are other names the package may have; with any, notebooks may be missing."""
    problems = [f"{name!r} is not used: {why}" for name in files if (why := odd(name))]
    files = {name: data for name, data in files.items() if not odd(name)}
    package = _package(files, assignment, aliases, problems)
    found, told = recognised(files, assignment.notebooks)
    problems += told
    missing = [n for n in assignment.notebooks if n.name not in found]
    if aliases and not found:
        problems.append("no notebooks; only the package is graded")
        missing = []
    for notebook in missing:
        inline = any(cell.kind == "inline" for cell in notebook.cells)
        loss = "its inline questions earn nothing" if inline else "nothing is lost by it"
        problems.append(f"{notebook.name}.ipynb is missing; {loss}")
    results = {
        name: data for name in assignment.results if (data := _by_name(files, name, problems)) is not None
    }
    problems += _unused(files, package, results, assignment, aliases)
    return Arranged(package, {name: files[path] for name, path in found.items()}, results, tuple(problems))


def _unused(
    files: dict[str, bytes],
    package: dict[str, bytes],
    results: dict[str, bytes],
    assignment: Assignment,
    aliases: Sequence[str],
) -> list[str]:
    """Files that no grader sees, but for those of a package of which another copy counts: that is told."""
    used = {id(data) for data in (*package.values(), *results.values())}
    names = {assignment.package, *aliases} if package else set()
    unused = [
        name
        for name, data in sorted(files.items())
        if id(data) not in used
        and not name.lower().endswith(".ipynb")
        and not names & set(PurePosixPath(name).parts[:-1])
    ]
    more = f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else ""
    return [f"not used: {', '.join(unused[:SHOWN])}{more}"] if unused else []


def _package(
    files: dict[str, bytes], assignment: Assignment, aliases: Sequence[str], problems: list[str]
) -> dict[str, bytes]:
    name = assignment.package
    roots = {
        PurePosixPath(*p.parts[: at + 1])
        for p in map(PurePosixPath, files)
        if p.suffix == ".py"
        for at, part in enumerate(p.parts[:-1])
        if part in (name, *aliases)
    }
    if not roots:
        return _loose(files, assignment, problems)
    root = min(roots, key=lambda r: (r.name != name, len(r.parts), str(r)))
    inner = [r for r in roots if r != root and not r.is_relative_to(root)]
    if inner:
        where = str(root.parent)
        problems.append(f"{len(inner) + 1} {name}/ folders; graded the one in {where!r}")
    if root.name != name:
        problems.append(f"the package is called {root.name}; graded as {name}")
    return _one_case(
        {
            f"{name}/{path.removeprefix(f'{root}/')}": data
            for path, data in files.items()
            if path.startswith(f"{root}/") and path.endswith(".py")
        },
        problems,
    )


def _one_case(package: dict[str, bytes], problems: list[str]) -> dict[str, bytes]:
    """Of names that differ in case only, the first (`layers.py` before `Layers.py` is the other way round
    in ASCII, so small letters go first): some file systems hold but one of them."""
    kept: dict[str, str] = {}
    for path in sorted(package, key=str.swapcase):
        if (first := kept.setdefault(path.casefold(), path)) != path:
            problems.append(f"{path} and {first} differ in case only; graded {first}")
    return {path: package[path] for path in package if kept[path.casefold()] == path}


def _loose(files: dict[str, bytes], assignment: Assignment, problems: list[str]) -> dict[str, bytes]:
    """The package's files where no folder of its name is: each by its own name, if only one file has it."""
    name = assignment.package
    places = [p.relative_to(assignment.root).as_posix() for p in sorted(assignment.library.rglob("*.py"))]
    if other := _look_alikes(files, places):
        problems.append(
            f"no {name}/ folder; {other[0]}/ looks like it under another name: `--alias {other[0]}` or "
            "package_aliases in assignment.toml grades it; for now its functions count as not handed in"
        )
        return {}
    by_base: dict[str, list[str]] = {}
    for place in places:
        by_base.setdefault(PurePosixPath(place).name, []).append(place)
    found: dict[str, bytes] = {}
    for path in sorted(files, key=lambda n: (n.count("/"), n)):
        owners = by_base.get(PurePosixPath(path).name, [])
        if len(owners) == 1 and owners[0] not in found and not path.endswith("__init__.py"):
            found[owners[0]] = files[path]
    if found:
        problems.append(f"no {name}/ folder; its files were found elsewhere: {', '.join(sorted(found))}")
    else:
        problems.append(f"no {name}/ folder; every function in it counts as not handed in")
    return found


def _look_alikes(files: dict[str, bytes], places: Collection[str]) -> list[str]:
    """Folders that hold the package's files and that other files import: packages of another name."""
    bases = {PurePosixPath(place).name for place in places} - {"__init__.py"}
    folders = {p.parent.name for p in map(PurePosixPath, files) if p.name in bases and p.parent.name}
    text = b"\n".join(files[name] for name in files if name.endswith((".py", ".ipynb")))
    return sorted(
        folder
        for folder in folders
        if folder.isidentifier() and re.search(rb"\b(?:from|import)\s+" + folder.encode() + rb"\b", text)
    )


def _by_name(files: dict[str, bytes], wanted: str, problems: list[str]) -> bytes | None:
    """The file at `wanted`, or the one of that name (or that name as a copy) nearest to the top."""
    if wanted in files:
        return files[wanted]
    base = PurePosixPath(wanted)
    paths = sorted((n for n in files if n.lower().endswith(base.suffix)), key=lambda n: (n.count("/"), n))
    exact = [n for n in paths if PurePosixPath(n).name == base.name]
    like = exact or [n for n in paths if base.stem.casefold() in likely_names(PurePosixPath(n).stem)]
    if not like:
        return None
    if not exact:
        problems.append(f"{like[0]} is taken as {wanted}, by its name")
    if len(like) > 1:
        problems.append(f"{len(like)} files called {base.name}; took {like[0]}")
    return files[like[0]]
