"""What the pages say of files, commands, options and limits is so, and their links lead somewhere."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from autograder.answers import reader
from autograder.notebook import Cell
from autograder.sandbox.limits import Limits
from docs.site import pages, reference

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *pages.sources()]
TOP = (
    "autograder",
    "bench",
    "changes",
    "cs_lib",
    "datasets",
    "docs",
    "figures",
    "release",
    "samples",
    "source",
    "tests",
)
ROOMS = tuple(path.name for path in (ROOT / "autograder").iterdir() if path.is_dir())
MADE = re.compile(
    r"release/.*\.zip|datasets/full|graders/operators\.py|.*(NNNN|<|warm_up)"
)  # made on the way, or a pattern


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def there(name: str) -> bool:
    """Whether a file or folder of this name is in the repository, or in the engine."""
    return any(
        any(folder.glob(name.partition("::")[0].rstrip("/"))) for folder in (ROOT, ROOT / "autograder")
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_files_it_names_exist(page: str) -> None:
    spans = re.findall(r"`([^`\s]+/[^`\s]*)`", text(page))
    named = [s for s in spans if s.split("/")[0] in (*TOP, *ROOMS) and not MADE.match(s)]
    assert [name for name in named if not there(name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_modules_it_runs_exist(page: str) -> None:
    modules = set(re.findall(r"python3? -m ([a-z_.]+)", text(page))) - {"venv", "pip"}
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_targets_of_make_exist(page: str) -> None:
    makefile = text("Makefile")
    targets = set(re.findall(r"(?:`|^    |\n)make ((?:[a-z-]+ ?)+)", text(page)))
    names = {name for line in targets for name in line.split()}
    assert [name for name in names if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_verbs_and_options_it_shows_exist(page: str) -> None:
    parsers = reference.parsers()
    for verb, rest in re.findall(
        r"^ {4}(?:\.venv/bin/python -m )?autograder ([a-z]+)(.*)$", text(page), re.MULTILINE
    ):
        assert verb in parsers, f"{page}: no verb {verb}"
        unknown = set(re.findall(r"(?<=[ \[])--[a-z-]+", rest)) - set(parsers[verb]._option_string_actions)
        assert not unknown, f"{page}: {verb} has no {unknown}"


def test_the_house_has_the_rooms_that_are_there() -> None:
    house = text("docs/architecture.md").partition("```\n")[2].partition("```")[0]
    shown = set(re.findall(r"(?<=  )(\w+(?:/|\.py))(?= )", house))
    there = {path.name + "/" for path in (ROOT / "autograder").iterdir() if (path / "__init__.py").exists()}
    there |= {path.name for path in (ROOT / "autograder").glob("[a-z]*.py")}
    assert there - {"graders/"} == shown - {"source/", "release/", "datasets/", "bench/", "docs/"} | {
        "release/"
    }


def test_an_evenings_reading_names_files_that_are_there() -> None:
    said = text("docs/architecture.md").partition("## An evening's reading")[2].partition("\n## ")[0]
    grading, release = said.split("The release side is shorter")
    files = {}
    for part in (grading, release):
        folder, files[part] = "", []
        for name in re.findall(r"`([\w/]+\.py)`", part):
            folder = name.rpartition("/")[0] or folder  # a bare name lies beside the one before
            files[part].append(f"{folder}/{name.rpartition('/')[2]}")
    named = [*files[grading], *files[release]]
    assert [name for name in named if not (ROOT / "autograder" / name).is_file()] == []
    assert f"{len(set(files[grading]))} files of `autograder/`" in grading


def test_the_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", text("docs/security.md"), re.MULTILINE)
    assert {name: float(value.replace(",", "")) for name, value in rows} == vars(Limits())


def test_the_examples_of_rubrics_are_read(tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", text("docs/rubrics.md"), re.DOTALL)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    (tmp_path / "Batches.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "lab.toml").write_text("\n".join(examples), encoding="utf-8")
    cells = [Cell(f"inline_Batches_{number}", 2.0, tmp_path / "Batches.ipynb") for number in (1, 2)]
    prose, choice = reader.read(tmp_path / "lab.toml", cells, tmp_path)
    assert [criterion.id for criterion in prose.criteria] == ["biased", "alike"]
    assert [question.options is not None for question in (choice, prose)] == [True, False]


def test_the_links_hold_and_every_page_has_a_section(tmp_path: Path) -> None:
    pages.assemble(tmp_path)
    assert (tmp_path / "reference" / "settings.md").is_file()
    links = re.findall(r"\]\(([^()#\s]+)", text("README.md"))
    assert [link for link in links if not pages.OUTSIDE.match(link) and not (ROOT / link).exists()] == []


def test_a_dead_link_and_a_page_without_a_section_are_refused() -> None:
    faults: list[str] = []
    given = {"docs/why.md": "why.md", "docs/scale.md": "scale.md", "bench/README.md": "project/benchmarks.md"}
    said = pages.rewritten(
        "[a](../bench/README.md#x) [b](gone.md) [c](../Makefile)\n", "docs/why.md", given, faults
    )
    assert said == "[a](project/benchmarks.md#x) [b](gone.md) c\n"
    assert faults == ["docs/why.md:1: gone.md: expected a file, found none; correct the link"]
    with pytest.raises(pages.PageError, match=r"docs/stray\.md: expected in a section of the site"):
        pages.navigation(["index", "why", "stray"])


def test_a_link_over_two_lines_is_rewritten() -> None:
    faults: list[str] = []
    given = {"docs/why.md": "why.md", "bench/README.md": "project/benchmarks.md"}
    said = pages.rewritten("[a\nb](../bench/README.md)\n\n[c\nd](gone.md)\n", "docs/why.md", given, faults)
    assert said.startswith("[a\nb](project/benchmarks.md)\n")
    assert [fault.partition(": ")[0] for fault in faults] == ["docs/why.md:5"]


def test_a_link_in_code_stays() -> None:
    code = "```md\n[b](gone.md)\n```\n"
    assert pages.rewritten(code, "docs/why.md", {"docs/why.md": "why.md"}, []) == code


RECORD_PARTS = ["Context", "Decision", "Rejected"]


@pytest.mark.parametrize("record", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_date_status_and_what_was_rejected(record: Path) -> None:
    said = record.read_text(encoding="utf-8")
    head = re.match(
        r"# \D.*\n\n- Date: 20\d\d-\d\d-\d\d\n- Status: (accepted|superseded by|proposed)\b.*\n\n## ", said
    )
    assert head, f"{record.name} does not begin with a title, '- Date: YYYY-MM-DD' and '- Status: ...'"
    parts = re.split(r"^## (.+)\n", said[head.end() - 3 :], flags=re.MULTILINE)[1:]
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    assert [part for part in texts if part in RECORD_PARTS] == RECORD_PARTS
    assert all(texts[part].strip() for part in RECORD_PARTS)
