"""The loader and the embedded subset. What needs the full set runs where it is, and is skipped elsewhere."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import make_subset
import numpy as np
import pytest
import standin
from PIL import features

from autograder.graders.shared.heldback import heldback
from cs_lib import data_utils

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CS_DATASETS", ROOT / "datasets"))
needs_full_set = pytest.mark.skipif(
    not (DATA / "full").is_dir(), reason="needs the full CIFAR-10 set (python datasets/get_datasets.py)"
)

# sha256 of the uint8 bytes, computed from the official binary archive's rows.
SUBSET_SUMS = {
    "X_train": "28afc872aa454f5edfb44b9dc53187ac9e792b2e75c81b091face3432c78e91b",
    "y_train": "2c365f60663d4e0eae47b2e7e1f85bef4375b295095eff8ce46a32be9415473c",
    "X_val": "10d094200a52eef5cde35d326e892bd4ec21512366a2be7c222e96e10ff40d03",
    "y_val": "1fd0fcd0f223c4f9ef8e12d62ac8a0b91ace8bd54f4a8e4139b5f992d335cfad",
    "X_test": "f167149948fc8fe0b9a76ba86421e987817f98b63761ba9415c5d42664d51f03",
    "y_test": "636a087e604331a0b9dafc94b6e9ade0c9cec72c4400d12473ccdb3e264474c1",
}
HELD_BACK_SUMS = {
    "X": "f587cdaf4d819ade6c06500979cd9b29d3743dfb46dfbd8de0b55ae09d283218",
    "y": "41adaaa3c8443af3bd48c6e7aac93de788193e1f32e45c1b0b4ed5df4fe12bdd",
}
PIXEL_SUMS = "2bc580babbb4496fbb3945589e6ce8e15af434ae82a992645772f9ada18ebe13"  # of the 3072 sums as int64


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv("CS_DATASETS", raising=False)
    monkeypatch.setenv("CS_CIFAR10", "subset")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the data folder without the full set, and the loader uses it."""
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / "datasets" / "subset", folder / "subset")
    shutil.copy(ROOT / "datasets" / "sums.json", folder)
    monkeypatch.setenv("CS_DATASETS", str(folder))
    monkeypatch.delenv("CS_CIFAR10")
    return folder


@pytest.fixture
def tiny_full(copy, monkeypatch):
    """The same, with a full set of 20 training rows, 14 of them for training, and 4 test rows."""
    files = standin.make_files()
    standin.write_full(copy, files)
    (copy / "sums.json").write_text(json.dumps(standin.make_sums(files, b"")))
    monkeypatch.setattr(data_utils, "NUM_TRAINING", 14)
    return files


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).astype(np.uint8).tobytes()).hexdigest()


# The embedded subset


def test_the_subset_is_the_official_rows_pixel_for_pixel():
    data = data_utils.get_CIFAR10_data(subtract_mean=False)
    assert {name: sha256(array) for name, array in data.items()} == SUBSET_SUMS


def test_the_subset_has_the_shapes_and_types_of_the_contract():
    data = data_utils.get_CIFAR10_data()
    for part, rows in {"train": 4000, "val": 1000, "test": 1000}.items():
        assert data[f"X_{part}"].shape == (rows, 3, 32, 32)
        assert data[f"X_{part}"].dtype == np.float64
        assert data[f"X_{part}"].flags.c_contiguous
        assert data[f"y_{part}"].shape == (rows,)
        assert data[f"y_{part}"].dtype == np.int64


def test_the_mean_image_is_that_of_the_49000_rows():
    plain = data_utils.get_CIFAR10_data(subtract_mean=False)
    centred = data_utils.get_CIFAR10_data()
    sums = np.array(json.loads((ROOT / "datasets/subset/subset.json").read_text())["pixel_sums"])
    assert hashlib.sha256(sums.astype("<i8").tobytes()).hexdigest() == PIXEL_SUMS
    mean_image = sums.reshape(3, 32, 32) / 49_000
    for part in ("train", "val", "test"):
        assert np.array_equal(centred[f"X_{part}"], plain[f"X_{part}"] - mean_image)


