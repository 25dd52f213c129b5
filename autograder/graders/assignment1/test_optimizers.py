"""Assignment 1: plain gradient descent."""

from autograder.graders.shared.optimizers import test_sgd

__all__ = ["test_sgd"]
