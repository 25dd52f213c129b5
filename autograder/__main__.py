import sys

from autograder.cli.streams import entry

if __name__ == "__main__":
    sys.exit(entry())
