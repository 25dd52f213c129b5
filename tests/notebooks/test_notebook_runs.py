"""The solved notebooks run clean on the embedded subset and show what they should."""

import base64
import io
import json

import numpy as np
from PIL import Image


def test_no_cell_raises(run):
    errors = {cell_id: "\n".join(output["traceback"]) for cell_id, output in run.outputs("error")}
    assert not errors


def test_nothing_goes_to_stderr(run):
    assert run.printed("stderr") == {}


def test_no_cell_ends_in_a_bare_value(run):
    assert [cell_id for cell_id, _ in run.outputs("execute_result")] == []


def test_every_visible_check_passes(run):
    printed = run.printed()
    assert not [line for text in printed.values() for line in text.splitlines() if "NOT YET" in line]
    graded = [cell for cell in run.cells if cell["metadata"].get("nbgrader", {}).get("grade")]
    silent = [c["id"] for c in graded if c["cell_type"] == "code" and "  ok " not in printed.get(c["id"], "")]
    assert not silent


def test_the_figures_of_the_course_appear(run):
    text = "".join(run.printed().values())
    assert [figure for figure in run.figures["printed"] if figure not in text] == []


def test_every_picture_is_drawn(run):
    pictures = [
        (cell_id, output["data"]["image/png"], output["metadata"]["image/png"]["alt"])
        for cell_id, output in run.outputs("display_data")
        if "image/png" in output["data"]
    ]
    assert len(pictures) == run.figures["pictures"]
    for cell_id, encoded, words in pictures:
        assert len(words) > 20, f"{cell_id}: the alternative text says too little: {words}"
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("L"))
        assert picture.std() > 5, f"{cell_id}: the picture is nearly blank"


def test_the_trained_model_is_saved(run):
    if "model" not in run.figures:
        assert not (run.folder / "results").exists()
        return
    path, kind = run.figures["model"]
    with np.load(run.folder / path) as saved:
        architecture = json.loads(saved["architecture"].item())
        assert all(np.isfinite(saved[name]).all() for name in saved.files if name != "architecture")
    assert architecture["kind"] == kind
    assert architecture["dataset"] == "subset"
