"""What a course lets student code import besides NumPy: `[environment] packages` in course.toml."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError, StudentError
from autograder.sandbox.launch import places
from autograder.sandbox.level import Level, by_name, probe
from autograder.sandbox.limits import Limits

LEVELS = [probe(), by_name("landlock+seccomp")]
CODE = b"""
def twice(x):
    import tiny
    import tiny.later
    import tiny_file
    return tiny_file.half(tiny.later.twice(tiny.twice(x)))

def other():
    import not_given
"""


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages, as pip leaves them, where any user may read."""
    site = Path(tempfile.mkdtemp(prefix="packages-"))
    site.chmod(0o755)
    (site / "tiny").mkdir()
    (site / "tiny/__init__.py").write_text("def twice(x):\n    return 2 * x\n")
    (site / "tiny/later.py").write_text("from . import twice\n")
    (site / "tiny_file.py").write_text("def half(x):\n    return x // 2\n")
    (site / "not_given.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    yield site
    places.cache_clear()
    shutil.rmtree(site)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_what_the_course_names_is_there_and_nothing_else(installed: Path, level: Level) -> None:
    if not level.safe:
        pytest.skip("no isolation on this machine")
    with (
        Sandbox(Limits(), level, packages=("tiny", "tiny_file")) as sandbox,
        sandbox.submission({"cs_lib/code.py": CODE}) as student,
    ):
        student.begin_case(seed=1)
        assert student.call("code.twice", 21) == 42
        with pytest.raises(StudentError, match="not_given"):
            student.call("code.other")


def test_what_does_not_load_stops_grading_and_costs_no_student(installed: Path) -> None:
    (installed / "tiny_file.py").write_text("import not_named_too\n")
    message = (
        "packages: expected what loads in the sandbox, got 'tiny_file': ModuleNotFoundError: No module named "
        "'not_named_too'; name what it needs in packages too"
    )
    with pytest.raises(SandboxError, match=message):
        Sandbox(Limits(), packages=("tiny", "tiny_file")).start()


def test_what_is_not_installed_is_refused() -> None:
    message = "packages: expected what is installed beside the engine, got 'no_such_package'; install it"
    with pytest.raises(SandboxError, match=message):
        Sandbox(Limits(), packages=("no_such_package",)).start()
