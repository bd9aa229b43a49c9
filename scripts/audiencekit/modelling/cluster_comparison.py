"""The algorithms side by side on the same customers, and the grouping that each would keep."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from audiencekit.modelling.cluster_algorithms import SAMPLE_ROWS, Partition, partitions
from audiencekit.modelling.cluster_quality import Choice, Quality, choose_k, measure
from audiencekit.modelling.rows import KEY, Row

KMEANS_STARTS = 10


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One algorithm's groupings by k, their quality, and the one chosen.

    `inputs` (n, d) and `points` (n, d) are its sample, unscaled and scaled.
    """

    algorithm: str
    inputs: np.ndarray
    points: np.ndarray
    partitions: Mapping[int, Partition]
    measured: Mapping[int, Quality]
    choice: Choice

    @property
    def partition(self) -> Partition:
        return self.partitions[self.choice.k]

    @property
    def quality(self) -> Quality:
        return self.measured[self.choice.k]


def first_by_hash(customers: pd.DataFrame, rows: int) -> pd.DataFrame:
    """The first `rows` customers by sha256 of customer_key, in the order they stand in the frame.

    A customer in a small sample is in every larger one, and in next month's.
    """
    if len(customers) <= rows:
        return customers
    digests = np.array([hashlib.sha256(key.encode()).digest() for key in customers[KEY]], "S32")
    return customers.iloc[np.sort(np.argsort(digests, kind="stable")[:rows])]


def try_algorithms(
    algorithms: Sequence[str],
    sample: pd.DataFrame,
    features: Sequence[str],
    mean: np.ndarray,
    scale: np.ndarray,
    *,
    ks: Sequence[int],
    seed: int,
    floor: float,
    bootstraps: int,
) -> tuple[dict[str, Candidate], dict[str, str]]:
    """Each algorithm's candidate, and for those that could not cope with the data a reason."""
    candidates, failures = {}, {}
    for name in algorithms:
        inputs = first_by_hash(sample, SAMPLE_ROWS[name])[list(features)].to_numpy()
        points = (inputs - mean) / scale
        try:
            found = partitions(name, points, ks, seed=seed, starts=KMEANS_STARTS, floor=floor)
            measured = measure(
                name, points, inputs, found, seed=seed, floor=floor, bootstraps=bootstraps
            )
        except (ValueError, np.linalg.LinAlgError) as problem:
            failures[name] = str(problem).splitlines()[0]
            continue
        choice = choose_k(measured, floor)
        candidates[name] = Candidate(name, inputs, points, found, measured, choice)
    return candidates, failures


def comparison_rows(candidates: Mapping[str, Candidate]) -> list[Row]:
    """`comparison:<metric>` of each algorithm, and `k_choice:<metric>` of k-means for each k.

    A metric that is not defined has no row.
    """
    rows = []
    for name, candidate in candidates.items():
        rows += _metric_rows("comparison", name, 0, candidate.quality)
    if "kmeans" in candidates:
        for k, quality in candidates["kmeans"].measured.items():
            rows += _metric_rows("k_choice", "kmeans", k, quality)
    return rows


def _metric_rows(part: str, name: str, group_id: int, quality: Quality) -> list[Row]:
    return [
        Row(f"{part}:{metric}", name, group_id, float(value))
        for metric, value in dataclasses.asdict(quality).items()
        if np.isfinite(value)
    ]
