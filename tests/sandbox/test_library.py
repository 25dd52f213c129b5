"""What a case builds on is answered by the solved package, in a worker of its own."""

import textwrap

import numpy as np
import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import SandboxError, StudentError
from autograder.sandbox.limits import Limits
from tests.held_up import unless_held_up

SOLVED = """
import numpy as np

def forward(x, w):
    return x @ w, (x, w)

def backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout

def norm(x, param):
    mode = param.setdefault("mode", "train")
    if mode == "forget":
        del param["mean"]
        return x, None
    param["mean"] = x.mean(axis=0)
    return x - param["mean"], ("secret", x)

def step(w, dw, config=None):
    config = {} if config is None else config
    config["t"] = config.get("t", 0) + 1
    return w - dw, config

def dropout(x, param):
    if "seed" in param:
        np.random.seed(param["seed"])
    mask = np.random.rand(*x.shape) < 0.5
    return x * mask, (mask,)

def _inner(x):
    return dropout(x, {})

def indirect(x):
    return _inner(x)[0]

def strict(x):
    raise ValueError(f"strict: x must have two axes, got {x.shape}")

def writes(x):
    x += 1
    return x

def huge(n):
    return np.zeros((n, n))

def pid():
    import os
    return os.getpid()

def crash():
    import ctypes
    ctypes.string_at(0)
"""
# The student's own functions are all wrong.
WRONG = """
import functools

def forward(x, w): return x, ()
def backward(dout, cache): return dout, dout
def norm(x, param): return x, ()
def step(w, dw, config=None): return w, config
def dropout(x, param): return x, ()
def indirect(x): return x
def strict(x): return x
def writes(x): return x
def huge(n): return 0
def pid(): return 0
def crash(): return 0

def _later(f=forward): return f
TABLE = {"forward": forward}
PAIR = (forward, backward)
PARTIAL = functools.partial(forward)
ALIAS = forward
def closure():
    return forward
"""
NAMES = {
    "layers.forward": 1, "layers.backward": None, "layers.norm": 1, "layers.step": None, "layers.dropout": 1,
    "layers.indirect": None, "layers.strict": None, "layers.writes": None, "layers.huge": None,
    "layers.pid": None, "layers.crash": None,
}  # fmt: skip


@pytest.fixture
def begin(sandbox):
    """A student with these modules, in a case that builds on NAMES."""
    opened = []

    def begin(layers=WRONG, names=NAMES, box=sandbox, without=(), **modules):
        texts = {"layers": layers, **modules}
        files = {f"cs_lib/{name}.py": textwrap.dedent(text).encode() for name, text in texts.items()}
        student = box.submission(files, solved={"cs_lib/layers.py": SOLVED.encode()})
        opened.append(student.__enter__())
        student.begin_case(seed=1, builds_on=names, without=without)
        return student

    yield begin
    for student in opened:
        student.__exit__()


def failure(call, *args):
    with pytest.raises(StudentError) as caught:
        call(*args)
    return caught.value


X, W = np.arange(6.0).reshape(2, 3), np.ones((3, 4))
GET = {
    "module attribute": "from . import layers\ndef f(): return layers.forward",
    "from import": "from .layers import forward\ndef f(): return forward",
    "star": "from .layers import *\ndef f(): return forward",
    "other name": "from .layers import forward as g\nh = g\ndef f(): return h",
    "absolute": "import cs_lib.layers as l\nfrom cs_lib.layers import forward\ndef f(): return l.forward",
    "importlib": "import importlib\ndef f(): return importlib.import_module('cs_lib.layers').forward",
    "sys.modules": "import sys\nfrom . import layers\ndef f(): return sys.modules['cs_lib.layers'].forward",
    "getattr": "from . import layers\ndef f(): return getattr(layers, 'for' + 'ward')",
    "dict of functions": "from .layers import TABLE\ndef f(): return TABLE['forward']",
    "tuple": "from .layers import PAIR\ndef f(): return PAIR[0]",
    "partial": "from .layers import PARTIAL\ndef f(): return PARTIAL.func",
    "alias in layers": "from .layers import ALIAS\ndef f(): return ALIAS",
    "default argument": "from .layers import _later\ndef f(): return _later()",
    "closure": "from .layers import closure\ndef f(): return closure()",
    "class attribute": "from .layers import forward\nclass A: g = staticmethod(forward)\ndef f(): return A.g",
}


@pytest.mark.parametrize("text", GET.values(), ids=GET)
def test_a_stand_in_is_found_however_it_is_reached(begin, text):
    uses = text + "\n\ndef use(x, w):\n    return f()(x, w)[0]\n"
    assert np.array_equal(begin(nets=uses).call("nets.use", X, W), X @ W)


