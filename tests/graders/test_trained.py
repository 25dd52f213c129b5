"""Trained models earn their points in steps, by targets that the course sets."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.graders.shared import trained
from autograder.graders.shared.heldback import heldback

from .running import Outcome, rows, run, score

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
IDS = tuple(trained.TASKS)


def grade(results: dict[str, bytes], *only: str) -> list[Outcome]:
    return [run(row, results=results) for row in rows(trained) if row.grade_id in (only or IDS)]


def sample_results() -> dict[str, bytes]:
    return {task.path: (SAMPLES / task.path).read_bytes() for task in trained.TASKS.values()}


def changed(data: bytes, *, dataset: str = "subset", keep: float = 1.0, kind: str = "") -> bytes:
    """The same net with another label, another kind, or only a share of its weights."""
    rng = np.random.default_rng(0)
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    facts = json.loads(str(arrays.pop("architecture"))) | {"dataset": dataset}
    facts["kind"] = kind or facts["kind"]
    for key, value in arrays.items():
        if key.startswith("W"):
            arrays[key] = value * (rng.random(value.shape) < keep)
    stream = io.BytesIO()
    np.savez(stream, **arrays, architecture=np.array(json.dumps(facts)))
    return stream.getvalue()


def test_the_sample_nets_get_full_marks() -> None:
    outcomes = grade(sample_results())
    assert score(outcomes) == dict.fromkeys(IDS, 1.0), [o.error for o in outcomes]


def test_a_net_not_handed_in_gets_nothing() -> None:
    outcomes = grade({})
    assert score(outcomes) == dict.fromkeys(IDS, 0.0)
    assert {o.property for o in outcomes} == {"missing"}
    assert "results/two_layer_net.npz was not handed in" in str(outcomes[0].error)


def test_an_unreadable_net_gets_nothing() -> None:
    assert score(grade(dict.fromkeys(sample_results(), b"nonsense"))) == dict.fromkeys(IDS, 0.0)


@pytest.mark.parametrize("grade_id", IDS)
def test_a_net_that_knows_nothing_gets_the_points_for_its_file(grade_id: str) -> None:
    results = sample_results()
    path = trained.TASKS[grade_id].path
    results[path] = changed(results[path], keep=0.0)
    outcomes = {o.case.id: o for o in grade(results, grade_id)}
    assert outcomes["file"].error is None
    assert re.search(
        r"of the held-back images right; this course asks for 2\d\.0%, which a net trained on the embedded "
        r"subset reaches",
        str(outcomes["half_way"].error),
    )
    assert outcomes["target"].error is not None
    assert score(outcomes.values())[grade_id] == 0.25


@pytest.mark.parametrize("label", ["full", "subset"])
def test_what_a_file_says_of_its_data_decides_nothing(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "results/two_layer_net.npz"
    results = {path: changed(sample_results()[path], dataset=label)}
    assert score(grade(results, "train_two_layer_net")) == {"train_two_layer_net": 1.0}
    monkeypatch.setattr(trained, "TRAINED_ON", "full")
    outcomes = {o.case.id: o.error for o in grade(results, "train_two_layer_net")}
    assert outcomes["file"] is None
    assert outcomes["half_way"] is None
    assert "asks for 45.0%, which a net trained on the full training set reaches" in str(outcomes["target"])


def test_another_kind_of_net_is_refused() -> None:
    results = sample_results()
    results["results/conv_net.npz"] = results["results/two_layer_net.npz"]
    errors = {o.error for o in grade(results, "train_conv_net")}
    assert errors == {
        "results/conv_net.npz holds a TwoLayerNet; this exercise trains a ConvNet or ThreeLayerConvNet."
    }


def test_targets_lie_between_chance_and_what_is_known_to_work() -> None:
    for task in trained.TASKS.values():
        assert set(task.target) == {"full", "subset"}
        assert trained.CHANCE < task.target["subset"] - trained.MARGIN < task.target["full"] < 0.7


def test_the_notebooks_name_the_same_targets() -> None:
    named = {}
    for path in (SAMPLES.parent / "source").glob("*/*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in IDS:
                (line,) = (text for text in cell["source"] if " if full else " in text)
                parts = dict(zip(("full", "subset"), line.split(" if full else "), strict=True))
                named[grade_id] = {key: float(re.findall(r"0\.\d+", text)[0]) for key, text in parts.items()}
    assert named == {grade_id: dict(task.target) for grade_id, task in trained.TASKS.items()}


def test_the_held_back_images_are_not_those_students_have() -> None:
    from cs_lib import data_utils

    X, y = heldback()
    data = data_utils.get_CIFAR10_data()
    known = {image.tobytes() for part in ("train", "val", "test") for image in np.rint(data[f"X_{part}"])}
    assert not known & {image.tobytes() for image in np.rint(X)}
    assert np.bincount(y, minlength=10).min() > 50


def test_the_same_numbers_have_the_same_fingerprint_however_they_are_packed() -> None:
    data = sample_results()["results/two_layer_net.npz"]
    with np.load(io.BytesIO(data)) as stored:
        arrays = {key: stored[key] for key in stored.files}
    again = io.BytesIO()
    np.savez_compressed(again, **dict(reversed(arrays.items())))
    other = io.BytesIO()
    np.savez(other, **{**arrays, "W1": arrays["W1"] + np.float32(1e-3)})
    task = trained.TASKS["train_two_layer_net"]
    prints = [trained.fingerprint(trained.load(task, d)) for d in (data, again.getvalue(), other.getvalue())]
    assert prints[0] == prints[1] != prints[2]
