"""Assignment 2: whether backward functions and nets compute their gradient, if the course asks for it."""

from autograder.graders.assignment2.fully_connected import WITH_BATCHNORM, WITH_DROPOUT, WITH_LAYERNORM
from autograder.graders.assignment2.spatial import BUILDS_ON
from autograder.graders.assignment2.test_convnets import DEEP_BUILDS_ON, THREE_BUILDS_ON
from autograder.graders.shared.derivatives import graded
from autograder.graders.shared.nets import PLAIN

test_affine_backward_derivative = graded("affine_backward")
test_relu_backward_derivative = graded("relu_backward")
test_batchnorm_backward_derivative = graded("batchnorm_backward")
test_batchnorm_backward_alt_derivative = graded("batchnorm_backward_alt")
test_layernorm_backward_derivative = graded("layernorm_backward")
test_dropout_backward_derivative = graded("dropout_backward")
test_conv_backward_naive_derivative = graded("conv_backward_naive")
test_max_pool_backward_naive_derivative = graded("max_pool_backward_naive")
test_spatial_batchnorm_backward_derivative = graded("spatial_batchnorm_backward", BUILDS_ON)
test_spatial_groupnorm_backward_derivative = graded("spatial_groupnorm_backward", BUILDS_ON)
test_two_layer_net_derivative = graded("two_layer_net", PLAIN)
test_fully_connected_net_derivative = graded("fully_connected_net", PLAIN)
test_fully_connected_net_batchnorm_derivative = graded("fully_connected_net_batchnorm", WITH_BATCHNORM)
test_fully_connected_net_layernorm_derivative = graded("fully_connected_net_layernorm", WITH_LAYERNORM)
test_fully_connected_net_dropout_derivative = graded("fully_connected_net_dropout", WITH_DROPOUT)
test_three_layer_conv_net_derivative = graded("three_layer_conv_net", THREE_BUILDS_ON)
test_conv_net_derivative = graded("conv_net", DEEP_BUILDS_ON)
