"""A stand-in for the sandbox's `student` in this process: the same calls, no isolation, trusted code only.

What a case builds on is answered by the solved library, as a package of its own in this process.
"""

import contextlib
import copy
import importlib.abc
import importlib.util
import io
import itertools
import random
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from autograder.sandbox import taken_away
from autograder.sandbox.describe import Calls
from autograder.sandbox.faults import StudentError
from autograder.sandbox.limits import Limits
from autograder.sandbox.stand_ins import Names, give_any_name, refusing
from autograder.sandbox.wire import is_finite

_names = (f"plain_student_{number}" for number in itertools.count())
_compiled: dict[tuple[str, str], CodeType] = {}


@dataclass(frozen=True)
class Handle:
    number: int


@dataclass(frozen=True)
class Echo:
    result: Any
    args: list
    kwargs: dict


class Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one package from texts, under a private name, so that many versions live side by side."""

    def __init__(
        self,
        files: Mapping[str, str],
        package: str,
        root: str,
        fixed: Mapping[str, Mapping[str, Any]],
        without: Sequence[str],
    ) -> None:
        self.root, self.fixed = root, dict(fixed)
        self.absent = {f"{root}.{name}" for name in without if "." not in name}
        self.taken = dict(name.split(".") for name in without if "." in name)  # module -> function
        for module, name in self.taken.items():
            self.fixed[module] = {**self.fixed.get(module, {}), name: refusing(name)}
        self.sources: dict[str, tuple[str, bool]] = {}
        for path, text in files.items():
            if not path.endswith(".py") or not path.startswith(package + "/"):
                continue
            parts = path[: -len(".py")].split("/")[1:]
            is_package = parts[-1] == "__init__"
            self.sources[".".join([root, *(parts[:-1] if is_package else parts)])] = (text, is_package)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname not in self.sources:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=self.sources[fullname][1])

    def exec_module(self, module: ModuleType) -> None:
        text = self.sources[module.__name__][0]
        key = (module.__name__.removeprefix(self.root), text)
        if module.__name__ in self.absent:
            give_any_name(module, refusing)
            return
        if key not in _compiled:
            _compiled[key] = compile(text, f"<submission>{key[0]}", "exec")
        fixed = self.fixed.get(key[0].lstrip("."))
        taken = self.taken.get(key[0].lstrip("."))
        if taken and fixed:
            left, likes = taken_away.cut(text.encode(), "<submission>", _compiled[key], [taken])
            names = Names(module.__dict__, fixed)
            exec(compile(left, f"<submission>{key[0]}", "exec"), module.__dict__, names)
            mine = set(map(id, module.__dict__.values()))  # other versions live in this process, too
            others = taken_away.functions_now().keys() - mine
            taken_away.empty(taken, [value for _, value in names.refused], likes[taken], others)
            return
        exec(_compiled[key], module.__dict__, Names(module.__dict__, fixed) if fixed else None)
        module.__dict__.update(fixed or {})


class Kept:
    """A cache of the solved library's; nothing to look into."""

    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class PlainStudent:
    """`files`: posix path relative to the submission root -> text, as the sandbox takes them."""

    files: Mapping[str, str]
    solved: Mapping[str, str] = field(default_factory=dict)
    package: str = "cs_lib"
    lost: bool = False  # nothing is ever stopped here
    doubt: str = ""  # nor comes to an end
    not_finite: str = ""
    sandbox: Any = field(default_factory=lambda: SimpleNamespace(limits=Limits()))
    calls: Calls = field(default_factory=Calls)
    _kept: dict[int, Any] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _finders: dict[Any, Sources] = field(default_factory=dict)  # by what stands outside and what is absent

    def __post_init__(self) -> None:
        self._count = itertools.count()
        self._library = PlainStudent(self.solved) if self.solved else None
        self.begin_case(0)

    def close(self) -> None:
        for finder in self._finders.values():
            sys.meta_path.remove(finder)
            for name in [name for name in sys.modules if name.split(".")[0] == finder.root]:
                del sys.modules[name]
        if self._library is not None:
            self._library.close()

    def begin_case(
        self,
        seed: int,
        builds_on: Mapping[str, int | None] | None = None,
        without: Sequence[str] = (),
        alone: bool = False,
    ) -> None:
        self._kept.clear()
        self._asked.clear()
        self.not_finite = ""
        role = (tuple(sorted(builds_on or ())), tuple(without))
        if role not in self._finders:
            fixed: dict[str, dict[str, Any]] = {}
            for name, keep in (builds_on or {}).items():
                module, _, short = name.rpartition(".")
                fixed.setdefault(module, {})[short] = self._stand_in(name, keep)
            self._finders[role] = Sources(self.files, self.package, next(_names), fixed, without)
            sys.meta_path.insert(0, self._finders[role])
        self._finder = self._finders[role]
        self._root = self._finder.root
        np.random.seed(seed)
        random.seed(seed)

    def asked(self) -> frozenset[str]:
        return frozenset(self._asked)

    def _stand_in(self, name: str, keep: int | None) -> Any:
        assert self._library is not None, f"{name} is to be answered, but there is no solved library"
        function = self._library._find(name)

        def answered(*args: Any, **kwargs: Any) -> Any:
            self._asked.add(name)
            given = [arg.value if isinstance(arg, Kept) else arg for arg in args]
            result = function(*given, **kwargs)
            if keep is None or result[keep] is None:
                return result
            return tuple(Kept(part) if i == keep else part for i, part in enumerate(result))

        return answered

    def call(
        self, function: "str | Handle", *args: Any, keep: Any = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        target = self._kept[function.number] if isinstance(function, Handle) else self._find(function)
        return self._run(target, args, kwargs, keep, echo)

    def new(self, name: str, *args: Any, **kwargs: Any) -> Handle:
        return self._run(self._find(name), args, kwargs, "all", False)

    def method(
        self, handle: Handle, name: str, *args: Any, keep: Any = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        with _student_code():
            target = getattr(self._kept[handle.number], name)
        return self._run(target, args, kwargs, keep, echo)

    def get(self, handle: Handle, *path: str | int) -> Any:
        with _student_code():
            return self._out(self._walk(handle, path))

    def set(self, handle: Handle, *path: str | int, value: Any) -> None:
        with _student_code():
            owner = self._walk(handle, path[:-1])
            if isinstance(owner, dict | list):
                owner[path[-1]] = self._in(value)
            else:
                setattr(owner, str(path[-1]), self._in(value))

    def define(self, source: str, name: str) -> Handle:
        scope: dict[str, Any] = {"__name__": "grader_helper"}
        exec(source, scope)
        return self._keep(scope[name])

    def _find(self, name: str) -> Any:
        parts = name.split(".")
        with _student_code():
            for end in range(len(parts) - 1, 0, -1):
                module_name = ".".join([self._root, *parts[:end]])
                if module_name not in self._finder.sources:
                    continue
                target = importlib.import_module(module_name)
                for part in parts[end:]:
                    if not hasattr(target, part):
                        raise StudentError("missing", f"{name} is not defined")
                    target = getattr(target, part)
                return target
        raise StudentError("missing", f"{name} is not defined")

    def _walk(self, handle: Handle, path: tuple) -> Any:
        value = self._kept[handle.number]
        for step in path:
            value = value[step] if isinstance(value, dict | list | tuple) else getattr(value, step)
        return value

    def _run(self, target: Any, args: tuple, kwargs: dict, keep: Any, echo: bool) -> Any:
        inner_args, inner_kwargs = self._in(list(args)), self._in(kwargs)
        with _student_code():
            result = self._reply(target(*inner_args, **inner_kwargs), keep)
            if not self.not_finite and not is_finite(result):
                self.not_finite = "a call"
            if echo:
                after = [self._after(*pair) for pair in zip(args, inner_args, strict=True)]
                return Echo(result, after, self._out(inner_kwargs))
            return result

    def _after(self, sent: Any, value: Any) -> Any:
        """An argument after the call: a kept object as its handle, anything else by value."""
        return sent if isinstance(sent, Handle) else self._out(value)

    def _reply(self, result: Any, keep: Any) -> Any:
        if keep == "all":
            return self._keep(result)
        if keep is None:
            return self._out(result)
        kept = (keep,) if isinstance(keep, int) else tuple(keep)
        if not isinstance(result, tuple | list) or len(result) <= max(kept):
            raise StudentError("bad_reply", f"returned no tuple of {max(kept) + 1} values")
        return tuple(self._keep(v) if i in kept else self._out(v) for i, v in enumerate(result))

    def _keep(self, value: Any) -> Handle:
        handle = Handle(next(self._count))
        self._kept[handle.number] = value
        return handle

    def _in(self, value: Any) -> Any:
        if isinstance(value, Handle):
            return self._kept[value.number]
        if isinstance(value, dict):
            return {key: self._in(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._in(item) for item in value)
        return np.array(value) if isinstance(value, np.ndarray) else value

    def _out(self, value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
            plain = np.array(value)
            plain.flags.writeable = False
            return plain
        if isinstance(value, dict):
            return {key: self._out(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._out(item) for item in value)
        if value is None or isinstance(value, bool | int | float | str):
            return copy.copy(value)
        for number, kept in self._kept.items():
            if kept is value:
                return Handle(number)
        raise StudentError("bad_reply", f"returned a {type(value).__name__}")


@contextlib.contextmanager
def _student_code() -> Iterator[None]:
    """What student code prints is dropped, its warnings do not fail our tests, its errors get their kind."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        except StudentError:
            raise
        except NotImplementedError as error:
            raise StudentError("not_implemented", str(error)) from error
        except ImportError as error:
            raise StudentError("import", str(error)) from error
        except Exception as error:
            raise StudentError("raised", f"{type(error).__name__}: {error}") from error
