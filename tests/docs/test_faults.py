"""The tables of faults in docs/scale.md name tests that exist, and every wait has an end or a reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "autograder"
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
COLUMNS = ["what happens", "printed", "exit", "waits", "tested in"]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

# Waits without an end of their own, each with what ends it.
ENDLESS = {
    "bounded.py: os.waitpid": "after the pipe's end or SIGKILL",
    "mutants/campaign.py: done.result": "of what `as_completed` says is done",
    "mutants/visible.py: os.waitpid": "the child has a limit of processor time; mutants are no hand-ins",
    "sandbox/client.py: self._process.wait": "after SIGKILL",
    "sandbox/zygote.py: os.wait4": "after SIGKILL",
    "sandbox/zygote.py: socket.recv_fds": "the judge's next request: the kernel ends a zygote with its judge",
    "workers/dask_worker.py: self.idle.get": "of a queue that is not empty",
    "workers/dask_worker.py: self.starter.submit(…).result": "starts a process, and waits for none",
    "workers/process.py: self.pipe.recv_bytes": "our end of the pipe has a limit, see `patient_pair`",
    "workers/process.py: self.process.wait": "after SIGKILL",
    "workers/serve.py: pipe.recv": "the next task: the kernel ends a grading process with who started it",
}
# Where the wall clock is asked for the time of day, which is written down and decides no wait.
STAMPS = {
    "gradebook/ledger.py",
    "gradebook/objections.py",
    "intake/collector.py",
    "runs/git_hosts.py",
    "runs/health.py",
    "runs/student_pages.py",
    "runs/taking.py",
    "runs/watch.py",
}


def rows() -> Iterator[list[str]]:
    """The cells of each row of the tables of faults."""
    inside = False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[1:] == COLUMNS:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not set(line) <= set("|- "):
            yield cells


ROWS = list(rows())


def test_there_are_the_tables() -> None:
    assert len(ROWS) > 50
    assert {len(row) for row in ROWS} == {6}


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_a_row_says_what_is_printed_with_which_code_and_which_tests_show_it(row: list[str]) -> None:
    fault, happens, printed, code, waits, tested = row
    assert all((fault, happens, printed, waits))
    assert re.fullmatch(r"–|as above|[0-3](( or |; )[0-3].*)?", code)
    named = NAMED.findall(tested)
    assert named
    assert not NAMED.sub("", tested).strip(" ,")
    for path, test in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(    )?def {test}\(", text, re.M), f"{path}::{test}"


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    for path in sorted(ENGINE.rglob("*.py")):
        name = path.relative_to(ENGINE).as_posix()
        if not name.startswith(("graders/", "release/work")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield name, node, re.sub(r"\(.*\)", "(…)", ast.unparse(node.func))


def is_endless(node: ast.Call, called: str) -> bool:
    """Whether a call may wait as long as it likes."""
    keywords = {keyword.arg for keyword in node.keywords}
    last = called.rpartition(".")[2]
    if "timeout" in keywords or None in keywords:
        return False
    if called in ("subprocess.run", "subprocess.check_output", "subprocess.check_call"):
        return True
    if called in ("os.waitpid", "os.wait4"):
        return "WNOHANG" not in ast.unparse(node)
    if last in ("recv_fds", "recv_bytes", "flock"):
        return "LOCK_NB" not in ast.unparse(node)
    return last in ("wait", "communicate", "join", "result", "recv", "get", "acquire") and not node.args


def test_every_wait_has_an_end_or_a_reason() -> None:
    found = {f"{name}: {called}" for name, node, called in calls() if is_endless(node, called)}
    assert found == set(ENDLESS)


def test_no_wait_is_counted_by_the_wall_clock() -> None:
    wall = ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today")
    assert {name for name, _, called in calls() if called in wall} == STAMPS