def test_names_that_the_student_does_not_have_are_there(begin):
    student = begin(layers="", nets="from .layers import forward\ndef f(x, w): return forward(x, w=w)[0]")
    assert np.array_equal(student.call("nets.f", X, W), X @ W)


def test_the_rest_of_the_module_stays_the_students(begin):
    student = begin(names={"layers.forward": 1}, layers=WRONG + "\ndef mine(): return backward(1, ())\n")
    assert student.call("layers.mine") == (1, 1)


def test_a_cache_is_passed_on_and_cannot_be_looked_into(begin):
    nets = """
        import copy
        from . import layers

        def right(x, w):
            out, cache = layers.forward(x, w)
            return layers.backward(out, copy.deepcopy({"a": (cache,)})["a"][0])

        def peeks(x, w, how):
            out, cache = layers.forward(x, w)
            if how == "unpack":
                a, b = cache
            elif how == "index":
                return cache[0]
            elif how == "len":
                return len(cache)
            elif how == "print":
                return str(cache)
            elif how == "if":
                return "there" if cache else "none"
            return cache

        def forges(x, w):
            out, cache = layers.forward(x, w)
            return layers.backward(out, type(cache)(7))
        """
    student = begin(nets=nets)
    dx, dw = student.call("nets.right", X, W)
    assert np.array_equal(dx, X @ W @ W.T)
    assert np.array_equal(dw, X.T @ X @ W)
    for how in ("unpack", "index", "len"):
        assert "this cache cannot be looked into" in failure(student.call, "nets.peeks", X, W, how).message
    assert student.call("nets.peeks", X, W, "print") == "a cache"
    assert student.call("nets.peeks", X, W, "if") == "there"  # whether there is one may be asked
    assert "a cache, which belongs to the layer" in failure(student.call, "nets.peeks", X, W, "").message
    assert "a cache that no layer has given" in failure(student.call, "nets.forges", X, W).message


def test_a_cache_of_an_earlier_case_is_refused(begin):
    nets = """
        from . import layers
        kept = []
        def keep(x, w): kept.append(layers.forward(x, w)[1])
        def use(dout): return layers.backward(dout, kept[0])
        """
    student = begin(nets=nets)
    student.call("nets.keep", X, W)
    assert student.call("nets.use", X @ W)[0].shape == X.shape
    student.begin_case(seed=2, builds_on=NAMES)
    assert "a cache that no layer has given in this check" in failure(student.call, "nets.use", X @ W).message


def test_what_a_function_writes_into_a_dict_arrives_there(begin):
    nets = """
        from . import layers
        def norm(x):
            param = {"eps": 1}
            same = param
            layers.norm(x, param)
            first = dict(same)
            layers.norm(x, param=dict(same, mode="forget"))
            param["mode"] = "forget"
            layers.norm(x, param=param)
            return first, same
        def step(w):
            config = {}
            for _ in range(3):
                w, after = layers.step(w, 1.0, config)
                assert after is config
            w, fresh = layers.step(w, 1.0)
            return w, config, fresh
        """
    student = begin(nets=nets)
    first, same = student.call("nets.norm", X)
    assert set(first) == {"eps", "mode", "mean"}
    assert np.array_equal(first["mean"], X.mean(axis=0))
    assert same == {"eps": 1, "mode": "forget"}
    assert student.call("nets.step", 5.0) == (1.0, {"t": 3}, {"t": 1})


def test_random_numbers_are_those_of_the_students_process(begin):
    nets = """
        import numpy as np
        from . import layers
        def f(x):
            before = np.random.rand()
            a, _ = layers.dropout(x, {})
            b = layers.indirect(x)
            between = np.random.rand()
            c, _ = layers.dropout(x, {"seed": 3})
            return before, a, b, between, c, np.random.rand()
        """
    student = begin(nets=nets)
    got = student.call("nets.f", np.ones((4, 5)))
    draws = np.random.RandomState(1)
    want = [draws.rand(), draws.rand(4, 5) < 0.5, draws.rand(4, 5) < 0.5, draws.rand()]
    draws = np.random.RandomState(3)
    want += [draws.rand(4, 5) < 0.5, draws.rand()]
    for one, other in zip(got, want, strict=True):
        assert np.array_equal(one, other)


def test_errors_come_back_as_they_were_raised(begin):
    nets = """
        from . import layers
        def f():
            try:
                layers.strict([1])
            except AttributeError as error:
                return str(error)
        def g(x): return layers.strict(x)
        def h(x): return layers.forward(x, f)
        def w(x): return layers.writes(x)
        """
    student = begin(nets=nets)
    assert student.call("nets.f") == "strict: 'list' object has no attribute 'shape'"
    error = failure(student.call, "nets.g", X)
    assert error.message == "ValueError: strict: x must have two axes, got (2, 3)"
    assert error.frames[-1].source == "def g(x): return layers.strict(x)"
    assert (
        failure(student.call, "nets.h", X).message == "TypeError: forward was given a value of type function"
    )
    assert "read-only" in failure(student.call, "nets.w", X).message


