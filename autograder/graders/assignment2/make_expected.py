"""Make the fixed arrays in expected/ with PyTorch, in float64 on the CPU.

    python -m autograder.graders.assignment2.make_expected           # write them
    python -m autograder.graders.assignment2.make_expected --check   # compare with what is there

Needs PyTorch (2.13 and 2.14 made the committed files). The graders read the files and never import this; the
library under test is never imported here. expected/sources.json says for every entry where its results come
from.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from autograder.checks import fixed as oracles
from autograder.graders.assignment2 import oracle_layers as layers
from autograder.graders.assignment2 import oracle_nets as nets

HERE = Path(__file__).parent / "expected"
SAME = 1e-12  # another build of PyTorch may sum in another order
TOPICS = (
    layers.batchnorm,
    layers.spatial_batchnorm,
    layers.layernorm,
    layers.groupnorm,
    layers.conv,
    layers.pool,
    nets.fully_connected_norm,
    nets.fully_connected_dropout,
    nets.three_layer_conv_net,
    nets.conv_net,
)


def check(topic: str, table: dict[str, dict[str, np.ndarray]]) -> list[str]:
    stored = oracles.load(HERE, topic)
    if {entry: set(row) for entry, row in stored.items()} != {
        entry: set(row) for entry, row in table.items()
    }:
        return [f"{topic}: the entries differ"]
    return [
        f"{topic}: {entry}/{name} differs"
        for entry, arrays in table.items()
        for name, value in arrays.items()
        if not np.allclose(stored[entry][name], value, rtol=SAME, atol=SAME)
    ]


def main(arguments: list[str]) -> int:
    only_check = "--check" in arguments
    sources: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for topic in TOPICS:
        name, entries = topic.__name__, topic()
        sources[name] = {entry: source for entry, (source, _) in entries.items()}
        table = {entry: layers.plain(arrays) for entry, (_, arrays) in entries.items()}
        if only_check:
            problems += check(name, table)
        else:
            oracles.save(HERE, name, table)
    text = json.dumps(sources, indent=1) + "\n"
    if not only_check:
        (HERE / "sources.json").write_text(text)
    elif (HERE / "sources.json").read_text() != text:
        problems.append("sources.json differs")
    print("\n".join(problems) or f"{len(TOPICS)} files agree with PyTorch {torch.__version__}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
