"""A student who hands in again and again, with code that carries hidden inputs out by every way we know."""

import re
import subprocess
import sys
from html import unescape

import pytest

from autograder.records.record import Record
from tests.pipelines.watching import Desk
from tests.small_kit import GIVEN, GRADERS, NAME

INPUTS = ("7351", "7351.25", "-9173")  # hidden ones, that stand nowhere else
GRADER = (
    GRADERS.replace("x=10**6", "x=7351.25")
    .replace("x=-3", "x=-9173")
    .replace('Case("large"', 'Case("large", hint="Think of large ones."')
)
WAYS = {
    "in an exception": "raise ValueError(f'got {x!r}')",
    "in a type": "raise type(f'Got{x}'.replace('.', '_').replace('-', 'm'), (Exception,), {})(x)",
    "in notes and causes": "e = KeyError(x); e.add_note(str(x)); raise e from OSError(str(x))",
    "in a warning": "import warnings; warnings.warn(str(x)); return x",
    "in what is printed": "print(x); import sys; print(x, file=sys.stderr); return x",
    "in what is returned": "return x",
    "in a string": "return f'{x}'",
    "in a shape": "return np.zeros(abs(int(x)) % 97)",
    "in a dtype": "return np.array([x], dtype=[(f'f{abs(int(x))}', 'f8')])",
    "in a name of a class": "return type(f'Got{abs(int(x))}', (), {})()",
    "in the keys of a dict": "return {str(x): x}",
    "in a syntax error": "exec(f'1 {abs(int(x))} 2')",
    "in a file's name": "compile('1/0', f'{x}.py', 'exec'); exec(compile('1/0', f'got{x}.py', 'exec'))",
    "in a missing name": "return getattr(np, f'got_{abs(int(x))}')",
    "in an exit code": "import os; os._exit(abs(int(x)) % 250)",
    "in a sleep": "import time; time.sleep(abs(x) % 7 / 100); return x",
    "in an error of size": "return 2 * x * 1.07351",
    "in a stub": "raise NotImplementedError(str(x))",
}


def probing(way: str) -> str:
    """The release, with a body for `double`."""
    return GIVEN.replace("raise NotImplementedError", way, 1)


def shown(desk: Desk, student: str) -> str:
    """All that a student gets, but for what tells one from another: their own id, and when they handed in."""
    page = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", desk.page(student))
    data = (desk.out / f"results/{student}/results.json").read_text()
    text = (unescape(page) + data).replace(student, "STUDENT")
    return re.sub(r"hand-in of \d+ \w+, [\d:]+", "hand-in of THEN", text)


@pytest.mark.long
@pytest.mark.parametrize("view", ["visible", "pass-fail", "hints"])
def test_nothing_that_code_is_given_comes_back(view: str, desk: Desk) -> None:
    desk.kit.write_graders(GRADER)
    desk.settings(f'[watch]\nbefore_due = "{view}"\n')
    students = {f"s{number:03}": way for number, way in enumerate(WAYS)}
    for student, way in students.items():
        desk.zip(student, probing(WAYS[way]))
    command = [sys.executable, "-P", "-m", "autograder", "watch", NAME, str(desk.drop), "--once"]
    run = subprocess.run(
        [*command, "--out", str(desk.out)],
        cwd=desk.kit.home,
        env=desk.kit.environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stderr
    texts = {way: shown(desk, student) for student, way in students.items()}
    carried = {way for way in WAYS for hidden in INPUTS if hidden in _record(desk, students, way)}
    assert len(carried) >= 5  # the records do hold them, which is what would be shown after the due date
    assert [(way, hidden) for way, text in texts.items() for hidden in INPUTS if hidden in text] == []
    assert not any(re.search(r"\d\.\d|\d{4,}|e[-+]\d", _without_dates(text)) for text in texts.values())
    if view != "hints":
        assert len(set(texts.values())) == 1  # whatever the code does, it reads the same
    else:
        assert len(set(texts.values())) <= 8


def _record(desk: Desk, students: dict[str, str], way: str) -> str:
    student = next(s for s, w in students.items() if w == way)
    text = (desk.out / f"records/{student}.json").read_text()
    assert isinstance(Record.from_json(text), Record)
    return text


def _without_dates(text: str) -> str:
    return re.sub(r'"number": "\d+\.\d+"', "", text)
