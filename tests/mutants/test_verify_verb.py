"""`autograder verify` as it is typed: where its page goes, and that each fault is named, once."""

from pathlib import Path

import pytest

from autograder.authoring.new import init, new
from autograder.authoring.trial import hand_in
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.course import read
from autograder.errors import IntakeError
from autograder.release.build import build, differences

QUICK = ("--mutants", "0", "--models", ".")  # no training


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    init(tmp_path / "c", "Demo", "stats", "first")
    monkeypatch.chdir(tmp_path / "c")
    return tmp_path / "c"


def release(made: Path, *names: str) -> None:
    for name in names:
        build(name, made, lambda text: None)


@pytest.mark.long
def test_started_in_a_folder_of_the_course_it_writes_where_nothing_is_released_from(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release(made, "first")
    monkeypatch.chdir(made / "source/first")
    before = sorted((made / "source").rglob("*"))
    assert cli.main(["verify", "first", *QUICK]) == 0
    assert cli.main(["mutants", "first", "--sample", "1", "--hidden-only", "--jobs", "1"]) == 0
    assert str(made / "mutants/verify.html") in capsys.readouterr().out
    assert sorted((made / "source").rglob("*")) == before
    assert {path.name for path in (made / "mutants").iterdir()} == {"verify.html", "first"}
    release(made, "first")


@pytest.mark.parametrize("verb", ["verify", "mutants"])
@pytest.mark.parametrize("out", ["source/first", "stats", "release/first", "graders"])
def test_a_folder_that_the_course_is_made_of_is_refused(
    made: Path, capsys: pytest.CaptureFixture[str], verb: str, out: str
) -> None:
    assert cli.main([verb, "first", "--out", out]) == 2
    assert (
        f"--out: expected a folder apart from what the course is made of, got {out}"
        in capsys.readouterr().err
    )


STRAY = "source/first/add.py: expected only notebooks, README.md and requirements.txt and figures/*.svg"
OTHER = "release/first/{}: expected what the course builds now, got something else; run `autograder release`"


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("source/first/add.py", "x = 1\n", STRAY),
        ("source/first/README.md", "# Anew\n", OTHER.format("README.md")),
        (
            "course.toml",
            'data = ["data/*.csv"]\n',
            "data: expected files to pack with the release at data/*.csv",
        ),
    ],
)
def test_verify_names_what_release_would_refuse_or_change(
    made: Path, path: str, text: str, message: str
) -> None:
    release(made, "first")
    count, findings = differences(course.load("first", made))
    assert (count, findings) == (6, [])
    kept = (made / path).read_text() if path == "course.toml" else ""
    (made / path).write_text(text + kept)
    count, [finding] = differences(course.load("first", made))
    assert message in finding
    assert not list((made / "release").glob(".building*"))


def test_without_a_release_nothing_is_held_against_it(made: Path) -> None:
    assert differences(course.load("first", made)) == (0, [])


@pytest.mark.long
def test_each_fault_is_named_once_and_no_assignment_is_passed_over(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new(read(made), "second")
    new(read(made), "third")
    release(made, "first", "second", "third")
    path = made / "stats/first.py"
    path.write_text(path.read_text().replace("    # BEGIN SOLUTION\n", ""))
    (made / "source/third/assignment.toml").write_text("title = 3\n")
    assert cli.main(["verify", *QUICK]) == 2
    said = capsys.readouterr()
    assert said.err.count("END SOLUTION has no BEGIN") == 1
    assert "first: does not hold together" in said.out
    assert "second: does not hold together" in said.out  # it has the same package
    assert said.err.count("source/third/assignment.toml: notebooks: expected at least one notebook") == 1


@pytest.mark.long
def test_a_solution_that_fails_is_named_once(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made / "stats/first.py"
    path.write_text(path.read_text().replace("x.mean(axis=0)", "x.max(axis=0)"))
    release(made, "first")
    assert cli.main(["verify", *QUICK]) == 2
    said = capsys.readouterr().err
    assert said.count("expected 2 points for the solution") == 1
    assert "the course does not hold together" not in said
    assert "see `autograder verify`" not in said
    assert "see autograder try first/standardize" in said


@pytest.mark.parametrize("verb", ["verify", "try"])
def test_a_folder_of_models_that_is_not_there_is_refused(
    made: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    with pytest.raises(SystemExit):
        cli.main([verb, "first", "--models", "nowhere"])
    assert "--models: nowhere: expected a folder, got none of this name" in capsys.readouterr().err


def test_a_folder_without_models_is_refused(made: Path) -> None:
    path = made / "source/first/assignment.toml"
    path.write_text(path.read_text() + '\nresults = ["results/net.npz"]\n')
    with pytest.raises(
        IntakeError, match=r"expected trained models \(net.npz\), found none; correct the path"
    ):
        hand_in(course.load("first", made), "solution", made)
