"""Similarity: what a renamed copy, an independent solution and the release alone come to.

Copies are made from the reference: every name a student chose is changed and functions change places.
`apart.py` is assignment 1 solved anew, by other ways.
"""

import ast
import dataclasses
import json
import re
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder import intake
from autograder.cli import codes
from autograder.cli import main as cli
from autograder.course import assignment as course
from autograder.course.assignment import Assignment
from autograder.errors import CourseError, IntakeError
from autograder.similarity import compare as similarity
from autograder.similarity import pairs_page
from autograder.similarity.compare import THRESHOLD, Comparison
from samples.make_class import hand_in
from tests import printed
from tests.apart import APART

STUB = re.compile(r'( *)raise NotImplementedError\("([\w.]+) is not written yet"\)\n')
MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return course.load("assignment1")


def released(assignment: Assignment) -> dict[str, bytes]:
    return hand_in(assignment, {"base": "released"})


def reference(assignment: Assignment) -> dict[str, bytes]:
    """The release with the reference's own regions in place of the stubs, in the notebook as well."""
    return hand_in(assignment, {}) | {
        name: data for name, data in released(assignment).items() if name.endswith("README.md")
    }


def apart(assignment: Assignment, notebook: bytes | None = None) -> dict[str, bytes]:
    """The release with APART in place of the stubs."""
    files = released(assignment)
    left = {name: list(bodies) for name, bodies in APART.items()}
    for name in [n for n in files if n.endswith(".py")]:

        def fill(match: re.Match[str]) -> str:
            body = left[match[2]].pop(0).strip("\n").split("\n")
            return "".join(f"{match[1]}{line}\n" for line in body)

        files[name] = STUB.sub(fill, files[name].decode()).encode()
        ast.parse(files[name])
    assert not any(left.values())
    return files


