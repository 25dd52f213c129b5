"""A whole release, by every way to it: `make release`, `nbgrader` typed in a shell, formgrader."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from packaging.requirements import Requirement
from packaging.version import Version
from traitlets.config.loader import Config, PyFileConfigLoader

from autograder.course import assignment as course
from autograder.errors import CourseError, ReleaseError
from autograder.release.build import build, write_archive

from .conftest import ANSWER, PROJECT, Course, code, mark, markdown

Quiet = Callable[[str], None]


def bytes_of(demo: Course) -> dict[str, str]:
    """{path: hash} of all that is released, and of the zip."""
    files = [path for path in (demo.root / "release").rglob("*") if path.is_file()]
    return {
        path.relative_to(demo.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def typed(demo: Course, *options: str) -> subprocess.CompletedProcess[str]:
    """`nbgrader generate_assignment demo` in a shell."""
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "demo", *options]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "JUPYTER_CONFIG_DIR": str(demo.root / "none")}
    return subprocess.run(
        command, cwd=demo.root, env=environment, capture_output=True, text=True, check=False
    )


def clicked(demo: Course) -> dict[str, object]:
    """What formgrader's button does."""
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(demo.root)).load_config()
    config.CourseDirectory.root = str(demo.root)
    result: dict[str, object] = NbGraderAPI(
        CourseDirectory(config=config), config=config
    ).generate_assignment("demo")
    return result


def test_a_release_holds_what_students_need_and_nothing_else(demo: Course, quiet: Quiet) -> None:
    result = build("demo", demo.root, quiet)
    assert result.files == (
        "Intro.ipynb",
        "README.md",
        "demo_lib/__init__.py",
        "demo_lib/helpers.py",
        "demo_lib/layers.py",
        "requirements.txt",
        "work.py",
    )
    assert str(result).startswith(
        "release/demo/ with 7 files, 2 things to do in demo_lib and 3 points; release/demo"
    )
    assert [path.name for path in (demo.root / "release").iterdir()] == ["demo", "demo.zip"]


