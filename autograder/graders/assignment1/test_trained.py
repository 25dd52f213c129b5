"""Assignment 1: the two-layer net that was trained and handed in."""

from autograder.graders.shared.trained import test_train_two_layer_net

__all__ = ["test_train_two_layer_net"]
