"""Graphs and shapes of single layers."""

from .svg import BLUE, GREEN, GREY, INK, ORANGE, Figure, Node, graph, legend


def affine_shapes() -> Figure:
    figure = Figure(760, 250, "Shapes of the affine layer: X W + b = out")
    _matrix(figure, 90, 120, 110, 130, "X", "(N, D)", BLUE, row=True)
    figure.text(172, 120, "×", size=22)
    _matrix(figure, 250, 120, 90, 110, "W", "(D, M)", GREEN, column=True)
    figure.text(322, 120, "+", size=22)
    _matrix(figure, 395, 120, 90, 26, "b", "(M,), to every row", GREEN)
    figure.text(480, 120, "=", size=22)
    _matrix(figure, 560, 120, 90, 130, "out", "(N, M)", BLUE, row=True, column=True)
    figure.text(
        24, 228, "X: x of shape (N, d₁, …, d_k), one image in each row", size=12, color=GREY, anchor="start"
    )
    figure.text(640, 60, "one row of X and", size=12, color=GREY, anchor="start")
    figure.text(640, 78, "one column of W", size=12, color=GREY, anchor="start")
    figure.text(640, 96, "give one entry", size=12, color=GREY, anchor="start")
    return figure


def affine_graph() -> Figure:
    figure = Figure(760, 240, "Computation graph of the affine layer")
    nodes = {
        "x": Node(60, 70, "x", "dx", BLUE),
        "X": Node(220, 70, "X = rows of x", "dX"),
        "W": Node(220, 170, "w", "dw", GREEN, below=True),
        "P": Node(420, 70, "P = X w", "dP"),
        "b": Node(420, 170, "b", "db", GREEN, below=True),
        "out": Node(620, 70, "out = P + b", "dout", BLUE),
    }
    graph(figure, nodes, ["x X", "X P", "W P", "P out", "b out"])
    legend(figure, 222)
    return figure


def relu_switches() -> Figure:
    figure = Figure(620, 250, "ReLU on five numbers, forward and backward")
    x, out, dout = ["−2", "3", "0", "1", "−5"], ["0", "3", "0", "1", "0"], ["4", "−1", "2", "6", "3"]
    for left, y, name, row, on in [
        (110, 60, "x", x, ()),
        (430, 60, "out", out, [(0, 1), (0, 3)]),
        (430, 160, "dout", dout, ()),
        (110, 160, "dx", ["?"] * 5, ()),
    ]:
        figure.grid(left, y - 17, [row], marked=on)
        figure.text(left - 12, y, name, anchor="end", mono=True, color=ORANGE if name[0] == "d" else INK)
    figure.arrow(290, 60, 372, 60)
    figure.text(331, 42, "ReLU", size=13)
    figure.arrow(372, 160, 290, 160, back=True)
    figure.text(331, 142, "backward", size=13, color=ORANGE)
    legend(figure, 228)
    return figure


def svm_graph() -> Figure:
    figure = Figure(860, 260, "Computation graph of the SVM loss for one image")
    nodes = {
        "s": Node(60, 80, "scores s", "ds", BLUE),
        "sy": Node(90, 180, "right score s_y", below=True),
        "m": Node(270, 80, "margins m = s − s_y + 1", "dm"),
        "max": Node(480, 80, "max(0, m)"),
        "sum": Node(640, 80, "sum over j ≠ y"),
        "L": Node(800, 80, "L", "1", GREEN),
    }
    graph(figure, nodes, ["s m", "s sy", "sy m", "m max", "max sum", "sum L"])
    figure.text(290, 150, "s_y stands in every margin of its row", size=12, color=GREY, anchor="start")
    legend(figure, 238)
    return figure


def softmax_graph() -> Figure:
    figure = Figure(860, 250, "Computation graph of the softmax loss for one image")
    nodes = {
        "s": Node(60, 70, "scores s", "ds", BLUE),
        "z": Node(225, 70, "z = s − max s", "dz"),
        "e": Node(260, 170, "exp z", below=True),
        "S": Node(390, 170, "sum", below=True),
        "l": Node(500, 170, "log", below=True),
        "lp": Node(580, 70, "log p = z − log sum", "d log p"),
        "L": Node(790, 70, "L = −log p_y", "1", GREEN),
    }
    graph(figure, nodes, ["s z", "z e", "e S", "S l", "l lp", "z lp", "lp L"])
    legend(figure, 228)
    return figure


def batchnorm_graph() -> Figure:
    return _norm_graph("Computation graph of batch normalisation, for one column", "column")


def layernorm_graph() -> Figure:
    return _norm_graph("Computation graph of layer normalisation, for one row", "row")


def _norm_graph(title: str, along: str) -> Figure:
    figure = Figure(960, 270, title)
    nodes = {
        "x": Node(50, 70, "x", "dx", BLUE),
        "mu": Node(150, 180, "μ = mean(x)", "dmu", below=True),
        "c": Node(270, 70, "c = x − μ", "dc"),
        "v": Node(385, 180, "v = mean(c²)", "dv", below=True),
        "s": Node(560, 180, "s = √(v + ε)", "ds", below=True),
        "xh": Node(650, 70, "x̂ = c / s", "dx_hat"),
        "gb": Node(740, 180, "γ, β", "dgamma, dbeta", GREEN, below=True),
        "out": Node(860, 70, "out = γ x̂ + β", "dout", BLUE),
    }
    graph(figure, nodes, ["x c", "x mu", "mu c", "c xh", "c v", "v s", "s xh", "xh out", "gb out"])
    figure.text(944, 248, f"means are over one {along}", size=12, color=GREY, anchor="end")
    legend(figure, 248)
    return figure


