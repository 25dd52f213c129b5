from pathlib import Path

import pytest

from tests.pipelines.watching import Desk
from tests.small_kit import Kit


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(Kit(tmp_path / "kit"), monkeypatch)
