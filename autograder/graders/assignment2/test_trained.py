"""Assignment 2: the nets that were trained and handed in."""

from autograder.graders.shared.trained import test_train_conv_net, test_train_fully_connected_net

__all__ = ["test_train_conv_net", "test_train_fully_connected_net"]
