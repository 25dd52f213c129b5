"""Assignment 2: TwoLayerNet once more."""

from autograder.graders.shared.two_layer_net import test_two_layer_net_loss, test_two_layer_net_start

__all__ = ["test_two_layer_net_loss", "test_two_layer_net_start"]
