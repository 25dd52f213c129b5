"""All benches one after the other: `python -m bench [NAME ...]`. bench/README.md says what each shows.

The full-set runs (`bench.full_set`, half an hour, needs the full data) are left out; start them by hand.
"""

import subprocess
import sys

BENCHES = (
    "layers",
    "sandbox",
    "nbgrader_baseline",
    "scale",
    "cluster",
    "publish",
    "reports",
    "reading",
    "rubrics",
    "second_opinion",
    "hostile_text",
)


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"bench: no bench called {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or BENCHES:
        print(f"\n## {name}\n", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode:
            failed.append(name)
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