def test_the_files_have_the_sums_that_stand_beside_them_and_fit_12_megabytes():
    sums = json.loads((ROOT / "datasets" / "sums.json").read_text())["subset"]
    files = {path.name: path.read_bytes() for path in (ROOT / "datasets" / "subset").iterdir()}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == sums
    assert sum(map(len, files.values())) < 12e6


def test_fewer_rows_are_the_first_of_more():
    few = data_utils.get_CIFAR10_data(num_training=50, num_validation=7, num_test=0)
    many = data_utils.get_CIFAR10_data()
    assert np.array_equal(few["X_train"], many["X_train"][:50])
    assert np.array_equal(few["y_val"], many["y_val"][:7])
    assert few["X_test"].shape == (0, 3, 32, 32)


def test_one_line_says_which_data_and_how_many(capsys):
    data_utils.get_CIFAR10_data(num_training=100)
    assert capsys.readouterr().out == (
        "CIFAR-10, embedded subset: 100 training, 1,000 validation, 1,000 test images\n"
    )
    data_utils.get_CIFAR10_data()
    assert capsys.readouterr().out == (
        "CIFAR-10, embedded subset: 4,000 training, 1,000 validation, 1,000 test images "
        "(49,000, 1,000 and 1,000 were asked for); `python datasets/get_datasets.py` gets the full set\n"
    )


@pytest.mark.parametrize("part", ["training", "validation", "test"])
def test_a_number_below_zero_is_refused(part):
    with pytest.raises(ValueError, match=r"the number of \w+ rows must be 0 or more, got -1"):
        data_utils.get_CIFAR10_data(**{f"num_{part}": -1})


@pytest.mark.parametrize("name", ["train.webp", "val.webp", "test.webp", "subset.json"])
def test_a_damaged_or_missing_subset_file_is_named(copy, name):
    path = copy / "subset" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} is damaged \(checksum .*; copy the datasets folder"):
        data_utils.get_CIFAR10_data()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name} is missing; copy the datasets folder"):
        data_utils.get_CIFAR10_data()


def test_damaged_or_missing_sums_are_named(copy):
    (copy / "sums.json").write_text("{")
    with pytest.raises(ValueError, match=r"sums.json is damaged \(Expecting .*; copy the datasets folder"):
        data_utils.get_CIFAR10_data()
    (copy / "sums.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"sums.json is missing; copy the datasets folder"):
        data_utils.load_CIFAR10(copy)


# Where the data is looked for


def test_the_nearest_datasets_folder_above_the_package_is_used(tmp_path, monkeypatch):
    package = tmp_path / "course" / "assignment" / "cs_lib"
    package.mkdir(parents=True)
    monkeypatch.setattr(data_utils, "__file__", str(package / "data_utils.py"))
    with pytest.raises(FileNotFoundError, match=r"no folder datasets with a sums.json .* CS_DATASETS"):
        data_utils.data_folder()
    for folder in (tmp_path / "course", tmp_path / "course" / "assignment"):
        (folder / "datasets").mkdir()
        (folder / "datasets" / "sums.json").write_text("{}")
        assert data_utils.data_folder() == folder / "datasets"


def test_a_datasets_folder_without_our_files_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "a" / "cs_lib").mkdir(parents=True)
    (tmp_path / "a" / "datasets").mkdir()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "sums.json").write_text("{}")
    monkeypatch.setattr(data_utils, "__file__", str(tmp_path / "a" / "cs_lib" / "data_utils.py"))
    assert data_utils.data_folder() == tmp_path / "datasets"


def test_a_named_folder_without_our_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CS_DATASETS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"CS_DATASETS names .*, which has no sums.json; name"):
        data_utils.data_folder()


# The full set


