"""Chains and shapes of whole networks."""

from .layers import chain
from .svg import BLUE, GREEN, GREY, INK, ORANGE, Figure, legend


def two_layer_chain() -> Figure:
    figure = Figure(900, 300, "The two-layer network as a chain of layers, forward and backward")
    centres = [(200, "affine 1"), (390, "ReLU"), (580, "affine 2"), (770, "loss")]
    for x, name in centres:
        figure.box(x, 110, 96, 90, name, color=INK)
        if name != "loss":  # it returns its gradient in the same call
            figure.arrow(x, 158, x, 180)
            figure.box(x, 196, 70, 28, "cache", color=GREY, size=12)
    arrows = [(60, 150, "X (N, 3072)", "dX"), (250, 340, "(N, H)", "(N, H)"), (440, 530, "(N, H)", "(N, H)"),
              (630, 720, "(N, 10)", "(N, 10)"), (820, 880, "L", "1")]  # fmt: skip
    for left, right, shape, gradient in arrows:
        figure.arrow(left, 90, right, 90)
        figure.text((left + right) / 2, 72, shape, size=12)
        figure.arrow(right, 130, left, 130, back=True)
        figure.text((left + right) / 2, 148, gradient, size=12, color=ORANGE)
    for x, name in ((200, "dW1, db1"), (580, "dW2, db2")):
        figure.text(x, 228, name, size=13, color=ORANGE, mono=True)
        figure.text(x, 36, f"W{name[2]}, b{name[2]}", size=13, color=GREEN, mono=True)
        figure.arrow(x, 46, x, 62)
    legend(figure, 276)
    return figure


def two_layer_shapes() -> Figure:
    figure = Figure(960, 220, "Shapes in the two-layer network")
    steps = [
        ("X", "(N, D)", BLUE),
        ("affine", "W1 (D, H), b1 (H,)", GREEN),
        ("ReLU", "(N, H)", INK),
        ("affine", "W2 (H, C), b2 (C,)", GREEN),
        ("scores", "(N, C)", BLUE),
        ("softmax loss", "one number", INK),
    ]
    chain(figure, steps, y=60, step=156, first=84, w=134)
    figure.box(474, 164, 240, 40, "L2 penalty: reg/2 · (ΣW1² + ΣW2²)", color=INK, size=12)
    figure.arrow(262, 90, 376, 142)
    figure.arrow(538, 90, 506, 142)
    figure.text(700, 164, "is added to the loss", size=12, anchor="middle", color=GREY)
    figure.arrow(598, 164, 632, 164)
    figure.arrow(768, 164, 862, 92)
    return figure


def deep_net() -> Figure:
    figure = Figure(960, 290, "A network of K layers: the way forward, the list of caches, the way back")
    steps = [("X", BLUE), ("affine, ReLU", INK), ("affine, ReLU", INK), ("…", INK), ("affine", INK),
             ("softmax loss", INK)]  # fmt: skip
    xs = [60, 210, 390, 545, 690, 860]
    widths = [60, 130, 130, 50, 110, 130]
    for (name, color), x, w in zip(steps, xs, widths, strict=True):
        figure.box(x, 80, w, 44, name, color=color)
    for i in range(5):
        left, right = xs[i] + widths[i] / 2 + 3, xs[i + 1] - widths[i + 1] / 2 - 3
        figure.arrow(left, 72, right, 72)
        figure.arrow(right, 90, left, 90, back=True)
    for x, number in ((210, "1"), (390, "2"), (690, "K")):
        figure.text(x, 24, f"W{number}, b{number}", size=13, color=GREEN, mono=True)
        figure.arrow(x, 34, x, 56)
        figure.arrow(x, 104, x, 152)
        figure.arrow(x + 12, 152, x + 12, 104, back=True)
        figure.box(
            x,
            172,
            100,
            36,
            f"caches[{int(number) - 1}]" if number != "K" else "caches[-1]",
            color=GREY,
            size=12,
        )
        figure.text(x, 212, f"dW{number}, db{number}", size=13, color=ORANGE, mono=True)
    figure.text(545, 172, "the caches, in a list", size=12, color=GREY)
    legend(figure, 266)
    return figure


def norm_places() -> Figure:
    figure = Figure(900, 170, "Where the normalisation and dropout stand in a hidden layer")
    steps = [
        ("affine", "W, b", GREEN),
        ("norm (optional)", "γ, β, bn_params", BLUE),
        ("ReLU", "", INK),
        ("dropout (optional)", "dropout_param", BLUE),
        ("next affine", "W, b", GREEN),
    ]
    chain(figure, steps, y=60, step=180, first=90, w=150)
    figure.text(360, 124, "one hidden layer, K − 1 times", size=13, color=GREY)
    figure.parts.append(f'<path d="M 18 98 v 8 h 690 v -8" fill="none" stroke="{GREY}"/>')
    return figure


def three_layer_conv_shapes() -> Figure:
    figure = Figure(980, 240, "Shapes in the three-layer convolutional network, for one batch of N images")
    steps = [
        ("X", "(N, 3, 32, 32)", BLUE),
        ("conv, ReLU", "(N, F, 32, 32)", INK),
        ("2 × 2 max pool", "(N, F, 16, 16)", INK),
        ("affine, ReLU", "(N, H)", INK),
        ("affine", "(N, 10)", INK),
        ("softmax loss", "one number", INK),
    ]
    chain(figure, steps, y=60, step=160, first=84, w=132)
    for x, words in (
        (244, "W1 (F, 3, 7, 7), b1 (F,)"),
        (564, "W2 (?, H), b2 (H,)"),
        (724, "W3 (H, 10), b3 (10,)"),
    ):
        y = 130 if x != 564 else 168
        figure.text(x, y, words, size=13, color=GREEN, mono=True)
        figure.arrow(x, y - 12, x, 90)
    figure.text(84, 214, "F filters, H hidden units. The affine layer reads each image as one row.", size=12,
                color=GREY, anchor="start")  # fmt: skip
    return figure


def conv_net_shapes() -> Figure:
    figure = Figure(940, 190, "Shapes in ConvNet with two convolutions")
    steps = [
        ("X", "(N, 3, 32, 32)", BLUE),
        ("block 1", "(N, 16, 16, 16)", INK),
        ("block 2", "(N, 32, 8, 8)", INK),
        ("affine", "(N, 10)", GREEN),
        ("softmax loss", "one number", INK),
    ]
    chain(figure, steps, y=60, step=180, first=100, w=146)
    figure.text(370, 120, "a block: conv – [spatial batch norm] – ReLU – 2 × 2 max pool", size=13, color=GREY)
    figure.text(370, 146, "each block halves H and W; num_filters sets the channels", size=12, color=GREY)
    return figure
