"""nbgrader's *Validate*, which students may have in their menu, says what the checks say."""

import json
import subprocess
import sys

import pytest

AFFINE = "out = x.reshape(x.shape[0], -1) @ w + b\n    cache = (x, w)"


@pytest.mark.parametrize(
    ("solution", "words"),
    [
        (AFFINE, "Success! Your notebook passes all the tests."),
        (AFFINE.replace(" + b", ""), "VALIDATION FAILED ON 1 CELL"),
        (None, "VALIDATION FAILED ON 1 CELL"),
    ],
    ids=["right", "wrong", "to do"],
)
def test_validate_fails_when_a_check_does_not_pass(one, solution, words):
    if solution:
        one.fill("affine_forward", solution)
    content = json.loads(one.read("two_layer_net.ipynb"))
    content["cells"] = [c for c in content["cells"] if c["id"] in ("setup", "affine-forward-check")]
    one.write("two_layer_net.ipynb", json.dumps(content))
    command = [sys.executable, "-m", "nbgrader", "validate", "two_layer_net.ipynb"]
    run = subprocess.run(command, cwd=one.path, capture_output=True, text=True, timeout=900)
    assert words in run.stdout, run.stdout + run.stderr
    if solution is None:
        assert "To do: affine_forward is not written yet" in run.stdout
