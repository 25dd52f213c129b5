"""Assignment 2: whether backward functions compute their gradient, if the course asks for it."""

from autograder.graders.shared.derivatives import graded

test_affine_backward_derivative = graded("affine_backward")
test_relu_backward_derivative = graded("relu_backward")
test_batchnorm_backward_derivative = graded("batchnorm_backward")
test_batchnorm_backward_alt_derivative = graded("batchnorm_backward_alt")
test_layernorm_backward_derivative = graded("layernorm_backward")
test_dropout_backward_derivative = graded("dropout_backward")
test_conv_backward_naive_derivative = graded("conv_backward_naive")
test_max_pool_backward_naive_derivative = graded("max_pool_backward_naive")
