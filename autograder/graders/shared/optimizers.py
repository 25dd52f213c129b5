"""The update rules: single steps, runs with the state carried along, defaults, and what lies in config."""

from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.checks import (
    DTYPE_HINT,
    SINGLE,
    Case,
    array,
    cases,
    close,
    fail,
    mapping,
    parts,
    same_dtype,
    unchanged,
)
from autograder.checks.fixed import load

FIXED = load(Path(__file__).parent / "expected", "optimizers")
RTOL = 1e-6  # of weights near 1: mistakes in a step of 1e-3 and more move them by 1e-5, rounding by 1e-15

# the settings that made each fixed run, in the names of the contract
RUNS: dict[str, dict[str, float]] = {
    "sgd/step": {"learning_rate": 0.3},
    "sgd_momentum/run": {"learning_rate": 0.05, "momentum": 0.7},
    "rmsprop/run": {"learning_rate": 0.03, "decay_rate": 0.8},
    "adam/run": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.9},
    "rmsprop/other_epsilon": {"learning_rate": 0.03, "decay_rate": 0.8, "epsilon": 0.25},
    "adam/other_epsilon": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.25},
}
GIVEN: dict[str, dict[str, float]] = {
    "sgd_momentum/given": {"learning_rate": 0.02, "momentum": 0.6},
    "rmsprop/given": {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 1e-8},
    "adam/given": {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-8, "t": 6},
}
STATE = {"sgd_momentum": ("velocity",), "rmsprop": ("cache",), "adam": ("m", "v")}

DEFAULTS_HINT = "With config None the learning rate and the other settings are those of the docstring."
UNCHANGED_HINT = "w -= ... writes into the caller's array: make a new one. The same goes for dw."
OLD_STATE_HINT = (
    "v *= mu, or np.add(..., out=v), writes into the old array, which the caller may still hold: make a new "
    "array and put that into config."
)

# What has become of the arrays that lay in config before the call.
OLD_STATE = """
def old_state(rule, w, dw, config):
    before = dict(config)
    rule(w, dw, config)
    return before
"""
IN_PLACE_HINT = (
    "The new state must lie in the dict that was passed, under the docstring's keys: a copy loses it."
)


@cases(
    "sgd",
    Case("step", row="sgd/step", hint="One step against the gradient, as long as the learning rate says."),
    Case("defaults", row="sgd/defaults", hint=DEFAULTS_HINT),
    Case("arguments_unchanged", "edge", row="sgd/step", hint=UNCHANGED_HINT),
    Case("dtype", "edge", row="sgd/step", hint=DTYPE_HINT),
)
def test_sgd(student: Any, case: Case) -> None:
    if case.kind == "edge":
        check(student, "sgd", case)
        return
    run(student, "sgd", case.row, None if case.id == "defaults" else RUNS[case.row])


@cases(
    "sgd_momentum",
    Case("first_step", row="sgd_momentum/run", steps=1, hint="Without a velocity in config it starts at 0."),
    Case(
        "given_state", hint="The velocity in config takes part: it is damped first, then the gradient acts."
    ),
    Case("new_state", hint="config['velocity'] must hold the new velocity, the very step that was taken."),
    Case(
        "run", row="sgd_momentum/run", steps=5, hint="Over several steps the velocity builds up: is it kept?"
    ),
    Case("defaults", "edge", row="sgd_momentum/defaults", steps=3, hint=DEFAULTS_HINT),
    Case("same_dict", "edge", hint=IN_PLACE_HINT),
    Case("arguments_unchanged", "edge", hint=UNCHANGED_HINT),
    Case("old_state_unchanged", "edge", hint=OLD_STATE_HINT),
    Case("dtype", "edge", hint=DTYPE_HINT + " The state in config has it too."),
)
def test_sgd_momentum(student: Any, case: Case) -> None:
    check(student, "sgd_momentum", case)


