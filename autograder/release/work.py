#!/usr/bin/env python3
"""What is done, what is wrong, what is still to do.

    python work.py                     the state of each part, and what to do next
    python work.py check [NAME ...]    run the checks of the notebooks, without a notebook
    python work.py pack                make hand-in.zip
    python work.py bring ../OLDER      carry over what you wrote for an earlier assignment

With --watch the first two run again after each save. On Windows type `py work.py`.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import contextlib
import copy
import difflib
import faulthandler
import functools
import hashlib
import importlib
import importlib.util
import io
import json
import linecache
import os
import re
import shutil
import subprocess
import symtable
import sys
import tempfile
import textwrap
import threading
import time
import traceback
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# What the course says of this assignment; filled in when it is released.
COURSE = json.loads("{}")

HERE = Path(__file__).resolve().parent
STUB = "is not " + "written yet"  # in two parts, so that a search for it finds only what is to do
FAILED = "NOT YET"  # what a check of a notebook prints, in a line of its own, of what is wrong
EMPTY_ANSWER = re.compile(rf"[\s*_.]*(your answer here)?[\s*_.]*(:? *it {STUB})?[\s*_.]*", re.I)
DONE, ANSWERED, WRONG, TO_DO, UNSEEN = "done", "answered", "wrong", "to do", "not looked at"
COLOURS = {DONE: "32", ANSWERED: "32", WRONG: "31", TO_DO: "33", UNSEEN: "36"}
FINISHED = (DONE, ANSWERED)  # a written answer is read by a person; here it only counts that there is one
SECONDS = 30  # of computing for one cell; a slow but right loop takes five on a slow machine
BUSY = 4  # a cell that waits, for whatever it may be, is stopped after so many times these seconds
HAND_IN = "hand-in.zip"
MANIFEST = "manifest.json"
MEMORY = ".work-results.json"
LARGE_NOTEBOOK, LARGE_FILE, LARGE_TOTAL = 16 * 2**20, 64 * 2**20, 192 * 2**20  # what grading accepts
ENVIRONMENT = "activate the environment first (README.md, Set up)"
AGAIN = "unpack it again from the assignment's zip"
OVER = (
    "as if another assignment's folder was copied over this one: unpack the newer one again into a new "
    "folder, and carry your work over with: python work.py bring FOLDER"
)
SAVED_LATE = 120  # seconds; Jupyter saves by itself this often
NOT_FULL_MARKS = (
    "The checks you see use a few inputs only. Grading uses others too, so done here is not yet full marks."
)
ANSI = re.compile(r"\x1b\[[\d;]*m")
ENDLESS = "endless: "  # how a message about a function that did not end begins, between processes
MAGIC = re.compile(r"^(\s*)([%!?].*|.*\?)$")


_memory = threading.Lock()  # the notebooks are looked at side by side


class Trouble(Exception):
    """Nothing can be done; the message says why and what to do."""


def say(text: str = "") -> None:
    """Print a line, on a console that may know neither UTF-8 nor colours."""
    if not _coloured():
        text = ANSI.sub("", text)
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def paint(word: str, text: str) -> str:
    return f"\x1b[{COLOURS[word]}m{text}\x1b[0m"


def _coloured() -> bool:
    windows = os.name == "nt" and not {"WT_SESSION", "TERM_PROGRAM"} & set(os.environ)
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and not windows


# --- The notebooks and the library, as they lie on disk -------------------------------------------------


class Part:
    """One part of the assignment that has points."""

    def __init__(self, notebook: str, number: int, cell: dict[str, Any], question: int) -> None:
        marks = cell["metadata"]["nbgrader"]
        self.notebook, self.number, self.cell = notebook, number, cell
        self.id, self.points = marks["grade_id"], marks.get("points", 0)
        self.written = cell.get("cell_type") != "code"  # answered in words
        self.title = f"question {question}" if self.written else self.id
        self.state, self.note, self.printed, self.hint = UNSEEN, "", "", ""
        self.given = COURSE["cells"][notebook].get(self.id)  # the digest of its check

    def functions(self) -> list[Any]:
        """The functions of the library that its check is about, as (file, qualified name)."""
        words = set(re.findall(r"\w+", source_of(self.cell)))
        pairs = [(file, name) for file, name in COURSE["todo"] if words & {*name.split(".")}]
        return [pair for pair in pairs if pair[1] == self.id] or pairs


def source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def marks_of(cell: dict[str, Any]) -> dict[str, Any]:
    return cell.get("metadata", {}).get("nbgrader", {}) or {}


def read_notebooks() -> tuple[dict[str, list[Any]], list[str]]:
    """{name: cells} of those that can be read, and what is wrong with the notebooks."""
    read, troubles = {}, []
    for name, given in COURSE["cells"].items():
        file = f"{name}.ipynb"
        try:
            cells = list(json.loads((HERE / file).read_text(encoding="utf-8-sig"))["cells"])
            ids = [marks_of(cell).get("grade_id") for cell in cells]
        except FileNotFoundError:
            troubles.append(f"{file}: missing: {AGAIN}")
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            troubles.append(f"{file} is not a notebook any more: unpack it again, or take an older copy")
            continue
        read[name] = cells
        lost = sorted(grade_id for grade_id in given if grade_id not in ids)
        if lost:
            gone = f"these cells with points are gone: {', '.join(lost)}"
            troubles.append(f"{file}: {gone}; bring them back from the assignment's zip")
        twice = sorted(grade_id for grade_id in given if ids.count(grade_id) > 1)
        if twice:
            troubles.append(f"{file}: there twice: {', '.join(twice)}; delete the copy of the cell")
    return read, troubles


def items_of(name: str, cells: list[Any]) -> list[Part]:
    """The parts with points, in the order of the notebook."""
    items: list[Part] = []
    for number, cell in enumerate(cells):
        marks = marks_of(cell)
        if marks.get("grade") and marks.get("grade_id") not in [item.id for item in items]:
            items.append(Part(name, number, cell, 1 + sum(item.written for item in items)))
    return items


def modules() -> list[Path]:
    """The library's files, without the copies that Jupyter and other editors keep in hidden folders."""
    paths = sorted((HERE / COURSE["package"]).rglob("*.py"))
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(HERE).parts)]


