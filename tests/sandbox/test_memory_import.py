"""A submission's files are imported from memory, as if they lay in a folder."""

import textwrap

import pytest

from autograder.sandbox.faults import StudentError


def failure(call, *args) -> StudentError:
    with pytest.raises(StudentError) as caught:
        call(*args)
    return caught.value


def test_packages_and_their_relatives(submit):
    student = submit(
        __init__="",
        layers="def one(): return 1",
        classifiers__cnn="from .. import layers as a\nimport cs_lib.layers as b\ndef f(): return a is b",
        deep__er__x="from ...classifiers.cnn import f\nboth = __name__, __file__\ndef g(): return both",
    )
    assert student.call("classifiers.cnn.f") is True
    assert student.call("deep.er.x.g") == ("cs_lib.deep.er.x", "cs_lib/deep/er/x.py")


def test_source_can_be_inspected(submit):
    student = submit(layers="import inspect\ndef f():\n    return inspect.getsource(f)")
    assert student.call("layers.f") == "def f():\n    return inspect.getsource(f)\n"


def test_an_encoding_line_counts(sandbox):
    files = {"cs_lib/layers.py": "# coding: latin-1\ndef f(): return 'é'".encode("latin-1")}
    with sandbox.submission(files) as student:
        student.begin_case(1)
        assert student.call("layers.f") == "é"


def test_other_names_of_the_package(submit):
    text = """
        import cs231n.layers
        from cs231n.classifiers import cnn
        from cs231n.layers import one
        import cs_lib.layers
        def f():
            return one(), cs231n.layers is cs_lib.layers, cs_lib.layers.__spec__.name, cnn.two()
        """
    modules = {
        "layers": "def one(): return 1",
        "classifiers__cnn": "from ..layers import one\ndef two(): return one() + 1",
    }
    student = submit(aliases=("cs231n",), nets=textwrap.dedent(text), **modules)
    assert student.call("nets.f") == (1, True, "cs_lib.layers", 2)
    missing = submit(aliases=("cs231n",), nets="import cs231n.nothing as n\ndef f(): return n.g()")
    assert failure(missing.call, "nets.f").message == (
        "ImportError: cs231n.nothing.g cannot be used: cs_lib/nothing.py was not handed in"
    )
    without = submit(nets="import cs231n")
    assert "No module named 'cs231n'" in failure(without.call, "nets.f").message


def test_files_that_no_import_could_name_are_left_out(sandbox):
    names = [
        "cs_lib/a b.py",
        "cs_lib/\udcff.py",
        "cs_lib/../x.py",
        "/cs_lib/y.py",
        "1.py",
        ".py",
        "cs_lib/n\0.py",
    ]
    files = {**dict.fromkeys(names, b"x = 1"), "cs_lib/layers.py": b"def f(): return 1", "data.txt": b""}
    with sandbox.submission(files) as student:
        student.begin_case(1)
        assert list(student.files) == ["cs_lib/layers.py"]
        assert student.call("layers.f") == 1


def test_lines_of_a_huge_file_are_not_shown(submit):
    error = failure(submit(layers="def f():\n    return 1 / 0\n" + "#" * (1 << 20)).call, "layers.f")
    assert [(frame.line, frame.source) for frame in error.frames] == [(2, "")]
