"""The one file of ours beside student code: answers requests by running the student's functions.

By the time this runs, the process can reach nothing (see `harden`). It holds no secret, so student code
that reads or rewrites it gains nothing: the judge believes no reply beyond the value it carries.
"""

import importlib
import importlib.abc
import importlib.machinery
import io
import os
import random
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.sandbox import wire

MAX_MESSAGE = 2000  # characters of an exception's text
MAX_FRAMES = 8


class Refused(Exception):
    """A request that cannot be answered, with the kind of error the judge shall report."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Printed(io.TextIOBase):
    """Takes the place of stdout and stderr; keeps the beginning."""

    def __init__(self, limit: int) -> None:
        self.limit, self.room, self.parts, self.cut = limit, limit, [""], False

    def write(self, text: str) -> int:
        if len(text) > self.room:
            self.cut = True
        self.parts.append(text[: self.room])
        self.room -= len(self.parts[-1])
        return len(text)

    def writable(self) -> bool:
        return True

    def take(self) -> str:
        text = "".join(self.parts).encode("utf-8", "replace").decode()
        text += "\n[more was printed; only the beginning is kept]\n" if self.cut else ""
        self.__init__(self.limit)  # type: ignore[misc]
        return text


class Submission(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the student's files from memory. Comes last: it cannot stand in for NumPy or the library."""

    def __init__(self, files: Mapping[str, bytes], package: str, aliases: Sequence[str]) -> None:
        self.files = {path: source for path, source in files.items() if path.endswith(".py")}
        self.package, self.aliases = package, aliases
        self.modules: dict[str, str | None] = {}  # module name -> path, None for a folder without __init__.py
        for path in self.files:
            parts = path.removesuffix(".py").split("/")
            for end in range(1, len(parts)):
                self.modules.setdefault(".".join(parts[:end]))
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.modules[name] = path

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        top, _, rest = fullname.partition(".")
        if top in self.aliases:
            name = f"{self.package}.{rest}" if rest else self.package
            return importlib.machinery.ModuleSpec(fullname, Alias(name)) if name in self.modules else None
        if fullname not in self.modules:
            return None
        where = self.modules[fullname]
        is_package = where is None or where.endswith("__init__.py")
        return importlib.machinery.ModuleSpec(fullname, self, origin=where, is_package=is_package)

    def exec_module(self, module: types.ModuleType) -> None:
        path = self.modules[module.__name__]
        if path is None:
            return
        module.__file__ = path
        exec(compile(self.files[path], path, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name: str) -> str | None:
        path = self.modules.get(name)
        return self.files[path].decode("utf-8", "replace") if path else None


class Alias(importlib.abc.Loader):
    """`import other_name.layers` gives the very module `package.layers`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: Any) -> types.ModuleType:
        self.module = importlib.import_module(self.name)
        self.spec = self.module.__spec__
        return self.module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self.spec  # importing set it to the alias's


class Worker:
    def __init__(self, output_limit: int) -> None:
        self.printed = Printed(output_limit)
        self.kept: dict[int, Any] = {}
        self.submission = Submission({}, "", ())

    # requests; each method's name is the request's "op"

    def files(self, files: dict, package: str, aliases: list) -> None:
        sources = {path: content.tobytes() for path, content in files.items()}
        self.submission = Submission(sources, package, aliases)
        sys.meta_path.append(self.submission)
        self.seed(0)

    def load(self, module: str) -> None:
        try:
            importlib.import_module(module)
        except MemoryError:
            raise
        except BaseException as error:
            raise Refused("import", import_message(error, self.submission.files)) from error

    def begin(self, seed: int) -> None:
        self.kept.clear()
        self.printed.take()
        self.seed(seed)

    def seed(self, seed: int) -> None:
        np.random.seed(seed % 2**32)
        random.seed(seed)

    def define(self, source: str, name: str) -> wire.Handle:
        scope: dict[str, Any] = {"__name__": "grader_helper"}
        exec(compile(source, "<grader>", "exec", dont_inherit=True), scope)
        return self.keep(scope[name])

    def call(self, target: Any, args: list, kwargs: dict, keep: Any, echo: bool) -> Any:
        function = self.find(target)
        given = [self.restore(arg) for arg in args]
        named = {name: self.restore(value) for name, value in kwargs.items()}
        result = self.reply(target, function(*given, **named), keep)
        if not echo:
            return result
        after = [self.after(arg, value) for arg, value in zip(args, given, strict=True)]
        return (result, after, {name: self.after(kwargs[name], value) for name, value in named.items()})

    def get(self, handle: wire.Handle, path: list) -> Any:
        return self.plain(self.walk(handle, path))

    def set(self, handle: wire.Handle, path: list, value: Any) -> None:
        owner, last = self.walk(handle, path[:-1]), path[-1]
        if isinstance(owner, dict | list):
            owner[last] = self.restore(value)
        else:
            setattr(owner, last, self.restore(value))

    # helpers

    def keep(self, value: Any) -> wire.Handle:
        handle = wire.Handle(len(self.kept) + 1)
        self.kept[handle.number] = value
        return handle

    def restore(self, value: Any) -> Any:
        """`value` with the objects in place of their handles."""
        if isinstance(value, wire.Handle):
            return self.kept[value.number]
        if isinstance(value, list | tuple):
            return type(value)(self.restore(item) for item in value)
        if isinstance(value, dict):
            return {key: self.restore(item) for key, item in value.items()}
        return value

    def after(self, sent: Any, value: Any) -> Any:
        """An argument after the call: kept objects as their handle, anything else by value."""
        return sent if isinstance(sent, wire.Handle) else self.plain(value)

    def plain(self, value: Any) -> Any:
        """`value` with kept objects that cannot cross replaced by their handle."""
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        if isinstance(value, tuple):
            return tuple([self.plain(item) for item in value])
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic):
            return value
        for number, kept in self.kept.items():
            if kept is value:
                return wire.Handle(number)
        return value

    def walk(self, handle: wire.Handle, path: list) -> Any:
        value = self.kept[handle.number]
        for step in path:
            value = value[step] if isinstance(value, dict | list | tuple) else getattr(value, step)
        return value

    def find(self, target: Any) -> Any:
        """The function a request means: a handle, (handle, method name), or (module, dotted name)."""
        if isinstance(target, wire.Handle):
            return self.kept[target.number]
        owner, name = target
        if isinstance(owner, wire.Handle):
            return getattr(self.kept[owner.number], name)
        value = sys.modules[owner]
        for part in name.split("."):
            if not hasattr(value, part):
                raise Refused("missing", f"{self.submission.modules.get(owner) or owner} has no {name}")
            value = getattr(value, part)
        return value

    def reply(self, target: Any, result: Any, keep: Any) -> Any:
        if keep == "all":
            return self.keep(result)
        if keep is None:
            return self.plain(result)
        indices = (keep,) if isinstance(keep, int) else keep
        need = max(indices) + 1
        if not isinstance(result, list | tuple) or len(result) < need:
            got = f"{len(result)} values" if isinstance(result, list | tuple) else type(result).__name__
            raise Refused("bad_reply", f"returned {got}; {need} values are needed, as in `return out, cache`")
        return tuple([self.keep(v) if i in indices else self.plain(v) for i, v in enumerate(result)])

    def answer(self, request: dict) -> dict:
        """One reply to one request; whatever student code raises ends here."""
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = self.printed  # type: ignore[misc, assignment]
        reply: dict[str, Any] = {"id": request.pop("id")}
        try:
            reply["value"] = getattr(self, request.pop("op"))(**request)
        except BaseException as error:
            kind, message = describe(error)
            reply["error"] = {
                "kind": kind,
                "message": message,
                "frames": frames(error, self.submission.files),
            }
        reply["printed"] = self.printed.take()
        return reply


def describe(error: BaseException) -> tuple[str, str]:
    """Kind and text of what went wrong."""
    if isinstance(error, Refused):
        return error.kind, error.message
    if isinstance(error, MemoryError):
        return "limit", "stopped: the call needed more memory than it may use"
    message = f"{type(error).__name__}: {error}"[:MAX_MESSAGE].rstrip(": ")
    return ("not_implemented", message) if isinstance(error, NotImplementedError) else ("raised", message)


def import_message(error: BaseException, files: Mapping[str, bytes]) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    message = f"{type(error).__name__}: {text}"[:MAX_MESSAGE]
    own = frames(error, files)
    where = f"{own[-1][0]} line {own[-1][1]}" if own else "a file"
    if isinstance(error, ModuleNotFoundError):
        message += " (while grading, only NumPy and Python's standard library are there)"
    return f"{where} cannot be imported: {message}"


def frames(error: BaseException, files: Mapping[str, bytes]) -> list[tuple[str, int, str]]:
    """(file, line, function) of the student's own lines an exception went through, innermost last."""
    found = []
    while isinstance(error, Refused) and error.__cause__ is not None:
        error = error.__cause__
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files:
            found.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename in files:
        found.append((error.filename, error.lineno or 1, "<module>"))
    return found[-MAX_FRAMES:]


def read_exactly(channel: int, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = os.readv(channel, [view])
        if not got:
            os._exit(0)  # the judge is done with us
        view = view[got:]
    return data


def receive(channel: int) -> Any:
    header, body = wire.sizes(bytes(read_exactly(channel, wire.PREFIX.size)), 1 << 40)
    text = bytes(read_exactly(channel, header))
    return wire.unpack(text, memoryview(read_exactly(channel, body)), copy=True)


def send(channel: int, reply: dict) -> None:
    try:
        parts = wire.pack(reply)
    except wire.WireError as error:
        reply = {"id": reply["id"], "printed": reply["printed"]}
        reply["error"] = {
            "kind": "bad_reply",
            "message": f"the result cannot be used: it holds {error}",
            "frames": [],
        }
        parts = wire.pack(reply)
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(channel, view) :]


def serve(channel: int, output_limit: int) -> None:
    worker = Worker(output_limit)
    while True:
        send(channel, worker.answer(receive(channel)))