def test_the_notebook_is_stripped(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    assert demo.released_cell("answer")["source"] == ["*Your answer here: it is not written yet.*"]
    assert "".join(demo.released_cell("search")["source"]) == (
        "best = None\n"
        "# Write your code here, in place of the next line.\n"
        'raise NotImplementedError("this cell is not written yet")\n'
        "print(best)"
    )
    check = demo.released_cell("check")
    assert check["outputs"] == []
    assert check["execution_count"] is None
    assert check["metadata"]["nbgrader"]["points"] == 2


def test_run_all_goes_on_past_unfinished_work(demo: Course, quiet: Quiet) -> None:
    """From the first cell that asks for work; before it stands the setup."""
    build("demo", demo.root, quiet)
    tags = {name: demo.released_cell(name)["metadata"].get("tags") for name in ("setup", "check", "search")}
    assert tags == {"setup": None, "check": ["raises-exception"], "search": ["raises-exception"]}
    assert "tags" not in demo.released_cell("answer")["metadata"]


def test_building_twice_gives_the_same_bytes(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    first = bytes_of(demo)
    build("demo", demo.root, quiet)
    assert bytes_of(demo) == first


def test_a_shell_formgrader_and_make_give_the_same_bytes(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    built = bytes_of(demo)
    run = typed(demo, "--force")
    assert run.returncode == 0, run.stderr
    assert bytes_of(demo) == built
    assert clicked(demo)["success"]
    assert bytes_of(demo) == built


def test_a_refused_release_fails_in_a_shell_and_leaves_nothing(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    demo.change("demo_lib/layers.py", "    # END SOLUTION\n    return scaled_rows", "    return scaled_rows")
    run = typed(demo, "--force")
    assert run.returncode == 1
    assert (
        "ERROR] Refused: demo_lib/layers.py:23: BEGIN SOLUTION is nested in the one of line 14;" in run.stderr
    )
    assert bytes_of(demo) == {}


def test_settings_that_do_not_load_fail_in_a_shell_too(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    demo.change("source/demo/assignment.toml", "title =", "titel =")
    run = typed(demo, "--force")
    assert run.returncode == 1
    assert "ERROR] Refused: source/demo/assignment.toml:1: titel: expected one of" in run.stderr
    assert bytes_of(demo) == {}


def test_a_refused_release_fails_in_formgrader_and_leaves_nothing(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    demo.write("source/demo/README.md", f"# Read me\n\n{ANSWER}\n")
    result = clicked(demo)
    assert not result["success"]
    assert "source/demo/README.md:3: holds a line of the solution of inline_Intro_1" in str(result["log"])
    assert bytes_of(demo) == {}


def test_the_old_release_stays_when_make_refuses_the_new_one(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    before = bytes_of(demo)
    demo.change("demo_lib/layers.py", "def shift_forward", "def shift_forwards(:")
    with pytest.raises(ReleaseError, match=r"demo_lib/layers.py:\d+: expected Python"):
        build("demo", demo.root, quiet)
    assert bytes_of(demo) == before


def test_what_a_killed_build_left_does_not_reach_the_release(demo: Course, quiet: Quiet) -> None:
    demo.write("release/.building-demo/demo/answers.py", "x = 1\n")
    assert "answers.py" not in build("demo", demo.root, quiet).files
    assert not (demo.root / "release/.building-demo").exists()


def test_make_neither_needs_nor_makes_a_gradebook(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    assert not list(demo.root.glob("*.db"))


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_a_gradebook_with_submissions_does_not_keep_make_from_building(demo: Course, quiet: Quiet) -> None:
    assert clicked(demo)["success"]
    with Gradebook(f"sqlite:///{demo.root / 'gradebook.db'}") as book:
        book.update_or_create_student("ada")
        book.update_or_create_submission("demo", "ada")
        book.find_submission_notebook("Intro", "demo", "ada")
    demo.notebook["cells"].append(code("more", "1", nbgrader=mark("more", grade=True, points=1)))
    demo.save()
    assert build("demo", demo.root, quiet).assignment.max_points == 4
    assert not clicked(demo)["success"], "nbgrader itself refuses to change cells that have submissions"


def test_formgrader_records_the_cells_in_its_gradebook(demo: Course) -> None:
    assert clicked(demo)["success"]
    with Gradebook(f"sqlite:///{demo.root / 'gradebook.db'}") as book:
        assert book.find_assignment("demo").max_score == 3
        assert (
            book.find_source_cell("inline_Intro_1", "Intro", "demo").source
            == "*Your answer here: it is not written yet.*"
        )


def test_a_zip_of_the_release_before_does_not_outlive_it(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    (demo.root / "datasets/sums.json").unlink()
    assert typed(demo, "--force").returncode == 0
    assert [path.name for path in (demo.root / "release").iterdir()] == ["demo"]


# The zip ----------------------------------------------------------------------------------------------


def test_the_zip_holds_the_release_and_the_data_under_one_folder(demo: Course, quiet: Quiet) -> None:
    result = build("demo", demo.root, quiet)
    with zipfile.ZipFile(result.archive) as archive:
        names = archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    data = ("README.md", "download.py", "get_datasets.py", "make_subset.py", "subset/train.webp", "sums.json")
    assert names == sorted(f"demo/{name}" for name in (*result.files, *(f"datasets/{name}" for name in data)))


def test_the_zip_works_in_an_empty_folder(
    demo: Course, quiet: Quiet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("empty")
    with zipfile.ZipFile(build("demo", demo.root, quiet).archive) as archive:
        archive.extractall(folder)
    command = [
        sys.executable,
        "-I",
        "-c",
        "import sys; sys.path.insert(0, '.'); import demo_lib.layers as m; m.Net()",
    ]
    run = subprocess.run(command, cwd=folder / "demo", capture_output=True, text=True, check=False)
    assert "NotImplementedError: Net.__init__ is not written yet" in run.stderr


@pytest.mark.parametrize(
    "pattern", ["**/*", "*.toml", "source/demo/*", "demo_lib/*", "linked/*", "graders/*", "source"]
)
def test_data_that_students_must_not_read_is_refused(demo: Course, pattern: str) -> None:
    (demo.root / "linked").mkdir()
    (demo.root / "graders/demo").mkdir(parents=True, exist_ok=True)
    (demo.root / "linked/table.csv").symlink_to(demo.root / "source/demo/assignment.toml")
    path = demo.root / "course.toml"
    path.write_text(re.sub(r"(?m)^data = .*$", f'data = ["{pattern}"]', path.read_text()))
    with pytest.raises(
        ReleaseError, match=r"course.toml: data: .*: expected files that students may read, got"
    ):
        write_archive(course.load("demo", demo.root), demo.root / "cs_lib", demo.root / "demo.zip")
    assert not (demo.root / "demo.zip").exists()


@pytest.mark.parametrize("pattern", ["tables", "tables/*"])
def test_data_that_is_a_folder_is_refused(demo: Course, pattern: str) -> None:
    (demo.root / "tables/one").mkdir(parents=True)
    path = demo.root / "course.toml"
    path.write_text(re.sub(r"(?m)^data = .*$", f'data = ["{pattern}"]', path.read_text()))
    folder = "tables" if pattern == "tables" else "tables/one"
    with pytest.raises(ReleaseError, match=rf"got the folder {folder}; name its files, as in {folder}/\*$"):
        write_archive(course.load("demo", demo.root), demo.root / "cs_lib", demo.root / "demo.zip")


def test_missing_data_is_refused(demo: Course, quiet: Quiet) -> None:
    (demo.root / "datasets/subset/train.webp").unlink()
    with pytest.raises(
        ReleaseError, match=r"data: expected files to pack with the release at datasets/subset/\*, found none"
    ):
        build("demo", demo.root, quiet)


# Refusals ---------------------------------------------------------------------------------------------


def refuse(demo: Course, quiet: Quiet, message: str) -> None:
    with pytest.raises((ReleaseError, CourseError), match=message):
        build("demo", demo.root, quiet)
    assert bytes_of(demo) == {}


CELLS = {
    "hidden tests": (
        "### BEGIN HIDDEN TESTS\nassert best > 1\n### END HIDDEN TESTS",
        r"Intro.ipynb cell 4: expected no hidden tests in a notebook, got 'BEGIN HIDDEN TESTS'",
    ),
    "stray end": (
        "x = 1\n# END SOLUTION",
        r"Intro.ipynb cell 4:2: END SOLUTION has no BEGIN; add it or delete",
    ),
    "no end": ("# BEGIN SOLUTION\nx = 1", r"Intro.ipynb cell 4:1: BEGIN SOLUTION has no END"),
    "nested": (
        "# BEGIN SOLUTION\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION",
        r"Intro.ipynb cell 4:2: BEGIN SOLUTION is nested in the one of line 1",
    ),
    "no python": ("x = = 1", r"Intro.ipynb cell 4:1: expected Python, got: invalid syntax; correct the line"),
    "no python when stripped": (
        "if 1:\n    x = 1\n# BEGIN SOLUTION\nelse:\n    x = 2\n# END SOLUTION\nelif 2:\n    x = 3\n",
        r"Intro.ipynb cell 4:7: expected Python, got: invalid syntax",
    ),
}


@pytest.mark.parametrize(("source", "message"), CELLS.values(), ids=CELLS.keys())
def test_a_wrong_code_cell_is_refused(demo: Course, quiet: Quiet, source: str, message: str) -> None:
    demo.cell("search")["source"] = source
    demo.save()
    refuse(demo, quiet, message)


def test_a_solution_in_a_cell_that_is_no_answer_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["source"] = "# BEGIN SOLUTION\nx = 1\n# END SOLUTION"
    demo.save()
    refuse(
        demo, quiet, r"Intro.ipynb cell 2:1: expected a solution only in a cell whose nbgrader metadata has"
    )


def test_a_mark_in_a_text_cell_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("answer")["source"] = "Keep.\n### BEGIN SOLUTION\nYes.\n### END SOLUTION"
    demo.save()
    refuse(
        demo, quiet, r"Intro.ipynb cell 5:2: expected no mark in a text cell, whose whole text is the answer"
    )


def test_an_old_notebook_format_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.notebook["nbformat_minor"] = 4
    for cell in demo.notebook["cells"]:
        del cell["id"]
    demo.save()
    refuse(demo, quiet, r"Intro.ipynb: expected notebook format 4.5 or later, got 4.4, without cell ids")


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_a_cell_without_an_id_is_refused(demo: Course, quiet: Quiet) -> None:
    del demo.cell("setup")["id"]
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb cell 2: expected an id of its own, got none, so every build",
    )


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
def test_an_id_of_two_cells_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["id"] = "title"
    demo.save()
    refuse(demo, quiet, r"Intro.ipynb cell 2: expected an id of its own, got 'title' again, so every build")


def test_another_kernel_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.notebook["metadata"]["kernelspec"]["name"] = "my-env"
    demo.save()
    refuse(demo, quiet, r"Intro.ipynb: expected the kernel python3, got my-env; select it and save")


def test_metadata_of_an_editor_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("title")["metadata"]["slideshow"] = {"slide_type": "slide"}
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb cell 1: expected no metadata but deletable, editable, nbgrader, got slideshow",
    )


def test_recorded_running_times_are_cleared(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["metadata"] = {
        "execution": {"iopub.execute_input": "2024-01-01T00:00:00Z"},
        "scrolled": True,
    }
    demo.save()
    build("demo", demo.root, quiet)
    assert demo.released_cell("setup")["metadata"] == {}


def test_a_picture_pasted_into_a_model_answer_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("answer")["attachments"] = {"plot.png": {"image/png": "iVBORw0KGgo="}}
    demo.save()
    refuse(demo, quiet, r"Intro.ipynb cell 5: expected no attachment in an answer cell, got plot.png")


def test_an_answer_repeated_in_another_cell_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.notebook["cells"].append(markdown("hint", f"Remember:\n\n> {ANSWER}"))
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb cell 6:3: holds a line of the solution of inline_Intro_1 \(source/demo/Intro",
    )


def test_a_solution_repeated_in_a_notebook_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["source"] += "\n# scaled_rows = x.reshape(x.shape[0], -1) * s"
    demo.save()
    refuse(
        demo, quiet, r"Intro.ipynb cell 2:3: holds a line of the solution of demo_lib.layers.scale_forward"
    )


def test_a_solution_of_a_notebook_repeated_in_the_library_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.change(
        "demo_lib/helpers.py", '"""Helpers."""', '"""Helpers.\n\nbest = max(1e-3, 5e-3, 2e-2) * 17\n"""'
    )
    refuse(demo, quiet, r"demo_lib/helpers.py \(skeleton\):3: holds a line of the solution of search")


def test_a_notebook_that_asks_for_what_is_left_out_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["source"] += "\nlayers.leaky_forward"
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb: expected only what students get of the library, got demo_lib.layers.leaky_f",
    )


def test_a_notebook_that_imports_a_left_out_module_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("setup")["source"] += "\nfrom demo_lib.extra import checked"
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb: expected only what students get of the library, got demo_lib.extra.checked",
    )


def test_a_library_that_does_not_import_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.change("demo_lib/helpers.py", "def traced", "import not_a_module\n\n\ndef traced")
    refuse(
        demo,
        quiet,
        r"demo_lib/helpers.py:\d+ \(skeleton\): expected it to import on its own, got ModuleNotFou",
    )


@pytest.mark.parametrize("name", ["solutions.py", "pictures/graph.png", ".hidden", "layers.pyc.bak"])
def test_a_file_that_is_not_expected_is_refused(demo: Course, quiet: Quiet, name: str) -> None:
    demo.write(f"source/demo/{name}", "x = 1\n")
    refuse(
        demo,
        quiet,
        rf"source/demo/{name}: expected only notebooks, README.md and requirements.txt and "
        r"figures/\*.svg beside the",
    )


def test_a_figure_is_released(demo: Course, quiet: Quiet) -> None:
    demo.write("source/demo/figures/affine-graph.svg", "<svg/>")
    assert "figures/affine-graph.svg" in build("demo", demo.root, quiet).files


def test_a_figure_that_gives_an_answer_away_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.write(
        "source/demo/figures/answer.svg",
        "<svg><text>scaled_rows = x.reshape(x.shape[0], -1) * s</text></svg>",
    )
    refuse(demo, quiet, r"source/demo/figures/answer.svg:1: holds a line of the solution")


def test_a_notebook_that_the_settings_do_not_list_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.save("Extra")
    refuse(
        demo,
        quiet,
        r"source/demo/Extra.ipynb: expected only notebooks that assignment.toml lists, got this one",
    )


@pytest.mark.parametrize("name", ["README.md", "requirements.txt"])
def test_a_missing_file_for_students_is_refused(demo: Course, quiet: Quiet, name: str) -> None:
    (demo.source / name).unlink()
    refuse(demo, quiet, rf"source/demo/{name}: expected this file for students, found none; write it")


def test_what_a_run_left_beside_the_notebooks_is_not_released(demo: Course, quiet: Quiet) -> None:
    demo.write("source/demo/results/net.npz", "weights")
    demo.write("source/demo/.ipynb_checkpoints/Intro-checkpoint.ipynb", json.dumps(demo.notebook))
    demo.write("source/demo/__pycache__/x.cpython-311.pyc", "x")
    assert len(build("demo", demo.root, quiet).files) == 7


def test_another_model_beside_the_notebooks_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.write("source/demo/results/other.npz", "weights")
    refuse(demo, quiet, r"source/demo/results/other.npz: expected only notebooks")


def test_our_own_command_needs_no_settings_of_nbgrader(demo: Course, quiet: Quiet) -> None:
    (demo.root / "nbgrader_config.py").unlink()
    assert len(build("demo", demo.root, quiet).files) == 7


def test_the_course_may_set_what_nbgrader_does(demo: Course, quiet: Quiet) -> None:
    demo.change(
        "course.toml", "[notebooks]", '[nbgrader.ClearSolutions]\ntext_stub = "Write here."\n[notebooks]'
    )
    build("demo", demo.root, quiet)
    assert "Write here." in (demo.release / "Intro.ipynb").read_text(encoding="utf-8")


def test_metadata_that_nbgrader_does_not_take_is_refused(demo: Course, quiet: Quiet) -> None:
    del demo.cell("search")["metadata"]["nbgrader"]["locked"]
    demo.save()
    refuse(
        demo, quiet, r"Intro.ipynb cell 4: expected metadata that nbgrader takes, got: 'locked' is a required"
    )


def test_metadata_of_an_old_nbgrader_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.cell("search")["metadata"]["nbgrader"]["schema_version"] = 2
    demo.save()
    refuse(
        demo,
        quiet,
        r"Intro.ipynb cell 4: expected metadata that nbgrader takes, got: Outdated schema version",
    )


def test_what_nbgrader_refuses_is_reported(demo: Course, quiet: Quiet) -> None:
    demo.cell("check")["metadata"]["nbgrader"] |= {"grade_id": "search"}
    demo.save()
    refuse(
        demo, quiet, r"source/demo: nbgrader could not convert it: ValidationError: .*; correct the notebook"
    )


def test_progress_is_reported(demo: Course) -> None:
    reported: list[str] = []
    build("demo", demo.root, reported.append)
    assert reported == ["demo: stripping 1 notebook and demo_lib", "demo: packing the zip"]


def test_progress_goes_to_stderr(demo: Course, capfd: pytest.CaptureFixture[str]) -> None:
    build("demo", demo.root)
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "demo: stripping 1 notebook and demo_lib\ndemo: packing the zip\n"


def test_students_get_the_versions_that_grading_uses() -> None:
    """NumPy's to the second number: what it accepts differs between these."""
    pins = (PROJECT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    used = {name: Version(number) for name, _, number in (line.partition("==") for line in pins)}
    for path in sorted(PROJECT.glob("source/*/requirements.txt")):
        asked = [Requirement(line) for line in path.read_text("utf-8").splitlines() if line[0] != "#"]
        for requirement in asked:
            assert used[requirement.name] in requirement.specifier, f"{path.parent.name}: {requirement}"
        numpy = next(r for r in asked if r.name == "numpy")
        later = Version(f"{used['numpy'].major}.{used['numpy'].minor + 1}")
        assert later not in numpy.specifier


def test_a_file_of_the_name_of_our_program_is_refused(demo: Course, quiet: Quiet) -> None:
    demo.write("source/demo/work.py", "mine")
    with pytest.raises(ReleaseError, match=r"source/demo/work.py: every release gets a work.py of the kit's"):
        build("demo", demo.root, quiet)


def test_the_program_of_students_runs_in_any_course(demo: Course, quiet: Quiet) -> None:
    build("demo", demo.root, quiet)
    command = [sys.executable, "work.py"]
    run = subprocess.run(command, cwd=demo.release, capture_output=True, text=True, env={"PATH": ""})
    assert run.stderr == ""
    assert run.stdout.splitlines()[:4] == [
        "A demo",
        "",
        "Intro: 2 of 3 points done",
        "  done           scale_forward     2",
    ]
