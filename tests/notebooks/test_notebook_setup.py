"""In a real kernel on the released library: edits count at once, and errors point at the right line."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT
from .kernel import Kernel, kernel

SETUP = "from cs_lib import notebook_setup\nnotebook_setup.follow_edits()\nfrom cs_lib import layers\n"
SETUP += "from cs_lib import notebook_checks as checks\nfrom cs_lib.classifiers.fc_net import TwoLayerNet\n"
SETUP += "import numpy as np"
STUB = 'raise NotImplementedError("relu_forward is not written yet")'
CHECK = "out, _ = layers.relu_forward(np.array([[-1.0, 2.0]]))\n"
CHECK += "checks.compare('out', out, np.array([[0.0, 2.0]]), limit=1e-7)\nchecks.total()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "release/assignment1/cs_lib", tmp_path / "a1/cs_lib")).parent


@pytest.fixture
def session(folder: Path) -> Iterator[Kernel]:
    with kernel(folder) as opened:
        assert opened.run(SETUP).status == "ok"
        yield opened


def write(folder: Path, solution: str, above: str = "") -> int:
    """Replace the stub of relu_forward; the line where the solution begins."""
    path = folder / "cs_lib/layers.py"
    text = (ROOT / "release/assignment1/cs_lib/layers.py").read_text(encoding="utf-8")
    text = above + text.replace(STUB, f"{solution}\n    cache = x")
    path.write_text(text, encoding="utf-8")
    return text[: text.index(solution)].count("\n") + 1


def test_an_unwritten_function_is_one_line(session):
    ran = session.run(CHECK)
    assert ran.error.startswith("To do: relu_forward is not written yet (layers.py, line ")
    assert (ran.error.count("\n"), ran.status) == (0, "error")


def test_another_not_implemented_error_keeps_its_traceback(session):
    assert "line 1" in session.run("raise NotImplementedError('mine')").error


def test_an_edit_counts_in_the_next_cell(folder, session):
    write(folder, "out = np.maximum(0, x)")
    ran = session.run(CHECK)
    assert (ran.error, ran.status) == ("", "ok")
    assert ran.printed.splitlines()[-1] == "  1 of 1"


def test_a_wrong_value_ends_in_an_error_of_one_line(folder, session):
    write(folder, "out = np.abs(x)")
    ran = session.run(CHECK)
    assert "NOT YET" in ran.printed
    assert (ran.error, ran.status) == ("  0 of 1: see the lines that say NOT YET", "error")


GRADIENTS = "from cs_lib import gradient_check as g\nf = lambda x: layers.relu_forward(x)[0]\n"


@pytest.mark.parametrize(
    "cell",
    [
        "checks.keeps(layers.relu_forward, np.ones(2))",
        "checks.keeps(layers.relu_backward, np.ones(2), forward=(layers.relu_forward, np.ones(2)))",
        "checks.keeps(lambda x: x if x.dtype == float else layers.relu_forward(x), np.ones(2))",
        GRADIENTS + "g.eval_numerical_gradient(f, np.ones(1))",
        GRADIENTS + "g.eval_numerical_gradient_array(f, np.ones(1), 1.0)",
        GRADIENTS + "g.grad_check_sparse(f, np.ones(1), np.ones(1))",
    ],
)
def test_a_traceback_goes_from_the_cell_to_the_students_line(folder, session, cell):
    line = write(folder, "out = x @ np.ones((5, 5))")
    shown = session.run(cell).error
    assert f"layers.py:{line}, in relu_forward" in shown
    assert set(re.findall(r"(\w+\.py):", shown)) == {"layers.py"}


@pytest.mark.parametrize("above", ["", "# one more line\n" * 7], ids=["in place", "moved down"])
def test_a_traceback_shows_the_line_as_it_is_now(folder, session, above):
    """Twice edited: IPython's own reloading shows the lines of the first version."""
    write(folder, "out = np.maximum(0, x)")
    session.run(CHECK)
    line = write(folder, "out = x @ np.ones((5, 5))", above)
    ran = session.run(CHECK)
    assert f"--> {line} " in ran.error.replace("---> ", "--> ")
    assert "out = x @ np.ones((5, 5))" in ran.error


def test_a_file_that_is_not_python_stops_the_cell(folder, session):
    write(folder, "out = np.maximum(0, x)")
    assert session.run(CHECK).status == "ok"
    line = write(folder, "out = np.maximum((0, x)")
    for _ in range(2):  # and goes on to stop it
        ran = session.run("print('ran')\n" + CHECK)
        assert ran.printed == ""
        assert ran.error.splitlines() == [
            f"layers.py, line {line}: '(' was never closed",
            "Correct it and save. Nothing was run.",
        ]
    write(folder, "out = np.maximum(0, x)")
    assert session.run(CHECK).status == "ok"


