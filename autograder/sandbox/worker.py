"""The one file of ours beside student code: answers requests by running the student's functions.

By the time this runs, the process can reach nothing (see `harden`). It holds no secret, so student code
that reads or rewrites it gains nothing: the judge believes no reply beyond the value it carries.
"""

import importlib
import io
import random
import re
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from types import FrameType
from typing import Any

import numpy as np

from autograder.sandbox import older_packages, refusals, wire
from autograder.sandbox.answering import Answerer, Answers, draws
from autograder.sandbox.line import Line
from autograder.sandbox.meanings import Meanings
from autograder.sandbox.memory_import import StudentModules
from autograder.sandbox.stand_ins import Kept, Outside, Overran

MAX_MESSAGE = 2000  # characters of an exception's text
MAX_FRAMES = 8
MAX_SEARCHED = 1 << 20  # bytes of a file that a line is looked up in
PYTHON_2 = ("Missing parentheses in call to", "multiple exception types must be", "leading zeros in decimal")
PYTHON_3 = (  # 2to3, which would change it, is gone from newer Pythons
    " (this is Python 2; grading runs Python 3: write `print(x)`, `except ValueError as error:` and numbers "
    "without a leading zero)"
)
NEWER = re.compile(  # what Python 3.12 and later read, by the words of the error or the line itself
    r"^f-string|\n\s*(type \w+(\[.*\])? =|(async )?def \w+\[|class \w+\[|.*\bt['\"])"
)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
HELPER = lru_cache(partial(compile, filename="<grader>", mode="exec", dont_inherit=True))
IDLE = (0.0, 0.0, 0.0)
OWN_USE, PATIENCE, SOME = 0.5, 8.0, 0.02  # as `session` decides; here it only shows where a loop is
MAX_PRINTED = 1 << 20  # characters, whatever the limits say: a reply must hold them


