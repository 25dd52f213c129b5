"""The library as a whole: what is left out with what, and what does not fit together."""

from pathlib import Path

import pytest

from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, ReleaseError
from autograder.release.importable import check_imports
from autograder.release.package import skeleton, solved

from .conftest import Course


def load(demo: Course) -> Assignment:
    return course.load("demo", demo.root)


def settings(demo: Course, old: str, new: str) -> None:
    demo.change("source/demo/assignment.toml", old, new)


def test_left_out_modules_are_gone_and_the_rest_is_there(demo: Course) -> None:
    assert list(skeleton(load(demo)).files) == [
        "demo_lib/__init__.py",
        "demo_lib/helpers.py",
        "demo_lib/layers.py",
    ]


def test_constants_and_private_helpers_go_with_the_code_that_alone_used_them(demo: Course) -> None:
    text = skeleton(load(demo)).files["demo_lib/layers.py"]
    assert "_leak" not in text
    assert "SLOPE" not in text


def test_a_constant_that_a_notebook_uses_stays(demo: Course) -> None:
    demo.cell("setup")["source"] += "\nprint(layers.SLOPE)"
    demo.save()
    assert "SLOPE = 0.01" in skeleton(load(demo)).files["demo_lib/layers.py"]


def test_a_constant_that_another_module_uses_stays(demo: Course) -> None:
    demo.change(
        "demo_lib/helpers.py", "return x + b", "from . import layers\n\n    return x + b + layers.SLOPE"
    )
    assert "SLOPE = 0.01" in skeleton(load(demo)).files["demo_lib/layers.py"]


def test_a_left_out_package_goes_with_all_its_modules(demo: Course) -> None:
    demo.write("demo_lib/deep/__init__.py", "")
    demo.write("demo_lib/deep/inner.py", "X = 1\n")
    settings(demo, '"demo_lib.extra"', '"demo_lib.extra", "demo_lib.deep"')
    assert not [path for path in skeleton(load(demo)).files if "deep" in path]


def test_the_solutions_are_reported_with_their_place(demo: Course) -> None:
    found = {(s.owner, s.path, s.line): s.text for s in skeleton(load(demo)).solutions}
    place = ("demo_lib.layers.scale_forward", "demo_lib/layers.py", 15)
    assert found[place].splitlines()[0].strip() == "scaled_rows = x.reshape(x.shape[0], -1) * s"
    assert {owner for owner, _, _ in found} == {
        "demo_lib.layers.scale_forward",
        "demo_lib.layers.Net.__init__",
        "demo_lib.layers.Net.loss",
        "demo_lib.layers.leaky_forward",
    }


def test_the_solutions_of_a_left_out_module_are_reported_too(demo: Course) -> None:
    text = "def later():\n    # TODO: it\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n    return x\n"
    demo.write("demo_lib/extra.py", f"def checked(x):\n    return x\n\n\n{text}")
    owners = {solution.owner for solution in skeleton(load(demo)).solutions}
    assert "demo_lib.extra.later" in owners


def test_the_solved_library_keeps_the_solutions_but_not_what_is_left_out(demo: Course) -> None:
    text = solved(load(demo))["demo_lib/layers.py"]
    assert "scaled_rows = x.reshape(x.shape[0], -1) * s" in text
    assert "NotImplementedError" not in text
    assert "leaky_forward" not in text


def test_caches_beside_the_modules_are_not_looked_at(demo: Course) -> None:
    demo.write("demo_lib/__pycache__/layers.cpython-311.pyc", "x")
    demo.write("demo_lib/layers.pyc", "x")
    assert len(skeleton(load(demo)).files) == 3


