"""Which pages the site has, in which section, and where their links lead.

Pages are written to be read in the repository, so their links name files. On the site a link to a file that
is no page of it becomes plain text; one to a file that does not exist is an error.
"""

import os
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from docs.site import reference

ROOT = Path(__file__).parents[2]

# Files outside docs/ that are pages: where they lie, where they come to lie on the site.
ELSEWHERE = {
    "release/assignment1/README.md": "students/assignment1.md",
    "release/assignment2/README.md": "students/assignment2.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "bench/README.md": "project/benchmarks.md",
    "bench/rubrics.md": "project/rubrics-measured.md",
    "bench/sandbox.md": "project/sandbox-measured.md",
    "tests/attacks/README.md": "project/attacks.md",
}

# What the site has in place of these.
MADE = {"README.md": "index.md", "docs/decisions": "decisions/index.md"}

# Section -> its pages in order, as globs. A page of docs/ that none of them takes is an error.
SECTIONS = {
    "Start": ["why"],
    "Students": ["students", "students/*"],
    "Instructors": ["instructor-guide", "intake", "rubrics", "reading", "reports", "similarity"],
    "Authors": ["authoring", "contract*", "mutants", "judge"],
    "Pipelines": ["pipeline*", "scale", "security", "judge"],
    "Reference": ["reference/*", "glossary"],
    "Project": ["architecture", "decisions/index", "project/*", "results/README"],
}

LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*)\]\((?P<target>[^()\s]+)\)")
HYPHEN = "\N{NON-BREAKING HYPHEN}"
FENCED = re.compile(r"^ *```.*?^ *```[^\S\n]*$", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")  # a scheme: the web, mail


class PageError(Exception):
    """The pages do not fit together; the message has a line for each fault."""


def assemble(to: Path) -> None:
    """Write all pages of the site below `to`."""
    shutil.rmtree(to, ignore_errors=True)
    pages, faults = sources(), list[str]()
    for source, page in pages.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        write(to / page, rewritten(text, source, pages, faults))
    for name, text in (*reference.pages().items(), ("decisions/index.md", decisions(pages))):
        write(to / name, text)
    for path in other_files():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "docs" / path, to / path)
    try:
        names = [p.relative_to(to).with_suffix("").as_posix() for p in sorted(to.rglob("*.md"))]
        write(to / "index.md", (to / "index.md").read_text(encoding="utf-8") + navigation(names))
    except PageError as error:
        faults.append(str(error))
    if faults:
        raise PageError("\n".join(faults))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def sources() -> dict[str, str]:
    """A file's path in the repository -> its page's path on the site."""
    docs = ROOT / "docs"
    own = [p.relative_to(docs).as_posix() for p in sorted(docs.rglob("*.md")) if "site" not in p.parts[-2:]]
    return {f"docs/{path}": path for path in own} | ELSEWHERE


def other_files() -> list[str]:
    """Pictures and data that pages show or offer."""
    docs = ROOT / "docs"
    found = (p.relative_to(docs) for p in sorted(docs.rglob("*")) if p.is_file() and p.suffix != ".md")
    return [path.as_posix() for path in found if path.parts[0] != "site"]


def rewritten(text: str, source: str, pages: dict[str, str], faults: list[str]) -> str:
    """A page with links that hold on the site; links that lead nowhere are added to `faults`."""
    code = [match.span() for match in FENCED.finditer(text)]

    def link(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match[0]
        return _link(match, source, text.count("\n", 0, match.end()) + 1, pages, faults)

    return LINK.sub(link, text)


def _link(match: re.Match[str], source: str, line: int, pages: dict[str, str], faults: list[str]) -> str:
    target, _, anchor = match["target"].partition("#")
    if not target or OUTSIDE.match(target):
        return match[0]
    path = os.path.normpath(PurePosixPath(source).parent / target)
    if not (ROOT / path).exists():
        faults.append(f"{source}:{line}: {match['target']}: expected a file, found none; correct the link")
        return match[0]
    here = PurePosixPath(pages[source]).parent
    page = MADE.get(path) or pages.get(path)
    if page:
        to = os.path.relpath(page, here)
    elif path.startswith("docs/") and (ROOT / path).is_file():
        to = os.path.relpath(path.removeprefix("docs/"), here)
    else:
        return match["text"]
    return f"{match['image']}[{match['text']}]({to}{'#' + anchor if anchor else ''})"


def navigation(names: list[str]) -> str:
    """The tables of contents, one a section; PageError if a page is in none."""
    text, left = "", [name for name in names if name != "index"]
    for section, patterns in SECTIONS.items():
        taken = [name for pattern in patterns for name in left if fnmatch(name, pattern)]
        left = [name for name in left if name not in taken]
        if section == "Project":  # the table of decisions leads to them
            left = [name for name in left if not name.startswith("decisions/")]
        if taken:
            text += "\n".join(["", "```{toctree}", ":hidden:", f":caption: {section}", "", *taken, "```", ""])
    if left:
        named = ", ".join(f"docs/{name}.md" for name in left)
        raise PageError(f"{named}: expected in a section of the site; name it in docs/site/pages.py")
    return text


def decisions(pages: dict[str, str]) -> str:
    """The table of the decision records."""
    rows, names = [], []
    records = (source for source in pages if source.startswith("docs/decisions/"))
    for source in sorted(records, key=_number):
        text = (ROOT / source).read_text(encoding="utf-8")
        name = PurePosixPath(source).name
        title = re.sub(r"^[0-9]+[:.] ", "", text.partition("\n")[0].lstrip("# "))
        date = re.search(r"\d{4}-\d\d-\d\d", text)
        rows.append(
            f"| {_number(source):04} | [{title}]({name}) | {date[0].replace('-', HYPHEN) if date else ''} |"
        )
        names.append(name.removesuffix(".md"))
    head = "# Decisions\n\nWhat was decided, when, why, and which ways were not taken.\n\n"
    head += "| number | decision | date |\n|---|---|---|\n"
    return head + "\n".join([*rows, "", "```{toctree}", ":hidden:", "", *names, "```", ""])


def _number(decision: str) -> int:
    return int(PurePosixPath(decision).name.partition("-")[0])
