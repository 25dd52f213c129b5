"""What code written for other courses, or years ago, expects to find. Only there when an alias is asked for.

Modules that are not there while grading get inert stand-ins: importing one works, and so do naming what is
in it and deriving from it; calling it, or computing with it, raises an error that says which module is
missing. What is simple is given as it was: `six`, `past`, the im2col functions in NumPy, `np.float`.

Functions are called with the argument names their own signature has.
"""

import builtins
import functools
import importlib
import importlib.abc
import importlib.machinery
import inspect
import pickle
import queue
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from autograder.sandbox import older, stand_ins
from autograder.sandbox.meanings import Meanings, starts_late

STAND_INS = {
    *("six", "past", "future", "__builtin__", "cPickle", "StringIO", "Queue", "urllib2"),
    *("matplotlib", "seaborn", "IPython", "ipywidgets", "google", "tqdm", "PIL", "cv2", "imageio", "skimage"),
    *("torch", "torchvision", "tensorflow", "keras", "jax", "scipy", "sklearn", "pandas", "h5py"),
    *("pyximport", "cython", "numba"),
}
COMPILED = "_cython"  # ends the names of a package's own compiled modules
RENAMED = {  # our argument -> what it was called before
    "dropout_keep_ratio": "dropout",
    "normalization": "use_batchnorm",
    "use_batch_norm": "use_batchnorm",
}
NEUTRAL: dict[str, Any] = {  # a function that lacks the argument does this anyway
    "dropout_keep_ratio": 1,
    "normalization": None,
    "use_batch_norm": False,
    "num_val_samples": None,
    "checkpoint_name": None,
    "seed": None,
}
NUMPY_NAMES = {
    "int": int, "float": float, "bool": bool, "object": object, "complex": complex, "str": str,
    "long": int, "unicode": str, "float_": np.float64, "complex_": np.complex128, "unicode_": np.str_,
    "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "NaN": np.nan, "NAN": np.nan,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "round_": np.round, "row_stack": np.vstack, "asfarray": np.asarray, "mat": np.asmatrix,
    "asscalar": lambda a: a.item(), "in1d": np.isin, "trapz": np.trapezoid,
}  # fmt: skip
OLD_BUILTINS = {"xrange": range, "unicode": str, "basestring": str, "long": int, "raw_input": input}


class Unbridged(Exception):
    """A call that this code has no arguments for."""


class Absent:
    """Something in a module that is not there."""

    def __init__(self, name: str, why: str) -> None:
        self.__dict__.update(_name=name, _why=why)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}", self._why)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ImportError(f"{self._name} cannot be used: {self._why}")

    __call__ = __iter__ = __getitem__ = __setitem__ = __len__ = __bool__ = __enter__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __lt__ = __gt__ = __float__ = __int__ = __index__ = __array__ = _refuse

    def __mro_entries__(self, bases: Any) -> tuple[type]:
        return (type("Missing", (), {"__init__": self._refuse}),)

    def __instancecheck__(self, value: object) -> bool:
        return False


def pretend(module: ModuleType, why: str) -> None:
    """Let a module have any name in it; what it does not have itself cannot be used."""

    def absent(name: str) -> Any:
        full = f"{module.__name__}.{name}"
        return importlib.import_module(full) if full in MODULES else Absent(full, why)

    stand_ins.give_any_name(module, absent)


