"""Every entry of the list of long tests is a test that is there, none a name of before."""

import itertools
from pathlib import Path

import pytest

from tests.conftest import listed, long_first

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("entry", sorted(listed()))
def test_the_long_test_is_there(entry: str, collected: frozenset[str]) -> None:
    file, _, test = entry.partition("::")
    function, _, case = test.partition("[")
    assert not function or f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
    cases = {name for name in collected if name.startswith(f"{file}::{function}[")}
    assert not case or not cases or entry in cases  # none where this file runs alone


def test_the_list_is_in_order_and_names_each_once() -> None:
    assert list(listed()) == sorted(set(listed()))


class Item:
    """What `long_first` looks at of a test."""

    def __init__(self, nodeid: str, long: bool) -> None:
        self.nodeid, self.long = nodeid, long

    def get_closest_marker(self, name: str) -> bool:
        assert name == "long"
        return self.long


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_every_process_begins_with_its_share_of_the_long_ones(processes: int) -> None:
    items = [Item(f"test_{n % 5}.py::test[{n}]", n % 10 < 3) for n in range(100)]
    ordered = long_first(items, processes)
    assert sorted(ordered, key=id) == sorted(items, key=id)
    length = -(-len(items) // processes)
    for part in (ordered[at : at + length] for at in range(0, len(items), length)):
        assert [item.long for item in part] == sorted((item.long for item in part), reverse=True)
    files = [item.nodeid.partition("::")[0] for item in ordered if item.long]
    assert sum(a != b for a, b in itertools.pairwise(files)) == len(set(files)) - 1