def renamed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every name a function binds is changed, comments go, and functions stand in the opposite order."""
    return {
        name: _disguised(data.decode()).encode() if name.endswith(".py") else data
        for name, data in files.items()
    }


def _disguised(text: str) -> str:
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("# ")]
    tree = ast.parse("\n".join(lines))
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        name = re.compile(rf"(?<![\w.\"'\\])({'|'.join(sorted(names))})(?![\w=\"'])")
        for number in range(function.lineno, (function.end_lineno or 0) if names else 0):
            lines[number] = name.sub(r"my_\1_", lines[number])
    spans = [(n.lineno - 1, n.end_lineno) for n in tree.body if isinstance(n, ast.FunctionDef)]
    blocks = [lines[begin:end] for begin, end in spans]
    for (begin, end), block in zip(reversed(spans), blocks, strict=True):
        lines[begin:end] = block
    ast.parse("\n".join(lines))
    return "\n".join(lines)


def formatted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """As another formatter would lay it out: short lines, single quotes, more trailing commas."""
    style = "line-length = 60\nformat.quote-style = 'single'"
    command = [sys.executable, "-m", "ruff", "format", "-", "--isolated"]
    for option in style.split("\n"):
        command += ["--config", option]
    return {
        name: subprocess.run(command, input=data, capture_output=True, check=True).stdout
        for name, data in files.items()
    }


def write(folder: Path, hand_ins: Mapping[str, Mapping[str, bytes]]) -> Path:
    for student, files in hand_ins.items():
        for name, data in files.items():
            path = folder / student / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def compared(folder: Path, assignment: Assignment) -> Comparison:
    return similarity.compare(assignment, intake.find(folder, assignment))


def code_only(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name.endswith(".py")}


@pytest.fixture(scope="module")
def class_of_four(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> Path:
    """One, a renamed copy of it, one who worked apart, and the release untouched."""
    first = code_only(reference(assignment))
    return write(
        tmp_path_factory.mktemp("class"),
        {
            "ada": first,
            "ben": renamed(first),
            "cyd": code_only(apart(assignment)),
            "dot": code_only(released(assignment)),
        },
    )


@pytest.fixture(scope="module")
def found(class_of_four: Path, assignment: Assignment) -> Comparison:
    return compared(class_of_four, assignment)


def share(found: Comparison, left: str, right: str) -> float:
    pairs = {(p.left.student, p.right.student): p.share for p in found.pairs}
    return pairs.get((left, right), 0.0)


def test_a_renamed_and_reordered_copy_ranks_first(found: Comparison) -> None:
    first = found.pairs[0]
    assert (first.left.student, first.right.student) == ("ada", "ben")
    assert first.code > 0.8
    assert found.above == 1


def test_right_solutions_written_apart_stay_well_below_the_threshold(found: Comparison) -> None:
    assert share(found, "ada", "cyd") < THRESHOLD / 2
    assert share(found, "ben", "cyd") < THRESHOLD / 2


def test_the_release_alone_gives_no_pair(tmp_path: Path, assignment: Assignment) -> None:
    given = released(assignment)
    touched = {n: d.replace(b"\n", b"\r\n") for n, d in given.items() if n.endswith((".py", ".ipynb"))}
    found = compared(write(tmp_path, {"s1": given, "s2": given, "s3": touched}), assignment)
    assert found.pairs == ()
    assert sum(found.histogram) == 0
    assert [w.problem for w in found.works] == ["holds nothing beyond what was given"] * 3


@pytest.mark.parametrize("change", [renamed, formatted])
def test_given_code_in_another_dress_gives_no_pair(change, tmp_path: Path, assignment: Assignment) -> None:
    changed = change(code_only(released(assignment)))
    found = compared(write(tmp_path, {"s1": changed, "s2": changed}), assignment)
    assert all(pair.share < THRESHOLD / 2 for pair in found.pairs), found.pairs[0].share


def test_layout_hides_nothing(tmp_path: Path, assignment: Assignment) -> None:
    mine = code_only(reference(assignment))
    found = compared(write(tmp_path, {"s1": mine, "s2": formatted(mine)}), assignment)
    assert share(found, "s1", "s2") > 0.8


def test_part_of_a_work_copied_ranks_above_none(tmp_path: Path, assignment: Assignment) -> None:
    mine, other = code_only(reference(assignment)), code_only(apart(assignment))
    part = other | {"cs_lib/solver.py": renamed(mine)["cs_lib/solver.py"]}
    found = compared(write(tmp_path, {"s1": mine, "s2": part, "s3": other}), assignment)
    assert share(found, "s1", "s2") > 2 * share(found, "s1", "s3")
    assert share(found, "s2", "s3") > THRESHOLD


def test_a_line_that_the_whole_class_writes_says_little(tmp_path: Path, assignment: Assignment) -> None:
    alike = code_only(apart(assignment))
    two = compared(write(tmp_path / "two", {"s1": alike, "s2": _few(alike)}), assignment)
    many = compared(
        write(tmp_path / "many", {"s1": alike, **{f"t{n:02}": _few(alike) for n in range(12)}}), assignment
    )
    assert share(many, "s1", "t00") < share(two, "s1", "s2")


def _few(files: dict[str, bytes]) -> dict[str, bytes]:
    """Only the losses done."""
    return {"cs_lib/layers.py": files["cs_lib/layers.py"]}


def test_a_function_that_does_not_compile_is_compared(tmp_path: Path, assignment: Assignment) -> None:
    mine = code_only(reference(assignment))
    broken = {n: d.replace(b"rows = np.arange(N)\n", b"rows = np.arange(N\n") for n, d in mine.items()}
    with pytest.raises(SyntaxError):
        ast.parse(broken["cs_lib/layers.py"])
    found = compared(write(tmp_path, {"s1": mine, "s2": broken}), assignment)
    assert share(found, "s1", "s2") > 0.8


def notebook(assignment: Assignment, answers: Mapping[str, str], search: str = "") -> dict[str, bytes]:
    """The released notebook with answers and a search filled in."""
    content = json.loads(released(assignment)["two_layer_net.ipynb"])
    for cell in content["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell["source"] = answers[grade_id].splitlines(keepends=True)
        if grade_id == "two_layer_net_search" and search:
            cell["source"] = search
    return {"two_layer_net.ipynb": json.dumps(content).encode()}


ANSWER = (
    "Sigmoid and ReLU. The sigmoid is flat when its input is far away from zero, so nearly nothing comes "
    "back. ReLU gives no slope at all for whatever lies below zero, and a unit that only sees such inputs "
    "never learns again."
)
OTHER = (
    "1, 2: with |x| large the first one saturates and its derivative tends to 0. The second one has the "
    "derivative 0 on the whole negative axis. Since the third has 0.1 there, it is fine."
)
SEARCH = """
for rate in np.geomspace(1e-4, 1e-2, 5):
    for strength in (1e-6, 1e-4, 1e-2):
        net = TwoLayerNet(hidden_dim=160, reg=strength)
        work = Solver(net, data, optim_config={'learning_rate': rate}, num_epochs=8, verbose=False)
        work.train()
        results[rate, strength] = work.best_val_acc
        if best_model is None or work.best_val_acc == max(results.values()):
            best_model = net
