"""A folder of the assignment's name beside the work is not taken for the work."""

import json
from pathlib import Path

from tests.small_kit import NAME, Kit, records_of


def test_a_stray_folder_beside_the_work_costs_nothing(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    (kit.submitted / "s001" / NAME).mkdir()
    (kit.submitted / "s001" / NAME / "notes.txt").write_text("mine")
    kit.hand_in("s002")
    (kit.submitted / "s002" / NAME).mkdir()
    kit.grade(tmp_path / "out")
    assert {s: r["grades"]["double"]["points"] for s, r in records_of(tmp_path / "out").items()} == {
        "s001": 4.0,
        "s002": 4.0,
    }


def test_the_untouched_notebook_in_such_a_folder_is_no_settled_zero(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    inner = kit.submitted / "s001" / NAME
    inner.mkdir()
    (inner / "nb.ipynb").write_bytes((kit.home / f"source/{NAME}/nb.ipynb").read_bytes())
    done = kit.grade(tmp_path / "out", "--json")
    [line] = json.loads(done.stdout)["students"]
    grade = records_of(tmp_path / "out")["s001"]["grades"]["double"]
    assert (grade["points"], grade["state"]) == (4.0, "graded") or line["needed"], grade


def test_nbgraders_layout_is_read_as_ever(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    whole = kit.submitted / "s001"
    inner = kit.submitted / "s002" / NAME
    inner.parent.mkdir()
    whole.rename(inner)
    kit.grade(tmp_path / "out")
    assert records_of(tmp_path / "out")["s002"]["grades"]["double"]["points"] == 4.0
