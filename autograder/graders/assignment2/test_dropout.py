"""Dropout: judged by what every right mask has in common, so that any way to draw one passes."""

from typing import Any

import numpy as np

from autograder.checks.checks import (
    USED_AGAIN_HINT,
    Case,
    CheckFailed,
    cases,
    fail,
    filled,
    finite,
    parts,
    same_dtype,
    same_shape,
    unchanged,
)
from autograder.graders.assignment2.calls import agrees, cached, near, stays_single
from autograder.graders.assignment2.norms import Lost

NAME, BACK = "dropout_forward", "dropout_backward"
SIGMAS = 6  # a right mask leaves these bounds once in 500 million times
SINGLE_SPREAD = 1e-6  # float32 has 7 digits
OWN = {"train": ("zero_or_scaled", "scaled_other_p"), "test": ("test_mode",)}  # cases of the forward function
EXACT = 1e-9  # nothing is computed but one product or quotient
TEXT = f"out of {NAME}"


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Inputs away from 0, so that a 0 in the result was dropped."""
    draws = np.random.RandomState(seed)
    return np.round(draws.uniform(0.5, 3.0, shape), 2) * draws.choice([-1.0, 1.0], shape)


def train(student: Any, x: np.ndarray, p: float, **settings: Any) -> tuple[np.ndarray, Any]:
    """(out, handle of the cache) in train mode."""
    got = student.call(f"layers.{NAME}", x, {"mode": "train", "p": p, **settings}, keep=1)
    out, cache = parts(got, 2, name=NAME)
    return finite(same_shape(out, x.shape, name=TEXT), name=TEXT), cache


@cases(
    NAME,
    Case(
        "zero_or_scaled",
        p=0.5,
        weight=2,
        hint="What is kept must be scaled up in train mode, so that its expectation is x and test mode has "
        "nothing to do; what is dropped is exactly 0.",
    ),
    Case(
        "scaled_other_p",
        p=0.8,
        hint="The factor of what is kept depends on p, the probability of keeping, not of dropping.",
    ),
)
def test_dropout_forward_values(student: Any, case: Case) -> None:
    x = numbers(12, 10)
    out, _ = train(student, x, case.p)
    some_kept_some_dropped(out)
    near(out, np.where(out == 0, 0.0, x / case.p), name=TEXT, rtol=EXACT)


def some_kept_some_dropped(out: np.ndarray) -> None:
    if not out.any():
        fail("value", f"{TEXT} is 0 everywhere: nothing was kept.")
    if out.all():
        fail("value", f"{TEXT} has no 0 in it: nothing was dropped.")


@cases(
    NAME,
    Case(
        "share_kept",
        p=0.2,
        hint="p is the probability of keeping an element. Compare the random numbers with p the right way "
        "round: is it 1 - p that is kept?",
    ),
    Case(
        "every_element_by_itself",
        p=0.5,
        hint="Each element of x has its own draw. A mask of one row, or one column, drops whole columns or "
        "rows together.",
    ),
)
def test_dropout_forward_mask(student: Any, case: Case) -> None:
    x = np.full((60, 50), 1.5)  # all alike: a mask is drawn, and does not follow from x
    out, _ = train(student, x, case.p)
    some_kept_some_dropped(out)
    kept = out != 0
    if case.id == "every_element_by_itself":
        for axis, word in enumerate(("row", "column")):
            if len(np.unique(kept, axis=axis)) < kept.shape[axis]:
                fail("value", f"{TEXT}: at least two {word}s have the same elements dropped.")
        return
    share, spread = kept.mean(), np.sqrt(case.p * (1 - case.p) / kept.size)
    if abs(share - case.p) > SIGMAS * spread:
        more = "more" if share > case.p else "less"
        fail("value", f"{TEXT} keeps far {more} than the share p of the elements.")


@cases(
    NAME,
    Case("test_mode", weight=2, hint="In test mode nothing is dropped and nothing is scaled: out equals x."),
    Case("keep_all", "edge", hint="p = 1 keeps everything, unscaled."),
)
def test_dropout_forward_identity(student: Any, case: Case) -> None:
    x = numbers(8, 9)
    param = {"mode": "test", "p": 0.3} if case.id == "test_mode" else {"mode": "train", "p": 1.0}
    out, _ = parts(student.call(f"layers.{NAME}", x, param, keep=1), 2, name=NAME)
    near(out, x, name=f"{TEXT} in {param['mode']} mode", rtol=EXACT)


@cases(
    NAME,
    Case(
        "seed_repeats",
        "edge",
        hint="With a seed in dropout_param the same mask comes back at every call, and another seed gives "
        "another mask: seed the generator before you draw. Gradient checks rely on it.",
    ),
    Case(
        "no_seed",
        "edge",
        hint="Without a seed every call draws a new mask. Is the generator reseeded with a fixed number?",
    ),
)
def test_dropout_forward_seed(student: Any, case: Case) -> None:
    x = numbers(10, 12)
    settings = [{"seed": 7}, {"seed": 7}, {"seed": 8}] if case.id == "seed_repeats" else [{}, {}, {}]
    first, again, other = (train(student, x, 0.5, **setting)[0] for setting in settings)
    some_kept_some_dropped(first)
    if case.id == "seed_repeats":
        near(again, first, name=f"{TEXT} at the second call with the same seed", rtol=EXACT)
        if np.array_equal(other == 0, first == 0):
            fail("value", f"{TEXT} drops the same elements for another seed.")
    elif np.array_equal(again == 0, first == 0) or np.array_equal(other == 0, first == 0):
        fail("value", f"{TEXT} drops the same elements at every call, though no seed is given.")


@cases(
    NAME,
    Case("images", "edge", hint="x may have any number of axes: draw a mask of x's shape."),
    Case(
        "dtype",
        "edge",
        hint="float32 in, float32 out, in both modes: a float64 mask makes the product float64.",
    ),
    Case(
        "argument_unchanged",
        "edge",
        hint="x belongs to the caller: `x *= mask` and `x[~mask] = 0` change it; make a new array.",
    ),
)
def test_dropout_forward_contract(student: Any, case: Case) -> None:
    x = numbers(4, 3, 2, 5)
    if case.id == "images":
        some_kept_some_dropped(train(student, np.full(x.shape, 1.5), 0.5)[0])
        return
    if case.id == "dtype":
        x = x.astype(np.float32)
    for mode in ("train", "test"):
        echo = student.call(f"layers.{NAME}", x, {"mode": mode, "p": 0.5}, keep=1, echo=True)
        out, _ = parts(echo.result, 2, name=NAME)
        filled(out, x.shape, name=f"{TEXT} in {mode} mode")
        if mode == "train":
            some_kept_some_dropped(np.asarray(out))
        else:
            near(out, x, name=f"{TEXT} in test mode", rtol=EXACT)
        if case.id == "dtype":
            same_dtype(out, x.dtype, name=f"{TEXT} in {mode} mode")
        else:
            unchanged(x, echo.args[0], name=f"x, the argument of {NAME},")


@cases(
    BACK,
    Case(
        "same_mask",
        p=0.4,
        shape=(9, 8),
        seed=3,
        weight=2,
        hint="The gradient passes where the forward pass let x pass, scaled as it was, and is 0 elsewhere. "
        "Keep the mask in the cache.",
    ),
    Case(
        "mask_from_cache",
        p=0.7,
        shape=(7, 10),
        hint="No seed here: a mask drawn anew in the backward pass is another one. Use the one in the cache.",
    ),
    Case("images", "edge", p=0.5, shape=(9, 2, 2, 3), seed=4, hint="dout may have any number of axes."),
    after=[NAME],
)
def test_dropout_backward(student: Any, case: Case, lost: Lost) -> str | None:
    x, dout = numbers(*case.shape), numbers(*case.shape, seed=1)
    param = {"mode": "train", "p": case.p, **({"seed": case.seed} if "seed" in case.data else {})}
    out, cache = cached(student, BACK, NAME, x, param)
    try:
        same_shape(out, x.shape, name=TEXT)
        some_kept_some_dropped(out)
    except CheckFailed as error:
        fail("needs", f"{BACK} could not be checked: {error} Get {NAME} to work first.")
    dx = same_shape(student.call(f"layers.{BACK}", dout, cache), x.shape, name=f"dx of {BACK}")
    return compare(x, param, dx, out, np.where(out == 0, 0.0, dout / case.p), dout, lost)


def compare(
    x: np.ndarray,
    param: dict[str, Any],
    dx: np.ndarray,
    out: Any,
    want: np.ndarray,
    dout: np.ndarray,
    lost: Lost,
) -> str | None:
    """dx is `want`, or else right for a forward pass that scales by another factor; a text says so."""
    try:
        near(dx, want, name=f"dx of {BACK}", what="gradient", rtol=EXACT)
    except CheckFailed:
        factor = factor_of(x, param, out, lost)
        seen = x != 0
        if factor is None or not agrees(dx[seen], np.where(out == 0, 0.0, factor * dout)[seen], EXACT):
            raise
        return f"dx of {BACK} is right for what {NAME} computes, which scales by another factor than 1/p."
    return None


def factor_of(x: np.ndarray, param: dict[str, Any], out: Any, lost: Lost) -> float | None:
    """The number by which the forward pass scales all that it keeps, if that is one of two decimals, or 1
    over one, as what can be made of p is, and if it has cost the forward function a case of its own."""
    if not any((NAME, case) in lost for case in OWN[param["mode"]]):
        return None
    kept = (x != 0) & (out != 0)
    if not kept.any():
        return None
    found = np.asarray(out, dtype=np.float64)[kept] / x[kept]
    spread = SINGLE_SPREAD if x.dtype == np.float32 else EXACT
    first = float(found[0])
    plain = [round(first, 2), 1 / round(1 / first, 2) if first and round(1 / first, 2) else 0.0]
    return next((f for f in plain if f > 0 and (np.abs(found - f) <= spread * f).all()), None)


@cases(
    BACK,
    Case(
        "test_mode",
        "edge",
        weight=2,
        hint="In test mode the forward pass changes nothing, and neither does the backward pass: the cache "
        "must say which mode it was.",
    ),
    Case(
        "zeros_in_x",
        "edge",
        hint="Half of x is 0 here. What is kept of it is 0 as well, but its gradient passes: the mask is "
        "what was drawn, and where the result is 0 is not the same.",
    ),
    after=[NAME],
)
def test_dropout_backward_where_out_is_x(student: Any, case: Case, lost: Lost) -> str | None:
    x, dout = numbers(8, 6), numbers(8, 6, seed=1)
    param: dict[str, Any] = {"mode": "test", "p": 0.4}
    if case.id == "zeros_in_x":
        x[::2], param = 0.0, {"mode": "train", "p": 0.5, "seed": 5}
    out, cache = cached(student, BACK, NAME, x, param)
    dx = same_shape(student.call(f"layers.{BACK}", dout, cache), x.shape, name=f"dx of {BACK}")
    same_shape(out, x.shape, name=TEXT)
    if case.id == "test_mode":
        return compare(x, param, dx, out, dout, dout, lost)
    if not dx[x == 0].any():  # 24 draws of which none was kept
        fail("gradient", f"dx of {BACK} is 0 wherever x is 0, though only about half of that was dropped.")
    kept = np.where(x == 0, dx, out) != 0  # where x is 0, only dx shows what was kept
    return compare(x, param, dx, out, np.where(kept, dout / param["p"], 0.0), dout, lost)


@cases(
    BACK,
    Case("dtype", "edge", hint="float32 in, float32 out, in both modes: a float64 mask makes dx float64."),
    Case("arguments_unchanged", "edge", hint="`dout *= mask` changes dout. " + USED_AGAIN_HINT),
    after=[NAME],
)
def test_dropout_backward_contract(student: Any, case: Case, lost: Lost) -> None:
    dtype = np.float32 if case.id == "dtype" else np.float64
    x, dout = numbers(6, 5).astype(dtype), numbers(6, 5, seed=1).astype(dtype)
    for mode in ("train", "test"):
        text = f"dx of {BACK} in {mode} mode"
        param: dict[str, Any] = {"mode": mode, "p": 0.5}
        out, cache = cached(student, BACK, NAME, x, param)
        echo = student.call(f"layers.{BACK}", dout, cache, echo=True)
        dx = filled(echo.result, x.shape, name=text)
        same_shape(out, x.shape, name=TEXT)
        want = np.where(out == 0, 0.0, dout / param["p"]) if mode == "train" else dout
        compare(x, param, dx, out, want, dout, lost)
        if case.id == "dtype":
            stays_single(dx, out, name=text)
            continue
        unchanged(dout, echo.args[0], name=f"dout, the argument of {BACK} in {mode} mode,")
        again = student.call(f"layers.{BACK}", dout, cache)
        near(again, dx, name=f"{text} at a second call with the same cache", what="gradient", rtol=EXACT)
