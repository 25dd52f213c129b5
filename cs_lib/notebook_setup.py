"""What the first cell of a notebook switches on: edits take effect, and errors point at the right line.

IPython's `%autoreload` keeps the old code of a file that cannot be read, and its present version counts lines
wrong after an edit (ipython issues 14900 and 15359). So each cell starts here: files that changed are
loaded again, whole, and while one of them cannot be, no cell runs.
"""

from __future__ import annotations

import ast
import importlib
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = __name__.rpartition(".")[0]
FOLDER = Path(__file__).parent
TO_DO = " not written yet"  # how the message of a function that is to do ends


class CannotRun(Exception):
    """A file of the library cannot be used as it is now; Jupyter shows the message alone."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def follow_edits() -> None:
    """Make edits of the library take effect in the next cell; does nothing outside of Jupyter.

    Raises: CannotRun when a file of the library is not Python; names the file and its line.
    """
    shell = _shell()
    if shell is None:
        return
    sys.dont_write_bytecode = True  # a .pyc file hides an edit that comes within a second and keeps the size
    shell.ast_transformers[:] = [
        hook for hook in shell.ast_transformers if type(hook).__name__ != FollowEdits.__name__
    ]
    hook = FollowEdits()
    hook.makes = _made_by(ast.parse(shell.user_ns["In"][-1]))  # this cell may end before its imports
    shell.ast_transformers.append(hook)
    shell.set_custom_exc((NotImplementedError, NameError), hook.show)
    for path in sorted(FOLDER.rglob("*.py")):
        if not any(part.startswith(".") for part in path.relative_to(FOLDER).parts):  # an editor's copies
            _refuse_unreadable(path)


class FollowEdits:
    """A hook of IPython that sees each cell before it runs."""

    def __init__(self) -> None:
        self.loaded: dict[str, bytes] = {}  # module -> the text it was loaded from
        self.old: dict[Any, Any] = {}  # where superreload finds objects made by earlier versions
        self.seen = time.time()
        self.makes: set[str] = set()  # names that the running cell makes
        self.made: set[str] = set()  # names that cells before it make, if they run through

    def visit(self, cell: Any) -> Any:
        """Load what has changed, and let the cell pass.

        Raises: InputRejected, after which IPython does not run the cell.
        """
        # As late as this: IPython is there when a cell runs, and only then.
        from IPython.core.error import InputRejected

        try:
            self.load_changed()
        except CannotRun as error:
            rejected = type("CannotRun", (CannotRun, InputRejected), {})
            raise rejected(str(error)) from None
        self.seen = time.time()
        self.made |= self.makes
        self.makes = _made_by(cell)
        return cell

    def load_changed(self) -> None:
        """Load again every module of the library whose text has changed since it was loaded."""
        changed = {}
        for module in _modules():
            path = Path(str(module.__file__))
            text = _refuse_unreadable(path, self.loaded.get(module.__name__))
            if module.__name__ not in self.loaded and path.stat().st_mtime < self.seen:
                self.loaded[module.__name__] = text
            if self.loaded.get(module.__name__) != text:
                changed[module.__name__] = (module, text)
        for name, (module, text) in changed.items():
            self._reload(module)
            self.loaded[name] = text

    def _reload(self, module: ModuleType) -> None:
        from IPython.extensions.autoreload import superreload

        try:
            superreload(module, importlib.reload, self.old)
        except (Exception, SystemExit) as error:
            file = str(module.__file__)
            lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
            where = f", line {lines[-1]}" if lines else ""
            message = f"{Path(file).name}{where}: {type(error).__name__}: {error}"
            raise CannotRun(f"{message}\nCorrect it and save. Nothing was run.") from None

    def show(self, shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: Any = None) -> Any:
        """Show what is still to do, and what is missing because of it, as one line; all else as always."""
        where = traceback.extract_tb(trace)[-1]
        path = Path(where.filename)
        inside = FOLDER in path.parents
        message = str(error)
        if message.endswith(TO_DO):
            line = f"To do: {message}{f' ({path.name}, line {where.lineno})' if inside else ''}."
        elif type(error) is NameError and error.name in self.made and not inside:
            line = (
                f"{error.name} is missing: the cell above that makes it has not run through. First that one."
            )
        else:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
            return None
        shell._showtraceback(kind, error, [line])
        return [line]


def _made_by(node: ast.AST) -> set[str]:
    """The names that the code of a cell binds, outside of its functions and classes."""
    names: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            names.add(child.name)
        elif isinstance(child, ast.alias):
            names.add((child.asname or child.name).split(".")[0])
        elif isinstance(child, ast.Name):
            names |= {child.id} if isinstance(child.ctx, ast.Store) else set()
        else:
            names |= _made_by(child)
    return names


def _modules() -> Iterable[ModuleType]:
    """The modules of the library that are loaded, those that others build on first."""
    prefix = f"{PACKAGE}."
    return [
        module
        for name, module in list(sys.modules.items())
        if (name == PACKAGE or name.startswith(prefix)) and getattr(module, "__file__", None)
    ]


def _refuse_unreadable(path: Path, known: bytes | None = None) -> bytes:
    """The text of a file that is Python; `known` is a text that is known to be."""
    try:
        text = path.read_bytes()
        if text != known:
            compile(text, path.name, "exec")
    except OSError as error:
        raise CannotRun(f"{path.name}: {error.strerror}\nNothing was run.") from None
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise CannotRun(f"{path.name}{line}: {reason}\nCorrect it and save. Nothing was run.") from None
    return text


def _shell() -> Any:
    """The running IPython shell, or None outside of one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
