"""Packages of other courses and years, graded as they are."""

from pathlib import Path

import pytest

from autograder import intake
from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.judge.grading import grade_one
from autograder.records.record import Record

OLD = Path(__file__).parent / "old"
PYTHON_2 = b"def sgd(w, dw, config=None):\n    print 'a step'\n    return w, config\n"


def package(name: str) -> dict[str, bytes]:
    return {p.relative_to(OLD).as_posix(): p.read_bytes() for p in sorted((OLD / name).rglob("*.py"))}


def graded(assignment: str, files: dict[str, bytes], *aliases: str) -> Record:
    loaded = course.load(assignment)
    return grade_one(loaded, intake.arrange("s1", files, loaded, aliases))


def points(record: Record) -> dict[str, float | None]:
    return {g.grade_id: g.points for g in record.grades.values()}


def messages(record: Record, grade_id: str) -> str:
    return "\n".join(case.message for case in record.grades[grade_id].cases)


@pytest.fixture(scope="module")
def cs231n() -> Record:
    return graded("assignment2", package("cs231n"), "cs231n")


@pytest.fixture(scope="module")
def cs6353() -> Record:
    return graded("assignment1", {**package("cs6353"), "cs6353/optim.py": PYTHON_2}, "cs6353", "another")


def test_what_is_right_earns_full_points(cs231n: Record) -> None:
    full = {
        *("affine_forward", "affine_backward", "relu_forward", "relu_backward", "two_layer_net"),
        *("fully_connected_net", "batchnorm_forward", "batchnorm_backward", "fully_connected_net_batchnorm"),
        *("dropout_backward", "spatial_groupnorm_forward", "spatial_groupnorm_backward"),
    }
    earned = points(cs231n)
    assert {name for name in full if earned[name] != cs231n.grades[name].max_points} == set()


def test_what_is_nearly_right_loses_the_edge_only(cs231n: Record) -> None:
    earned = points(cs231n)
    assert earned["dropout_forward"] == 1.93  # float64 for float32
    assert earned["fully_connected_net_dropout"] == 2.88  # no layer norm to combine it with
    assert earned["three_layer_conv_net"] == 3.87  # through the compiled functions' stand-ins; float32 again
    assert cs231n.problems == (
        "the package is called cs231n; graded as cs_lib",
        "no notebooks; only the package is graded",
    )


def test_what_is_not_there_earns_nothing_and_says_why(cs231n: Record) -> None:
    assert points(cs231n)["fully_connected_net_layernorm"] == 0.0
    assert "FullyConnectedNet takes use_batchnorm, and so has no layer normalization" in messages(
        cs231n, "fully_connected_net_layernorm"
    )
    assert "has no conv_forward_naive" in messages(cs231n, "conv_forward_naive")


def test_a_file_that_fails_costs_what_lives_in_it(cs6353: Record) -> None:
    earned = points(cs6353)
    assert [earned[f] for f in ("affine_forward", "affine_backward", "relu_forward")] == [2.0, 2.0, 1.0]
    assert earned["svm_loss"] == 2.7  # np.float is there; float64 for float32
    assert (earned["softmax_loss"], earned["sgd"]) == (0.0, 0.0)
    assert "torch.tensor cannot be used: torch is not there while grading" in messages(cs6353, "softmax_loss")
    assert "(this is Python 2; grading runs Python 3: write `print(x)`, `except" in messages(cs6353, "sgd")
    accuracy = [c.outcome for c in cs6353.grades["solver"].cases if "check_accuracy" in c.id]
    assert accuracy
    assert set(accuracy) == {"passed"}  # in a file that imports the one that fails


def test_an_old_solver_earns_its_points() -> None:
    record = graded("assignment1", package("cs6353"), "cs6353")
    assert (points(record)["sgd"], points(record)["solver"]) == (1.0, 1.96)
    lost = [c.id for c in record.grades["solver"].cases if c.outcome != "passed"]
    assert lost == ["train[never_right]"]  # as in many an old Solver: it keeps no parameters then


def test_without_the_alias_nothing_is_bridged() -> None:
    record = graded("assignment1", package("cs6353"))
    assert sum(p or 0 for p in points(record).values()) == 0.0
    assert any("cs6353/ looks like it under another name: `--alias cs6353`" in p for p in record.problems)


def test_without_an_alias_old_habits_fail_clearly() -> None:
    files = {n.replace("cs6353/", "cs_lib/"): data for n, data in package("cs6353").items()}
    record = graded("assignment1", {n: d for n, d in files.items() if "__init__" not in n})
    assert "layers.py line 2 cannot be imported: ModuleNotFoundError: No module named 'six'" in messages(
        record, "affine_forward"
    )


def test_a_function_lost_with_its_file_is_reported(cs231n: Record) -> None:
    broken = b"raise RuntimeError('not today')\n"
    record = graded("assignment2", {**package("cs231n"), "cs231n/layers.py": broken}, "cs231n")
    assert points(record)["affine_forward"] == 0.0
    assert points(record)["two_layer_net"] > 0.0  # a net is judged alone, on layers that are right
    assert "layers.py line 1 cannot be imported: RuntimeError: not today" in messages(
        record, "affine_forward"
    )


def test_the_digest_knows_the_alias() -> None:
    loaded = course.load("assignment1")
    with_alias, without = (
        intake.arrange("s1", {"cs_lib/layers.py": b""}, loaded, a) for a in (("cs231n",), ())
    )
    assert with_alias.digest() != without.digest()


@pytest.mark.parametrize("alias", ["cs_lib", "no-name", "a.b"])
def test_an_alias_is_the_name_of_another_package(
    alias: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = str(tmp_path / "class"), str(tmp_path / "out")
    arguments = ["grade", "assignment1", folder, "--out", out, "--alias", alias]
    assert cli.main(arguments) == codes.USAGE
    assert "--alias: expected the name of a package other than cs_lib" in capsys.readouterr().err
