"""What students write, as HTML: it looks as in Jupyter, nothing of it runs, and no shape of it takes long."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.reports import formulas, markdown
from bench import hostile_text

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(page: str) -> None:
    for tag, attributes in Elements(page).found:
        assert tag in markdown.TAGS | formulas.TAGS
        assert set(attributes) <= {"href", "src", "alt", "rel", "start"} | formulas.ATTRIBUTES
        assert (attributes.get("href") or "https://").lower().startswith(("https://", "http://", "mailto:"))
        assert markdown.PICTURE.fullmatch(attributes.get("src") or PIXEL)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("the **mean**", "<strong>mean</strong>", id="bold"),
        pytest.param("- a\n- b", "<li>b</li>", id="list"),
        pytest.param("# Mine", "<h4>Mine</h4>", id="a heading stands below those of the page"),
        pytest.param("```python\nx < 3\n```", "<pre><code>x &lt; 3\n</code></pre>", id="code"),
        pytest.param("|a|\n|-|\n|1|", "<td>1</td>", id="table"),
        pytest.param("a<b and c>d", "a&lt;b and c&gt;d", id="comparison is no tag"),
        pytest.param("H<SUB>2</SUB>O<br/>x", "H<sub>2</sub>O<br>x", id="plain tags mean what they say"),
        pytest.param("[x](https://a.org/b?c=1&d)", '<a href="https://a.org/b?c=1&amp;d"', id="link"),
        pytest.param("[me](mailto:s@x.org)", 'href="mailto:s@x.org"', id="mail"),
        pytest.param("[x](notes.md)", "x (<code>notes.md</code>)", id="a file's name is kept"),
        pytest.param("[a]: b", "[a]: b", id="a definition does not vanish"),
        pytest.param("$N$ is 3", "<mi>N</mi>", id="formula, digit at the end"),
        pytest.param("$x_1$ costs $5 and $7", "costs $5 and $7", id="prices are no formula"),
        pytest.param("`$x$`", "<code>$x$</code>", id="code stays code"),
        pytest.param("see $$a$$", '<math display="block">', id="displayed between words"),
        pytest.param("$$\na\n- b\n$$", '<math display="block">', id="displayed over lines"),
        pytest.param("$$a$$ or $$b$$", "</math> or <math", id="two in a line"),
        pytest.param("\\begin{align}a&=b\\\\c&=d\\end{align}", "<mtable", id="environment"),
        pytest.param(r"$\left( 1$", r"<code>$\left( 1$</code>", id="broken formula is shown as typed"),
        pytest.param(r"$\text{a < b}$", "a&nbsp;&lt;&nbsp;b", id="signs inside a formula's text"),
        pytest.param(f"![p]({PIXEL})", f'<img src="{PIXEL}" alt="p">', id="pasted picture"),
        pytest.param("![p](attachment:a.png)", f'<img src="{PIXEL}" alt="p">', id="attached picture"),
        pytest.param("![p](https://a.org/b)", "[picture: p, https://a.org/b]", id="elsewhere"),
        pytest.param("![p](attachment:x)", "[picture: p, attachment:x]", id="not there"),
    ],
)
def test_shown_as_in_jupyter(text, shown):
    page = markdown.html(text, {"a.png": PIXEL})
    assert shown in page
    assert_harmless(page)


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\nscript:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\style{position:fixed}{x}$ $\class{card}{x}$ $\cssId{a}{x}$",
        r"$\text{<script>alert(1)</script>}$",
        r"$\text{</mtext></math><img src=x onerror=alert(1)>}$",
        r"$\text{<style><!--</style><img title='--><img src=x onerror=alert(1)>'>}$",
        r"$\rule{9999cm}{9999cm}$ $\hspace{9999em}$ $\kern-999em x$",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>x</b>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<!-- --><base href=//evil.example>",
        "</blockquote></article></main>",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '![x" onerror="alert(1)](attachment:a.png)',
        '```" onload="alert(1)\nx\n```',
        "<b>" * 50,
        "</b>" * 50,
    ],
)
def test_nothing_runs(text):
    page = markdown.html(text, {"a.png": 'x" onerror="alert(1)'})
    assert_harmless(page)
    shown = "".join(page.split())
    for word in ("<script", "<style", "<svg", "<base"):
        assert word not in shown


@given(st.text(alphabet="ab1 \n\t<>&$*_`[]()!#\\{}|-:\"'/^~=\0\u202e", max_size=80))
@settings(max_examples=300)
def test_nothing_runs_whatever_is_typed(text):
    assert_harmless(markdown.html(text))
    markdown.plain(text)


@pytest.mark.parametrize("size", [markdown.LONGEST, 200_000])
@pytest.mark.parametrize("shape", hostile_text.SHAPES)
def test_size_is_bounded(shape, size):
    """How long each takes is measured by `python -m bench.hostile_text`."""
    text = hostile_text.text(shape, size)
    page = markdown.html(text)
    assert len(page) < 200_000
    assert_harmless(page)
    assert len(markdown.plain(text)) < 200_000


def test_a_long_text_is_shown_as_typed_with_what_is_left_out():
    page = markdown.html("**a** " * 5_000)
    assert page.startswith("<pre>**a** ")
    assert "and 10,000 characters more" in page


@pytest.mark.parametrize("text", ["> " * 30 + "deep", "".join(" " * 2 * i + "- a\n" for i in range(30))])
def test_a_deep_text_is_shown_as_typed(text):
    assert markdown.html(text) == f"<pre>{markdown.escape(text)}</pre>"
    assert markdown.plain(text) == text


def test_a_wide_table_that_grows_with_its_square_is_shown_as_typed():
    text = "|a" * 1200 + "|\n" + "|-" * 1200 + "|\n" + "|x\n" * 1500
    assert markdown.html(text) == f"<pre>{text}</pre>"
    assert "<table>" in markdown.html("|a|b|\n|-|-|\n" + "|x|\n" * 500)


def test_pictures_do_not_count_as_text_but_are_limited():
    picture = PIXEL[:-2] + "A" * 2_000_000
    page = markdown.html(f"![one]({picture}) ![two]({picture})")
    assert page.count("<img") == 1
    assert "[picture: two, attachment:too-large]" in page


def test_one_line_of_ours_that_quotes_a_student():
    shown = markdown.inline("Sigmoid: said. “about $|x| > 5$ **it** <script>” [x](javascript:alert(1))")
    assert_harmless(shown)
    assert "<p>" not in shown
    assert "<math" in shown
    assert "<strong>it</strong> &lt;script&gt;” [x](javascript:alert(1))" in shown
    assert markdown.inline("<" * 30_000) == "&lt;" * markdown.SHOWN


def test_formulas_beyond_the_share_of_a_text_are_shown_as_typed():
    page = markdown.html(r"$\alpha\beta\gamma$ " * 500)
    assert "<code>$\\alpha\\beta\\gamma$</code>" in page
    assert 0 < page.count("<math") < 500


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(r"\def\a{\b\b}\a", id="macro"),
        pytest.param(r"\newcommand{\a}{x}\a", id="command"),
        pytest.param("{" * 31 + "}" * 31, id="deep"),
        pytest.param("\\frac" * 400, id="row of commands"),
        pytest.param("x^{" * 200 + "}" * 200, id="powers"),
        pytest.param("x" * 2_001, id="long"),
        pytest.param(r"\left( x", id="left without right"),
    ],
)
def test_formula_that_is_not_drawn(source):
    assert formulas.mathml(source) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the **mean** is `x`", "the mean is x"),
        ("1. a\n2. b\n   - c", "1. a\n2. b\n  - c"),
        ("|a|b|\n|-|-|\n|1|2|", "a | b\n1 | 2"),
        ("one\n\ntwo $x^2$\n\n```\ncode\n```", "one\n\ntwo $x^2$\n\ncode"),
        ("a<br>b ![p](attachment:x.png) <sub>2</sub>", "a\nb [picture: p] 2"),
        ("$$\na=b\n$$", "$$\na=b\n$$"),
        ("[bold] [/] [link](https://a.org)", "[bold] [/] link (https://a.org)"),
        ("# Head\ntext", "Head\n\ntext"),
    ],
)
def test_plain(text, shown):
    assert markdown.plain(text) == shown
