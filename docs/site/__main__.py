"""Build the site of the docs: `python -m docs.site [FOLDER]`, or `make docs`.

The pages are put together in FOLDER/pages and rendered to FOLDER/html; FOLDER is build/docs. Nothing is
fetched, neither here nor by the pages. Exit code 0: built; 1: a link, a section or a description is missing.
"""

import os
import subprocess
import sys
from pathlib import Path

from docs.site.pages import ROOT, PageError, assemble

BUILD = ROOT / "build" / "docs"


def main(build: Path = BUILD) -> int:
    try:
        assemble(build / "pages")
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    # -W: a warning is an error; -n: so is a reference that leads nowhere.
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-j", "2"]
    command += ["-c", str(ROOT / "docs" / "site"), "-d", str(build / "cache")]
    command += [str(build / "pages"), str(build / "html")]
    code = subprocess.run(command, cwd=ROOT).returncode  # noqa: S603 - our own Python, our own arguments
    if not code:
        print(os.path.relpath(build / "html" / "index.html"))
    return code


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
