"""The algorithms compared on the same customers, and the grouping that each would choose."""

import dataclasses
import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from audiencekit.modelling.cluster_algorithms import SAMPLE_ROWS, Partition, partitions
from audiencekit.modelling.cluster_choice import Choice, choose_k
from audiencekit.modelling.cluster_quality import Quality, measure
from audiencekit.modelling.cluster_settings import ClusterSettings, Sample, Scaler
from audiencekit.modelling.rows import KEY, Row

KMEANS_STARTS = 10


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One algorithm's groupings by k, their quality, and the one chosen."""

    algorithm: str
    sample: Sample
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
    """The first `rows` customers by sha256 of customer_key, in the order of the frame.

    A customer in a small sample is also in every larger one, and in that of next month.
    """
    if len(customers) <= rows:
        return customers
    digests = np.array([hashlib.sha256(key.encode()).digest() for key in customers[KEY]], "S32")
    return customers.iloc[np.sort(np.argsort(digests, kind="stable")[:rows])]


def try_algorithms(
    customers: pd.DataFrame, scaler: Scaler, settings: ClusterSettings
) -> tuple[dict[str, Candidate], dict[str, str]]:
    """Each algorithm's candidate, and a reason for each algorithm that failed on these customers."""
    candidates, failures = {}, {}
    for name in settings.algorithms:
        rows = first_by_hash(customers, SAMPLE_ROWS[name])
        inputs = rows[list(scaler.features)].to_numpy()
        sample = Sample(inputs, scaler.scaled(inputs))
        try:
            grouped = partitions(name, sample.points, settings.ks, settings, KMEANS_STARTS)
            measured = measure(name, sample, grouped, settings)
        except (ValueError, np.linalg.LinAlgError) as problem:
            failures[name] = str(problem).splitlines()[0]
            continue
        choice = choose_k(measured, settings.minimum_share)
        candidates[name] = Candidate(name, sample, grouped, measured, choice)
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
