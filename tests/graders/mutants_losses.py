"""Wrong and unusual versions of the losses."""

from .mutants import mutant, right

SVM, SOFT = "layers.svm_loss", "layers.softmax_loss"

MARGIN_DX = "dx = (margins > 0).astype(checks.float_dtype(x))"
LOGS = "log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"

WRONG = [
    mutant("svm writes into the labels", SVM, "dx /= N", "dx /= N\n    y += 1", "svm_loss", edge=True),
    mutant("svm counts the true class", SVM, "margins[rows, y] = 0", "pass", "svm_loss"),
    mutant("svm sums over the batch", SVM, "loss = margins.sum() / N", "loss = margins.sum()", "svm_loss"),
    mutant(
        "svm averages over classes too", SVM, "loss = margins.sum() / N", "loss = margins.mean()", "svm_loss"
    ),
    mutant("svm gradient sums over the batch", SVM, "dx /= N", "pass", "svm_loss"),
    mutant("svm has no margin", SVM, "[:, None] + 1", "[:, None]", "svm_loss"),
    mutant(
        "svm takes negative margins",
        SVM,
        "np.maximum(0, x - x[rows, y][:, None] + 1)",
        "x - x[rows, y][:, None] + 1",
        "svm_loss",
    ),
    mutant(
        "svm squares the margins",
        SVM,
        "loss = margins.sum() / N",
        "loss = (margins**2).sum() / N",
        "svm_loss",
    ),
    mutant("svm leaves the true class out of dx", SVM, "dx[rows, y] = -dx.sum(axis=1)", "pass", "svm_loss"),
    mutant(
        "svm pulls the true class once", SVM, "dx[rows, y] = -dx.sum(axis=1)", "dx[rows, y] = -1", "svm_loss"
    ),
    mutant("svm always pulls", SVM, MARGIN_DX, "dx = np.ones_like(x)\n    dx[rows, y] = 0", "svm_loss"),
    mutant(
        "svm knows ten classes",
        SVM,
        "N = x.shape[0]",
        "N = x.shape[0]\n    margins = np.zeros((N, 10)) + x",
        "svm_loss",
    ),
    mutant("svm gives float64", SVM, "checks.float_dtype(x)", "float", "svm_loss", edge=True),
    mutant(
        "svm overwrites x",
        SVM,
        "rows = np.arange(N)",
        "rows = np.arange(N)\n    x -= x[rows, y][:, None]",
        "svm_loss",
        edge=True,
    ),
    mutant(
        "softmax overflows",
        SOFT,
        "shifted = x - x.max(axis=1, keepdims=True)",
        "shifted = x",
        "softmax_loss",
        edge=True,
    ),
    mutant(
        "softmax shifts all rows alike",
        SOFT,
        "x.max(axis=1, keepdims=True)",
        "x.max()",
        "softmax_loss",
        edge=True,
    ),
    mutant(
        "softmax takes the log of 0",
        SOFT,
        LOGS,
        "log_probs = np.log(np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True))",
        "softmax_loss",
        edge=True,
    ),
    mutant(
        "softmax sums over the batch",
        SOFT,
        "log_probs[rows, y].sum() / N",
        "log_probs[rows, y].sum()",
        "softmax_loss",
    ),
    mutant("softmax gradient sums over the batch", SOFT, "dx /= N", "pass", "softmax_loss"),
    mutant(
        "softmax takes log10",
        SOFT,
        "-log_probs[rows, y].sum() / N",
        "-log_probs[rows, y].sum() / N / np.log(10)",
        "softmax_loss",
    ),
    mutant("softmax normalises columns", SOFT, LOGS, LOGS.replace("axis=1", "axis=0"), "softmax_loss"),
    mutant("softmax forgets the true class in dx", SOFT, "dx[rows, y] -= 1", "pass", "softmax_loss"),
    mutant("softmax gradient is upside down", SOFT, "dx /= N", "dx /= -N", "softmax_loss"),
    mutant(
        "softmax has a positive log-likelihood", SOFT, "loss = -log_probs", "loss = log_probs", "softmax_loss"
    ),
    mutant("softmax damps the log", SOFT, LOGS, LOGS.replace("))", ") + 1e-2)"), "softmax_loss"),
    mutant(
        "softmax overwrites x",
        SOFT,
        "shifted = x - x.max(axis=1, keepdims=True)",
        "x -= x.max(axis=1, keepdims=True)\n    shifted = x",
        "softmax_loss",
        edge=True,
    ),
    mutant(
        "softmax gives float64",
        SOFT,
        "dx = np.exp(log_probs)",
        "dx = np.exp(log_probs).astype(float)",
        "softmax_loss",
        edge=True,
    ),
]  # fmt: skip

RIGHT = [
    right("svm gives a 0-d array", SVM, "return float(loss), dx", "return np.asarray(loss), dx"),
    right(
        "svm by loops",
        SVM,
        "margins[rows, y] = 0",
        "margins = np.zeros_like(x)\n"
        "    for i in range(N):\n"
        "        for j in range(x.shape[1]):\n"
        "            if j != y[i]:\n"
        "                margins[i, j] = max(0, x[i, j] - x[i, y[i]] + 1)",
    ),
    right("softmax shifts further", SOFT, "keepdims=True)  #", "keepdims=True) - 3  #"),
    right("softmax in longer numbers", SOFT, "log_probs = shifted", "log_probs = shifted.copy()"),
    right(
        "losses in float32", SOFT, "return float(loss), dx", "return np.float32(loss), dx.astype(np.float32)"
    ),
]
