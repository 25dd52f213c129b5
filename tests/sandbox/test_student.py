"""What a grader can do with a submission, and what it hears when the code does not deliver."""

import numpy as np
import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import Echo, SandboxError, StudentError
from autograder.sandbox.limits import Limits
from autograder.sandbox.session import GIVE_UP
from autograder.sandbox.wire import Handle
from tests.held_up import unless_held_up

LAYERS = """
import numpy as np

def affine_forward(x, w, b):
    print("forward")
    return x.reshape(x.shape[0], -1) @ w + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def in_place(x, config=None):
    x += 1
    if config is not None:
        config["t"] = config.get("t", 0) + 1
    return x.sum()

def draw():
    import random
    return np.random.rand(3), random.random()

def same(*args, **kwargs):
    return args, kwargs
"""
NETS = """
import numpy as np
from . import layers

class Net:
    def __init__(self, hidden, *, scale=1.0):
        self.params = {"W1": scale * np.ones((hidden, 2)), "sizes": [hidden, 2]}
        self.helper = layers

    def loss(self, X):
        out, cache = layers.affine_forward(X, self.params["W1"], 0)
        return float(out.sum()), {"W1": np.ones_like(self.params["W1"])}

    def itself(self):
        return self
"""


@pytest.fixture
def student(submit):
    return submit(layers=LAYERS, nets=NETS)


def test_a_call_gives_plain_values(student):
    x, w, b = np.ones((2, 3)), np.ones((3, 4)), np.arange(4.0)
    out, cache = student.call("layers.affine_forward", x, w, b)
    assert np.array_equal(out, x @ w + b)
    assert isinstance(cache, tuple)
    assert not out.flags.writeable
    assert student.printed == "forward\n"
    assert student.total_seconds > 0


def test_kept_values_stay_and_can_be_passed_back(student):
    x, w, b = np.ones((2, 3)), np.ones((3, 4)), np.zeros(4)
    out, cache = student.call("layers.affine_forward", x, w, b=b, keep=1)
    assert isinstance(cache, Handle)
    dx, _, db = student.call("layers.affine_backward", np.ones_like(out), cache)
    assert dx.shape == (2, 3)
    assert np.array_equal(db, [2, 2, 2, 2])
    both = student.call("layers.affine_forward", x, w, b, keep=(0, 1))
    assert all(isinstance(kept, Handle) for kept in both)
    whole = student.call("layers.affine_forward", x, w, b, keep="all")
    assert np.array_equal(student.get(whole, 0), out)
    args, kwargs = student.call("layers.same", [cache], {"a": (cache,)}, key=cache)
    assert np.array_equal(args[0][0][0], x)
    assert np.array_equal(kwargs["key"][1], w)


def test_echo_shows_the_arguments_after_the_call(student):
    x, config = np.zeros(3), {"t": 4}
    echo = student.call("layers.in_place", x, config=config, echo=True)
    assert isinstance(echo, Echo)
    assert echo.result == 3
    assert np.array_equal(echo.args[0], [1, 1, 1])
    assert echo.kwargs == {"config": {"t": 5}}
    assert np.array_equal(x, [0, 0, 0])  # ours was never there
    net = student.new("nets.Net", 3)
    assert student.call("layers.same", net, echo=True, keep="all").args == [net]
    kept = student.call("layers.affine_forward", np.ones((1, 1)), np.ones((1, 1)), 0.0, keep=1, echo=True)
    assert isinstance(kept.result[1], Handle)


def test_objects_live_in_the_worker(student):
    net = student.new("nets.Net", 3, scale=2.0)
    assert np.array_equal(student.get(net, "params", "W1"), np.full((3, 2), 2.0))
    assert student.get(net, "params", "sizes", 1) == 2
    loss, grads = student.method(net, "loss", np.ones((4, 3)))
    assert loss == 48.0
    assert list(grads) == ["W1"]
    student.set(net, "params", "W1", value=np.zeros((3, 2)))
    assert student.method(net, "loss", np.ones((4, 3)))[0] == 0.0
    student.set(net, "name", value="a net")
    assert student.get(net, "name") == "a net"
    assert student.method(net, "itself") == net  # what is kept comes back as its handle
    bound = student.call(student.define("def of(net): return net.loss", "of"), net, keep="all")
    assert student.call(bound, np.ones((4, 3)))[0] == 0.0


