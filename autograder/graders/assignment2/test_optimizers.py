"""Assignment 2: momentum, RMSProp, Adam."""

from autograder.graders.shared.optimizers import test_adam, test_rmsprop, test_sgd_momentum

__all__ = ["test_adam", "test_rmsprop", "test_sgd_momentum"]
