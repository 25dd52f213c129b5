"""`python work.py pack` and `bring`: what it makes is what the intake reads."""

import hashlib
import json
import os
import shutil
import zipfile

import pytest

from autograder import intake
from autograder.course import assignment as course

from .conftest import ROOT, Folder, texts, unpack

HAND_IN = "hand-in.zip"
STUB = 'raise NotImplementedError("{} is not written yet")'


def finish(folder: Folder) -> None:
    """All written, run and saved."""
    folder.solve()
    for path in sorted(folder.path.glob("*.ipynb")):
        folder.answer(path.stem, "An answer of a few words.")
        folder.cells(path.stem, run)
    for result in course.load(folder.name, ROOT).results:
        (folder.path / result).parent.mkdir(exist_ok=True)
        (folder.path / result).write_bytes(b"weights")


def run(cell):
    if cell["cell_type"] == "code":
        cell["execution_count"] = 1
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = ["best_model = 1"]


def test_a_finished_hand_in_goes_round(two, tmp_path):
    """What pack makes, the intake reads, with nothing lost, misplaced or complained about."""
    finish(two)
    ran = two.work("pack")
    assert (ran.code, ran.line("Nothing is missing")) == (0, "Nothing is missing. Hand in this file.")
    assignment = course.load("assignment2", ROOT)
    read = intake.read(intake.Source("s001", two.path / HAND_IN), assignment)
    assert read.problems == ()
    assert read.package == {path: (two.path / path).read_bytes() for path in texts("assignment2")[0]}
    assert read.notebooks == {
        n.name: (two.path / f"{n.name}.ipynb").read_bytes() for n in assignment.notebooks
    }
    assert set(read.results) == set(assignment.results)


def test_the_manifest_lists_each_file(one):
    finish(one)
    one.work("pack")
    with zipfile.ZipFile(one.path / HAND_IN) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for name, facts in manifest["files"].items():
            assert facts["sha256"] == hashlib.sha256(archive.read(name)).hexdigest()
        assert {*manifest["files"], "manifest.json"} == set(archive.namelist())
    assert (manifest["assignment"], manifest["notes"]) == ("assignment1", [])


def test_an_untouched_folder_is_not_packed(one):
    ran = one.work("pack")
    assert ran.code == 2
    assert "nothing in assignment1 has been worked on or saved since it was given out" in ran.text
    assert not (one.path / HAND_IN).exists()


def test_a_folder_without_anything_is_not_packed(one):
    (one.path / "two_layer_net.ipynb").unlink()
    for path in (one.path / "cs_lib").rglob("*.py"):
        path.unlink()
    assert one.work("pack").code == 2
    assert not (one.path / HAND_IN).exists()


def test_an_earlier_pack_stays_when_there_is_nothing_to_pack(one):
    (one.path / HAND_IN).write_bytes(b"earlier")
    one.work("pack")
    assert (one.path / HAND_IN).read_bytes() == b"earlier"


def break_library(folder):
    folder.change("cs_lib/optim.py", "import numpy as np", "import numpy as np\nx = (")


def fail_at_import(folder):
    folder.change("cs_lib/optim.py", "import numpy as np", "import numpy as np\nimport torch_of_mine")


def lose_results(folder):
    (folder.path / "results/two_layer_net.npz").unlink()


def lose_notebook(folder):
    (folder.path / "two_layer_net.ipynb").unlink()


def lose_cell(folder):
    folder.cells("two_layer_net", lambda cell: cell["metadata"].clear())


def clear_runs(folder):
    folder.cells("two_layer_net", lambda cell: cell.update(execution_count=None))


def take_old_notebook(folder):
    folder.write("two_layer_net.ipynb", (ROOT / "release/assignment1/two_layer_net.ipynb").read_text("utf-8"))


def take_old_library(folder):
    for file, text in texts("assignment1")[0].items():
        folder.write(file, text)


def unwrite(folder):
    folder.change("cs_lib/layers.py", "out = np.maximum(x, 0)", STUB.format("relu_forward"))