def library() -> dict[str, str]:
    """{path: text} of the library's files that can be read as text."""
    return {path.relative_to(HERE).as_posix(): as_text(path.read_bytes()) for path in modules()}


def as_text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def changed() -> list[str]:
    """The files of the library that are not as they were given out."""
    return [file for file, text in library().items() if digest(text) != COURSE["files"].get(file)]


def write(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_bytes(data)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def line_of(text: str, name: str) -> int:
    """Where a function is to be written, or else begins; found without reading the file as Python."""
    lines, start = text.split("\n"), 0
    for part in name.split("."):
        pattern = re.compile(rf"\s*(async\s+def|def|class)\s+{re.escape(part)}\b")
        start = next((n for n in range(start, len(lines)) if pattern.match(lines[n])), start)
    stub = next((n for n in range(start, len(lines)) if f'"{name} {STUB}"' in lines[n]), start)
    return stub + 1


def complaints(texts: dict[str, str]) -> list[str]:
    """What is not as it was given out: missing files of the library, and files of another assignment."""
    found = [
        f"{path.name} is not of {COURSE['name']}, {OVER}"
        for path in sorted(HERE.glob("*.ipynb"))
        if not path.name.startswith(tuple(COURSE["cells"])) and '"grade_id"' in as_text(path.read_bytes())
    ]
    for file, names in COURSE["names"].items():
        if file not in texts:
            found.append(f"{file} is missing: {AGAIN}")
            continue
        there = set(re.findall(r"^(?:async\s+def|def|class)\s+(\w+)", texts[file], re.M))
        lost = [name for name in names if name not in there]
        if lost:
            some = ", ".join(lost[:3]) + (" ..." if len(lost) > 3 else "")
            found.append(f"{file} has no {some}, {OVER}")
    ours = {name.split(".")[0] for _, name in COURSE["todo"]}
    for file, text in texts.items():
        asked = re.findall(rf'"([\w.]+)[^"\n]* {STUB}"', text)
        other = next((name for name in asked if name.split(".")[0] not in ours), "")
        if other:
            found.append(f"{file} asks for {other}, which is not to do in {COURSE['name']}, {OVER}")
    return found + [note for file, text in texts.items() for note in foreign_imports(file, text)]


def in_grading(module: str) -> bool:
    """Whether the course lets us import it: it, what it is a part of, or a part of it."""
    packages = COURSE["packages"]
    return any(f"{module}.".startswith(f"{p}.") or f"{p}.".startswith(f"{module}.") for p in packages)


def foreign_imports(file: str, text: str) -> list[str]:
    """What a file of the library imports that grading does not have, and that it was not given out with."""
    known = {*sys.stdlib_module_names, *COURSE["imports"].get(file, ())}
    known |= {COURSE["package"], *(path.stem for path in HERE.glob("*.py"))}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found = []
    there = f"only Python's standard library and {' and '.join(COURSE['packages'])}: do it with these"
    nodes: Any = ast.walk(tree)
    for node in nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        strange = ", ".join(n for n in names if n.split(".")[0] not in known and not in_grading(n))
        if strange:
            found.append(f"{file}, line {node.lineno}: grading has no {strange}, {there}")
    return found


# --- Running the checks ---------------------------------------------------------------------------------


def as_python(source: str) -> str:
    """A cell without IPython's own commands, line for line."""
    if source.lstrip().startswith("%%"):
        return ""
    return "\n".join(MAGIC.sub(r"\1pass", line) for line in source.split("\n"))


def parts_of(cells: list[Any]) -> list[Any]:
    """The code of a notebook in pieces that can be run one by one: (cell number, source, binds, needs).

    Each imported name is a piece of its own, so that a broken file stops only what needs it.
    """
    pieces: list[Any] = []
    for number, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        source = as_python(source_of(cell))
        try:
            tree = ast.parse(source)
        except SyntaxError:
            pieces.append((number, source, set(), set()))
            continue
        imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        for node in imports:
            for alias in node.names:
                one = copy.copy(node)
                one.names = [alias]
                pieces.append((number, ast.unparse(one), {alias.asname or alias.name.split(".")[0]}, set()))
        if len(imports) < len(tree.body):
            lines = source.split("\n")
            for node in imports:
                lines[node.lineno - 1 : node.end_lineno] = [""] * (last_line(node) - node.lineno + 1)
            rest = "\n".join(lines)
            pieces.append((number, rest, *names_of(rest)))
    return pieces


def names_of(source: str) -> tuple[Any, ...]:
    """The names that a piece of code binds, and those it needs from elsewhere."""
    top = symtable.symtable(source, "cell", "exec")
    symbols = top.get_symbols()
    binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_namespace()}
    needs, tables = {s.get_name() for s in symbols if s.is_referenced()}, list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        needs |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return binds, needs - binds


def needed_for(number: int, pieces: list[Any]) -> list[Any]:
    """The pieces to run before those of cell `number`, and these, in order."""
    own = [place for place, piece in enumerate(pieces) if piece[0] == number]
    chosen, wanted = set(own), set()
    for place in own:
        wanted |= pieces[place][3]
    for place in range(min(own, default=0) - 1, -1, -1):
        _, _, binds, needs = pieces[place]
        if binds & wanted:
            chosen.add(place)
            wanted = (wanted - binds) | needs
    return sorted(chosen)


