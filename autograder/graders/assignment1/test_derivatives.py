"""Assignment 1: whether backward functions compute their gradient, if the course asks for it."""

from autograder.graders.shared.derivatives import graded

test_affine_backward_derivative = graded("affine_backward")
test_relu_backward_derivative = graded("relu_backward")
