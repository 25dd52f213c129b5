import pytest
from rich.table import Table

from autograder.answers.groups import Group, ReadAnswer
from autograder.cli import review
from autograder.cli.terminal import Terminal
from autograder.records.record import CaseResult, Grade
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


def test_review_shows_no_markup_of_ours_and_none_of_a_student(capsys: pytest.CaptureFixture[str]) -> None:
    case = CaseResult("a[where]", "criterion", 1.0, "skipped", "Where: [red]unsure[/red]")
    grade = Grade("inline_1", "nb", 0.5, 2.0, "needs_review", (case,))
    group = Group("inline_1", (ReadAnswer("s001", "**Answer:** [bold]1[/] and $x^2$\n\n- a\x1b[2J", grade),))
    lines = iter(["9", "s"])
    assert list(review.ask([group], lambda _: None, lambda: next(lines))) == []
    review.show_all([group], lambda _: None)
    printed = capsys.readouterr().out
    for text in ("inline_1, 2 points", "Answer: [bold]1[/] and $x^2$", "│ - a", "Where: [red]unsure[/red]"):
        assert text in printed
    for markup in ("[bold]points", "[bold]inline", "cyan", "\\[", "**", "\x1b[2J"):
        assert markup not in printed