def empty_answers(folder):
    folder.answer("two_layer_net", "*Your answer here: it is not written yet.*")


def train_later(folder):
    os.utime(folder.path / "two_layer_net.ipynb", (10**9, 10**9))


def keep_open(folder):
    (folder.path / "cs_lib/.layers.py.swp").write_bytes(b"")


def edit_the_checks(folder):
    folder.change("cs_lib/notebook_checks.py", "error < limit", "error < 1")


def grow(folder):
    folder.cells(
        "two_layer_net", lambda cell: cell.update(source=["#" * 800_000]) if "outputs" in cell else None
    )


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (break_library, "'(' was never closed: it cannot be imported"),
        (fail_at_import, "torch_of_mine is not installed for this Python: activate the environment first"),
        (lose_results, "results/two_layer_net.npz: missing: run the notebook that saves"),
        (lose_notebook, "two_layer_net.ipynb: missing: unpack it again"),
        (
            lose_cell,
            "two_layer_net.ipynb: these cells with points are gone: affine_backward, affine_forward,",
        ),
        (clear_runs, "of its checks were not run since it was last saved"),
        (take_old_notebook, "two_layer_net.ipynb: nothing in it is written or run; have you saved it?"),
        (take_old_library, "cs_lib: nothing in it is changed; have you saved your files?"),
        (unwrite, "not written yet: relu_forward"),
        (empty_answers, "two_layer_net.ipynb: no answer to question 1, question 2"),
        (train_later, "results/two_layer_net.npz is newer than the notebook; have you saved it"),
        (keep_open, ".layers.py.swp: an editor holds unsaved changes of this file"),
        (edit_the_checks, "cs_lib/notebook_checks.py: changed, though nothing in it is to do: on purpose?"),
        (grow, "MB, more than grading accepts; clear the outputs, run it again, save"),
    ],
)
def test_what_is_odd_is_named(one, spoil, note):
    finish(one)
    spoil(one)
    ran = one.work("pack")
    assert ran.code == 1
    assert note in ran.text
    with zipfile.ZipFile(one.path / HAND_IN) as archive:
        assert any(note in said for said in json.loads(archive.read("manifest.json"))["notes"])


def test_bring_carries_finished_functions_over(one, two):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", STUB.format("relu_forward"))
    before = two.read("cs_lib/layers.py")
    ran = two.work("bring", "../assignment1")
    assert ran.code == 0
    assert ran.line("affine_forward").startswith("taken cs_lib/layers.py: affine_forward, ")
    assert ran.line("relu_forward") == "left cs_lib/layers.py: relu_forward: not finished there"
    after = two.read("cs_lib/layers.py")
    assert STUB.format("affine_forward") not in after
    assert STUB.format("relu_forward") in after
    # Nothing else of the new release has changed: only lines of stubs and tasks are gone.
    gone = set(before.splitlines()) - set(after.splitlines())
    assert all("is not written yet" in line or line.lstrip().startswith("#") for line in gone)
    assert two.work("check", "affine_forward", "affine_backward").code == 0


def test_bring_takes_helpers_and_imports_along(one, two):
    one.solve()
    one.change("cs_lib/layers.py", "    out = np.maximum(x, 0)", "    out = _upper(x)")
    helper = "\n\nSTART = 0\n\n\ndef _upper(x):\n    return math.fabs(1) * np.maximum(x, START)\n"
    one.write(
        "cs_lib/layers.py",
        one.read("cs_lib/layers.py").replace("import numpy as np", "import math\n\nimport numpy as np")
        + helper,
    )
    ran = two.work("bring", "../assignment1")
    assert "with cs_lib/layers.py: _upper, which they use" in " ".join(ran.text.split())
    assert ran.line("functions taken") == "6 functions taken. All else in this folder is as it was."
    assert two.work("check", "relu_forward").code == 0


