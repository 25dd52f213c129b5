"""Wrong values of arguments: each number, path and choice of a verb ends in a sentence, with code 2."""

import re
from pathlib import Path

import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.records import record
from autograder.records.record import Grade, Hashes, Record
from tests.once import once
from tests.small_kit import NAME, POINTS, Kit


def _class(folder: Path) -> None:
    """A course with a hand-in and a result: what arguments are about."""
    kit = Kit(folder / "course")
    kit.hand_in("s001")
    grades = {name: Grade(name, "nb", worth, worth, "graded") for name, worth in POINTS.items()}
    record.save(
        Record("s001", NAME, "none", Hashes("", "", ""), grades), kit.home / f"results/{NAME}/records"
    )
    (kit.home / "file").write_text("no folder\n")
    (kit.home / "roster.csv").write_text("id\ns001\n")


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = once(tmp_path_factory, "arguments", _class) / "course"
    monkeypatch.chdir(home)
    return home


def ended(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code, and the one sentence that was printed."""
    try:
        code = cli.main(arguments)
    except SystemExit as ending:
        code = int(ending.code or 0)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("autograder: ")
    return code, lines[0]


def plain(error: str) -> str:
    """Without where to read more."""
    return error.partition("; see autograder")[0]


def with_value(command: list[str], name: str, value: str) -> list[str]:
    """The command with this value of an argument."""
    if name in AT:
        return [*command[: AT[name]], value, *command[AT[name] + 1 :]]
    if name in command:
        return [*command[: command.index(name) + 1], value, *command[command.index(name) + 2 :]]
    return [*command, name, value]


RESULTS, OUT = f"results/{NAME}", "new/out"
VERBS = {
    "collect": ["collect", NAME, "submitted", "--to", OUT],
    "grade": ["grade", NAME, "submitted", "--out", OUT],
    "watch": ["watch", NAME, "submitted", "--out", OUT, "--once"],
    "release": ["release", NAME],
    "verify": ["verify", NAME],
    "mutants": ["mutants", NAME],
    "report": ["report", NAME, RESULTS],
    "export": ["export", NAME, RESULTS, "--format", "cases", "--to", OUT],
    "pipeline": ["pipeline", "gradescope", NAME, "--to", OUT],
    "review": ["review", NAME, "--out", RESULTS],
    "term": ["term", "results", "--to", OUT, "--roster", "roster.csv"],
    "similarity": ["similarity", NAME, "submitted", "--out", OUT],
    "try": ["try", NAME],
}
NAMED = ("collect", "grade", "watch", "release", "mutants", "report", "export", "similarity")
NUMBERS = [
    *(
        (verb, "--jobs", bad)
        for verb in ("collect", "grade", "watch", "mutants")
        for bad in ("0", "-4", "two")
    ),
    *(("mutants", "--sample", bad) for bad in ("0", "-3", "1.5", "")),
    *(("mutants", "--seed", bad) for bad in ("x", "0.5")),
    *(("verify", "--mutants", bad) for bad in ("-1", "all")),
]


@pytest.mark.parametrize(("verb", "option", "bad"), NUMBERS)
def test_a_number(here: Path, verb: str, option: str, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = ended([*VERBS[verb], option, bad], capsys)
    assert code == codes.USAGE
    assert f"argument {option}: expected a whole number" in error
    assert f", got {bad!r}; see autograder {verb} --help" in error


MISSING, FILE, FOLDER, BELOW = "missing", "file", "submitted", "file/below"  # the last: below a file
READ = "no such folder|expected a folder|expected results in"
IN_THE_WAY = "file: expected a folder, got a file, which is in its way"
TABLE = "expected a CSV in UTF-8, got: (no such file|a folder)$"
AT = {"FROM": 2, "DIR": 2, "OUT": 2, "DIR of results": 1}  # of what has no option, its place in the command
PATHS = [
    *((verb, "DIR", (MISSING, FILE, BELOW), READ) for verb in ("grade", "watch", "similarity")),
    ("collect", "FROM", (MISSING, FILE, BELOW), "no such folder or zip"),
    *((verb, "OUT", (MISSING, FILE, BELOW), "expected a folder, got") for verb in ("report", "export")),
    ("term", "DIR of results", (MISSING, FILE, BELOW, FOLDER), READ),
    ("review", "--out", (MISSING, FILE, BELOW), "expected a folder, got"),
    *((v, "--out", (FILE, BELOW), IN_THE_WAY) for v in ("grade", "watch", "similarity", "verify", "mutants")),
    *((verb, "--to", (FILE, BELOW), IN_THE_WAY) for verb in ("collect", "term")),
    *((verb, "--to", (FOLDER, "."), "expected a file, got a folder") for verb in ("export", "pipeline")),
    *((verb, "--to", (BELOW,), IN_THE_WAY) for verb in ("export", "pipeline")),
    *(("collect", option, (MISSING, FOLDER, BELOW), TABLE) for option in ("--roster", "--git", "--times")),
    *((verb, "--roster", (MISSING, FOLDER, BELOW), TABLE) for verb in ("report", "export", "term")),
    ("report", "--git", (MISSING, FOLDER, BELOW), TABLE),
    ("review", "--objections", (MISSING, FOLDER, BELOW), TABLE),
]


@pytest.mark.parametrize(
    ("verb", "name", "bad", "message"),
    [(verb, name, bad, message) for verb, name, several, message in PATHS for bad in (*several, "")],
)
def test_a_path(
    here: Path, verb: str, name: str, bad: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = ended(with_value(VERBS[verb], name, bad), capsys)
    assert code == codes.USAGE
    assert re.search(message if bad else f"{name.split()[0]}: expected a path, got nothing", plain(error)), (
        error
    )


OTHERS = [
    *(
        ("grade", "--scheduler", bad, "expected an address such as")
        for bad in ("nowhere", "tcp://", "x:y", "")
    ),
    *(
        (verb, "--gradebook", bad, message)
        for verb in ("grade", "report", "export", "review")
        for bad, message in (
            ("junk", "expected a URL such as"),
            ("postgresql://db:port/term", "expected a URL such as"),
            ("postgresql+psycopg://s001:se@cret@db/term", "a name or password holds @"),
            ("oracle://db/term", "there is no oracledb here; for PostgreSQL, pip install"),
            ("nothing://db/term", "there is no database called nothing here; for PostgreSQL, pip install"),
        )
    ),
    *(
        (verb, "--isolation", bad, "expected a level such as bwrap")
        for verb in ("collect", "grade", "watch", "mutants", "try")
        for bad in ("nope", "")
    ),
    *(
        (verb, "--alias", bad, "expected the name of a package")
        for verb in ("collect", "grade", "watch")
        for bad in ("no name", "", "cs_lib")
    ),
    ("export", "--format", "csv", "invalid choice: 'csv' .choose from 'nbgrader'"),
    ("pipeline", "--visibility", "never", "invalid choice: 'never' .choose from 'visible'"),
]


@pytest.mark.parametrize(("verb", "name", "bad", "message"), OTHERS)
def test_a_choice_or_a_name(
    here: Path, verb: str, name: str, bad: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = ended(with_value(VERBS[verb], name, bad), capsys)
    assert code == codes.USAGE
    assert re.search(message, error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", NAME, RESULTS, "--format", "gradescope", "--to", FILE], f"--to {IN_THE_WAY}"),
        (["export", NAME, RESULTS, "--format", "mail", "--to", BELOW], f"--to {IN_THE_WAY}"),
        (["pipeline", "github", NAME, "--to", FILE], f"--to {IN_THE_WAY}"),
        (["pipeline", "nope", NAME, "--to", OUT], "KIND: invalid choice: 'nope'"),
        (["init", FILE], IN_THE_WAY),
        (["init", BELOW], IN_THE_WAY),
        *(([verb, "nope", *VERBS[verb][2:]], "expected one of lesson, got 'nope'") for verb in NAMED),
    ],
)
def test_what_depends_on_another_argument(
    here: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = ended(arguments, capsys)
    assert code == codes.USAGE
    assert message in error


def test_nothing_was_written(here: Path) -> None:
    """By any of the commands above, where they ran in this process."""
    assert not (here / "new").exists()


def test_what_nobody_foresaw_ends_with_3(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options: object) -> int:
        raise ValueError("not foreseen")

    monkeypatch.setattr("autograder.cli.release.run", broken)
    assert cli.main(["release"]) == codes.FAILED
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert error.endswith(
        "a fault of the engine, ValueError: not foreseen; report it with what is above, and the command\n"
    )
