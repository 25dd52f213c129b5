from pathlib import Path

import pytest

from tests.small_kit import Kit


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = Kit(tmp_path / "kit")
    kit.copy_engine()
    return kit
