"""The examples of docs/pipelines-unattended.md, as they stand there, on a small course."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import printed
from tests.intake.conftest import zipped
from tests.intake.test_git import Student as Repository
from tests.small_kit import NAME, POINTS, RIGHT, Kit, notebook, records_of

PAGE = (Path(__file__).parents[2] / "docs/pipelines-unattended.md").read_text(encoding="utf-8")
HAND_IN = {"cs_lib/layers.py": RIGHT.encode(), "nb.ipynb": notebook(POINTS).encode()}


def example(language: str, holding: str) -> str:
    """The one block of the page in this language that holds this line."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if holding in block]
    return str(found)


class Machine:
    """A small course on a machine where `autograder` is in PATH."""

    def __init__(self, folder: Path) -> None:
        self.kit = Kit(folder / "course")
        self.home, self.bin = self.kit.home, folder / "bin"
        self.program("autograder", f'exec {sys.executable} -P -m autograder "$@"')
        self.environment = self.kit.environment
        self.environment["PATH"] = f"{self.bin}{os.pathsep}{self.environment['PATH']}"

    def program(self, name: str, text: str) -> None:
        self.bin.mkdir(exist_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.home, env=self.environment | environment, capture_output=True, text=True
        )

    def write(self, name: str, text: str) -> str:
        path = self.home / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.long
def test_the_script_goes_on_where_people_are_needed_and_stops_at_errors(machine: Machine) -> None:
    script = machine.write("nightly.sh", example("sh", "step() {"))
    stopped = machine.run(script, NAME, "downloads", "graded")
    assert stopped.returncode == 2
    assert "downloads: no such folder or zip" in stopped.stderr
    downloads = machine.home / "downloads"
    downloads.mkdir()
    (downloads / "s001_501_7001_work.zip").write_bytes(zipped(HAND_IN))
    (downloads / "s002_502_7002_work.zip").write_bytes(zipped({**HAND_IN, "nb.ipynb": b"{"}))
    needed = machine.run(script, NAME, "downloads", "graded")
    assert needed.returncode == 1, needed.stderr
    said = printed.read("GradeOutput", (machine.home / f"graded/{NAME}.json").read_text())
    assert [bool(student["errors"]) for student in said["students"]] == [False, True]
    assert (machine.home / f"graded/{NAME}.csv").exists()
    # The crontab's line is a command that a shell reads, with the five fields of a time before it.
    line = example("text", "nightly.sh").splitlines()[-1]
    command = line.split(maxsplit=5)[5].replace("/srv/course", str(machine.home)).replace("assignment1", NAME)
    assert machine.run("sh", "-c", command).returncode == 1


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not there")
def test_systemd_reads_the_units(machine: Machine, tmp_path: Path) -> None:
    machine.write("nightly.sh", example("sh", "step() {"))
    for kind, holding in (("service", "[Service]"), ("timer", "[Timer]")):
        text = example("ini", holding).replace("/srv/course", str(machine.home))
        (tmp_path / f"grade@.{kind}").write_text(text)
    units = [str(tmp_path / f"grade@{NAME}.{kind}") for kind in ("service", "timer")]
    for unit, template in zip(units, ("grade@.service", "grade@.timer"), strict=True):
        shutil.copy(tmp_path / template, unit)
    read = machine.run("systemd-analyze", "verify", *units)
    ours = [line for line in read.stderr.splitlines() if "grade@" in line]
    assert (read.returncode, ours) == (0, [])
    (tmp_path / f"grade@{NAME}.timer").write_text("[Timer]\nOnCalendar=never\n")
    assert "Failed to parse calendar" in machine.run("systemd-analyze", "verify", units[1]).stderr


@pytest.mark.long
def test_the_slurm_script(machine: Machine) -> None:
    machine.kit.hand_in_many(2)
    script = machine.write("grade.sbatch", example("sh", "#SBATCH --requeue"))
    done = machine.run(script, NAME, SLURM_CPUS_PER_TASK="2")
    assert done.returncode == 0, done.stderr
    assert sorted(records_of(machine.home / f"graded/{NAME}")) == ["s000", "s001"]
    assert machine.run(script, "nothing", SLURM_CPUS_PER_TASK="2").returncode == 2


@pytest.mark.long
def test_slurm_with_dask_on_a_queue_of_this_machine(machine: Machine) -> None:
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not there")
    machine.kit.hand_in_many(3)
    log = machine.home / "job.log"
    machine.program("sbatch", f'bash "$1" >>"{log}" 2>&1 & echo "Submitted batch job $!"')
    machine.program("scancel", 'for job; do pkill -P "$job"; kill "$job"; done 2>/dev/null; true')
    text = example("python", "SLURMCluster").replace("cores=4, processes=4", "cores=1")
    script = machine.write("slurm.py", text.replace("jobs=8", "jobs=1"))
    here = {"DASK_JOBQUEUE__SLURM__SCHEDULER_OPTIONS": "{'host': '127.0.0.1', 'dashboard': False}"}
    here["DASK_JOBQUEUE__SLURM__WORKER_EXTRA_ARGS"] = "['--host', '127.0.0.1', '--no-dashboard']"
    for _ in range(3):  # where no worker comes in time, the same command goes on, as it says
        done = machine.run(sys.executable, script, NAME, **here)
        if done.returncode != 3:
            break
    assert done.returncode == 1, done.stderr + log.read_text()  # an answer needs review
    assert sorted(records_of(machine.home / f"graded/{NAME}")) == ["s000", "s001", "s002"]


@pytest.mark.long
def test_gitlabs_script(machine: Machine, tmp_path: Path) -> None:
    one = Repository(tmp_path, "s001", logs=True)
    (one.clone / "nb.ipynb").write_text(notebook(POINTS))
    one.push(RIGHT, "2026-02-01T11:00:00+00:00")
    roster = machine.write("roster.csv", f"id,repository\ns001,{one.host}\n")
    job = yaml.safe_load(example("yaml", "CI_PIPELINE_SOURCE"))["grade"]
    for line in job["script"]:
        # As GitLab's runner does: stop at the first line that fails.
        done = machine.run("bash", "-e", "-c", line.replace("assignment1", NAME), ROSTER=roster)
        assert done.returncode == 0, done.stderr
    assert "<testsuite" in (machine.home / job["artifacts"]["reports"]["junit"]).read_text()
    assert job["artifacts"]["access"] == "developer"
