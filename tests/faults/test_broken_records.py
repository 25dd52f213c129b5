"""A record that is broken or was changed by hand is named with its file, once, and made anew."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from autograder.course import assignment as course
from autograder.gradebook.graded import Graded
from autograder.runs import publish as reporting
from tests.small_kit import NAME, Kit, records_of


def change(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "s000": (lambda path: path.write_text("{"), "not a record (the file ends too early)"),
    "s001": (lambda path: change(path, student="a/b"), "a name that a file may have"),
    "s002": (lambda path: change(path, student="s009"), "a record of 's009'"),
    "s003": (as_pipe, "no ordinary file"),
}


def test_broken_records_are_named_once_and_made_anew(kit: Kit, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kit.hand_in_many(5)
    assert kit.grade(out).returncode == 1
    before = records_of(out)
    for student, (breaks, _) in BROKEN.items():
        breaks(out / f"records/{student}.json")

    graded = Graded(course.load(NAME, kit.home), out)
    reporting.write_pages(graded)
    for student, (_, why) in BROKEN.items():
        assert graded.faults[student].count(why) == graded.faults[student].count("grade again") == 1
        assert "regex" not in graded.faults[student]

    done = kit.grade(out, "--json")
    lines = {line["student"]: line["problems"] for line in json.loads(done.stdout)["students"]}
    for student, (_, why) in BROKEN.items():
        named = f"a broken record is not used: {out}/records/{student}.json: "
        assert [problem.startswith(named) and why in problem for problem in lines[student]] == [True]
        assert done.stderr.count(named) == 1
    assert lines["s004"] == []
    assert records_of(out) == before
    again = kit.grade(out, "--json")
    assert "broken record" not in again.stderr + again.stdout


def test_a_record_of_another_schema_is_made_anew_without_a_word(kit: Kit, tmp_path: Path) -> None:
    kit.hand_in("s001")
    kit.grade(tmp_path / "out")
    before = records_of(tmp_path / "out")
    change(tmp_path / "out/records/s001.json", schema=1)
    done = kit.grade(tmp_path / "out", "--json")
    assert "broken record" not in done.stderr + done.stdout
    assert records_of(tmp_path / "out") == before
