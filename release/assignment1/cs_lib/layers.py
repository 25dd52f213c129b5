"""The layers, each a pair of functions:

    out, cache = x_forward(x, ...)
    dx, ... = x_backward(dout, cache)

`dout` is the upstream gradient, the derivative of the loss with respect to `out`. The backward function
returns one gradient for each array the forward function took, in that order and of that array's shape.
`cache` is what the forward function leaves for its own backward function; nobody else looks inside.

No function writes to its arguments; where one keeps state in a dict of settings, its docstring says so.
Results have x's dtype: float32 in, float32 out. Wrong shapes and settings raise a ValueError, in lines that
are given: what is to do need not check them.

Letters for sizes: N images or rows in the batch, D features, C classes or channels, H rows and W columns of
an image, F filters, HH and WW rows and columns of a filter, G groups of channels.
"""

from typing import Any

import numpy as np

from . import checks

Cache = Any


def affine_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Cache]:
    """Compute a fully-connected layer.

    out = rows(x) @ w + b, where rows(x) has each x[n] laid out into a row of D = d_1 * ... * d_k numbers

    Args:
        x: (N, d_1, ..., d_k), float.
        w: (D, M).
        b: (M,).

    Returns: (out, cache), out of shape (N, M).
    Raises: ValueError when the shapes do not fit together.
    Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986,
        equation 1.
    """
    checks.is_batch("affine_forward", x)
    checks.has_shape("affine_forward", "w", w, (int(np.prod(x.shape[1:])), None))
    checks.has_shape("affine_forward", "b", b, (w.shape[1],))
    # TODO: Write each example of x as one row, without changing x itself, and compute out with one matrix
    # product. Put into cache what affine_backward will need.
    raise NotImplementedError("affine_forward is not written yet")
    return out, cache


def affine_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of a fully-connected layer.

    Each gradient adds up, over all entries of out that the number reaches, dout times the local derivative.

    Args:
        dout: (N, M).
        cache: from `affine_forward`.

    Returns: (dx, dw, db), of the shapes of x (N, d_1, ..., d_k), w (D, M) and b (M,).
    Source: Rumelhart, Hinton and Williams, 1986, equations 6 and 7.
    """
    # TODO: Derive dx, dw and db with the chain rule, then compute them. Their shapes must be those of x, w
    # and b: check each step by its shapes. The notebook has hints.
    raise NotImplementedError("affine_backward is not written yet")
    return dx, dw, db


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, Cache]:
    """Compute a rectified linear unit.

    out = max(0, x), element by element

    Args:
        x: array of any shape.

    Returns: (out, cache), out of x's shape.
    Source: Nair and Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.
    """
    # TODO: Compute out without a loop. Which values decide what relu_backward lets through?
    raise NotImplementedError("relu_forward is not written yet")
    return out, cache


def relu_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Compute the gradient of a rectified linear unit.

    At x = 0 there is no derivative; 0 is taken.

    Args:
        dout: array of x's shape. It is left unchanged.
        cache: from `relu_forward`.

    Returns: dx, of x's shape.
    """
    # TODO: Multiply dout by the slope of the ReLU at each x. Make a new array: the caller may still need
    # dout.
    raise NotImplementedError("relu_backward is not written yet")
    return dx


def svm_loss(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the multiclass hinge loss, averaged over the batch, and its gradient.

    loss = 1/N * sum_i sum_{j != y_i} max(0, x[i, j] - x[i, y_i] + 1)

    Args:
        x: scores (N, C).
        y: labels (N,), integers in 0..C-1.

    Returns: (loss, dx), a number and the gradient with respect to the scores, (N, C).
    Raises: ValueError when y does not fit x.
    Source: Weston and Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", 1999,
        where the right class has to win by 1, and without the L2 penalty, which the networks add.
    """
    checks.are_labels("svm_loss", x, y)
    # TODO: Compute every margin x[i, j] - x[i, y_i] + 1, leave the right class out of the sum, and average
    # over the batch. Derive dx from the margins. No loops are needed: x[np.arange(N), y] picks the scores
    # of the right classes.
    raise NotImplementedError("svm_loss is not written yet")
    return float(loss), dx


def softmax_loss(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the cross-entropy of the softmax probabilities, averaged over the batch, and its gradient.

    p[i, j] = exp(x[i, j]) / sum_k exp(x[i, k]),    loss = -1/N * sum_i log p[i, y_i]

    Both stay finite for scores of 1e3 and more.

    Args:
        x: scores (N, C).
        y: labels (N,), integers in 0..C-1.

    Returns: (loss, dx), a number and the gradient with respect to the scores, (N, C).
    Raises: ValueError when y does not fit x.
    Source: Bishop, "Pattern Recognition and Machine Learning", 2006, equations 4.104, 4.108 and 4.109.
    """
    checks.are_labels("softmax_loss", x, y)
    # TODO: Compute the log-probabilities, the loss, and dx, which you derive first. exp(710) is too large
    # for float64, but a number subtracted from every score of a row does not change its probabilities:
    # choose one that helps. And do not take the log of a probability that may have become 0:
    # log(exp(a) / s) is a - log(s).
    raise NotImplementedError("softmax_loss is not written yet")
    return float(loss), dx
