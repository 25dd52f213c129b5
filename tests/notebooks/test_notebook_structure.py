"""The notebooks as files: ids, metadata, points, and rules for code and prose."""

import json
import re
from collections import Counter

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from .conftest import NOTEBOOKS, ROOT

CELL_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Texts that would tie the notebooks to one machine, or name a course.
STRANGE = re.compile(r"cs231n|cs6353|stanford|umich|eecs|/home/|/Users/|/root/|/work/|/tmp/|C:\\\\", re.I)
LINK = re.compile(r"https?://([^/\s)\"]+)")
# Where papers and books stay for good.
PAPERS = {
    "arxiv.org",
    "doi.org",
    "jmlr.org",
    "proceedings.mlr.press",
    "www.deeplearningbook.org",
    "distill.pub",
}
DRAW = re.compile(r"np\.random\.(randn?|randint|choice|uniform|normal|permutation)\(")
SENTENCE_END = re.compile(r"(?<=[.?!:])\s+|\n\s*\n|\n\s*(?:-|\d\.)\s")
SEED = re.compile(r"np\.random\.(seed|default_rng)\(\d+\)")


def grader(cell):
    return cell["metadata"].get("nbgrader", {})


def is_answer(cell):
    return cell["cell_type"] == "markdown" and grader(cell).get("grade", False)


def sources(notebook, kind):
    return {cell["id"]: cell["source"] for cell in notebook.cells if cell["cell_type"] == kind}


def test_is_a_valid_notebook_without_outputs(path, notebook):
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    for cell in notebook.cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


def test_cell_ids_are_words(notebook):
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert [cell_id for cell_id in ids if not CELL_ID.fullmatch(cell_id)] == []


def test_metadata_is_what_nbgrader_knows(notebook):
    MetadataValidator().validate_nb(notebook)
    for cell in notebook.cells:
        if grader(cell):
            assert grader(cell)["schema_version"] == 3
            assert grader(cell)["cell_type"] == cell["cell_type"]


def test_points_add_up(notebook, figures):
    assert sum(grader(cell).get("points", 0) for cell in notebook.cells) == figures["points"]


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in NOTEBOOKS}), ids=lambda folder: folder.name
)
def test_grade_ids_are_unique_in_an_assignment(folder):
    ids = Counter(
        grader(cell)["grade_id"]
        for path in folder.glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if grader(cell)
    )
    assert [grade_id for grade_id, count in ids.items() if count > 1] == []


def test_questions_and_answers_go_in_pairs(path, notebook):
    asked = 0
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if is_answer(cell):
            asked += 1
            assert grader(cell)["grade_id"] == f"inline_{path.stem}_{asked}"
            assert grader(before)["grade_id"] == f"question_{path.stem}_{asked}"
            assert "Answer in the cell below" in before["source"]
            assert len(cell["source"].split()) > 20
    assert asked


def test_a_visible_check_is_announced(notebook):
    """The text before a check says what to expect of it."""
    text = ""
    for cell in notebook.cells:
        if cell["cell_type"] == "markdown":
            text += cell["source"]
        elif grader(cell).get("grade"):
            assert re.search(r"\b(expect|goal)", text, re.I), cell["id"]
            text = ""


def test_a_cell_of_checks_ends_with_the_total(notebook):
    for cell_id, source in sources(notebook, "code").items():
        calls = [
            line for line in source.splitlines() if re.match(r"(checks\.(compare|holds)|check_\w+)\(", line)
        ]
        if calls:
            assert "checks.total()" in source.splitlines()[-1], cell_id


def test_solutions_stand_between_marks_in_solution_cells(notebook):
    for cell in notebook.cells:
        marks = re.findall(r"# (BEGIN|END) SOLUTION", cell["source"])
        is_solution = cell["cell_type"] == "code" and grader(cell).get("solution", False)
        assert marks == (["BEGIN", "END"] if is_solution else [])


def test_random_draws_are_seeded_in_their_cell(notebook):
    for cell_id, source in sources(notebook, "code").items():
        if DRAW.search(source):
            assert SEED.search(source), f"{cell_id} draws random numbers without a seed"


def test_colab_is_off(notebook):
    assert "USE_COLAB = False" in sources(notebook, "code")["colab"]


def test_texts_name_no_machine_and_no_course(notebook):
    for cell in notebook.cells:
        found = STRANGE.findall(cell["source"].replace("/content/drive/My Drive/", ""))
        assert not found, (cell["id"], found)
        assert set(LINK.findall(cell["source"])) <= PAPERS, cell["id"]


def test_files_named_in_the_text_exist(notebook):
    for cell_id, source in sources(notebook, "markdown").items():
        for name in re.findall(r"`(cs_lib/[\w/]+\.py)`", source):
            assert (ROOT / name).is_file(), f"{cell_id} names {name}"


def test_formulas_are_closed(notebook):
    for cell_id, source in sources(notebook, "markdown").items():
        text = re.sub(r"```.*?```|`[^`\n]*`", "", source, flags=re.S)
        assert text.replace(r"\$", "").count("$") % 2 == 0, cell_id


def test_headings_go_down_one_level_at_a_time(notebook):
    level = 0
    for cell_id, source in sources(notebook, "markdown").items():
        for heading in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", source, flags=re.S), flags=re.M):
            assert len(heading) <= level + 1, cell_id
            level = len(heading)


def test_sentences_are_short(notebook):
    text = "\n".join(sources(notebook, "markdown").values())
    text = re.sub(r"```.*?```|\$\$.*?\$\$", "", text, flags=re.S)
    prose = "\n".join("" if line.startswith(("|", "#")) else line for line in text.splitlines())
    sentences = [words for part in SENTENCE_END.split(prose) if (words := part.split())]
    assert sum(map(len, sentences)) / len(sentences) < 16
