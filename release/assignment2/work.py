#!/usr/bin/env python3
"""What is done, what is wrong, what is still to do.

    python work.py                     the state of each part, and what to do next
    python work.py check [NAME ...]    run the checks of the notebooks, without a notebook
    python work.py pack                make hand-in.zip
    python work.py bring ../OLDER      carry over what you wrote for an earlier assignment

With --watch the first two run again after each save. On Windows type `py work.py`.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import contextlib
import copy
import difflib
import faulthandler
import functools
import hashlib
import importlib
import importlib.util
import io
import json
import linecache
import os
import re
import shutil
import subprocess
import symtable
import sys
import tempfile
import textwrap
import threading
import time
import traceback
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# What the course says of this assignment; filled in when it is released.
COURSE = json.loads(r"""
{
 "name": "assignment2",
 "title": "Assignment 2: deeper, normalised, convolutional networks",
 "package": "cs_lib",
 "results": [
  "results/fully_connected_net.npz",
  "results/conv_net.npz"
 ],
 "todo": [
  [
   "cs_lib/layers.py",
   "affine_forward"
  ],
  [
   "cs_lib/layers.py",
   "affine_backward"
  ],
  [
   "cs_lib/layers.py",
   "relu_forward"
  ],
  [
   "cs_lib/layers.py",
   "relu_backward"
  ],
  [
   "cs_lib/layers.py",
   "batchnorm_forward"
  ],
  [
   "cs_lib/layers.py",
   "batchnorm_backward"
  ],
  [
   "cs_lib/layers.py",
   "batchnorm_backward_alt"
  ],
  [
   "cs_lib/layers.py",
   "layernorm_forward"
  ],
  [
   "cs_lib/layers.py",
   "layernorm_backward"
  ],
  [
   "cs_lib/layers.py",
   "dropout_forward"
  ],
  [
   "cs_lib/layers.py",
   "dropout_backward"
  ],
  [
   "cs_lib/layers.py",
   "conv_forward_naive"
  ],
  [
   "cs_lib/layers.py",
   "conv_backward_naive"
  ],
  [
   "cs_lib/layers.py",
   "max_pool_forward_naive"
  ],
  [
   "cs_lib/layers.py",
   "max_pool_backward_naive"
  ],
  [
   "cs_lib/layers.py",
   "spatial_batchnorm_forward"
  ],
  [
   "cs_lib/layers.py",
   "spatial_batchnorm_backward"
  ],
  [
   "cs_lib/layers.py",
   "spatial_groupnorm_forward"
  ],
  [
   "cs_lib/layers.py",
   "spatial_groupnorm_backward"
  ],
  [
   "cs_lib/optim.py",
   "sgd_momentum"
  ],
  [
   "cs_lib/optim.py",
   "rmsprop"
  ],
  [
   "cs_lib/optim.py",
   "adam"
  ],
  [
   "cs_lib/classifiers/fc_net.py",
   "TwoLayerNet"
  ],
  [
   "cs_lib/classifiers/fc_net.py",
   "FullyConnectedNet"
  ],
  [
   "cs_lib/classifiers/cnn.py",
   "ThreeLayerConvNet"
  ],
  [
   "cs_lib/classifiers/cnn.py",
   "ConvNet"
  ]
 ],
 "packages": [
  "numpy"
 ],
 "imports": {
  "cs_lib/__init__.py": [],
  "cs_lib/checks.py": [
   "numpy"
  ],
  "cs_lib/classifiers/__init__.py": [],
  "cs_lib/classifiers/cnn.py": [
   "numpy"
  ],
  "cs_lib/classifiers/fc_net.py": [
   "numpy"
  ],
  "cs_lib/data_utils.py": [
   "PIL",
   "numpy"
  ],
  "cs_lib/fast_layers.py": [
   "numpy"
  ],
  "cs_lib/gradient_check.py": [
   "numpy"
  ],
  "cs_lib/layer_utils.py": [
   "numpy"
  ],
  "cs_lib/layers.py": [
   "numpy"
  ],
  "cs_lib/notebook_checks.py": [
   "numpy"
  ],
  "cs_lib/notebook_setup.py": [
   "IPython"
  ],
  "cs_lib/optim.py": [
   "numpy"
  ],
  "cs_lib/solver.py": [
   "numpy"
  ],
  "cs_lib/vis_utils.py": [
   "matplotlib",
   "numpy"
  ]
 },
 "names": {
  "cs_lib/__init__.py": [],
  "cs_lib/checks.py": [
   "has_shape",
   "is_batch",
   "are_labels",
   "mode_of",
   "keep_ratio",
   "integers",
   "output_size",
   "conv_settings",
   "pool_settings",
   "float_dtype"
  ],
  "cs_lib/classifiers/__init__.py": [],
  "cs_lib/classifiers/cnn.py": [
   "ThreeLayerConvNet",
   "ConvNet",
   "_same_size_conv"
  ],
  "cs_lib/classifiers/fc_net.py": [
   "TwoLayerNet",
   "FullyConnectedNet"
  ],
  "cs_lib/data_utils.py": [
   "get_CIFAR10_data",
   "dataset_name",
   "data_folder",
   "load_CIFAR10",
   "save_model",
   "_full_parts",
   "_subset_parts",
   "_read_batch",
   "_read_tiles",
   "_read_sums",
   "_check_sum",
   "_description"
  ],
  "cs_lib/fast_layers.py": [
   "conv_forward_fast",
   "conv_backward_fast",
   "max_pool_forward_fast",
   "max_pool_backward_fast",
   "_blocks",
   "_windows",
   "_rows_seen",
   "_input_gradient",
   "_places",
   "_every"
  ],
  "cs_lib/gradient_check.py": [
   "rel_error",
   "eval_numerical_gradient",
   "eval_numerical_gradient_array",
   "grad_check_sparse",
   "_both_sides",
   "_require_float64"
  ],
  "cs_lib/layer_utils.py": [
   "affine_relu_forward",
   "affine_relu_backward",
   "affine_norm_relu_forward",
   "affine_norm_relu_backward",
   "conv_relu_forward",
   "conv_relu_backward",
   "conv_relu_pool_forward",
   "conv_relu_pool_backward",
   "conv_bn_relu_pool_forward",
   "conv_bn_relu_pool_backward"
  ],
  "cs_lib/layers.py": [
   "affine_forward",
   "affine_backward",
   "relu_forward",
   "relu_backward",
   "svm_loss",
   "softmax_loss",
   "batchnorm_forward",
   "batchnorm_backward",
   "batchnorm_backward_alt",
   "layernorm_forward",
   "layernorm_backward",
   "dropout_forward",
   "dropout_backward",
   "conv_forward_naive",
   "conv_backward_naive",
   "max_pool_forward_naive",
   "max_pool_backward_naive",
   "spatial_batchnorm_forward",
   "spatial_batchnorm_backward",
   "spatial_groupnorm_forward",
   "spatial_groupnorm_backward"
  ],
  "cs_lib/notebook_checks.py": [
   "NotYet",
   "_Tally",
   "title",
   "compare",
   "holds",
   "keeps",
   "total",
   "_called",
   "_call_arguments",
   "_cast",
   "_arrays",
   "_state",
   "_stays_float32",
   "_trouble",
   "_line",
   "_running_cell",
   "_shell",
   "_coloured"
  ],
  "cs_lib/notebook_setup.py": [
   "CannotRun",
   "follow_edits",
   "FollowEdits",
   "_made_by",
   "_modules",
   "_refuse_unreadable",
   "_shell"
  ],
  "cs_lib/optim.py": [
   "sgd",
   "sgd_momentum",
   "rmsprop",
   "adam",
   "_prepare"
  ],
  "cs_lib/solver.py": [
   "Solver",
   "_copy_arrays",
   "_check_data"
  ],
  "cs_lib/vis_utils.py": [
   "plot_history",
   "plot_curves",
   "show_weights",
   "visualize_grid",
   "_running_mean",
   "describe",
   "describe_plots",
   "_described",
   "_curve"
  ]
 },
 "files": {
  "cs_lib/__init__.py": "2109e04619212703a298f2d6aaac6e6c14eea7c24ead0add8e051c0e148a1e4f",
  "cs_lib/checks.py": "6feae95bd4bdd8fa3d4dcfb39b70b02fc3c76d6efab3c02c0de8de6211913171",
  "cs_lib/classifiers/__init__.py": "f6d98e384e1b5d89aaeed79239dfc68659b79ec5c4b439bb6876d5b060ff9ae2",
  "cs_lib/classifiers/cnn.py": "73ccee88888af04f4a261e51d84ae05763178e49c248b18a840d9e897b165168",
  "cs_lib/classifiers/fc_net.py": "92f5cdf0380e2c1cb6c8102a719a5f5b3a0130e5867f4a6636c024ca1b505957",
  "cs_lib/data_utils.py": "2ef0231ea6f0ec3134bb8989999c06adcd88303f8ffe01bdee051ad601920f5c",
  "cs_lib/fast_layers.py": "b6241d7eb9088800f9e9be83a5eda70f58d5d0e91325462513efe6d71a454481",
  "cs_lib/gradient_check.py": "aad8643807568c64e75c6900bf04d348d14e5dedac0dc1cc5c51968e14961ca4",
  "cs_lib/layer_utils.py": "34720f6c0133518d0f8cccb3fe0d84cf4b2ab30b54b95c04e23cdb3b024865c5",
  "cs_lib/layers.py": "fb970fd2653977400db3f8a8bde8e18adb903502da63fa7dd6dd4dcb75c579dc",
  "cs_lib/notebook_checks.py": "4b4b43a9b285236e3e14b9f5ef6568972c606cbebb8ac43bf3fdb0d7fe16a383",
  "cs_lib/notebook_setup.py": "08a0aff8aa4422f1d8d6ed954f16d8b2ce88a7b354227c4ad09723add5ce842f",
  "cs_lib/optim.py": "8a1e070c1ae9134426fe756d95e1e50bb43286dc0a9bba5df6e4b3f97a1d219e",
  "cs_lib/solver.py": "2b201c4e36f8d4984c67b655e556b397b88919d5ca3d641d28b35e93f6311d29",
  "cs_lib/vis_utils.py": "9e030930fc8cda67744646e92a66afe3abb2a11ca6a63793c9644e531cd26767"
 },
 "stubs": [
  "42ce3bbfd0d34d5c9587654f35e57a87d7678dcb155f89b8c25f568d8055c479",
  "3d22a1b885463d84b0493cdb3894d2380311999bc33f731d28b1d802f5cbce60",
  "7974c5b258d2819625fcd8a502b44b14b3035f23272d736259fd974e9c323797",
  "12276e01b1eab638f062bae0f5e7d8330b974734895010cd1d7ab18cb1f4802c",
  "5d934229d745d8fe294a6a3de4f4f8e0c4aef5823cc06fd3b3c9f09959ac05a9",
  "7cf963d5c1c9d2565fb7e4128aa67dfac9a38dedf7c50a8399a1dd7bf35f9523",
  "00fa75e8a770d1b29858a92b1ef5e561b95579c8e7dd1469d487c83600294632",
  "c49e7fe36616d143e5ce8dcb5b1ebee112b2cf9ed6617755c4d5397a6485576c",
  "97dbed337c565494adb1dd197bf7c28a02bfa40ca1fa5c7f8bb93ed34aa42415",
  "820327974c6cf9d93cb4c32c2bf13ae86fb3722df9bab0b7bf797ba3f7e21e08",
  "a14960a75b1ac660dce312f0a951315cbdfee5e7ff1f775dc660ca349568f768",
  "d14d70e2865ea33ceaada72bb5cb4b5be9d2a2d76b2a0e00e845f0307b00ac2e",
  "40d6677241c7e3afab49cf30198b2c97b00bf568cdc20c5a0bfcec6681f9067b",
  "b4815392eaec0f545b402a1894afebc9449d9ed593c15b14d5a03723cd3cce8a",
  "1e7873dd74add2bcea4165e08ec23e47842b1d923b3794cfd36564dbf248ba32",
  "3e375c10efe27b27af4e015a5a8b3b5f4f037f4c0b811dd90f74a92ed166f3c8",
  "b7f1c2cdd27fb934beea17af0d293b38ca7bb464963b381cfdca10780886b28f",
  "684aecd223a35d904365d4eba9504477a7314126be6045c538de7a3718316c14",
  "18255ef75de8a97ae12bb0ecb50ebe373b64901817d2abfc1ad3b0ab5208a411",
  "7f3808e2812547d95800fbd5a5aac614cd6760a06de2f4533b9f043f478aa64b",
  "c3ed9e1ce99d6434b56aa34bbd235a4711e9298dbe252b61bf1c724a9e03b51e",
  "bc8ab01207f842051960620c1841e81ba394b9e46c7278628a0b38874f6c1526",
  "b4caba036a42a5229017f614f00771cbb7769962696c362eb6efa4ab36e73a39",
  "7f4a20299922bb286b03e34b6f1d25e574d381813c266ce2fcf795c59018d7ef",
  "cf41204abbf53a416ec8c63f251e90adab5784d510a44f84a437d9dfd98f2ad8",
  "520bbac4d9b30d76353c44453a3d2b3285f24b315aeeb3448b1dcf2362fea1f6",
  "cad2d8fddb0c77ed2e2256426b752d6a242c95301dae4adceff9c291ab64c5bb",
  "0ab0a9b508c156572c09d46913980ff9f5200d5c20e5993cd8e36ad8eca752ef",
  "0670c41282fc6b00f747419ba4a42956d00938acebf18be56d297ab34215e609",
  "f7c59944a7d8b16334af5d04a4e8d9e367f6d309c79b6aea5866583f6bab149c"
 ],
 "cells": {
  "FullyConnectedNets": {
   "affine_forward": "17681f0c485b34195fb8881a8c808eaf56f31f134b7df4ea06b207e77abb1043",
   "affine_backward": "8979ec4126f6f1e726ac999f62ec297d7f9d87379b70c7d7ea2c21e9f9e395cd",
   "relu_forward": "1371301fadf192caa34510b89ff265a49586d1a411b53d1ee681134b53dd9edc",
   "relu_backward": "8939c2a4450989f9b4ddec309d097b17a0cd9e58ebbb61ff6cb4ffdb3c49bf0f",
   "inline_FullyConnectedNets_1": "",
   "two_layer_net": "21fff2d3500571df15f29b3522393368a0b7ca9ecc1f3d7643bdd2f933b1909c",
   "fully_connected_net": "5bbe4ece09191e36fa33d2f8beb513fb38cc6caf1ada7dfeea4d8fc95c4b651e",
   "inline_FullyConnectedNets_2": "",
   "sgd_momentum": "4f17128a62ba7a9f5bafe0631ed86bfe012f231aaf27be132170362563267987",
   "rmsprop": "1406e63502dd4de1d680320c23661bcbda8563b6887841fa5a5eac519c504b28",
   "adam": "d4cac0fc538f217a4d4a282f20118bc86928b2fcca342c35db64fa960b742591",
   "inline_FullyConnectedNets_3": "",
   "train_fully_connected_net": "13204300dffefa0f3f9ecef9199e083fdf3e5eb6827cf09ee7c70b508f286d33"
  },
  "BatchNormalization": {
   "batchnorm_forward": "2ec31a2b6cd3935ed2c12c5b85c81cef5694d4f3cd3db6bc56072c9c11f854ca",
   "batchnorm_backward": "ecfad81d7426ae8ed1382531dbaf8d184416f730bbefee65e866b0c52a1bb0dd",
   "batchnorm_backward_alt": "a8ae465907d937c4248c439bfeb31e0f9a5da4b7f60518ae39094fc84568108a",
   "fully_connected_net_batchnorm": "30c9b4f785878030993948e3265d171c2d9a3eebd00fcc5e00f0ed0cd6594414",
   "inline_BatchNormalization_1": "",
   "inline_BatchNormalization_2": "",
   "inline_BatchNormalization_3": "",
   "layernorm_forward": "6060af4d969dc443089df37ac8ee2725e7b0374b3cc3bec7eda573643c5d7dfc",
   "layernorm_backward": "0c3830084d8ee69ee5b28d7972eae05a59320d753face3747403700ef9a71f34",
   "fully_connected_net_layernorm": "9e168e079f0fb6ca399559c4b7dc2459a136a118996ba4ce713708ea8af0db7b",
   "inline_BatchNormalization_4": ""
  },
  "Dropout": {
   "dropout_forward": "1be29d02b3c9be9686003ed7b7e4477786bb04c4a30b93f69e3bf9ab4ecd073b",
   "dropout_backward": "e7c1b3d98ae57269f60287713c6146ba83e95ca39712696b5c6e8705e88b50b2",
   "inline_Dropout_1": "",
   "fully_connected_net_dropout": "62f50ba904daa0b767136b2ecd598d7141d9e7564f3b405c83cbe438d5af52fc",
   "inline_Dropout_2": "",
   "inline_Dropout_3": ""
  },
  "ConvolutionalNetworks": {
   "conv_forward_naive": "024184ab71b4272cff668cea8e4bfbfa66c20c18719727cb0bc6fa7be64e75d0",
   "conv_backward_naive": "a4fa61755c745ed209d0800bfcef1740227e5a407f6d7ce7b4c0d42c66053490",
   "max_pool_forward_naive": "1e17085fb75a17fdbd3450c40ec40070ad32a04779dd5dc221415feef9f97b5f",
   "max_pool_backward_naive": "8bdab86dc38a7787c799e0db05271e793e850852634821a95b38c140c2121506",
   "spatial_batchnorm_forward": "76e52f43a379253ce3f3d97571873b13addf81f70ebc9cbe703a55c06aba3de3",
   "spatial_batchnorm_backward": "3191d2a3dd7b2212f2a1ad5c55f462aee8b16be6385e333c2f3c8bc6e35f7bbc",
   "spatial_groupnorm_forward": "c593b52fe8ffc469f31f7fc91d650d9acfbe596377c7d11bdcffa2012fb0e5e0",
   "spatial_groupnorm_backward": "25aa0ac2d4a3cc7d12d88f3496d6fb6ff4b13af43038808374540e33afe3f87c",
   "three_layer_conv_net": "217a9413c7479217c11fa5077c2953059e2476f1b76b118992a4725ba0d106f8",
   "conv_net": "3ae77ccaecc92d92aefffe5c2323aca9c7083f7850dcc9771281a2c7b34e8e8d",
   "train_conv_net": "bde0ef5dc251e268302e5e9e9bdc5dca91c0705b06f9561e3fe9d4e0da525a7f",
   "inline_ConvolutionalNetworks_1": ""
  }
 }
}
""")

HERE = Path(__file__).resolve().parent
STUB = "is not " + "written yet"  # in two parts, so that a search for it finds only what is to do
FAILED = "NOT YET"  # what a check of a notebook prints, in a line of its own, of what is wrong
EMPTY_ANSWER = re.compile(rf"[\s*_.]*(your answer here)?[\s*_.]*(:? *it {STUB})?[\s*_.]*", re.I)
DONE, ANSWERED, WRONG, TO_DO, UNSEEN = "done", "answered", "wrong", "to do", "not looked at"
COLOURS = {DONE: "32", ANSWERED: "32", WRONG: "31", TO_DO: "33", UNSEEN: "36"}
FINISHED = (DONE, ANSWERED)  # a written answer is read by a person; here it only counts that there is one
SECONDS = 30  # of computing for one cell; a slow but right loop takes five on a slow machine
BUSY = 4  # a cell that waits, for whatever it may be, is stopped after so many times these seconds
HAND_IN = "hand-in.zip"
MANIFEST = "manifest.json"
MEMORY = ".work-results.json"
LARGE_NOTEBOOK, LARGE_FILE, LARGE_TOTAL = 16 * 2**20, 64 * 2**20, 192 * 2**20  # what grading accepts
ENVIRONMENT = "activate the environment first (README.md, Set up)"
AGAIN = "unpack it again from the assignment's zip"
OVER = (
    "as if another assignment's folder was copied over this one: unpack the newer one again into a new "
    "folder, and carry your work over with: python work.py bring FOLDER"
)
SAVED_LATE = 120  # seconds; Jupyter saves by itself this often
NOT_FULL_MARKS = (
    "The checks you see use a few inputs only. Grading uses others too, so done here is not yet full marks."
)
ANSI = re.compile(r"\x1b\[[\d;]*m")
ENDLESS = "endless: "  # how a message about a function that did not end begins, between processes
MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?)$")


_memory = threading.Lock()  # the notebooks are looked at side by side


class Trouble(Exception):
    """Nothing can be done; the message says why and what to do."""


def say(text: str = "") -> None:
    """Print a line, on a console that may know neither UTF-8 nor colours."""
    if not _coloured():
        text = ANSI.sub("", text)
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def paint(word: str, text: str) -> str:
    return f"\x1b[{COLOURS[word]}m{text}\x1b[0m"


def _coloured() -> bool:
    windows = os.name == "nt" and not {"WT_SESSION", "TERM_PROGRAM"} & set(os.environ)
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and not windows


# --- The notebooks and the library, as they lie on disk -------------------------------------------------


class Part:
    """One part of the assignment that has points."""

    def __init__(self, notebook: str, number: int, cell: dict[str, Any], question: int) -> None:
        marks = cell["metadata"]["nbgrader"]
        self.notebook, self.number, self.cell = notebook, number, cell
        self.id, self.points = marks["grade_id"], marks.get("points", 0)
        self.written = cell.get("cell_type") != "code"  # answered in words
        self.title = f"question {question}" if self.written else self.id
        self.state, self.note, self.printed, self.hint = UNSEEN, "", "", ""
        self.given = COURSE["cells"][notebook].get(self.id)  # the digest of its check

    def functions(self) -> list[Any]:
        """The functions of the library that its check is about, as (file, qualified name)."""
        words = set(re.findall(r"\w+", source_of(self.cell)))
        pairs = [(file, name) for file, name in COURSE["todo"] if words & {*name.split(".")}]
        return [pair for pair in pairs if pair[1] == self.id] or pairs


def source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def marks_of(cell: dict[str, Any]) -> dict[str, Any]:
    return cell.get("metadata", {}).get("nbgrader", {}) or {}


def read_notebooks() -> tuple[dict[str, list[Any]], list[str]]:
    """{name: cells} of those that can be read, and what is wrong with the notebooks."""
    read, troubles = {}, []
    for name, given in COURSE["cells"].items():
        file = f"{name}.ipynb"
        try:
            cells = list(json.loads((HERE / file).read_text(encoding="utf-8-sig"))["cells"])
            ids = [marks_of(cell).get("grade_id") for cell in cells]
        except FileNotFoundError:
            troubles.append(f"{file}: missing: {AGAIN}")
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            troubles.append(f"{file} is not a notebook any more: unpack it again, or take an older copy")
            continue
        read[name] = cells
        lost = sorted(grade_id for grade_id in given if grade_id not in ids)
        if lost:
            gone = f"these cells with points are gone: {', '.join(lost)}"
            troubles.append(f"{file}: {gone}; bring them back from the assignment's zip")
        twice = sorted(grade_id for grade_id in given if ids.count(grade_id) > 1)
        if twice:
            troubles.append(f"{file}: there twice: {', '.join(twice)}; delete the copy of the cell")
    return read, troubles


def items_of(name: str, cells: list[Any]) -> list[Part]:
    """The parts with points, in the order of the notebook."""
    items: list[Part] = []
    for number, cell in enumerate(cells):
        marks = marks_of(cell)
        if marks.get("grade") and marks.get("grade_id") not in [item.id for item in items]:
            items.append(Part(name, number, cell, 1 + sum(item.written for item in items)))
    return items


def modules() -> list[Path]:
    """The library's files, without the copies that Jupyter and other editors keep in hidden folders."""
    paths = sorted((HERE / COURSE["package"]).rglob("*.py"))
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(HERE).parts)]


