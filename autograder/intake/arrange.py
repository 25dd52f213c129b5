"""Give every file of a hand-in the place the assignment has for it, and say what becomes of each.

Files lie below roots: folders that hold the package, or a notebook. Where two roots hold the same place, two
hand-ins lie in one: the one that was worked on is taken whole, never part by part; where more than one was,
a person is asked (`copies`). Every file is used, or named, or litter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from autograder.course.assignment import Assignment
from autograder.files import files_below
from autograder.intake import facts, notes, passed_over, written
from autograder.intake.archives import is_archive, is_foreign, odd
from autograder.intake.changed_names import MODEL, MODULE, ending, is_alike, is_backup, likely
from autograder.intake.copies import SHOWN, Found, choose, folder_of
from autograder.intake.elsewhere import IMPORTED, imported_by, in_cells, recovered
from autograder.intake.given import fingerprint, given, to_do
from autograder.intake.handed_in import Submission, limited
from autograder.intake.kinds import ARCHIVES, HEAD, TEXT, UNREAD, Other, kind, no_arrays
from autograder.intake.notebook_files import by_cells, by_name, may_be
from autograder.intake.source_text import in_utf8, no_source
from autograder.intake.unpacked import MANY
from autograder.intake.unworked import of_another, unworked
from autograder.safe_text import briefly, listed

# The list that students' work.py packs; what it says of the hand-in decides nothing.
MANIFEST = "manifest.json"
# They claim something about a hand-in, and are no part of it.
ABOUT = (facts.STAMP, facts.FILE, MANIFEST)


@dataclass
class _Arranging:
    """What is found out on the way."""

    assignment: Assignment
    files: dict[str, bytes]
    unread: dict[str, Other]  # files of no kind that is graded
    problems: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)  # files that a problem names, or that need no naming

    def named_like(self, kind: str) -> list[tuple[str, bytes]]:
        """The files with this ending, as it is or as it may have been."""
        return [(path, data) for path, data in self.files.items() if ending(path) == kind]

    def doubt(self, place: str, why: str) -> None:
        """Have a person look at every cell that depends on this place."""
        for grade_id in [place] if place.endswith(MODEL) else cells_of(place, self.assignment):
            self.doubts.setdefault(grade_id, why)


def cells_of(place: str, assignment: Assignment) -> list[str]:
    """The grade cells that depend on a module or a notebook. Which read a trained model, the graders know."""
    if place.endswith(MODULE):
        return [cell.grade_id for cell in assignment.grade_cells if cell.kind == "code" and not cell.manual]
    return [
        cell.grade_id
        for notebook in assignment.notebooks
        for cell in notebook.cells
        if place == f"{notebook.name}.ipynb" and cell.manual
    ]


def arrange(
    student: str,
    files: Mapping[str, bytes],
    assignment: Assignment,
    aliases: tuple[str, ...] = (),
    unread: Mapping[str, Other] | None = None,
) -> Submission:
    """Files under the names the hand-in gave them, as a `Submission`. `aliases` are other names the package
    may have; with any, notebooks may be missing. `unread` are files of no kind that is graded."""
    over = {n: o for n, o in (unread or {}).items() if o.kind == passed_over.PASSED_OVER}
    unread = {n: o for n, o in (unread or {}).items() if n not in over}
    work = _Arranging(assignment, {n: d for n, d in files.items() if not odd(n)}, dict(unread))
    work.named |= {name for name in files if PurePosixPath(name).name == MANIFEST}
    odd_ones = {name: why for name in (*files, *unread) if (why := odd(name))}
    work.problems += [f"{briefly(name)!r} is not used: {why}" for name, why in odd_ones.items()]
    submission, spares = _placed(student, work, aliases)
    over = dict(passed_over.suspects(over, submission, assignment))
    left = {**_left(work), **{n: Other("") for n in odd_ones}, **over}
    _missing(work, submission, left)
    for place, why in in_cells(submission, assignment):
        work.problems.append(f"{why}, from which functions are graded")
        work.doubt(place, why)
    ours = {*ABOUT, *(name for name in given(assignment).others if name.endswith(MODULE))}
    words = [n for n, o in left.items() if o.may_hold_words(n) and PurePosixPath(n).name not in ours]
    words += notes.in_package(submission.package, assignment)
    answers = written.read(assignment, submission.notebooks, spares, words)
    work.problems += [*answers.broken.values(), *answers.problems]
    if over:
        work.problems.append(f"not used, in a folder that is passed over: {_listed(over)}")
    _name_unused(work, {n: o for n, o in left.items() if n not in (*over, MANY)})
    work.problems += unworked(submission, assignment)
    if not aliases:  # a package of another course has other functions
        work.problems += of_another(submission.package, assignment)
    doubts = {**work.doubts, **answers.doubts}
    return replace(submission, problems=limited(work.problems), answers=answers, doubts=doubts)


def _placed(
    student: str, work: _Arranging, aliases: tuple[str, ...]
) -> tuple[Submission, list[tuple[str, str, bytes]]]:
    """Every file that has a place in it; and other copies of notebooks (notebook, path, content)."""
    assignment = work.assignment
    found = [*_modules(work, aliases), *_notebooks(work), *_models(work)]
    found += recovered(work.files, found, assignment)
    taken = choose(found, given(assignment), assignment)
    work.problems += taken.noted
    for place, why in taken.doubts.items():
        work.doubt(place, why)
    package = _readable(_one_case(taken.of(MODULE), work), work)
    notebooks = {place.removesuffix(".ipynb"): data for place, data in taken.of(".ipynb").items()}
    results = taken.of(MODEL)
    _no_models(results, work)
    inner = {assignment.package} | {f.other_name for f in taken.files.values()}
    helpers = imported_by(package, work.files, taken, inner)
    package |= {place: in_utf8(work.files[path])[0] for place, path in helpers.items()}
    work.named |= {f.path for f in found} | set(helpers.values())
    return Submission(student, package, notebooks, results, aliases=aliases), taken.spares


def _modules(work: _Arranging, aliases: Sequence[str]) -> list[Found]:
    package = work.assignment.package
    places = {p.casefold(): p for p in _places(work.assignment)}
    found = []
    for path, data in work.named_like(MODULE):
        parts = PurePosixPath(path).parts
        at = next((n for n, part in enumerate(parts[:-1]) if part in (package, *aliases)), None)
        if at is None:
            continue
        while parts[at + 1] == parts[at]:  # packed with a folder of the same name around it
            at += 1
        inside = "/".join(parts[at + 1 : -1])
        place, exact = _known(parts[-1], f"{package}/{inside}/".replace("//", "/"), places)
        if place:
            root, other = "/".join(parts[:at]), "" if parts[at] == package else parts[at]
            found.append(Found(place, path, data, root, exact, other))
    return found or _loose(work, places)


def _known(base: str, folder: str, places: Mapping[str, str]) -> tuple[str, bool]:
    """(the place in the package of a file of this name, whether it has that name); a helper's is its own."""
    own, is_module = f"{folder}{base}", base.endswith(MODULE)
    if is_module and own.casefold() in places:
        return own, True
    for name in likely(base):
        if known := places.get(f"{folder}{name}".casefold()):
            return known, False
    return (own, True) if is_module else ("", False)


