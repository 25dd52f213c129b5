"""`python work.py`, in a student's folder, in the states that a student's work is in."""

import json
import os
import subprocess
import sys
import time

import pytest

from autograder.release import work
from autograder.release.student_tool import WORK

from .conftest import KNOWN

AFFINE = "out = x.reshape(x.shape[0], -1) @ w + b\n    cache = (x, w)"
CPU = "start = time.process_time()\n    while time.process_time() < start + 3: pass"
FULL = "done here is not yet full marks"


def test_untouched(one):
    ran = one.work()
    assert ran.code == 1
    assert ran.text.splitlines()[0] == "Assignment 1: a two-layer network, layer by layer"
    assert ran.line("two_layer_net: ") == "two_layer_net: 0 of 25 points done"
    assert ran.line("affine_forward").startswith("to do affine_forward 2 cs_lib/layers.py, line ")
    assert ran.line("question 1") == "to do question 1 2 no answer yet"
    assert ran.line("Points") == "Points: to do 25, of 25."
    assert ran.line("Next").startswith("Next: cs_lib/layers.py, line ")
    assert FULL in ran.text


def test_a_function_that_needs_another_names_it(one):
    assert one.work().line("affine_backward").endswith(": affine_forward")


def test_one_function_right(one):
    one.fill("affine_forward", AFFINE)
    ran = one.work("check", "affine_forward")
    assert ran.code == 0
    assert ran.line("relative error").startswith("ok out relative error ")
    assert ran.line("two_layer_net:") == "two_layer_net: affine_forward, 2 points: done"
    assert FULL in ran.text


def test_a_wrong_value_shows_error_level_and_hint(one):
    one.fill("affine_forward", AFFINE.replace(" + b", ""))
    ran = one.work("check", "affine_forward")
    assert ran.code == 1
    assert "NOT YET out relative error" in ran.line("relative error")
    assert ran.line("relative error").endswith("expected below 1e-07")
    assert ran.line("Look at").startswith("Look at cs_lib/layers.py, line ")
    assert ". Is the bias added" in ran.line("Look at")


def test_an_error_names_its_line(one):
    one.fill("affine_forward", "out = x @ w + b\n    cache = (x, w)")
    line = one.read("cs_lib/layers.py").split("out = x @ w + b")[0].count("\n") + 1
    ran = one.work("check", "affine_forward")
    assert ran.line("ValueError").startswith(f"layers.py, line {line}, in affine_forward: ValueError: matmul")
    assert ran.line("Look at") == f"Look at layers.py, line {line}"


def test_an_endless_function_is_stopped_and_the_rest_goes_on(one):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "while True: out = x")
    ran = one.work("--seconds", "3")
    assert ran.line("relu_forward").startswith("wrong relu_forward 1 stopped after 3 s in layers.py, line ")
    assert ran.line("svm_loss") == "done svm_loss 3"


def test_nothing_waits_again_for_a_function_that_did_not_end(one):
    """Only the first check stops after the limit; the others say why at once."""
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "while True: out = x")
    ran = one.work("--seconds", "3")
    line = one.read("cs_lib/layers.py").split("while True")[0].count("\n") + 1
    assert ran.text.count("stopped after") == 1
    said = f"layers.py, line {line}, in relu_forward, which this check uses: does its loop end?"
    assert ran.line("relu_backward").endswith(said)
    assert ran.line("wrong two_layer_net").endswith(said)
    assert ran.line(" sgd ") == "done sgd 1"


def test_the_function_whose_loop_does_not_end_is_named_and_not_what_it_calls(one):
    one.solve()
    text = one.read("cs_lib/classifiers/fc_net.py")
    call = next(row.strip() for row in text.splitlines() if "affine_forward(" in row)
    one.change("cs_lib/classifiers/fc_net.py", call, f"while True: {call}")
    ran = one.work("check", "two_layer_net", "affine_forward", "--seconds", "3")
    assert ", in loss: does its loop end?" in ran.text
    assert "affine_forward, 2 points: done" in ran.text