@cases(
    "rmsprop",
    Case("first_step", row="rmsprop/run", steps=1, hint="Without a cache in config it starts at 0."),
    Case(
        "given_state", hint="Update the cache first, then divide by the root of the new one, not the old one."
    ),
    Case("new_state", hint="config['cache'] must hold the new decayed average of the squared gradients."),
    Case("run", row="rmsprop/run", steps=5, hint="Over several steps old gradients fade: is the cache kept?"),
    Case("defaults", "edge", row="rmsprop/defaults", steps=3, hint=DEFAULTS_HINT),
    Case(
        "epsilon",
        "edge",
        row="rmsprop/tiny",
        steps=2,
        hint="epsilon is added to the root, not under it, and is the one that config holds.",
    ),
    Case("same_dict", "edge", hint=IN_PLACE_HINT),
    Case("arguments_unchanged", "edge", hint=UNCHANGED_HINT),
    Case("old_state_unchanged", "edge", hint=OLD_STATE_HINT),
    Case("dtype", "edge", hint=DTYPE_HINT + " The state in config has it too."),
)
def test_rmsprop(student: Any, case: Case) -> None:
    check(student, "rmsprop", case)


@cases(
    "adam",
    Case(
        "first_step",
        row="adam/run",
        steps=1,
        hint="At first both averages are far too small: are both corrected, with t counted before use?",
    ),
    Case("given_state", hint="With m, v and t given: count t up first, and correct with the new t."),
    Case("new_state", hint="config keeps the averages m and v as they are before the correction."),
    Case("time", hint="t counts the calls: one more after each, and it is kept in config."),
    Case(
        "run",
        row="adam/run",
        steps=5,
        hint="Right at first, then off: is t, m or v lost between the calls?",
    ),
    Case("defaults", "edge", row="adam/defaults", steps=3, hint=DEFAULTS_HINT),
    Case(
        "epsilon",
        "edge",
        row="adam/tiny",
        steps=2,
        hint="epsilon is added to the corrected root, not under it, and is the one that config holds.",
    ),
    Case("same_dict", "edge", hint=IN_PLACE_HINT),
    Case("arguments_unchanged", "edge", hint=UNCHANGED_HINT),
    Case("old_state_unchanged", "edge", hint=OLD_STATE_HINT),
    Case("dtype", "edge", hint=DTYPE_HINT + " The state in config has it too."),
)
def test_adam(student: Any, case: Case) -> None:
    check(student, "adam", case)


def check(student: Any, rule: str, case: Case) -> None:
    if case.id == "arguments_unchanged":
        keep_arguments(student, rule)
    elif case.id in ("given_state", "new_state", "time"):
        given_state(student, rule, case.id)
    elif case.id == "same_dict":
        same_dict(student, rule)
    elif case.id == "old_state_unchanged":
        old_state(student, rule)
    elif case.id == "dtype":
        keep_dtype(student, rule)
    else:
        run(student, rule, case.row, RUNS.get(case.row), case.steps)
        if case.id == "epsilon":
            row = f"{rule}/other_epsilon"
            run(student, rule, row, RUNS[row], case.steps)


def run(student: Any, rule: str, row: str, config: dict[str, float] | None, steps: int = 1) -> None:
    """Some steps, each with the config that the step before gave back."""
    fixed, state = FIXED[row], config
    w = fixed["w"]
    for number in range(steps):
        w, state = call(student, rule, w, fixed["dw"][number], state)
        close(w, fixed["next_w"][number], name=f"next_w of {rule} after step {number + 1}", rtol=RTOL)


def call(student: Any, rule: str, w: np.ndarray, dw: np.ndarray, config: Any) -> tuple[np.ndarray, dict]:
    passed = config if config is None else dict(config)
    next_w, state = parts(student.call(f"optim.{rule}", w, dw, passed), 2, name=rule)
    return array(next_w, name=f"next_w of {rule}"), mapping(state, [], name=f"config of {rule}")


def given_config(rule: str) -> dict[str, Any]:
    fixed = FIXED[f"{rule}/given"]
    return GIVEN[f"{rule}/given"] | {name: fixed[name] for name in STATE[rule]}


