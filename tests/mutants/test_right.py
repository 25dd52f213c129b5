"""Other right solutions, what cells notice of small errors, and the page of `verify`."""

from pathlib import Path

import pytest

from autograder.answers import labelled
from autograder.answers.labelled import Example
from autograder.authoring import new
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.main import main
from autograder.course import assignment as course
from autograder.errors import CourseError
from autograder.mutants import proof, regions, right, sensitivity
from autograder.mutants.bench import at_bench
from autograder.release import build
from autograder.release.package import solved
from tests.once import once

NAME = "warm_up"
ROOT = Path(__file__).resolve().parents[2]
LOOPS = """
def standardize(x):
    out = np.zeros_like(x)
    for j in range(x.shape[1]):
        column = x[:, j]
        out[:, j] = (column - column.mean()) / (column.std() + EPSILON)
    return out
"""
WRONG = LOOPS.replace("column.std()", "column.var()")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course with two styles, of which one is wrong."""

    def make(folder: Path) -> None:
        new.init(folder / "course", "Demo", "stats", NAME)
        build.build(NAME, folder / "course", lambda text: None)
        for style, text in (("loops", LOOPS), ("variance", WRONG)):
            path = folder / f"course/graders/{NAME}/right/{style}/{NAME}.py"
            path.parent.mkdir(parents=True)
            path.write_text(text)

    return once(tmp_path_factory, "right", make) / "course"


def test_a_right_style_loses_nothing_and_a_wrong_one_is_named(made: Path) -> None:
    assignment = course.load(NAME, made)
    texts = solved(assignment)
    targets = regions.targets(assignment, texts)
    styles = right.styles(assignment, targets, texts)
    assert right.counts(styles, targets) == {"warm_up.standardize": 2}
    with at_bench(assignment, texts) as bench:
        lost = right.run(bench, styles)
    assert {one.style for one in lost} == {"variance"}
    assert "right/variance: standardize[standardize[two_rows]]: a right solution loses points" in str(lost[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def standardise(x):\n    return x\n", "expected a function of the to-do list, found none"),
        ("def standardize(x:\n", "expected Python, got"),
    ],
)
def test_a_style_that_replaces_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    path = tmp_path / f"c/graders/{NAME}/right/other/{NAME}.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assignment = course.load(NAME, tmp_path / "c")
    texts = solved(assignment)
    with pytest.raises(CourseError, match=message):
        right.styles(assignment, regions.targets(assignment, texts), texts)


def test_styles_decide_no_points(made: Path, tmp_path: Path) -> None:
    from autograder.judge.digests import graders_digest

    new.init(tmp_path / "c", "Demo", "stats", NAME)
    before = graders_digest(course.load(NAME, tmp_path / "c"))
    path = tmp_path / f"c/graders/{NAME}/right/other/{NAME}.py"
    path.parent.mkdir(parents=True)
    path.write_text(LOOPS)
    (tmp_path / f"c/graders/{NAME}/equivalents.toml").write_text("")
    graders_digest.cache_clear()
    assert graders_digest(course.load(NAME, tmp_path / "c")) == before


def test_a_tolerance_lies_between_rounding_and_what_is_noticed(made: Path) -> None:
    (one,) = sensitivity.of(course.load(NAME, made))
    assert one.cell == "standardize"
    assert one.caught is not None
    assert 1e-7 < one.caught < 1e-3  # RTOL of the template is 1e-6
    assert one.float64 is not None
    assert one.float64 < 1e-12
    assert "| `standardize` |" in sensitivity.table([one])


def test_one_page_says_all_of_it(made: Path, tmp_path: Path) -> None:
    found = proof.prove(course.load(NAME, made), made, 0, tmp_path, lambda text: None)
    titles = [section.title for section in found.sections]
    assert titles == [
        *("marks", "to do, cells, graders", "points", "solved and untouched", "notebooks"),
        "release built anew",
        *(
            "answers in the release",
            "links",
            "nbgrader's own commands",
            "rubrics",
            "other right solutions",
            "mutants",
        ),
    ]
    assert str(found.verified).startswith("the solved version earns 2 of 3 points, 1 question needs review")
    assert all("right/variance: standardize[" in finding for finding in found.findings)
    assert "a right solution loses points" in proof.page([found])


def test_what_is_wrong_in_one_section_hides_no_other(made: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(made, tmp_path / "c")
    shutil.rmtree(tmp_path / f"c/graders/{NAME}/right")
    (tmp_path / f"c/release/{NAME}/README.md").write_text(
        "[gone](gone.md), out = centred / (x.std(axis=0) + EPSILON)"
    )
    (tmp_path / f"c/graders/{NAME}/test_more.py").write_text(
        "from autograder.checks.checks import Case, cases\n\n\n"
        '@cases("nothing", Case("one"))\ndef test_nothing(student, case):\n    pass\n'
    )
    findings = proof.prove(course.load(NAME, tmp_path / "c"), made, 0, tmp_path, lambda text: None).findings
    for text in (
        "gone.md: a link to no file",
        "holds a line of the solution",
        "nothing: a grader for a cell",
    ):
        assert [finding for finding in findings if text in finding], (text, findings)


def test_a_marked_function_that_nobody_asks_for_is_a_finding(tmp_path: Path) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    assignment = course.load(NAME, tmp_path / "c")
    assert proof._marks(proof._WorkedOut(assignment)) == (
        "1 region taken out of 1 function; none is given solved",
        [],
    )
    with (tmp_path / f"c/stats/{NAME}.py").open("a") as file:
        file.write("\n\ndef clip(x):\n    # TODO: Clip.\n    # BEGIN SOLUTION\n    out = x\n")
        file.write("    # END SOLUTION\n    return out\n")
    said, [finding] = proof._marks(proof._WorkedOut(assignment))
    assert said == "1 region taken out of 1 function; 1 other given solved"
    assert f"stats.{NAME}.clip has marks, and is in no assignment's todo" in finding


@pytest.mark.parametrize(
    "config", [None, "c = get_config()\n", "# from autograder.bridge.nbgrader import configure\n"]
)
def test_a_course_whose_nbgrader_has_no_sandbox_is_named(tmp_path: Path, config: str | None) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    assignment, path = course.load(NAME, tmp_path / "c"), tmp_path / "c/nbgrader_config.py"
    assert proof._nbgrader(assignment) == ("through the same graders, by nbgrader_config.py", [])
    path.unlink() if config is None else path.write_text(config)
    _, [finding] = proof._nbgrader(assignment)
    assert finding.startswith("nbgrader_config.py: expected `from autograder.bridge.nbgrader import")
    assert finding.endswith("or `nbgrader autograde` runs hand-ins with no sandbox")


def test_examples_beside_the_rubric_are_held_against_it(tmp_path: Path) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    assignment = course.load(NAME, tmp_path / "c")
    question = f"inline_{NAME}_1"
    labelled.add(
        assignment.labelled,
        [
            Example(question, "Its deviation is zero.", frozenset({"deviation"})),
            Example(question, "I do not know.", frozenset()),
            Example(question, "No idea.", frozenset({"deviation"})),
            Example(question, "It is nan.", frozenset({"nan"})),
            Example("inline_old_1", "Salt.", frozenset()),
        ],
    )
    with assignment.labelled.open("a") as file:
        file.write("{\n")
    said, findings = proof._rubrics(assignment, None)
    assert said == "1 of 1 question with a rubric; answers kept as examples: 5"
    where = f"rubrics/{NAME}.answers.jsonl"
    assert findings[0].startswith(f"{NAME}.answers.jsonl line 6 is skipped")
    assert findings[1:] == [
        f"{where}: {question}: 'No idea.': by the rubric it meets nothing, a person decided deviation; "
        "correct the rubric or the line",
        f"{where}: {question}: 'It is nan.': nan: no criterion of the rubric; correct the name, or "
        "delete the line",
        f"{where}: inline_old_1: 'Salt.': a question without a rubric; correct the name, or delete the line",
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", course.names(ROOT))
def test_our_functions_have_four_styles_that_lose_nothing(name: str) -> None:
    assignment = course.load(name, ROOT)
    texts = solved(assignment)
    targets = regions.targets(assignment, texts)
    styles = right.styles(assignment, targets, texts)
    few = {n: c for n, c in right.counts(styles, targets).items() if c < 4 and not n.startswith("notebooks.")}
    assert few == {}
    with at_bench(assignment, texts) as bench:
        assert [str(one) for one in right.run(bench, styles)] == []


@pytest.mark.long
@pytest.mark.parametrize("name", course.names(ROOT))
def test_our_graders_notice_a_sample(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few mutants with a seed: all noticed, or explained."""
    monkeypatch.chdir(ROOT)
    more = ["--sample", "25", "--seed", "7", "--hidden-only", "--jobs", "2"]
    assert main(["mutants", name, "--out", str(tmp_path), *more]) in (DONE, ATTENTION)
    assert "nobody notices" not in (tmp_path / "mutants.html").read_text()
