"""Which tests are long: those of tests/long.txt, beside what is marked where it stands.

The list holds files, functions in them and single cases of these that took long where the whole suite was
timed with `pytest --durations=0`; what they test is tested again, in little, by others of the same folder.

Test processes begin with the long ones, so that none is left to one process while the others are done.
"""

import gc
import os
from collections.abc import Generator, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from autograder.cli.main import do_without_grammars
from autograder.inherited import cores

# Read when NumPy is imported, here and in every program that a test starts: two processes with two threads
# each wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

do_without_grammars()  # nbgrader is loaded in most test processes

# A machine may be busy: no test asserts how long something takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

LIST = Path(__file__).with_name("long.txt")
COLLECTED = pytest.StashKey[frozenset[str]]()


@pytest.hookimpl(optionalhook=True)  # unknown where pytest-xdist is not there
def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: many tests wait for another program, or for a time to be over."""
    return cores() + 2


def listed() -> Iterator[str]:
    yield from LIST.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session")
def collected(pytestconfig: pytest.Config) -> frozenset[str]:
    """The names of all tests of the files that this run reads, also of those that it does not choose."""
    return pytestconfig.stash[COLLECTED]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: garbage is not looked for in it, which took a fifth of all time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    config.stash[COLLECTED] = frozenset(item.nodeid for item in items)
    long = set(listed())
    for item in items:
        function = item.nodeid.partition("[")[0]
        if long & {item.nodeid, function, function.partition("::")[0]}:
            item.add_marker(pytest.mark.long)
    yield  # `-m` chooses
    if processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = long_first(items, processes)


def long_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """As many parts of one length as there are processes, each beginning with its share of the long tests.

    A process that is done with its part takes tests from the end of another's, and those are short. The long
    tests of a file stay together: they share what is made for them.
    """
    files: dict[str, list[pytest.Item]] = {}
    short = []
    for item in items:
        if item.get_closest_marker("long"):
            files.setdefault(item.nodeid.partition("::")[0], []).append(item)
        else:
            short.append(item)
    parts: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for part, file in zip(cycle(parts), files.values()):
        part += file
    length = -(-len(items) // processes)
    for part in parts:
        more = max(0, length - len(part))
        part += short[:more]
        del short[:more]
    return [item for part in parts for item in part]
