"""What is not there while grading, in the words of the student whose code asked for it.

The kernel says "Operation not permitted" and "Function not implemented" of everything it refuses. What was
asked for shows in the modules an error came through, in the student's own line, and in the error itself.
Runs inside the worker, and only makes words: what is refused is refused elsewhere.
"""

import errno
import os
import re
import sys
from types import TracebackType
from typing import NoReturn

THREADS = "no threads while grading: compute in one"
PROGRAMS = "no other programs or processes while grading"
NETWORK = "no network while grading"
FILES = "no files while grading: nothing can be read, written or listed; use what the function is given"
KEYBOARD = "no keyboard while grading: use what the function is given"
SIGNALS = "no signals while grading"
WINDOWS = "no windows while grading"
DEBUGGER = "no debugger while grading: take breakpoint() and set_trace() out"
MODULES = "only NumPy, Python's standard library and what the course names are there while grading"
RARE = "not all of Python's standard library is there while grading"
PLOTS = "no plots while grading: draw in the notebook, not in the package"
EXIT = "no exit while grading: return from the function"
MEMORY = "no more memory than the limit while grading"
LOOPS = "no event loops while grading: call the function itself"
OTHER = "not there while grading: code computes and returns, and does nothing else"

# Of an error that came through one of these modules, the first that fits.
THROUGH = {
    "concurrent.futures.process": PROGRAMS,
    "concurrent.futures.thread": THREADS,
    "multiprocessing": PROGRAMS,
    "subprocess": PROGRAMS,
    "asyncio": LOOPS,
    "socket": NETWORK,
    "http": NETWORK,
    "urllib": NETWORK,
    "selectors": OTHER,
    "tempfile": FILES,
    "sqlite3": FILES,
    "logging": FILES,
    "tkinter": WINDOWS,
    "bdb": DEBUGGER,
    "getpass": KEYBOARD,
    "faulthandler": OTHER,
}
# Of one that the student's own line raised.
CALLED = (
    (re.compile(r"\b(?:v?fork\w*|exec[lv]\w*|posix_spawn\w*|spawn[lv]\w*|popen)\s*\("), PROGRAMS),
    (re.compile(r"\b(?:kill|killpg|raise_signal|pthread_kill)\s*\("), SIGNALS),
    (re.compile(r"\b(?:socket|socketpair|getaddrinfo|gethostbyname)\s*\("), NETWORK),
    (re.compile(r"\b(?:set_trace|breakpoint)\s*\("), DEBUGGER),
)
OURS = f"Operation not permitted ({PROGRAMS})"
REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSYS)
GONE = (errno.ENOENT, errno.EROFS, errno.ENOTDIR)


def note(error: BaseException, line: str) -> str:
    """What to say beside an error's own text; empty if nothing was refused, or if the text says it.
    `line` is the student's own, which the error came from."""
    if OURS in error.args:
        return ""
    modules = _modules(error.__traceback__)
    kind, name = type(error).__name__, type(error).__module__
    if isinstance(error, ModuleNotFoundError):
        return _of_module(error.name or "")
    if isinstance(error, SystemExit) or (isinstance(error, NameError) and error.name in ("exit", "quit")):
        return EXIT
    if isinstance(error, EOFError) and ("input" in line or "getpass" in modules):
        return KEYBOARD
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return THREADS
    if (name, kind) in (("bdb", "BdbQuit"), ("_tkinter", "TclError")):
        return DEBUGGER if name == "bdb" else WINDOWS
    if isinstance(error, OSError) or name in ("sqlite3", "socket"):
        return _of_system(error, modules, line)
    return ""


def _of_module(name: str) -> str:
    """Of one that is not there; where Python's own files cannot be read, rare ones of its library are not."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return _through([name]) or RARE
    return PLOTS if top in ("matplotlib", "seaborn", "plotly") else MODULES


def _through(modules: list[str]) -> str:
    for module, words in THROUGH.items():
        if any(name == module or name.startswith(f"{module}.") for name in modules):
            return words
    return ""


def _of_system(error: BaseException, modules: list[str], line: str) -> str:
    """Of an error that the system reports."""
    number = getattr(error, "errno", None)
    if words := _through(modules):
        return words
    if type(error).__name__ in ("gaierror", "URLError"):
        return NETWORK
    for pattern, words in CALLED:
        if number in REFUSED and pattern.search(line):
            return words
    if number == errno.ENOMEM:
        return MEMORY
    if type(error).__name__ == "OperationalError" or number in GONE or number == errno.EACCES:
        return FILES
    if number in REFUSED:
        return FILES if getattr(error, "filename", None) is not None else OTHER
    return ""


def _modules(trace: TracebackType | None) -> list[str]:
    """The modules an error came through."""
    found = []
    while trace is not None:
        found.append(str(trace.tb_frame.f_globals.get("__name__", "")))
        trace = trace.tb_next
    return found


def _no_programs(command: object = "") -> NoReturn:
    raise PermissionError(errno.EPERM, OURS)


def say_so() -> None:
    """Where a refusal would pass in silence, make it an error: `os.system` returns a number, which nobody
    looks at."""
    os.system = _no_programs
