"""The command line, on a small class of the real course."""

import json
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest

from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from samples import make_class
from tests import printed
from tests.kept import records_in

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs/record.schema.json").read_text(encoding="utf-8"))
STUDENTS = ("s001", "s002", "s012", "s013")  # right, untouched, a corrupt zip, right in a deep zip


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class") / "submitted"
    make_class.make_class(folder, [course.load("assignment1")], STUDENTS)
    return folder


@pytest.fixture(scope="module")
def graded(submitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("graded")
    assert cli.main(["grade", "assignment1", str(submitted), "--out", str(out)]) == codes.ATTENTION
    return out


def test_every_output_is_there(graded: Path) -> None:
    for student in STUDENTS:
        jsonschema.validate(json.loads((graded / f"records/{student}.json").read_text()), SCHEMA)
        assert student in (graded / f"feedback/{student}.html").read_text()
    lines = (graded / "grades.csv").read_text().splitlines()
    assert lines[0].startswith("assignment,duedate,timestamp,student_id")
    assert len(lines) == 1 + len(STUDENTS)
    with sqlite3.connect(graded / "gradebook.db") as db:
        assert db.execute("select count(*) from submitted_assignment").fetchone() == (len(STUDENTS),)


def test_points_are_right(graded: Path) -> None:
    records = {r.student: r for r in records_in(graded / "records")}
    tested = sum(c.points for c in course.load("assignment1").grade_cells if not c.manual)

    def earned(student: str) -> float:
        return sum(
            g.points or 0 for g in records[student].grades.values() if not g.grade_id.startswith("inline")
        )

    assert earned("s001") == earned("s013") == tested
    assert earned("s002") == 0.0
    assert all(g.state == "error" for g in records["s012"].grades.values())


def test_grading_again_grades_nothing(
    graded: Path, submitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p.name: p.stat().st_mtime_ns for p in (graded / "records").iterdir() if "s012" not in p.name}
    cli.main(["grade", "assignment1", str(submitted), "--out", str(graded), "--json"])
    after = {p.name: p.stat().st_mtime_ns for p in (graded / "records").iterdir() if "s012" not in p.name}
    assert after == before
    reported = printed.read("GradeOutput", capsys.readouterr().out)
    assert [s["student"] for s in reported["students"]] == list(STUDENTS)
    assert all(s["final"] == s["points"] - s["penalty"] for s in reported["students"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["grade", "assignment9", ".", "--out", "x"],
            "course.toml: assignments: expected one of assignment1, assignment2, got 'assignment9'",
        ),
        (["grade", "assignment1", "no/such/folder", "--out", "x"], "no/such/folder: no such folder"),
    ],
)
def test_wrong_use_is_reported(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == codes.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["grade", "assignment1", "no/such/folder", "--out", "x", "--debug"]) == codes.USAGE
    assert "Traceback" in capsys.readouterr().err


def test_only_the_command_line_does_without_a_package() -> None:
    look = "import sys; {}; print(sys.modules.get('rfc3987_syntax', 0))"
    ours = "from autograder.cli.main import main; main(['grade', 'assignment1', 'nowhere', '--out', 'x'])"
    for code, there in (("import autograder.reading.room, autograder.workers.serve", True), (ours, False)):
        command = [sys.executable, "-c", look.format(code)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        assert (done.stdout != "None\n") == there, done.stderr
    formats = "import sys; sys.modules['rfc3987_syntax'] = None; from nbgrader import api; print('loads')"
    assert subprocess.check_output([sys.executable, "-c", formats], text=True, cwd=ROOT) == "loads\n"


def test_no_verb_is_wrong_use() -> None:
    done = subprocess.run([sys.executable, "-m", "autograder"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == codes.USAGE
    assert "usage: autograder" in done.stderr


@pytest.mark.parametrize("own", ["autograder/__init__.py", "autograder/__main__.py"])
def test_the_script_and_dash_p_find_the_engine_beside_a_folder_of_its_name(own: str, tmp_path: Path) -> None:
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder/__init__.py").touch()
    (tmp_path / own).write_text("raise SystemExit('another package')\n", encoding="utf-8")
    plain = subprocess.run(
        [sys.executable, "-m", "autograder", "--version"], capture_output=True, text=True, cwd=tmp_path
    )
    assert "another package" in plain.stderr  # what the guide warns of
    script = str(Path(sys.executable).parent / "autograder")
    for command in ([script], [sys.executable, "-P", "-m", "autograder"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=tmp_path)
        assert (done.returncode, done.stdout.split()[0]) == (0, "cs-course-kit")


def test_progress_goes_to_stderr_and_results_to_stdout(submitted: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        "assignment1",
        str(submitted),
        "--out",
        str(tmp_path),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == codes.ATTENTION, done.stderr
    assert printed.read("GradeOutput", done.stdout)["students"][0]["student"] == "s001"
    last = [printed.read("ProgressOutput", line) for line in done.stderr.splitlines()][-1]
    assert last["what"].startswith("assignment1, isolation")
    assert (last["done"], last["total"], last["errors"]) == (4, 4, 1)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"cs-course-kit {version('cs-course-kit')}\n"


def test_help_loads_no_room_of_the_engine() -> None:
    """What --help costs is what it imports: nothing that takes time to import may be among it."""
    code = (
        "import sys; from autograder.cli import main\n"
        "try: main.main(['--help'])\n"
        "except SystemExit: print(*(name for name in sys.modules if '.' not in name or 'autograder' in name))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.splitlines()[-1].split())
    assert "autograder.cli.main" in loaded
    assert loaded & {"numpy", "nbgrader", "sqlalchemy", "rich", "pytest", "autograder.cli.grade"} == set()


def test_what_comes_after_grading_is_not_imported_before() -> None:
    """A grading process starts sooner; the rest is imported while it works."""
    code = "import sys, autograder.cli.grade; print(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "nbgrader", "nbconvert", "jinja2", "markdown_it", "pytest"} & set(
        done.stdout.split()
    )
