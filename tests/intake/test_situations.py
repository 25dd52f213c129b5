"""Hand-ins as students and their tools make them, one line each: docs/intake.md has the same table in words.

Every hand-in starts from the release with work in it: two functions, two answers, a trained model. `change`
does to it what somebody once did; the other columns say what is graded and what a person is asked about.
"""

from __future__ import annotations

import copy
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder import intake
from autograder.course import assignment as course
from autograder.intake import Source, Submission
from autograder.intake.archives import ignored, stem
from tests.intake.conftest import below, put, tarred, zipped

ASSIGNMENT = course.load("assignment1")
RELEASE = ASSIGNMENT.release_folder
NB = "two_layer_net.ipynb"
MODEL = "results/two_layer_net.npz"
ONE, TWO = "inline_two_layer_net_1", "inline_two_layer_net_2"
FIRST, SECOND = "Because the slope is nearly zero there.", "More data, or a smaller network."
GIVEN = (RELEASE / "cs_lib/layers.py").read_bytes()
WEIGHTS = zipped({"W1.npy": b"\x93NUMPY"})
WORK = (RELEASE / "cs_lib/layers.py").read_bytes() + b"\nMINE = 1 + 1\n"
Files = dict[str, bytes]
Change = Callable[[Files], Files]


def released() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RELEASE / NB).read_text())
    return content