class Refused(Exception):
    """A request that cannot be answered, with the kind of error the judge shall report."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Printed(io.TextIOBase):
    """Takes the place of stdout and stderr; keeps the beginning."""

    def __init__(self, limit: int) -> None:
        self.limit = min(limit, MAX_PRINTED)
        self.forget()

    def forget(self) -> None:
        self.parts: list[str] = []
        self.room, self.cut = self.limit, False

    def write(self, text: str) -> int:
        if len(text) > self.room:
            self.cut = True
        if self.room:
            self.parts.append(text[: self.room])
            self.room -= len(self.parts[-1])
        return len(text)

    def writable(self) -> bool:
        return True

    def text(self) -> str:
        kept = "".join(self.parts).encode("utf-8", "replace").decode()
        return kept + ("\n[more was printed; only the beginning is kept]\n" if self.cut else "")


class Worker:
    """Its public methods are the requests; a request's "op" names the method."""

    def __init__(self, output_limit: int, line: Line) -> None:
        self._printed = Printed(output_limit)
        self._objects: dict[int, Any] = {}
        self._submission = StudentModules({}, "", ())
        self._meanings = Meanings(lambda module, name: self._submission.own(module, name))
        self._outside = Outside(line, self._alarm)
        self._answers = Answers()
        self._known: dict[str, Answerer] = {}
        self._began = IDLE  # of a request: clock, processor, seconds that it may take

    def files(
        self,
        files: dict[str, Any],
        package: str,
        aliases: list[str],
        outside: dict[str, bool],
        absent: list[str],
    ) -> None:
        """Take the submission's files; none is run yet. `outside` are names that are answered outside, and
        whether they draw random numbers; `absent` is not there."""
        sources = {path: content.tobytes() for path, content in files.items()}
        stand_ins = {name: self._outside.stand_in(name, random) for name, random in outside.items()}
        if aliases:
            self._meanings.turn(stand_ins)
        self._submission = StudentModules(sources, package, aliases, stand_ins, absent)
        sys.meta_path.append(self._submission)
        refusals.say_so()
        if aliases:
            older_packages.Bridge(package, aliases).install()
        _seed(0)

    def load(self, module: str) -> None:
        """Import one module of the submission."""
        self._submission.wanted = module
        try:
            importlib.import_module(module)
            if module in self._submission.failed:
                raise self._submission.failed[module]
        except (Overran, MemoryError):
            raise
        except BaseException as error:
            raise Refused("import", self._import_message(module, error)) from error

    def _import_message(self, module: str, error: BaseException) -> str:
        own = _frames(error, self._submission.files)
        where = f"{own[-1][0]} line {own[-1][1]}" if own else self._submission.modules[module]
        message = f"{where} cannot be imported: {_text(error)}{self._refused(error)}"
        if isinstance(error, SyntaxError) and any(sign in str(error.msg) for sign in PYTHON_2):
            message += PYTHON_3
        elif isinstance(error, SyntaxError) and NEWER.search(f"{error.msg}\n{error.text or ''}"):
            message += f" (this may be syntax of a newer Python; grading runs Python {VERSION})"
        return message

    def answers(self, names: dict[str, int | None]) -> dict[str, bool]:
        """Answer these names for another process, whose stand-ins call them, with the index of the result
        that stays here; says which of them draw random numbers.
        """
        for name in names.keys() - self._known.keys():
            module, _, short = name.rpartition(".")
            module = f"{self._submission.package}.{module}"
            self.load(module)
            function = self._find((module, short))
            self._known[name] = Answerer(function, names[name], draws(function, self._submission.package))
        self._answers.begin({name: replace(self._known[name], keep=keep) for name, keep in names.items()})
        return {name: self._known[name].draws for name in names}

    def asked(self) -> list[str]:
        """Which of these names have been called."""
        return sorted(self._answers.asked)

    def answer(self, header: bytes, body: bytearray, max_body: int) -> list[bytes | memoryview]:
        """The frame that answers what a stand-in was called for."""
        try:
            return wire.pack(self._answers.answer(wire.unpack(header, memoryview(body))), max_body)
        except wire.WireError as error:
            return wire.pack({"raised": ["ValueError", str(error)]})

    def _begin(self, seed: int) -> None:
        """Start a case: nothing kept from the one before."""
        self._objects.clear()
        _seed(seed)

    def define(self, source: str, name: str, number: int) -> None:
        """Run a grader's helper source, and keep what it calls `name`."""
        scope: dict[str, Any] = {"__name__": "grader_helper"}
        exec(HELPER(source), scope)  # noqa: S102
        self._objects[number] = scope[name]

    def call(self, target: Any, args: list[Any], kwargs: dict[str, Any], keep: Any, echo: bool) -> Any:
        """Call a function; with `echo`, also tell what became of its arguments."""
        function = self._find(target)
        given, named = self._restored(args), self._restored(kwargs)
        result = self._result(self._run(function, given, named), keep)
        if not echo:
            return result
        after = [_after(sent, value) for sent, value in zip(args, given, strict=True)]
        return (result, after, {name: _after(kwargs[name], value) for name, value in named.items()})

    def _run(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not self._submission.aliases:
            return function(*args, **kwargs)
        try:
            return older_packages.call(function, args, kwargs, self._meanings)
        except older_packages.Unbridged as error:
            raise Refused("missing", f"{getattr(function, '__name__', 'it')} {error}") from None

    def get(self, handle: wire.Handle, path: list[Any]) -> Any:
        """A value inside a kept object."""
        return self._walk(handle, path)

    def set(self, handle: wire.Handle, path: list[Any], value: Any) -> None:
        """Change a value inside a kept object."""
        owner, last = self._walk(handle, path[:-1]), path[-1]
        if isinstance(owner, dict | list):
            owner[last] = self._restored(value)
        else:
            setattr(owner, last, self._restored(value))

    def _keep(self, value: Any) -> wire.Handle:
        handle = wire.Handle(len(self._objects) + 1)
        self._objects[handle.number] = value
        return handle

    def _restored(self, value: Any) -> Any:
        """`value` with kept objects in place of their handles."""
        return wire.with_handles(value, lambda handle: self._objects[handle.number])

    def _handle_of(self, value: Any) -> wire.Handle | None:
        """What goes out in place of an object that stays here."""
        for number, kept in self._objects.items():
            if kept is value:
                return wire.Handle(number)
        if isinstance(value, Kept):
            raise wire.WireError("a cache, which belongs to the layer that made it")
        return wire.itself(value)

    def _walk(self, handle: wire.Handle, path: list[Any]) -> Any:
        value = self._objects[handle.number]
        for step in path:
            owner = value
            try:
                value = owner[step] if isinstance(owner, dict | list | tuple) else getattr(owner, step)
            except (AttributeError, LookupError):
                raise Refused("missing", f"{type(owner).__name__} has no {step}") from None
        return value

    def _find(self, target: Any) -> Any:
        """What to call: a handle, (handle, method name), or (module, dotted name)."""
        if isinstance(target, wire.Handle):
            return self._objects[target.number]
        owner, name = target
        if isinstance(owner, wire.Handle):
            return self._walk(owner, [name])
        value = sys.modules[owner]
        for part in name.split("."):
            if not hasattr(value, part):
                raise Refused("missing", f"{self._submission.modules[owner]} has no {name}")
            value = getattr(value, part)
        return value

    def _result(self, result: Any, keep: Any) -> Any:
        if keep == "all":
            return self._keep(result)
        if keep is None:
            return result
        indices = (keep,) if isinstance(keep, int) else keep
        need = max(indices) + 1
        if not isinstance(result, list | tuple) or len(result) < need:
            got = (
                f"{len(result)} values" if isinstance(result, list | tuple) else f"a {type(result).__name__}"
            )
            raise Refused(
                "bad_reply", f"returned {got}; {need} values are expected, as in `return out, cache`"
            )
        return tuple([self._keep(v) if i in indices else v for i, v in enumerate(result)])

    def _reply(self, request: dict[str, Any], max_body: int) -> list[Any]:
        """The frame that answers one request; whatever student code raises ends here."""
        self._printed.forget()
        sys.stdout = sys.stderr = self._printed  # each time anew: the code may have put its own there
        number, seconds, op = request.pop("id"), request.pop("seconds"), request.pop("op")
        try:
            try:
                self._began = time.monotonic(), time.process_time(), seconds
                signal.signal(signal.SIGALRM, self._alarm)
                signal.setitimer(signal.ITIMER_REAL, seconds)
                if "seed" in request:  # the first of a case
                    self._begin(request.pop("seed"))
                for before in request.pop("first", ()):
                    getattr(self, before.pop("op"))(**before)
                value = getattr(self, op)(**request)
                reply = {"id": number, "value": value, "printed": self._printed.text()}
                return wire.pack(reply, max_body, handle_of=self._handle_of)
            except Overran:
                raise
            except BaseException as error:  # the alarm still runs: making the text is up to the error's class
                reported = self._reported(error)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                self._began = IDLE
        except Overran as error:
            reported = self._reported(error)
        return wire.pack({"id": number, "error": reported, "printed": self._printed.text()})

    def _alarm(self, number: int = 0, frame: FrameType | None = None) -> None:
        if self._outside.asking:
            self._outside.late = True
        elif self._began == IDLE:
            pass  # from outside
        elif self._starved():
            signal.setitimer(signal.ITIMER_REAL, self._began[2] / 8)
        else:
            raise Overran

    def _starved(self) -> bool:
        """Whether this process computes, and had to wait for a processor for most of the time."""
        clock, processor, seconds = self._began
        past, computed = time.monotonic() - clock, time.process_time() - processor
        return past < PATIENCE * seconds and SOME * past < computed < OWN_USE * seconds

    def _reported(self, error: BaseException) -> dict[str, Any]:
        kind, message = _describe(error)
        if isinstance(error, NameError) and self._submission.failed:  # `from .layers import *` gave nothing
            message += f" ({', '.join(self._submission.failed)} could not be imported)"
        if kind == "raised":
            message += self._refused(error)
        frames = _frames(error, self._submission.files)
        return {"kind": kind, "message": message.encode("utf-8", "replace").decode(), "frames": frames}

    def _refused(self, error: BaseException) -> str:
        """What is not there while grading, if that is why it failed."""
        frames = _frames(error, self._submission.files)
        try:
            said = refusals.note(error, self._line(*frames[-1][:2]) if frames else "")
        except Overran:
            raise
        except BaseException:  # an exception class of the student's, which may do anything when looked at
            return ""
        return f" ({said})" if said else ""

    def _line(self, file: str, number: int) -> str:
        lines = self._submission.files[file][:MAX_SEARCHED].splitlines()[number - 1 : number]
        return b"".join(lines).decode("utf-8", "replace")


def _after(sent: Any, value: Any) -> Any:
    """An argument after the call: a kept object as its handle, anything else by value."""
    return sent if isinstance(sent, wire.Handle) else value


def _seed(seed: int) -> None:
    np.random.seed(seed % 2**32)
    random.seed(seed)


def _describe(error: BaseException) -> tuple[str, str]:
    """Kind and text of what went wrong."""
    if isinstance(error, Refused):
        return error.kind, error.message
    if isinstance(error, Overran):
        return "overran", ""
    if isinstance(error, wire.WireError):
        return "bad_reply", f"the result cannot be used: it holds {error}"
    if isinstance(error, MemoryError):
        return "memory", ""
    message = _text(error)
    return ("not_implemented", message) if isinstance(error, NotImplementedError) else ("raised", message)


def _text(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Overran:
        raise
    except BaseException as second:  # an exception class of the student's, with a __str__ that fails
        text = f"its text cannot be made ({type(second).__name__})"
    return f"{type(error).__name__}: {text}"[:MAX_MESSAGE].removesuffix(": ")


def _frames(error: BaseException, files: Mapping[str, bytes]) -> list[tuple[str, int, str]]:
    """(file, line, function) of the student's own lines an exception went through, innermost last."""
    if isinstance(error, Refused) and error.__cause__ is not None:
        error = error.__cause__
    found: list[tuple[str, int, str]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files:
            found.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename in files:
        found.append((str(error.filename), error.lineno or 1, "<module>"))
    return found[-MAX_FRAMES:]


def serve(line: Line, output_limit: int, max_body: int) -> None:
    """Answer one request after the other, until the judge closes its end."""
    worker = Worker(output_limit, line)
    while True:
        asks, header, body = line.receive()
        if asks:
            line.send(worker.answer(header, body, max_body))
        else:
            line.send(worker._reply(wire.unpack(header, memoryview(body), copy=True), max_body))
