"""Differential privacy: whole numbers with noise from OpenDP, its cost and its scale."""

from dataclasses import dataclass
from functools import cache
from types import ModuleType

# The share of a release's epsilon that each measure gets.
SHARES = {"customers": 0.4, "buyers_30d": 0.3, "spend_30d": 0.3}


@cache
def _opendp() -> ModuleType:
    """OpenDP, from the extra 'sharing'. Exports without noise do not need it."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    return dp


@dataclass(frozen=True)
class Noise:
    """Noise for one measure. One customer changes its sum by at most `sensitivity`, and releasing it costs `epsilon`."""

    epsilon: float
    sensitivity: int

    @property
    def scale(self) -> float:
        """The scale of the discrete Laplace distribution: P(x) falls by exp(-1 / scale) per step."""
        return self.sensitivity / self.epsilon

    def add(self, value: int) -> int:
        """`value` with new noise from the system's randomness. It has no seed: a known seed would reveal the value."""
        dp = _opendp()
        mechanism = dp.m.make_laplace(
            dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=self.scale
        )
        spent = mechanism.map(self.sensitivity)
        if spent > self.epsilon * (1 + 1e-9):
            raise RuntimeError(f"noise would cost {spent}, not {self.epsilon}")
        return mechanism(int(value))


def noise_by_measure(epsilon: float, spend_bound: int) -> dict[str, Noise]:
    """The noise of each measure in a release of `epsilon`. Cells share no customer, so all of them cost as much as one."""
    _opendp()  # fails here if it is not installed, before a release costs anything
    sensitivity = {"customers": 1, "buyers_30d": 1, "spend_30d": spend_bound}
    return {name: Noise(share * epsilon, sensitivity[name]) for name, share in SHARES.items()}