@pytest.mark.parametrize(
    ("slow", "stopped"), [("time.sleep(1)", False), (CPU, True)], ids=["waits", "computes"]
)
def test_the_limit_is_of_computing(one, slow, stopped):
    """As on a busy machine, where a check waits for its turn."""
    one.solve()
    one.change(
        "cs_lib/layers.py", "out = np.maximum(x, 0)", f"import time\n    {slow}\n    out = np.maximum(x, 0)"
    )
    ran = one.work("check", "relu_forward", "--seconds", "2")  # its cell calls the function three times
    assert ("stopped after 2 s" in ran.text) is stopped


def test_what_only_waits_is_stopped_too(one):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "import time\n    time.sleep(1000)")
    assert "stopped after 1 s in layers.py" in one.work("check", "relu_forward", "--seconds", "1").text


def test_a_thread_that_is_left_behind_holds_nothing_up(one):
    one.solve()
    thread = "import threading, time\n    threading.Thread(target=time.sleep, args=(10**6,)).start()"
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", f"{thread}\n    out = np.maximum(x, 0)")
    assert one.work("check", "relu_forward", "--seconds", "200").code == 0


def test_a_loop_in_the_cells_themselves_is_stopped(one):
    one.solve()
    one.cells("two_layer_net", endless_check)
    ran = one.work("check", "relu_forward", "--seconds", "2")
    assert "stopped after 2 s: does a loop never end?" in ran.text


def endless_check(cell):
    if cell["metadata"].get("nbgrader", {}).get("grade_id") == "relu_forward":
        cell["source"] = ["while True: pass"]


def test_no_notebook_that_can_be_read(one):
    one.write("two_layer_net.ipynb", "<<<<<<< HEAD")
    ran = one.work()
    assert ran.code == 1
    assert "Points" not in ran.text
    why = "two_layer_net.ipynb is not a notebook any more: unpack it again, or take an older copy"
    assert ran.line("Next") == f"No notebook can be read, so there is nothing to show. Next: {why}"


TORCH = "cs_lib/layers.py, line 1: grading has no torch, only Python's standard library and numpy"


def test_an_import_that_grading_lacks_is_named(one):
    one.solve()
    one.write("helper_of_mine.py", "x = 1\n")
    text = one.read("cs_lib/layers.py")
    one.write("cs_lib/layers.py", "import torch.nn, math, helper_of_mine\nfrom PIL import Image\n" + text)
    for command in ("status", "check", "pack"):
        ran = one.work(command)
        assert TORCH.replace("torch", "torch.nn") in ran.text
        assert "line 2: grading has no PIL, only" in ran.text
        assert ran.text.count("grading has no") == (
            3 if command == "status" else 2
        )  # once more as what is next


def test_what_the_library_was_given_out_with_is_no_strange_import(two):
    assert "grading has no" not in two.work().text


def test_what_the_course_lets_us_import_is_no_strange_import(monkeypatch):
    known = {"package": "lib", "packages": ["numpy", "scipy.linalg"], "imports": {}}
    monkeypatch.setattr(work, "COURSE", known)
    text = "import scipy.linalg, numpy.fft, scipy\nfrom scipy.linalg.blas import dgemm\nimport scipylike"
    assert work.foreign_imports("lib/layers.py", text) == [
        "lib/layers.py, line 3: grading has no scipylike, only Python's standard library and numpy and "
        "scipy.linalg: do it with these"
    ]
    (strange,) = work.foreign_imports("lib/layers.py", "from scipy.stats import norm")
    assert "grading has no scipy.stats" in strange


def test_what_was_right_is_not_run_again_until_something_changes(one):
    one.solve()
    KNOWN.clear()
    assert one.work("check", "relu_forward").code == 0
    memory = json.loads(one.read(".work-results.json"))
    marked = {key: [*result[:2], "from memory", ""] for key, result in memory.items()}
    one.write(".work-results.json", json.dumps(marked))
    assert "from memory" in one.work("check", "relu_forward").text
    KNOWN.clear()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "out = np.maximum(x,  0)")
    assert "from memory" not in one.work("check", "relu_forward").text
    one.write(".work-results.json", "{")
    assert one.work("check", "relu_forward").code == 0


def test_what_was_wrong_is_run_again(one):
    one.fill("affine_forward", AFFINE.replace(" + b", ""))
    one.work("check", "affine_forward")
    assert (
        "wrong" not in one.read(".work-results.json") if (one.path / ".work-results.json").exists() else True
    )


