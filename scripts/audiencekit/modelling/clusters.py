"""Micro-segments: groups of customers who buy alike, kept as centres that SQL assigns to.

A customer's group is the nearest centre after scaling: the smallest sum over features of
((value - mean) / scale - centroid) squared, ties to the smaller id.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import sklearn
from threadpoolctl import threadpool_limits

from audiencekit.modelling.cluster_algorithms import (
    ALGORITHMS,
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
from audiencekit.modelling.cluster_ids import (
    Champion,
    Match,
    first_ids,
    matched_ids,
    read_champion,
)
from audiencekit.modelling.cluster_names import (
    Vocabulary,
    name_groups,
    rules_in_words,
    surrogate_tree,
)
from audiencekit.modelling.cluster_quality import BOOTSTRAP_ROWS, KS
from audiencekit.modelling.rows import (
    KEY,
    Row,
    build_rows,
    facts,
    hash_of,
    numbers,
    read_training,
    version_of,
)

MODEL_CODE = "micro_segments"
FEWEST_CUSTOMERS = 30 * 3


@dataclass(frozen=True)
class Words:
    """What only changes how groups are described: see `name_groups` and `rules_in_words`."""

    vocabulary: Vocabulary | None
    log1p_features: Collection[str]


@dataclass(frozen=True)
class Kept:
    """The model that is kept: a scaler, and centres (k, d) in scaled space by ascending id."""

    features: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    ids: np.ndarray
    centroids: np.ndarray

    def assign(self, inputs: np.ndarray) -> np.ndarray:
        """The id (n,) of each unscaled row (n, d)."""
        return self.ids[nearest_centroid((inputs - self.mean) / self.scale, self.centroids)]


def fit_micro_segments(
    customers: pd.DataFrame,
    *,
    cutoff: date | str,
    algorithm: str = "kmeans",
    champion: pd.DataFrame | None = None,
    seed: int = 7,
    minimum_share: float = 0.03,
    bootstraps: int = 20,
    compare: Collection[str] = ALGORITHMS,
    ks: Sequence[int] = KS,
    vocabulary: Vocabulary | None = None,
    log1p_features: Collection[str] = (),
) -> pd.DataFrame:
    """Group customers and return the groups as rows in the shape every fit shares.

    `customers` has a customer_key and numeric features, one row a customer. `champion` is the rows
    of the previous version: its scaler is kept while the features are the same, and its ids
    survive. `compare` names the algorithms reported beside the one used.

    Never raises for what the data are like: the facts `status` and `why` tell. Raises ValueError
    for an unknown algorithm and KeyError without a customer_key.
    """
    for name in (algorithm, *compare):
        if name not in ALGORITHMS:
            raise ValueError(f"no algorithm named {name!r}; one of {', '.join(ALGORITHMS)}")
    readable = _readable(customers)
    training = read_training(customers, readable)
    everybody = training.frame
    before = read_champion(champion)
    said: dict[str, object] = {
        "algorithm": algorithm,
        "cutoff": cutoff,
        "seed": seed,
        "minimum_share": minimum_share,
        "bootstraps": bootstraps,
        "bootstrap_rows": BOOTSTRAP_ROWS[algorithm],
        "library": f"scikit-learn {sklearn.__version__}",
    }
    settings = said | {
        "compare": sorted(compare),
        "ks": list(ks),
        "vocabulary": list((vocabulary or {}).items()),
        "log1p_features": sorted(log1p_features),
        "champion": _hash_of_champion(before),
    }
    version = version_of(algorithm, cutoff, settings, training.data_hash)
    sample = first_by_hash(everybody, SAMPLE_ROWS["kmeans"])
    features = tuple(name for name in readable if _varies(sample[name].to_numpy()))
    said |= {
        "data_hash": training.data_hash,
        "customers": len(everybody),
        "dropped_rows": training.dropped,
        "features": features,
        "dropped_features": sorted(set(customers.columns) - {KEY, *features}),
    }

    def stop(status: str, why: str) -> pd.DataFrame:
        return build_rows(MODEL_CODE, version, facts({"status": status, "why": why} | said))

    if len(everybody) < FEWEST_CUSTOMERS:
        return stop(
            "skipped",
            f"{len(everybody)} customers are too few to group: {FEWEST_CUSTOMERS} are needed.",
        )
    inputs = sample[list(features)].to_numpy()
    different = len(np.unique(inputs, axis=0)) if features else 1
    ks = [k for k in ks if k <= different]
    if not ks:
        return stop(
            "skipped",
            f"There is too little to tell customers apart: different kinds found {different}.",
        )
    is_frozen = before is not None and before.features == features
    mean = before.mean if is_frozen else inputs.mean(axis=0)
    scale = before.scale if is_frozen else inputs.std(axis=0)
    # Sums depend on how many threads share them: one thread gives the same bits on every machine.
    with threadpool_limits(limits=1):
        candidates, failures = try_algorithms(
            [name for name in ALGORITHMS if name == algorithm or name in compare],
            sample,
            features,
            mean,
            scale,
            ks=ks,
            seed=seed,
            floor=minimum_share,
            bootstraps=bootstraps,
        )
        said["failed_algorithms"] = [f"{name}: {why}" for name, why in failures.items()]
        if algorithm in failures:
            return stop(
                "failed", f"{algorithm} cannot group these customers: {failures[algorithm]}"
            )
        chosen = candidates[algorithm]
        if chosen.quality.k < 2:
            return stop("failed", f"{algorithm} sees one crowd here, and no groups in it.")
        kept, match = _keep(chosen, features, mean, scale, before)
        said |= {
            "sample_rows": len(chosen.inputs),
            "k": chosen.quality.k,
            "is_stable": str(chosen.choice.is_stable).lower(),
            "nearest_centroid_fidelity": _nearest_centroid_fidelity(chosen, kept, match),
        }
        if before is not None:
            said |= {
                "champion": before.version,
                "is_scaler_frozen": str(is_frozen).lower(),
                "matched_ids": len(match.shifts),
            }
        if match.shifts:
            said["mean_centroid_shift"] = float(np.mean(list(match.shifts.values())))
        described, fidelity = _describe(
            kept, everybody, chosen.inputs, seed, Words(vocabulary, log1p_features)
        )
    said["surrogate_fidelity"] = fidelity
    status = {"status": "fitted", "why": chosen.choice.why}
    return build_rows(
        MODEL_CODE,
        version,
        [
            *facts(status | said),
            *_model_rows(kept),
            *described,
            *(Row("centroid_shift", "", group, shift) for group, shift in match.shifts.items()),
            *comparison_rows(candidates),
        ],
    )


def _keep(
    chosen: Candidate,
    features: tuple[str, ...],
    mean: np.ndarray,
    scale: np.ndarray,
    before: Champion | None,
) -> tuple[Kept, Match]:
    """The nearest-centre reading of the chosen grouping, and its ids in the order of its labels."""
    centroids = centroids_of(chosen.partition, chosen.points)
    nearest = nearest_centroid(chosen.points, centroids)
    shares = np.bincount(nearest, minlength=len(centroids)) / len(nearest)
    if before is None:
        match = Match(first_ids(centroids, shares), {})
    else:
        match = matched_ids(centroids, shares, features, mean, scale, before)
    order = np.argsort(match.ids)
    return Kept(features, mean, scale, np.array(match.ids)[order], centroids[order]), match


def _nearest_centroid_fidelity(chosen: Candidate, kept: Kept, match: Match) -> float:
    """Share of the sample, noise aside, that its nearest centre puts back into its own group."""
    labels = chosen.partition.labels
    grouped = labels != NOISE
    own = np.array(match.ids)[labels[grouped]]
    return float((kept.assign(chosen.inputs[grouped]) == own).mean())


def _model_rows(kept: Kept) -> list[Row]:
    """`mean` and `scale` of each feature, and each group's `centroid`: all that scoring reads."""
    return [
        *numbers("mean", kept.features, kept.mean),
        *numbers("scale", kept.features, kept.scale),
        *(
            Row("centroid", feature, int(group), float(value))
            for group, centroid in zip(kept.ids, kept.centroids, strict=True)
            for feature, value in zip(kept.features, centroid, strict=True)
        ),
    ]


