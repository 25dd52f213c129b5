"""What a wrong result of a normalisation layer shows of the layer that made it, and the gradients to it.

A right result is gamma * (x - mean) / divisor + beta, the divisor being the root of the group's variance plus
eps. A wrong one is of interest here only if another divisor, or another use of gamma and beta, explains all
of it. Nothing is called for that: the result that left the cache and the gradient that came of the cache are
all there is, so that it makes no difference what a forward function does when, or for which numbers.

Whatever is compared is measured against the smallest part that has to be in it, never against the whole: an
offset of 1000, or a factor of 1/1000, hides nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from autograder.checks.fixed import Arrays

OWN_RTOL = 1e-4  # of the smallest part
OWN_RTOL_SINGLE = 1e-3  # where float32 leaves no more of it
SCALES = (1e-4, 1e4)  # how far the square of a divisor may be from the variance: factors up to 100
FEW = 3  # groups; from fewer, the two numbers that describe a divisor cannot be told apart
PLAIN = (0.25, 4.0)  # then the scale must be near 1; for the right formula with that divisor,
ANY = (1e-8, 1e8)  # which takes no derivative of it, any will do that leaves both parts of dx in sight

# By what a layer may divide that should divide by a group's root mean square s: divisor**m = scale * s**n + e
# with e >= 0, as (m, n). Another eps, a factor, N - 1 for N; eps beside the root; the variance for its root.
DIVISORS = ((2, 2), (1, 1), (1, 2))


class Groups(NamedTuple):
    """Arrays of (group, entry)."""

    centred: np.ndarray  # x less the mean of its group
    size: np.ndarray  # (group,): the root of the group's variance
    gamma: np.ndarray
    beta: np.ndarray

    @classmethod
    def of(cls, rows: Callable[[np.ndarray, Arrays], np.ndarray], row: Arrays) -> "Groups":
        ndim = row["x"].ndim
        x, gamma, beta = (
            rows(np.broadcast_to(value, row["x"].shape).astype(np.float64), row)
            for value in (row["x"], *(per_channel(row[name], ndim) for name in ("gamma", "beta")))
        )
        return cls(x - x.mean(axis=1, keepdims=True), x.std(axis=1), gamma, beta)


@dataclass(frozen=True)
class Shown:
    """A layer of which a result may be: gamma**power * (x - mean) / divisor + some share of beta."""

    power: int
    divisor: np.ndarray  # (group,)
    beta_share: float
    variance_share: (
        np.ndarray
    )  # (group,): the weight of the way through the variance in the derivative, 1 if right


def per_channel(values: np.ndarray, ndim: int) -> np.ndarray:
    """gamma, beta or a statistic of channel axis 1, ready to meet x."""
    return values.reshape(-1, *[1] * (ndim - 2))


@np.errstate(all="ignore")
def layers_that_give(out: np.ndarray, groups: Groups, eps: float, rtol: float) -> list[Shown]:
    """The layers that explain all of `out`, as rows; none if it does not normalise as it should."""
    if not np.isfinite(out).all() or not (groups.size > 0).all():
        return []
    found = []
    for power in (1, 0, 2):
        factors, beta_share = _fitted(out, groups, power, rtol)
        if factors is None:
            continue
        shares = [_variance_share(1 / factors, groups, eps, rtol, m, n) for m, n in DIVISORS]
        kept: list[np.ndarray | None] = [share for share in shares if share is not None]
        quotient = (factors * groups.size) ** -2
        if len(factors) < FEW and (quotient > ANY[0]).all() and (quotient < ANY[1]).all():
            kept.append(None)
        found += [Shown(power, 1 / factors, beta_share, share) for share in kept]
    return found


def _fitted(out: np.ndarray, groups: Groups, power: int, rtol: float) -> tuple[np.ndarray | None, float]:
    """A factor of each group's gamma**power * (x - mean), and the share of beta, if these make up `out`."""
    parts = groups.gamma**power * groups.centred
    count, width = parts.shape
    columns = np.zeros((count, width, count + 2))
    columns[np.arange(count), :, np.arange(count)] = parts
    columns[:, :, count], columns[:, :, count + 1] = groups.beta, groups.gamma * groups.beta
    columns = columns.reshape(count * width, count + 2)
    found = np.linalg.lstsq(columns, out.ravel(), rcond=None)[0]
    off = np.abs((columns @ found).reshape(out.shape) - out).max(axis=1)
    varying = np.abs(found[:count]) * np.abs(parts).max(axis=1)
    fits = (off <= rtol * varying).all() and (found[:count] > 0).all()
    return (found[:count] if fits else None), float(found[count])


def _variance_share(
    divisor: np.ndarray, groups: Groups, eps: float, rtol: float, m: int, n: int
) -> np.ndarray | None:
    """The weight of the variance's way if divisor**m = scale * size**n + e, which follows from the derivative
    of the divisor by the size; None if it is not so."""
    wanted, known = divisor**m, groups.size**n
    if len(known) < FEW:
        scale, rest = float(np.mean((wanted - eps) / known)), eps
    else:
        (scale, rest), *_ = np.linalg.lstsq(np.stack([known, np.ones_like(known)], 1), wanted, rcond=None)
    lowest, highest = (bound ** (m / 2) for bound in (PLAIN if len(known) < FEW else SCALES))
    smallest = rtol * scale * known.min()
    off = np.abs(scale * known + rest - wanted).max()
    if not lowest <= scale <= highest or off > smallest or rest < -smallest:
        return None
    return n / m * scale * known / wanted


def gradients(shown: Shown, groups: Groups, dout: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(dx, the size of the smaller part of it in each group), as rows: the derivative, and the right formula
    applied to the normalised values and the divisor that lie in the cache."""
    shares = [] if shown.variance_share is None else [shown.variance_share]
    if shown.power == 1:
        shares.append((groups.size / shown.divisor) ** 2)
    dhat = dout * groups.gamma**shown.power
    direct = dhat - dhat.mean(axis=1, keepdims=True)
    project = (dhat * groups.centred).mean(axis=1, keepdims=True) / groups.size[:, None] ** 2
    for share in shares:
        variance = share[:, None] * groups.centred * project
        smallest = np.minimum(np.abs(direct).max(axis=1), np.abs(variance).max(axis=1)) / shown.divisor
        yield (direct - variance) / shown.divisor[:, None], smallest


def gamma_terms(shown: Shown, groups: Groups, dout: np.ndarray) -> Iterator[np.ndarray]:
    """What dgamma adds up, as rows: by the right formula, and by the derivative."""
    normalised = groups.centred / shown.divisor[:, None]
    yield dout * normalised
    if shown.power == 2:
        yield 2 * dout * groups.gamma * normalised
