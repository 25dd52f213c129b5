"""Grade the sample class, every assignment: `python samples/grade_class.py SUBMITTED OUT`.

The class holds a corrupt zip, so the grader's "people are needed" (exit code 1) is the right result here.
"""

import sys
from pathlib import Path

from make_class import read_class

from autograder.cli import codes
from autograder.cli.main import main as autograder
from autograder.course import assignment as course


def main(submitted: str, out: str) -> int:
    ended = []
    for name in course.names():
        ended.append(autograder(["grade", name, submitted, "--out", str(Path(out) / name)]))
        print()
    print("Who is who in this class:")
    for student, about in read_class().items():
        print(f"  {student}  {about['about']}")
    worst = max(ended)
    return codes.DONE if worst == codes.ATTENTION else worst


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
