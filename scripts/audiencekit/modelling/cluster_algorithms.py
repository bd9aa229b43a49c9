"""Five algorithms that group customers, behind one function, and the one way to score their groups.

k-means, Gaussian mixture and Ward's tree are given the number of groups. DBSCAN and HDBSCAN find it themselves and
leave some customers as noise. The model keeps one centre for each group, and a customer belongs to the nearest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from audiencekit.modelling.cluster_settings import ALGORITHMS, COUNTED, ClusterSettings

# The key of a grouping by DBSCAN or HDBSCAN, which choose the number of groups themselves.
OWN_COUNT = 0
NOISE = -1

# The most rows that an algorithm is fitted on. The last three need the distance of every pair.
SAMPLE_ROWS = {
    "kmeans": 50_000,
    "gaussian_mixture": 50_000,
    "hierarchical": 10_000,
    "dbscan": 10_000,
    "hdbscan": 10_000,
}


@dataclass(frozen=True)
class Partition:
    """One way of grouping n points.

    `labels` is (n,) int64 from 0, `NOISE` for a point in no group. `assign` places other points in the same groups,
    or is None where the algorithm cannot. `centroids` is (k, d) where the algorithm has its own centres, and None
    where the means of the groups serve as centres.
    """

    labels: np.ndarray
    assign: Callable[[np.ndarray], np.ndarray] | None = None
    centroids: np.ndarray | None = None


def counts_for(algorithm: str, ks: Iterable[int]) -> tuple[int, ...]:
    """The numbers of groups to try: `ks`, or `OWN_COUNT` alone for DBSCAN and HDBSCAN."""
    return tuple(ks) if algorithm in COUNTED else (OWN_COUNT,)


def partitions(
    algorithm: str, points: np.ndarray, ks: Iterable[int], settings: ClusterSettings, starts: int
) -> dict[int, Partition]:
    """Group scaled `points` (n, d) once for each number of groups in `ks`.

    k-means begins `starts` times; a group of HDBSCAN has at least the minimum share of points. Raises ValueError for
    an unknown algorithm.
    """
    ks = counts_for(algorithm, ks)
    if algorithm == "kmeans":
        return {k: _kmeans(points, k, settings.seed, starts) for k in ks}
    if algorithm == "gaussian_mixture":
        return {k: _gaussian_mixture(points, k, settings.seed) for k in ks}
    if algorithm == "hierarchical":
        # The tree is built once and cut at every k. scikit-learn's Ward would build it each time.
        tree = linkage(points, method="ward")
        return {k: Partition(_from_zero(fcluster(tree, k, "maxclust"))) for k in ks}
    if algorithm == "dbscan":
        return {OWN_COUNT: _dbscan(points)}
    if algorithm == "hdbscan":
        smallest = max(5, round(settings.minimum_share * len(points)))
        fitted = HDBSCAN(min_cluster_size=smallest, min_samples=5, copy=True).fit(points)
        return {OWN_COUNT: Partition(fitted.labels_.astype("int64"))}
    raise ValueError(f"no algorithm named {algorithm!r}; one of {', '.join(ALGORITHMS)}")


def nearest_centroid(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Row number (n,) of the centroid (k, d) nearest to each point (n, d); ties to the smaller.

    Calculated as in SQL: the sum of squared differences, then the smallest.
    """
    distances = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centroids], axis=1)
    return distances.argmin(axis=1)


def centroids_of(partition: Partition, points: np.ndarray) -> np.ndarray:
    """Centres (k, d) of a partition of `points`, in the order of its labels, noise left out."""
    if partition.centroids is not None:
        return partition.centroids
    groups = np.unique(partition.labels[partition.labels != NOISE])
    return np.array([points[partition.labels == group].mean(axis=0) for group in groups])


def _kmeans(points: np.ndarray, k: int, seed: int, starts: int) -> Partition:
    fitted = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(points)
    # With fewer different points than k, a centre appears twice, and the copy has no members.
    centroids = np.unique(fitted.cluster_centers_, axis=0)
    return Partition(
        nearest_centroid(points, centroids),
        lambda others: nearest_centroid(others, centroids),
        centroids,
    )


def _gaussian_mixture(points: np.ndarray, k: int, seed: int) -> Partition:
    # Shares are often exactly 0 or 1. The ridge (in squared standard deviations) keeps a component from
    # collapsing onto such a value.
    fitted = GaussianMixture(n_components=k, reg_covar=1e-2, random_state=seed).fit(points)
    return Partition(_from_zero(fitted.predict(points)), fitted.predict)


def _dbscan(points: np.ndarray) -> Partition:
    """DBSCAN with 2 d neighbours, and a radius within which nine points in ten have them.

    Sander et al. 1998 propose 2 d; the radius is a fixed quantile of the k-distance graph of
    Ester et al. 1996, because a knee that somebody reads off the graph is not reproducible.
    """
    neighbours = min(2 * points.shape[1], len(points) - 1)
    distances, _ = NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors()
    radius = max(float(np.quantile(distances[:, -1], 0.9)), 1e-9)
    return Partition(DBSCAN(eps=radius, min_samples=neighbours).fit(points).labels_.astype("int64"))


def _from_zero(labels: np.ndarray) -> np.ndarray:
    """Labels without gaps, from 0."""
    return np.unique(labels, return_inverse=True)[1].astype("int64")
