"""Assignment 2: the affine layer and ReLU once more."""

from autograder.graders.shared.affine_relu import (
    test_affine_backward,
    test_affine_backward_contract,
    test_affine_forward,
    test_affine_forward_contract,
    test_relu_backward,
    test_relu_backward_contract,
    test_relu_forward,
    test_relu_forward_contract,
)

__all__ = [
    "test_affine_backward",
    "test_affine_backward_contract",
    "test_affine_forward",
    "test_affine_forward_contract",
    "test_relu_backward",
    "test_relu_backward_contract",
    "test_relu_forward",
    "test_relu_forward_contract",
]
