"""Plots: training histories of several runs side by side, image grids, first-layer weights; plots in words.

Each function draws into the current Matplotlib figure or a new one and returns nothing; `plt.gcf()` is the
figure, `plt.show()` shows it. The colours are those of Okabe and Ito, which colour-blind readers can tell
apart; line styles and markers repeat the difference.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

Curve = tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]


def plot_history(solvers: Mapping[str, Any], title: str | None = None) -> None:
    """Plot loss, training accuracy and validation accuracy of one or more trained Solvers.

    The loss of single batches jumps, so each run shows it twice: faint as it is, and strong as an average
    over the steps before. The two accuracy plots share one scale.

    Args:
        solvers: the trained Solver of each run, by its name in the legend.
        title: above the three plots, if given.

    Raises: ValueError when there is no run.
    """
    if not solvers:
        raise ValueError("plot_history: give it at least one run, as {'name': solver}")
    fig = plt.figure(figsize=(14, 4.2), layout="constrained")
    loss_ax = fig.add_subplot(1, 3, 1)
    train_ax = fig.add_subplot(1, 3, 2)
    val_ax = fig.add_subplot(1, 3, 3, sharex=train_ax, sharey=train_ax)

    smooth, train, val = {}, {}, {}
    for i, (name, solver) in enumerate(solvers.items()):
        losses = np.asarray(solver.loss_history, dtype=float)
        steps = np.arange(1, len(losses) + 1)
        loss_ax.plot(steps, losses, color=COLORS[i % len(COLORS)], alpha=0.3, linewidth=0.8)
        smooth[name] = (steps, _running_mean(losses, max(1, len(losses) // 40)))
        # The last check belongs to the last epoch; the first one, after one step, is counted as epoch 0.
        epochs = np.arange(len(solver.val_acc_history)) - len(solver.val_acc_history) + 1 + solver.epoch
        train[name] = (epochs, solver.train_acc_history)
        val[name] = (epochs, solver.val_acc_history)

    plot_curves(loss_ax, smooth, "iteration", "training loss", markers=False)
    # A run that blows up must not press the others flat against the axis.
    highest_start = max((y[0] for _, y in smooth.values() if len(y)), default=0.0)
    if loss_ax.get_ylim()[1] > 3 * highest_start > 0:
        loss_ax.set_ylim(0, 3 * highest_start)
    plot_curves(train_ax, train, "epoch", "training accuracy")
    plot_curves(val_ax, val, "epoch", "validation accuracy")
    for ax in (train_ax, val_ax):
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if title:
        fig.suptitle(title)


def plot_curves(
    ax: Axes,
    curves: Mapping[str, Curve],
    xlabel: str,
    ylabel: str,
    *,
    log_x: bool = False,
    markers: bool = True,
) -> None:
    """Draw named curves into one pair of axes, with labels, a legend and a light grid.

    Args:
        ax: the axes to draw into.
        curves: (x, y) of each curve, by its name in the legend.
        xlabel, ylabel: what the axes show.
        log_x: a logarithmic x axis.
        markers: mark every point; leave it off for long curves.
    """
    for i, (name, (x, y)) in enumerate(curves.items()):
        ax.plot(
            x,
            y,
            color=COLORS[i % len(COLORS)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            marker=MARKERS[i % len(MARKERS)] if markers else "",
            markersize=4,
            linewidth=1.8,
            label=name,
        )
    if log_x:
        ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(visible=True, color="0.9")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize="small")


def show_weights(W: np.ndarray, title: str | None = None) -> None:
    """Show first-layer weights as colour images, one for each hidden unit or filter.

    Every image is stretched to the full range of brightness, so that faint ones can be seen too.

    Args:
        W: (3 * S * S, M) of an affine layer on S x S images, or (F, 3, HH, WW) of a convolution.
        title: above the grid, if given.

    Raises: ValueError when W has another shape.
    """
    if W.ndim == 2:
        size = round((W.shape[0] / 3) ** 0.5)
        if W.shape[0] != 3 * size * size:
            raise ValueError(f"show_weights: {W.shape[0]} rows are not three channels of a square image")
        images = W.T.reshape(-1, 3, size, size)
    elif W.ndim == 4 and W.shape[1] == 3:
        images = W
    else:
        raise ValueError(f"show_weights: W must have shape (3 * S * S, M) or (F, 3, HH, WW), got {W.shape}")
    grid = visualize_grid(images.transpose(0, 2, 3, 1), ubound=1.0)
    ax = plt.figure(figsize=(6, 6), layout="constrained").add_subplot()
    ax.imshow(grid, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title(title or f"first-layer weights of {len(images)} units")


def visualize_grid(Xs: np.ndarray, ubound: float = 255.0, padding: int = 1) -> np.ndarray:
    """Arrange images in a grid, as near to a square as their number allows.

    Args:
        Xs: (N, H, W, C), of any range.
        ubound: each image is stretched to 0..ubound.
        padding: white pixels between images.

    Returns: the grid, (rows, columns, C), float64. An image of one single value becomes black.
    Raises: ValueError when Xs does not have four axes or holds no image.
    """
    if Xs.ndim != 4 or Xs.shape[0] == 0:
        raise ValueError(f"visualize_grid: Xs must have shape (N, H, W, C) with N > 0, got {Xs.shape}")
    N, H, W, C = Xs.shape
    columns = int(np.ceil(np.sqrt(N)))
    rows = int(np.ceil(N / columns))
    grid = np.full(
        (rows * (H + padding) - padding, columns * (W + padding) - padding, C), ubound, dtype=np.float64
    )
    for n, image in enumerate(Xs.astype(np.float64)):
        top, left = n // columns * (H + padding), n % columns * (W + padding)
        low, high = image.min(), image.max()
        stretched = (image - low) / (high - low) if high > low else np.zeros_like(image)
        grid[top : top + H, left : left + W] = ubound * stretched
    return grid


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of each value and the up to window - 1 values before it."""
    sums = np.cumsum(np.concatenate([np.zeros(1), values]))
    last = np.arange(1, len(values) + 1)
    first = np.maximum(0, last - window)
    return (sums[last] - sums[first]) / (last - first)