def test_a_function_that_returns_nothing_is_named_with_its_line(one):
    one.solve()
    one.change("cs_lib/layers.py", "    return out, cache\n", "")
    line = one.read("cs_lib/layers.py").split("def affine_forward")[0].count("\n") + 1
    for name in ("affine_forward", "affine_backward"):
        ran = one.work("check", name)
        assert (
            ran.line("NOT YET") == f"NOT YET result affine_forward returns nothing (layers.py, line {line})"
        )
        assert ran.line("Look at") == f"Look at layers.py, line {line}. Is its last line a return?"


def test_a_function_that_ends_python_is_wrong_and_the_rest_goes_on(one):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "import os; os._exit(3)")
    ran = one.work()
    assert ran.line("relu_forward") == "wrong relu_forward 1 Python itself ended: too much memory, or exit()?"
    assert ran.line("svm_loss") == "done svm_loss 3"


def test_exit_in_a_function_is_wrong(one):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "raise SystemExit(0)")
    assert "in relu_forward: SystemExit: 0" in one.work("check", "relu_forward").text


def test_a_file_that_is_not_python_stops_only_what_needs_it(one):
    one.solve()
    one.change("cs_lib/layers.py", "out = np.maximum(x, 0)", "out = np.maximum((x, 0)")
    ran = one.work()
    assert ran.line("wrong affine_forward").endswith("'(' was never closed")
    assert ran.line(" sgd ") == "done sgd 1"


def test_a_file_in_another_encoding_does_not_stop_the_program(one):
    one.solve()
    data = (one.path / "cs_lib/layers.py").read_bytes()
    (one.path / "cs_lib/layers.py").write_bytes(data + b"WORD = 'Gr\xfc\xdfe'\n")
    assert "layers.py" in one.work().line("wrong affine_forward")


def test_a_missing_file_and_a_broken_notebook(two):
    (two.path / "cs_lib/optim.py").unlink()
    two.write("Dropout.ipynb", "{}")
    ran = two.work()
    assert ran.code == 1
    assert "cs_lib/optim.py is missing: unpack it again" in ran.text
    assert "Dropout.ipynb is not a notebook any more" in ran.text
    assert "BatchNormalization: 0 of 30 points done" in ran.text


def test_the_files_of_another_assignment_are_noticed(one, two):
    two.write("cs_lib/layers.py", one.read("cs_lib/layers.py"))
    for command in ("status", "check", "pack"):
        ran = two.work(command)
        assert ran.code != 0
        assert "cs_lib/layers.py has no batchnorm_backward" in ran.text.replace("batchnorm_forward, ", "")
        assert "python work.py bring FOLDER" in ran.text


def test_the_files_of_a_later_assignment_are_noticed(one, two):
    """They hold all that is asked for here, and more."""
    one.write("cs_lib/layers.py", two.read("cs_lib/layers.py"))
    asked = "cs_lib/layers.py asks for batchnorm_forward, which is not to do in assignment1, as if another"
    assert one.work().line("Next").startswith(f"Next: {asked}")
    assert asked in one.work("pack").text


def test_a_written_answer_counts_as_answered(one):
    one.answer("two_layer_net", "The slope is near zero there.")
    ran = one.work()
    assert ran.line("question 1") == "answered question 1 2 6 words; a person reads it"
    assert ran.line("Points") == "Points: answered 4, to do 21, of 25."


def test_exit_0_when_all_is_done_and_answered(one):
    one.solve()
    one.answer("two_layer_net", "The slope is near zero there.")
    one.cells("two_layer_net", trained("  ok  validation accuracy 0.4", "  1 of 1"))
    ran = one.work()
    assert (ran.code, ran.line("Next")) == (0, "Next: python work.py pack")
    assert one.work("check").code == 0
    one.answer("two_layer_net", "*Your answer here*")
    assert one.work().code == 1


def trained(*lines: str):
    def change(cell):
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade_id") == "two_layer_net_search":
            cell["source"] = ["best_model = 1\n"]
        if marks.get("grade_id") == "train_two_layer_net" and lines:
            cell["execution_count"] = 1
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": [f"{line}\n" for line in lines]}
            ]

    return change


