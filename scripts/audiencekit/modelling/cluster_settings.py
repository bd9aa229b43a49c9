"""The settings of a micro-segment fit, and the scaler that brings features to one unit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from audiencekit.modelling.cluster_names import Vocabulary

MODEL_CODE = "micro_segments"
KS = tuple(range(3, 9))
# These are given the number of groups. The others find it, and leave some customers as noise.
COUNTED = ("kmeans", "gaussian_mixture", "hierarchical")
ALGORITHMS = (*COUNTED, "dbscan", "hdbscan")


@dataclass(frozen=True)
class ClusterSettings:
    """One fit of the micro-segments.

    `ks` are the numbers of groups to try, `minimum_share` (0..1) the share of customers below which a group is too
    small, `bootstraps` how often customers are drawn again, and `compare` the algorithms that are reported next to
    `algorithm`. `vocabulary` and `log1p_features` only change how groups are described: see `name_groups` and
    `rules_in_words`.
    """

    cutoff: date | str
    algorithm: str = "kmeans"
    seed: int = 7
    minimum_share: float = 0.03
    bootstraps: int = 20
    compare: Collection[str] = ALGORITHMS
    ks: Sequence[int] = KS
    vocabulary: Vocabulary | None = None
    log1p_features: Collection[str] = ()
    model_code: str = MODEL_CODE

    @property
    def algorithms(self) -> list[str]:
        """The algorithm used and those reported, in the order of ALGORITHMS."""
        return [name for name in ALGORITHMS if name in {self.algorithm, *self.compare}]

    def check(self) -> None:
        """Raise ValueError for an unknown algorithm."""
        for name in (self.algorithm, *self.compare):
            if name not in ALGORITHMS:
                raise ValueError(f"no algorithm named {name!r}; one of {', '.join(ALGORITHMS)}")


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation (d,) of each feature."""

    features: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Rows (n, d) in standard deviations from the mean."""
        return (inputs - self.mean) / self.scale


@dataclass(frozen=True)
class Sample:
    """The same customers unscaled (`inputs`) and scaled (`points`), both (n, d)."""

    inputs: np.ndarray
    points: np.ndarray
