"""Grade the sample class, every assignment: `python samples/grade_class.py SUBMITTED OUT`.

The class holds a corrupt zip, so the grader's "people are needed" (exit code 1) is the right result here.
"""

import sys
from pathlib import Path

from make_class import read_class

from autograder.cli import main as cli
from autograder.course import assignment as course


def main(submitted: str, out: str) -> int:
    codes = []
    for name in course.names():
        codes.append(cli.main(["grade", name, submitted, "--out", str(Path(out) / name)]))
        print()
    print("Who is who in this class:")
    for student, about in read_class().items():
        print(f"  {student}  {about['about']}")
    worst = max(codes)
    return cli.DONE if worst == cli.ATTENTION else worst


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
