"""A campaign on the course that `init` makes: verdicts, tables, equivalents, an operator of the course."""

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import new
from autograder.cli.codes import ATTENTION, DONE
from autograder.cli.main import main
from autograder.course import assignment as course
from autograder.course.course import read
from autograder.errors import CourseError
from autograder.mutants import campaign, equivalents, result_tables
from autograder.mutants.campaign import CampaignResult, Choice
from autograder.mutants.operator import of_course
from tests import printed
from tests.once import once

NAME = "warm_up"
OPERATOR = """
import ast
from autograder.mutants.operator import operator

@operator("nothing", "what was computed is thrown away")
def nothing(node, place):
    if isinstance(node, ast.Assign):
        yield place.replace(node.value, "None")
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with an operator of its own, and a campaign over a few mutants of each kind."""

    def make(folder: Path) -> None:
        new.init(folder / "course", "Demo", "stats", NAME)
        (folder / "course/graders/operators.py").write_text(OPERATOR)
        with (folder / "course/course.toml").open("a") as file:
            file.write('\n[mutants]\noperators = ["graders.operators.nothing"]\n')
        run(folder / "course", folder / "out")

    return once(tmp_path_factory, "mutants", make)


def run(root: Path, out: Path) -> tuple[CampaignResult, list[bool]]:
    steps: list[bool] = []
    choice = Choice(operators=("axis", "nothing", "keepdims"))
    assignment = course.load(NAME, root)
    found = campaign.run(
        assignment, choice, out, lambda count: None, lambda verdict, known: steps.append(known)
    )
    return found, steps


def test_what_is_judged_stays_judged(made: Path) -> None:
    found, steps = run(made / "course", made / "out")
    assert steps == [True] * len(found.judged)
    assert {verdict.operator for verdict in found.judged} == {"axis", "nothing", "keepdims"}
    noticed = [verdict for verdict in found.judged if verdict.operator in ("axis", "nothing")]
    assert {verdict.state for verdict in noticed} == {"own"}
    assert all(verdict.lost == {"standardize": verdict.lost["standardize"]} for verdict in noticed)


def test_the_new_courses_visible_check_notices_what_its_grader_notices(made: Path) -> None:
    found, _ = run(made / "course", made / "out")
    assert {verdict.visible for verdict in found.judged if verdict.state == "own"} == {True}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            Choice(functions=("standardise",)),
            r"--function standardise: no function of this name; did you mean standardize\?",
        ),
        (Choice(operators=("axes",)), r"--operator axes: no operator of this name; did you mean axis\?"),
        (
            Choice(operators=("qqq",)),
            r"--operator qqq: no operator of this name; there are .*axis, .*transpose",
        ),
    ],
)
def test_a_misspelt_choice_is_refused(made: Path, tmp_path: Path, choice: Choice, message: str) -> None:
    assignment = course.load(NAME, made / "course")
    with pytest.raises(CourseError, match=message):
        campaign.run(assignment, choice, tmp_path, lambda count: None, lambda verdict, known: None)


def test_where_nothing_is_judged_no_share_is_shown(made: Path) -> None:
    none = CampaignResult(course.load(NAME, made / "course"), (), (), (), ())
    said = f"{NAME}: none of 0 mutants is of what was asked for, so nothing was judged"
    assert result_tables.text(none).splitlines()[-1] == said


def test_tables_count_every_mutant_once(made: Path) -> None:
    found, _ = run(made / "course", made / "out")
    total = result_tables.whole(found)
    assert total.judged == len(found.judged) == sum(row.judged for row in result_tables.by_operator(found))
    assert total.own + total.pair + total.other + total.survived + total.explained == total.judged
    assert "keepdims" in result_tables.text(found)
    assert "warm_up.standardize" in result_tables.page(found).replace("<wbr>", "")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('reason = "x"\noperator = "axis"', "function: expected a text that is not empty, got nothing"),
        ('function = "f"\noperator = "axis"', "reason: expected a text that is not empty, got nothing"),
        ('function = "f"\nreason = "x"', "expected an operator or a line, got nothing; say which"),
        (
            'function = "f"\nreason = "x"\nwhy = "y"',
            "expected one of function, operator, was, now, reason, got the unknown key why",
        ),
    ],
)
def test_an_entry_without_what_it_needs_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    (tmp_path / f"c/graders/{NAME}/equivalents.toml").write_text(f"[[equivalent]]\n{entry}\n")
    with pytest.raises(CourseError, match=message):
        equivalents.read(course.load(NAME, tmp_path / "c"))


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    new.init(tmp_path / "c", "Demo", "stats", NAME)
    path = tmp_path / f"c/graders/{NAME}/equivalents.toml"
    path.write_text("equivalent = 3\n")
    with pytest.raises(CourseError, match=r"expected a list of tables, got 3; write \[\[equivalent"):
        equivalents.read(course.load(NAME, tmp_path / "c"))
    path.write_text("else = 3\n")
    with pytest.raises(CourseError, match=r"expected one of equivalent, got the unknown key else"):
        equivalents.read(course.load(NAME, tmp_path / "c"))
    path.write_text("equivalent = [\n")
    with pytest.raises(CourseError, match="expected TOML in UTF-8"):
        equivalents.read(course.load(NAME, tmp_path / "c"))


def test_an_entry_that_explains_nothing_is_stale(made: Path) -> None:
    found, _ = run(made / "course", made / "out")
    gone = equivalents.Equivalent("warm_up.standardize", "*", "no such line", "*", "because")
    noticed = equivalents.Equivalent("warm_up.*", "axis", "*", "*", "because")
    lines = equivalents.stale([gone, noticed], found.made, found.judged)
    assert ["no mutant is like this any more" in lines[0], "a grader notices it" in lines[1]] == [True, True]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("graders.operators.gone", "expected an operator at graders.operators.gone, got AttributeError"),
        (
            "graders.nowhere.nothing",
            "expected an operator at graders.nowhere.nothing, got ModuleNotFoundError",
        ),
        ("graders.operators.ast", "got a module; put @operator"),
    ],
)
def test_an_entry_that_is_no_operator_is_refused(
    made: Path, entry: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CourseError, match=message):
        of_course(replace(read(made / "course"), operators=(entry,)))


@pytest.mark.long
def test_the_verb(made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(made / "course")
    code = main(["mutants", NAME, "--out", str(tmp_path), "--sample", "3", "--jobs", "1", "--hidden-only"])
    assert code in (DONE, ATTENTION)
    assert "3 of" in capsys.readouterr().out
    assert (tmp_path / "mutants.html").exists()
    assert code == main(["mutants", NAME, "--out", str(tmp_path), "--sample", "3", "--hidden-only", "--json"])
    said = printed.read("MutantsOutput", capsys.readouterr().out)
    assert said["all"]["judged"] == len(said["mutants"]) == 3
    main(["mutants", NAME, "--out", str(tmp_path), "--sensitivity", "--json"])
    (cell,) = printed.read("SensitivityOutput", capsys.readouterr().out)["cells"]
    assert cell["margin"] == cell["caught"] / 2.220446049250313e-16  # no other right solution: nothing rounds