def test_a_file_that_fails_when_it_is_loaded_stops_the_cell(folder, session):
    write(folder, "out = np.maximum(0, x)", above="import numpy as np\nnp.maximmum\n")
    for _ in range(2):
        ran = session.run("print('ran')")
        assert (ran.printed, ran.status) == ("", "error")
        assert ran.error.startswith("layers.py, line 2: AttributeError: ")


def test_a_file_that_is_gone_stops_the_cell(folder, session):
    (folder / "cs_lib/layers.py").unlink()
    assert session.run("print('ran')").error.startswith("layers.py: No such file or directory")


def test_an_edit_with_an_older_time_counts(folder, session):
    """Copying a file back, or unpacking one, may set its time to long ago."""
    write(folder, "out = np.abs(x)")
    session.run(CHECK)
    write(folder, "out = np.maximum(0, x)")
    os.utime(folder / "cs_lib/layers.py", (10**9, 10**9))
    assert session.run(CHECK).status == "ok"


def test_an_edit_of_the_same_size_in_the_same_second_counts(folder, session):
    write(folder, "out = np.minimum(0, x)")
    session.run(CHECK)
    write(folder, "out = np.maximum(0, x)")
    assert session.run(CHECK).status == "ok"


def test_objects_made_before_an_edit_run_its_code(folder, session):
    path = folder / "cs_lib/classifiers/fc_net.py"
    text = path.read_text(encoding="utf-8")
    text = text.replace('raise NotImplementedError("TwoLayerNet.__init__ is not written yet")', "pass")
    path.write_text(text, encoding="utf-8")
    assert session.run("net = TwoLayerNet()").status == "ok"
    body = text.replace('raise NotImplementedError("TwoLayerNet.loss is not written yet")', "return 'now'", 1)
    path.write_text(body, encoding="utf-8")
    assert session.run("print(net.loss(None))").printed == "now\n"


def test_setting_up_on_a_broken_file_says_where(folder):
    line = write(folder, "out = (")
    with kernel(folder) as opened:
        ran = opened.run(SETUP)
    assert ran.error.startswith(f"layers.py, line {line}: '(' was never closed")


def test_setting_up_twice_hooks_in_once(session):
    session.run(SETUP)
    hooks = "print([type(hook).__name__ for hook in get_ipython().ast_transformers])"
    assert session.run(hooks).printed == "['FollowEdits']\n"


def test_an_error_in_one_cell_does_not_count_in_the_next(folder, session):
    write(folder, "out = np.maximum(0, x)")
    session.run("checks.holds('x', False)\nraise ValueError")
    assert session.run(CHECK).printed.splitlines()[-1] == "  1 of 1"


def test_copies_that_jupyter_keeps_do_not_count(folder):
    copy = folder / "cs_lib/.ipynb_checkpoints/layers-checkpoint.py"
    copy.parent.mkdir()
    copy.write_text("(", encoding="utf-8")
    with kernel(folder) as opened:
        assert opened.run(SETUP).status == "ok"


MISSING = "net is missing: the cell above that makes it has not run through. First that one."


def test_a_name_of_a_cell_that_ended_early_is_one_line(session):
    session.run("out = layers.relu_forward(np.ones(2))\nnet = out")
    assert session.run("print(net)").error == MISSING
    assert session.run("def show():\n    return net\nshow()").error == MISSING


def test_any_other_unknown_name_keeps_its_traceback(session):
    session.run("def inside():\n    local = 1 / 0\ninside()")
    assert "NameError" in session.run("nett = 1\nprint(net)").error.splitlines()[-1]
    assert "NameError" in session.run("print(later)\nlater = 1").error.splitlines()[-1]
    assert "NameError" in session.run("print(local)").error.splitlines()[-1]


def test_an_unknown_name_in_the_library_keeps_its_traceback(folder, session):
    session.run("net = 1 / 0")
    line = write(folder, "out = net")
    assert f"--> {line} " in session.run(CHECK).error.replace("---> ", "--> ")


def test_what_a_broken_set_up_did_not_import_is_one_line(folder):
    write(folder, "out = (")
    with kernel(folder) as opened:
        opened.run(SETUP)
        write(folder, "out = np.maximum(0, x)")
        assert opened.run(CHECK).error == MISSING.replace("net", "layers")


PLOT = "plt.plot([0, 1, 2], [3, 1, 2], label='loss')\nplt.title('A run')\nplt.show()"


@pytest.mark.parametrize("printed", [False, True])
def test_a_plot_has_its_description_as_alternative_text(folder, printed):
    with kernel(folder) as opened:
        call = f"vis_utils.describe_plots(printed={printed})\n"
        setup = "%matplotlib inline\nimport matplotlib.pyplot as plt\nfrom cs_lib import vis_utils\n"
        assert opened.run(setup + call * 2).status == "ok"  # as when the setup cell runs twice
        shown = opened.run(PLOT)
    words = "A run; loss: from 3 at 0 to 2 at 2, lowest 1 at 1, highest 3 at 0."
    assert shown.described == (words,)
    assert shown.printed.count(words) == printed
