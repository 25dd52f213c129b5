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
Param = dict[str, Any]


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
    # BEGIN SOLUTION
    out = x.reshape(x.shape[0], -1) @ w + b
    cache = (x, w)
    # END SOLUTION
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
    # BEGIN SOLUTION
    x, w = cache
    checks.has_shape("affine_backward", "dout", dout, (x.shape[0], w.shape[1]))
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
    # END SOLUTION
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
    # BEGIN SOLUTION
    out = np.maximum(x, 0)
    cache = x
    # END SOLUTION
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
    # BEGIN SOLUTION
    x = cache
    checks.has_shape("relu_backward", "dout", dout, x.shape)
    dx = dout * (x > 0)
    # END SOLUTION
    return dx  # noqa: RET504


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
    # BEGIN SOLUTION
    N = x.shape[0]
    rows = np.arange(N)
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / N
    dx = (margins > 0).astype(checks.float_dtype(x))
    dx[rows, y] = -dx.sum(axis=1)
    dx /= N
    # END SOLUTION
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
    # BEGIN SOLUTION
    N = x.shape[0]
    rows = np.arange(N)
    shifted = x - x.max(axis=1, keepdims=True)  # the largest is 0 now, so exp cannot overflow
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[rows, y].sum() / N
    dx = np.exp(log_probs)
    dx[rows, y] -= 1
    dx /= N
    # END SOLUTION
    return float(loss), dx


def batchnorm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, bn_param: Param
) -> tuple[np.ndarray, Cache]:
    """Normalise each feature over the batch, then scale and shift it.

    x_hat = (x - mean) / sqrt(var + eps),    out = gamma x_hat + beta

    In train mode mean and var (the biased one, divided by N) are those of this batch, feature by feature,
    and the running averages move towards them:

        running = momentum * running + (1 - momentum) * batch

    In test mode the running averages take the place of mean and var; gamma, beta and eps work as before.

    Args:
        x: (N, D).
        gamma, beta: (D,).
        bn_param: a dict with mode ('train' or 'test') and, if wanted, eps (1e-5) and momentum (0.9).
            running_mean and running_var, (D,), zeros at first, of x's dtype, are kept in it.

    Returns: (out, cache), out of shape (N, D). Only the cache of train mode is of use to the backward pass.
    Raises: ValueError for another mode or shapes that do not fit together.
    Source: Ioffe and Szegedy, "Batch Normalization", 2015, arXiv:1502.03167, algorithms 1 and 2. The paper
        gathers the test-time statistics after training, and the variance with N - 1; here they are decayed
        averages of the biased ones.
    """
    mode = checks.mode_of("batchnorm_forward", bn_param)
    checks.is_batch("batchnorm_forward", x)
    checks.has_shape("batchnorm_forward", "x", x, (None, None))
    D = x.shape[1]
    for name, array in (("gamma", gamma), ("beta", beta)):
        checks.has_shape("batchnorm_forward", name, array, (D,))
    dtype = checks.float_dtype(x)
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = np.asarray(bn_param.get("running_mean", np.zeros(D)), dtype=dtype)
    running_var = np.asarray(bn_param.get("running_var", np.zeros(D)), dtype=dtype)

    if mode == "train":
        # TODO: Normalise x by this batch's mean and biased variance, scale by gamma and shift by beta. Move
        # running_mean and running_var towards the batch's statistics (new arrays; eps does not go into
        # them). Put into cache what both backward functions will need.
        # BEGIN SOLUTION
        N = x.shape[0]
        mean = x.mean(axis=0)
        x_hat = x - mean
        var = np.einsum("nd,nd->d", x_hat, x_hat) / N  # the mean of the squares, without an array of them
        std = np.sqrt(var + eps)
        x_hat /= std
        out = gamma * x_hat
        out += beta
        cache = (x_hat, std, gamma)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
        # END SOLUTION
    else:
        # TODO: Normalise x by the running statistics, then scale and shift as in training. A test pass has
        # no backward pass, so cache can be None.
        # BEGIN SOLUTION
        x_hat = (x - running_mean) / np.sqrt(running_var + eps)
        out = gamma * x_hat + beta
        cache = None
        # END SOLUTION

    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return out, cache


