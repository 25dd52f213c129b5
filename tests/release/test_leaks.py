"""Answers are found wherever they hide."""

import base64
from typing import Any

import pytest

from autograder.errors import ReleaseError
from autograder.release.leaks import Search, refuse_notebook
from autograder.release.package import Solution

from .conftest import ANSWER, code, mark, markdown

CODE = Solution(
    "lib.layers.f",
    "lib/layers.py",
    10,
    "    shifted = x - x.max(axis=1)  # the largest is 0\n    for i in range(N):\n        y = 1\n"
    "    probabilities = np.exp(\n        shifted) / total_of_each_row\n",
)
PROSE = Solution("inline_1", "source/demo/Intro.ipynb cell 5", 1, f"Yes. {ANSWER}", prose=True)


def search() -> Search:
    return Search([CODE, PROSE])


HIDING_PLACES = {
    "as it is": "a = 1\nshifted = x - x.max(axis=1)\n",
    "spaced": "a = 1\nshifted=x-x.max( axis = 1 )\n",
    "broken over lines": "a = 1\nshifted = x - x.max(\n    axis=1)\n",
    "commented out": "a = 1\n# shifted = x - x.max(axis=1)\n",
    "in a longer line": "a = 1\nif a: shifted = x - x.max(axis=1); b = 2\n",
    "continued": "a = 1\nshifted = x \\\n    - x.max(axis=1)\n",
}


@pytest.mark.parametrize("text", HIDING_PLACES.values(), ids=HIDING_PLACES.keys())
def test_a_line_of_a_solution_is_found(text: str) -> None:
    message = r"a.py:2: holds a line of the solution of lib.layers.f \(lib/layers.py:10\): 'shifted = x"
    with pytest.raises(ReleaseError, match=message):
        search().refuse(text, "a.py")


def test_a_statement_over_two_lines_is_one(demo: object) -> None:
    with pytest.raises(ReleaseError, match=r"a.py:1: .*\(lib/layers.py:13\)"):
        search().refuse("probabilities = np.exp(shifted) / total_of_each_row", "a.py")


@pytest.mark.parametrize("quote", ['"', "'"])
def test_other_quotes_hide_nothing(quote: str) -> None:
    solution = Solution("f", "a.py", 1, 'value = config["learning_rate"]')
    with pytest.raises(ReleaseError, match="holds a line of the solution of f"):
        Search([solution]).refuse(f"value = config[{quote}learning_rate{quote}]", "b.py")


def test_a_sentence_of_an_answer_is_found() -> None:
    with pytest.raises(ReleaseError, match=r"README.md:3: holds a line of the solution of inline_1"):
        search().refuse(f"# Hints\n\n- {ANSWER.upper()}\n", "README.md")


def test_a_comment_of_a_solution_is_found() -> None:
    solution = Solution("f", "a.py", 1, "# dx = gamma / std * (dout - mean(dout)), over the batch\ndx = 1")
    with pytest.raises(ReleaseError, match=r"b.py:1: holds a line of the solution of f \(a.py:1\)"):
        Search([solution]).refuse('"""dx = gamma / std * (dout - mean(dout)), over the batch"""', "b.py")


def test_short_lines_and_bare_loops_are_everyones() -> None:
    search().refuse("for i in range(N):\n    y = 1\n", "a.py")


def test_a_leftover_mark_is_refused() -> None:
    for text in ("x\n### BEGIN SOLUTION", "x\nEND HIDDEN TESTS", "x\n# begin  mark scheme"):
        with pytest.raises(ReleaseError, match=r"a.txt:2: expected no mark in what students get"):
            search().refuse(text, "a.txt")


# Notebooks --------------------------------------------------------------------------------------------


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def attached(name: str, kind: str, data: bytes, **metadata: Any) -> dict[str, Any]:
    picture = {name: {kind: base64.b64encode(data).decode()}}
    return {**markdown("a", f"![](attachment:{name})", **metadata), "attachments": picture}


LEAK = "shifted = x - x.max(axis=1)"
RAN = {**code("a", "1"), "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}
COUNTED = {**code("a", "1"), "execution_count": 1}
ANSWER_CELL = mark("inline_1", "markdown", grade=True, solution=True, points=1)

REFUSED = {
    "source": (
        notebook(markdown("a", "x"), code("b", LEAK)),
        r"N.ipynb cell 2:1: holds a line of the solution",
    ),
    "text cell": (
        notebook(markdown("a", f"Try\n\n`{LEAK}`")),
        r"N.ipynb cell 1:3: holds a line of the solution",
    ),
    "cell metadata": (
        notebook(code("a", "1", nbgrader=mark(LEAK))),
        r"N.ipynb cell 1 metadata:1: holds a line of the solution",
    ),
    "cell id": (notebook(code(LEAK, "1")), r"N.ipynb cell 1 metadata:1: holds a line of the solution"),
    "notebook metadata": (
        notebook(kernelspec={"display_name": LEAK}),
        r"N.ipynb metadata:1: holds a line of the solution",
    ),
    "picture": (
        notebook(attached("a.png", "image/png", b"\x89PNG tEXt" + LEAK.encode())),
        r"N.ipynb cell 1 attachment a.png:1: holds a line of the solution",
    ),
    "output": (notebook(RAN), r"N.ipynb cell 1: expected no outputs in a release, got some; clear the cell"),
    "count": (notebook(COUNTED), r"N.ipynb cell 1: expected no execution_count in a release"),
    "extra cell metadata": (
        notebook(code("a", "1", tags=["x"], vscode={})),
        r"N.ipynb cell 1: expected no metadata but deletable, editable, nbgrader, got tags, vscode",
    ),
    "extra notebook metadata": (
        notebook(author="x"),
        r"N.ipynb: expected no metadata but kernelspec, language_info, got author",
    ),
    "attachment of an answer": (
        notebook(attached("answer.png", "image/png", b"\x89PNG", nbgrader=ANSWER_CELL)),
        r"N.ipynb cell 1: expected no attachment in an answer cell, got answer.png",
    ),
    "attached text": (
        notebook(attached("a.txt", "text/plain", b"x")),
        r"N.ipynb cell 1: expected only pictures attached, got a.txt \(text/plain\); delete it",
    ),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_notebook_that_gives_something_away_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        refuse_notebook(content, "N.ipynb", search())


def test_a_clean_notebook_passes() -> None:
    clean = notebook(
        markdown("a", "# Hello", deletable=False),
        code("b", "x = 1", nbgrader=mark("f", grade=True, points=1), editable=False),
        attached("a.png", "image/png", b"\x89PNG"),
        kernelspec={"name": "python3"},
    )
    refuse_notebook(clean, "N.ipynb", search())
