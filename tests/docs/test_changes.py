"""Changelog fragments: those that are there, and how they become a version."""

from datetime import date
from pathlib import Path

import pytest

from changes.__main__ import FragmentError, fragments, release

DAY = date(2026, 12, 1)
OLD = "# Changelog\n\n## 1.0.0 (2026-11-01)\n\n- The first.\n"


def test_the_fragments_here_are_short() -> None:
    assert all(text for text in fragments().values())


def test_fragments_become_a_version(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("Second,\non two lines.\n", encoding="utf-8")
    (tmp_path / "a.md").write_text("- First.\n", encoding="utf-8")
    changelog = tmp_path / "CHANGELOG"
    changelog.write_text(OLD, encoding="utf-8")
    release("1.1.0", DAY, tmp_path, changelog)
    new = "## 1.1.0 (2026-12-01)\n\n- First.\n- Second, on two lines.\n\n## 1.0.0"
    assert changelog.read_text(encoding="utf-8") == OLD.replace("## 1.0.0", new)
    assert fragments(tmp_path) == {}
    with pytest.raises(FragmentError, match=r"CHANGELOG\.md: 1\.0\.0 is there already"):
        release("1.0.0", DAY, tmp_path, changelog)


@pytest.mark.parametrize("text", ["", "# A heading\n", "word " * 200])
def test_what_is_no_fragment_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(FragmentError, match=r"changes/a\.md: expected one or two sentences"):
        fragments(tmp_path)
