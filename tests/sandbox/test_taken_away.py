"""A function that is not there: under no other name either, and whoever shares a helper loses nothing."""

import pytest

from autograder.sandbox.client import Sandbox
from autograder.sandbox.faults import StudentError
from autograder.sandbox.level import probe

pytestmark = pytest.mark.skipif(not probe().safe, reason="no isolation on this machine")

FIRST = "def first(x):\n    y = x * 2\n    return y + 1\n"
AGAIN = {
    "by its name": FIRST + "def second(x): return first(x)\n",
    "an alias": FIRST + "other = first\ndef second(x): return other(x)\n",
    "an alias the other way round": "def other(x):\n    return x * 2 + 1\nfirst = other\n"
        "def second(x): return other(x)\n",
    "two names at once": "def other(x): return x * 2 + 1\nfirst = second = other\n",
    "partial": "import functools\n" + FIRST + "other = functools.partial(first)\n"
        "def second(x): return other(x)\n",
    "a partial that has the name": (
        "import functools\ndef other(x): return x * 2 + 1\nfirst = functools.partial(other)\n"
        "def second(x): return other(x)\n"
    ),
    "a wrapper": FIRST + "def other(x): return first(x)\ndef second(x): return other(x)\n",
    "a default argument": FIRST + "def second(x, other=first): return other(x)\n",
    "getattr": FIRST + "import sys\ndef second(x): return getattr(sys.modules[__name__], 'fir' + 'st')(x)\n",
    "globals": FIRST + "def second(x): return globals()['first'](x)\n",
    "vars at import": FIRST + "other = vars()['first']\ndef second(x): return other(x)\n",
    "a decorator that keeps it": (
        "kept = []\ndef keep(f):\n    kept.append(f)\n    return f\n@keep\n"
        "" + FIRST + "def second(x): return kept[0](x)\n"
    ),
    "functools.wraps": (
        "import functools\ndef other(x): return x * 2 + 1\n@functools.wraps(other)\n"
        "def first(x): return other(x) * 1\n"
        "first = functools.wraps(other)(first)\ndef second(x): return first.__wrapped__(x)\n"
    ),
    "a lambda": "first = other = lambda x: x * 2 + 1\ndef second(x): return other(x)\n",
    "a method": "class A:\n    def b(self, x): return x * 2 + 1\na = A()\nfirst = a.b\n"
        "def second(x): return a.b(x)\n",
    "an object that is called": (
        "class A:\n    def __call__(self, x): return x * 2 + 1\na = first = A()\ndef second(x): return a(x)\n"
    ),
    "a closure": "def make():\n    two = 2\n    def f(x): return x * two + 1\n    return f\n"
        "first = other = make()\n"
    "def second(x): return other(x)\n",
    "global": "def other(x): return x * 2 + 1\ndef put():\n    global first\n    first = other\nput()\n"
    "def second(x): return other(x)\n",
    "a copy of the code object": (
        "import types\ndef other(x): return x * 2 + 1\ncopy = types.FunctionType(other.__code__, globals())\n"
        "first = other\ndef second(x): return copy(x)\n"
    ),
    "its text executed": (
        "import inspect, sys\n" + FIRST + "def second(x):\n    scope = {}\n"
        "    exec(inspect.getsource(sys.modules[__name__]), scope)\n    return scope['first'](x)\n"
    ),
    "the text that the importer has": (
        "import sys\n" + FIRST + "def second(x):\n    scope = {}\n"
        "    exec(sys.meta_path[-1].files['p/m.py'], scope)\n    return scope['first'](x)\n"
    ),
    "the text twice": (
        "TEXT = 'def {}(x):\\n    return x * 2 + 1\\n'\nexec(TEXT.format('first'))\n"
        "exec(TEXT.format('other'))\n"
        "def second(x): return other(x)\n"
    ),
    "a file name of its own": (
        "def other(x): return x * 2 + 1\nother.__code__ = other.__code__.replace(co_filename='/q.py')\n"
        "first = other\ndef second(x): return other(x)\n"
    ),
    "the globals of a library": (
        "import math, types\ndef f(x): return x * 2 + 1\n"
        "other = types.FunctionType(f.__code__, vars(math))\n"
        "first = other\ndef second(x): return other(x)\n"
    ),
    "a copy in another module": FIRST + "def second(x):\n    from p.copied import first as again\n"
        "    return again(x)\n",
    "the text as the package's start found it": FIRST + "def second(x):\n    import builtins\n"
        "    scope = {'__name__': 'p.zz', '__package__': 'p'}\n    exec(builtins.TEXT, scope)\n"
        "    return scope['first'](x)\n",
    "the body once more": FIRST + FIRST.replace("first", "second").replace("y", "z"),
}  # fmt: skip
HELPED = {
    "a helper of both": (
        "def helper(x): return x * 2\ndef first(x): return helper(x) + 1\ndef second(x):\n"
        "    y = helper(x)\n    return y + 1\n"
    ),
    "a helper that does most": (
        "def helper(x): return x * 2 + 1\ndef first(x): return helper(x)\ndef second(x): return helper(x)\n"
    ),
    "the first built on the second": "def second(x): return x * 2 + 1\ndef first(x): return second(x)\n",
    "another that calls the first": FIRST + "def third(x): return first(x)\n"
        "def second(x): return 1 + 2 * x\n",
    "a decorator of both": (
        "def noted(f):\n    def run(x): return f(x)\n    return run\n"
        "@noted\ndef first(x): return x * 2 + 1\n@noted\ndef second(x): return 1 + x + x\n"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def box():
    with Sandbox() as sandbox:
        yield sandbox


START = b"import builtins\nbuiltins.TEXT = __loader__.files['p/m.py']\n"


def second(box: Sandbox, text: str, without: tuple[str, ...], aliases: tuple[str, ...] = ()) -> object:
    files = {"p/m.py": text.encode(), "p/copied.py": FIRST.encode(), "p/__init__.py": START}
    with box.submission(files, "p", aliases=aliases) as student:
        student.begin_case(1, without=without)
        return student.call("m.second", 3)


@pytest.mark.parametrize("name", AGAIN)
def test_it_is_there_under_no_other_name(box: Sandbox, name: str) -> None:
    assert second(box, AGAIN[name], ()) == 7
    with pytest.raises(StudentError) as caught:
        second(box, AGAIN[name], ("m.first",))
    gone = ("KeyError: 'first'", "IndexError", "AttributeError")  # where it was kept, or looked for
    assert caught.value.message.startswith(
        ("RuntimeError: first is not there in this check: do its work", *gone)
    )


@pytest.mark.parametrize("name", ["by its name", "a decorator that keeps it", "two names at once"])
def test_an_adopted_course_takes_it_away_too(box: Sandbox, name: str) -> None:
    assert second(box, AGAIN[name], (), ("older",)) == 7
    with pytest.raises(StudentError, match=r"IndexError|first is not there in this check"):
        second(box, AGAIN[name], ("m.first",), ("older",))


@pytest.mark.parametrize("name", HELPED)
def test_a_shared_helper_stays(box: Sandbox, name: str) -> None:
    assert second(box, HELPED[name], ()) == 7
    assert second(box, HELPED[name], ("m.first",)) == 7


def test_a_module_that_does_not_compile_says_so(box: Sandbox) -> None:
    with pytest.raises(StudentError, match=r"p/m\.py line 1 cannot be imported: SyntaxError"):
        second(box, "def first(x:\n", ("m.first",))


def test_lines_stay_where_they_are(box: Sandbox) -> None:
    with pytest.raises(StudentError) as caught:
        second(box, FIRST + "def second(x): return 1 / 0\n", ("m.first",))
    assert [(frame.line, frame.function) for frame in caught.value.frames] == [(4, "second")]
