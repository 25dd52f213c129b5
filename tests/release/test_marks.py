"""Solution regions are found, and wrong marks refused with file and line."""

from textwrap import dedent

import pytest

from autograder.errors import ReleaseError
from autograder.release.marks import find_regions, stray_todos


def regions(text: str) -> list[tuple[str, int, int, int | None]]:
    found = find_regions(dedent(text), "lib/a.py")
    return [(region.owner, region.begin, region.end, region.todo) for region in found]


def test_a_region_knows_its_lines_its_task_text_and_its_function() -> None:
    text = """\
        def f(x):
            # Half of what follows is given.
            # TODO: Add one,
            # then two.
            # BEGIN SOLUTION
            y = x + 1
            # END SOLUTION
            return y
    """
    assert regions(text) == [("f", 5, 7, 3)]


def test_a_region_may_end_its_function() -> None:
    text = """\
        class C:
            def m(self):
                # TODO: Return one.
                # BEGIN SOLUTION
                return 1
                # END SOLUTION

            def n(self):
                return 2
    """
    assert regions(text) == [("C.m", 4, 6, 3)]


def test_a_region_in_an_inner_function_belongs_to_it() -> None:
    text = """\
        def f():
            def g():
                # BEGIN SOLUTION
                return 1
                # END SOLUTION
            return g
    """
    assert regions(text) == [("f.g", 3, 5, None)]


def test_two_regions_of_one_function_have_their_own_task_texts() -> None:
    text = """\
        def f(x):
            if x:
                # TODO: one
                # BEGIN SOLUTION
                y = 1
                # END SOLUTION
            else:
                # TODO: two
                # BEGIN SOLUTION
                y = 2
                # END SOLUTION
            return y
    """
    assert regions(text) == [("f", 4, 6, 3), ("f", 9, 11, 8)]


def test_a_mark_in_a_string_is_no_mark() -> None:
    assert regions('def f():\n    return "# BEGIN SOLUTION"\n') == []


WRONG = {
    "no end": (
        "def f():\n    # BEGIN SOLUTION\n    x = 1\n",
        r"lib/a.py:2: BEGIN SOLUTION has no END; add it",
    ),
    "no begin": (
        "def f():\n    x = 1\n    # END SOLUTION\n",
        r"lib/a.py:3: END SOLUTION has no BEGIN; add it or delete this line",
    ),
    "nested": (
        "def f():\n    # BEGIN SOLUTION\n    x = 1\n    # BEGIN SOLUTION\n    y = 2\n    # END SOLUTION\n",
        r"lib/a.py:4: BEGIN SOLUTION is nested in the one of line 2",
    ),
    "outside": (
        "# BEGIN SOLUTION\nX = 1\n# END SOLUTION\n",
        r"lib/a.py:1: expected # BEGIN SOLUTION inside a function, got it outside any",
    ),
    "around a function": (
        "# BEGIN SOLUTION\ndef f():\n    return 1\n# END SOLUTION\n",
        r"lib/a.py:1: expected # BEGIN SOLUTION inside a function",
    ),
    "in a class body": (
        "class C:\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n    def m(self):\n        pass\n",
        r"lib/a.py:2: expected # BEGIN SOLUTION inside a function",
    ),
    "misspelt": (
        "def f():\n    # Begin Solution\n    x = 1\n    # END SOLUTION\n",
        r"lib/a.py:2: expected exactly '# BEGIN SOLUTION' or '# END SOLUTION', got '# Begin Solution'",
    ),
    "behind code": (
        "def f():\n    x = 1  # BEGIN SOLUTION\n    y = 2\n    # END SOLUTION\n",
        r"lib/a.py:2: expected the mark on a line of its own, got it behind code",
    ),
    "in brackets": (
        "def f():\n    x = [\n        # BEGIN SOLUTION\n        1,\n        # END SOLUTION\n    ]\n",
        r"lib/a.py:3: expected the mark on a line of its own, got it inside brackets",
    ),
    "not aligned": (
        "def f():\n    # BEGIN SOLUTION\n    if 1:\n        x = 1\n        # END SOLUTION\n",
        r"lib/a.py:5: expected END SOLUTION at the indentation of its BEGIN \(line 2, column 4\), got",
    ),
    "empty": (
        "def f():\n    # BEGIN SOLUTION\n    # nothing\n    # END SOLUTION\n    return 1\n",
        r"lib/a.py:2: expected code between BEGIN and END SOLUTION, got none",
    ),
    "leaves its block": (
        "def f(a):\n    if a:\n        # BEGIN SOLUTION\n        x = 1\n    else:\n        x = 2\n"
        "        # END SOLUTION\n    return x\n",
        r"lib/a.py:5: expected the region of line 3 to stay in its block, got a line that leaves it",
    ),
    "does not parse": ("def f(:\n    pass\n", r"lib/a.py:1: expected Python, got: "),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_marks_are_refused(text: str, message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        find_regions(text, "lib/a.py")


def test_a_todo_that_heads_no_region_is_found() -> None:
    text = "def f():\n    # TODO: One.\n\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n"
    assert stray_todos(text, find_regions(text, "a.py")) == [2]
