import pytest
from rich.table import Table

from autograder.cli.terminal import Terminal
from autograder.safe_text import printable

HOSTILE = [
    "[",
    "[/x]",
    "[link=http://127.0.0.1]click[/link]",
    "[bold]",
    ":skull:",
    "a\x1b[2Jb",
    "\u202eexe",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_is_shown_and_not_obeyed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_column("what")
    table.add_row(text)
    Terminal().print(table)
    Terminal().print(text)
    printed = capsys.readouterr().out
    assert printed.count(printable(text)) == 2
    assert "\x1b[2J" not in printed


def test_what_is_printable_stays() -> None:
    assert printable("Größe 中文 – ×\nend") == "Größe 中文 – ×\nend"
    assert printable("a\x1bb\x07\u202e") == "a\N{REPLACEMENT CHARACTER}b" + 2 * "\N{REPLACEMENT CHARACTER}"