def _places(assignment: Assignment) -> list[str]:
    """The package's own files."""
    return [p.relative_to(assignment.root).as_posix() for p in files_below(assignment.library, "*.py")]


def _loose(work: _Arranging, places: Mapping[str, str]) -> list[Found]:
    """The package's files where no folder of its name is: each by its own name, if only one file has it."""
    name = work.assignment.package
    if other := _look_alikes(work.files, places.values()):
        why = (
            f"no {name}/ folder; {other[0]}/ looks like it under another name: `--alias {other[0]}` or "
            "package_aliases in assignment.toml grades it; for now its functions count as not handed in"
        )
        work.problems.append(why)
        work.doubt(f"{name}/__init__.py", f"the package seems to be called {other[0]} here")
        return []
    by_base: dict[str, list[str]] = {}
    for place in places.values():
        by_base.setdefault(PurePosixPath(place).name.casefold(), []).append(place)
    found = []
    for path, data in work.named_like(MODULE):
        names = list(likely(path))
        for base in names:
            owners = by_base.get(base, [])
            if len(owners) == 1 and base != "__init__.py":
                exact = base == names[0] and path.endswith(MODULE)
                found.append(Found(owners[0], path, data, folder_of(path), exact))
                break
    if found:
        places_found = ", ".join(sorted({f.place for f in found}))
        work.problems.append(f"no {name}/ folder; its files were found elsewhere: {places_found}")
    return found


