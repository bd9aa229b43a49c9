"""Five ways to cut customers into groups, behind one function, and the one way they are scored.

k-means, Gaussian mixture and Ward's tree are told how many groups to make; DBSCAN and HDBSCAN find
out themselves and leave some customers as noise. Whatever made the groups, what is kept is one
centre each, and a customer belongs to the nearest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import DBSCAN, HDBSCAN, KMeans
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

COUNTED = ("kmeans", "gaussian_mixture", "hierarchical")
ALGORITHMS = (*COUNTED, "dbscan", "hdbscan")

# The key under which the density algorithms report: they choose the number of groups themselves.
OWN_COUNT = 0
NOISE = -1

# Rows an algorithm is fitted on at most. The last three need all distances between pairs.
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

    `labels` is (n,) int64 from 0, `NOISE` for a point in no group. `assign` places other points in
    the same groups, or is None where the algorithm cannot. `centroids` is (k, d) where the
    algorithm has its own centres, None where they are to be taken as the means of the groups.
    """

    labels: np.ndarray
    assign: Callable[[np.ndarray], np.ndarray] | None = None
    centroids: np.ndarray | None = None


def counts_for(algorithm: str, ks: Iterable[int]) -> tuple[int, ...]:
    """The numbers of groups to try: `ks`, or `OWN_COUNT` alone for DBSCAN and HDBSCAN."""
    return tuple(ks) if algorithm in COUNTED else (OWN_COUNT,)


def partitions(
    algorithm: str, points: np.ndarray, ks: Iterable[int], *, seed: int, starts: int, floor: float
) -> dict[int, Partition]:
    """Group scaled `points` (n, d) once for each number of groups in `ks`.

    `starts` is how often k-means begins anew; `floor` (0..1) is the share of points below which
    HDBSCAN does not call something a group. Raises ValueError for an unknown algorithm.
    """
    ks = counts_for(algorithm, ks)
    if algorithm == "kmeans":
        return {k: _kmeans(points, k, seed, starts) for k in ks}
    if algorithm == "gaussian_mixture":
        return {k: _gaussian_mixture(points, k, seed) for k in ks}
    if algorithm == "hierarchical":
        # The tree is built once and cut at every k; scikit-learn's Ward would build it each time.
        tree = linkage(points, method="ward")
        return {k: Partition(_from_zero(fcluster(tree, k, "maxclust"))) for k in ks}
    if algorithm == "dbscan":
        return {OWN_COUNT: _dbscan(points)}
    if algorithm == "hdbscan":
        smallest = max(5, round(floor * len(points)))
        found = HDBSCAN(min_cluster_size=smallest, min_samples=5, copy=True).fit(points)
        return {OWN_COUNT: Partition(found.labels_.astype("int64"))}
    raise ValueError(f"no algorithm named {algorithm!r}; one of {', '.join(ALGORITHMS)}")


def nearest_centroid(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Row number (n,) of the centroid (k, d) nearest to each point (n, d); ties to the smaller.

    Written as SQL says it: the sum of squared differences, then the smallest.
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
    # Fewer different points than k leave a centre twice; the copy has nobody.
    centroids = np.unique(fitted.cluster_centers_, axis=0)
    return Partition(
        nearest_centroid(points, centroids),
        lambda others: nearest_centroid(others, centroids),
        centroids,
    )


def _gaussian_mixture(points: np.ndarray, k: int, seed: int) -> Partition:
    # Shares are often exactly 0 or 1: the ridge (in squared standard deviations) keeps a
    # component from collapsing onto such a wall.
    fitted = GaussianMixture(n_components=k, reg_covar=1e-2, random_state=seed).fit(points)
    return Partition(_from_zero(fitted.predict(points)), fitted.predict)


def _dbscan(points: np.ndarray) -> Partition:
    """DBSCAN with 2 d neighbours, and a radius that reaches them from nine points in ten.

    Sander et al. 1998 propose 2 d; the radius is a fixed place on the sorted k-distance graph of
    Ester et al. 1996, because a knee read by eye is not reproducible.
    """
    neighbours = min(2 * points.shape[1], len(points) - 1)
    distances, _ = NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors()
    radius = max(float(np.quantile(distances[:, -1], 0.9)), 1e-9)
    return Partition(DBSCAN(eps=radius, min_samples=neighbours).fit(points).labels_.astype("int64"))


def _from_zero(labels: np.ndarray) -> np.ndarray:
    """Labels without gaps, from 0."""
    return np.unique(labels, return_inverse=True)[1].astype("int64")
