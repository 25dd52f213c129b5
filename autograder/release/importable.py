"""Does a skeleton import on its own?"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import ReleaseError
from autograder.files import dotted

IMPORT_SECONDS = 120.0  # generous: matplotlib builds its font cache on the first import

# Runs in a fresh interpreter. An editable install registers finders that would find the solved modules
# where the skeleton lacks one, so only Python's own finders stay.
IMPORTER = """
import importlib, json, sys, traceback
folder, *modules = sys.argv[1:]
own = ("BuiltinImporter", "FrozenImporter", "PathFinder")
sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") in own]
sys.path.insert(0, folder)
for module in modules:
    try:
        found = importlib.import_module(module).__file__ or ""
        if not found.startswith(folder):
            raise ImportError(f"{module} was found outside the skeleton")
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [(f.filename[len(folder) + 1:], f.lineno) for f in frames if f.filename.startswith(folder)]
        path, line = ours[-1] if ours else (module, 1)
        print("\\n" + json.dumps([path, line, f"{type(error).__name__}: {error}"]))
        break
"""


def check_imports(folder: Path, files: Iterable[str], seconds: float = IMPORT_SECONDS) -> None:
    """Import every module of a skeleton that lies in `folder`, with nothing else of the course in reach.

    Raises:
        ReleaseError: a module does not import; names the file and its line.
    """
    folder = folder.resolve()
    modules = [dotted(path) for path in sorted(files)]
    command = [sys.executable, "-I", "-B", "-c", IMPORTER, str(folder), *modules]
    try:
        run = subprocess.run(  # noqa: S603  our own interpreter and our own text
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReleaseError(
            f"{modules[0]} (skeleton): expected it to import within {seconds:g} s, got no end; "
            "look for work at module level"
        ) from error
    if run.stdout.strip():
        path, line, message = json.loads(run.stdout.strip().splitlines()[-1])
        raise ReleaseError(
            f"{path}:{line} (skeleton): expected it to import on its own, got {message}; "
            "leave out what needs the missing part, or keep that part"
        )
    if run.returncode:
        raise ReleaseError(
            f"{modules[0]} (skeleton): expected it to import, got exit code {run.returncode}: "
            f"{run.stderr.strip()[-500:]}; correct the module"
        )
