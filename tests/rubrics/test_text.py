"""Markdown, HTML, LaTeX and contractions become plain words; sentences and list items come apart."""

import pytest

from autograder.answers.text import MAX_CHARACTERS, sentences


def plain(answer: str) -> list[str]:
    return [" ".join(s.words) for s in sentences(answer)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("**Bold** and _thin_ and `code`", "bold and thin and code"),
        ("***both***", "both"),
        ("snake_case_name stays", "snake case name stays"),
        ("# Heading", "heading"),
        ("> quoted", "quoted"),
        ("[text](http://a.b) and ![picture](x.png)", "text and picture"),
        ("<b>bold</b><br>next<!-- hidden --> <script>alert(1)</script>end", "bold next end"),
        ("<script>never closed", ""),
        ("a &lt; b &amp; c", "a < b & c"),
        ("$x < 0$", "x < 0"),
        (r"$x \leq 0$, $x \to \pm\infty$", "x <= 0 , x -> ± infinity"),
        (r"$\frac{1}{p}$ and $\text{out} = p \cdot x$", "( 1 ) / ( p ) and out = p x"),
        (r"$\sigma(x)(1 - \sigma(x))$", "sigma ( x ) ( 1 : sigma ( x ) )"),
        (r"$|x| > 5$", "abs x > 5"),
        ("it doesn't, it can't, it won't, it isnt", "it does not , it can not , it will not , it is not"),
        ("it’s the network's weights, they're", "it is the network weights , they are"),
        ("non-zero, nonsense", "non zero , nonsense"),
        (
            "normalisation regularises generalised Memorising",
            "normalization regularizes generalized memorizing",
        ),
        ("w/o BN, w/ BN, b/c", "without bn , with bn , because"),
        ("i.e. this, e.g. that, vs. those", "that is this , for example that , versus those"),
        ("small -> vanish => dead --> gone → end", "small -> vanish -> dead -> gone -> end"),
        ("five-layer net – deeper", "five layer net : deeper"),
        ("≤ ≥ ∞ ≈ × ·", "<= >= infinity ≈"),
        ("46 %, 0.46, 1e-3, .5", "46% , 0.46 , 1e-3 , .5"),
        ("the 1st and No. 2", "the 1st and number 2"),
        ("ﬁne ｗｉｄｅ", "fine wide"),
        ("", ""),
        ("***\n---\n| - |", ""),
    ],
)
def test_one_line(answer: str, words: str) -> None:
    assert " ".join(plain(answer)) == words


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ("One. Two! Three? Four; five", ["one", "two", "three", "four", "five"]),
        ("About 0.1, i.e. 1.5 per cent. Next.", ["about 0.1 , that is 1.5 per cent", "next"]),
        ("wrapped at\nthe editor's width of some sixty characters or so, as\nusual", None),
        ("Short line\nAnother line", ["short line", "another line"]),
        ("short line\nand its rest", ["short line and its rest"]),
        ("- one\n- two\n* three", ["one", "two", "three"]),
        ("| lr | acc |\n|---|---|\n| with | 0.4 |", ["lr : acc", "with : 0.4"]),
        ("第一。第二。", ["第一", "第二"]),
    ],
)
def test_sentences(answer: str, parts: list[str] | None) -> None:
    found = plain(answer)
    assert found == parts if parts is not None else len(found) == 1


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        ("1. one\n2. two", ["1", "2"]),
        ("1) one\n2) two", ["1", "2"]),
        ("(a) one\n(b) two", ["a", "b"]),
        ("A: one\nB: two", ["A", "B"]),
        ("Answer: 1. one 2. two 3. three", ["", "1", "2", "3"]),
        ("1. one 2. two", ["1", "2"]),
        ("by a factor of 2. Then", ["", ""]),
        ("(1) and (3) help", [""]),
        ("1. and 3.", ["", ""]),
        ("The slope is 0.1) there", [""]),
    ],
)
def test_list_items(answer: str, items: list[str]) -> None:
    assert [s.item for s in sentences(answer)] == items


def test_questions_are_marked() -> None:
    assert [s.asks for s in sentences("Does it vanish? It does.")] == [True, False]


def test_a_sentence_is_kept_as_it_was_written() -> None:
    [first, second] = sentences("**Sigmoid** saturates for $x \\to \\infty$. Doesn't it?")
    assert first.raw == "Sigmoid saturates for $x \\to \\infty$."
    assert second.raw == "Doesn't it?"


def test_a_book_is_not_read_to_its_end() -> None:
    assert len(sentences("word " * MAX_CHARACTERS)[0].words) < MAX_CHARACTERS


@pytest.mark.parametrize(
    "answer", ["*" * 5000, "(" * 5000, "<" * 5000, "[" * 5000, "1. " * 3000, "_a" * 5000]
)
def test_hostile_text_takes_no_time(answer: str) -> None:
    sentences(answer)
