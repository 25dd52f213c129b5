"""`autograder init` and `autograder new`: a small complete course, and one more assignment for a course.

What they write is green on `autograder verify` as it is: one function, one notebook, one question, one
grader, one rubric, each short enough to be read and replaced.
"""

from __future__ import annotations

import keyword
import re
import tomllib
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from autograder.course.course import FILE, FOLDERS, FREE_NAME, TAKEN, Course, free_folder
from autograder.course.course import read as read_course
from autograder.errors import CourseError
from autograder.files import text_of, write_atomically
from autograder.release.marks import BEGIN

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
HIDDEN = ("graders", "rubrics")  # of a new course


def init(folder: Path, title: str, package: str, assignment: str) -> Course:
    """Make a course with one assignment in an empty or new folder.

    Raises:
        CourseError: the folder holds something, or a name is no name.
    """
    _check_name("--package", package)
    if package in TAKEN:
        raise CourseError(f"--package: expected {FREE_NAME}, got {package!r}; choose another")
    if package in (*FOLDERS, *HIDDEN):
        raise CourseError(f"--package: expected {free_folder(*HIDDEN)}, got {package!r}; choose another")
    _check_name("--assignment", assignment)
    if not title.strip() or '"' in title or "\\" in title or not title.isprintable():
        raise CourseError(f"--title: expected a line of text without quotes and backslashes, got {title!r}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder}: expected an empty folder or none, got something in it; name another")
    words = {"title": title, "package": package}
    for template, path in (
        ("course.toml", FILE),
        ("README.md", "README.md"),
        ("gitignore", ".gitignore"),
        ("nbgrader_config.py", "nbgrader_config.py"),  # without it nbgrader's own commands know no sandbox
        ("package.py", f"{package}/__init__.py"),
    ):
        write_atomically(folder / path, _filled(template, words))
    _write_assignment(folder, package, assignment, list(HIDDEN))
    write_atomically(folder / FILE, _listed(folder / FILE, FILE, "assignments", assignment))
    return read_course(folder)


def new(course: Course, assignment: str) -> list[str]:
    """Add an assignment to a course: the files it needs, and its name in course.toml. Returns the files.

    Raises:
        CourseError: a file of that name is there, or the name is no name.
    """
    _check_name("NAME", assignment)
    if assignment in course.assignments:
        raise CourseError(f"{FILE}: assignments: {assignment} is listed already; choose another name")
    left_out = f"{course.package}.{assignment}"
    settings = {
        course.where(path): _listed(path, course.where(path), "leave_out", left_out)
        for path in map(course.settings_of, course.assignments)
    }
    settings[FILE] = _listed(course.settings, FILE, "assignments", assignment)
    written = _write_assignment(course.root, course.package, assignment, _folders(course))
    for name, text in settings.items():
        write_atomically(course.root / name, text)
    return [*written, *settings]


def _folders(course: Course) -> list[str]:
    return [course.where(folder) for folder in (course.graders, course.rubrics)]


def _check_name(where: str, name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise CourseError(
            f"{where}: expected letters, digits and _, as Python's names have them, got {name!r}; rename it"
        )


def _filled(template: str, words: dict[str, str]) -> str:
    text = (files("autograder.authoring") / "templates" / f"{template}.tmpl").read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace("{{" + word + "}}", value)
    return text


def _write_assignment(root: Path, package: str, name: str, folders: list[str]) -> list[str]:
    graders, rubrics = folders
    words = {"name": name, "module": name, "package": package, "leave_out": _same_solution(root, package)}
    words["dashed"] = name.replace("_", "-")  # in ids of cells
    texts = {
        f"{package}/{name}.py": _filled("module.py", words),
        f"source/{name}/assignment.toml": _filled("assignment.toml", words).rstrip() + "\n",
        f"source/{name}/README.md": _filled("student_readme.md", words),
        f"source/{name}/requirements.txt": _filled("requirements.txt", words),
        # Its check notices every mutant that the hidden ones notice (tests/mutants/test_campaign.py).
        f"source/{name}/{name}.ipynb": _filled("notebook.ipynb", words),
        f"{graders}/{name}/test_{name}.py": _filled("grader.py", words),
        f"{graders}/{name}/equivalents.toml": _filled("equivalents.toml", words),
        f"{rubrics}/{name}.toml": _filled("rubric.toml", words),
    }
    for path in texts:
        if (root / path).exists():
            raise CourseError(f"{path}: expected no such file yet, got one; move it, or choose another name")
    for path, text in texts.items():
        write_atomically(root / path, text)
    return list(texts)


def _same_solution(root: Path, package: str) -> str:
    """What a new assignment leaves out: modules of the same template, whose solution would ship solved."""
    solution = _filled("module.py", {}).partition(BEGIN)[2].partition("\n")[2].partition("\n")[0]
    found = [
        f'"{package}.{path.stem}"'
        for path in sorted((root / package).glob("*.py"))
        if solution in text_of(path)
    ]
    return f"\n# Their solution is this one's.\nleave_out = [{', '.join(found)}]" if found else ""


def _listed(settings: Path, where: str, key: str, entry: str) -> str:
    """A settings file with an entry more in one of its lists, the rest of it left as it is.

    Raises:
        CourseError: it is written in a way that this does not understand, such as a comment in the list.
    """
    text = text_of(settings)
    found = re.search(rf"(?m)^{key}\s*=\s*\[([^\]]*)\]", text)
    if found is None:
        table = re.search(r"(?m)^\[", text)
        at = table.start() if table else len(text)
        rest = f"\n{text[at:]}" if table else ""
        more = f'{text[:at].rstrip()}\n\n{key} = ["{entry}"]\n{rest}'
    else:
        listed = found.group(1).rstrip().rstrip(",")
        inside = f'{listed}, "{entry}"' if listed.strip() else f'"{entry}"'
        at, end = found.span(1)
        more = text[:at] + inside + text[end:]
    before = tomllib.loads(text)
    with suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(more) == {**before, key: [*before.get(key, []), entry]}:
            return more
    raise CourseError(
        f"{where}: {key}: expected a list to which {entry!r} can be added; take comments out of it, and run "
        "the same command again"
    )
