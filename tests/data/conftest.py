"""Fixtures of the download tests; the scripts of datasets/ become importable."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets"))

import download
import standin


@pytest.fixture
def server():
    server = standin.Server(standin.ARCHIVE)
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder as it is before the download, and no waiting between tries."""
    monkeypatch.setattr(download, "CHUNK", 1024)
    monkeypatch.setattr(download, "WAIT", 0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sums.json").write_text(json.dumps(standin.SUMS))
    return tmp_path / "data"
