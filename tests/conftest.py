"""Which tests are long: those of tests/long.txt, beside what is marked where it stands.

The list holds files, and functions in them, that took seconds each where the whole suite was timed with
`pytest --durations=0`; what they test is tested again, in little, by others of the same folder.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("long.txt")


def listed() -> Iterator[str]:
    yield from LIST.read_text(encoding="utf-8").splitlines()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = set(listed())
    for item in items:
        function = item.nodeid.partition("[")[0]
        if function in long or function.partition("::")[0] in long:
            item.add_marker(pytest.mark.long)
