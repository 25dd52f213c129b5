"""The site builds without a warning, and its pages fetch nothing from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the extra `docs` is not installed")

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(
    r"""<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=["'](?:https?:)?//[^"']*["']"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "docs.site", str(to)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert (done.returncode, done.stderr) == (0, "")
    return to / "html"


def test_the_pages_are_there(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    for section in ("Instructors", "Pipelines", "Reference", "Project"):
        assert section in index
    assert "leave_out" in (site / "reference" / "settings.html").read_text(encoding="utf-8")
    assert "same_shape" in (site / "reference" / "checks.html").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    assert [page.name for page in pages if FETCHED.search(page.read_text(encoding="utf-8"))] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not any(re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", style) for style in styles)
    assert FETCHED.search('<script async src="https://cdn.example/x.js">')


def test_a_dead_link_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    from docs.site import __main__ as site
    from docs.site import pages

    def broken(to: Path) -> None:
        raise pages.PageError("docs/why.md:1: gone.md: expected a file, found none; correct the link")

    monkeypatch.setattr(site, "assemble", broken)
    assert site.main(tmp_path) == 1
    assert "gone.md: expected a file" in capsys.readouterr().err
