"""The plot helpers: what they draw, and that they can be read."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cs_lib import vis_utils


@pytest.fixture(autouse=True)
def no_windows():
    """Draw without a screen and close every figure."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def run(losses: list[float], accuracies: list[float]) -> SimpleNamespace:
    return SimpleNamespace(
        loss_history=losses,
        train_acc_history=accuracies,
        val_acc_history=[a / 2 for a in accuracies],
        epoch=len(accuracies) - 1,
    )


def test_history_has_labelled_axes_and_named_runs() -> None:
    vis_utils.plot_history(
        {"first": run([3, 2, 1], [0.1, 0.5]), "second": run([3, 3], [0.2, 0.2])}, "two runs"
    )
    figure = plt.gcf()
    figure.canvas.draw()
    axes = figure.axes
    assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in axes] == [
        ("iteration", "training loss"),
        ("epoch", "training accuracy"),
        ("epoch", "validation accuracy"),
    ]
    assert figure.get_suptitle() == "two runs"
    for ax in axes:
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "second"]
    assert axes[1].get_ylim() == axes[2].get_ylim()
    train, val = axes[1].get_lines()[0], axes[2].get_lines()[0]
    np.testing.assert_array_equal(train.get_xdata(), [0, 1])
    np.testing.assert_array_equal(val.get_ydata(), [0.05, 0.25])


def test_history_shows_the_losses_as_they_are_and_smoothed() -> None:
    losses = list(np.arange(120.0))
    vis_utils.plot_history({"run": run(losses, [0.1])})
    raw, smooth = plt.gcf().axes[0].get_lines()
    np.testing.assert_array_equal(raw.get_ydata(), losses)
    # A window of 120 // 40 = 3; the first values have fewer before them.
    np.testing.assert_allclose(smooth.get_ydata()[[0, 1, 2, 50]], [0, 0.5, 1, 49])


def test_a_run_that_blew_up_does_not_flatten_the_others() -> None:
    vis_utils.plot_history({"good": run([2.3, 2.0], [0.1]), "bad": run([2.3, 1e9, float("nan")], [0.1])})
    assert plt.gcf().axes[0].get_ylim()[1] < 10


def test_runs_differ_in_more_than_colour() -> None:
    vis_utils.plot_history({str(i): run([1, 2], [0.1, 0.2]) for i in range(4)})
    lines = plt.gcf().axes[1].get_lines()
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert len({getattr(line, look)() for line in lines}) == 4


def test_history_needs_a_run() -> None:
    with pytest.raises(ValueError, match="plot_history: give it at least one run"):
        vis_utils.plot_history({})


def test_curves_on_a_logarithmic_axis() -> None:
    ax = plt.figure().add_subplot()
    vis_utils.plot_curves(ax, {"a": ([1e-4, 1], [0.1, 0.2])}, "weight scale", "accuracy", log_x=True)
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "weight scale", "accuracy")


def test_grid_places_and_stretches_pictures() -> None:
    pictures = np.zeros((3, 2, 2, 1))
    pictures[0, 0, 0], pictures[1, 1, 1] = 5, -5
    grid = vis_utils.visualize_grid(pictures, ubound=255.0, padding=1)[:, :, 0]
    white = 255
    np.testing.assert_array_equal(
        grid,
        [
            [255, 0, white, 255, 255],
            [0, 0, white, 255, 0],
            [white] * 5,
            [0, 0, white, white, white],
            [0, 0, white, white, white],
        ],
    )


@pytest.mark.parametrize("shape", [(0, 2, 2, 3), (2, 2, 3)])
def test_grid_refuses_other_shapes(shape) -> None:
    with pytest.raises(ValueError, match=r"visualize_grid: Xs must have shape \(N, H, W, C\)"):
        vis_utils.visualize_grid(np.zeros(shape))


def test_weights_of_both_kinds_become_the_same_pictures() -> None:
    filters = np.random.default_rng(0).standard_normal((5, 3, 4, 4))
    drawn = []
    for W in (filters, filters.reshape(5, -1).T):
        vis_utils.show_weights(W)
        ax = plt.gcf().axes[0]
        assert ax.get_title() == "first-layer weights of 5 units"
        drawn.append(ax.get_images()[0].get_array())
    np.testing.assert_array_equal(*drawn)
    # The second picture is right of the first: column 5 on, after one white column.
    want = (filters[1] - filters[1].min()) / np.ptp(filters[1])
    np.testing.assert_allclose(drawn[0][:4, 5:9], want.transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10, 4), "10 rows are not three channels of a square image"),
        ((4, 1, 3, 3), r"W must have shape \(3 \* S \* S, M\) or \(F, 3, HH, WW\), got \(4, 1, 3, 3\)"),
        ((3,), r"W must have shape .*, got \(3,\)"),
    ],
)
def test_weights_refuse_other_shapes(shape, message: str) -> None:
    with pytest.raises(ValueError, match=f"show_weights: {message}"):
        vis_utils.show_weights(np.zeros(shape))


def test_a_history_in_words() -> None:
    vis_utils.plot_history({"first": run([3, 2, 1], [0.1, 0.5])}, "one run")
    assert vis_utils.describe() == (
        "one run. A plot; training loss against iteration; "
        "first: from 3 at 1 to 1 at 3, lowest 1 at 3, highest 3 at 1. "
        "A plot; training accuracy against epoch; "
        "first: from 0.1 at 0 to 0.5 at 1, lowest 0.1 at 0, highest 0.5 at 1. "
        "A plot; validation accuracy against epoch; "
        "first: from 0.05 at 0 to 0.25 at 1, lowest 0.05 at 0, highest 0.25 at 1."
    )


def test_a_map_of_numbers_and_a_curve_without_any_in_words() -> None:
    figure, (left, right) = plt.subplots(1, 2)
    image = left.imshow([[0.5, 1.0]])
    left.text(0, 0, "50%")
    left.set_ylabel("0  plane")
    figure.colorbar(image, label="not said twice")
    right.plot([0, 1], [float("nan"), float("inf")])
    right.hist([1, 1, 2], histtype="step", label="layer 1")
    assert (
        vis_utils.describe(figure)
        == "A plot; 0 plane; 1 image; in it: 50%. A plot; a curve: no finite value; layer 1."
    )


def test_without_jupyter_plots_stay_as_they_are() -> None:
    vis_utils.describe_plots()
    assert plt.get_backend() == "agg"
