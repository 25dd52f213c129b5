"""How much a submission may use before it is stopped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one submission's worker; an assignment's `[limits]` table overrides the defaults."""

    call_seconds: float = 10.0  # wall clock of one call
    submission_seconds: float = 300.0  # wall clock of all calls together
    cpu_seconds: float = 300.0  # processor time of one worker process
    memory_mb: int = 2048  # on top of what Python and NumPy map by themselves
    output_kb: int = 256  # printed text that is kept, for each call; never more than 1024
    reply_mb: int = 256  # size of one result
    backward_calls: int = 1_000_000  # times its forward function's calls; see docs/contract.md
    outside_calls: int = 20_000  # of what a function builds on, in one case
    outside_mb: int = 64  # size of the arguments of one such call

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"limits.{name}: expected a number above 0, got {value!r}; correct it")
