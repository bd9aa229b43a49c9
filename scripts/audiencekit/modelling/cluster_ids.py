"""Group ids that keep their meaning after a refit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from audiencekit.modelling.cluster_settings import Scaler


@dataclass(frozen=True)
class Champion:
    """The version that scores now: its scaler, and its centres (k, d) in scaled space by ascending id."""

    version: str
    scaler: Scaler
    ids: tuple[int, ...]
    centroids: np.ndarray


@dataclass(frozen=True)
class Match:
    """The id of each new centre, and how far (in standard deviations) the centre of each earlier id has moved."""

    ids: tuple[int, ...]
    shifts: dict[int, float]


def read_champion(rows: pd.DataFrame | None) -> Champion | None:
    """The champion from its rows; None when there is none or it was not fitted."""
    if rows is None or not (rows["part"] == "centroid").any():
        return None
    by_feature = rows[rows["part"].isin(["mean", "scale"])].pivot(
        index="item", columns="part", values="value"
    )
    features = tuple(sorted(by_feature.index))
    centroids = rows[rows["part"] == "centroid"].pivot(
        index="group_id", columns="item", values="value"
    )[list(features)]
    return Champion(
        version=str(rows["version"].iloc[0]),
        scaler=Scaler(
            features,
            mean=by_feature.loc[list(features), "mean"].to_numpy("float64"),
            scale=by_feature.loc[list(features), "scale"].to_numpy("float64"),
        ),
        ids=tuple(int(group) for group in centroids.index),
        centroids=centroids.to_numpy("float64"),
    )


def first_ids(centroids: np.ndarray, shares: np.ndarray) -> tuple[int, ...]:
    """1..k, the largest share first, ties by the centre's values."""
    order = sorted(
        range(len(centroids)), key=lambda row: (-shares[row], centroids[row].round(9).tolist())
    )
    ids = np.empty(len(centroids), dtype="int64")
    ids[order] = np.arange(1, len(centroids) + 1)
    return tuple(int(group) for group in ids)


def matched_ids(
    centroids: np.ndarray, shares: np.ndarray, scaler: Scaler, champion: Champion
) -> Match:
    """Give the champion's ids to the nearest new centres (Hungarian assignment, Kuhn 1955).

    Distances are Euclidean in the champion's scaled space, over the features that both have. New centres without a
    partner get the lowest free ids from 1, the largest share first.
    """
    before = champion.scaler
    shared = [feature for feature in scaler.features if feature in before.features]
    if not shared:
        return Match(first_ids(centroids, shares), {})
    here = [scaler.features.index(feature) for feature in shared]
    there = [before.features.index(feature) for feature in shared]
    natural = centroids[:, here] * scaler.scale[here] + scaler.mean[here]
    moved = (natural - before.mean[there]) / before.scale[there]
    distances = np.linalg.norm(moved[:, None, :] - champion.centroids[None][:, :, there], axis=2)
    new, old = linear_sum_assignment(distances)
    ids = {int(row): champion.ids[column] for row, column in zip(new, old, strict=True)}
    shifts = {
        champion.ids[column]: float(distances[row, column])
        for row, column in zip(new, old, strict=True)
    }
    free = (group for group in range(1, 10**6) if group not in shifts)
    order = first_ids(centroids, shares)
    for row in sorted(set(range(len(centroids))) - set(ids), key=lambda row: order[row]):
        ids[row] = next(free)
    return Match(tuple(ids[row] for row in range(len(centroids))), shifts)