def given_state(student: Any, rule: str, asked: str) -> None:
    fixed = FIXED[f"{rule}/given"]
    next_w, state = call(student, rule, fixed["w"], fixed["dw"], given_config(rule))
    if asked == "given_state":
        close(next_w, fixed["next_w"], name=f"next_w of {rule}", rtol=RTOL)
    elif asked == "new_state":
        mapping(state, STATE[rule], name=f"config of {rule}")
        for name in STATE[rule]:
            close(state[name], fixed[f"next_{name}"], name=f"config[{name!r}] of {rule}", rtol=RTOL)
    else:
        close(mapping(state, ["t"], name=f"config of {rule}")["t"], 7, name=f"config['t'] of {rule}", rtol=0)


def same_dict(student: Any, rule: str) -> None:
    """What counts is the dict that was passed, whatever is returned."""
    fixed = FIXED[f"{rule}/given"]
    echo = student.call(f"optim.{rule}", fixed["w"], fixed["dw"], given_config(rule), echo=True)
    parts(echo.result, 2, name=rule)
    passed = mapping(echo.args[2], STATE[rule], name=f"the config passed to {rule}")
    for name in STATE[rule]:
        label = f"{name} in the dict passed to {rule}"
        if np.array_equal(np.asarray(passed[name]), fixed[name]):
            fail(
                "mutation",
                f"{label} is still the old one: write the new state into that dict, not into a copy.",
            )
        close(passed[name], fixed[f"next_{name}"], name=label, rtol=RTOL)


def keep_arguments(student: Any, rule: str) -> None:
    fixed = FIXED["sgd/step" if rule == "sgd" else f"{rule}/given"]
    config = RUNS["sgd/step"] if rule == "sgd" else given_config(rule)
    dw, want = (fixed["dw"][0], fixed["next_w"][0]) if rule == "sgd" else (fixed["dw"], fixed["next_w"])
    echo = student.call(f"optim.{rule}", fixed["w"], dw, dict(config), echo=True)
    next_w, _ = parts(echo.result, 2, name=rule)
    close(next_w, want, name=f"next_w of {rule}", rtol=RTOL)
    unchanged(fixed["w"], echo.args[0], name=f"w, the argument of {rule},")
    unchanged(dw, echo.args[1], name=f"dw, the argument of {rule},")


def old_state(student: Any, rule: str) -> None:
    fixed = FIXED[f"{rule}/given"]
    function = student.call("optim.__dict__.get", rule, keep="all")
    helper = student.define(OLD_STATE, "old_state")
    before = mapping(
        student.call(helper, function, fixed["w"], fixed["dw"], given_config(rule)), STATE[rule], name=rule
    )
    given_state(student, rule, "given_state")  # what does nothing changes nothing
    for name in STATE[rule]:
        unchanged(fixed[name], before[name], name=f"the old {name} that {rule} found in config")


def keep_dtype(student: Any, rule: str) -> None:
    """next_w and the state, from a config that holds none, and from one that does."""
    fixed = FIXED["sgd/step" if rule == "sgd" else f"{rule}/given"]
    dw = fixed["dw"][0] if rule == "sgd" else fixed["dw"]
    for config in ({}, RUNS["sgd/step"] if rule == "sgd" else given_config(rule)):
        started = {k: v.astype(SINGLE) if isinstance(v, np.ndarray) else v for k, v in config.items()}
        next_w, state = call(student, rule, fixed["w"].astype(SINGLE), dw.astype(SINGLE), started)
        same_dtype(next_w, SINGLE, name=f"next_w of {rule}")
        for name in STATE.get(rule, ()):
            mapping(state, [name], name=f"config of {rule}")
            same_dtype(state[name], SINGLE, name=f"config[{name!r}] of {rule}")
    want = fixed["next_w"][0] if rule == "sgd" else fixed["next_w"]
    close(next_w, want, name=f"next_w of {rule}", rtol=RTOL)
