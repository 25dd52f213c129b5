"""Feedback pages to a branch of each student's own repository: `feedback/<assignment>`.

The branch holds pages alone and shares no history with the work. It is added to, never overwritten; where
they are the same, nothing is pushed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.matched import Matched
from autograder.errors import IntakeError
from autograder.files import whole
from autograder.runs.git_hosts import ADDRESS
from autograder.runs.git_program import git

README = "The feedback on your hand-in is the .html file here: download it and open it in a browser.\n"
WHO = ("-c", "user.name=autograder", "-c", "user.email=autograder@localhost")


def push(
    out: Path,
    assignment: str,
    matched: Matched,
    waiting: dict[str, str],
    early: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str]]:
    """How many pages are new at the host; student -> why a page is not there.

    A page whose points are not final is not given back. Before the due date `early` has the pages, which
    show no points.
    """
    pushed, problems = 0, dict[str, str]()
    by_address: dict[str, dict[str, bytes]] = {}
    for student, person in matched.found.items():
        full = out / "feedback" / f"{student}.html"
        if early is not None:
            page = early.get(student, "").encode()
        else:
            page = whole(full) if student not in waiting and full.is_file() else b""
        if person.repository and page:
            by_address.setdefault(person.repository, {})[student] = page
    for address, pages in by_address.items():
        try:
            if not ADDRESS.fullmatch(address):
                raise IntakeError(f"expected an address, got {address!r}; correct the roster")
            pushed += len(pages) * _push(address, pages, f"refs/heads/feedback/{assignment}")
        except IntakeError as error:
            problems |= dict.fromkeys(pages, f"feedback is not in the repository: {error}")
    return pushed, problems


def _push(address: str, pages: Mapping[str, bytes], branch: str) -> bool:
    """Whether anything was new. Who shares a repository has a page each under their own id."""
    with TemporaryDirectory(prefix="autograder-git-") as folder:
        place = Path(folder) / "work"
        git("init", "--quiet", str(place))
        (place / "README.md").write_text(README, encoding="utf-8")
        for student, page in pages.items():
            (place / (f"{student}.html" if len(pages) > 1 else "feedback.html")).write_bytes(page)
        there = git("ls-remote", "--", address, branch).split()
        if there:
            git("fetch", "--quiet", "--depth=1", "--no-tags", "--", address, branch, folder=place)
        git("add", "--all", folder=place)
        tree = git("write-tree", folder=place).strip()
        if there and tree == git("rev-parse", "FETCH_HEAD^{tree}", folder=place).strip():
            return False
        parent = ["-p", there[0]] if there else []
        commit = git(*WHO, "commit-tree", tree, *parent, "-m", "Feedback", folder=place).strip()
        git("push", "--quiet", "--", address, f"{commit}:{branch}", folder=place)
    return True
