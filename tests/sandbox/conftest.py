"""Sandboxes at the levels of this machine, started once."""

import textwrap
from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.level import probe
from autograder.sandbox.limits import Limits
from autograder.sandbox.sandboxed_student import SandboxedStudent

BEST = probe()


@pytest.fixture(scope="session", params=[BEST, BEST.without("bwrap")], ids=lambda level: level.name)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if not request.param.safe:
        pytest.skip(f"no isolation on this machine: {'; '.join(BEST.advice)}")
    with Sandbox(Limits(call_seconds=5), request.param) as running:
        yield running


Submit = Callable[..., SandboxedStudent]


@pytest.fixture
def submit(sandbox: Sandbox) -> Iterator[Submit]:
    """Hand in modules of `cs_lib` by name; the first case has begun."""
    opened = []

    def submit(aliases: tuple[str, ...] = (), **modules: str) -> SandboxedStudent:
        files = {
            f"cs_lib/{name.replace('__', '/')}.py": textwrap.dedent(text) for name, text in modules.items()
        }
        student = sandbox.submission({name: text.encode() for name, text in files.items()}, aliases=aliases)
        opened.append(student.__enter__())
        student.begin_case(seed=1)
        return student

    yield submit
    for student in opened:
        student.__exit__()
