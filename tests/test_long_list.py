"""Every entry of the list of long tests is a test that is there, none a name of before."""

from pathlib import Path

import pytest

from tests.conftest import listed

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("entry", sorted(listed()))
def test_the_long_test_is_there(entry: str) -> None:
    file, _, function = entry.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not function or f"def {function}(" in text


def test_the_list_is_in_order_and_names_each_once() -> None:
    assert list(listed()) == sorted(set(listed()))