def test_a_trained_network_is_taken_from_the_last_run(one):
    one.cells("two_layer_net", trained())
    assert one.work().line("train_two").endswith("2 run the notebook, and save it")
    one.cells("two_layer_net", trained("\x1b[32m  ok      \x1b[0m validation accuracy 0.4", "  1 of 1"))
    assert one.work().line("train_two").startswith("done train_two_layer_net 2 by its last run")
    one.cells("two_layer_net", trained("  NOT YET  validation     accuracy 0.2"))
    assert one.work().line("train_two") == "wrong train_two_layer_net 2 validation accuracy 0.2"


def test_a_run_of_older_code_is_named_as_such(one):
    one.cells("two_layer_net", trained("  ok  validation accuracy 0.4", "  1 of 1"))
    one.fill("affine_forward", AFFINE)
    os.utime(one.path / "two_layer_net.ipynb", (10**9, 10**9))
    said = "by its last run in the notebook; cs_lib/layers.py was changed after it"
    assert one.work().line("train_two") == f"done train_two_layer_net 2 {said}"


def test_a_run_that_was_cut_off_is_no_run(one):
    """The kernel died: the lines so far are there, without a number beside the cell."""
    one.cells("two_layer_net", trained("  ok  validation accuracy 0.4"))
    one.cells("two_layer_net", lambda cell: cell.pop("execution_count", None))
    assert one.work().line("train_two") == "not looked at train_two_layer_net 2 run the notebook, and save it"


def test_a_cell_to_write_is_named_by_its_heading(one):
    ran = one.work("check", "train_two_layer_net")
    assert "to write in two_layer_net.ipynb, under '9. Find better settings'" in ran.text
    assert "Look at" not in ran.text
    one.solve()
    one.answer("two_layer_net", "The slope is near zero there.")
    where = "two_layer_net.ipynb, under '9. Find better settings'"
    assert one.work().line("Next") == f"Next: {where}: write it, run it, and save"


def sgd(change):
    def edit(cell):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "sgd":
            change(cell)

    return edit


@pytest.mark.parametrize("source", ["# nothing", "checks.total()"])
def test_an_edited_check_says_nothing(one, source):
    one.solve()
    one.cells("two_layer_net", sgd(lambda cell: cell.update(source=[source])))
    ran = one.work("check", "sgd")
    assert ran.code == 1
    assert ran.line("two_layer_net:") == "two_layer_net: sgd, 1 point: not looked at"
    assert "its check was edited, and says nothing: take the cell back from the zip" in ran.text


def test_a_cell_that_is_gone_is_named(one):
    one.cells("two_layer_net", sgd(lambda cell: cell["metadata"].clear()))
    gone = "two_layer_net.ipynb: these cells with points are gone: sgd; bring them back from"
    assert gone in one.work().text
    said = one.work("check", "sgd").text
    assert said.startswith(f"work.py: no check is called sgd: see python work.py. {gone}")


def test_a_cell_that_was_copied_counts_once(one):
    one.solve()
    content = json.loads(one.read("two_layer_net.ipynb"))
    copy = next(c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "sgd")
    content["cells"].append(copy | {"id": "a-copy"})
    one.write("two_layer_net.ipynb", json.dumps(content))
    ran = one.work()
    assert ran.line("Points").endswith(", of 25.")
    assert ran.text.count("done           sgd ") == 1
    twice = "two_layer_net.ipynb: there twice: sgd; delete the copy of the cell"
    assert twice in ran.text
    assert twice in one.work("pack").text


def test_a_notebook_that_an_editor_gave_a_mark_of_its_encoding(one):
    path = one.path / "two_layer_net.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert one.work().line("Points") == "Points: to do 25, of 25."


def test_the_line_that_is_named_is_the_students(one):
    """Not that of a file of the release, which their line calls."""
    one.fill("affine_forward", "return affine_forward(x, w, b)")
    ran = one.work("check", "affine_forward")
    assert "layers.py, line " in ran.line("RecursionError")
    assert "in affine_forward" in ran.line("RecursionError")


