"""The figures of the notebooks: drawn by `python -m figures`, shown once or more, and described in words."""

import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from figures.__main__ import FIGURES, drawn
from figures.svg import Figure, Node, graph

from .conftest import ROOT

SHOWN = re.compile(r"!\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)", re.S)
DRAWN = drawn()


def shown(folder: Path) -> list[tuple[str, str]]:
    """(description, file) of every image in the texts of an assignment."""
    cells = [cell for path in folder.glob("*.ipynb") for cell in nbformat.read(path, as_version=4).cells]
    return [found for cell in cells if cell.cell_type == "markdown" for found in SHOWN.findall(cell.source)]


@pytest.mark.parametrize("figure", DRAWN, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_figure_in_the_folder_is_what_the_script_draws(figure):
    assert figure.read_text(encoding="utf-8") == DRAWN[figure], "run: python -m figures"


@pytest.mark.parametrize("figure", DRAWN, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_figure_has_a_title_and_its_words_stay_inside(figure):
    root = ElementTree.fromstring(DRAWN[figure])
    tag = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{tag}title").text
    for text in root.iter(f"{tag}text"):
        x, y = float(text.get("x")), float(text.get("y"))
        width = 0.6 * float(text.get("font-size")) * len(text.text)  # DejaVu Sans Mono, the widest in use
        left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor")]
        assert left >= -2, text.text
        assert left + width <= float(root.get("width")) + 2, text.text
        assert 0 <= y <= float(root.get("height")), text.text


@pytest.mark.parametrize("assignment", FIGURES)
def test_every_figure_is_shown_and_nothing_else_is(assignment):
    folder = ROOT / "source" / assignment
    names = {file for _, file in shown(folder)}
    assert names == {f"figures/{name}.svg" for name in FIGURES[assignment]}
    assert names == {f"figures/{path.name}" for path in (folder / "figures").iterdir()}


@pytest.mark.parametrize("assignment", FIGURES)
def test_every_figure_is_described_for_those_who_cannot_see_it(assignment):
    for description, file in shown(ROOT / "source" / assignment):
        assert len(description.split()) >= 25, f"{file}: {description}"


def test_an_edge_of_a_graph_goes_both_ways_unless_it_is_forward_only():
    figure = Figure(200, 100, "test")
    nodes = {"a": Node(40, 50, "a", "da"), "b": Node(160, 50, "b")}
    graph(figure, nodes, ["a b"])
    assert figure.svg().count("url(#forward)") == figure.svg().count("url(#back)") == 1
    graph(figure, nodes, [], forward_only=["a b"])
    assert figure.svg().count("url(#forward)") == 2
    assert figure.svg().count("url(#back)") == 1
