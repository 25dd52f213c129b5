"""Grade the sample class, every assignment: `python samples/grade_class.py SUBMITTED OUT`.

The class holds a corrupt zip, so the grader's exit code 1, "something needs attention", is right here.
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
    return cli.USAGE if cli.USAGE in codes else cli.DONE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
