"""The class report in a real browser: its controls are made, sort and filter, and no other script runs."""

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.records.record import Record
from autograder.reports import class_report
from tests.reports.sample import assignment, case, graded, record

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
LESSON = assignment("one", "other/two")
STEPS = """
const heat = document.getElementById("heat-table");
const rows = () => [...heat.tBodies[0].rows].filter((r) => !r.hidden);
const names = () => rows().map((r) => r.cells[0].textContent).join();
const reported = [names()];
const points = heat.tHead.rows[1].cells[1].querySelector("button");
points.click(); reported.push(names());
points.click(); reported.push(names());
const tools = [...document.querySelectorAll(".tools")].at(-1);
const [search, students, notebook] = tools.querySelectorAll("input, select");
search.value = "s1"; search.dispatchEvent(new Event("input")); reported.push(names());
search.value = ""; search.dispatchEvent(new Event("input"));
students.value = "needs_review"; students.dispatchEvent(new Event("change")); reported.push(names());
reported.push(tools.querySelector("output").textContent);
notebook.value = "other"; notebook.dispatchEvent(new Event("change"));
reported.push([...heat.tHead.rows[1].cells].filter((c) => c.offsetParent).map((c) => c.textContent).join());
document.body.dataset.reported = reported.join("|");
"""


def student(name: str, one: float, two: float, **more: str) -> Record:
    cells = [graded(one, case(message="<img src=x onerror=document.title=1>"), grade_id="one")]
    return record(*cells, graded(two, grade_id="two", notebook="other", **more), student=name)


def opened(page: str, folder: Path) -> str:
    """The page's document once its scripts have run."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/profile",
    ]
    done = subprocess.run(
        [*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=600, check=True
    )
    return done.stdout


def test_controls_sort_and_filter(tmp_path: Path) -> None:
    class_ = [
        student("s1", 1.0, 1.0),
        student("s2", 2.0, 2.0),
        student("s10", 0.0, 0.5, state="needs_review"),
    ]
    page = class_report.render(class_, LESSON)
    script = page[page.index("<script>") + 8 : page.index("</script>")]
    longer = script + STEPS
    for old, new in ((script, longer), (digest(script), digest(longer))):
        assert page.count(old) == 1
        page = page.replace(old, new)
    found = re.search(r'data-reported="(.*?)"', opened(page, tmp_path))
    assert found is not None
    assert found.group(1).split("|") == [
        "s1,s2,s10",
        "s10,s1,s2",
        "s2,s1,s10",
        "s1,s10",
        "s10",
        "1 of 3 shown",
        "student,points,two",
    ]


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_no_other_script_runs(tmp_path: Path) -> None:
    page = class_report.render([student("s1", 1.0, 1.0)], LESSON)
    mark = "document.body.dataset.foreign = 1"
    foreign = f"<script>{mark}</script><img src=x onerror='{mark}'>"
    document = opened(page.replace("<main", f"{foreign}<main"), tmp_path)
    assert 'class="tools"' in document
    assert "data-foreign" not in document