def batchnorm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of batch norm, back through its computation graph one step at a time.

    The graph stands in the notebook. Each arrow backwards is one short line, and where a value feeds two
    later ones, the two gradients add.

    Args:
        dout: (N, D).
        cache: from `batchnorm_forward` in train mode.

    Returns: (dx, dgamma, dbeta), of shapes (N, D), (D,) and (D,).
    Source: Ioffe and Szegedy, 2015, the six equations at the end of section 3.
    """
    # TODO: Draw the graph of the forward pass on paper and walk it from out back to x, one line for each
    # node. Two values feed two later ones each, x and the centred x: there the gradients add.
    # BEGIN SOLUTION
    if cache is None:
        raise ValueError("batchnorm_backward: the cache is from test mode, which has no backward pass")
    x_hat, std, gamma = cache
    checks.has_shape("batchnorm_backward", "dout", dout, x_hat.shape)
    N = x_hat.shape[0]
    # out = gamma * x_hat + beta
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    # x_hat = centred / std
    centred = x_hat * std
    dcentred = dx_hat / std
    dstd = -(dx_hat * x_hat).sum(axis=0) / std
    # std = sqrt(var + eps), var = mean of centred**2
    dvar = 0.5 * dstd / std
    dcentred += 2 / N * centred * dvar
    # centred = x - mean
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / N
    # END SOLUTION
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of batch norm by the closed form, simplified on paper.

    For one feature, dx needs just two sums over the batch.

    Args, Returns: as for `batchnorm_backward`, whose results it equals up to rounding.
    Source: the equations of Ioffe and Szegedy, 2015, section 3, with the sums worked out.
    """
    # TODO: Simplify the gradient on paper until few terms are left, and write those. The same cache must
    # serve both backward functions. The result should be faster than the step-by-step version.
    # BEGIN SOLUTION
    if cache is None:
        raise ValueError("batchnorm_backward_alt: the cache is from test mode, which has no backward pass")
    x_hat, std, gamma = cache
    checks.has_shape("batchnorm_backward_alt", "dout", dout, x_hat.shape)
    N = x_hat.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = np.einsum("nd,nd->d", dout, x_hat)  # the sums of dout * x_hat, without an array of it
    # dx = gamma / std * (dout - dbeta / N - x_hat * (dgamma / N)), in one array from term to term
    dx = x_hat * (-dgamma / N)
    dx += dout
    dx -= dbeta / N
    dx *= gamma / std
    # END SOLUTION
    return dx, dgamma, dbeta


def layernorm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, ln_param: Param
) -> tuple[np.ndarray, Cache]:
    """Normalise each row over its features, then scale and shift each feature.

    x_hat = (x - mean) / sqrt(var + eps),    out = gamma x_hat + beta

    mean and var (biased) belong to one row, so the batch does not matter; training and testing are alike.

    Args:
        x: (N, D).
        gamma, beta: (D,).
        ln_param: a dict with eps (1e-5) if wanted; it may be empty.

    Returns: (out, cache), out of shape (N, D).
    Raises: ValueError when the shapes do not fit together.
    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016, arXiv:1607.06450, equation 3. The paper has
        no eps.
    """
    checks.is_batch("layernorm_forward", x)
    checks.has_shape("layernorm_forward", "x", x, (None, None))
    for name, array in (("gamma", gamma), ("beta", beta)):
        checks.has_shape("layernorm_forward", name, array, (x.shape[1],))
    eps = ln_param.get("eps", 1e-5)
    # TODO: Normalise every row of x by its own mean and biased variance, scale by gamma and shift by beta.
    # The code of batch norm in train mode needs few changes: along which axis are the statistics?
    # BEGIN SOLUTION
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = gamma * x_hat + beta
    cache = (x_hat, std, gamma)
    # END SOLUTION
    return out, cache


