"""Assignment 1: whether backward functions and the net compute their gradient, if the course asks for it."""

from autograder.graders.shared.derivatives import graded
from autograder.graders.shared.nets import PLAIN

test_affine_backward_derivative = graded("affine_backward")
test_relu_backward_derivative = graded("relu_backward")
test_two_layer_net_derivative = graded("two_layer_net", PLAIN)
