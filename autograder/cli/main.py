"""The command line: a table of verbs, each a file of this room, loaded when it is asked for.

Results go to stdout, progress and complaints to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from collections.abc import Collection, Sequence
from typing import NoReturn

from autograder import inherited
from autograder.cli.codes import CODES, COULD_NOT_RUN, FAILED, USAGE, USED_WRONGLY
from autograder.safe_text import say

VERBS = {
    "collect": "Bring hand-ins from an LMS's download to where they are graded.",
    "grade": "Grade a folder of submissions.",
    "watch": "Grade hand-ins as they are dropped into a folder.",
    "release": "Build what students get.",
    "verify": "Show that the solution earns full marks and the release none.",
    "mutants": "Show which small mistakes in the solution the graders notice.",
    "report": "Write the class report, and feedback with what people entered since.",
    "export": "Write the grades in a format another program reads.",
    "pipeline": "Write what grades hand-ins where students hand in.",
    "review": "List the answers that need review, and decide about them.",
    "term": "Put all assignments together: one CSV, one page for the class, one for each student.",
    "similarity": "Show which passages hand-ins have in common; no points change.",
    "init": "Make a small complete course in a new folder.",
    "new": "Add an assignment to this course.",
    "try": "Run graders on one hand-in and show where each case ended.",
    "doctor": "Say what this machine can do for isolation, and what would help.",
}  # in the order of --help
NO_MEMORY = (
    "there is no more memory; what is done is kept, so make room, or raise the limit (ulimit -v), and "
    "run the same command again"
)


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    inherited.settle()
    do_without_grammars()
    options = argparse.Namespace(debug=False)
    try:
        inherited.refuse_no_room()
        options = parser([word for word in given if word in VERBS][:1]).parse_args(given)
        return int(options.verb(options))
    except (*USED_WRONGLY, *COULD_NOT_RUN) as error:
        return _ended(options, USAGE if isinstance(error, USED_WRONGLY) else FAILED, str(error))
    except OSError as error:  # a full disk, a folder that may not be written
        return _ended(
            options, FAILED, f"{error}; what is done is kept, so fix this and run the same command again"
        )
    except MemoryError:
        return _ended(options, FAILED, NO_MEMORY)
    except KeyboardInterrupt:
        return _ended(options, FAILED, "stopped; run the same command again to go on where it was")
    except Exception as error:  # not foreseen; Python would end with 1, which says that all is done
        options.debug = True
        what = f"{type(error).__name__}: {error}"
        return _ended(
            options, FAILED, f"a fault of the engine, {what}; report it with what is above, and the command"
        )


def do_without_grammars() -> None:
    """jsonschema, which nbgrader imports, compiles this package's grammars for a second, for formats that no
    schema here has. None reads as "not installed"; jsonschema then does without. Only in a process of ours: a
    Jupyter server that imports the engine may have such schemas."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _ended(options: argparse.Namespace, code: int, what: str) -> int:
    if options.debug:
        traceback.print_exc()
    say(what)
    return code


class ShowVersion(argparse.Action):
    """Looked up only when asked for: the list of what is installed takes longer to read than --help."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"cs-course-kit {version('cs-course-kit')}")
        parser.exit()


class VerbParser(argparse.ArgumentParser):
    """A verb's arguments; what is wrong with them is said in one sentence, without the list of all."""

    def error(self, message: str) -> NoReturn:
        say(f"{message}; see {self.prog} --help")
        sys.exit(USAGE)


def parser(load: Collection[str] = tuple(VERBS)) -> argparse.ArgumentParser:
    """The parser of all verbs; of those in `load` with their arguments, which takes their imports."""
    top = argparse.ArgumentParser(
        prog="autograder", description="Release and grade assignments.", epilog=CODES
    )
    top.add_argument("--version", action=ShowVersion, help="print the version of the engine")
    verbs = top.add_subparsers(required=True, metavar="VERB", parser_class=VerbParser)
    common = VerbParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="print the traceback of an error")
    for name, help in VERBS.items():
        added = verbs.add_parser(name, help=help, description=help, epilog=CODES, parents=[common])
        if name in load:
            module = importlib.import_module(f"autograder.cli.{'try_' if name == 'try' else name}")
            module.add(added)
            added.set_defaults(verb=module.run)
    return top