def test_a_graders_helper_runs_beside_the_students_code(student):
    source = "class Stub:\n    calls = 0\n    def loss(self, X):\n        self.calls += 1"
    stub = student.call(student.define(source, "Stub"), keep="all")
    student.method(stub, "loss", 1)
    assert student.get(stub, "calls") == 1


def test_scalars_keep_their_type(student):
    values = (np.float32(1.5), np.bool_(True), 3, 2.5, "text", None, [1, (2,)], {"a": 1, 2: "b"})
    args, _ = student.call("layers.same", *values)
    assert args == values
    assert [type(a) for a in args] == [type(v) for v in values]


def test_cases_start_alike(student):
    def draws(seed):
        student.begin_case(seed)
        array, number = student.call("layers.draw")
        return [*array, number]

    assert draws(5) == draws(5) != draws(6)
    rng = np.random.RandomState(5)
    assert np.array_equal(draws(5)[:3], rng.rand(3))
    assert student.printed == ""


# When the code does not deliver


def failure(call, *args, **kwargs) -> StudentError:
    with pytest.raises(StudentError) as caught:
        call(*args, **kwargs)
    return caught.value


def failure_of_a_case(student, *call) -> StudentError:
    def one_case():
        student.begin_case(1)
        return failure(student.call, *call)

    return unless_held_up(one_case)


def test_what_is_not_there(submit):
    student = submit(layers="x = 1", nets=NETS)
    gone = failure(student.call, "layers.affine_forward")
    assert (gone.kind, gone.message) == ("missing", "cs_lib/layers.py has no affine_forward")
    gone = failure(student.call, "optim.adam")
    assert (gone.kind, gone.message) == ("missing", "cs_lib/optim.py was not handed in, so there is no adam")
    gone = failure(student.call, "classifiers.fc_net.Net")
    assert gone.message == "cs_lib/classifiers/fc_net.py was not handed in, so there is no Net"
    net = student.new("nets.Net", 3)
    gone = failure(student.method, net, "predict")
    assert (gone.kind, gone.message) == ("missing", "Net has no predict")
    gone = failure(student.get, net, "params", "W9")
    assert (gone.kind, gone.message) == ("missing", "dict has no W9")
    assert failure(student.get, net, "params", "sizes", 7).message == "list has no 7"


def test_what_is_not_written(submit):
    text = 'def f():\n    raise NotImplementedError("f is not written yet")'
    error = failure(submit(layers=text).call, "layers.f")
    assert (error.kind, error.message) == ("not_implemented", "NotImplementedError: f is not written yet")
    assert [(frame.file, frame.line, frame.function) for frame in error.frames] == [
        ("cs_lib/layers.py", 2, "f")
    ]


def test_what_is_raised_shows_their_own_lines_only(submit):
    error = failure(
        submit(layers="import numpy as np\ndef f(x):\n    return np.linalg.inv(x)").call,
        "layers.f",
        np.ones(3),
    )
    assert error.kind == "raised"
    assert "LinAlgError" in error.message
    assert [(f.file, f.line, f.function, f.source) for f in error.frames] == [
        ("cs_lib/layers.py", 3, "f", "return np.linalg.inv(x)")
    ]
    assert failure(submit(layers="def f():\n    raise ValueError").call, "layers.f").message == "ValueError"
    assert failure(submit(layers="def f(): pass").call, "layers.f", 1).message.startswith(
        "TypeError: f() takes 0"
    )


def test_one_broken_file_costs_what_needs_it(submit):
    student = submit(
        broken="x = 1\ny = = 2", needs="from . import broken\ndef f(): pass", fine="def f(): return 1"
    )
    assert student.call("fine.f") == 1
    error = failure(student.call, "broken.f")
    assert (error.kind, error.message) == (
        "import",
        "cs_lib/broken.py line 2 cannot be imported: SyntaxError: invalid syntax",
    )
    assert error.frames[0].source == "y = = 2"
    error = failure(student.call, "needs.f")
    assert error.message.startswith("cs_lib/broken.py line 2 cannot be imported")
    assert [frame.file for frame in error.frames] == ["cs_lib/needs.py", "cs_lib/broken.py"]
    student.begin_case(seed=2)
    assert failure(student.call, "needs.f") is error  # known, and not tried again


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import torch",
            "line 1 cannot be imported: ModuleNotFoundError: No module named 'torch' (only NumPy",
        ),
        ("raise SystemExit", "line 1 cannot be imported: SystemExit"),
        ("\n1 / 0", "line 2 cannot be imported: ZeroDivisionError: division by zero"),
        (
            "x = 1\ntype X = int",
            "invalid syntax (this may be syntax of a newer Python",
        ),
        ("x = f'{d['a']}'", "(this may be syntax of a newer Python; grading runs Python 3"),
        ("print 'a'", "(this is Python 2; grading runs Python 3"),
        ("def f():\nreturn", "line 2 cannot be imported: IndentationError"),
        ("x = '\0'", "Error: source code string cannot contain null bytes"),
        ("raise NotImplementedError", "line 1 cannot be imported: NotImplementedError"),
    ],
)
def test_files_that_do_not_import(submit, text, message):
    error = failure(submit(layers=text).call, "layers.f")
    assert error.kind == "import"
    assert message in error.message


