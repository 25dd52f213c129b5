"""Imports a submission from memory: its files never touch a disk, and cannot stand in for anyone else's.

The finder comes last on `sys.meta_path`, after Python's own: a `numpy.py` or `random.py` in a submission
is never found. What has to be bridged for code written elsewhere is a finder of its own, after this one, in
`older_packages`.
"""

import importlib
import importlib.abc
import importlib.machinery
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

from autograder.sandbox import older, older_packages, stand_ins, taken_away


class StudentModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of one submission.

    Args:
        files: posix path -> content, of `.py` files.
        package: the folder that holds the library.
        aliases: other names of that package; `import alias.shapes` gives `package.shapes`.
        fixed: what names of the package stand for, whatever its files say; such as "shapes.area".
        absent: modules of the package that are not there, such as "fast_shapes", and functions of modules,
            such as "shapes.volume".
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        package: str,
        aliases: Sequence[str],
        fixed: Mapping[str, Any] | None = None,
        absent: Sequence[str] = (),
    ) -> None:
        self.files, self.package, self.aliases = files, package, aliases
        self.old_division = older.divides_as_python_2(files) if aliases else set()
        self.absent = {f"{package}.{name}" for name in absent}
        self.fixed: dict[str, dict[str, Any]] = {}  # module -> name -> value
        for full, value in (fixed or {}).items():
            module, _, name = full.rpartition(".")
            self.fixed.setdefault(f"{package}.{module}", {})[name] = value
        self.wanted = ""  # the module that is asked for; others are imported on its behalf
        self.failed: dict[str, Exception] = {}  # modules gone on without
        self.modules: dict[str, str | None] = {}  # name -> path; None for a folder without __init__.py
        for path in files:
            parts = path.removesuffix(".py").split("/")
            for end in range(1, len(parts)):
                self.modules.setdefault(".".join(parts[:end]), None)
            self.modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self.taken: dict[str, set[str]] = {}  # module -> functions of it that are not there
        for full in sorted(self.absent):
            module, _, name = full.rpartition(".")
            if module != package and self.modules.get(module):  # a name without a dot is a module's
                self.absent.discard(full)
                self.taken.setdefault(module, set()).add(name)
                self.fixed.setdefault(module, {})[name] = stand_ins.refusing(name)
        self.modules.update(dict.fromkeys(self.absent))
        self.likes: dict[str, taken_away.Likes] = {}  # module -> what the code of those looked like
        self.others = taken_away.functions_now() if self.taken else {}
        for module in self.taken:
            self._cut(module)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        top, dot, rest = fullname.partition(".")
        if top in self.aliases:
            name = self.package + dot + rest
            return importlib.machinery.ModuleSpec(fullname, Alias(name)) if name in self.modules else None
        if fullname not in self.modules:
            return None
        where = self.modules[fullname]
        is_package = where is None or where.endswith("__init__.py")
        return importlib.machinery.ModuleSpec(fullname, self, origin=where, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        path = self.modules[module.__name__]
        if module.__name__ in self.absent:
            stand_ins.give_any_name(module, stand_ins.refusing)
        elif path is not None:
            module.__file__ = path
            try:
                self._run(path, module)
            except Exception as error:
                if not self.aliases or module.__name__ == self.wanted:
                    raise
                self._go_on_without(module, path, error)

    def _compiled(self, path: str) -> CodeType:
        if self.aliases:
            return older.compiled(self.files[path], path, path in self.old_division)
        return compile(self.files[path], path, "exec", dont_inherit=True)

    def own(self, module: str, name: str) -> Any:
        """A function as the submission's own file defines it, whatever stands in its place elsewhere."""
        full = f"{self.package}.{module}"
        scratch = ModuleType(full)
        scratch.__package__ = self.package
        exec(self._compiled(str(self.modules[full])), scratch.__dict__)  # noqa: S102
        return scratch.__dict__[name]

    def _run(self, path: str, module: ModuleType) -> None:
        refused = self._execute(self._compiled(path), module)
        for full, likes in self.likes.items():  # any module may hold a copy
            for name, looks in likes.items():
                bound = [value for other, value in refused if full == module.__name__ and other == name]
                taken_away.empty(name, bound, looks, self.others)

    def _cut(self, module: str) -> None:
        path = str(self.modules[module])
        try:
            whole = self._compiled(path)
        except (SyntaxError, ValueError):  # said when it is imported
            return
        text, self.likes[module] = taken_away.cut(self.files[path], path, whole, self.taken[module])
        self.files = {**self.files, path: text}

    def _execute(self, code: CodeType, module: ModuleType) -> list[tuple[str, Any]]:
        """Run a module; what it would have given the names that are fixed."""
        fixed = self.fixed.get(module.__name__)
        if fixed is None:
            exec(code, module.__dict__)  # noqa: S102
            return []
        names = stand_ins.Names(module.__dict__, fixed)
        exec(code, module.__dict__, names)  # noqa: S102
        past = [
            (name, module.__dict__[name])
            for name, value in fixed.items()
            if module.__dict__[name] is not value
        ]
        module.__dict__.update(fixed)  # a `global` statement goes past `Names`
        return names.refused + past

    def _go_on_without(self, module: ModuleType, path: str, error: Exception) -> None:
        """Let those that import `module` have what it defined so far; more, they cannot use."""
        self.failed[module.__name__] = error
        if not path.endswith("__init__.py"):  # from a package, more are modules still to be imported
            why = f"{path} cannot be imported: {type(error).__name__}: {error}"
            older_packages.pretend(module, why)

    def get_source(self, name: str) -> str | None:
        """For `inspect.getsource`."""
        path = self.modules.get(name)
        return self.files[path].decode("utf-8", "replace") if path else None


class Alias(importlib.abc.Loader):
    """Gives a module that goes by another name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: Any) -> ModuleType:
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system had put the alias's there