def library() -> dict[str, str]:
    """{path: text} of the library's files that can be read as text."""
    return {path.relative_to(HERE).as_posix(): as_text(path.read_bytes()) for path in modules()}


def as_text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def changed() -> list[str]:
    """The files of the library that are not as they were given out."""
    return [file for file, text in library().items() if digest(text) != COURSE["files"].get(file)]


def write(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_bytes(data)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def line_of(text: str, name: str) -> int:
    """Where a function is to be written, or else begins; found without reading the file as Python."""
    lines, start = text.split("\n"), 0
    for part in name.split("."):
        pattern = re.compile(rf"\s*(async\s+def|def|class)\s+{re.escape(part)}\b")
        start = next((n for n in range(start, len(lines)) if pattern.match(lines[n])), start)
    stub = next((n for n in range(start, len(lines)) if f'"{name} {STUB}"' in lines[n]), start)
    return stub + 1


def complaints(texts: dict[str, str]) -> list[str]:
    """What is not as it was given out: missing files of the library, and files of another assignment."""
    found = [
        f"{path.name} is not of {COURSE['name']}, {OVER}"
        for path in sorted(HERE.glob("*.ipynb"))
        if not path.name.startswith(tuple(COURSE["cells"])) and '"grade_id"' in as_text(path.read_bytes())
    ]
    for file, names in COURSE["names"].items():
        if file not in texts:
            found.append(f"{file} is missing: {AGAIN}")
            continue
        there = set(re.findall(r"^(?:async\s+def|def|class)\s+(\w+)", texts[file], re.M))
        lost = [name for name in names if name not in there]
        if lost:
            some = ", ".join(lost[:3]) + (" ..." if len(lost) > 3 else "")
            found.append(f"{file} has no {some}, {OVER}")
    ours = {name.split(".")[0] for _, name in COURSE["todo"]}
    for file, text in texts.items():
        asked = re.findall(rf'"([\w.]+)[^"\n]* {STUB}"', text)
        other = next((name for name in asked if name.split(".")[0] not in ours), "")
        if other:
            found.append(f"{file} asks for {other}, which is not to do in {COURSE['name']}, {OVER}")
    return found + [note for file, text in texts.items() for note in foreign_imports(file, text)]


def in_grading(module: str) -> bool:
    """Whether the course lets us import it: it, what it is a part of, or a part of it."""
    packages = COURSE["packages"]
    return any(f"{module}.".startswith(f"{p}.") or f"{p}.".startswith(f"{module}.") for p in packages)


def foreign_imports(file: str, text: str) -> list[str]:
    """What a file of the library imports that grading does not have, and that it was not given out with."""
    known = {*sys.stdlib_module_names, *COURSE["imports"].get(file, ())}
    known |= {COURSE["package"], *(path.stem for path in HERE.glob("*.py"))}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found = []
    there = f"only Python's standard library and {' and '.join(COURSE['packages'])}: do it with these"
    nodes: Any = ast.walk(tree)
    for node in nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        strange = ", ".join(n for n in names if n.split(".")[0] not in known and not in_grading(n))
        if strange:
            found.append(f"{file}, line {node.lineno}: grading has no {strange}, {there}")
    return found


# --- Running the checks ---------------------------------------------------------------------------------


def as_python(source: str) -> str:
    """A cell without IPython's own commands, line for line."""
    if source.lstrip().startswith("%%"):
        return ""
    return "\n".join(MAGIC.sub(r"\1pass", line) for line in source.split("\n"))


def parts_of(cells: list[Any]) -> list[Any]:
    """The code of a notebook in pieces that can be run one by one: (cell number, source, binds, needs).

    Each imported name is a piece of its own, so that a broken file stops only what needs it.
    """
    pieces: list[Any] = []
    for number, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        source = as_python(source_of(cell))
        try:
            tree = ast.parse(source)
        except SyntaxError:
            pieces.append((number, source, set(), set()))
            continue
        imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        for node in imports:
            for alias in node.names:
                one = copy.copy(node)
                one.names = [alias]
                pieces.append((number, ast.unparse(one), {alias.asname or alias.name.split(".")[0]}, set()))
        if len(imports) < len(tree.body):
            lines = source.split("\n")
            for node in imports:
                lines[node.lineno - 1 : node.end_lineno] = [""] * (last_line(node) - node.lineno + 1)
            rest = "\n".join(lines)
            pieces.append((number, rest, *names_of(rest)))
    return pieces


def names_of(source: str) -> tuple[Any, ...]:
    """The names that a piece of code binds, and those it needs from elsewhere."""
    top = symtable.symtable(source, "cell", "exec")
    symbols = top.get_symbols()
    binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_namespace()}
    needs, tables = {s.get_name() for s in symbols if s.is_referenced()}, list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        needs |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return binds, needs - binds