def run_checks(
    notebook: str, cells: list[Any], items: list[Part], seconds: float, endless: dict[str, str]
) -> None:
    """Run the check cells of a notebook in a process of their own, and note in the items how each went.

    `endless` holds the functions that did not end so far, {place: message}; no check waits for them again.
    """
    pieces, jobs, waiting = parts_of(cells), [], {}
    for item in items:
        if item.written:
            look_at_answer(item)
            continue
        places = needed_for(item.number, pieces)
        numbers = sorted({pieces[place][0] for place in places})
        solutions = [n for n in numbers if marks_of(cells[n]).get("solution")]
        if solutions:
            look_at_last_run(item, cells, solutions)
        else:
            waiting[item.id] = item
            jobs.append({"id": item.id, "number": item.number, "places": places})
    plain = [(*piece[:2], sorted(piece[2])) for piece in pieces]
    known, files = remembered(), files_digest()
    keys = {job["id"]: key_of(job, plain, files) for job in jobs}
    for job in [job for job in jobs if keys[job["id"]] in known]:
        set_result(waiting[job["id"]], known[keys[job["id"]]])
        jobs.remove(job)
    while jobs:
        task = {"notebook": notebook, "pieces": plain, "jobs": jobs, "seconds": seconds}
        results, trace = _run_process({**task, "endless": {**endless}})
        for job, result in zip(jobs, results, strict=False):
            set_result(waiting[job["id"]], result)
        remember({keys[job["id"]]: r for job, r in zip(jobs, results, strict=False) if r[0] in (DONE, TO_DO)})
        jobs = jobs[len(results) :]
        if jobs:  # the process ended before this one did
            item = waiting[jobs.pop(0)["id"]]
            item.state, item.note = WRONG, _why_it_ended(trace, seconds, endless)


def set_result(item: Part, result: list[str]) -> None:
    item.state, item.note, item.printed, item.hint = result
    if item.state == DONE and item.given and item.given != digest(source_of(item.cell)):
        item.state, item.note = (
            UNSEEN,
            "its check was edited, and says nothing: take the cell back from the zip",
        )


def files_digest() -> str:
    """Of all Python files that a check may import."""
    own = {path.name: path.read_text("utf-8", "replace") for path in HERE.glob("*.py")}
    return digest(json.dumps([library(), own], sort_keys=True))


def key_of(job: dict[str, Any], pieces: list[Any], files: str) -> str:
    """What decides a check: the code of its cells and of the library, and the Python that runs it."""
    code = [pieces[place][1] for place in job["places"]]
    return digest(json.dumps([sys.version, sys.prefix, job["id"], code, files]))


