"""The convolutional layer, forward and backward, at the sizes its contract allows."""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    GRAD_RTOL,
    RTOL,
    USED_AGAIN_HINT,
    Case,
    cases,
    close,
    parts,
    same_dtype,
    unchanged,
)
from autograder.checks.fixed import Arrays, load
from autograder.graders.assignment2.calls import EXPECTED, FAST, cached, stays_single

FIXED = load(EXPECTED, "conv")
NAME, BACK = "conv_forward_naive", "conv_backward_naive"
GRADS = ("dx", "dw", "db")


def arguments(row: Arrays, dtype: Any = np.float64) -> list[Any]:
    arrays = [row[name].astype(dtype) for name in ("x", "w", "b")]
    return [*arrays, {"stride": int(row["stride"]), "pad": int(row["pad"])}]


def forward(student: Any, row: Arrays, dtype: Any = np.float64) -> tuple[Any, Any]:
    return parts(student.call(f"layers.{NAME}", *arguments(row, dtype), keep=1), 2, name=NAME)


@cases(
    NAME,
    Case(
        "same_size",
        row="same_size",
        weight=2,
        hint="Each output is the sum over all channels and the whole window of input times filter, plus the "
        "filter's bias. The filter is not flipped.",
    ),
    Case(
        "stride_2",
        row="stride_2",
        hint="The window moves by stride, in both directions: its corner lies at stride times the output's "
        "index. Is the output's size right?",
    ),
    Case(
        "pad_2",
        row="pad_2",
        hint="Pad the two image axes only, on both sides, with zeros; the output's size counts the padding "
        "twice.",
    ),
    Case(
        "no_pad",
        "edge",
        row="no_pad",
        hint="pad is 0 here. A slice such as [pad:-pad] is empty then.",
    ),
    Case(
        "rectangular",
        "edge",
        row="rectangular",
        hint="Image and filter are not square here: keep H apart from W, and HH from WW.",
    ),
    Case(
        "windows_do_not_tile",
        "edge",
        row="no_tile",
        hint="The last window would stand out over the border here: it is left out, so the size is rounded "
        "down.",
    ),
    Case(
        "stride_3",
        "edge",
        row="stride_3",
        hint="The stride is larger than the filter here: pixels between stay out.",
    ),
    without=FAST,
)
def test_conv_forward_naive(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    out, _ = forward(student, row)
    close(out, row["out"], name=f"out of {NAME}", rtol=RTOL)


@cases(
    NAME,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case("arguments_unchanged", "edge", hint="x, w and b belong to the caller: pad a copy."),
    without=FAST,
)
def test_conv_forward_naive_contract(student: Any, case: Case) -> None:
    row = FIXED["same_size"]
    args = arguments(row, np.float32 if case.id == "dtype" else np.float64)
    echo = student.call(f"layers.{NAME}", *args, keep=1, echo=True)
    out, _ = parts(echo.result, 2, name=NAME)
    close(out, row["out"], name=f"out of {NAME}", rtol=RTOL)
    if case.id == "dtype":
        same_dtype(out, np.float32, name=f"out of {NAME}")
        return
    for name, before, after in zip("xwb", args[:3], echo.args, strict=False):
        unchanged(before, after, name=f"{name}, the argument of {NAME},")


@cases(
    BACK,
    Case(
        "dx",
        row="same_size",
        which=["dx"],
        weight=2,
        hint="Each output came from one window: its dout goes back to the whole window, weighted by the "
        "filter. Windows overlap, so their shares add up. The padding is cut off at the end.",
    ),
    Case(
        "dw",
        row="same_size",
        which=["dw"],
        weight=2,
        hint="Each filter met every window of every image: dout times the window, added up over all of them.",
    ),
    Case(
        "db",
        row="same_size",
        which=["db"],
        hint="A filter's bias is in every place of its map, in every image: sum over all three axes.",
    ),
    Case(
        "stride_2",
        row="stride_2",
        which=GRADS,
        hint="With a stride the windows lie at stride times the output's index, on the way back as well.",
    ),
    Case(
        "pad_2",
        row="pad_2",
        which=["dx", "dw"],
        hint="Work with the padded image, and cut pad rows and columns off each side of dx at the end.",
    ),
    Case(
        "no_pad",
        "edge",
        weight=2,
        row="no_pad",
        which=GRADS,
        hint="pad is 0 here, and [pad:-pad] is an empty slice then. Count from the front: [pad:pad + H].",
    ),
    Case(
        "no_pad_stride_2",
        "edge",
        row="no_pad_stride_2",
        which=GRADS,
        hint="pad 0 and stride 2 together: see that dx keeps x's shape and the windows their places.",
    ),
    Case(
        "rectangular",
        "edge",
        row="rectangular",
        which=GRADS,
        hint="Image and filter are not square here: keep H apart from W, and HH from WW.",
    ),
    Case(
        "windows_do_not_tile",
        "edge",
        row="no_tile",
        which=GRADS,
        hint="No window reaches the last rows or columns here: their gradient is 0, and dx keeps x's shape.",
    ),
    Case(
        "stride_3",
        "edge",
        row="stride_3",
        which=GRADS,
        hint="The stride is larger than the filter here: pixels that no window covers get a gradient of 0.",
    ),
    without=FAST,
)
def test_conv_backward_naive(student: Any, case: Case) -> None:
    row = FIXED[case.row]
    _, cache = cached(student, BACK, NAME, *arguments(row))
    grads = parts(student.call(f"layers.{BACK}", row["dout"], cache), 3, name=BACK)
    for which in case.which:
        got = grads[GRADS.index(which)]
        close(got, row[which], name=f"{which} of {BACK}", rtol=GRAD_RTOL, what="gradient")


@cases(
    BACK,
    Case("dtype", "edge", hint=DTYPE_HINT),
    Case("arguments_unchanged", "edge", hint=USED_AGAIN_HINT),
    without=FAST,
)
def test_conv_backward_naive_contract(student: Any, case: Case) -> None:
    row, dtype = FIXED["same_size"], np.float32 if case.id == "dtype" else np.float64
    out, cache = cached(student, BACK, NAME, *arguments(row, dtype))
    dout = row["dout"].astype(dtype)
    for call in ("", " at a second call with the same cache"):
        echo = student.call(f"layers.{BACK}", dout, cache, echo=True)
        for which, got in zip(GRADS, parts(echo.result, 3, name=BACK), strict=True):
            close(got, row[which], name=f"{which} of {BACK}{call}", rtol=GRAD_RTOL, what="gradient")
            if case.id == "dtype":
                stays_single(got, out, name=f"{which} of {BACK}")
        unchanged(dout, echo.args[0], name=f"dout, the argument of {BACK},")