WRONG_SETTINGS = {
    "no such function": (
        "demo_lib.layers.scale_forward",
        "demo_lib.layers.scale_foward",
        r"assignment.toml:5: todo: expected a function or class, demo_lib.layers.scale_foward does not "
        r"exist; did you mean demo_lib.layers.scale_forward\?",
    ),
    "nothing like it": (
        "demo_lib.layers.scale_forward",
        "demo_lib.nothing_at_all_like_this",
        r"demo_lib.nothing_at_all_like_this does not exist; correct the name",
    ),
    "no region": (
        "demo_lib.layers.scale_forward",
        "demo_lib.helpers.plus",
        r"assignment.toml:5: todo: expected demo_lib.helpers.plus to hold a solution region, got none",
    ),
    "both": (
        "demo_lib.layers.scale_forward",
        "demo_lib.layers.leaky_forward",
        r"todo: demo_lib.layers.leaky_forward is left out as well; take it from one of the two lists",
    ),
    "glob of nothing": (
        "demo_lib.layers.leaky_*",
        "demo_lib.layers.leaking_*",
        r"assignment.toml:6: leave_out: demo_lib.layers.leaking_\* matches nothing; correct or delete it",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_settings_that_do_not_fit_the_library_are_refused(
    demo: Course, old: str, new: str, message: str
) -> None:
    settings(demo, old, new)
    with pytest.raises((ReleaseError, CourseError), match=message):
        skeleton(load(demo))


def test_a_missing_package_is_refused(demo: Course) -> None:
    text = (demo.source / "assignment.toml").read_text(encoding="utf-8").replace("demo_lib", "dem_lib")
    demo.write("source/demo/assignment.toml", text)
    demo.change("course.toml", "demo_lib", "dem_lib")
    message = r"dem_lib/__init__.py: expected the solved library, found no such file; correct package in cour"
    with pytest.raises(ReleaseError, match=message):
        skeleton(load(demo))


def test_kept_code_that_uses_what_is_left_out_is_refused(demo: Course) -> None:
    demo.change("demo_lib/layers.py", "out = helpers.plus(x, b)", "out = extra.checked(helpers.plus(x, b))")
    with pytest.raises(
        ReleaseError, match=r"layers.py \(skeleton\): .* got extra.checked, which is demo_lib.extra"
    ):
        skeleton(load(demo))


def test_kept_code_that_uses_a_left_out_function_of_its_own_module_is_refused(demo: Course) -> None:
    demo.change("demo_lib/layers.py", "out = helpers.plus(x, b)", "out, _ = leaky_forward(x)")
    with pytest.raises(
        ReleaseError, match=r"got leaky_forward, which is demo_lib.layers.leaky_forward; leave out"
    ):
        skeleton(load(demo))


def test_a_solution_may_use_what_is_left_out_only_if_it_is_stripped(demo: Course) -> None:
    demo.change("demo_lib/layers.py", "cache = (x, s)", "cache = extra.checked((x, s))")
    assert "extra" not in skeleton(load(demo)).files["demo_lib/layers.py"]


def test_a_private_helper_that_only_a_solution_calls_is_refused(demo: Course) -> None:
    demo.change("demo_lib/layers.py", "cache = (x, s)", "cache = _pack(x, s)")
    demo.change("demo_lib/layers.py", "class Net:", "def _pack(x, s):\n    return x, s\n\n\nclass Net:")
    message = (
        r"demo_lib/layers.py: demo_lib.layers._pack is used by no code that students get, so it may hold part"
    )
    with pytest.raises(ReleaseError, match=message):
        skeleton(load(demo))


def test_a_mark_in_a_docstring_is_refused(demo: Course) -> None:
    demo.change("demo_lib/helpers.py", '"""Helpers."""', '"""Helpers.\n\nBEGIN SOLUTION\n"""')
    with pytest.raises(
        ReleaseError, match=r"helpers.py \(skeleton\):3: expected no mark in what students get"
    ):
        skeleton(load(demo))


def test_a_skeleton_that_does_not_parse_is_refused(demo: Course) -> None:
    demo.change(
        "demo_lib/helpers.py",
        "def traced",
        "try:\n    import fast\nexcept ImportError:\n    pass\n\n\ndef traced",
    )
    text = (
        (demo.root / "demo_lib/helpers.py")
        .read_text(encoding="utf-8")
        .replace("    import fast\n", "    X = 1\n")
    )
    demo.write("demo_lib/helpers.py", text + "\n\nif X:\n    def gone():\n        return 1\n")
    skeleton(load(demo))  # a definition inside a block is not a member: it cannot be left out by a glob
    demo.write(
        "demo_lib/extra.py",
        "class Empty:\n    def only(self):\n        return 1\n\n\ndef checked(x):\n    return x\n",
    )
    settings(demo, '"demo_lib.extra"', '"demo_lib.extra.Empty.only"')
    with pytest.raises(
        ReleaseError, match=r"demo_lib/extra.py \(skeleton\):\d+: expected Python, got: expected an ind"
    ):
        skeleton(load(demo))


def test_files_that_are_no_modules_are_refused(demo: Course) -> None:
    demo.write("demo_lib/answers.txt", "42")
    with pytest.raises(ReleaseError, match=r"demo_lib/answers.txt: expected only .py files in the library"):
        skeleton(load(demo))


def test_a_module_in_another_encoding_is_refused(demo: Course) -> None:
    (demo.root / "demo_lib/helpers.py").write_bytes(b'"""\xff"""\n')
    with pytest.raises(ReleaseError, match=r"demo_lib/helpers.py: expected UTF-8, got: .*; save it as such"):
        skeleton(load(demo))


# Importing --------------------------------------------------------------------------------------------


def write(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return files


def test_a_skeleton_that_imports_passes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    check_imports(
        tmp_path, write(tmp_path, {"lib/__init__.py": "", "lib/a.py": "from . import b\n", "lib/b.py": ""})
    )
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_missing_module_is_refused_with_file_and_line(tmp_path: Path) -> None:
    files = write(tmp_path, {"lib/__init__.py": "", "lib/a.py": "import os\nfrom . import b\n"})
    message = (
        r"lib/a.py:2 \(skeleton\): expected it to import on its own, got ImportError: cannot import name 'b'"
    )
    with pytest.raises(ReleaseError, match=message):
        check_imports(tmp_path, files)


def test_what_is_installed_does_not_stand_in_for_a_missing_module(tmp_path: Path) -> None:
    """In a checkout installed for editing, cs_lib.layers could be found without the skeleton."""
    files = write(tmp_path, {"cs_lib/__init__.py": "", "cs_lib/solver.py": "from . import layers\n"})
    with pytest.raises(ReleaseError, match=r"cs_lib/solver.py:1 \(skeleton\): .*cannot import name 'layers'"):
        check_imports(tmp_path, files)


def test_a_module_found_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    with pytest.raises(ReleaseError, match=r"json.decoder was found outside the skeleton"):
        check_imports(tmp_path, {"json/decoder.py": ""})


def test_a_module_that_exits_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path, {"lib/__init__.py": "raise SystemExit(3)\n"})
    with pytest.raises(ReleaseError, match=r"lib/__init__.py:1 \(skeleton\): .*got SystemExit: 3"):
        check_imports(tmp_path, files)


def test_a_module_that_kills_its_process_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path, {"lib/__init__.py": "import os, sys\nprint('x', file=sys.stderr)\nos._exit(3)\n"})
    with pytest.raises(ReleaseError, match=r"lib \(skeleton\): expected it to import, got exit code 3"):
        check_imports(tmp_path, files)


def test_a_module_that_never_ends_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path, {"lib/__init__.py": "while True:\n    pass\n"})
    with pytest.raises(
        ReleaseError, match=r"lib \(skeleton\): expected it to import within 0.5 s, got no end"
    ):
        check_imports(tmp_path, files, seconds=0.5)
