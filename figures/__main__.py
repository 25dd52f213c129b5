"""`python -m figures` writes every figure into the folders of the assignments that show it."""

from pathlib import Path

from . import layers, nets

SOURCE = Path(__file__).parents[1] / "source"

FIGURES = {
    "assignment1": {
        "two-layer-chain": nets.two_layer_chain,
        "affine-shapes": layers.affine_shapes,
        "affine-graph": layers.affine_graph,
        "relu-switches": layers.relu_switches,
        "svm-graph": layers.svm_graph,
        "softmax-graph": layers.softmax_graph,
        "two-layer-shapes": nets.two_layer_shapes,
    },
    "assignment2": {
        "affine-shapes": layers.affine_shapes,
        "affine-graph": layers.affine_graph,
        "relu-switches": layers.relu_switches,
        "two-layer-shapes": nets.two_layer_shapes,
        "deep-net": nets.deep_net,
        "batchnorm-graph": layers.batchnorm_graph,
        "layernorm-graph": layers.layernorm_graph,
        "norm-places": nets.norm_places,
        "dropout-graph": layers.dropout_graph,
        "conv-graph": layers.conv_graph,
        "pool-graph": layers.pool_graph,
        "groupnorm-shapes": layers.groupnorm_shapes,
        "three-layer-conv-shapes": nets.three_layer_conv_shapes,
        "conv-net-shapes": nets.conv_net_shapes,
    },
}


def drawn() -> dict[Path, str]:
    """Every figure as it should stand, by its file."""
    return {
        SOURCE / assignment / "figures" / f"{name}.svg": draw().svg()
        for assignment, figures in FIGURES.items()
        for name, draw in figures.items()
    }


if __name__ == "__main__":
    for path, text in drawn().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(drawn())} figures")
