"""How good a grouping is, and how many groups there should be.

A grouping is worth a name when it comes back after the customers are drawn again. Silhouette is
reported and never decides: k-means on unscaled spend has a beautiful one, with nearly everybody in
one group.
"""

import dataclasses
import warnings
from collections.abc import Mapping

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score

from audiencekit.modelling.cluster_algorithms import NOISE, Partition, partitions
from audiencekit.modelling.cluster_names import surrogate_tree

KS = tuple(range(3, 9))
MIN_ARI = 0.85
MIN_JACCARD = 0.75
SILHOUETTE_ROWS = 5_000

# Rows drawn for one bootstrap at most. A smaller draw wobbles more, so this errs towards caution.
BOOTSTRAP_ROWS = {
    "kmeans": 10_000,
    "gaussian_mixture": 5_000,
    "hierarchical": 3_000,
    "dbscan": 5_000,
    "hdbscan": 5_000,
}


@dataclasses.dataclass(frozen=True)
class Quality:
    """What is reported of one grouping; shares and fidelity are 0..1, NaN where undefined.

    `bootstrap_ari` is the mean adjusted Rand index against the bootstraps (noise counts as a
    group), `min_jaccard` the mean Jaccard of the least stable group, `min_share` the smallest
    group's share of all rows, `surrogate_fidelity` how often a small tree names the same group.
    """

    k: int
    bootstrap_ari: float
    min_jaccard: float
    min_share: float
    silhouette: float
    noise_share: float
    surrogate_fidelity: float


@dataclasses.dataclass(frozen=True)
class Choice:
    """The number of groups that the rule takes, whether it earned it, and a sentence why."""

    k: int
    is_stable: bool
    why: str


def measure(
    algorithm: str,
    points: np.ndarray,
    inputs: np.ndarray,
    found: Mapping[int, Partition],
    *,
    seed: int,
    floor: float,
    bootstraps: int,
) -> dict[int, Quality]:
    """Quality of each partition of scaled `points` (n, d); `inputs` (n, d) are the same unscaled."""
    stability = bootstrap_stability(
        algorithm, points, found, seed=seed, floor=floor, bootstraps=bootstraps
    )
    measured = {}
    for k, partition in found.items():
        kept = partition.labels != NOISE
        groups, sizes = np.unique(partition.labels[kept], return_counts=True)
        ari, jaccards = stability[k]
        measured[k] = Quality(
            k=len(groups),
            bootstrap_ari=ari,
            min_jaccard=float(jaccards.min()) if len(groups) else np.nan,
            min_share=float(sizes.min() / len(points)) if len(groups) else np.nan,
            silhouette=_silhouette(points[kept], partition.labels[kept], seed),
            noise_share=float(1 - kept.mean()),
            surrogate_fidelity=_fidelity(inputs[kept], partition.labels[kept], seed),
        )
    return measured


def bootstrap_stability(
    algorithm: str,
    points: np.ndarray,
    found: Mapping[int, Partition],
    *,
    seed: int,
    floor: float,
    bootstraps: int,
) -> dict[int, tuple[float, np.ndarray]]:
    """Mean adjusted Rand index, and each group's mean best Jaccard, over bootstraps (Hennig 2007).

    k-means and mixtures fitted on a draw place every point; the others are compared on the points
    drawn, each once, because a point drawn twice would look like density.
    """
    size = min(len(points), BOOTSTRAP_ROWS[algorithm])
    aris = {k: [] for k in found}
    jaccards = {k: [] for k in found}
    for number in range(bootstraps):
        drawn = np.sort(np.random.default_rng([seed, number]).integers(0, len(points), size))
        if algorithm not in ("kmeans", "gaussian_mixture"):
            drawn = np.unique(drawn)
        with warnings.catch_warnings():
            # A draw may hold fewer different points than groups; its agreement then says so.
            warnings.simplefilter("ignore", ConvergenceWarning)
            again = partitions(
                algorithm, points[drawn], tuple(found), seed=seed + number, starts=3, floor=floor
            )
        for k, partition in found.items():
            mine, other = partition.labels, again[k]
            if other.assign is None:
                mine, theirs = mine[drawn], other.labels
            else:
                theirs = other.assign(points)
            aris[k].append(adjusted_rand_score(mine, theirs))
            jaccards[k].append(best_jaccards(mine, theirs, int(partition.labels.max()) + 1))
    return {k: (float(np.mean(aris[k])), _mean_of_present(jaccards[k])) for k in found}


def best_jaccards(mine: np.ndarray, theirs: np.ndarray, groups: int) -> np.ndarray:
    """For each of my groups 0..groups-1 the best Jaccard with one of theirs; NaN for an empty one.

    Jaccard is what both hold over what either holds, noise aside.
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


def choose_k(measured: Mapping[int, Quality], floor: float) -> Choice:
    """The largest k that is stable; if none is, the steadiest whose smallest group is big enough.

    Stable is less than true: among many customers a cut through one crowd comes back, too, so this
    errs towards more groups, the more so with few features.
    """
    stable = [k for k, quality in measured.items() if is_stable(quality, floor)]
    if stable:
        best = max(stable)
        return Choice(
            best,
            True,
            f"{_groups(measured[best])} that come back when customers are drawn again {_figures(measured[best])}.",
        )
    large = [k for k, quality in measured.items() if quality.min_share >= floor]
    best = max(
        large or measured,
        key=lambda k: (np.nan_to_num(measured[k].bootstrap_ari, nan=-1.0), -k),
    )
    what = (
        f"No number of groups from {min(measured)} to {max(measured)} is stable"
        if len(measured) > 1
        else "This grouping is not stable"
    )
    small = "" if large else f"; no grouping keeps every group above {floor:.1%} of customers"
    return Choice(
        best,
        False,
        f"{what}; taken: {_groups(measured[best])} {_figures(measured[best])}{small}. "
        "Read them as slices of one crowd, not as kinds of customers.",
    )


def is_stable(quality: Quality, floor: float) -> bool:
    """Whether a grouping passes all three bars (False where one is undefined)."""
    return (
        quality.k >= 2
        and quality.bootstrap_ari >= MIN_ARI
        and quality.min_jaccard >= MIN_JACCARD
        and quality.min_share >= floor
    )


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


def _mean_of_present(rows: list[np.ndarray]) -> np.ndarray:
    """Mean of each column over the rows where it is defined; 0 where it never is."""
    stacked = np.array(rows)
    present = ~np.isnan(stacked)
    return np.where(present, stacked, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)


def _groups(quality: Quality) -> str:
    return f"{quality.k} groups"


def _figures(quality: Quality) -> str:
    return (
        f"(agreement {quality.bootstrap_ari:.2f}, needed {MIN_ARI:.2f}; "
        f"weakest group {quality.min_jaccard:.2f}, needed {MIN_JACCARD:.2f}; "
        f"smallest group {quality.min_share:.1%})"
    )
