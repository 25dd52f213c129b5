"""One submission as a grader sees it: named functions to call, objects to keep, plain values back."""

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.sandbox import wire
from autograder.sandbox.channel import Gone
from autograder.sandbox.describe import Calls
from autograder.sandbox.faults import Echo, SandboxError, StudentError
from autograder.sandbox.host import Host
from autograder.sandbox.library import Names
from autograder.sandbox.running import Running
from autograder.sandbox.session import WRONG_FORM, Session
from autograder.sandbox.wire import Handle

HELPERS = 1 << 32  # handles from here on are numbered here; those below in the worker
Role = tuple[Names, Sequence[str]]  # what is answered outside, and what is absent
PLAIN: Role = ({}, ())
Keep = int | tuple[int, ...] | str | None


class SandboxedStudent(Session):
    """The functions of one submission, each call run in the worker. Made by `Sandbox.submission`."""

    def __init__(
        self,
        sandbox: Host,
        files: Mapping[str, bytes],
        package: str,
        aliases: Sequence[str],
        solved: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(sandbox, files, package, aliases, solved)
        self.calls = Calls()  # in words, since begin_case
        self.not_finite = ""  # the first call since begin_case that gave NaN or an infinity
        self._role: Role = PLAIN
        self._loaded: set[str] = set()
        self._broken: dict[str, StudentError] = {}  # modules that do not import, in any worker of this role
        self._aside: Running | None = None  # the plain worker, while one of another role is there
        self._of_aside: tuple[set[str], dict[str, StudentError]] = (set(), {})
        self._names: dict[int, str] = {}  # what a handle was made by
        self._helpers = 0  # of graders, in this case

    def __enter__(self) -> "SandboxedStudent":
        self.sandbox.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._aside is not None:
            self._aside.stop()
            self._aside = None
        self._library.close()

    def begin_case(
        self, seed: int, builds_on: Names | None = None, without: Sequence[str] = (), alone: bool = False
    ) -> None:
        """Forget kept objects, reseed the random state, and bring back a worker that was lost.

        Args:
            builds_on: functions that the solved package answers in this case, such as
                "shapes.area", with the index of the result that stays there (a cache) or None.
            without: modules that are not there in this case, such as "fast_shapes".
            alone: in a worker in which nothing else has run.
        """
        self._era += 1
        self.printed, self._lost, self.not_finite, self.doubt = "", None, "", ""
        self._names.clear()
        self._first, self._helpers = [], 0
        self.calls = Calls()
        role = dict(builds_on or {}), tuple(without)
        other = role != self._role
        if other:
            self._turn_to(role)
            other = self._running is None
        if other or alone:
            self._broken.clear()
        if self._left() <= 0:
            return  # any call says so
        if other or alone or self._left_alone():
            self._start(*self._role)
            self._loaded.clear()
        else:
            self._library.begin(role[0])
        self._seed = seed

    @property
    def lost(self) -> bool:
        """Whether the worker was stopped, or ended itself, in this case."""
        return self._lost is not None

    def asked(self) -> frozenset[str]:
        """The names of `builds_on` that the code has called in this case."""
        return self._library.asked()

    def _left_alone(self) -> bool:
        """Whether the worker has gone since the case before, or left something that nobody asked for."""
        try:
            return self._running is None or self._running.channel.stray()
        except Gone:
            return True

    def _turn_to(self, role: Role) -> None:
        """The worker in which nothing is absent or answered outside, which most cases run in, is put aside
        while others do without something; it is the next one for such cases."""
        if self._role == PLAIN:
            self._aside, self._running = self._running, None
            self._of_aside = self._loaded, self._broken
        self._stop()
        self._role, self._loaded, self._broken = role, set(), {}
        if role == PLAIN:
            self._running, self._aside = self._aside, None
            self._loaded, self._broken = self._of_aside

    def call(
        self, function: str | Handle, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """As `checks.student.Student` has it; with `echo` an `Echo` comes back.

        Raises:
            StudentError: the code did not deliver.
            SandboxError: we did not.
        """
        if isinstance(function, Handle):
            return self._call(function, self._name(function), args, kwargs, keep, echo)
        return self._call(self._load(function), function, args, kwargs, keep, echo)

    def new(self, name: str, /, *args: Any, **kwargs: Any) -> Handle:
        """Make an object that stays in the worker."""
        made: Handle = self.call(name, *args, keep="all", **kwargs)
        return made

    def method(
        self, handle: Handle, name: str, /, *args: Any, keep: Keep = None, echo: bool = False, **kwargs: Any
    ) -> Any:
        """Call a method of a kept object."""
        return self._call((handle, name), f"{self._name(handle)}.{name}", args, kwargs, keep, echo)

    def get(self, handle: Handle, *path: str | int) -> Any:
        """A value inside a kept object; each step is a key, an index or an attribute."""
        what = ".".join(map(str, (self._name(handle), *path)))
        return self._noted(what, self._request("get", what, handle=self._sent(handle), path=list(path)))

    def set(self, handle: Handle, *path: str | int, value: Any) -> None:
        """Change a value inside a kept object, before the next call, which says what is wrong with that."""
        if self._lost is not None:
            raise self._lost
        self._first.append(
            {"op": "set", "handle": self._sent(handle), "path": list(path), "value": self._sent(value)}
        )

    def define(self, source: str, name: str) -> Handle:
        """Run a grader's own helper source in the worker, and keep what it calls `name`.

        The student's code can read it: it must hold nothing that is to stay hidden.
        """
        if self._lost is not None:
            raise self._lost
        self._helpers += 1
        number = HELPERS + self._helpers
        self._first.append({"op": "define", "source": source, "name": name, "number": number})
        self.calls.helper(name)
        return self._handle(name, Handle(number, self._era))

    # calls

    def _call(self, target: Any, what: str, args: Any, kwargs: Any, keep: Keep, echo: bool) -> Any:
        self.calls.note(target, args, kwargs, keep)
        indices = list(keep) if isinstance(keep, tuple) else keep
        sent = {"target": self._sent(target), "args": self._sent(list(args)), "kwargs": self._sent(kwargs)}
        value = self._request("call", what, keep=indices, echo=echo, **sent)
        if not echo:
            return self._kept(what, self._noted(what, value), keep)
        match value:
            case (result, list() as after, dict() as named):
                return Echo(self._kept(what, self._noted(what, result), keep), after, named)
        raise self._distrust(what, WRONG_FORM)

    def _noted(self, what: str, value: Any) -> Any:
        if not self.not_finite and not wire.is_finite(value):
            self.not_finite = what
        return value

    def _kept(self, what: str, value: Any, keep: Keep) -> Any:
        """`value`, checked to hold handles where `keep` asked for them."""
        if keep == "all":
            return self._handle(what, value)
        if isinstance(keep, int | tuple):
            indices = (keep,) if isinstance(keep, int) else keep
            if not isinstance(value, tuple) or len(value) <= max(indices):
                raise self._distrust(what, WRONG_FORM)
            for index in indices:
                self._handle(what, value[index])
        return value

    def _handle(self, what: str, value: Any) -> Handle:
        if not isinstance(value, Handle):
            raise self._distrust(what, WRONG_FORM)
        self._names[value.number] = what
        self.calls.keep(value.number)
        return value

    def _name(self, handle: Handle) -> str:
        return self._names.get(handle.number, "the object")

    def _load(self, name: str) -> tuple[str, str]:
        """Import the module a name lives in: (module, rest of the name)."""
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            stem = "/".join([self.package, *parts[:end]])
            path = next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if p in self.files), None)
            if path is None:
                continue
            module = ".".join([self.package, *parts[:end]])
            self._import(module, path)
            return module, ".".join(parts[end:])
        wanted = "/".join([self.package, *parts[:-1]]) + ".py"
        raise StudentError("missing", f"{wanted} was not handed in, so there is no {parts[-1]}")

    def _import(self, module: str, path: str) -> None:
        if module in self._broken:
            raise self._broken[module]
        if module in self._loaded:
            return
        if self._lost is not None:
            raise self._lost  # what was lost earlier in this case says nothing about the module
        try:
            self._request("load", f"importing {path}", module=module)
        except StudentError as error:
            if self._left() > 0 and not self.doubt:
                self._broken[module] = error
            raise
        self._loaded.add(module)

    def _sent(self, value: Any) -> Any:
        """`value` as it goes out; a handle must be of this case."""
        return wire.with_handles(value, self._of_this_case)

    def _of_this_case(self, handle: Handle) -> Handle:
        if handle.era != self._era:
            raise SandboxError("a grader used a handle of an earlier case")
        return handle