def needed_for(number: int, pieces: list[Any]) -> list[Any]:
    """The pieces to run before those of cell `number`, and these, in order."""
    own = [place for place, piece in enumerate(pieces) if piece[0] == number]
    chosen, wanted = set(own), set()
    for place in own:
        wanted |= pieces[place][3]
    for place in range(min(own, default=0) - 1, -1, -1):
        _, _, binds, needs = pieces[place]
        if binds & wanted:
            chosen.add(place)
            wanted = (wanted - binds) | needs
    return sorted(chosen)


def run_checks(
    notebook: str, cells: list[Any], items: list[Part], seconds: float, endless: dict[str, str]
) -> None:
    """Run the check cells of a notebook in a process of their own, and note in the items how each went.

    `endless` holds the functions that did not end so far, {place: message}; no check waits for them again.
    """
    pieces, jobs, waiting = parts_of(cells), [], {}
    for item in items:
        if item.written:
            look_at_answer(item)
            continue
        places = needed_for(item.number, pieces)
        numbers = sorted({pieces[place][0] for place in places})
        solutions = [n for n in numbers if marks_of(cells[n]).get("solution")]
        if solutions:
            look_at_last_run(item, cells, solutions)
        else:
            waiting[item.id] = item
            jobs.append({"id": item.id, "number": item.number, "places": places})
    plain = [(*piece[:2], sorted(piece[2])) for piece in pieces]
    known, files = remembered(), files_digest()
    keys = {job["id"]: key_of(job, plain, files) for job in jobs}
    for job in [job for job in jobs if keys[job["id"]] in known]:
        set_result(waiting[job["id"]], known[keys[job["id"]]])
        jobs.remove(job)
    while jobs:
        task = {"notebook": notebook, "pieces": plain, "jobs": jobs, "seconds": seconds}
        results, trace = _run_process({**task, "endless": {**endless}})
        for job, result in zip(jobs, results, strict=False):
            set_result(waiting[job["id"]], result)
        remember({keys[job["id"]]: r for job, r in zip(jobs, results, strict=False) if r[0] in (DONE, TO_DO)})
        jobs = jobs[len(results) :]
        if jobs:  # the process ended before this one did
            item = waiting[jobs.pop(0)["id"]]
            item.state, item.note = WRONG, _why_it_ended(trace, seconds, endless)


