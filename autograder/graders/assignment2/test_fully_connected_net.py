"""Assignment 2: FullyConnectedNet without normalization or dropout."""

from autograder.graders.shared.fully_connected import (
    test_fully_connected_net_loss,
    test_fully_connected_net_start,
    test_fully_connected_net_use,
)

__all__ = ["test_fully_connected_net_loss", "test_fully_connected_net_start", "test_fully_connected_net_use"]
