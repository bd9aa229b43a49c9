"""Micro-segments: groups of customers who buy alike, stored as centres to which SQL assigns customers.

A customer's group is the nearest centre after scaling: the smallest sum over features of
((value - mean) / scale - centroid) squared, ties to the smaller id.
"""

import dataclasses

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from audiencekit.modelling.cluster_algorithms import (
    NOISE,
    SAMPLE_ROWS,
    centroids_of,
    nearest_centroid,
)
from audiencekit.modelling.cluster_comparison import (
    Candidate,
    comparison_rows,
    first_by_hash,
    try_algorithms,
)
from audiencekit.modelling.cluster_description import CentroidModel, describe, model_rows
from audiencekit.modelling.cluster_ids import (
    Champion,
    Match,
    first_ids,
    matched_ids,
    read_champion,
)
from audiencekit.modelling.cluster_inputs import (
    numeric_columns,
    settings_facts,
    varies,
    version_only_settings,
)
from audiencekit.modelling.cluster_settings import ClusterSettings, Scaler
from audiencekit.modelling.rows import (
    KEY,
    Row,
    build_rows,
    facts,
    read_training,
    version_of,
)

FEWEST_CUSTOMERS = 30 * 3


class _NotGrouped(Exception):
    """These customers cannot be grouped: the status, the reason, and facts about the attempt."""

    def __init__(self, status: str, why: str, details: dict[str, object] | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.details = status, why, details or {}


@dataclasses.dataclass(frozen=True)
class _Customers:
    """All customers, the sample that is grouped, and the features that differ between customers of the sample."""

    everybody: pd.DataFrame
    sample: pd.DataFrame
    features: tuple[str, ...]

    @property
    def inputs(self) -> np.ndarray:
        """The features of the sample, unscaled."""
        return self.sample[list(self.features)].to_numpy()


def fit_micro_segments(
    customers: pd.DataFrame, settings: ClusterSettings, champion: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Group customers and return the groups as rows in the shape that every fit shares.

    `customers` has a customer_key and numeric features, one row a customer. `champion` holds the rows of the previous
    version: its scaler is kept while the features are the same, and its ids are kept.

    Data that cannot be grouped never raise: the facts `status` and `why` report it. Raises ValueError for an unknown
    algorithm and KeyError without a customer_key.
    """
    settings.check()
    columns = numeric_columns(customers)
    training = read_training(customers, columns)
    before = read_champion(champion)
    about = settings_facts(settings)
    version = version_of(
        settings.algorithm,
        settings.cutoff,
        about | version_only_settings(settings, before),
        training.data_hash,
    )
    sample = first_by_hash(training.frame, SAMPLE_ROWS["kmeans"])
    features = tuple(name for name in columns if varies(sample[name].to_numpy()))
    about |= {
        "data_hash": training.data_hash,
        "customers": len(training.frame),
        "dropped_rows": training.dropped,
        "features": features,
        "dropped_features": sorted(set(customers.columns) - {KEY, *features}),
    }
    try:
        # Sums depend on the number of threads that share them: one thread gives the same bits everywhere.
        with threadpool_limits(limits=1):
            why, details, rows = _group(
                _Customers(training.frame, sample, features), settings, before
            )
        status = "fitted"
    except _NotGrouped as problem:
        status, why, details, rows = problem.status, problem.why, problem.details, []
    about = {"status": status, "why": why} | about | details
    return build_rows(settings.model_code, version, [*facts(about), *rows])


def _group(
    data: _Customers, settings: ClusterSettings, before: Champion | None
) -> tuple[str, dict[str, object], list[Row]]:
    """Why this grouping was chosen, facts about it, and its rows. Raises _NotGrouped."""
    inputs = data.inputs
    ks = _possible_ks(data, inputs, settings)
    is_frozen = before is not None and before.scaler.features == data.features
    if before is not None and is_frozen:
        scaler = before.scaler
    else:
        scaler = Scaler(data.features, inputs.mean(axis=0), inputs.std(axis=0))
    candidates, failures = try_algorithms(data.sample, scaler, dataclasses.replace(settings, ks=ks))
    algorithm = settings.algorithm
    details: dict[str, object] = {
        "failed_algorithms": [f"{name}: {why}" for name, why in failures.items()]
    }
    if algorithm in failures:
        why = f"{algorithm} cannot group these customers: {failures[algorithm]}"
        raise _NotGrouped("failed", why, details)
    chosen = candidates[algorithm]
    if chosen.quality.k < 2:
        why = f"{algorithm} sees one crowd here, and no groups in it."
        raise _NotGrouped("failed", why, details)
    model, match = _centroid_model(chosen, scaler, before)
    details |= _choice_facts(chosen, model, match)
    if before is not None:
        details |= {
            "champion": before.version,
            "is_scaler_frozen": str(is_frozen).lower(),
            "matched_ids": len(match.shifts),
        }
    if match.shifts:
        details["mean_centroid_shift"] = float(np.mean(list(match.shifts.values())))
    described, details["surrogate_fidelity"] = describe(
        model, data.everybody, chosen.sample.inputs, settings
    )
    shifts = [Row("centroid_shift", "", group, shift) for group, shift in match.shifts.items()]
    rows = [*model_rows(model), *described, *shifts, *comparison_rows(candidates)]
    return chosen.choice.why, details, rows


def _possible_ks(data: _Customers, inputs: np.ndarray, settings: ClusterSettings) -> list[int]:
    """The numbers of groups that these customers allow. Raises _NotGrouped if there are none."""
    if len(data.everybody) < FEWEST_CUSTOMERS:
        raise _NotGrouped(
            "skipped",
            f"{len(data.everybody)} customers are too few to group: {FEWEST_CUSTOMERS} are needed.",
        )
    different = len(np.unique(inputs, axis=0)) if data.features else 1
    ks = [k for k in settings.ks if k <= different]
    if not ks:
        raise _NotGrouped(
            "skipped",
            f"There is too little to tell customers apart: different kinds found {different}.",
        )
    return ks


def _centroid_model(
    chosen: Candidate, scaler: Scaler, before: Champion | None
) -> tuple[CentroidModel, Match]:
    """The chosen grouping as centres, and its ids in the order of its labels."""
    centroids = centroids_of(chosen.partition, chosen.sample.points)
    nearest = nearest_centroid(chosen.sample.points, centroids)
    shares = np.bincount(nearest, minlength=len(centroids)) / len(nearest)
    if before is None:
        match = Match(first_ids(centroids, shares), {})
    else:
        match = matched_ids(centroids, shares, scaler, before)
    order = np.argsort(match.ids)
    return CentroidModel(scaler, np.array(match.ids)[order], centroids[order]), match


def _choice_facts(chosen: Candidate, model: CentroidModel, match: Match) -> dict[str, object]:
    """Facts about the chosen grouping, among them the share of the sample (without noise) whose nearest centre is that
    of its own group."""
    labels = chosen.partition.labels
    in_group = labels != NOISE
    own = np.array(match.ids)[labels[in_group]]
    is_own = model.assign(chosen.sample.inputs[in_group]) == own
    return {
        "sample_rows": len(chosen.sample.inputs),
        "k": chosen.quality.k,
        "is_stable": str(chosen.choice.is_stable).lower(),
        "nearest_centroid_fidelity": float(is_own.mean()),
    }