def set_result(item: Part, result: list[str]) -> None:
    item.state, item.note, item.printed, item.hint = result
    if item.state == DONE and item.given and item.given != digest(source_of(item.cell)):
        item.state, item.note = (
            UNSEEN,
            "its check was edited, and says nothing: take the cell back from the zip",
        )


def files_digest() -> str:
    """Of all Python files that a check may import."""
    own = {path.name: path.read_text("utf-8", "replace") for path in HERE.glob("*.py")}
    return digest(json.dumps([library(), own], sort_keys=True))


def key_of(job: dict[str, Any], pieces: list[Any], files: str) -> str:
    """What decides a check: the code of its cells and of the library, and the Python that runs it."""
    code = [pieces[place][1] for place in job["places"]]
    return digest(json.dumps([sys.version, sys.prefix, job["id"], code, files]))


def remembered() -> dict[str, list[str]]:
    """{key: result} of checks that were run before; those that something was wrong with are run again."""
    try:
        return dict(json.loads((HERE / MEMORY).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def remember(results: dict[str, list[str]]) -> None:
    """Keep results for the next time; the newest only, for who edits makes many."""
    with _memory, contextlib.suppress(OSError):  # a folder that cannot be written to
        kept = dict(list({**remembered(), **results}.items())[-100:])
        write(HERE / MEMORY, json.dumps(kept).encode())


def _run_process(task: dict[str, Any]) -> tuple[list[Any], str]:
    """The results that a process wrote, as far as it came, and where it hung if it did."""
    with tempfile.TemporaryDirectory(prefix="work-") as name:
        folder = Path(name)
        for file in ("results", "trace"):
            (folder / file).touch()
        (folder / "task").write_text(json.dumps(task), encoding="utf-8")
        # The process stops itself and says where; should even that fail, it is ended from here.
        limit = 60 + (BUSY * task["seconds"] + 5) * len(task["jobs"])
        # It has no keyboard, and opens no windows for plots.
        more: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        more |= {"cwd": HERE, "env": {**os.environ, "MPLBACKEND": "agg"}, "timeout": limit}
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-B", __file__, "_run", name], check=False, **more)  # noqa: S603
        lines = (folder / "results").read_text(encoding="utf-8").splitlines()
        trace = (folder / "trace").read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in lines], trace


def _why_it_ended(trace: str, seconds: float, endless: dict[str, str]) -> str:
    """Why a process ended, in words; a function of the library that did not end is remembered."""
    for file, line, function in re.findall(r'File "([^"]+)", line (\d+) in (\S+)', trace):
        if COURSE["package"] in Path(file).parts:
            where = f"{Path(file).name}, line {line}, in {function}"
            if trace.startswith(ENDLESS):
                endless[f"{file}:{line}"] = f"{where}, which this check uses: does its loop end?"
            return f"stopped after {seconds:g} s in {where}: does its loop end?"
    if trace:
        return f"stopped after {seconds:g} s: does a loop never end?"
    return "Python itself ended: too much memory, or exit()?"


def run_task(folder: Path) -> None:
    """What the other process does: run each check, and write down how it went."""
    task = json.loads((folder / "task").read_text(encoding="utf-8"))
    sys.path[0] = str(HERE)
    for place, message in task["endless"].items():
        refuse(place, message)
    names = {"__name__": "__main__", "print": print}
    ran: dict[str, Any] = {}  # place of a piece -> the exception it raised, or None
    with open(folder / "results", "w", encoding="utf-8") as results, open(folder / "trace", "w") as trace:
        watch = Watch(task["seconds"], trace)
        for job in task["jobs"]:
            results.write(json.dumps(_run_one(job, task, names, ran, watch)) + "\n")
            results.flush()
        faulthandler.cancel_dump_traceback_later()


class Watch(threading.Thread):
    """Ends the process when a cell takes too long, and writes in which calls it was for half of the time.

    It counts seconds of computing, so that other work on the machine stops nothing that is right; where
    several threads compute, those on the wall.
    """

    def __init__(self, seconds: float, trace: Any) -> None:
        super().__init__(daemon=True)
        self.seconds, self.trace = seconds, trace
        self.begin()
        self.start()

    def begin(self) -> None:
        """Count from here."""
        self.begun = (time.monotonic(), time.process_time(), list[Any]())
        # For code that keeps this thread from running.
        faulthandler.dump_traceback_later(BUSY * self.seconds + 2, exit=True, file=self.trace)

    def run(self) -> None:
        while True:
            time.sleep(min(self.seconds / 4, 0.1))
            wall, computing, early = self.begun
            wall, computing = time.monotonic() - wall, time.process_time() - computing
            spent = max(min(wall, computing), wall / BUSY)
            if spent > self.seconds:
                self.stop([frame for frame in _calls() if any(frame is other for other in early)])
            elif spent > self.seconds / 2 and not early:
                early += _calls()

    def stop(self, calls: list[Any]) -> None:
        self.trace.write(ENDLESS)
        for frame in calls:
            place = f'File "{frame.f_code.co_filename}", line {frame.f_lineno} in {frame.f_code.co_name}'
            self.trace.write(f"{place}\n")
        self.trace.flush()
        os._exit(1)


def _calls() -> list[Any]:
    """The calls that the main thread is in, the innermost first."""
    frame, found = sys._current_frames()[threading.main_thread().ident or 0], list[Any]()
    while frame is not None:
        found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def refuse(place: str, message: str) -> None:
    """Let the function at a place, "file:line", raise an error at once, whoever holds it."""
    file, _, line = place.rpartition(":")
    with contextlib.suppress(Exception):  # a file that changed since: its functions run as they are
        there = functions(ast.parse(Path(file).read_text(encoding="utf-8"))).items()
        name = next(name for name, node in there if node.lineno <= int(line) <= last_line(node))
        module = ".".join(Path(file).relative_to(HERE).with_suffix("").parts)
        function = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        made: dict[str, Any] = {}
        exec(f"def stop(*args, **kwargs): raise RuntimeError({ENDLESS + message!r})", made)  # noqa: S102  ours
        held: Any = function
        held.__code__, held.__defaults__, held.__kwdefaults__ = made["stop"].__code__, None, None


def _run_one(
    job: dict[str, Any], task: dict[str, Any], names: dict[str, Any], ran: dict[str, Any], watch: Watch
) -> list[Any]:
    """Run a check after the pieces that it needs. One of these may fail and yet have left what is needed."""
    output = io.StringIO()
    earlier = error = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        for place in job["places"]:
            number, source, binds = task["pieces"][place]
            if place not in ran or (number == job["number"] and ran[place] is not None):
                for name in binds:  # of a check before this one
                    names.pop(name, None)
                watch.begin()
                ran[place] = _raised(source, f"{task['notebook']}, cell {number + 1}", names)
            error, own = ran[place], number == job["number"]
            earlier = earlier or (None if own else error)
    if isinstance(error, NameError) and earlier is not None:
        error = earlier
    return _judged(ANSI.sub("", output.getvalue())[-20_000:], error)


def _raised(source: str, label: str, names: dict[str, Any]) -> Any:
    linecache.cache[label] = (len(source), None, [f"{line}\n" for line in source.split("\n")], label)
    try:
        exec(compile(source, label, "exec"), names)  # noqa: S102  the student's own cells
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return error
    return None


def _judged(printed: str, error: Any) -> list[Any]:
    """[state, one line that says why, all that was printed, what to look at]."""
    failed = [line.strip() for line in printed.splitlines() if FAILED in line]
    hints = [line.strip() for line in printed.splitlines() if line.lstrip().startswith("hint:")]
    hint = hints[0][len("hint:") :].strip() if hints else ""
    if isinstance(error, NotImplementedError) and str(error).endswith(STUB):
        return [TO_DO, str(error), printed, ""]  # of the function itself, or of one that it needs
    if failed:
        return [WRONG, " ".join(failed[0].replace(FAILED, "").rstrip(" :").split()), printed, hint]
    if error is not None:
        return [WRONG, describe(error), printed, ""]
    return [DONE, "", printed, ""]


def describe(error: BaseException) -> str:
    """An error in one line, with the last line of the library that it passed through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: {error.msg}"
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if missing and missing.split(".")[0] != COURSE["package"] and not (HERE / f"{missing}.py").exists():
        return f"{missing} is not installed for this Python: {ENVIRONMENT}, or do without it"
    if str(error).startswith(ENDLESS):
        return str(error).removeprefix(ENDLESS)
    text = f"{type(error).__name__}: {error}".split("\n")[0]
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if HERE / COURSE["package"] in Path(frame.filename).parents]
    edited = {HERE / file for file in changed()}  # rather than a line that was given, which they called
    inside = [frame for frame in inside if Path(frame.filename) in edited] or inside
    if inside:
        return f"{Path(inside[-1].filename).name}, line {inside[-1].lineno}, in {inside[-1].name}: {text}"
    return f"{frames[-1].filename}: {text}" if frames else text


def look_at_answer(item: Part) -> None:
    """A written answer: only whether there is one."""
    text = source_of(item.cell)
    empty = EMPTY_ANSWER.fullmatch(text)
    item.state = TO_DO if empty else ANSWERED
    item.note = "no answer yet" if empty else f"{len(text.split())} words; a person reads it"


def look_at_last_run(item: Part, cells: list[Any], solutions: list[int]) -> None:
    """A check that needs a training: what the notebook shows of its last run."""
    outputs = item.cell.get("outputs", [])
    printed = "".join("".join(o.get("text", "")) for o in outputs if o.get("output_type") == "stream")
    left = [number for number in solutions if STUB in source_of(cells[number])]
    if left:
        item.state, item.note = TO_DO, f"to write in {item.notebook}.ipynb, under {heading(cells, left[0])}"
    elif not outputs or not item.cell.get("execution_count"):  # it may have been cut off
        item.note = "run the notebook, and save it"
    else:
        set_result(item, _judged(ANSI.sub("", printed), None))
        if item.state == DONE and _shows_an_error(item.cell):
            item.state, item.note = WRONG, "ended with an error in its last run"
        later = changed_after(item.notebook)
        since = f"; {later} was changed after it" if later else ""
        item.note = item.note or f"by its last run in the notebook{since}"


def heading(cells: list[Any], number: int) -> str:
    """The heading that a cell stands under, in quotes."""
    texts = [source_of(cell) for cell in cells[:number] if cell.get("cell_type") == "markdown"]
    return repr(["", *re.findall(r"^#+ +(.+)", "\n".join(texts), re.M)][-1].strip())


def changed_after(notebook: str) -> str:
    """The file of the library that was changed last, if it was after the notebook was saved."""
    saved = {file: _saved(HERE / file) for file in changed()}
    newest = max(saved, key=lambda file: saved[file], default="")
    return newest if newest and saved[newest] > _saved(HERE / f"{notebook}.ipynb") else ""


def refuse_without_packages() -> None:
    """Say once, and not of each check, that the environment is not active."""
    for package in COURSE["packages"]:
        if importlib.util.find_spec(package) is None:
            raise Trouble(f"{package} is not installed for this Python: {ENVIRONMENT}")


def look(cells: dict[str, Any], seconds: float, wanted: Any = None) -> list[Any]:
    """Every part that has points, or the wanted ones, looked at; one process a notebook, at once."""
    items = {
        name: [item for item in items_of(name, part) if wanted is None or item.id in wanted]
        for name, part in cells.items()
    }
    refuse_without_packages()
    if sys.stderr.isatty():
        print("Running the checks ...", end="\r", file=sys.stderr, flush=True)
    endless: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1))) as pool:
        list(pool.map(lambda name: run_checks(name, cells[name], items[name], seconds, endless), cells))
    return [item for found in items.values() for item in found]


# --- What is printed ------------------------------------------------------------------------------------


def show_status(items: list[Part], troubles: list[Any]) -> None:
    """All parts with their states and points, notebook by notebook, and what to do next."""
    say(COURSE["title"])
    for trouble in troubles:
        say(f"  {paint(WRONG, trouble)}")
    width = max((len(item.title) for item in items), default=0)
    left = 2 + 15 + width + 8  # where the notes begin
    for name in COURSE["cells"]:
        part = [item for item in items if item.notebook == name]
        if part:
            say(f"\n{name}: {points_of(part, DONE)} of {points_of(part)} points done")
        for item in part:
            note = place_of(item) if item.note.endswith(STUB) else item.note
            state = paint(item.state, f"{item.state:15}")
            first, *more = fold(note, left) or [""]
            say(f"  {state}{item.title:{width}}  {item.points:4g}  {first}".rstrip())
            for line in more:
                say(" " * left + line)
    say()
    if not items:
        say(f"No notebook can be read, so there is nothing to show. Next: {troubles[0]}")
        return
    counts = [f"{s} {points_of(items, s)}" for s in COLOURS if any(item.state == s for item in items)]
    say(f"Points: {', '.join(counts)}, of {points_of(items)}.")
    say(NOT_FULL_MARKS)
    open_items = [item for item in items if item.state in (TO_DO, WRONG)]
    after = next_step(open_items[0]) if open_items else "python work.py pack"
    say(f"Next: {troubles[0] if troubles else after}")


def fold(text: str, left: int) -> list[str]:
    """A text in the lines that fit a terminal right of a column; in one line for a pipe."""
    room = shutil.get_terminal_size().columns - left if sys.stdout.isatty() else 10**6
    return textwrap.wrap(text, max(room, 30), break_long_words=False, break_on_hyphens=False)


def points_of(items: list[Part], state: str = "") -> str:
    return f"{sum(item.points for item in items if state in ('', item.state)):g}"


def next_step(item: Part) -> str:
    """Where to go, and how to check it."""
    if item.written:
        return f"{item.title} of {item.notebook}.ipynb: write your answer below it, and save"
    if item.note.startswith("to write in"):
        return f"{item.note.removeprefix('to write in ')}: write it, run it, and save"
    return f"{place_of(item)}. Then: python work.py check {item.id}"


def place_of(item: Part) -> str:
    """The line to look at: the one that the message names, else the function's."""
    named = re.search(r"([\w.]+\.py, line \d+)", item.note)
    if named:
        return named[1]
    texts = library()
    missing = re.match(rf"(.+) {STUB}$", item.note)
    if missing:
        for file, text in texts.items():
            if f'"{missing[1]} {STUB}"' in text:
                return f"{file}, line {line_of(text, missing[1])}: {missing[1]}"
    for file, name in [] if item.written else item.functions():
        if file in texts:
            return f"{file}, line {line_of(texts[file], name)}: {name}"
    return f"{item.notebook}.ipynb, cell {item.number + 1}"


def show_check(item: Part) -> None:
    """One check with all it prints, and one line of what to look at."""
    points = f"{item.points:g} point{'s' * (item.points != 1)}"
    say(f"\n{item.notebook}: {item.title}, {points}: {paint(item.state, item.state)}")
    for line in item.printed.splitlines():
        word = DONE if line.lstrip().startswith("ok ") else WRONG if FAILED in line else ""
        say(f"  {paint(word, line) if word else line}")
    if item.note and item.note not in " ".join(item.printed.split()):
        say(f"  {item.note}")
    if item.state in (WRONG, TO_DO) and not item.note.startswith("to write in"):
        say(f"  Look at {place_of(item)}{'. ' + item.hint[0].upper() + item.hint[1:] if item.hint else ''}")


# --- The commands ---------------------------------------------------------------------------------------


def status(arguments: argparse.Namespace) -> int:
    cells, troubles = read_notebooks()
    items = look(cells, arguments.seconds)
    show_status(items, troubles + complaints(library()))
    return 0 if not troubles and all(item.state in FINISHED for item in items) else 1


def check(arguments: argparse.Namespace) -> int:
    cells, troubles = read_notebooks()
    every = [item for name in cells for item in items_of(name, cells[name])]
    wanted = _named(arguments.names, every, troubles)
    items = look(cells, arguments.seconds, wanted)
    for trouble in troubles + complaints(library()):
        say(paint(WRONG, trouble))
    for item in items:
        show_check(item)
    right = sum(item.state in FINISHED for item in items)
    total = paint(DONE if right == len(items) else WRONG, f"{right} of {len(items)} done")
    say(f"\n{total}. {NOT_FULL_MARKS}")
    return 0 if right == len(items) and not (troubles and not arguments.names) else 1


def _named(names: list[Any], items: list[Part], troubles: list[str]) -> set[Any]:
    """The grade ids that are meant; a notebook's name means all of its checks."""
    if not names:
        return {item.id for item in items if not item.written}
    wanted = set()
    for name in names:
        short = name.removesuffix(".ipynb").split(".")[-1]
        called = {i.id: {i.id, i.notebook, *(f.split(".")[-1] for _, f in i.functions())} for i in items}
        meant = {name} & called.keys() or {i for i, names_of_it in called.items() if short in names_of_it}
        if not meant:
            known = [word for item in items for word in (item.id, item.notebook)]
            near = difflib.get_close_matches(name, known, 1)
            more = f"; did you mean {near[0]}?" if near else ": see python work.py"
            raise Trouble(". ".join([f"no check is called {name}{more}", *troubles]))
        wanted |= meant
    return wanted


def tried(command: Any, arguments: argparse.Namespace) -> int:
    """Run a command; what keeps it from its work is one line."""
    try:
        return int(command(arguments))
    except Trouble as trouble:
        say(paint(WRONG, f"work.py: {trouble}"))
    except BrokenPipeError:
        raise
    except OSError as error:
        where = Path(error.filename2 or error.filename or HERE).name
        say(paint(WRONG, f"work.py: {where}: {error.strerror}. Is it open in another program, or read-only?"))
    return 2


def watch(command: Any, arguments: argparse.Namespace) -> int:
    """Run a command, and again after each save, until Ctrl+C."""
    before = None
    try:
        while True:
            now = _times()
            if now != before:
                before = now
                tried(command, arguments)
                say("\nWaiting for the next save. Ctrl+C ends this.")
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0


def _times() -> list[tuple[str, int]]:
    paths = [HERE / f"{name}.ipynb" for name in COURSE["cells"]] + modules()
    return [(str(path), path.stat().st_mtime_ns) for path in paths if path.exists()]


# --- Handing in -----------------------------------------------------------------------------------------


def pack(arguments: argparse.Namespace) -> int:
    """Write hand-in.zip, and say of each part what is odd about it."""
    files = {f"{name}.ipynb": HERE / f"{name}.ipynb" for name in COURSE["cells"]}
    files |= {path.relative_to(HERE).as_posix(): path for path in modules()}
    files |= {path: HERE / path for path in COURSE["results"]}
    files |= {path.name: path for path in sorted(HERE.glob("*.py")) if path.name != Path(__file__).name}
    data = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    cells, notes = read_notebooks()
    if not changed() and not any(map(_worked_on, cells.values())):
        nothing = f"nothing in {HERE.name} has been worked on or saved since it was given out"
        raise Trouble("; ".join([*notes, f"{nothing}, so {HAND_IN} is not written"]))
    trained = "missing: run the notebook that saves your trained network"
    notes += [f"{name}: {trained}" for name in COURSE["results"] if name not in data]
    notes += complaints(library()) + _library_notes() + _notebook_notes(cells, data)
    try:
        notes += _import_notes(data, arguments.seconds) + _check_notes(cells, arguments.seconds)
    except Trouble as trouble:  # packing needs no environment
        notes.append(f"nothing was checked: {trouble}")
    large = [name for name, content in data.items() if len(content) > LARGE_FILE]
    notes += [f"{name}: {len(data[name]) >> 20} MB, more than grading accepts" for name in large]
    if sum(map(len, data.values())) > LARGE_TOTAL:
        notes.append(f"all together: more than the {LARGE_TOTAL >> 20} MB that grading accepts")
    _write_zip(data, notes)
    size = (HERE / HAND_IN).stat().st_size / 1e3
    say(f"{HAND_IN}: {len(data)} files, {size:.1f} kB, for {COURSE['name']}")
    for name in sorted(data):
        say(f"  {name:44}{len(data[name]) / 1e3:10.1f} kB")
    for note in notes:
        say(paint(WRONG, f"  ! {note}"))
    more = "Correct these, and pack again; or hand it in as it is."
    say(more if notes else "Nothing is missing. Hand in this file.")
    say(NOT_FULL_MARKS)
    return 1 if notes else 0


def _library_notes() -> list[str]:
    """What is to do, and what an editor has not saved."""
    if changed():
        left = sorted(
            name
            for file, name in COURSE["todo"]
            if re.search(rf'"{re.escape(name)}\b[^"]* {STUB}"', library().get(file, ""))
        )
        notes = [f"not written yet: {', '.join(left)}"] if left else []
        ours = {file for file, _ in COURSE["todo"]}  # a check says ok by what is in the others, too
        finished = [file for file in changed() if file in COURSE["files"] and file not in ours]
        notes += [f"{file}: changed, though nothing in it is to do: on purpose?" for file in finished]
    else:
        notes = [f"{COURSE['package']}: nothing in it is changed; have you saved your files?"]
    for path in sorted((HERE / COURSE["package"]).rglob("*")):
        if path.name.startswith((".#", "#")) or path.suffix in (".swp", ".swo"):
            notes.append(f"{path.name}: an editor holds unsaved changes of this file")
    return notes


def _import_notes(data: dict[str, bytes], seconds: float) -> list[str]:
    """Which modules cannot be imported, and why; they are run as checks are."""
    refuse_without_packages()
    names = [n.removesuffix(".py").removesuffix("/__init__") for n in sorted(data) if n.endswith(".py")]
    pieces: list[Any] = [(0, f"import {name.replace('/', '.')}", []) for name in names]
    jobs = [{"id": name, "number": 0, "places": [place]} for place, name in enumerate(names)]
    task = {"notebook": "", "pieces": pieces, "jobs": jobs, "seconds": seconds, "endless": {}}
    results, trace = _run_process(task)
    notes = list(dict.fromkeys(note for state, note, *_ in results if state != DONE))
    notes += [_why_it_ended(trace, seconds, {})] if len(results) < len(jobs) else []
    return [f"{note}: it cannot be imported, so nothing in it can be graded" for note in notes]


def _check_notes(cells: dict[str, Any], seconds: float) -> list[str]:
    """Which visible checks fail now, and which notebooks show a run of older code."""
    items, notes = look(cells, seconds), []
    for name in cells:
        part = [item for item in items if item.notebook == name]
        wrong = [item.title for item in part if item.state == WRONG]
        if wrong:
            notes.append(f"{name}.ipynb: wrong by its own checks: {', '.join(wrong)}; see python work.py")
        ran = [item for item in part if item.cell.get("execution_count")]
        later = changed_after(name)
        shown = [item.title for item in ran if item.state == DONE and _shows_an_error(item.cell)]
        if ran and (later or shown):
            why = f"{later} was changed after" if later else f"{', '.join(shown)} failed in"
            notes.append(f"{name}.ipynb: {why} its last run; run it again from the top, and save")
    return notes


def _shows_an_error(cell: dict[str, Any]) -> bool:
    return any(output.get("output_type") == "error" for output in cell.get("outputs", []))


def _notebook_notes(read: dict[str, Any], data: dict[str, bytes]) -> list[str]:
    notes = []
    for name, cells in read.items():
        file = f"{name}.ipynb"
        if len(data[file]) > LARGE_NOTEBOOK:
            size = f"{len(data[file]) >> 20} MB, more than grading accepts"
            notes.append(f"{file}: {size}; clear the outputs, run it again, save")
        later = [p.name for p in HERE.glob(f"{name}?*.ipynb") if _saved(p) > _saved(HERE / file)]
        notes += [f"{copy} is newer than {file}, and is not handed in: is your work in it?" for copy in later]
        if not _worked_on(cells):
            notes.append(f"{file}: nothing in it is written or run; have you saved it?")
            continue
        items, text = items_of(name, cells), "\n".join(map(source_of, cells))
        unrun = sum(not item.written and not item.cell.get("execution_count") for item in items)
        if unrun:
            notes.append(f"{file}: {unrun} of its checks were not run since it was last saved")
        empty = [i.title for i in items if i.written and EMPTY_ANSWER.fullmatch(source_of(i.cell))]
        if empty:
            notes.append(f"{file}: no answer to {', '.join(empty)}")
        saved_here = [r for r in COURSE["results"] if r in data and r.split("/")[-1] in text]
        newer = [r for r in saved_here if _saved(HERE / r) > _saved(HERE / file) + SAVED_LATE]
        if newer:
            why = f"{newer[0]} is newer than the notebook"
            notes.append(f"{file}: {why}; have you saved it after the last run?")
    return notes


def _saved(path: Path) -> float:
    return path.stat().st_mtime


def _worked_on(cells: list[Any]) -> bool:
    """Whether anything in a notebook was run, answered or written."""
    if any(cell.get("execution_count") for cell in cells):
        return True
    answers = [source_of(cell) for cell in cells if marks_of(cell).get("solution")]
    return any(STUB not in text and not EMPTY_ANSWER.fullmatch(text) for text in answers)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write_zip(data: dict[str, bytes], notes: list[str]) -> None:
    listed = {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in sorted(data.items())}
    manifest = {"assignment": COURSE["name"], "files": listed, "notes": notes}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        for name in sorted(data):
            archive.writestr(name, data[name])
    write(HERE / HAND_IN, packed.getvalue())


# --- From an earlier assignment -------------------------------------------------------------------------


def bring(arguments: argparse.Namespace) -> int:
    """Put functions that were written earlier in the place of those that are to do here."""
    older, theirs = Path(arguments.folder), _read_older(Path(arguments.folder))
    ours, notes = library(), []
    for file in sorted({file for file, _ in COURSE["todo"]} & {*ours} & {*theirs}):
        text, found = bring_file(ours[file], theirs[file])
        notes += [(word, f"{file}: {note}") for word, note in found]
        if text != ours[file]:
            write(HERE / file, text.encode())
    say(f"From {older}:")
    for word, note in notes:
        say(f"  {paint(TO_DO if word == 'left' else DONE, f'{word:5}')}  {note}")
    count = sum(word == "taken" for word, _ in notes)
    say(f"{count} function{'s' * (count != 1)} taken. All else in this folder is as it was.")
    if not notes:
        say(f"What it has is written here already, or not to do in {COURSE['name']}. Is it the right folder?")
    say("Next: python work.py")
    return 0 if count else 1


def _read_older(path: Path) -> dict[str, str]:
    """{file: text} of the library in a folder or a hand-in, which may lie one folder down."""
    package = COURSE["package"]
    try:
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found = {n: as_text(archive.read(n)) for n in archive.namelist() if n.endswith(".py")}
        elif path.resolve() == HERE:
            raise Trouble("that is this folder: name the folder of the earlier assignment")
        else:
            files = [p for p in path.rglob("*.py") if p.is_file() and HERE not in p.resolve().parents]
            found = {p.relative_to(path).as_posix(): as_text(p.read_bytes()) for p in files}
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    places = {name.split(f"{package}/")[0] for name in found if f"/{package}/" in f"/{name}"}
    highest = min((top.count("/") for top in places), default=0)  # above an environment's and older copies
    tops = sorted(top for top in places if top.count("/") == highest)
    if len(tops) != 1:
        which = f"found {', '.join(tops)}: name one of them" if tops else "found none"
        raise Trouble(f"{path}: expected a folder or hand-in with {package} in it, {which}")
    return {name[len(tops[0]) :]: text for name, text in found.items() if name.startswith(tops[0])}


def bring_file(ours: str, theirs: str) -> tuple[str, list[tuple[str, str]]]:
    """A file with the functions that are to do in it filled in, and notes on what was taken and left."""
    try:
        mine, older = ast.parse(ours), ast.parse(theirs)
    except SyntaxError as error:
        return ours, [("left", f"all of it: line {error.lineno}: {error.msg}")]
    old, notes = functions(older), list[tuple[str, str]]()
    lines, used = ours.split("\n"), set[str]()
    for name, node in reversed(functions(mine).items()):  # from below, so that line numbers stay right
        if STUB not in segment(ours, node) or name not in old:
            continue
        reason = _why_not(segment(ours, node), segment(theirs, old[name]), node, old[name])
        if not reason:
            body = theirs.split("\n")[_body_start(old[name]) - 1 : old[name].end_lineno]
            lines[_body_start(node) - 1 : node.end_lineno] = body
            used |= {n.id for n in ast.walk(old[name]) if isinstance(n, ast.Name)}
        notes.insert(0, ("left", f"{name}: {reason}") if reason else ("taken", f"{name}, {len(body)} lines"))
    if not used:
        return ours, notes
    text, helpers = _with_helpers("\n".join(lines), mine, theirs, older, used)
    try:
        ast.parse(text)
    except SyntaxError as error:
        return ours, [("left", f"all of it: the parts do not fit together ({error.msg}); copy by hand")]
    return text, [*notes, *(("with", f"{name}, which they use") for name in helpers)]


def functions(tree: ast.Module) -> dict[str, Any]:
    """{qualified name: definition} of functions and methods."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = {node.name: node for node in tree.body if isinstance(node, kinds)}
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef):
            found |= {f"{cls.name}.{node.name}": node for node in cls.body if isinstance(node, kinds)}
    return found


def segment(text: str, node: Any) -> str:
    return "\n".join(text.split("\n")[node.lineno - 1 : node.end_lineno])


def last_line(node: Any) -> int:
    return int(node.end_lineno)


def _why_not(given: str, theirs: str, new: ast.FunctionDef, old: ast.FunctionDef) -> str:
    if STUB in theirs:
        return "not finished there"
    if digest(given) not in COURSE["stubs"]:
        return "partly written here; copy the rest by hand"
    if [arg.arg for arg in new.args.args] != [arg.arg for arg in old.args.args]:
        names = ", ".join(arg.arg for arg in old.args.args)
        return f"its arguments are others there ({names}); copy it by hand"
    if _body_start(old) == old.lineno:
        return "written in one line there; copy it by hand"
    return "" if _body_start(old) <= last_line(old) else "empty there"


def _body_start(node: ast.FunctionDef) -> int:
    """The first line after the docstring, or after the line of def."""
    if ast.get_docstring(node) is not None:
        return last_line(node.body[0]) + 1
    return node.body[0].lineno


def _with_helpers(
    text: str, mine: ast.Module, theirs: str, older: ast.Module, used: set[str]
) -> tuple[str, list[str]]:
    """The text with the helper functions, constants and imports that the taken functions use, and these."""
    known = {name for node in mine.body for name in _bound(node)} | set(dir(builtins))
    wanted, chosen = used - known, list[Any]()
    for node in reversed(older.body):
        if set(_bound(node)) & wanted:
            chosen.insert(0, node)
            wanted |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - known
    kinds = (ast.Import, ast.ImportFrom)
    lines = text.split("\n")
    last = max((last_line(n) for n in mine.body if isinstance(n, kinds)), default=0)
    if not last and ast.get_docstring(mine) is not None:
        last = last_line(mine.body[0])
    lines[last:last] = [segment(theirs, node) for node in chosen if isinstance(node, kinds)]
    others = [f"\n\n{segment(theirs, node)}\n" for node in chosen if not isinstance(node, kinds)]
    return "\n".join(lines).rstrip("\n") + "\n" + "".join(others), [", ".join(_bound(n)) for n in chosen]


def _bound(node: ast.AST) -> list[Any]:
    """The names that a statement at the top of a file binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


# --- The command line -----------------------------------------------------------------------------------


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="work.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = {"status": status, "check": check, "pack": pack, "bring": bring}
    parser.add_argument("command", nargs="?", default="status", choices=tuple(commands), metavar="COMMAND")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--watch", action="store_true", help="run again after each save")
    limit = "stop a check that computes longer (%(default)s)"
    parser.add_argument("--seconds", type=float, default=SECONDS, help=limit)
    arguments = parser.parse_intermixed_args(words)  # options may stand before names
    if not arguments.seconds > 0:
        parser.error("--seconds: expected more than 0")
    if arguments.command == "bring":
        if len(arguments.names) != 1:
            parser.error("bring needs the folder of the earlier assignment: python work.py bring ../OLDER")
        arguments.folder = arguments.names[0]
    elif arguments.names and arguments.command != "check":
        parser.error(f"{arguments.command} takes no names")
    command = commands[arguments.command]
    try:
        return watch(command, arguments) if arguments.watch else tried(command, arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  students run it with the Python they have
        sys.exit(f"work.py needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if sys.argv[1:2] == ["_run"]:
        run_task(Path(sys.argv[2]))
        os._exit(0)  # and wait for no thread that a check has left behind
    else:
        sys.exit(main(sys.argv[1:]))