def layernorm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of layer norm.

    x -> mean, var -> x_hat -> out as in batch norm, but every row has its own mean and variance.

    Args:
        dout: (N, D).
        cache: from `layernorm_forward`.

    Returns: (dx, dgamma, dbeta), of shapes (N, D), (D,) and (D,).
    Source: Ba, Kiros and Hinton, 2016, equation 3, differentiated.
    """
    # TODO: Derive the three gradients, then compute them. Ask of every sum whether it runs over the batch or
    # over the features of one row, and of every gamma whether it can leave the sum.
    # BEGIN SOLUTION
    # dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std, the means taken over each row
    x_hat, std, gamma = cache
    checks.has_shape("layernorm_backward", "dout", dout, x_hat.shape)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    along = (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=1, keepdims=True) - x_hat * along) / std
    # END SOLUTION
    return dx, dgamma, dbeta


def dropout_forward(x: np.ndarray, dropout_param: Param) -> tuple[np.ndarray, Cache]:
    """Set random elements to zero in training (inverted dropout).

    train: out = x * mask / p, where mask is 1 with probability p, else 0
    test:  out = x

    Dividing by p in training keeps the expected value, so that testing needs no change.

    Args:
        x: array of any shape.
        dropout_param: a dict with mode ('train' or 'test'), p, the probability of **keeping** an element
            (0 < p <= 1), and, if wanted, seed: NumPy's global generator is then reseeded before the mask is
            drawn, so that a numeric gradient check sees one mask.

    Returns: (out, cache), out of x's shape and dtype.
    Raises: ValueError for another mode or a p outside (0, 1].
    Source: Srivastava et al., "Dropout", JMLR 15, 2014, sections 4 and 10 (the scaling by 1/p in training).
    """
    mode = checks.mode_of("dropout_forward", dropout_param)
    p = checks.keep_ratio("dropout_forward", "p", dropout_param.get("p"))
    if mode == "train":
        if dropout_param.get("seed") is not None:
            np.random.seed(dropout_param["seed"])
        # TODO: Draw the mask with np.random.rand(*x.shape) < p, so that your digits match the notebook's,
        # and compute out. Mind the scaling, and that a float32 x must give a float32 out.
        # BEGIN SOLUTION
        mask = np.random.rand(*x.shape) < p
        scaled_mask = (mask / p).astype(checks.float_dtype(x), copy=False)
        out = x * scaled_mask
        cache = scaled_mask
        # END SOLUTION
    else:
        # TODO: Nothing is dropped in test mode. What should dropout_backward find in cache then?
        # BEGIN SOLUTION
        out = x.copy()
        cache = None
        # END SOLUTION
    return out, cache


def dropout_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Compute the gradient of dropout.

    It belongs to one forward pass, with the mask that was drawn there, or to one in test mode.

    Args:
        dout: array of x's shape.
        cache: from `dropout_forward`.

    Returns: dx, of x's shape.
    """
    # TODO: Derive dx for both modes: by which number did the forward pass multiply each element of x?
    # BEGIN SOLUTION
    if cache is None:
        dx = dout.copy()
    else:
        checks.has_shape("dropout_backward", "dout", dout, cache.shape)
        dx = dout * cache
    # END SOLUTION
    return dx


