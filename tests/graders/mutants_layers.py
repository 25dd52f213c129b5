"""Wrong and unusual versions of the affine layer and ReLU."""

from .mutants import mutant, right

AF, AB = "layers.affine_forward", "layers.affine_backward"
RF, RB = "layers.relu_forward", "layers.relu_backward"

OUT = "out = x.reshape(x.shape[0], -1) @ w + b"
DW = "dw = x.reshape(x.shape[0], -1).T @ dout"
DB = "db = dout.sum(axis=0)"
RELU = "out = np.maximum(x, 0)"
DRELU = "dx = dout * (x > 0)"

WRONG = [
    mutant("affine without bias", AF, OUT, "out = x.reshape(x.shape[0], -1) @ w", "affine_forward"),
    mutant("affine takes the bias away", AF, "@ w + b", "@ w - b", "affine_forward"),
    mutant("affine adds the bias twice", AF, "@ w + b", "@ w + 2 * b", "affine_forward"),
    mutant(
        "affine transposes square weights",
        AF,
        "@ w + b",
        "@ (w.T if w.shape[0] == w.shape[1] else w) + b",
        "affine_forward",
    ),
    mutant(
        "affine takes two or four axes only",
        AF,
        OUT,
        "out = (x.reshape(x.shape[0], -1) if x.ndim == 4 else x) @ w + b",
        "affine_forward affine_backward",
        edge=True,
    ),
    mutant("affine squeezes a batch of one", AF, OUT, OUT + "\n    out = np.squeeze(out)", "affine_forward"),
    mutant(
        "affine gives float64",
        AF,
        "@ w + b",
        "@ w + b.astype(np.float64)",
        "affine_forward",
        edge=True,
    ),
    mutant(
        "affine overwrites x",
        AF,
        "cache = (x, w)",
        "cache = (x.copy(), w)\n    x *= 2",
        "affine_forward",
        edge=True,
    ),
    mutant(
        "affine overwrites b",
        AF,
        "cache = (x, w)",
        "cache = (x, w)\n    b += 1",
        "affine_forward",
        edge=True,
    ),
    mutant("affine backward keeps dx flat", AB, ".reshape(x.shape)", "", "affine_backward"),
    mutant("affine backward has the wrong sign", AB, "(dout @ w.T)", "(-dout @ w.T)", "affine_backward"),
    mutant("affine backward averages db", AB, DB, "db = dout.mean(axis=0)", "affine_backward"),
    mutant(
        "affine backward sums db over units", AB, DB, "db = dout.sum(axis=1)[: w.shape[1]]", "affine_backward"
    ),
    mutant(
        "affine backward keeps an axis in db",
        AB,
        DB,
        "db = dout.sum(axis=0, keepdims=True)",
        "affine_backward",
    ),
    mutant("affine backward averages dw", AB, DW, DW + " / len(x)", "affine_backward"),
    mutant("affine backward forgets db", AB, DB, "db = np.zeros(w.shape[1])", "affine_backward"),
    mutant(
        "affine backward gives no db",
        AB,
        DB,
        "db = None",
        "affine_backward",
    ),
    mutant(
        "affine backward swaps dw and db",
        AB,
        DB,
        DB + "\n    dw, db = db, dw",
        "affine_backward",
    ),
    mutant("affine backward overwrites dout", AB, DB, DB + "\n    dout *= 0", "affine_backward", edge=True),
    mutant(
        "affine backward gives float64",
        AB,
        DW,
        "dw = np.zeros(w.shape)\n    dw += x.reshape(x.shape[0], -1).T @ dout",
        "affine_backward",
        edge=True,
    ),
    mutant("relu takes the absolute value", RF, RELU, "out = np.abs(x)", "relu_forward"),
    mutant("relu leaks", RF, RELU, "out = np.maximum(x, 0.01 * x)", "relu_forward"),
    mutant("relu is cut off above", RF, RELU, "out = np.clip(x, 0, 1)", "relu_forward"),
    mutant("relu is upside down", RF, RELU, "out = np.minimum(x, 0)", "relu_forward"),
    mutant("relu flattens", RF, RELU, "out = np.maximum(x, 0).reshape(len(x), -1)", "relu_forward"),
    mutant("relu overwrites x", RF, RELU, "x[x < 0] = 0\n    out = x.copy()", "relu_forward", edge=True),
    mutant(
        "relu gives float64",
        RF,
        RELU,
        "out = np.maximum(x, np.zeros(x.shape))",
        "relu_forward",
        edge=True,
    ),
    mutant("relu backward lets all through", RB, DRELU, "dx = 1 * dout", "relu_backward"),
    mutant("relu backward multiplies by x", RB, DRELU, "dx = dout * np.maximum(x, 0)", "relu_backward"),
    mutant("relu backward masks by dout", RB, DRELU, "dx = dout * (dout > 0)", "relu_backward"),
    mutant("relu backward is upside down", RB, DRELU, "dx = dout * (x < 0)", "relu_backward"),
    mutant(
        "relu backward writes dout", RB, DRELU, "dx = dout\n    dx[x <= 0] = 0", "relu_backward", edge=True
    ),
    mutant(
        "relu backward spoils its cache", RB, DRELU, DRELU + "\n    x[:] = dout", "relu_backward", edge=True
    ),
    mutant("relu backward takes 1 at 0", RB, "(x > 0)", "(x >= 0)", "relu_backward", edge=True),
    mutant(
        "relu backward gives float64",
        RB,
        "(x > 0)",
        "(x > 0).astype(float)",
        "relu_backward",
        edge=True,
    ),
]

RIGHT = [
    right("affine by einsum", AF, OUT, "out = np.einsum('nd,dm->nm', x.reshape(len(x), -1), w) + b"),
    right("affine in float32", AF, OUT, f"{OUT}\n    out = out.astype(np.float32)"),
    right("affine backward in float32", AB, DB, f"{DB}\n    dx = dx.astype(np.float32)"),
    right("relu in float32", RF, RELU, "out = np.maximum(x, 0).astype(np.float32)"),
    right("affine by loops", AF, OUT, "out = np.stack([row.ravel() @ w + b for row in x])"),
    right("affine with a longer cache", AF, "cache = (x, w)", "cache = (x, w, b, out)[:2] + ()"),
    right("affine backward in another order", AB, DB, "db = np.ones(len(dout), dout.dtype) @ dout"),
    right("relu by where", RF, RELU, "out = np.where(x > 0, x, np.zeros_like(x))"),
    right("relu keeps its output", RF, "cache = x", "cache = out"),
    right("relu copies dout", RB, DRELU, "dx = dout.copy()\n    dx[x <= 0] = 0"),
]