def dropout_graph() -> Figure:
    figure = Figure(720, 250, "Dropout with p = 0.5 on four units, in training")
    for y, name, row, on in [
        (60, "x", ["2", "−1", "4", "3"], ()),
        (110, "mask", ["1", "0", "0", "1"], [(0, 0), (0, 3)]),
        (160, "out", ["4", "0", "0", "6"], [(0, 0), (0, 3)]),
    ]:
        figure.grid(110, y - 17, [row], marked=on)
        figure.text(98, y, name, anchor="end", mono=True)
    figure.text(262, 110, "times mask, divided by p", size=13, anchor="start", color=GREY)
    for y, name, row in [(60, "dx", ["?", "?", "?", "?"]), (160, "dout", ["1", "5", "−2", "3"])]:
        figure.grid(560, y - 17, [row])
        figure.text(548, y, name, anchor="end", mono=True, color=ORANGE)
    figure.arrow(46, 66, 46, 154)
    figure.arrow(628, 138, 628, 84, back=True)
    figure.text(640, 111, "same mask", size=12, anchor="start", color=ORANGE)
    legend(figure, 228)
    return figure


def conv_graph() -> Figure:
    figure = Figure(760, 300, "One number of a convolution's output, forward and backward")
    nodes = {
        "win": Node(110, 70, ("window of x", "(C, HH, WW)"), "", BLUE),
        "w": Node(110, 160, ("filter w[f]", "(C, HH, WW)"), "", GREEN),
        "dot": Node(360, 110, ("multiply entry by entry", "and sum")),
        "b": Node(360, 215, "bias b[f]", "", GREEN),
        "out": Node(630, 110, ("out[n, f, i, j]", "one number"), "", BLUE),
    }
    graph(figure, nodes, ["win dot", "w dot", "dot out", "b out"])
    figure.text(630, 62, "d", size=15, color=ORANGE, mono=True)
    for y, words in ((30, "gets: ?"), (205, "gets: ?")):
        figure.text(110, y, words, size=13, color=ORANGE, mono=True)
    figure.text(360, 250, "gets: ?", size=13, color=ORANGE, mono=True)
    legend(figure, 280)
    return figure


def pool_graph() -> Figure:
    figure = Figure(760, 300, "Max pooling with windows of 2 × 2, forward and backward")
    x = [["1", "3", "0", "2"], ["5", "2", "1", "1"], ["0", "1", "4", "0"], ["0", "0", "2", "7"]]
    most = [(1, 0), (0, 3), (2, 1), (3, 3)]
    figure.text(108, 24, "x", mono=True)
    figure.grid(40, 40, x, marked=most)
    figure.arrow(190, 108, 250, 108)
    figure.text(302, 52, "out", mono=True)
    figure.grid(268, 74, [["5", "2"], ["1", "7"]])
    figure.text(492, 52, "dout", mono=True, color=ORANGE)
    figure.grid(458, 74, [["a", "b"], ["c", "d"]], color=ORANGE)
    figure.arrow(540, 108, 590, 108, back=True)
    figure.text(668, 24, "dx", mono=True, color=ORANGE)
    figure.grid(600, 40, [["?"] * 4 for _ in range(4)])
    figure.text(40, 205, "marked: the largest of each window", size=12, color=GREY, anchor="start")
    figure.text(40, 228, "a, b, c, d: the four upstream gradients", size=12, color=GREY, anchor="start")
    legend(figure, 276)
    return figure


def groupnorm_shapes() -> Figure:
    figure = Figure(900, 150, "Group normalisation as changes of shape")
    steps = [
        ("x", "(N, C, H, W)", BLUE),
        ("rows", "(N, G, C/G · H · W)", INK),
        ("normalise each row", "(N, G, C/G · H · W)", INK),
        ("x̂", "(N, C, H, W)", BLUE),
        ("γ x̂ + β", "γ, β: (1, C, 1, 1)", GREEN),
    ]
    chain(figure, steps, y=60, step=180, first=90, w=150)
    for x, words in ((180, "reshape"), (540, "reshape")):
        figure.text(x, 110, words, size=12, color=GREY)
    return figure


Step = tuple[str, str, str]  # name, shape, colour


def chain(figure: Figure, steps: list[Step], *, y: int, step: int, first: int, w: int) -> None:
    """Draw boxes with a name and a shape in a row, each with an arrow to the next."""
    for i, (name, shape, color) in enumerate(steps):
        x = first + i * step
        figure.box(x, y, w, 54, [name, shape], color=color, size=13)
        if i:
            figure.arrow(x - step + w / 2 + 3, y, x - w / 2 - 3, y)


def _matrix(
    figure: Figure, x: float, y: float, w: float, h: float, name: str, shape: str, color: str,
    *, row: bool = False, column: bool = False,
) -> None:  # fmt: skip
    figure.box(x, y, w, h, "", color=color, round_=0)
    strip = {"fill": color, "opacity": "0.28"}
    style = " ".join(f'{key}="{value}"' for key, value in strip.items())
    if row:
        figure.parts.append(f'<rect x="{x - w / 2:g}" y="{y - h / 4:g}" width="{w:g}" height="16" {style}/>')
    if column:
        figure.parts.append(f'<rect x="{x + w / 6:g}" y="{y - h / 2:g}" width="16" height="{h:g}" {style}/>')
    figure.text(x, y, name, size=18, bold=True)
    figure.text(x, y - h / 2 - 14, shape, size=13)