"""


def test_answers_and_code_cells_are_compared(tmp_path: Path, assignment: Assignment) -> None:
    one = "inline_two_layer_net_1"
    folder = write(
        tmp_path,
        {
            "s1": notebook(assignment, {one: ANSWER}, SEARCH),
            "s2": notebook(assignment, {one: ANSWER.upper().replace(" ", "  ", 3)}),
            "s3": notebook(assignment, {one: OTHER}, SEARCH.replace("net", "m").replace("work", "s")),
        },
    )
    found = compared(folder, assignment)
    shares = {(p.left.student, p.right.student): (p.code, p.answers) for p in found.pairs}
    assert shares["s1", "s2"][0] == 0
    assert shares["s1", "s2"][1] > 0.8
    assert shares["s1", "s3"][0] > THRESHOLD
    assert shares["s1", "s3"][1] == 0
    assert ("s2", "s3") not in shares


def test_a_notebook_that_is_none_and_a_broken_zip_stop_nothing(
    tmp_path: Path, assignment: Assignment
) -> None:
    mine = code_only(reference(assignment))
    write(tmp_path, {"s1": mine, "s2": mine | {"two_layer_net.ipynb": b"[1, 2"}})
    (tmp_path / "s3.zip").write_bytes(b"PK no zip")
    found = compared(tmp_path, assignment)
    assert share(found, "s1", "s2") > 0.9
    assert found.compared == 2
    assert "not a readable zip" in found.works[2].problem
    assert "s3" in pairs_page.render(found)


def test_student_text_is_escaped(tmp_path: Path, assignment: Assignment) -> None:
    files = code_only(reference(assignment))
    odd = (
        f"def odd():\n    return [t.strip() for t in (f'{MARKUP}', '&lt;', texts()[1:3]) if t > 'x' and 1]\n"
    )
    files["cs_lib/optim.py"] += f"\n# {MARKUP}\n{odd}".encode()
    found = compared(write(tmp_path, {"<b>x</b>": files, "s2": files}), assignment)
    text = pairs_page.render(found)
    assert "alert(1)" in text
    assert "<script" not in text
    assert "<b>x</b>" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"(?!#)", text)


def test_the_page_shows_both_sides_with_marks(found: Comparison) -> None:
    text = pairs_page.render(found)
    assert "ada and ben" in text
    assert "my_shifted_" in text
    assert "<mark>" in text
    assert "No points are changed" in text
    for word in ("plagiar", "cheat", "dishonest", "suspect", "guilty", "caught", "offen", "copied from"):
        assert word not in text.lower()


def test_marks_lie_on_what_is_shared(found: Comparison) -> None:
    entry = pairs_page.shown(found.pairs[0])
    left, right = next(sides for sides in entry.passages if sides[0].name == "softmax_loss")
    assert right.name == "softmax_loss"
    marked = " ".join(part for row in left.rows for part, mark in row.parts if mark)
    assert "shifted = x - x.max(axis=1, keepdims=True)" in marked
    shown = {row.number: "".join(part for part, _ in row.parts) for row in left.rows if row.number}
    file = code_only(reference(course.load("assignment1")))["cs_lib/layers.py"].decode().split("\n")
    assert shown
    assert all(file[number - 1].endswith(text) and text for number, text in shown.items())


def test_a_long_line_and_a_long_function_are_cut(tmp_path: Path, assignment: Assignment) -> None:
    lines = [f"    total_{n} = first_{n} * {n} + second_{n}" for n in range(200)]
    code = (
        "def very_long():\n" + "\n".join(lines) + "\n    x = " + " + ".join(f"y{n} * {n}" for n in range(500))
    )
    files = {"cs_lib/extra.py": code.encode()}
    found = compared(write(tmp_path, {"s1": files, "s2": files}), assignment)
    text = pairs_page.render(found)
    assert "122 more lines are not shown" in text
    entry = pairs_page.shown(found.pairs[0])
    assert max(len("".join(t for t, _ in row.parts)) for row in entry.passages[0][0].rows) == pairs_page.WIDTH


def test_only_so_many_pairs_are_listed_and_shown(tmp_path: Path, assignment: Assignment) -> None:
    mine = code_only(reference(assignment))
    found = compared(write(tmp_path, {f"s{n:02}": mine for n in range(16)}), assignment)
    assert found.above == 120
    assert len(found.pairs) == similarity.LISTED
    text = pairs_page.render(found)
    assert "Only the first 100 pairs are listed" in text
    assert "The first 40 are shown side by side" in text
    assert text.count("<article") == pairs_page.SHOWN


def test_the_verb_writes_the_page_and_tells(
    class_of_four: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for opens in ("open", "open_new", "open_new_tab"):
        monkeypatch.setattr(webbrowser, opens, lambda *_, **__: pytest.fail("a browser was opened"))
    arguments = ["similarity", "assignment1", str(class_of_four), "--out", str(tmp_path)]
    assert cli.main(arguments) == codes.DONE
    assert "1 of 3 pairs" in capsys.readouterr().out
    assert "ada and ben" in (tmp_path / "similarity.html").read_text(encoding="utf-8")
    assert cli.main([*arguments, "--json"]) == codes.DONE
    reported = printed.read("SimilarityOutput", capsys.readouterr().out)
    assert reported["pairs"][0]["students"] == ["ada", "ben"]
    assert reported["pairs_above_threshold"] == 1
    assert reported["not_compared"] == {"dot": "holds nothing beyond what was given"}


def test_one_hand_in_is_none_to_compare(tmp_path: Path, assignment: Assignment) -> None:
    with pytest.raises(IntakeError, match="two hand-ins or more to compare, got 1"):
        compared(write(tmp_path, {"s1": released(assignment)}), assignment)


def test_without_a_release_nothing_can_be_taken_away(tmp_path: Path, assignment: Assignment) -> None:
    elsewhere = dataclasses.replace(assignment, course=dataclasses.replace(assignment.course, root=tmp_path))
    folder = write(tmp_path / "class", {"s1": released(assignment), "s2": released(assignment)})
    with pytest.raises(CourseError, match="release/assignment1: expected what students were given"):
        compared(folder, elsewhere)