def at(content: dict[str, Any], grade_id: str) -> int:
    [found] = [
        n
        for n, cell in enumerate(content["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    ]
    return found


def packed(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def answered(**answers: str) -> dict[str, Any]:
    content = released()
    for grade_id, text in ({ONE: FIRST, TWO: SECOND} | answers).items():
        content["cells"][at(content, grade_id)]["source"] = text
    return content


def hand_in() -> Files:
    return {"cs_lib/layers.py": WORK, NB: packed(answered()), MODEL: WEIGHTS}


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


# --- answers ------------------------------------------------------------------------------------

Edit = Callable[[dict[str, Any]], None]


def notebook(edit: Edit) -> Change:
    def change(files: Files) -> Files:
        content = json.loads(files[NB])
        edit(content)
        return {**files, NB: packed(content)}

    return change


def below_the_placeholder(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"][place]["source"] = "*Your answer here.*"
    content["cells"].insert(place + 1, markdown(FIRST))


def above_the_placeholder(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"][place]["source"] = ""
    content["cells"].insert(place, markdown(FIRST))


def far_away(content: dict[str, Any]) -> None:
    content["cells"][at(content, ONE)]["source"] = "*Your answer here.*"
    content["cells"].insert(3, markdown(FIRST))


def no_metadata(content: dict[str, Any]) -> None:
    for cell in content["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


def renamed_label(content: dict[str, Any]) -> None:
    content["cells"][at(content, ONE)]["metadata"]["nbgrader"]["grade_id"] = "cell-8f3a"


def other_id(content: dict[str, Any]) -> None:
    for n, cell in enumerate(content["cells"]):
        cell["id"] = f"vscode-{n}"


def split(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"][place]["source"] = FIRST[:20]
    content["cells"].insert(place + 1, markdown(FIRST[20:]))


def merged_into_the_question(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    question = content["cells"][place - 1]
    question["source"] = "".join(question["source"]) + "\n\n" + FIRST
    del content["cells"][place]


def into_code(content: dict[str, Any]) -> None:
    cell = content["cells"][at(content, ONE)]
    cell |= {"cell_type": "code", "outputs": [], "execution_count": None, "source": f"# {FIRST}"}


def into_new_code(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"][place]["source"] = "*Your answer here.*"
    code = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": f'"""{FIRST}"""',
    }
    content["cells"].insert(place + 1, code | {"source": f'"""{FIRST}"""'})


def into_raw(content: dict[str, Any]) -> None:
    content["cells"][at(content, ONE)]["cell_type"] = "raw"


def twice_different(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"].insert(place + 1, copy.deepcopy(content["cells"][place]) | {"source": SECOND})


def twice_equal(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"].insert(place + 1, copy.deepcopy(content["cells"][place]))


def copied_placeholder(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    content["cells"].insert(
        place + 1, copy.deepcopy(content["cells"][place]) | {"source": "*Your answer here.*"}
    )


def deleted_and_merged(content: dict[str, Any]) -> None:
    place = at(content, ONE)
    del content["cells"][place]
    content["cells"][at(content, TWO)]["source"] = f"1: {FIRST} 2: {SECOND}"


def pasted_picture(content: dict[str, Any]) -> None:
    content["cells"][at(content, ONE)]["source"] = "![image.png](attachment:image.png)"


def nothing_written(content: dict[str, Any]) -> None:
    content["cells"][at(content, ONE)]["source"] = "*Your answer here.*"


def a_note_elsewhere(content: dict[str, Any]) -> None:
    content["cells"].insert(5, markdown("Try other learning rates on Sunday."))


def code(source: str, printed: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    return {"cell_type": "code", "metadata": {}, "outputs": outputs, "execution_count": 1, "source": source}


def in_code(source: str, printed: str = "") -> Edit:
    """Question 1 stays as it was given out, and a new cell of code stands below it."""

    def edit(content: dict[str, Any]) -> None:
        nothing_written(content)
        content["cells"].insert(at(content, ONE) + 1, code(source, printed))

    return edit


def in_a_given_cell(content: dict[str, Any]) -> None:
    nothing_written(content)
    cell = content["cells"][at(content, "relu_forward")]
    cell["source"] = "".join(cell["source"]) + f"\n# {FIRST}"


def only_printed(content: dict[str, Any]) -> None:
    nothing_written(content)
    cell = content["cells"][at(content, "relu_forward")]
    cell["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["relu forward: right\n", f"{FIRST}\n"]},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBO"}},
    ]


FULL = (
    "The sigmoid has this problem, since its curve becomes flat far from zero, and relu, whose gradient is"
    " exactly zero for all negative inputs; leaky relu keeps a slope on both sides."
)


def both_in_one(first: str) -> Edit:
    def edit(content: dict[str, Any]) -> None:
        nothing_written(content)
        content["cells"][at(content, TWO)]["source"] = f"{first} {SECOND}"

    return edit


def a_search_with_comments(content: dict[str, Any]) -> None:
    """As honest hand-ins have it: what a search prints and remarks on answers no question."""
    nothing_written(content)
    source = (
        "for lr in rates:\n    # smaller steps need more epochs\n    results[lr] = train(lr, epochs=20)[-1]"
    )
    printed = "learning rate 0.001, best validation accuracy 0.51\n" * 500
    content["cells"].insert(30, code(f"best_so_far = None\n{source}", printed))


def an_answer_beside_a_search(content: dict[str, Any]) -> None:
    a_search_with_comments(content)
    content["cells"][30]["source"] += f"\n# Answer 1: {FIRST}"


def merged_without_a_sign(content: dict[str, Any]) -> None:
    nothing_written(content)
    content["cells"][at(content, TWO)]["source"] = f"It is the sigmoid. {SECOND}"


PICTURES = {"image.png": {"image/png": "iVBORw0KGgo="}}


def pasted_and_no_word(content: dict[str, Any]) -> None:
    nothing_written(content)
    content["cells"][at(content, ONE)]["attachments"] = PICTURES


def pasted_into_a_new_cell(content: dict[str, Any]) -> None:
    nothing_written(content)
    content["cells"].insert(at(content, ONE) + 1, markdown("") | {"attachments": PICTURES})


def new_text(text: str) -> Edit:
    """Question 1 stays as it was given out, and a new cell of text stands below it."""

    def edit(content: dict[str, Any]) -> None:
        nothing_written(content)
        content["cells"].insert(at(content, ONE) + 1, markdown(text))

    return edit


def in_place(source: object) -> Edit:
    def edit(content: dict[str, Any]) -> None:
        content["cells"][at(content, ONE)]["source"] = source

    return edit


def labels_exchanged(content: dict[str, Any]) -> None:
    one, two = (content["cells"][at(content, label)] for label in (ONE, TWO))
    one["metadata"], two["metadata"] = two["metadata"], one["metadata"]


def another_notebook(content: dict[str, Any]) -> None:
    content["cells"] = [code("import numpy as np\nprint(np.zeros(3))")]


def nothing_at_all(content: dict[str, Any]) -> None:
    for grade_id in (ONE, TWO):
        content["cells"][at(content, grade_id)]["source"] = "*Your answer here.*"


def only_code_of_ones_own(content: dict[str, Any]) -> None:
    nothing_at_all(content)
    content["cells"].insert(30, code("for lr in rates:\n    results[lr] = train(lr)[-1]", "0.51 0.49\n"))


FORMULA = "the slope is s*(1-s), and s = 1/(1+exp(-x)) is 1, so ds = 0 (nearly)"

# change of the notebook, what is read for question 1, and which questions a person is asked about
ANSWERS: dict[str, tuple[Edit, str, set[str]]] = {
    "as it should be": (lambda content: None, FIRST, set()),
    "one of two not answered": (nothing_written, "", set()),
    "one of two not answered, a search with comments": (a_search_with_comments, "", set()),
    "nothing answered": (nothing_at_all, "", set()),
    "nothing answered, an experiment of one's own": (only_code_of_ones_own, "", set()),
    "printed by a new cell": (in_code(f'print("{FIRST}")'), FIRST, {ONE}),
    "given a name in a new cell": (in_code(f"answer = '{FIRST}'"), FIRST, {ONE}),
    "a letter in a new cell": (in_code('answer = "B"'), "B", {ONE}),
    "a comment with formulas": (in_code(f"# {FORMULA}"), FORMULA, {ONE}),
    "a comment above code": (in_code(f"# {FIRST}\nx = np.zeros(3)"), FIRST, {ONE}),
    "text that is no Python": (in_code(FIRST), FIRST, {ONE}),
    "a comment in a given cell": (in_a_given_cell, FIRST, {ONE}),
    "only in an output": (only_printed, FIRST, {ONE}),
    "only in an output of a new cell": (in_code("show(1)", f"{FIRST}\n"), FIRST, {ONE}),
    "both answers in one cell": (both_in_one(FULL), "", {ONE}),
    "both answers in one cell, with numbers": (both_in_one(f"Q1: {FIRST} Q2:"), "", {ONE}),
    "in a new cell below the placeholder": (below_the_placeholder, FIRST, {ONE}),
    "in a new cell above it": (above_the_placeholder, FIRST, {ONE}),
    "in a new cell far away": (far_away, FIRST, {ONE}),
    "all metadata and ids dropped": (no_metadata, FIRST, {ONE, TWO}),
    "label renamed": (renamed_label, FIRST, {ONE}),
    "ids changed": (other_id, FIRST, set()),
    "cell split": (split, f"{FIRST[:20]}\n\n---\n\n{FIRST[20:].strip()}", {ONE}),
    "cell merged into the question": (merged_into_the_question, FIRST, {ONE}),
    "two answers merged into one": (deleted_and_merged, "", {ONE}),
    "made a code cell": (into_code, f"# {FIRST}", set()),
    "in a new code cell": (into_new_code, f'"""{FIRST}"""', {ONE}),
    "made a raw cell": (into_raw, FIRST, set()),
    "answer cell twice, not the same": (twice_different, f"{FIRST}\n\n---\n\n{SECOND}", {ONE}),
    "answer cell twice, the same": (twice_equal, FIRST, set()),
    "placeholder copied": (copied_placeholder, FIRST, set()),
    "a picture": (pasted_picture, "![image.png](attachment:image.png)", {ONE}),
    "both answers in one cell, with no sign of it": (merged_without_a_sign, "", {ONE}),
    "a pasted picture and no word": (
        *(pasted_and_no_word, "*Your answer here.*\n\n![](attachment:image.png)", {ONE}),
    ),
    "a picture pasted into a new cell": (pasted_into_a_new_cell, "![](attachment:image.png)", {ONE}),
    "signs that are no letters": (new_text("\N{RIGHTWARDS ARROW} \N{INFINITY}"), "→ ∞", {ONE}),
    "a line across, and nothing else": (new_text("---"), "", set()),
    "an HTML comment": (
        in_place(f"*Your answer here.*\n<!--{FIRST}-->"),
        f"*Your answer here.*\n{FIRST}",
        {ONE},
    ),
    "an HTML comment in a new cell": (new_text(f"<!--{FIRST}-->"), FIRST, {ONE}),
    "a page of HTML in code": (in_code(f"%%html\n<p>{FORMULA}</p>"), f"%%html\n<p>{FORMULA}</p>", {ONE}),
    "text with many signs in code": (
        in_code(f"The slope dies: {FORMULA}"),
        f"The slope dies: {FORMULA}",
        {ONE},
    ),
    "commands for a shell": (in_code("pip install numpy pandas\n!git clone x y z"), "", set()),
    "a script for a shell": (in_code("%%bash\npip install numpy pandas\ngit clone here there"), "", set()),
    "code that breaks off": (
        in_code("for i in range(10:\n    plt.plot(x[i], y[i])"),
        "",
        set(),
    ),
    "no text at all": (in_place(None), "", set()),
    "spaces of no width": (in_place("*Your answer here.*\n\u200b"), "", set()),
    "lists in lists": (in_place([FIRST[:7], [FIRST[7:]]]), f"{FIRST[:7]}['{FIRST[7:]}']", set()),
    "in a comment of a program, called an answer": (
        an_answer_beside_a_search,
        f"smaller steps need more epochs\nAnswer 1: {FIRST}",
        {ONE},
    ),
    "labels exchanged": (labels_exchanged, SECOND, {ONE, TWO}),
    "another notebook under this name": (another_notebook, "", {ONE, TWO}),
    "all answered, and a note elsewhere": (a_note_elsewhere, FIRST, set()),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_where_an_answer_may_stand(case: str) -> None:
    edit, text, asked = ANSWERS[case]
    found = intake.arrange("s001", notebook(edit)(hand_in()), ASSIGNMENT)
    assert found.answers is not None
    assert found.answers.texts.get(ONE, "") == text
    assert set(found.doubts) == asked
    for grade_id in asked:  # student and instructor read why
        assert any(grade_id in problem and "needs review" in problem for problem in found.problems)


def test_text_that_answers_no_question_is_named() -> None:
    found = intake.arrange("s001", notebook(a_note_elsewhere)(hand_in()), ASSIGNMENT)
    assert found.problems == (f"{NB}: text in cell 6 answers no question; it is not read",)


UNTOUCHED = (RELEASE / NB).read_bytes()
OFFICE = zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
BESIDE: dict[str, dict[str, bytes]] = {
    "a PDF": {"answers.pdf": b"%PDF-1.7"},
    "Markdown": {"answers.md": FIRST.encode()},
    "text": {"answers.txt": FIRST.encode()},
    "a letter": {"answers.txt": b"B"},
    "a document": {"answers.docx": OFFICE},
    "a document with no ending": {"answers": OFFICE},
    "a document called zip": {"answers.zip": OFFICE},
    "RTF": {"answers.rtf": b"{\\rtf1 because}"},
    "a photograph": {"IMG_1.HEIC": b"\0\0\0\x18ftypheic"},
    "a picture": {"page.png": b"\x89PNG"},
    "an archive that cannot be opened": {"answers.7z": b"7z\xbc\xaf\x27\x1c"},
    "a damaged archive": {"answers.zip": zipped({"answers.md": b"x" * 99})[:60]},
    "a notebook's export": {"two_layer_net.py": f"# In[1]:\n# {FIRST}".encode()},
    "a notebook of another name": {"answers.ipynb": packed({"cells": [markdown(FIRST)]})},
    "a notebook that is none": {"answers.ipynb": b"{"},
    "the README, written in": {"README.md": (RELEASE / "README.md").read_bytes() + FIRST.encode()},
    "a module that is words alone": {"cs_lib/answers.py": f"# {FIRST}\n".encode()},
    "comments of the package": {"cs_lib/layers.py": WORK + f"\n# Question 1: {FIRST}\n".encode()},
}


@pytest.mark.parametrize("case", BESIDE)
def test_an_untouched_notebook_settles_nothing_beside_a_document(case: str, tmp_path: Path) -> None:
    files = {"cs_lib/layers.py": WORK, NB: UNTOUCHED, **BESIDE[case]}
    found = taken(files, tmp_path)
    assert {ONE, TWO} <= set(found.doubts)
    assert found.answers is not None
    assert found.answers.texts == {ONE: "", TWO: ""}  # `review` lists them
    [name] = BESIDE[case]
    for grade_id in (ONE, TWO):
        assert any(p.startswith(f"{grade_id}: ") and name in p for p in found.problems), found.problems


@pytest.mark.parametrize("case", BESIDE)
def test_answers_that_stand_are_not_doubted_for_a_document(case: str, tmp_path: Path) -> None:
    files = {"cs_lib/layers.py": WORK, NB: packed(answered()), **BESIDE[case]}
    assert not {ONE, TWO} & set(taken(files, tmp_path).doubts)


NOT_WORDS = {
    "nothing": {},
    "a model": {"more.npy": b"\x93NUMPY"},
    "what was given out": {"README.md": (RELEASE / "README.md").read_bytes()},
    "the same with the line ends of Windows": {
        "README.md": (RELEASE / "README.md").read_bytes().replace(b"\n", b"\r\n")
    },
    "the checks of an older release": {"work.py": b"# this was given out in the first week\n"},
    "what claims something of the hand-in": {"timestamp.txt": b"2026-02-01 12:00:00 UTC"},
}


@pytest.mark.parametrize("case", NOT_WORDS)
def test_an_untouched_notebook_alone_is_not_answered(case: str, tmp_path: Path) -> None:
    found = taken({"cs_lib/layers.py": WORK, NB: UNTOUCHED, MODEL: b"w", **NOT_WORDS[case]}, tmp_path)
    assert found.doubts == {}


KEPT = ".ipynb_checkpoints/two_layer_net-checkpoint.ipynb"
KEPT_CODE = "cs_lib/.ipynb_checkpoints/layers-checkpoint.py"
CHECKPOINTS: dict[str, tuple[Files, str]] = {
    "work only there": ({NB: UNTOUCHED, KEPT: packed(answered())}, ONE),
    "the notebook only there": ({KEPT: packed(answered())}, ONE),
    "code only there": ({NB: packed(answered()), "cs_lib/layers.py": GIVEN, KEPT_CODE: WORK}, "relu_forward"),
    "the same twice": ({NB: UNTOUCHED, KEPT: UNTOUCHED}, ""),
    "an older state of work": ({NB: packed(answered()), KEPT: UNTOUCHED, KEPT_CODE: GIVEN}, ""),
    "another answer before": ({NB: packed(answered()), KEPT: packed(answered(**{ONE: SECOND}))}, ""),
}


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_what_jupyter_saved_is_asked_about_where_the_work_is_missing(case: str, tmp_path: Path) -> None:
    files, asked = CHECKPOINTS[case]
    files = {"cs_lib/layers.py": WORK, **files}
    for place, wrapped in (("folder", files), ("zip", {"w.zip": zipped(files)})):
        found = taken(wrapped, tmp_path / place)
        if asked:
            assert "-checkpoint" in found.doubts[asked]
            assert any("-checkpoint" in problem for problem in found.problems)
        else:
            assert not {ONE, TWO, "relu_forward"} & set(found.doubts)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes(4096), "nothing but zeros, as of a file that was never downloaded from the cloud"),
        (b"", "empty"),
    ],
)
def test_a_file_that_the_cloud_kept_is_named(data: bytes, said: str, tmp_path: Path) -> None:
    found = taken({"cs_lib/layers.py": WORK, NB: data}, tmp_path)
    assert any(said in problem for problem in found.problems)


def test_a_zip_with_a_password_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped(hand_in()))
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        place = data.find(mark)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(mark, place + 4)
    found = taken({"w.zip": bytes(data)}, tmp_path)
    assert found.unreadable == "w.zip: locked with a password; ask for it again without one"


def test_a_device_in_a_tar_is_named(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in hand_in().items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        device = tarfile.TarInfo("zero")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    found = taken({"w.tar": made.getvalue()}, tmp_path)
    assert "w.tar: 'zero' is no ordinary file; not used" in found.problems
    assert found.package["cs_lib/layers.py"] == WORK


def test_an_answer_that_says_nothing_is_not_settled_beside_a_document(tmp_path: Path) -> None:
    away = "My work is attached as a separate document and can be read there."
    files = {NB: packed(answered(**{ONE: away})), "answers.pdf": b"%PDF-1.7"}
    found = taken(files, tmp_path)
    assert set(found.doubts) >= {ONE}
    assert "this answer says nothing by itself; it may stand in answers.pdf" in found.doubts[ONE]


# --- kinds of file, several copies, changed names -----------------------------------------------

CODE = {cell.grade_id for cell in ASSIGNMENT.grade_cells if cell.kind == "code"}
TRAINED = {MODEL}  # which cells read it, the graders know
INLINE = {ONE, TWO}


def renamed(**names: str) -> Change:
    places = {"module": "cs_lib/layers.py", "notebook": NB, "model": MODEL}
    return lambda files: {names.get(_kind(n, places), n): d for n, d in files.items()}


def _kind(name: str, places: dict[str, str]) -> str:
    return next((kind for kind, place in places.items() if place == name), "")


def with_files(**more: bytes) -> Change:
    return lambda files: {**files, **more}


def added(name: str, data: bytes) -> Change:
    return lambda files: {**files, name: data}


def replaced(name: str, data: bytes | Callable[[bytes], bytes]) -> Change:
    return lambda files: {**files, name: data(files[name]) if callable(data) else data}


def without(*names: str) -> Change:
    return lambda files: {n: d for n, d in files.items() if n not in names}


def in_format_3(data: bytes) -> bytes:
    content = json.loads(data)
    for cell in content["cells"]:
        cell.pop("id", None)
        cell["source"] = "".join(cell["source"])
    old = nbformat.convert(nbformat.from_dict({**content, "nbformat_minor": 4}), 3)
    return nbformat.writes(old, 3).encode()


def defines(name: str) -> Edit:
    return lambda content: content["cells"].insert(5, code(f"def {name}(x):\n    return x, x"))


def writes(path: str) -> Edit:
    return lambda content: content["cells"].insert(5, code(f"%%writefile {path}\nMINE = 1"))


def untouched() -> Files:
    files = {p.relative_to(RELEASE).as_posix(): p.read_bytes() for p in RELEASE.rglob("*") if p.is_file()}
    return {n: d for n, d in files.items() if "datasets" not in n}


def complete(files: Files) -> Files:
    """With work in every module in which something is to be written."""
    places = ("cs_lib/optim.py", "cs_lib/solver.py", "cs_lib/classifiers/fc_net.py")
    return {**{place: (RELEASE / place).read_bytes() + b"\nMINE = 1\n" for place in places}, **files}


OTHER = WORK.replace(b"1 + 1", b"1 - 1")
HELPED = b"from helpers import add\n" + WORK

# change, whether the work / the answers / the model are taken, cells a person is asked about, words said
FILES: dict[str, tuple[Change, bool, bool, bool, set[str], str]] = {
    "as it should be": (lambda files: files, True, True, True, set(), ""),
    "one folder too many": (lambda f: below("my work", f), True, True, True, set(), ""),
    "package packed in a folder of its name": (
        lambda f: {n.replace("cs_lib/", "cs_lib/cs_lib/"): d for n, d in f.items()},
        *(True, True, True, set(), ""),
    ),
    "a zip": (lambda f: {"work.zip": zipped(f)}, True, True, True, set(), ""),
    "a zip in a zip in a zip": (
        lambda f: {"a.zip": zipped({"b.zip": zipped({"c.zip": zipped(f)})})},
        *(True, True, True, set(), ""),
    ),
    "a tar.gz called .zip": (lambda f: {"work.zip": tarred(f)}, True, True, True, set(), ""),
    # unreadable is never zero
    "a rar": (lambda f: {"work.rar": b"Rar!"}, False, False, False, CODE | TRAINED | INLINE, "not a zip"),
    "a 7z": (lambda f: {"work.7z": b"7z"}, False, False, False, CODE | TRAINED | INLINE, "not a zip"),
    "a tar.xz": (lambda f: {"w.tar.xz": b"x"}, False, False, False, CODE | TRAINED | INLINE, "not a zip"),
    "archives without end": (
        lambda f: {"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.zip": zipped(f)})})})},
        *(False, False, False, CODE | TRAINED | INLINE, "too deep in each other"),
    ),
    "the package as a rar": (
        lambda f: {**without("cs_lib/layers.py")(f), "cs_lib.rar": b"Rar!"},
        *(False, True, True, CODE, "not a zip"),
    ),
    "a notebook of format 3": (replaced(NB, in_format_3), True, True, True, set(), ""),
    "a web page for a notebook": (
        replaced(NB, b"<!DOCTYPE html><html>"),
        *(True, False, True, set(), "it is a web page (HTML); open it, choose File > Download"),
    ),
    "a PDF for a notebook": (
        lambda f: {**without(NB)(f), "two_layer_net.pdf": b"%PDF-1.7"},
        *(True, False, True, INLINE, "not used: two_layer_net.pdf"),
    ),
    "an empty notebook": (replaced(NB, b""), True, False, True, set(), "it is an empty file"),
    "a merge conflict in the notebook": (
        replaced(NB, lambda d: b"{\n<<<<<<< HEAD\n" + d + b"\n>>>>>>> main\n"),
        *(True, False, True, set(), "a merge conflict of Git stands in it"),
    ),
    "source in UTF-16": (
        replaced("cs_lib/layers.py", lambda d: d.decode().encode("utf-16")),
        *(True, True, True, set(), "read as UTF-16"),
    ),
    "source in Windows-1252": (
        replaced("cs_lib/layers.py", lambda d: d + b"# fin \xe9\n"),
        *(False, True, True, set(), "read as Windows-1252, since it is not UTF-8"),
    ),
    "source in UTF-16 without a mark": (
        replaced("cs_lib/layers.py", lambda d: d.decode().encode("utf-16-le")),
        *(True, True, True, set(), "read as UTF-16-LE"),
    ),
    "a web page for a module": (
        replaced("cs_lib/layers.py", b"<!DOCTYPE html><html>"),
        *(False, True, True, CODE, "cs_lib/layers.py cannot be read: it is a web page (HTML)"),
    ),
    "an empty module": (
        replaced("cs_lib/layers.py", b""),
        *(False, True, True, CODE, "cs_lib/layers.py cannot be read: it is an empty file"),
    ),
    "RTF called module.py": (
        replaced("cs_lib/layers.py", b"{\\rtf1 def}"),
        *(False, True, True, CODE, "it is a document in RTF; ask for the file itself"),
    ),
    "a merge conflict in a module": (
        replaced("cs_lib/layers.py", lambda d: b"<<<<<<< HEAD\n" + GIVEN + b"=======\n>>>>>>> b\n" + d),
        *(True, True, True, CODE, "two versions with a merge conflict of Git between them"),
    ),
    "functions in the notebook": (
        lambda f: {**notebook(defines("relu_forward"))(f), "cs_lib/layers.py": GIVEN},
        *(False, True, True, CODE, "relu_forward in two_layer_net.ipynb cell 6, and not in cs_lib/layers.py"),
    ),
    "one function in the notebook, the others in the module": (
        notebook(defines("relu_forward")),
        *(True, True, True, CODE, "relu_forward in two_layer_net.ipynb cell 6, and not in cs_lib/layers.py"),
    ),
    "functions in the notebook and in the module": (
        lambda f: {
            **notebook(defines("relu_forward"))(f),
            "cs_lib/layers.py": WORK.replace(b'raise NotImplementedError("relu_forward', b'return x, ("'),
        },
        *(False, True, True, set(), ""),
    ),
    "a module that the notebook writes": (
        lambda f: {**notebook(writes("cs_lib/layers.py"))(f), "cs_lib/layers.py": GIVEN},
        *(False, True, True, CODE, "layers.py in two_layer_net.ipynb cell 6"),
    ),
    "a pointer for a model": (
        replaced(MODEL, b"version https://git-lfs.github.com/spec/v1"),
        *(
            True,
            True,
            True,
            TRAINED,
            "a pointer of Git LFS, without the file itself; ask for the file itself",
        ),
    ),
    "half of a model": (
        replaced(MODEL, lambda d: d[:40]),
        *(True, True, True, TRAINED, "it is a zip whose end is missing"),
    ),
    "folders too deep": (
        lambda f: below("/".join("abcdefghijklmnopq"), f),
        *(False, False, False, CODE | TRAINED | INLINE, "its name is too long"),
    ),
    "half of a notebook": (
        replaced(NB, lambda d: d[: len(d) // 2]),
        *(True, False, True, set(), "it breaks off or was changed at line 1; open it in Jupyter"),
    ),
    "a notebook of Windows-1252": (
        replaced(
            NB, lambda d: d.replace(b"slope", "pente \N{LATIN SMALL LETTER E WITH ACUTE}".encode("cp1252"))
        ),
        *(True, False, True, set(), "it is not in UTF-8; open it in Jupyter"),
    ),
    "a notebook in which something stands twice": (
        replaced(NB, lambda d: d[:-1] + b', "cells": []}'),
        *(True, False, True, set(), "something stands in it twice"),
    ),
    "a notebook without cells": (
        replaced(NB, b'{"cells": [], "nbformat": 4}'),
        *(True, False, True, set(), "no cell is in it"),
    ),
    "a notebook with zeros behind it": (replaced(NB, lambda d: d + bytes(512)), True, True, True, set(), ""),
    "source of zero bytes": (
        replaced("cs_lib/layers.py", b"\0" * 99),
        *(False, True, True, CODE, "cannot be read: it is nothing but zeros"),
    ),
    # several copies
    "the untouched release beside the work": (
        lambda f: {**f, **below("assignment1", untouched())},
        *(True, True, True, set(), "assignment1/ is not used: as it was given out"),
    ),
    "the untouched release above the work": (
        lambda f: {**untouched(), **below("mine", f)},
        *(True, True, True, set(), "the top folder is not used: as it was given out"),
    ),
    "an older version of everything": (
        lambda f: {**f, **below("old", {**f, "cs_lib/layers.py": OTHER, NB: packed(answered(**{ONE: "x"}))})},
        *(True, True, True, CODE | {ONE}, "old/cs_lib/layers.py differs from cs_lib/layers.py"),
    ),
    "two uploads side by side": (
        lambda f: {"work.zip": zipped({**f, "cs_lib/layers.py": OTHER}), "work-1.zip": zipped(f)},
        *(True, True, True, CODE, "work/cs_lib/layers.py differs from work-1/cs_lib/layers.py"),
    ),
    "the same twice": (lambda f: {**f, **below("copy", f)}, True, True, True, set(), "is the same as"),
    "the notebook twice, other outputs": (
        lambda f: {**f, "two_layer_net (1).ipynb": f[NB] + b"\n"},
        *(True, True, True, set(), "two_layer_net (1).ipynb is the same as"),
    ),
    "the module twice": (added("cs_lib/layers (1).py", OTHER), True, True, True, CODE, "differs from"),
    "a backup beside the module": (
        added("cs_lib/layers.py~", OTHER),
        *(True, True, True, set(), "an older version of cs_lib/layers.py, by its name"),
    ),
    "only a backup": (
        renamed(module="cs_lib/layers.py.bak"),
        *(True, True, True, CODE, "cs_lib/layers.py.bak is taken as cs_lib/layers.py"),
    ),
    # changed names
    "notebook.ipynb.txt": (renamed(notebook=f"{NB}.txt"), True, True, True, set(), "is taken as"),
    "notebook.json": (renamed(notebook="two_layer_net.json"), True, True, True, set(), "is taken as"),
    "Copy of notebook": (renamed(notebook=f"Copy of {NB}"), True, True, True, set(), "is taken as"),
    "a notebook of another name": (renamed(notebook="hw1.ipynb"), True, True, True, set(), "by its cells"),
    "a loose layers (1).py": (
        renamed(module="layers (1).py"),
        *(True, True, True, set(), "layers (1).py is taken as cs_lib/layers.py"),
    ),
    "module.py.txt": (renamed(module="cs_lib/layers.py.txt"), True, True, True, set(), "is taken as"),
    "module_v2": (renamed(module="cs_lib/layers_v2.py"), True, True, True, set(), "is taken as"),
    "MODULE.PY": (renamed(module="cs_lib/LAYERS.PY"), True, True, True, set(), "is taken as"),
    "model (2).npz": (renamed(model="two_layer_net (2).npz"), True, True, True, set(), "is taken as"),
    "a helper beside the package": (
        lambda f: {**f, "cs_lib/layers.py": HELPED, "helpers.py": b"add = 1\n"},
        *(True, True, True, set(), ""),
    ),
    "a script nobody imports": (added("try_it.py", b"x"), True, True, True, set(), "not used: try_it.py"),
    "what the Mac leaves": (
        lambda f: {**f, **{f"__MACOSX/._{n}": b"x" for n in f}, "._layers.py": b"x", ".DS_Store": b"x"},
        *(True, True, True, set(), ""),
    ),
    # other names altogether
    "a zip without an ending": (lambda f: {"work": zipped(f)}, True, True, True, set(), ""),
    "a tar.gz without an ending": (lambda f: {"work": tarred(f)}, True, True, True, set(), ""),
    "a tar without an ending": (lambda f: {"work": tarred(f, "w")}, True, True, True, set(), ""),
    "work.zip.download": (lambda f: {"work.zip.download": zipped(f)}, True, True, True, set(), ""),
    "work.zip (1)": (lambda f: {"work.zip (1)": zipped(f)}, True, True, True, set(), ""),
    "a zip called .rar": (lambda f: {"work.rar": zipped(f)}, True, True, True, set(), ""),
    "a rar called .zip": (
        lambda f: {**complete(f), "more.zip": b"Rar!\x1a\7\0"},
        *(True, True, True, set(), "more.zip is not used: not a readable zip (a RAR archive)"),
    ),
    "a damaged zip beside the work": (
        lambda f: {**complete(f), "extra.zip": zipped(f)[:99]},
        *(True, True, True, set(), "extra.zip is not used: not a readable zip"),
    ),
    "a damaged zip, and modules as they were given out": (
        lambda f: {**untouched(), **f, "extra.zip": zipped(f)[:99]},
        *(True, True, True, CODE, "extra.zip is not used: not a readable zip"),
    ),
    "a damaged zip, and no model": (
        lambda f: {**complete(without(MODEL)(f)), "extra.zip": zipped(f)[:99]},
        *(True, True, False, TRAINED, "extra.zip is not used: not a readable zip"),
    ),
    "a zip and a folder of one name": (
        lambda f: {"work.zip": zipped({NB: f[NB]}), **below("work", without(NB)(f))},
        *(True, True, True, set(), ""),
    ),
    "module.pyw": (renamed(module="cs_lib/layers.pyw"), True, True, True, set(), "is taken as"),
    "module.rtf": (
        lambda f: {**without("cs_lib/layers.py")(f), "cs_lib/layers.py.rtf": b"{\\rtf1 def}"},
        *(False, True, True, CODE, "layers.py.rtf (a document in RTF)"),
    ),
    "module.docx": (
        lambda f: {**f, "cs_lib/layers.py": GIVEN, "layers.py.docx": OFFICE},
        *(False, True, True, CODE, "layers.py.docx (a document of an office program)"),
    ),
    "module.txt, and the given one": (
        lambda f: {**f, "cs_lib/layers.py": GIVEN, "layers.txt": WORK},
        *(False, True, True, CODE, "not used: layers.txt"),
    ),
    "a download that was not complete": (
        renamed(module="cs_lib/layers.py.crdownload"),
        *(False, True, True, CODE, "not used: cs_lib/layers.py.crdownload"),
    ),
    "module.pyc": (
        lambda f: {**without("cs_lib/layers.py")(f), "cs_lib/layers.pyc": b"\xa7\r\r\n" + bytes(12)},
        *(False, True, True, CODE, "Python's bytecode, which is no source"),
    ),
    "a module of another name": (
        renamed(module="cs_lib/mine.py"),
        *(True, True, True, CODE, "cs_lib/mine.py is taken as cs_lib/layers.py, by what it defines"),
    ),
    "a module in a folder of its own": (
        renamed(module="mine.py"),
        *(True, True, True, CODE, "mine.py is taken as cs_lib/layers.py, by what it defines"),
    ),
    "a notebook's export": (
        lambda f: {**without(NB)(f), "two_layer_net.py": b"# In[1]:\n# Because"},
        *(True, False, True, INLINE, "not used: two_layer_net.py"),
    ),
    "a model of another name": (
        renamed(model="best_model.npz"),
        *(True, True, True, TRAINED, "best_model.npz is taken as results/two_layer_net.npz"),
    ),
    "a model unpacked": (
        lambda f: {**without(MODEL)(f), "results/two_layer_net/W1.npy": b"\x93NUMPY"},
        *(True, True, False, TRAINED, "not used: results/two_layer_net/W1.npy (an array of NumPy)"),
    ),
    "a model as one array": (
        lambda f: {**without(MODEL)(f), "best.npy": b"\x93NUMPY"},
        *(True, True, False, TRAINED, "not used: best.npy (an array of NumPy)"),
    ),
    "a model called zip": (
        lambda f: {**without(MODEL)(f), "two_layer_net.zip": zipped({"W1.npy": b"\x93NUMPY"})},
        *(True, True, False, TRAINED, "two_layer_net.zip (arrays of NumPy)"),
    ),
    "a model of another program": (
        lambda f: {**without(MODEL)(f), "net.pt": zipped({"net/data.pkl": b"x"})},
        *(True, True, False, TRAINED, "net.pt (a model of PyTorch)"),
    ),
    # planted facts
    "a planted collected.json": (
        added("collected.json", b'{"extension_days": 99, "problems": ["full marks"]}'),
        *(True, True, True, set(), "not used: collected.json"),
    ),
    "a planted timestamp.txt": (
        added("timestamp.txt", b"2000-01-01 00:00:00 UTC"),
        *(True, True, True, set(), "not used: timestamp.txt"),
    ),
}


def taken(files: Files, folder: Path) -> Submission:
    put(folder / "s001", files)
    return intake.read(Source("s001", folder / "s001"), ASSIGNMENT)


@pytest.mark.parametrize("case", FILES)
def test_what_becomes_of_a_hand_in(case: str, tmp_path: Path) -> None:
    change, work, answers, model, asked, words = FILES[case]
    found = taken(change(hand_in()), tmp_path)
    assert found.unreadable == ""
    assert (found.package.get("cs_lib/layers.py", b"").endswith(WORK)) == work
    assert found.answers is not None
    read = found.answers.texts.get(ONE, "")
    assert (FIRST in read if ONE in asked else read == FIRST) == answers
    assert (MODEL in found.results) == model
    assert set(found.doubts) == asked
    assert words in "\n".join(found.problems)
    assert bool(found.problems) == bool(words)


@pytest.mark.parametrize("case", FILES)
def test_whatever_is_not_used_is_named(case: str, tmp_path: Path) -> None:
    """Every file of a hand-in is used, or named, or litter, or something that was given out."""
    change = FILES[case][0]
    extra = {"notes.docx": b"x", "pictures/plot.png": b"x", "cs_lib/spare.npz": b"x"}
    files = {**change(hand_in()), **extra, "__pycache__/a.pyc": b"x"}
    found = taken(files, tmp_path)
    used = {*found.package.values(), *found.notebooks.values(), *found.results.values()}
    said = "\n".join(found.problems)
    for name, data in unpacked(files).items():
        top = name.partition("/")[0]
        left_out = f"{top}/ is not used" in said or "the top folder is not used" in said
        given = data in RELEASED or data.replace(b"\r", b"") in RELEASED
        assert data in used or name in said or left_out or given or ignored(name), name


RELEASED = {path.read_bytes() for path in RELEASE.rglob("*") if path.is_file()}


def unpacked(files: Files, depth: int = 3) -> Files:
    """Every file of a hand-in, those in its archives under the names they have there."""
    found: Files = {}
    for name, data in files.items():
        inner: Files = {}
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            inner = {n: archive.read(n) for n in archive.namelist()}
        with suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(data)) as tar:
            inner = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
        wrapping = "[Content_Types].xml" not in inner and not any(n.endswith((".npy", ".pkl")) for n in inner)
        if inner and wrapping and depth:
            found |= below(stem(name), unpacked(inner, depth - 1))
        else:
            found[name] = data
    return found


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("work-1/hw1", "work-2/hw1"),
        ("v1", "v2"),
        ("work 9", "work 10"),
        ("hw (1)", "hw (2)"),
        ("2026-01-31/hw", "2026-02-01/hw"),
        ("v1/part2", "v2/part1"),
    ],
)
def test_of_two_whole_hand_ins_the_higher_number_counts_and_a_person_is_asked(
    older: str, newer: str, tmp_path: Path
) -> None:
    files = hand_in()
    found = taken({**below(older, {**files, "cs_lib/layers.py": OTHER}), **below(newer, files)}, tmp_path)
    assert found.package["cs_lib/layers.py"] == WORK
    assert set(found.doubts) == CODE
    assert f"{older}/cs_lib/layers.py differs from {newer}/cs_lib/layers.py" in "\n".join(found.problems)


def test_of_two_copies_with_a_number_the_higher_counts_and_a_person_is_asked(tmp_path: Path) -> None:
    files = {"layers (2).py": OTHER, "layers (10).py": WORK, NB: hand_in()[NB]}
    found = taken(files, tmp_path)
    assert found.package["cs_lib/layers.py"] == WORK
    assert "layers (2).py differs from layers (10).py; took layers (10).py" in "\n".join(found.problems)
    assert set(found.doubts) == CODE


def test_what_only_another_version_has_is_not_lost(tmp_path: Path) -> None:
    files = hand_in()
    other = {"cs_lib/layers.py": OTHER, NB: files.pop(NB)}
    found = taken({**below("a", files), **below("b", other)}, tmp_path)
    assert found.package["cs_lib/layers.py"] == WORK
    assert f"not used, since b/ is another version: b/{NB}" in found.problems
    assert set(found.doubts) == CODE | INLINE
    assert found.doubts[ONE] == f"the text shown was found in b/{NB} cell {at(answered(), ONE) + 1}"


def test_the_same_hand_in_is_read_the_same_whatever_the_order(tmp_path: Path) -> None:
    files = FILES["an older version of everything"][0](hand_in())
    first = intake.arrange("s001", files, ASSIGNMENT)
    second = intake.arrange("s001", dict(reversed(files.items())), ASSIGNMENT)
    assert (first.package, first.notebooks, first.doubts) == (second.package, second.notebooks, second.doubts)