def test_returned_values_that_cannot_be_used(submit):
    student = submit(layers="def f():\n    return {1, 2}\ndef g(): return 1\ndef h(): return (1,)")
    error = failure(student.call, "layers.f")
    assert error.kind == "bad_reply"
    assert error.message.startswith(
        "the result cannot be used: it holds a value of type set; only None, numbers"
    )
    assert failure(student.call, "layers.g", keep=1).message == (
        "returned a int; 2 values are expected, as in `return out, cache`"
    )
    assert (
        "returned 1 values; 2 values are expected" in failure(student.call, "layers.h", keep=(0, 1)).message
    )
    assert student.call("layers.g") == 1  # a bad value costs nothing but its own call


def test_after_a_loss_the_case_is_over_and_the_next_begins_anew(submit):
    student = submit(layers="import os\ndef die(): os._exit(3)\ndef f(): return 1")
    assert failure(student.call, "layers.die").message == (
        "layers.die: the code ended Python itself (exit code 3)"
    )
    lost = failure(student.call, "layers.f")
    assert (lost.kind, lost.message) == (
        "crash",
        "not run: earlier in this check, layers.die: the code ended Python itself (exit code 3)",
    )
    student.begin_case(seed=2)
    assert student.call("layers.f") == 1


def test_a_loss_says_nothing_about_modules_not_loaded_yet(submit):
    student = submit(
        layers="""
            import os

            def end():
                os._exit(0)
        """,
        optim="def sgd():\n    return 1\n",
    )
    with pytest.raises(StudentError, match="ended Python itself"):
        student.call("layers.end")
    with pytest.raises(StudentError, match="not run: earlier in this check"):
        student.call("optim.sgd")
    student.begin_case(seed=2)
    assert student.call("optim.sgd") == 1


def test_a_function_that_hangs_is_given_less_time_at_its_next_call(sandbox):
    text = b"def f(hang):\n    while hang:\n        pass\n    return 1\n"
    with (
        Sandbox(Limits(call_seconds=0.8), sandbox.level) as quick,
        quick.submission({"cs_lib/layers.py": text}) as student,
    ):
        messages = []
        for _ in range(3):
            messages.append(failure_of_a_case(student, "layers.f", True).message)
        assert messages == [
            "layers.f: stopped after 0.8 s: the call did not finish; look for an endless loop",
            "layers.f: stopped after 0.25 s; an earlier call took over 0.8 s",
            "layers.f: stopped after 0.25 s; an earlier call took over 0.8 s",
        ]


def test_a_function_that_never_comes_back_is_not_called_for_ever(sandbox):
    text = b"def f(hang):\n    while hang:\n        pass\n    return 1\n\n\ng = f\n"
    stops = [True] * GIVE_UP
    with (
        Sandbox(Limits(call_seconds=0.3), sandbox.level) as quick,
        quick.submission({"cs_lib/layers.py": text}) as student,
    ):
        for seed, hang in enumerate([False, *stops]):
            if hang:
                assert failure_of_a_case(student, "layers.f", hang).kind == "limit"
                assert failure_of_a_case(student, "layers.g", hang).kind == "limit"
            else:
                student.begin_case(seed)
                assert student.call("layers.f", hang) == 1
        student.begin_case(9)
        assert failure(student.call, "layers.g", False).message == (
            "layers.g: not run again: none of 3 calls before finished; look for an endless loop"
        )
        assert student.call("layers.f", False) == 1  # which has returned once


def test_processor_time_is_limited(sandbox):
    text = b"def f():\n    while True:\n        pass\n"
    limits = Limits(call_seconds=30, cpu_seconds=1)
    with Sandbox(limits, sandbox.level) as quick, quick.submission({"cs_lib/layers.py": text}) as student:
        student.begin_case(1)
        error = failure(student.call, "layers.f")
    assert (error.kind, error.message) == ("limit", "layers.f: stopped after 1 s of processor time")


