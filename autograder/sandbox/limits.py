"""How much a submission may use before it is stopped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one submission's worker; an assignment's `[limits]` table overrides the defaults."""

    call_seconds: float = 10.0  # wall clock of one call
    submission_seconds: float = 120.0  # wall clock of all calls together
    cpu_seconds: float = 120.0  # processor time of one worker process
    memory_mb: int = 2048  # address space on top of what Python and NumPy map themselves
    output_kb: int = 256  # printed text that is kept
    reply_mb: int = 256  # size of one result