def test_bring_overwrites_nothing_that_is_written(one, two):
    one.solve()
    two.fill("affine_forward", "out = mine\n    cache = None")
    two.work("bring", "../assignment1")
    assert "out = mine" in two.read("cs_lib/layers.py")


def test_bring_from_a_hand_in(one, two):
    finish(one)
    one.work("pack")
    assert two.work("bring", "../assignment1/hand-in.zip").code == 0
    assert STUB.format("affine_backward") not in two.read("cs_lib/layers.py")


def test_bring_leaves_functions_with_other_arguments(one, two):
    one.solve()
    one.change("cs_lib/layers.py", "def relu_forward(x: np.ndarray)", "def relu_forward(z, x=None)")
    ran = two.work("bring", "../assignment1")
    assert "relu_forward: its arguments are others there (z, x); copy it by hand" in ran.text


def test_bring_from_a_broken_file(one, two):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "out = (")
    ran = two.work("bring", "../assignment1")
    assert "left cs_lib/layers.py: all of it: " in ran.line("never closed")
    assert ran.line("TwoLayerNet.loss").startswith("taken")


def test_bring_from_the_wrong_place(one, two, tmp_path):
    assert "expected a folder or hand-in with cs_lib in it" in two.work("bring", "../nowhere").text
    assert "that is this folder" in two.work("bring", ".").text
    ran = two.work("bring", "../assignment1")  # untouched
    assert (ran.code, ran.line("affine_forward")) == (
        1,
        "left cs_lib/layers.py: affine_forward: not finished there",
    )
    one.solve()
    assert two.work("bring", "../assignment1").code == 0
    ran = two.work("bring", "../assignment1")
    asked = "What it has is written here already, or not to do in assignment2. Is it the right folder?"
    assert (ran.code, ran.line("Is it the right")) == (1, asked)


def test_bring_from_the_folder_above(one, two):
    """This folder is none to bring from, and of two others one has to be named."""
    one.solve()
    assert two.work("bring", "..").line("affine_forward").startswith("taken")
    shutil.copytree(one.path, one.path.with_name("assignment1-old"))
    ran = two.work("bring", "..")
    assert ran.code == 2
    assert "found assignment1-old/, assignment1/: name one of them" in ran.text.replace(
        "found assignment1/, assignment1-old/", "found assignment1-old/, assignment1/"
    )


def test_bring_overwrites_no_half_of_a_function(one, two):
    one.solve()
    text = two.read("cs_lib/classifiers/fc_net.py")
    stub = STUB.format("TwoLayerNet.loss")
    assert text.count(stub) == 2
    two.change("cs_lib/classifiers/fc_net.py", stub, "scores = mine")
    ran = two.work("bring", "../assignment1")
    left = "TwoLayerNet.loss: partly written here; copy the rest by hand"
    assert ran.line("TwoLayerNet.loss") == f"left cs_lib/classifiers/fc_net.py: {left}"
    assert "scores = mine" in two.read("cs_lib/classifiers/fc_net.py")


def test_bring_leaves_a_function_of_one_line(one, two):
    one.solve()
    text = one.read("cs_lib/layers.py")
    begin, end = text.index("def relu_forward("), text.index("def relu_backward(")
    line = "def relu_forward(x): return np.maximum(x, 0), x\n\n\n"
    one.write("cs_lib/layers.py", text[:begin] + line + text[end:])
    ran = two.work("bring", "../assignment1")
    assert ran.line("relu_forward").endswith("relu_forward: written in one line there; copy it by hand")
    assert STUB.format("relu_forward") in two.read("cs_lib/layers.py")


def test_bring_keeps_the_lines_of_windows(one, two):
    one.solve()
    path = one.path / "cs_lib/layers.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert two.work("bring", "../assignment1").code == 0
    assert b"\r" not in (two.path / "cs_lib/layers.py").read_bytes()