def describe(figure: Figure | None = None) -> str:
    """Say in words what a figure shows: its titles and axes, and the values of its curves."""
    figure = plt.gcf() if figure is None else figure
    texts = [figure.get_suptitle(), *(_described(ax) for ax in figure.axes if ax.get_label() != "<colorbar>")]
    return " ".join(f"{text.rstrip('.')}." for text in texts if text)


def describe_plots(*, printed: bool = False) -> None:
    """Give each plot of a notebook its description as alternative text; does nothing outside of Jupyter.

    JupyterLab does not read that text out yet (4.6); the notebook exported as HTML has it.

    Args:
        printed: print it above each plot as well, for those who cannot see the plot.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["image/png"]
    found = formatter.type_printers.get(Figure)
    if found is None:  # plots open in windows
        return
    draw = getattr(found, "draw", found)  # the setup cell may run again

    def with_description(figure: Figure) -> Any:
        text = describe(figure)
        if printed:
            print(text)
        return draw(figure), {"alt": text}

    with_description.draw = draw  # type: ignore[attr-defined]
    formatter.for_type(Figure, with_description)


def _described(ax: Axes) -> str:
    """One pair of axes in words."""
    parts = [ax.get_title() or "A plot"]
    axes = " against ".join(label for label in (ax.get_ylabel(), ax.get_xlabel()) if label)
    parts += [axes] if axes else []
    lines = [line for line in ax.get_lines() if np.size(line.get_xdata()) > 1]
    named = [line for line in lines if not str(line.get_label()).startswith("_")]
    parts += [_curve(line) for line in named or lines]
    known = {line.get_label() for line in named}
    parts += [label for label in ax.get_legend_handles_labels()[1] if label not in known]
    parts += [f"{len(ax.images)} image{'s' * (len(ax.images) > 1)}"] if ax.images else []
    texts = [text.get_text() for text in ax.texts]
    parts += [f"in it: {', '.join(texts)}"] if texts else []
    return "; ".join(" ".join(part.split()) for part in parts)


def _curve(line: Any) -> str:
    """A curve in words: where it begins and ends, and its lowest and highest point."""
    x, y = np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)
    name = "a curve" if str(line.get_label()).startswith("_") else line.get_label()
    kept = np.isfinite(y)
    if not kept.any():
        return f"{name}: no finite value"
    x, y = x[kept], y[kept]
    low, high = y.argmin(), y.argmax()
    ends = f"from {y[0]:.3g} at {x[0]:.3g} to {y[-1]:.3g} at {x[-1]:.3g}"
    return f"{name}: {ends}, lowest {y[low]:.3g} at {x[low]:.3g}, highest {y[high]:.3g} at {x[high]:.3g}"