def test_a_result_may_be_too_large(sandbox):
    text = b"import numpy as np\ndef f(): return np.ones(1 << 18)\n"
    limits = Limits(reply_mb=1)
    with Sandbox(limits, sandbox.level) as quick, quick.submission({"cs_lib/layers.py": text}) as student:
        student.begin_case(1)
        assert "at most 1 MB may be returned" in failure(student.call, "layers.f").message


HOSTILE = """
from autograder.sandbox import worker

def lie(value):
    def result(self, result, keep):
        return value
    worker.Worker._result = result

def no_value():
    worker.Worker._reported = lambda self, error: None
    raise ValueError

def more():
    plain = worker.wire.pack
    worker.wire.pack = lambda reply, *rest: plain({**reply, "more": 1})

def f():
    return 1, 2
"""


@pytest.mark.parametrize("value", [1, (1,), (1, 2), [1, 2]])
def test_handles_that_were_asked_for_must_come(submit, value):
    student = submit(layers=HOSTILE)
    student.call("layers.lie", value)
    error = failure(student.call, "layers.f", keep=1)
    assert (error.kind, error.message) == (
        "bad_reply",
        "layers.f: the answer cannot be used: an answer of the wrong form",
    )
    student.begin_case(2)
    student.call("layers.lie", value)
    assert failure(student.new, "layers.f").kind == "bad_reply"


def test_an_echo_must_be_one(submit):
    student = submit(layers=HOSTILE + "\nworker.Worker.call = lambda self, **request: 5\n")
    assert failure(student.call, "layers.f", echo=True).message.endswith("an answer of the wrong form")


def test_a_reply_has_nothing_but_what_belongs_there(submit):
    student = submit(layers=HOSTILE)
    assert "an answer to something else" in failure(student.call, "layers.more").message
    student.begin_case(2)
    assert failure(student.call, "layers.no_value").kind == "bad_reply"


def test_results_that_just_come_back_but_cannot_be_passed_on_are_the_students_fault(student):
    error = failure(student.call, "layers.same", [0] * 200_000)
    assert error.kind == "bad_reply"
    assert "cannot be passed on: more than 200,000 values outside arrays" in error.message
    assert student.call("layers.same", 1) == ((1,), {})


# When we do not deliver


def test_a_graders_mistakes_are_not_the_students(student, sandbox):
    with pytest.raises(SandboxError, match=r"a grader passed layers\.same a value of type set"):
        student.call("layers.same", {1})
    old = student.new("nets.Net", 3)
    student.begin_case(seed=2)
    with pytest.raises(SandboxError, match="a grader used a handle of an earlier case"):
        student.method(old, "loss", 1)
    with pytest.raises(SandboxError, match="a grader made a call before begin_case"):
        sandbox.submission({"cs_lib/layers.py": b"def f(): pass"}).call("layers.f")


REFUSES = """
class Net:
    def __init__(self):
        self.__dict__["set"] = []
    def __setattr__(self, name, value):
        if value is None:
            raise ValueError(f"no {name}")
        self.set.append(name)
    def names(self):
        return self.set
"""


def test_what_is_set_is_there_for_the_next_call_and_what_is_wrong_with_it_is_said_there(submit):
    student = submit(nets=REFUSES)
    net = student.new("nets.Net")
    student.set(net, "one", value=1)
    student.set(net, "two", value=2)
    assert student.method(net, "names") == ["one", "two"]
    student.set(net, "three", value=None)
    with pytest.raises(StudentError, match="ValueError: no three"):
        student.method(net, "names")
    assert student.method(net, "names") == ["one", "two"]


def test_what_was_to_be_set_in_one_case_is_not_set_in_the_next(submit):
    student = submit(nets=REFUSES)
    student.set(student.new("nets.Net"), "one", value=1)
    student.begin_case(seed=2)
    assert student.method(student.new("nets.Net"), "names") == []


def test_helpers_and_objects_of_the_code_are_kept_apart(submit):
    student = submit(nets=REFUSES)
    first, second = (student.define(f"def f(): return {n}", "f") for n in (1, 2))
    kept = student.new("nets.Net")
    assert [student.call(second), student.call(first), student.method(kept, "names")] == [2, 1, []]