def test_the_full_set_is_used_where_it_is(tiny_full, capsys):
    assert data_utils.dataset_name() == "full"
    data = data_utils.get_CIFAR10_data(num_training=12, subtract_mean=False)
    rows = np.concatenate([standin.rows_of(tiny_full[name]) for name in standin.NAMES])
    images = rows[:, 1:].reshape(-1, 3, 32, 32)
    assert np.array_equal(data["X_train"], images[:12])
    assert np.array_equal(data["X_val"], images[14:20])
    assert np.array_equal(data["X_test"], images[20:])
    assert np.array_equal(data["y_val"], rows[14:20, 0])
    assert capsys.readouterr().out == (
        "CIFAR-10, full set: 12 training, 6 validation, 4 test images (12, 1,000 and 1,000 were asked for)\n"
    )
    centred = data_utils.get_CIFAR10_data(num_training=3)
    assert np.array_equal(centred["X_train"], images[:3] - images[:14].astype(np.float64).mean(axis=0))


def test_load_gives_the_raw_full_set(tiny_full):
    X_train, y_train, X_test, y_test = data_utils.load_CIFAR10()
    assert X_train.shape == (20, 3, 32, 32)
    assert X_train.dtype == np.uint8
    assert y_train.shape == (20,)
    assert X_test.shape == (4, 3, 32, 32)
    assert np.array_equal(y_test, standin.rows_of(tiny_full["test_batch.bin"])[:, 0])


def test_the_environment_picks_the_subset_on_a_machine_with_the_full_set(tiny_full, monkeypatch):
    monkeypatch.setenv("CS_CIFAR10", "subset")
    assert data_utils.dataset_name() == "subset"


def test_the_environment_may_not_name_another_set(monkeypatch):
    monkeypatch.setenv("CS_CIFAR10", "half")
    with pytest.raises(ValueError, match="CS_CIFAR10 must be full or subset, got 'half'"):
        data_utils.dataset_name()


def test_asking_for_the_full_set_where_it_is_not_says_how_to_get_it(copy, monkeypatch):
    assert data_utils.dataset_name() == "subset"
    monkeypatch.setenv("CS_CIFAR10", "full")
    with pytest.raises(
        FileNotFoundError, match=r"data_batch_1.bin is missing; run `python datasets/get_data"
    ):
        data_utils.get_CIFAR10_data()


def test_a_damaged_or_missing_batch_is_named(tiny_full, copy):
    path = copy / "full" / "data_batch_4.bin"
    path.write_bytes(tiny_full["data_batch_5.bin"])
    with pytest.raises(
        ValueError, match=r"data_batch_4.bin is damaged .* run `python datasets/get_datasets.py`"
    ):
        data_utils.get_CIFAR10_data()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"data_batch_4.bin is missing; .* or set CS_CIFAR10=subset"):
        data_utils.get_CIFAR10_data()


@needs_full_set
def test_the_full_set_and_the_subset_agree_to_the_digit(monkeypatch):
    subset = data_utils.get_CIFAR10_data()
    monkeypatch.setenv("CS_DATASETS", str(DATA))
    monkeypatch.setenv("CS_CIFAR10", "full")
    full = data_utils.get_CIFAR10_data(num_training=5000)
    for name, array in subset.items():
        assert np.array_equal(full[name][: len(array)], array)


@needs_full_set
def test_make_subset_makes_the_committed_files(tmp_path, monkeypatch):
    (tmp_path / "full").symlink_to(DATA / "full")
    sums = json.loads((ROOT / "datasets" / "sums.json").read_text())
    (tmp_path / "sums.json").write_text(json.dumps({**sums, "subset": {}}))
    make_subset.make_subset(tmp_path)
    for path in (ROOT / "datasets" / "subset").iterdir():
        # Another encoder may pack the same pixels in other bytes.
        if path.suffix == ".json" or features.version("webp") == "1.6.0":
            assert (tmp_path / "subset" / path.name).read_bytes() == path.read_bytes()
    monkeypatch.setenv("CS_DATASETS", str(tmp_path))
    data = data_utils.get_CIFAR10_data(subtract_mean=False)
    assert {name: sha256(array) for name, array in data.items()} == SUBSET_SUMS