def conv_forward_naive(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: Param
) -> tuple[np.ndarray, Cache]:
    """Compute a convolutional layer with plain loops.

    out[n, f, i, j] = sum(window * w[f]) + b[f], where window is the (C, HH, WW) block of the zero-padded
    x[n] whose upper left corner is at (i * stride, j * stride)

    The filters are not flipped (cross-correlation), as usual in deep learning.

    Args:
        x: (N, C, H, W).
        w: (F, C, HH, WW).
        b: (F,).
        conv_param: a dict with stride (>= 1) and pad (>= 0), the zeros added on each side of H and of W.

    Returns: (out, cache), out of shape (N, F, H_out, W_out), H_out = 1 + (H + 2 * pad - HH) // stride,
        W_out likewise. Where the windows do not tile the input, the rows and columns left over go unused.
    Raises: ValueError for shapes that do not fit together, a filter larger than the padded input, a stride
        or pad out of range.
    Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II.A.
    """
    stride, pad, H_out, W_out = checks.conv_settings("conv_forward_naive", x, w, b, conv_param)
    N, F, HH, WW = x.shape[0], w.shape[0], w.shape[2], w.shape[3]
    # TODO: Pad x with zeros (np.pad) and fill out, of shape (N, F, H_out, W_out), with loops over images,
    # filters and places. Speed does not matter here. Put into cache what conv_backward_naive will need.
    # BEGIN SOLUTION
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=checks.float_dtype(x))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_pad[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    cache = (x_pad, w, stride, pad)
    # END SOLUTION
    return out, cache


def conv_backward_naive(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of a convolutional layer with plain loops.

    out[n, f, i, j] is a sum of products, window times filter, plus b[f]. Each number of x, w and b gets the
    sum of what comes back from all the out[n, f, i, j] that it had a part in.

    Args:
        dout: (N, F, H_out, W_out).
        cache: from `conv_forward_naive`.

    Returns: (dx, dw, db), of the shapes of x, w and b. The gradient of the padding is cut off.
    Source: LeCun et al., 1998, section II.A, differentiated.
    """
    # TODO: Derive what one out[n, f, i, j] sends back to its window, its filter and its bias. Then loop over
    # images, filters and places as in the forward pass, and add these shares up. Work on a padded dx and
    # cut the padding off at the end; pad may be 0, and an array sliced [0:-0] is empty.
    # BEGIN SOLUTION
    x_pad, w, stride, pad = cache
    N, _, H_pad, W_pad = x_pad.shape
    F, _, HH, WW = w.shape
    H_out, W_out = 1 + (H_pad - HH) // stride, 1 + (W_pad - WW) // stride
    checks.has_shape("conv_backward_naive", "dout", dout, (N, F, H_out, W_out))
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), np.zeros(F, dtype=dout.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = (n, slice(None), slice(top, top + HH), slice(left, left + WW))
                    dx_pad[window] += dout[n, f, i, j] * w[f]
                    dw[f] += dout[n, f, i, j] * x_pad[window]
                    db[f] += dout[n, f, i, j]
    dx = dx_pad[:, :, pad : H_pad - pad, pad : W_pad - pad]
    # END SOLUTION
    return dx, dw, db


def max_pool_forward_naive(x: np.ndarray, pool_param: Param) -> tuple[np.ndarray, Cache]:
    """Compute a max-pooling layer with plain loops.

    out[n, c, i, j] = the largest element of the (pool_height, pool_width) block of x[n, c] whose upper left
    corner is at (i * stride, j * stride)

    Args:
        x: (N, C, H, W).
        pool_param: a dict with pool_height, pool_width and stride, each >= 1. Windows overlap when the
            stride is smaller than the window.

    Returns: (out, cache), out of shape (N, C, H_out, W_out), H_out = 1 + (H - pool_height) // stride, W_out
        likewise.
    Raises: ValueError when x does not have four axes, a window does not fit, a setting is out of range.
    Source: Ranzato et al., "Unsupervised Learning of Invariant Feature Hierarchies with Applications to
        Object Recognition", 2007.
    """
    height, width, stride, H_out, W_out = checks.pool_settings("max_pool_forward_naive", x, pool_param)
    N, C = x.shape[:2]
    # TODO: Fill out, of shape (N, C, H_out, W_out), with the maximum of every window, with loops. Put into
    # cache what max_pool_backward_naive will need.
    # BEGIN SOLUTION
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    out[n, c, i, j] = np.max(x[n, c, top : top + height, left : left + width])
    cache = (x, height, width, stride)
    # END SOLUTION
    return out, cache


def max_pool_backward_naive(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Compute the gradient of a max-pooling layer with plain loops.

    When several elements of a window are equal and largest, the first of them counts as the maximum.

    Args:
        dout: (N, C, H_out, W_out).
        cache: from `max_pool_forward_naive`.

    Returns: dx, of shape (N, C, H, W).
    """
    # TODO: Which element of a window gets a gradient, and what if the windows overlap? Then loop over the
    # windows as in the forward pass. np.argmax and np.unravel_index help.
    # BEGIN SOLUTION
    x, height, width, stride = cache
    N, C, H, W = x.shape
    H_out, W_out = 1 + (H - height) // stride, 1 + (W - width) // stride
    checks.has_shape("max_pool_backward_naive", "dout", dout, (N, C, H_out, W_out))
    dx = np.zeros(x.shape, dtype=dout.dtype)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + height, left : left + width]
                    row, column = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, top + row, left + column] += dout[n, c, i, j]
    # END SOLUTION
    return dx


def spatial_batchnorm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, bn_param: Param
) -> tuple[np.ndarray, Cache]:
    """Normalise each channel over the batch and all its places, then scale and shift it.

    Batch norm where every pixel of every image counts as one row and the channels are the features.

    Args:
        x: (N, C, H, W).
        gamma, beta: (C,).
        bn_param: as for `batchnorm_forward`; running_mean and running_var have shape (C,).

    Returns: (out, cache), out of shape (N, C, H, W).
    Raises: ValueError for another mode or shapes that do not fit together.
    Source: Ioffe and Szegedy, 2015, section 3.2.
    """
    checks.has_shape("spatial_batchnorm_forward", "x", x, (None, None, None, None))
    # TODO: Turn x into rows of C numbers, one row for each pixel, let batchnorm_forward do the work, and
    # give its result the shape of x again. Move the channel axis with transpose before you reshape: reshape
    # alone would mix the channels.
    # BEGIN SOLUTION
    N, C, H, W = x.shape
    rows = x.transpose(2, 3, 0, 1).reshape(-1, C)  # any order of pixels will do; this suits the fast layers
    out_rows, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = out_rows.reshape(H, W, N, C).transpose(2, 3, 0, 1)
    # END SOLUTION
    return out, cache


