"""Whatever can change a point is part of what a result is remembered by."""

from pathlib import Path

import grimp
import pytest

from autograder.judge import digests


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("autograder", cache_dir=None)


def file_of(module: str) -> Path:
    path = digests.ENGINE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_every_module_that_grading_runs_is_hashed(graph: grimp.ImportGraph) -> None:
    used = {"autograder.judge.grading", *graph.find_upstream_modules("autograder.judge.grading")}
    hashed = set(digests.deciding_code())
    assert sorted(module for module in used if file_of(module) not in hashed) == []


def test_what_is_hashed_without_being_imported_lies_in_a_room_that_is(graph: grimp.ImportGraph) -> None:
    """A room that nothing of grading needs would regrade everyone for nothing."""
    used = {"autograder.judge.grading", *graph.find_upstream_modules("autograder.judge.grading")}
    rooms = {module.split(".")[1] for module in used if "." in module}
    assert {name.removesuffix(".py") for name in digests.DECIDING} - rooms <= {"__init__"}


@pytest.mark.parametrize("name", [p.relative_to(digests.ENGINE).as_posix() for p in digests.deciding_code()])
def test_a_changed_file_changes_the_hash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = digests.ENGINE / name
    before = digests.environment_digest.__wrapped__()
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == path else b""))
    assert digests.environment_digest.__wrapped__() != before