def remembered() -> dict[str, list[str]]:
    """{key: result} of checks that were run before; those that something was wrong with are run again."""
    try:
        return dict(json.loads((HERE / MEMORY).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def remember(results: dict[str, list[str]]) -> None:
    """Keep results for the next time; the newest only, for who edits makes many."""
    with _memory, contextlib.suppress(OSError):  # a folder that cannot be written to
        kept = dict(list({**remembered(), **results}.items())[-100:])
        write(HERE / MEMORY, json.dumps(kept).encode())


def _run_process(task: dict[str, Any]) -> tuple[list[Any], str]:
    """The results that a process wrote, as far as it came, and where it hung if it did."""
    with tempfile.TemporaryDirectory(prefix="work-") as name:
        folder = Path(name)
        for file in ("results", "trace"):
            (folder / file).touch()
        (folder / "task").write_text(json.dumps(task), encoding="utf-8")
        # The process stops itself and says where; should even that fail, it is ended from here.
        limit = 60 + (BUSY * task["seconds"] + 5) * len(task["jobs"])
        # It has no keyboard, and opens no windows for plots.
        more: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        more |= {"cwd": HERE, "env": {**os.environ, "MPLBACKEND": "agg"}, "timeout": limit}
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-B", __file__, "_run", name], check=False, **more)  # noqa: S603
        lines = (folder / "results").read_text(encoding="utf-8").splitlines()
        trace = (folder / "trace").read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in lines], trace


def _why_it_ended(trace: str, seconds: float, endless: dict[str, str]) -> str:
    """Why a process ended, in words; a function of the library that did not end is remembered."""
    for file, line, function in re.findall(r'File "([^"]+)", line (\d+) in (\S+)', trace):
        if COURSE["package"] in Path(file).parts:
            where = f"{Path(file).name}, line {line}, in {function}"
            if trace.startswith(ENDLESS):
                endless[f"{file}:{line}"] = f"{where}, which this check uses: does its loop end?"
            return f"stopped after {seconds:g} s in {where}: does its loop end?"
    if trace:
        return f"stopped after {seconds:g} s: does a loop never end?"
    return "Python itself ended: too much memory, or exit()?"


def run_task(folder: Path) -> None:
    """What the other process does: run each check, and write down how it went."""
    task = json.loads((folder / "task").read_text(encoding="utf-8"))
    sys.path[0] = str(HERE)
    for place, message in task["endless"].items():
        refuse(place, message)
    names = {"__name__": "__main__", "print": print}
    ran: dict[str, Any] = {}  # place of a piece -> the exception it raised, or None
    with open(folder / "results", "w", encoding="utf-8") as results, open(folder / "trace", "w") as trace:
        watch = Watch(task["seconds"], trace)
        for job in task["jobs"]:
            results.write(json.dumps(_run_one(job, task, names, ran, watch)) + "\n")
            results.flush()
        faulthandler.cancel_dump_traceback_later()


class Watch(threading.Thread):
    """Ends the process when a cell takes too long, and writes in which calls it was for half of the time.

    It counts seconds of computing, so that other work on the machine stops nothing that is right; where
    several threads compute, those on the wall.
    """

    def __init__(self, seconds: float, trace: Any) -> None:
        super().__init__(daemon=True)
        self.seconds, self.trace = seconds, trace
        self.begin()
        self.start()

    def begin(self) -> None:
        """Count from here."""
        self.begun = (time.monotonic(), time.process_time(), list[Any]())
        # For code that keeps this thread from running.
        faulthandler.dump_traceback_later(BUSY * self.seconds + 2, exit=True, file=self.trace)

    def run(self) -> None:
        while True:
            time.sleep(min(self.seconds / 4, 0.1))
            wall, computing, early = self.begun
            wall, computing = time.monotonic() - wall, time.process_time() - computing
            spent = max(min(wall, computing), wall / BUSY)
            if spent > self.seconds:
                self.stop([frame for frame in _calls() if any(frame is other for other in early)])
            elif spent > self.seconds / 2 and not early:
                early += _calls()

    def stop(self, calls: list[Any]) -> None:
        self.trace.write(ENDLESS)
        for frame in calls:
            place = f'File "{frame.f_code.co_filename}", line {frame.f_lineno} in {frame.f_code.co_name}'
            self.trace.write(f"{place}\n")
        self.trace.flush()
        os._exit(1)


def _calls() -> list[Any]:
    """The calls that the main thread is in, the innermost first."""
    frame, found = sys._current_frames()[threading.main_thread().ident or 0], list[Any]()
    while frame is not None:
        found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found


def refuse(place: str, message: str) -> None:
    """Let the function at a place, "file:line", raise an error at once, whoever holds it."""
    file, _, line = place.rpartition(":")
    with contextlib.suppress(Exception):  # a file that changed since: its functions run as they are
        there = functions(ast.parse(Path(file).read_text(encoding="utf-8"))).items()
        name = next(name for name, node in there if node.lineno <= int(line) <= last_line(node))
        module = ".".join(Path(file).relative_to(HERE).with_suffix("").parts)
        function = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        made: dict[str, Any] = {}
        exec(f"def stop(*args, **kwargs): raise RuntimeError({ENDLESS + message!r})", made)  # noqa: S102  ours
        held: Any = function
        held.__code__, held.__defaults__, held.__kwdefaults__ = made["stop"].__code__, None, None


def _run_one(
    job: dict[str, Any], task: dict[str, Any], names: dict[str, Any], ran: dict[str, Any], watch: Watch
) -> list[Any]:
    """Run a check after the pieces that it needs. One of these may fail and yet have left what is needed."""
    output = io.StringIO()
    earlier = error = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        for place in job["places"]:
            number, source, binds = task["pieces"][place]
            if place not in ran or (number == job["number"] and ran[place] is not None):
                for name in binds:  # of a check before this one
                    names.pop(name, None)
                watch.begin()
                ran[place] = _raised(source, f"{task['notebook']}, cell {number + 1}", names)
            error, own = ran[place], number == job["number"]
            earlier = earlier or (None if own else error)
    if isinstance(error, NameError) and earlier is not None:
        error = earlier
    return _judged(ANSI.sub("", output.getvalue())[-20_000:], error)


def _raised(source: str, label: str, names: dict[str, Any]) -> Any:
    linecache.cache[label] = (len(source), None, [f"{line}\n" for line in source.split("\n")], label)
    try:
        exec(compile(source, label, "exec"), names)  # noqa: S102  the student's own cells
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return error
    return None


def _judged(printed: str, error: Any) -> list[Any]:
    """[state, one line that says why, all that was printed, what to look at]."""
    failed = [line.strip() for line in printed.splitlines() if FAILED in line]
    hints = [line.strip() for line in printed.splitlines() if line.lstrip().startswith("hint:")]
    hint = hints[0][len("hint:") :].strip() if hints else ""
    if isinstance(error, NotImplementedError) and str(error).endswith(STUB):
        return [TO_DO, str(error), printed, ""]  # of the function itself, or of one that it needs
    if failed:
        return [WRONG, " ".join(failed[0].replace(FAILED, "").rstrip(" :").split()), printed, hint]
    if error is not None:
        return [WRONG, describe(error), printed, ""]
    return [DONE, "", printed, ""]


def describe(error: BaseException) -> str:
    """An error in one line, with the last line of the library that it passed through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: {error.msg}"
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if missing and missing.split(".")[0] != COURSE["package"] and not (HERE / f"{missing}.py").exists():
        return f"{missing} is not installed for this Python: {ENVIRONMENT}, or do without it"
    if str(error).startswith(ENDLESS):
        return str(error).removeprefix(ENDLESS)
    text = f"{type(error).__name__}: {error}".split("\n")[0]
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if HERE / COURSE["package"] in Path(frame.filename).parents]
    edited = {HERE / file for file in changed()}  # rather than a line that was given, which they called
    inside = [frame for frame in inside if Path(frame.filename) in edited] or inside
    if inside:
        return f"{Path(inside[-1].filename).name}, line {inside[-1].lineno}, in {inside[-1].name}: {text}"
    return f"{frames[-1].filename}: {text}" if frames else text


def look_at_answer(item: Part) -> None:
    """A written answer: only whether there is one."""
    text = source_of(item.cell)
    empty = EMPTY_ANSWER.fullmatch(text)
    item.state = TO_DO if empty else ANSWERED
    item.note = "no answer yet" if empty else f"{len(text.split())} words; a person reads it"


def look_at_last_run(item: Part, cells: list[Any], solutions: list[int]) -> None:
    """A check that needs a training: what the notebook shows of its last run."""
    outputs = item.cell.get("outputs", [])
    printed = "".join("".join(o.get("text", "")) for o in outputs if o.get("output_type") == "stream")
    left = [number for number in solutions if STUB in source_of(cells[number])]
    if left:
        item.state, item.note = TO_DO, f"to write in {item.notebook}.ipynb, under {heading(cells, left[0])}"
    elif not outputs or not item.cell.get("execution_count"):  # it may have been cut off
        item.note = "run the notebook, and save it"
    else:
        set_result(item, _judged(ANSI.sub("", printed), None))
        if item.state == DONE and _shows_an_error(item.cell):
            item.state, item.note = WRONG, "ended with an error in its last run"
        later = changed_after(item.notebook)
        since = f"; {later} was changed after it" if later else ""
        item.note = item.note or f"by its last run in the notebook{since}"


def heading(cells: list[Any], number: int) -> str:
    """The heading that a cell stands under, in quotes."""
    texts = [source_of(cell) for cell in cells[:number] if cell.get("cell_type") == "markdown"]
    return repr(["", *re.findall(r"^#+ +(.+)", "\n".join(texts), re.M)][-1].strip())


def changed_after(notebook: str) -> str:
    """The file of the library that was changed last, if it was after the notebook was saved."""
    saved = {file: _saved(HERE / file) for file in changed()}
    newest = max(saved, key=lambda file: saved[file], default="")
    return newest if newest and saved[newest] > _saved(HERE / f"{notebook}.ipynb") else ""


def refuse_without_packages() -> None:
    """Say once, and not of each check, that the environment is not active."""
    for package in COURSE["packages"]:
        if importlib.util.find_spec(package) is None:
            raise Trouble(f"{package} is not installed for this Python: {ENVIRONMENT}")


def look(cells: dict[str, Any], seconds: float, wanted: Any = None) -> list[Any]:
    """Every part that has points, or the wanted ones, looked at; one process a notebook, at once."""
    items = {
        name: [item for item in items_of(name, part) if wanted is None or item.id in wanted]
        for name, part in cells.items()
    }
    refuse_without_packages()
    if sys.stderr.isatty():
        print("Running the checks ...", end="\r", file=sys.stderr, flush=True)
    endless: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1))) as pool:
        list(pool.map(lambda name: run_checks(name, cells[name], items[name], seconds, endless), cells))
    return [item for found in items.values() for item in found]


# --- What is printed ------------------------------------------------------------------------------------


def show_status(items: list[Part], troubles: list[Any]) -> None:
    """All parts with their states and points, notebook by notebook, and what to do next."""
    say(COURSE["title"])
    for trouble in troubles:
        say(f"  {paint(WRONG, trouble)}")
    width = max((len(item.title) for item in items), default=0)
    left = 2 + 15 + width + 8  # where the notes begin
    for name in COURSE["cells"]:
        part = [item for item in items if item.notebook == name]
        if part:
            say(f"\n{name}: {points_of(part, DONE)} of {points_of(part)} points done")
        for item in part:
            note = place_of(item) if item.note.endswith(STUB) else item.note
            state = paint(item.state, f"{item.state:15}")
            first, *more = fold(note, left) or [""]
            say(f"  {state}{item.title:{width}}  {item.points:4g}  {first}".rstrip())
            for line in more:
                say(" " * left + line)
    say()
    if not items:
        say(f"No notebook can be read, so there is nothing to show. Next: {troubles[0]}")
        return
    counts = [f"{s} {points_of(items, s)}" for s in COLOURS if any(item.state == s for item in items)]
    say(f"Points: {', '.join(counts)}, of {points_of(items)}.")
    say(NOT_FULL_MARKS)
    open_items = [item for item in items if item.state in (TO_DO, WRONG)]
    after = next_step(open_items[0]) if open_items else "python work.py pack"
    say(f"Next: {troubles[0] if troubles else after}")


def fold(text: str, left: int) -> list[str]:
    """A text in the lines that fit a terminal right of a column; in one line for a pipe."""
    room = shutil.get_terminal_size().columns - left if sys.stdout.isatty() else 10**6
    return textwrap.wrap(text, max(room, 30), break_long_words=False, break_on_hyphens=False)


def points_of(items: list[Part], state: str = "") -> str:
    return f"{sum(item.points for item in items if state in ('', item.state)):g}"


def next_step(item: Part) -> str:
    """Where to go, and how to check it."""
    if item.written:
        return f"{item.title} of {item.notebook}.ipynb: write your answer below it, and save"
    if item.note.startswith("to write in"):
        return f"{item.note.removeprefix('to write in ')}: write it, run it, and save"
    return f"{place_of(item)}. Then: python work.py check {item.id}"


def place_of(item: Part) -> str:
    """The line to look at: the one that the message names, else the function's."""
    named = re.search(r"([\w.]+\.py, line \d+)", item.note)
    if named:
        return named[1]
    texts = library()
    missing = re.match(rf"(.+) {STUB}$", item.note)
    if missing:
        for file, text in texts.items():
            if f'"{missing[1]} {STUB}"' in text:
                return f"{file}, line {line_of(text, missing[1])}: {missing[1]}"
    for file, name in [] if item.written else item.functions():
        if file in texts:
            return f"{file}, line {line_of(texts[file], name)}: {name}"
    return f"{item.notebook}.ipynb, cell {item.number + 1}"


def show_check(item: Part) -> None:
    """One check with all it prints, and one line of what to look at."""
    points = f"{item.points:g} point{'s' * (item.points != 1)}"
    say(f"\n{item.notebook}: {item.title}, {points}: {paint(item.state, item.state)}")
    for line in item.printed.splitlines():
        word = DONE if line.lstrip().startswith("ok ") else WRONG if FAILED in line else ""
        say(f"  {paint(word, line) if word else line}")
    if item.note and item.note not in " ".join(item.printed.split()):
        say(f"  {item.note}")
    if item.state in (WRONG, TO_DO) and not item.note.startswith("to write in"):
        say(f"  Look at {place_of(item)}{'. ' + item.hint[0].upper() + item.hint[1:] if item.hint else ''}")


# --- The commands ---------------------------------------------------------------------------------------


def status(arguments: argparse.Namespace) -> int:
    cells, troubles = read_notebooks()
    items = look(cells, arguments.seconds)
    show_status(items, troubles + complaints(library()))
    return 0 if not troubles and all(item.state in FINISHED for item in items) else 1


def check(arguments: argparse.Namespace) -> int:
    cells, troubles = read_notebooks()
    every = [item for name in cells for item in items_of(name, cells[name])]
    wanted = _named(arguments.names, every, troubles)
    items = look(cells, arguments.seconds, wanted)
    for trouble in troubles + complaints(library()):
        say(paint(WRONG, trouble))
    for item in items:
        show_check(item)
    right = sum(item.state in FINISHED for item in items)
    total = paint(DONE if right == len(items) else WRONG, f"{right} of {len(items)} done")
    say(f"\n{total}. {NOT_FULL_MARKS}")
    return 0 if right == len(items) and not (troubles and not arguments.names) else 1


def _named(names: list[Any], items: list[Part], troubles: list[str]) -> set[Any]:
    """The grade ids that are meant; a notebook's name means all of its checks."""
    if not names:
        return {item.id for item in items if not item.written}
    wanted = set()
    for name in names:
        short = name.removesuffix(".ipynb").split(".")[-1]
        called = {i.id: {i.id, i.notebook, *(f.split(".")[-1] for _, f in i.functions())} for i in items}
        meant = {name} & called.keys() or {i for i, names_of_it in called.items() if short in names_of_it}
        if not meant:
            known = [word for item in items for word in (item.id, item.notebook)]
            near = difflib.get_close_matches(name, known, 1)
            more = f"; did you mean {near[0]}?" if near else ": see python work.py"
            raise Trouble(". ".join([f"no check is called {name}{more}", *troubles]))
        wanted |= meant
    return wanted


def tried(command: Any, arguments: argparse.Namespace) -> int:
    """Run a command; what keeps it from its work is one line."""
    try:
        return int(command(arguments))
    except Trouble as trouble:
        say(paint(WRONG, f"work.py: {trouble}"))
    except BrokenPipeError:
        raise
    except OSError as error:
        where = Path(error.filename2 or error.filename or HERE).name
        say(paint(WRONG, f"work.py: {where}: {error.strerror}. Is it open in another program, or read-only?"))
    return 2


def watch(command: Any, arguments: argparse.Namespace) -> int:
    """Run a command, and again after each save, until Ctrl+C."""
    before = None
    try:
        while True:
            now = _times()
            if now != before:
                before = now
                tried(command, arguments)
                say("\nWaiting for the next save. Ctrl+C ends this.")
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0


def _times() -> list[tuple[str, int]]:
    paths = [HERE / f"{name}.ipynb" for name in COURSE["cells"]] + modules()
    return [(str(path), path.stat().st_mtime_ns) for path in paths if path.exists()]


# --- Handing in -----------------------------------------------------------------------------------------


def pack(arguments: argparse.Namespace) -> int:
    """Write hand-in.zip, and say of each part what is odd about it."""
    files = {f"{name}.ipynb": HERE / f"{name}.ipynb" for name in COURSE["cells"]}
    files |= {path.relative_to(HERE).as_posix(): path for path in modules()}
    files |= {path: HERE / path for path in COURSE["results"]}
    files |= {path.name: path for path in sorted(HERE.glob("*.py")) if path.name != Path(__file__).name}
    data = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    cells, notes = read_notebooks()
    if not changed() and not any(map(_worked_on, cells.values())):
        nothing = f"nothing in {HERE.name} has been worked on or saved since it was given out"
        raise Trouble("; ".join([*notes, f"{nothing}, so {HAND_IN} is not written"]))
    trained = "missing: run the notebook that saves your trained network"
    notes += [f"{name}: {trained}" for name in COURSE["results"] if name not in data]
    notes += complaints(library()) + _library_notes() + _notebook_notes(cells, data)
    try:
        notes += _import_notes(data, arguments.seconds) + _check_notes(cells, arguments.seconds)
    except Trouble as trouble:  # packing needs no environment
        notes.append(f"nothing was checked: {trouble}")
    large = [name for name, content in data.items() if len(content) > LARGE_FILE]
    notes += [f"{name}: {len(data[name]) >> 20} MB, more than grading accepts" for name in large]
    if sum(map(len, data.values())) > LARGE_TOTAL:
        notes.append(f"all together: more than the {LARGE_TOTAL >> 20} MB that grading accepts")
    _write_zip(data, notes)
    size = (HERE / HAND_IN).stat().st_size / 1e3
    say(f"{HAND_IN}: {len(data)} files, {size:.1f} kB, for {COURSE['name']}")
    for name in sorted(data):
        say(f"  {name:44}{len(data[name]) / 1e3:10.1f} kB")
    for note in notes:
        say(paint(WRONG, f"  ! {note}"))
    more = "Correct these, and pack again; or hand it in as it is."
    say(more if notes else "Nothing is missing. Hand in this file.")
    say(NOT_FULL_MARKS)
    return 1 if notes else 0


def _library_notes() -> list[str]:
    """What is to do, and what an editor has not saved."""
    if changed():
        left = sorted(
            name
            for file, name in COURSE["todo"]
            if re.search(rf'"{re.escape(name)}\b[^"]* {STUB}"', library().get(file, ""))
        )
        notes = [f"not written yet: {', '.join(left)}"] if left else []
        ours = {file for file, _ in COURSE["todo"]}  # a check says ok by what is in the others, too
        finished = [file for file in changed() if file in COURSE["files"] and file not in ours]
        notes += [f"{file}: changed, though nothing in it is to do: on purpose?" for file in finished]
    else:
        notes = [f"{COURSE['package']}: nothing in it is changed; have you saved your files?"]
    for path in sorted((HERE / COURSE["package"]).rglob("*")):
        if path.name.startswith((".#", "#")) or path.suffix in (".swp", ".swo"):
            notes.append(f"{path.name}: an editor holds unsaved changes of this file")
    return notes


def _import_notes(data: dict[str, bytes], seconds: float) -> list[str]:
    """Which modules cannot be imported, and why; they are run as checks are."""
    refuse_without_packages()
    names = [n.removesuffix(".py").removesuffix("/__init__") for n in sorted(data) if n.endswith(".py")]
    pieces: list[Any] = [(0, f"import {name.replace('/', '.')}", []) for name in names]
    jobs = [{"id": name, "number": 0, "places": [place]} for place, name in enumerate(names)]
    task = {"notebook": "", "pieces": pieces, "jobs": jobs, "seconds": seconds, "endless": {}}
    results, trace = _run_process(task)
    notes = list(dict.fromkeys(note for state, note, *_ in results if state != DONE))
    notes += [_why_it_ended(trace, seconds, {})] if len(results) < len(jobs) else []
    return [f"{note}: it cannot be imported, so nothing in it can be graded" for note in notes]


def _check_notes(cells: dict[str, Any], seconds: float) -> list[str]:
    """Which visible checks fail now, and which notebooks show a run of older code."""
    items, notes = look(cells, seconds), []
    for name in cells:
        part = [item for item in items if item.notebook == name]
        wrong = [item.title for item in part if item.state == WRONG]
        if wrong:
            notes.append(f"{name}.ipynb: wrong by its own checks: {', '.join(wrong)}; see python work.py")
        ran = [item for item in part if item.cell.get("execution_count")]
        later = changed_after(name)
        shown = [item.title for item in ran if item.state == DONE and _shows_an_error(item.cell)]
        if ran and (later or shown):
            why = f"{later} was changed after" if later else f"{', '.join(shown)} failed in"
            notes.append(f"{name}.ipynb: {why} its last run; run it again from the top, and save")
    return notes


def _shows_an_error(cell: dict[str, Any]) -> bool:
    return any(output.get("output_type") == "error" for output in cell.get("outputs", []))


def _notebook_notes(read: dict[str, Any], data: dict[str, bytes]) -> list[str]:
    notes = []
    for name, cells in read.items():
        file = f"{name}.ipynb"
        if len(data[file]) > LARGE_NOTEBOOK:
            size = f"{len(data[file]) >> 20} MB, more than grading accepts"
            notes.append(f"{file}: {size}; clear the outputs, run it again, save")
        later = [p.name for p in HERE.glob(f"{name}?*.ipynb") if _saved(p) > _saved(HERE / file)]
        notes += [f"{copy} is newer than {file}, and is not handed in: is your work in it?" for copy in later]
        if not _worked_on(cells):
            notes.append(f"{file}: nothing in it is written or run; have you saved it?")
            continue
        items, text = items_of(name, cells), "\n".join(map(source_of, cells))
        unrun = sum(not item.written and not item.cell.get("execution_count") for item in items)
        if unrun:
            notes.append(f"{file}: {unrun} of its checks were not run since it was last saved")
        empty = [i.title for i in items if i.written and EMPTY_ANSWER.fullmatch(source_of(i.cell))]
        if empty:
            notes.append(f"{file}: no answer to {', '.join(empty)}")
        saved_here = [r for r in COURSE["results"] if r in data and r.split("/")[-1] in text]
        newer = [r for r in saved_here if _saved(HERE / r) > _saved(HERE / file) + SAVED_LATE]
        if newer:
            why = f"{newer[0]} is newer than the notebook"
            notes.append(f"{file}: {why}; have you saved it after the last run?")
    return notes


def _saved(path: Path) -> float:
    return path.stat().st_mtime


def _worked_on(cells: list[Any]) -> bool:
    """Whether anything in a notebook was run, answered or written."""
    if any(cell.get("execution_count") for cell in cells):
        return True
    answers = [source_of(cell) for cell in cells if marks_of(cell).get("solution")]
    return any(STUB not in text and not EMPTY_ANSWER.fullmatch(text) for text in answers)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write_zip(data: dict[str, bytes], notes: list[str]) -> None:
    listed = {n: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in sorted(data.items())}
    manifest = {"assignment": COURSE["name"], "files": listed, "notes": notes}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        for name in sorted(data):
            archive.writestr(name, data[name])
    write(HERE / HAND_IN, packed.getvalue())


# --- From an earlier assignment -------------------------------------------------------------------------


def bring(arguments: argparse.Namespace) -> int:
    """Put functions that were written earlier in the place of those that are to do here."""
    older, theirs = Path(arguments.folder), _read_older(Path(arguments.folder))
    ours, notes = library(), []
    for file in sorted({file for file, _ in COURSE["todo"]} & {*ours} & {*theirs}):
        text, found = bring_file(ours[file], theirs[file])
        notes += [(word, f"{file}: {note}") for word, note in found]
        if text != ours[file]:
            write(HERE / file, text.encode())
    say(f"From {older}:")
    for word, note in notes:
        say(f"  {paint(TO_DO if word == 'left' else DONE, f'{word:5}')}  {note}")
    count = sum(word == "taken" for word, _ in notes)
    say(f"{count} function{'s' * (count != 1)} taken. All else in this folder is as it was.")
    if not notes:
        say(f"What it has is written here already, or not to do in {COURSE['name']}. Is it the right folder?")
    say("Next: python work.py")
    return 0 if count else 1


def _read_older(path: Path) -> dict[str, str]:
    """{file: text} of the library in a folder or a hand-in, which may lie one folder down."""
    package = COURSE["package"]
    try:
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found = {n: as_text(archive.read(n)) for n in archive.namelist() if n.endswith(".py")}
        elif path.resolve() == HERE:
            raise Trouble("that is this folder: name the folder of the earlier assignment")
        else:
            files = [p for p in path.rglob("*.py") if p.is_file() and HERE not in p.resolve().parents]
            found = {p.relative_to(path).as_posix(): as_text(p.read_bytes()) for p in files}
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    places = {name.split(f"{package}/")[0] for name in found if f"/{package}/" in f"/{name}"}
    highest = min((top.count("/") for top in places), default=0)  # above an environment's and older copies
    tops = sorted(top for top in places if top.count("/") == highest)
    if len(tops) != 1:
        which = f"found {', '.join(tops)}: name one of them" if tops else "found none"
        raise Trouble(f"{path}: expected a folder or hand-in with {package} in it, {which}")
    return {name[len(tops[0]) :]: text for name, text in found.items() if name.startswith(tops[0])}


def bring_file(ours: str, theirs: str) -> tuple[str, list[tuple[str, str]]]:
    """A file with the functions that are to do in it filled in, and notes on what was taken and left."""
    try:
        mine, older = ast.parse(ours), ast.parse(theirs)
    except SyntaxError as error:
        return ours, [("left", f"all of it: line {error.lineno}: {error.msg}")]
    old, notes = functions(older), list[tuple[str, str]]()
    lines, used = ours.split("\n"), set[str]()
    for name, node in reversed(functions(mine).items()):  # from below, so that line numbers stay right
        if STUB not in segment(ours, node) or name not in old:
            continue
        reason = _why_not(segment(ours, node), segment(theirs, old[name]), node, old[name])
        if not reason:
            body = theirs.split("\n")[_body_start(old[name]) - 1 : old[name].end_lineno]
            lines[_body_start(node) - 1 : node.end_lineno] = body
            used |= {n.id for n in ast.walk(old[name]) if isinstance(n, ast.Name)}
        notes.insert(0, ("left", f"{name}: {reason}") if reason else ("taken", f"{name}, {len(body)} lines"))
    if not used:
        return ours, notes
    text, helpers = _with_helpers("\n".join(lines), mine, theirs, older, used)
    try:
        ast.parse(text)
    except SyntaxError as error:
        return ours, [("left", f"all of it: the parts do not fit together ({error.msg}); copy by hand")]
    return text, [*notes, *(("with", f"{name}, which they use") for name in helpers)]


def functions(tree: ast.Module) -> dict[str, Any]:
    """{qualified name: definition} of functions and methods."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = {node.name: node for node in tree.body if isinstance(node, kinds)}
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef):
            found |= {f"{cls.name}.{node.name}": node for node in cls.body if isinstance(node, kinds)}
    return found


def segment(text: str, node: Any) -> str:
    return "\n".join(text.split("\n")[node.lineno - 1 : node.end_lineno])


def last_line(node: Any) -> int:
    return int(node.end_lineno)


def _why_not(given: str, theirs: str, new: ast.FunctionDef, old: ast.FunctionDef) -> str:
    if STUB in theirs:
        return "not finished there"
    if digest(given) not in COURSE["stubs"]:
        return "partly written here; copy the rest by hand"
    if [arg.arg for arg in new.args.args] != [arg.arg for arg in old.args.args]:
        names = ", ".join(arg.arg for arg in old.args.args)
        return f"its arguments are others there ({names}); copy it by hand"
    if _body_start(old) == old.lineno:
        return "written in one line there; copy it by hand"
    return "" if _body_start(old) <= last_line(old) else "empty there"


def _body_start(node: ast.FunctionDef) -> int:
    """The first line after the docstring, or after the line of def."""
    if ast.get_docstring(node) is not None:
        return last_line(node.body[0]) + 1
    return node.body[0].lineno


def _with_helpers(
    text: str, mine: ast.Module, theirs: str, older: ast.Module, used: set[str]
) -> tuple[str, list[str]]:
    """The text with the helper functions, constants and imports that the taken functions use, and these."""
    known = {name for node in mine.body for name in _bound(node)} | set(dir(builtins))
    wanted, chosen = used - known, list[Any]()
    for node in reversed(older.body):
        if set(_bound(node)) & wanted:
            chosen.insert(0, node)
            wanted |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - known
    kinds = (ast.Import, ast.ImportFrom)
    lines = text.split("\n")
    last = max((last_line(n) for n in mine.body if isinstance(n, kinds)), default=0)
    if not last and ast.get_docstring(mine) is not None:
        last = last_line(mine.body[0])
    lines[last:last] = [segment(theirs, node) for node in chosen if isinstance(node, kinds)]
    others = [f"\n\n{segment(theirs, node)}\n" for node in chosen if not isinstance(node, kinds)]
    return "\n".join(lines).rstrip("\n") + "\n" + "".join(others), [", ".join(_bound(n)) for n in chosen]


def _bound(node: ast.AST) -> list[Any]:
    """The names that a statement at the top of a file binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


# --- The command line -----------------------------------------------------------------------------------


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="work.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = {"status": status, "check": check, "pack": pack, "bring": bring}
    parser.add_argument("command", nargs="?", default="status", choices=tuple(commands), metavar="COMMAND")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--watch", action="store_true", help="run again after each save")
    limit = "stop a check that computes longer (%(default)s)"
    parser.add_argument("--seconds", type=float, default=SECONDS, help=limit)
    arguments = parser.parse_intermixed_args(words)  # options may stand before names
    if not arguments.seconds > 0:
        parser.error("--seconds: expected more than 0")
    if arguments.command == "bring":
        if len(arguments.names) != 1:
            parser.error("bring needs the folder of the earlier assignment: python work.py bring ../OLDER")
        arguments.folder = arguments.names[0]
    elif arguments.names and arguments.command != "check":
        parser.error(f"{arguments.command} takes no names")
    command = commands[arguments.command]
    try:
        return watch(command, arguments) if arguments.watch else tried(command, arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  students run it with the Python they have
        sys.exit(f"work.py needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if sys.argv[1:2] == ["_run"]:
        run_task(Path(sys.argv[2]))
        os._exit(0)  # and wait for no thread that a check has left behind
    else:
        sys.exit(main(sys.argv[1:]))
