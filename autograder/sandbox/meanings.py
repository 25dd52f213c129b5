"""What arguments mean in a package of another course, found out by trying its functions once."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

KEPT = 0.2  # the p that is tried: a fifth of the entries is kept, or a fifth dropped
STEP = 1e-2
DROPOUT = "layers.dropout_forward"


class Meanings:
    """`own(module, name)` gives the student's function as their file defines it; it may raise anything."""

    def __init__(self, own: Callable[[str, str], Any]) -> None:
        self._own = own

    @cached_property
    def drops(self) -> bool | None:
        """Whether p is the probability of dropping; None where their dropout does not say."""
        kept = np.random.get_state()
        try:
            function = self._own("layers", "dropout_forward")
            out = np.asarray(function(np.ones((50, 50)), {"mode": "train", "p": KEPT, "seed": 1})[0])
            share = np.count_nonzero(out) / out.size
        except Exception:
            return None
        finally:
            np.random.set_state(kept)
        if abs(share - KEPT) < 0.1:
            return False
        return True if abs(share - (1 - KEPT)) < 0.1 else None

    def turned(self, param: Any) -> Any:
        """dropout_param as their function means it, from one in which p is the probability of keeping; and
        back."""
        if self.drops and isinstance(param, Mapping) and "p" in param:
            return {**param, "p": 1 - param["p"]}
        return param

    def turn(self, stand_ins: dict[str, Any]) -> None:
        """Let those of the stand-ins mean what the student's own functions mean."""
        stand_in = stand_ins.get(DROPOUT)
        if stand_in is None:
            return

        def dropout_forward(x: Any, dropout_param: Any) -> Any:
            return stand_in(x, self.turned(dropout_param))

        stand_ins[DROPOUT] = dropout_forward


def starts_late(adam: Callable[..., Any]) -> bool:
    """Whether this adam's first step is right only if it is given that no step was made (t = 0)."""

    def first(**config: Any) -> float:
        w, _ = adam(np.zeros(1), np.array([0.5]), {"learning_rate": STEP, **config})
        return float(np.asarray(w).reshape(-1)[0])

    try:
        return abs(first() + STEP) > STEP / 100 and abs(first(t=0) + STEP) <= STEP / 100
    except Exception:
        return False