def test_make_subset_refuses_a_damaged_full_set(tiny_full, copy, capsys, monkeypatch):
    (copy / "full" / "data_batch_2.bin").write_bytes(b"x")
    monkeypatch.setattr(sys, "argv", ["make_subset.py", "--datasets", str(copy)])
    assert make_subset.main() == 1
    assert "data_batch_2.bin is damaged; run get_datasets.py" in capsys.readouterr().err


# The judge's images


def test_the_held_back_images_are_test_rows_1000_to_1999():
    X, y = heldback()
    assert X.shape == (1000, 3, 32, 32)
    assert X.dtype == np.float64
    facts = json.loads((ROOT / "autograder/graders/shared/heldback.json").read_text())
    sums = np.array(facts["pixel_sums"])
    assert hashlib.sha256(sums.astype("<i8").tobytes()).hexdigest() == PIXEL_SUMS
    assert sha256(np.rint(X + sums.reshape(3, 32, 32) / 49_000)) == HELD_BACK_SUMS["X"]
    assert sha256(y) == HELD_BACK_SUMS["y"]


def test_the_held_back_images_are_loaded_once_and_cannot_be_changed():
    X, y = heldback()
    assert heldback()[0] is X
    for array in (X, y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_no_held_back_image_is_in_the_subset():
    held_back = {image.tobytes() for image in heldback()[0]}
    data = data_utils.get_CIFAR10_data()
    for part in ("train", "val", "test"):
        assert held_back.isdisjoint(image.tobytes() for image in data[f"X_{part}"])


# Trained models


def read(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def net(kind, **attributes):
    """An object of a class of that name, as save_model sees a net."""
    params = {"W1": np.arange(6.0).reshape(2, 3), "b1": np.zeros(3, dtype=np.float32)}
    return type(kind, (SimpleNamespace,), {})(params=params, **attributes)


def test_a_saved_model_holds_params_and_architecture(tmp_path):
    model = net("TwoLayerNet")
    data_utils.save_model(tmp_path / "results" / "two_layer_net.npz", model, "subset")
    saved = read(tmp_path / "results" / "two_layer_net.npz")
    assert json.loads(str(saved.pop("architecture"))) == {
        "kind": "TwoLayerNet",
        "normalization": None,
        "dataset": "subset",
    }
    assert saved.keys() == model.params.keys()
    for name, value in model.params.items():
        assert np.array_equal(saved[name], value)
        assert saved[name].dtype == value.dtype


@pytest.mark.parametrize(
    ("attributes", "normalization"),
    [({"normalization": "batchnorm"}, "batchnorm"), ({"use_batch_norm": True}, "batchnorm")],
    ids=["fully-connected", "convolutional"],
)
def test_a_saved_model_holds_the_running_statistics(tmp_path, attributes, normalization):
    bn_params = [
        {"mode": "train", "running_mean": np.full(3, float(i)), "running_var": np.full(3, i + 0.5)}
        for i in (0, 1)
    ]
    data_utils.save_model(tmp_path / "net.npz", net("Net", bn_params=bn_params, **attributes), "full")
    saved = read(tmp_path / "net.npz")
    assert json.loads(str(saved["architecture"]))["normalization"] == normalization
    assert np.array_equal(saved["running_mean2"], [1, 1, 1])
    assert np.array_equal(saved["running_var1"], [0.5, 0.5, 0.5])


def test_layer_normalization_has_no_running_statistics(tmp_path):
    model = net("FullyConnectedNet", normalization="layernorm", bn_params=[{}], use_batch_norm=False)
    data_utils.save_model(tmp_path / "net.npz", model, "full")
    saved = read(tmp_path / "net.npz")
    assert saved.keys() == {"W1", "b1", "architecture"}
    assert json.loads(str(saved["architecture"]))["normalization"] == "layernorm"


def test_a_model_is_saved_only_with_known_data(tmp_path):
    with pytest.raises(ValueError, match='dataset must be "full" or "subset", got \'all\''):
        data_utils.save_model(tmp_path / "net.npz", net("Net"), "all")
    assert list(tmp_path.iterdir()) == []