def test_a_case_may_ask_for_its_own_names_only(begin):
    nets = """
        from cs_lib import layers
        def f():
            cells = [cell.cell_contents for cell in layers.forward.__closure__]
            outside = next(found for found in cells if hasattr(found, "stand_in"))
            return outside.stand_in("layers.backward", False)(1, ())
        """
    student = begin(nets=nets, names={"layers.forward": 1})
    assert "'layers.backward'" in failure(student.call, "nets.f").message


def test_without_anything_to_build_on_nobody_answers(begin):
    code = """
        from autograder.sandbox import wire
        import os
        def f():
            question = {"name": "layers.forward", "args": [1, 2], "kwargs": {}, "random": None}
            for part in wire.pack(question, magic=wire.ASK):
                os.write(3, part)
        """
    student = begin(nets=code, names={})
    assert "bytes that are no reply" in failure(student.call, "nets.f").message


def test_each_role_has_a_worker_of_its_own(begin):
    nets = """
        import builtins
        from . import layers
        def keep(x, w): builtins.kept = layers.forward(x, w)[0]
        def look(): return getattr(builtins, "kept", None)
        """
    student = begin(nets=nets)
    student.call("nets.keep", X, W)
    student.begin_case(seed=2)
    assert student.call("nets.look") is None
    assert student.call("layers.forward", X, W)[0].shape == X.shape  # their own


@pytest.fixture(scope="module")
def small():
    with Sandbox(Limits(call_seconds=1, outside_calls=50, outside_mb=1, reply_mb=4)) as box:
        yield box


def after_that_it_works(student):
    student.begin_case(seed=3, builds_on=NAMES)
    assert np.array_equal(student.call("nets.good", X, W), X @ W)


NETS = """
import numpy as np
from . import layers

def good(x, w): return layers.forward(x, w)[0]
def many():
    for _ in range(60): layers.pid()
def large(): return layers.norm(np.zeros((400, 400)), {})
def huge(): return layers.huge(10_000)
def memory(): return layers.huge(10_000_000)
def crash(): return layers.crash()
def endless():
    while True: layers.pid()
"""


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("many", "limit", "it called what it builds on 50 times"),
        ("large", "bad_reply", "arguments for what it builds on of more than 1 MB"),
        ("huge", "raised", "at most 4 MB may be returned"),
        ("memory", "limit", "it needed more memory than it may use"),
        ("crash", "crash", "what it passed to a function that it builds on crashed Python"),
    ],
)
def test_what_is_too_much_costs_its_case_only(begin, small, name, kind, message):
    student = begin(nets=NETS, box=small)
    error = failure(student.call, f"nets.{name}")
    assert error.kind == kind
    assert message in error.message
    after_that_it_works(student)


def endless(student):
    def one_case():
        student.begin_case(seed=1, builds_on=NAMES)
        return failure(student.call, "nets.endless")

    return unless_held_up(one_case)


def test_a_question_that_takes_too_long(begin, monkeypatch):
    slow = SOLVED + "\ndef pid():\n    import time\n    time.sleep(60)\n"
    with Sandbox(Limits(call_seconds=0.5)) as box:
        files = {"cs_lib/layers.py": WRONG.encode(), "cs_lib/nets.py": NETS.encode()}
        with box.submission(files, solved={"cs_lib/layers.py": slow.encode()}) as student:
            assert "nets.endless: stopped after 0.5 s" in endless(student).message
            after_that_it_works(student)


def test_a_loop_of_questions_meets_the_alarm(begin):
    with Sandbox(Limits(call_seconds=0.3, outside_calls=10**9)) as box:
        student = begin(nets=NETS, box=box)
        assert endless(student).message.startswith("nets.endless: stopped after 0.3 s")
        after_that_it_works(student)


@pytest.mark.parametrize(
    ("solved", "message"),
    [
        (None, "cs_lib does not answer"),
        ("def g(: 1", "cannot be imported"),
        ("", "has no forward"),
    ],
)
def test_a_solved_package_that_does_not_answer_is_our_fault(sandbox, solved, message):
    files = {"cs_lib/layers.py": WRONG.encode()}
    own = None if solved is None else {"cs_lib/layers.py": solved.encode()}
    with sandbox.submission(files, solved=own) as student, pytest.raises(SandboxError, match=message):
        student.begin_case(seed=1, builds_on={"layers.forward": 1})


ABSENT = ("fast",)
USES = {
    "attribute": "from . import fast\ndef f(): return fast.conv(1)",
    "from import": "from .fast import conv\ndef f(): return conv(1)",
    "tuple": "from .fast import conv\nT = (conv,)\ndef f(): return T[0](1)",
    "default": "from .fast import conv\ndef f(g=conv): return g(1)",
    "importlib": "import importlib\ndef f(): return importlib.import_module('cs_lib.fast').conv(1)",
}


