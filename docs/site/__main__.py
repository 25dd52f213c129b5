"""Build the site of the docs: `python -m docs.site`, or `make docs`.

The pages are put together below build/docs/pages and rendered to build/docs/html. Nothing is fetched, neither
here nor by the pages. Exit code 0: built; 1: a link, a section or a description is missing.
"""

import subprocess
import sys

from docs.site.pages import ROOT, PageError, assemble

BUILD = ROOT / "build" / "docs"


def main() -> int:
    try:
        assemble(BUILD / "pages")
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    # -W: a warning is an error; -n: so is a reference that leads nowhere.
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-j", "2"]
    command += ["-c", str(ROOT / "docs" / "site"), "-d", str(BUILD / "cache")]
    command += [str(BUILD / "pages"), str(BUILD / "html")]
    code = subprocess.run(command, cwd=ROOT).returncode  # noqa: S603 - our own Python, our own arguments
    if not code:
        print((BUILD / "html" / "index.html").relative_to(ROOT))
    return code


if __name__ == "__main__":
    sys.exit(main())