def test_pack_and_bring_know_a_copy_of_the_whole_older_folder(one, two):
    """Copied over the new release, as students do."""
    one.solve()
    for file in texts("assignment1")[0]:
        two.write(file, one.read(file))
    assert "as if another assignment's folder was copied over this one" in two.work("pack").text


def test_a_copy_of_the_older_folder_with_its_work_py_is_named(one, two):
    """Then the older work.py speaks, of the newer notebooks beside its own."""
    shutil.copytree(one.path, two.path, dirs_exist_ok=True)
    for command in ("status", "check"):
        ran = two.work(command)
        assert ran.line("Dropout.ipynb").startswith("Dropout.ipynb is not of assignment1, as if another")


def test_a_copy_of_a_notebook_that_was_worked_on_is_named(one):
    finish(one)
    copy = one.path / "two_layer_net-Copy1.ipynb"
    copy.write_text(one.read("two_layer_net.ipynb"), encoding="utf-8")
    named = f"{copy.name} is newer than two_layer_net.ipynb, and is not handed in: is your work in it?"
    os.utime(copy, (10**9, 10**9))
    assert named not in one.work("pack").text
    os.utime(copy, (4 * 10**9, 4 * 10**9))
    assert named in one.work("pack").text
    assert copy.name not in one.work().text


def test_a_hand_in_that_cannot_be_written_is_one_line(one):
    finish(one)
    (one.path / HAND_IN).mkdir()
    ran = one.work("pack")
    assert (ran.code, ran.text) == (
        2,
        "work.py: hand-in.zip: Is a directory. Is it open in another program, or read-only?\n",
    )
    assert not (one.path / f"{HAND_IN}.new").exists()


def test_a_broken_notebook_alone_says_why_nothing_is_packed(one):
    one.write("two_layer_net.ipynb", "<<<<<<< HEAD")
    ran = one.work("pack")
    assert ran.code == 2
    assert ran.text.startswith("work.py: two_layer_net.ipynb is not a notebook any more")


def test_unpack(tmp_path):
    assert unpack("assignment1", tmp_path / "again").work("pack").code == 2


def test_copies_that_jupyter_keeps_are_left_out_and_helpers_are_not(one):
    finish(one)
    one.write("cs_lib/.ipynb_checkpoints/layers-checkpoint.py", "(")
    one.write("helpers.py", "TWO = 2\n")
    assert one.work("pack").code == 0
    with zipfile.ZipFile(one.path / HAND_IN) as archive:
        names = archive.namelist()
    assert "helpers.py" in names
    assert not [name for name in names if "checkpoint" in name or name == "work.py"]
    read = intake.read(intake.Source("s001", one.path / HAND_IN), course.load("assignment1", ROOT))
    assert not [problem for problem in read.problems if "checkpoint" in problem]


def note_on(folder: Folder, word: str) -> str:
    ran = folder.work("pack")
    assert ran.code == 1
    assert "Nothing is missing" not in ran.text
    assert (folder.path / HAND_IN).exists()
    return ran.line(word)


def test_a_library_that_is_newer_than_the_last_run_is_said(one):
    finish(one)
    os.utime(one.path / "two_layer_net.ipynb", (10**9, 10**9))
    assert note_on(one, "after its last run").endswith(
        "was changed after its last run; run it again from the top, and save"
    )


def test_a_visible_check_that_fails_is_said(one):
    finish(one)
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "out = np.minimum(x, 0)")
    os.utime(one.path / "cs_lib/layers.py", (10**9, 10**9))
    line = note_on(one, "wrong by its own checks")
    assert line.startswith("! two_layer_net.ipynb: wrong by its own checks: relu_forward, ")


def test_a_run_that_shows_failures_of_older_code_is_said(one):
    finish(one)

    def fail(cell):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "relu_forward":
            cell["outputs"] = [{"output_type": "error", "ename": "NotYet", "evalue": "", "traceback": []}]

    one.cells("two_layer_net", fail)
    assert note_on(one, "its last run") == (
        "! two_layer_net.ipynb: relu_forward failed in its last run; run it again from the top, and save"
    )