def _look_alikes(files: Mapping[str, bytes], places: Collection[str]) -> list[str]:
    """Folders that hold the package's files and that other files import: packages of another name."""
    bases = {PurePosixPath(place).name for place in places} - {"__init__.py"}
    folders = {p.parent.name for p in map(PurePosixPath, files) if p.name in bases and p.parent.name}
    if not folders:
        return []
    imported = {
        name.decode()
        for path, data in files.items()
        if path.endswith((".py", ".ipynb"))
        for name in IMPORTED.findall(data)
    }
    return sorted(folder for folder in folders if folder in imported)


def _one_case(package: dict[str, bytes], work: _Arranging) -> dict[str, bytes]:
    """Of names that differ in case only, the first (`layers.py` before `Layers.py` is the other way round
    in ASCII, so small letters go first): some file systems hold but one of them."""
    kept: dict[str, str] = {}
    for path in sorted(package, key=str.swapcase):
        if (first := kept.setdefault(path.casefold(), path)) != path:
            work.problems.append(f"{path} and {first} differ in case only; graded {first}")
    return {path: package[path] for path in package if kept[path.casefold()] == path}


def _readable(package: dict[str, bytes], work: _Arranging) -> dict[str, bytes]:
    """Source in UTF-8, where it is source at all."""
    read = {}
    for place, data in package.items():
        read[place], why = in_utf8(data)
        if what := no_source(data, given(work.assignment).package.get(place, "")):
            why = f"cannot be read: it is {what}; ask for the file itself"
        if why:
            work.problems.append(f"{place} {why}")
        if why.startswith("cannot"):
            work.doubt(place, f"{place} {why}")
    return read


def _notebooks(work: _Arranging) -> list[Found]:
    known, found = work.assignment.notebooks, []
    strangers = []
    for path, data in work.files.items():
        if not may_be(path):
            continue
        name = by_name(path, known)
        if name and not (path.lower().endswith(".json") and b'"cells"' not in data):
            exact = PurePosixPath(path).name == f"{name}.ipynb"
            found.append(Found(f"{name}.ipynb", path, data, folder_of(path), exact))
        else:
            strangers.append(path)
    there = {f.place for f in found}
    missing = [n for n in known if f"{n.name}.ipynb" not in there]
    for path in strangers:
        name = by_cells(path, work.files[path], missing, given(work.assignment).notebooks)
        if name:
            found.append(
                Found(f"{name}.ipynb", path, work.files[path], folder_of(path), False, by="by its cells")
            )
    return found


def _models(work: _Arranging) -> list[Found]:
    found = []
    for path, data in work.named_like(MODEL):
        for place in work.assignment.results:
            wanted = PurePosixPath(place)
            if wanted.name.casefold() in likely(path):
                exact = PurePosixPath(path).name == wanted.name
                root = path[: -len(place)].rstrip("/") if path.endswith(place) else folder_of(path)
                found.append(Found(place, path, data, root, exact))
                break
    return found


