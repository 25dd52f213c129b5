"""Assignment 1: the hinge loss and the softmax loss."""

from autograder.graders.shared.losses import (
    test_softmax_loss,
    test_softmax_loss_contract,
    test_svm_loss,
    test_svm_loss_contract,
)

__all__ = ["test_softmax_loss", "test_softmax_loss_contract", "test_svm_loss", "test_svm_loss_contract"]
