"""Assignment 1: the Solver"s step and its accuracy check."""

from autograder.graders.shared.solver import test_check_accuracy, test_step, test_train

__all__ = ["test_check_accuracy", "test_step", "test_train"]