def _no_models(results: Mapping[str, bytes], work: _Arranging) -> None:
    """Trained models that cannot be read: a pointer, a page of a web site, half of a download."""
    for place, data in results.items():
        if what := no_arrays(data):
            why = f"{place} cannot be read: it is {what}; ask for the file itself"
            work.problems.append(why)
            work.doubt(place, why)


def _left(work: _Arranging) -> dict[str, Other]:
    """Every file that nothing was made of, and that was not given out with the assignment."""
    left = {n: d for n, d in work.files.items() if n not in work.named}
    everything = {**{n: Other(kind(d[:HEAD]), fingerprint(d)) for n, d in left.items()}, **work.unread}
    is_given = given(work.assignment).is_other
    return {n: o for n, o in sorted(everything.items()) if n not in work.named and not is_given(n, o.print)}


def _missing(work: _Arranging, submission: Submission, left: Mapping[str, Other]) -> None:
    """Say what is not there; where it may lie in something that was not used, a person looks."""
    name, package = work.assignment.package, submission.package
    closed = [n for n, o in left.items() if o.may_hold_anything() or is_foreign(n) or is_backup(n)]
    if not package:
        if not any(problem.startswith(f"no {name}/ folder") for problem in work.problems):
            work.problems.append(f"no {name}/ folder; every function in it counts as not handed in")
        code = [n for n, o in left.items() if n in closed or o.may_hold_code(n)]
        _suspect(work, f"{name}/__init__.py", f"no {name}/ folder", code)
    known = given(work.assignment)
    for place in to_do(work.assignment) if package else ():
        if known.lacks_work(place, package):
            state = "is missing" if place not in package else "is as it was given out"
            alike = [n for n, o in left.items() if is_alike(n, place) and o.may_hold_code(n)]
            _suspect(work, place, f"{place} {state}", [*closed, *alike])
    missing = [n for n in work.assignment.notebooks if n.name not in submission.notebooks]
    if submission.aliases and not submission.notebooks:
        work.problems.append("no notebooks; only the package is graded")
        missing = []
    words = [n for n, o in left.items() if n in closed or o.may_hold_words(n)]
    for notebook in missing:
        inline = any(cell.kind == "inline" for cell in notebook.cells)
        loss = "its inline questions earn nothing" if inline else "nothing is lost by it"
        if words:
            loss = "a person looks for its answers in what could not be read" if inline else loss
        work.problems.append(f"{notebook.name}.ipynb is missing; {loss}")
        _suspect(work, f"{notebook.name}.ipynb", f"{notebook.name}.ipynb is missing", words)
    numbers = [n for n, o in left.items() if n in closed or o.may_hold_numbers(n)]
    for place in work.assignment.results:
        if place not in submission.results:
            _suspect(work, place, f"{place} is missing", numbers)


def _suspect(work: _Arranging, place: str, what: str, where: Sequence[str]) -> None:
    if where:
        names = _listed(dict.fromkeys(where))
        work.doubt(place, f"{what}, but {names} was handed in, which could not be used")


def _name_unused(work: _Arranging, left: Mapping[str, Other]) -> None:
    """Every file that nothing was said of."""
    rest = []
    for name, other in left.items():
        if odd(name) or other.kind == UNREAD:
            continue  # named already
        if is_foreign(name):
            work.problems.append(f"{name} is not used: not a zip; ask for it again as one")
        elif other.kind in ARCHIVES or (is_archive(name) and other.kind in ("", TEXT)):
            work.problems.append(f"{name} is not used: archives too deep in each other; ask for a plain zip")
        elif name.lower().endswith(".ipynb"):
            work.problems.append(
                f"{name} is not used: no notebook of this assignment, or one that is there already"
            )
        else:
            rest.append(name if other.kind in ("", TEXT) else f"{name} ({other.kind})")
    if rest:
        work.problems.append(f"not used: {_listed(rest)}")


def _listed(names: Iterable[str]) -> str:
    return listed(map(briefly, names), SHOWN)