@pytest.mark.parametrize("package", [{}, {"__init__": "VERSION = 1"}], ids=["folder", "__init__"])
@pytest.mark.parametrize("text", USES.values(), ids=USES)
def test_what_a_case_does_without_is_not_there(begin, text, package):
    student = begin(names={}, without=ABSENT, nets=text, fast="def conv(x): return 'fast'", **package)
    error = failure(student.call, "nets.f")
    assert error.message == "RuntimeError: conv is not there in this check: do its work yourself"
    student.begin_case(seed=2)
    assert student.call("nets.f") == "fast"


def test_nothing_of_what_is_absent_is_in_the_process(begin):
    nets = """
        import gc, sys
        from . import fast
        def f():
            found = [o for o in gc.get_objects() if isinstance(o, (bytes, str)) and "fast" in str(o)[:99999]]
            files = [s.files for s in sys.meta_path if hasattr(s, "files")]
            return sorted(files[0]), hasattr(fast, "__file__")
        """
    student = begin(names={}, without=ABSENT, nets=nets, fast="def conv(x): return 'fast'")
    assert student.call("nets.f") == (["cs_lib/layers.py", "cs_lib/nets.py"], False)


ODD = """
from __future__ import annotations
import math as forward  # a name that stands for something else, and not for long
from .other import *
x: int = 3
squares = [x * i for i in range(3)]
def table():
    return {name: globals()[name] for name in ("forward", "backward")}
class Layer:
    size = x
    forward = staticmethod(forward)
    def use(self):
        return backward
if x:
    def backward(dout, cache):
        return "mine"
del forward
for forward in range(2):
    pass
with_default = lambda x, w, f=forward: f(x, w)
exec("backward = 1")
__all__ = [name for name in dir() if not name.startswith("_")]
"""


def test_whatever_a_module_does_to_a_name_while_it_is_executed(begin):
    nets = """
        from . import layers
        from .layers import *
        def f(x, w): return [g(x, w)[0] for g in (forward, layers.forward, Layer.forward, with_default)]
        def same(): return Layer().use() is layers.backward is table()["backward"]
        def rest(): return squares, layers.__annotations__["x"], x
        """
    student = begin(layers=ODD, nets=nets, other="def forward(x, w): return 'other'")
    assert all(np.array_equal(out, X @ W) for out in student.call("nets.f", X, W))
    assert student.call("nets.same") is True
    assert student.call("nets.rest") == ([0, 3, 6], "int", 3)


def test_a_module_may_call_what_it_builds_on_while_it_is_imported(begin):
    student = begin(
        layers=WRONG + "\nimport numpy as np\nTRIED = forward(np.ones((1, 2)), np.ones((2, 1)))[0]\n"
    )
    assert student.call("layers.TRIED.tolist") == [[2.0]]


def test_which_names_were_called(begin):
    student = begin(nets="from . import layers\ndef f(x, w): return layers.forward(x, w)[0]")
    assert student.asked() == frozenset()
    student.call("nets.f", X, W)
    assert student.asked() == {"layers.forward"}
    student.begin_case(seed=2, builds_on=NAMES)
    assert student.asked() == frozenset()


COUNTS = """
    made = []
    def f():
        made.append(1)
        return len(made)
    """


def test_the_plain_worker_waits_while_others_do_without(begin):
    student = begin(names={}, nets=COUNTS, fast="")
    assert student.call("nets.f") == 1
    student.begin_case(2, without=ABSENT)
    assert student.call("nets.f") == 1
    student.begin_case(3, {"layers.forward": 1})
    assert student.call("nets.f") == 1
    student.begin_case(4)
    assert student.call("nets.f") == 2
    student.begin_case(5, without=ABSENT)
    assert student.call("nets.f") == 1  # of its own again: only the plain one is kept
    aside = student._aside
    student.__exit__()
    assert aside is not None
    assert aside._ended is not None


def test_a_plain_worker_that_ended_while_it_waited_is_replaced(begin):
    student = begin(names={}, nets=COUNTS, fast="")
    student.call("nets.f")
    student.begin_case(2, without=ABSENT)
    student._aside.stop()
    student.begin_case(3)
    assert student.call("nets.f") == 1


def test_a_plain_worker_that_was_lost_is_not_there_to_come_back_to(begin):
    student = begin(
        names={}, nets=COUNTS + "\n    def leave():\n        import os\n        os._exit(0)\n", fast=""
    )
    assert failure(student.call, "nets.leave").kind == "crash"
    student.begin_case(2, without=ABSENT)
    assert student._aside is None
    student.begin_case(3)
    assert student.call("nets.f") == 1
