"""How good a grouping is: above all, whether it comes back when the customers are drawn again.

Silhouette is reported and never decides: k-means on unscaled spend has a high silhouette, with nearly all customers
in one group.
"""

import dataclasses
import warnings
from collections.abc import Mapping

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score

from audiencekit.modelling.cluster_algorithms import NOISE, Partition, partitions
from audiencekit.modelling.cluster_names import surrogate_tree
from audiencekit.modelling.cluster_settings import ClusterSettings, Sample

SILHOUETTE_ROWS = 5_000

# The most rows of one bootstrap. A smaller draw varies more, so the measured stability is never too high.
BOOTSTRAP_ROWS = {
    "kmeans": 10_000,
    "gaussian_mixture": 5_000,
    "hierarchical": 3_000,
    "dbscan": 5_000,
    "hdbscan": 5_000,
}


@dataclasses.dataclass(frozen=True)
class Quality:
    """The measures of one grouping. Shares and fidelity are 0..1, NaN where undefined.

    `bootstrap_ari` is the mean adjusted Rand index against the bootstraps (noise counts as a group), `min_jaccard`
    the mean Jaccard of the least stable group, `jaccard_error` its standard error (its standard deviation over the
    bootstraps), `min_share` the smallest group's share of all rows, and
    `surrogate_fidelity` how often a small decision tree predicts the same group.
    """

    k: int
    bootstrap_ari: float
    min_jaccard: float
    jaccard_error: float
    min_share: float
    silhouette: float
    noise_share: float
    surrogate_fidelity: float


def measure(
    algorithm: str,
    sample: Sample,
    grouped: Mapping[int, Partition],
    settings: ClusterSettings,
) -> dict[int, Quality]:
    """The quality of each partition of the sample."""
    stability = bootstrap_stability(algorithm, sample.points, grouped, settings)
    measured = {}
    for k, partition in grouped.items():
        in_group = partition.labels != NOISE
        labels = partition.labels[in_group]
        groups, sizes = np.unique(labels, return_counts=True)
        ari, jaccards, errors = stability[k]
        weakest = int(jaccards.argmin()) if len(groups) else 0
        measured[k] = Quality(
            k=len(groups),
            bootstrap_ari=ari,
            min_jaccard=float(jaccards[weakest]) if len(groups) else np.nan,
            jaccard_error=float(errors[weakest]) if len(groups) else np.nan,
            min_share=float(sizes.min() / len(sample.points)) if len(groups) else np.nan,
            silhouette=_silhouette(sample.points[in_group], labels, settings.seed),
            noise_share=float(1 - in_group.mean()),
            surrogate_fidelity=_fidelity(sample.inputs[in_group], labels, settings.seed),
        )
    return measured


def bootstrap_stability(
    algorithm: str,
    points: np.ndarray,
    grouped: Mapping[int, Partition],
    settings: ClusterSettings,
) -> dict[int, tuple[float, np.ndarray, np.ndarray]]:
    """Mean adjusted Rand index, and each group's best Jaccard, its mean and deviation, over bootstraps (Hennig 2007).

    k-means and mixtures that are fitted on a draw can place every point. The other algorithms are compared on the
    drawn points, each of them once, because a point that is drawn twice would look like density.
    """
    size = min(len(points), BOOTSTRAP_ROWS[algorithm])
    aris: dict[int, list[float]] = {k: [] for k in grouped}
    jaccards: dict[int, list[np.ndarray]] = {k: [] for k in grouped}
    for number in range(settings.bootstraps):
        drawn = np.sort(
            np.random.default_rng([settings.seed, number]).integers(0, len(points), size)
        )
        if algorithm not in ("kmeans", "gaussian_mixture"):
            drawn = np.unique(drawn)
        with warnings.catch_warnings():
            # A draw may hold fewer different points than groups. Its agreement is then low.
            warnings.simplefilter("ignore", ConvergenceWarning)
            reseeded = dataclasses.replace(settings, seed=settings.seed + number)
            again = partitions(algorithm, points[drawn], tuple(grouped), reseeded, starts=3)
        for k, partition in grouped.items():
            mine, other = partition.labels, again[k]
            if other.assign is None:
                mine, theirs = mine[drawn], other.labels
            else:
                theirs = other.assign(points)
            aris[k].append(adjusted_rand_score(mine, theirs))
            jaccards[k].append(best_jaccards(mine, theirs, int(partition.labels.max()) + 1))
    return {k: (float(np.mean(aris[k])), *_mean_and_deviation(jaccards[k])) for k in grouped}


def best_jaccards(mine: np.ndarray, theirs: np.ndarray, groups: int) -> np.ndarray:
    """For each group 0..groups-1 of `mine` the best Jaccard with a group of `theirs`; NaN for an empty group.

    Jaccard is the number of points in both groups over the number in either, without noise.
    """
    if groups == 0:
        return np.empty(0)
    width = max(int(theirs.max()), 0) + 1
    shared = np.zeros((groups, width))
    both = (mine != NOISE) & (theirs != NOISE)
    np.add.at(shared, (mine[both], theirs[both]), 1)
    sizes = np.bincount(mine[mine != NOISE], minlength=groups)[:, None]
    their_sizes = np.bincount(theirs[theirs != NOISE], minlength=width)[None, :]
    best = (shared / np.maximum(sizes + their_sizes - shared, 1)).max(axis=1)
    return np.where(sizes[:, 0] > 0, best, np.nan)


def _silhouette(points: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Mean silhouette of at most `SILHOUETTE_ROWS` points; NaN with fewer than two groups."""
    if len(points) > SILHOUETTE_ROWS:
        rng = np.random.default_rng(seed)
        drawn = np.sort(rng.choice(len(points), SILHOUETTE_ROWS, replace=False))
        points, labels = points[drawn], labels[drawn]
    if not 2 <= len(np.unique(labels)) < len(points):
        return np.nan
    return float(silhouette_score(points, labels))


def _fidelity(inputs: np.ndarray, labels: np.ndarray, seed: int) -> float:
    if len(labels) == 0:
        return np.nan
    return float(surrogate_tree(inputs, labels, seed).score(inputs, labels))


def _mean_and_deviation(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column over the rows where it is defined; 0 where it never is."""
    stacked = np.array(rows)
    present = ~np.isnan(stacked)
    number = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, stacked, 0.0).sum(axis=0) / number
    squares = np.where(present, np.square(stacked - mean), 0.0).sum(axis=0)
    return mean, np.sqrt(squares / np.maximum(number - 1, 1))