def test_the_environment_is_asked_for_once(one):
    """A Python without NumPy: no check says that code is wrong, and packing works."""
    one.fill("affine_forward", AFFINE)
    one.change(WORK, '"packages": [\n  "numpy"', '"packages": [\n  "numpy_of_mine"')
    missing = (
        "numpy_of_mine is not installed for this Python: activate the environment first (README.md, Set up)"
    )
    for command in ("status", "check"):
        ran = one.work(command)
        assert (ran.code, ran.text) == (2, f"work.py: {missing}\n")
    ran = one.work("pack")
    assert (ran.code, ran.line("nothing was")) == (1, f"! nothing was checked: {missing}")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_a_limit_that_is_none(one, seconds):
    command = [sys.executable, WORK, "check", "--seconds", seconds]
    run = subprocess.run(command, cwd=one.path, capture_output=True, text=True)
    assert (run.returncode, "--seconds: expected more than 0" in run.stderr) == (2, True)


def test_all_that_can_be_checked_here_is_done_for_the_solved_library(two):
    two.solve()
    ran = two.work("--seconds", "120")
    assert ran.line("Points") == "Points: done 69, to do 21, of 90."
    assert "wrong" not in ran.text.replace("NOT YET", "")


def test_names(one):
    assert one.work("check", "affine_forwrd").text == (
        "work.py: no check is called affine_forwrd; did you mean affine_forward?\n"
    )
    assert one.work("check", "nothing_like_it").code == 2
    assert one.work("check", "TwoLayerNet").line("points:").startswith("two_layer_net: two_layer_net, 4")
    ran = one.work("check", "two_layer_net.ipynb")
    assert (ran.text.count("points: to do"), ran.text.count(" 1 point: to do")) == (9, 3)


def test_a_console_without_utf_8(one):
    one.fill("affine_forward", 'raise ValueError("größer ≤ 3 🙂")')
    ran = one.work("check", "affine_forward", PYTHONIOENCODING="cp1252")
    assert "ValueError: größer ? 3 ?" in ran.text


def test_no_colours_in_a_pipe(one):
    assert "\x1b" not in one.work().text


def test_watch_runs_again_after_a_save(one):
    command = [sys.executable, WORK, "check", "--watch", "--seconds", "20", "affine_forward"]
    process = subprocess.Popen(command, cwd=one.path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        wait_for(process.stdout, "points: to do")
        wait_for(process.stdout, "Waiting for the next save")
        time.sleep(0.1)  # a file system may keep times to the hundredth
        one.fill("affine_forward", AFFINE)
        wait_for(process.stdout, "points: done")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_for(lines, text):
    for line in lines:
        if text in line:
            return
    raise AssertionError(f"the program ended before it said {text!r}")


def test_the_program_knows_of_the_assignment(one):
    text = one.read(WORK)
    settings = json.loads(text.split('json.loads(r"""\n')[1].split('\n"""')[0])
    assert settings["results"] == ["results/two_layer_net.npz"]
    assert ["cs_lib/solver.py", "Solver._step"] in settings["todo"]
    assert "is not written yet" not in text  # a search for it finds what is to do, and no more


def test_a_package_that_is_not_there_is_named(one):
    one.fill("affine_forward", "import torch_of_mine")
    note = (
        "torch_of_mine is not installed for this Python: activate the environment first (README.md, Set up)"
    )
    assert note in one.work("check", "affine_forward").text


def test_it_works_from_another_folder(one, tmp_path):
    command = [sys.executable, str(one.path / WORK), "check", "affine_forward"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "points: to do" in run.stdout


def test_a_reader_that_stops_reading_is_no_error(one):
    command = f"{sys.executable} {WORK} | head -1"
    run = subprocess.run(command, shell=True, cwd=one.path, capture_output=True, text=True)
    assert run.stderr == ""
    assert run.stdout == "Assignment 1: a two-layer network, layer by layer\n"


@pytest.mark.parametrize("line", ["  NOT YET  out  is 0", "out: is 0: NOT YET", "1. NOT YET out is 0"])
def test_a_line_that_says_not_yet_is_wrong_wherever_it_says_so(line: str) -> None:
    state, why, *_ = work._judged(f"ok a\n{line}\n", None)
    assert (state, "is 0" in why, "NOT YET" in why) == (work.WRONG, True, False)
