"""The worked example of docs/mutants.md, followed to the letter in a new course."""

import re
from pathlib import Path

import pytest

from autograder.authoring import new
from autograder.course import assignment as course
from autograder.mutants import campaign, regions, right
from autograder.mutants.bench import at_bench
from autograder.mutants.campaign import CampaignResult, Choice
from autograder.release.package import solved
from tests.once import once

GUIDE = Path(__file__).parents[2] / "docs/mutants.md"
STEP = re.compile(r"(Write|Append to)\s`([^`]+)`:\n\n```\w+\n(.*?)```\n", re.S)
NAME = "warm_up"


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        new.init(folder / "course", "Demo", "stats", NAME)
        text = GUIDE.read_text(encoding="utf-8").partition("## A worked example")[2].partition("\n## ")[0]
        steps = STEP.findall(text)
        assert len(steps) == 4
        for verb, place, block in steps:
            path = folder / "course" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = path.read_text(encoding="utf-8") if verb == "Append to" else ""
            path.write_text(kept + block, encoding="utf-8")

    return once(tmp_path_factory, "worked_example", make) / "course"


def test_its_operator_makes_one_mutant_that_is_noticed_and_one_that_is_explained(
    followed: Path, tmp_path: Path
) -> None:
    found = judged(followed, tmp_path)
    states = [(verdict.state, bool(found.reason(verdict))) for verdict in found.judged]
    assert states == [("own", False), ("survived", True)]
    assert found.findings == []


def judged(root: Path, out: Path) -> CampaignResult:
    choice = Choice(operators=("statistic",), visible=False)
    return campaign.run(course.load(NAME, root), choice, out, lambda count: None, lambda verdict, known: None)


def test_its_right_style_loses_nothing(followed: Path) -> None:
    assignment = course.load(NAME, followed)
    texts = solved(assignment)
    styles = right.styles(assignment, regions.targets(assignment, texts), texts)
    assert [style.name for style in styles] == ["variance"]
    with at_bench(assignment, texts) as bench:
        assert right.run(bench, styles) == []
