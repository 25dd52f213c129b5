"""Assignment 2: the inline questions."""

from autograder.judge.inline import test_inline

__all__ = ["test_inline"]
