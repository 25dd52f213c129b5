"""Assignment 2: the inline questions."""

from autograder.graders.shared.inline import test_inline

__all__ = ["test_inline"]