def spatial_batchnorm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of spatial batch norm.

    Args:
        dout: (N, C, H, W).
        cache: from `spatial_batchnorm_forward` in train mode.

    Returns: (dx, dgamma, dbeta), of shapes (N, C, H, W), (C,) and (C,).
    Source: Ioffe and Szegedy, 2015, section 3.2.
    """
    checks.has_shape("spatial_batchnorm_backward", "dout", dout, (None, None, None, None))
    # TODO: Turn dout into rows as you did with x, call one of the two backward functions of batch norm, and
    # give dx the shape of a batch of images again.
    # BEGIN SOLUTION
    N, C, H, W = dout.shape
    dout_rows = dout.transpose(2, 3, 0, 1).reshape(-1, C)
    dx_rows, dgamma, dbeta = batchnorm_backward_alt(dout_rows, cache)
    dx = dx_rows.reshape(H, W, N, C).transpose(2, 3, 0, 1)
    # END SOLUTION
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, G: int, gn_param: Param
) -> tuple[np.ndarray, Cache]:
    """Normalise groups of channels of each image, then scale and shift each channel.

    The C channels of one image are split into G groups of C / G neighbours; each group has one mean and one
    (biased) variance, over its channels and all its places.

    x_hat = (x - mean) / sqrt(var + eps),    out = gamma x_hat + beta

    Args:
        x: (N, C, H, W).
        gamma, beta: (1, C, 1, 1).
        G: the number of groups; it divides C.
        gn_param: a dict with eps (1e-5) if wanted; it may be empty.

    Returns: (out, cache), out of shape (N, C, H, W).
    Raises: ValueError when G does not divide C or the shapes do not fit together.
    Source: Wu and He, "Group Normalization", 2018, arXiv:1803.08494, equations 1, 2, 6 and 7.
    """
    checks.has_shape("spatial_groupnorm_forward", "x", x, (None, None, None, None))
    C = x.shape[1]
    for name, array in (("gamma", gamma), ("beta", beta)):
        checks.has_shape("spatial_groupnorm_forward", name, array, (1, C, 1, 1))
    checks.integers("spatial_groupnorm_forward", {"G": G}, G=1)
    if C % G != 0:
        raise ValueError(f"spatial_groupnorm_forward: G must divide the {C} channels, got {G}")
    eps = gn_param.get("eps", 1e-5)
    # TODO: Reshape x so that each group of each image is one row, normalise every row as layer norm does,
    # and reshape back to (N, C, H, W) before you scale by gamma and shift by beta.
    # BEGIN SOLUTION
    groups = x.reshape(x.shape[0], G, -1)
    mean, var = groups.mean(axis=2, keepdims=True), groups.var(axis=2, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = ((groups - mean) / std).reshape(x.shape)
    out = gamma * x_hat + beta
    cache = (x_hat, std, gamma)
    # END SOLUTION
    return out, cache


def spatial_groupnorm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the gradients of spatial group norm.

    As for layer norm, with each group of each image in the place of a row.

    Args:
        dout: (N, C, H, W).
        cache: from `spatial_groupnorm_forward`.

    Returns: (dx, dgamma, dbeta), of shapes (N, C, H, W), (1, C, 1, 1) and (1, C, 1, 1).
    Source: Wu and He, 2018, equations 1, 2, 6 and 7, differentiated.
    """
    # TODO: Compute the three gradients, in the shapes of their arrays (keepdims=True helps). Which function
    # of yours has done the same with rows in the place of groups?
    # BEGIN SOLUTION
    # dx = (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) / std, the means taken over each group
    x_hat, std, gamma = cache
    checks.has_shape("spatial_groupnorm_backward", "dout", dout, x_hat.shape)
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3), keepdims=True)
    N, G = std.shape[:2]
    dx_hat, groups = (dout * gamma).reshape(N, G, -1), x_hat.reshape(N, G, -1)
    along = (dx_hat * groups).mean(axis=2, keepdims=True)
    dx = ((dx_hat - dx_hat.mean(axis=2, keepdims=True) - groups * along) / std).reshape(dout.shape)
    # END SOLUTION
    return dx, dgamma, dbeta