class Bridge(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stand-ins. It comes last: what is really there is used."""

    def __init__(self, package: str, aliases: Sequence[str]) -> None:
        self.package, self.aliases = package, aliases

    def install(self) -> None:
        """Put everything in place, in a worker that has run no student code yet."""
        sys.meta_path.append(self)
        for name, value in NUMPY_NAMES.items():
            if not hasattr(np, name):
                setattr(np, name, value)
        for name, value in OLD_BUILTINS.items():
            setattr(builtins, name, value)
        older.bring_back()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        top = fullname.partition(".")[0]
        if top in STAND_INS or top in (self.package, *self.aliases) or fullname.endswith(COMPILED):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> ModuleType:
        top, _, rest = spec.name.partition(".")
        if top in (self.package, *self.aliases):
            why = f"{self.package}/{rest.replace('.', '/')}.py was not handed in"
        else:
            there = "only NumPy, Python's standard library and what the course names are"
            why = f"{top} is not there while grading ({there})"
        module, has = ModuleType(spec.name), given(spec.name)
        module.__dict__.update(has, __all__=[name for name in has if not name.startswith("_")])
        pretend(module, why)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def given(name: str) -> dict[str, Any]:
    """What a missing module can be given simply."""
    if name.rpartition(".")[2] == "im2col_cython":
        return {"im2col_cython": im2col, "col2im_cython": col2im, "col2im_6d_cython": col2im_6d}
    return MODULES.get(name, {})


def _lists(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    """As in Python 2, where these made lists."""
    return lambda *args: list(function(*args))


def _plain(*args: Any, **_: Any) -> Any:
    """A decorator that does nothing, with and without arguments."""
    return args[0] if len(args) == 1 and callable(args[0]) else lambda function: function


def _nothing(*_: Any, **__: Any) -> None:
    """Stands for a setting that changes nothing here."""


def _public(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


_ITERATORS: dict[str, Any] = {
    "iteritems": lambda d: iter(d.items()),
    "iterkeys": lambda d: iter(d.keys()),
    "itervalues": lambda d: iter(d.values()),
}
_MOVES: dict[str, Any] = {
    "xrange": range, "range": range, "zip": zip, "map": map, "filter": filter, "input": input,
    "reduce": functools.reduce, "cPickle": pickle, "queue": queue, "builtins": builtins,
}  # fmt: skip
_PAST: dict[str, Any] = {
    **OLD_BUILTINS, "range": _lists(range), "map": _lists(map), "filter": _lists(filter), "zip": _lists(zip),
    "reduce": functools.reduce, "str": str, "dict": dict,
}  # fmt: skip
_FUTURE: dict[str, Any] = {
    name: getattr(builtins, name)
    for name in ("bytes", "chr", "dict", "filter", "int", "list", "map", "object", "range", "str", "zip")
}
MODULES: dict[str, dict[str, Any]] = {
    "six": {
        **_ITERATORS, "PY2": False, "PY3": True, "string_types": (str,), "integer_types": (int,),
        "text_type": str, "binary_type": bytes, "class_types": (type,), "print_": print,
        "u": lambda s: s, "b": lambda s: s.encode("latin-1"), "next": next, "advance_iterator": next,
    },
    "six.moves": _MOVES,
    "six.moves.cPickle": _public(pickle),
    "cPickle": _public(pickle),
    "Queue": _public(queue),
    "six.moves.builtins": _FUTURE,
    "past.builtins": _PAST,
    "past.utils": {"old_div": lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b},
    "future.builtins": _FUTURE,
    "future.utils": {**_ITERATORS, "PY2": False, "PY3": True},
    "future.standard_library": {"install_aliases": _nothing, "install_hooks": _nothing},
    "__builtin__": {**_public(builtins), **OLD_BUILTINS},
    "matplotlib": {"use": _nothing, "rcParams": {}},
    "matplotlib.pyplot": {"rcParams": {}, "switch_backend": _nothing, "ion": _nothing, "ioff": _nothing},
    "numba": {"jit": _plain, "njit": _plain, "prange": range, "vectorize": _plain},
    "tqdm": {"tqdm": lambda it, *_, **__: it, "trange": lambda *a, **__: range(*a)},
    "tqdm.auto": {"tqdm": lambda it, *_, **__: it, "trange": lambda *a, **__: range(*a)},
    "pyximport": {"install": _nothing},
}  # fmt: skip


# the compiled module of these courses, in NumPy


def _windows(size: int, field: int, padding: int, stride: int) -> int:
    return (size + 2 * padding - field) // stride + 1


def im2col(x: np.ndarray, height: int, width: int, padding: int, stride: int) -> np.ndarray:
    """Windows of x (N, C, H, W) as columns: (C*height*width, out_h*out_w*N)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    columns = windows[:, :, ::stride, ::stride].transpose(1, 4, 5, 2, 3, 0)
    return columns.reshape(x.shape[1] * height * width, -1)


def col2im_6d(
    cols: np.ndarray, N: int, C: int, H: int, W: int, height: int, width: int, padding: int, stride: int
) -> np.ndarray:
    """Add windows (C, height, width, N, out_h, out_w) up to an image (N, C, H, W)."""
    rows, columns = _windows(H, height, padding, stride), _windows(W, width, padding, stride)
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    for i in range(height):
        for j in range(width):
            target = padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            target += cols[:, i, j].transpose(1, 0, 2, 3)
    return padded[:, :, padding : padding + H, padding : padding + W]


def col2im(
    cols: np.ndarray, N: int, C: int, H: int, W: int, height: int, width: int, padding: int, stride: int
) -> np.ndarray:
    """Add columns as `im2col` makes them up to an image."""
    rows, columns = _windows(H, height, padding, stride), _windows(W, width, padding, stride)
    windows = cols.reshape(C, height, width, rows, columns, N).transpose(0, 1, 2, 5, 3, 4)
    return col2im_6d(windows, N, C, H, W, height, width, padding, stride)


# calls


def call(function: Any, args: list[Any], kwargs: dict[str, Any], meanings: Meanings | None = None) -> Any:
    """Call a function with the names, shapes and meanings it knows."""
    known = named(function, kwargs, meanings)
    name = getattr(function, "__name__", "")
    if name == "dropout_forward" and meanings and len(args) == 2:
        args = [args[0], meanings.turned(args[1])]
    if name == "adam" and len(args) in (2, 3) and starts_late(function):
        config = args[2] if len(args) == 3 and args[2] is not None else {}
        config.setdefault("t", 0)
        args = [*args[:2], config]
    if name == "spatial_groupnorm_forward" and len(args) == 5:
        return _groupnorm_forward(function, args, known)
    result = function(*args, **known)
    if name == "spatial_groupnorm_backward":
        return _with_channels(result)
    return result


def named(function: Any, kwargs: dict[str, Any], meanings: Meanings | None = None) -> dict[str, Any]:
    """`kwargs` under the names that `function` has for them.

    Raises:
        Unbridged: it cannot do what is asked.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return kwargs
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return kwargs
    known = {}
    for name, value in kwargs.items():
        old = RENAMED.get(name, "")
        if name in parameters:
            known[name] = value
        elif old in parameters:
            known[old] = _older(name, value, parameters[old], meanings.drops if meanings else None)
        elif not (name in NEUTRAL and value == NEUTRAL[name]):
            known[name] = value  # Python's own complaint names it
    return known


def _older(name: str, value: Any, parameter: inspect.Parameter, drops: bool | None = None) -> Any:
    """A value of ours as the older argument has it."""
    if name == "dropout_keep_ratio":
        none = 0 if parameter.default == 0 and parameter.default is not False else 1  # what means no dropout
        if value == 1:
            return none
        # the net hands it on to its own dropout_forward; where that does not say, 0 for none means: dropped
        return 1 - value if drops or (drops is None and none == 0) else value
    if name == "normalization":
        if value == "layernorm":
            raise Unbridged("takes use_batchnorm, and so has no layer normalization")
        return value == "batchnorm"
    return value


def _groupnorm_forward(function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """gamma and beta as (1, C, 1, 1); to a function that cannot use these, as (C,)."""
    x, gamma, beta, *rest = args
    try:
        result = function(*args, **kwargs)
        if np.ndim(gamma) != 4 or np.shape(result[0]) == np.shape(x):
            return result
    except (ValueError, IndexError, TypeError):
        if np.ndim(gamma) != 4:
            raise
    return function(x, gamma.reshape(-1), beta.reshape(-1), *rest, **kwargs)


def _with_channels(result: Any) -> Any:
    """dgamma and dbeta of shape (C,) as (1, C, 1, 1)."""
    if not (isinstance(result, tuple | list) and len(result) == 3):
        return result
    dx, *rest = result
    return (dx, *(r.reshape(1, -1, 1, 1) if isinstance(r, np.ndarray) and r.ndim == 1 else r for r in rest))