def _describe(
    kept: Kept, everybody: pd.DataFrame, inputs: np.ndarray, seed: int, words: Words
) -> tuple[list[Row], float]:
    """`share` and `profile` over everybody, `name` and `rule` of each group; the tree's accuracy."""
    everything = everybody[list(kept.features)].to_numpy()
    assigned = kept.assign(everything)
    labels = kept.assign(inputs)
    tree = surrogate_tree(inputs, labels, seed)
    rules = rules_in_words(tree, kept.features, words.log1p_features)
    middle = (everything.mean(axis=0) - kept.mean) / kept.scale
    standing = dict(zip(kept.ids.tolist(), kept.centroids - middle, strict=True))
    names = name_groups(standing, kept.features, words.vocabulary)
    rows = []
    for group in kept.ids.tolist():
        members = everything[assigned == group]
        rows += [
            Row("name", "", group, label=names[group]),
            Row("rule", "", group, label=rules.get(group, "no simple rule")),
            Row("share", "", group, len(members) / len(everything)),
        ]
        if len(members):
            profile = zip(kept.features, members.mean(axis=0), strict=True)
            rows += [Row("profile", name, group, float(value)) for name, value in profile]
    return rows, float(tree.score(inputs, labels))


def _readable(customers: pd.DataFrame) -> list[str]:
    """Columns with at least one finite number, by name."""
    found = []
    for name in sorted(set(customers.columns) - {KEY}):
        column = customers[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            continue
        read = pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan)
        if np.isfinite(read).any():
            found.append(name)
    return found


def _varies(values: np.ndarray) -> bool:
    """Whether a column can be scaled: more than rounding noise, less than overflow."""
    with np.errstate(all="ignore"):
        spread, size = values.std() if len(values) else 0.0, np.abs(values).max(initial=0.0)
    return bool(np.isfinite(spread) and spread > 1e-9 * size)


def _hash_of_champion(before: Champion | None) -> str | None:
    if before is None:
        return None
    arrays = (before.mean, before.scale, before.centroids)
    return hash_of([before.version, before.features, before.ids, [a.tolist() for a in arrays]])
