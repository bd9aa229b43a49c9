"""Fit what the training plan of a build asks for. A fit that fails is recorded, and the others go on."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from audiencekit.modelling.boosted import fit_boosted, score_boosted
from audiencekit.modelling.classifier import ClassifierSettings
from audiencekit.modelling.cluster_names import Words
from audiencekit.modelling.cluster_settings import ClusterSettings
from audiencekit.modelling.clusters import fit_micro_segments
from audiencekit.modelling.lifetime_value import LifetimeSettings, fit_lifetime_value
from audiencekit.modelling.logistic import fit_logistic
from audiencekit.modelling.rows import (
    COLUMNS,
    build_rows,
    fact_of,
    facts,
    hash_of,
    version_of,
)

YEAR = "year"
# The features of each logistic version; None is all of them. The back-tests say which version suits a shop.
VARIANTS: dict[str, list[str] | None] = {
    "recency": ["log_recency_days"],
    "rfm": ["log_recency_days", "log_orders_365d", "log_spend_365d"],
    "full": None,
    YEAR: None,
}
# The ways to score with a classifier, which says who buys at all; the second says that of the last year's buyers only.
TWO_PARTS = ("two_part", "two_part_active")
NOT_FEATURES = (
    *("model_code", "cutoff_at", "tested_at", "quarters_back"),
    *("customer_key", "is_positive"),
)
# The words for a low and a high value in the name of a micro-segment. Where a word speaks of most orders, its bound is
# half of them.
WORDS = {
    "log_recency_days": Words("recent", "quiet"),
    "log_orders_365d": Words("rare", "frequent"),
    "log_spend_365d": Words("low spend", "high spend"),
    "log_lines_per_order_365d": Words("small baskets", "big baskets"),
    "discount_share_365d": Words("fewer discounts", "more discounts"),
    "weekend_share_365d": Words("weekday", "weekend", bound=0.5),
    "online_share": Words("in store", "online", bound=0.5),
}


def fit_classifiers(training: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Four logistic versions and boosted trees for each classifier and cut-off of the plan, as rows.

    `plan` has one row per model and cut-off (model_code, method, place, cutoff_at, tested_at). `training` has one row
    per model, cut-off, quarter before it (quarters_back, 0 to 3) and customer: the same columns, customer_key,
    is_positive, and a column per feature. The version of a whole year learns from all quarters, the others from the
    newest. Where there is no earlier quarter, there is no version of a year.
    """
    features = [name for name in training.columns if name not in NOT_FEATURES]
    fits = []
    for step in planned(plan, "classifier"):
        year = at_cutoff(training, step)
        newest = year[year["quarters_back"] == 0]
        settings = ClassifierSettings(step.model_code, features, step.cutoff_at, step.tested_at)
        for variant, subset in VARIANTS.items():
            if variant == YEAR and len(year) == len(newest):
                continue
            data = year if variant == YEAR else newest
            chosen = dataclasses.replace(settings, variant=variant, features=subset or features)
            fits.append(rows_or_failure("logistic", fit_logistic, data, chosen))
        fits.append(rows_or_failure("boosted", fit_boosted, newest, settings))
    return all_rows(fits)


def fit_lifetime_values(
    histories: pd.DataFrame, plan: pd.DataFrame, *, method: str
) -> pd.DataFrame:
    """One fit for each lifetime model and cut-off of the plan, as rows; `method` as in lifetime_value.py.

    `histories` has one row per model, cut-off and customer. A fit of MBG/NBD is three versions, which
    pred_lifetime_value scores in three ways.
    """
    fits = []
    for step in planned(plan, "lifetime"):
        settings = LifetimeSettings(step.model_code, int(step.horizon_days), step.cutoff_at, method)
        rows = rows_or_failure(method, fit_lifetime_value, at_cutoff(histories, step), settings)
        fits.append(rows)
        if method == "mbg_nbd" and fact_of(rows, "status") == "fitted":
            fits += [under_method(rows, recipe) for recipe in TWO_PARTS]
    return all_rows(fits)


def under_method(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    """The rows of a fit as a version of another method, which scores with the same parameters."""
    is_method = (rows["part"] == "fact") & (rows["item"] == "method")
    version = f"{method}-{rows['version'].iloc[0].split('-', 1)[1]}"
    return rows.assign(version=version, label=rows["label"].mask(is_method, method))


def fit_planned_micro_segments(
    customers: pd.DataFrame,
    plan: pd.DataFrame,
    champion: pd.DataFrame,
    *,
    algorithm: str,
    minimum_share: float,
) -> pd.DataFrame:
    """Micro-segments, if the plan asks for them, as rows. `champion` holds the rows of the present ones, or none.

    A refit keeps the number of groups while they are stable: with another number, few customers would keep their
    group.
    """
    fits = []
    for step in planned(plan, "clusters"):
        settings = ClusterSettings(
            step.cutoff_at,
            algorithm,
            minimum_share=minimum_share,
            vocabulary=WORDS,
            log1p_features=[name for name in WORDS if name.startswith("log_")],
            model_code=step.model_code,
        )
        attempts = [settings]
        if not champion.empty:
            groups = champion.loc[champion["part"] == "centroid", "group_id"].nunique()
            attempts.insert(0, dataclasses.replace(settings, ks=[groups]))
        for attempt in attempts:
            fit = partial(fit_micro_segments, champion=champion)
            rows = rows_or_failure(algorithm, fit, customers, attempt)
            if fact_of(rows, "is_stable") == "true":
                break
        fits.append(rows)
    return all_rows(fits)


def score_all_boosted(params: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """Probabilities of every boosted version: model_code, version, customer_key, moment_at, probability.

    `params` holds the rows of the versions, `inputs` one row per version, moment and customer.
    """
    keys = ["model_code", "version"]
    rows = dict(list(params.groupby(keys)))
    scored = [inputs.iloc[:0].assign(probability=pd.Series(dtype="float64"))]
    for version, customers in inputs.groupby(keys, sort=True):
        scored.append(customers.assign(probability=score_boosted(rows[version], customers)))
    return pd.concat(scored)[[*keys, "customer_key", "moment_at", "probability"]]


def planned(plan: pd.DataFrame, method: str) -> Iterator[Any]:
    """The plan's steps of one method, in the same order every time."""
    return plan[plan["method"] == method].sort_values(["model_code", "place"]).itertuples()


def at_cutoff(data: pd.DataFrame, step: Any) -> pd.DataFrame:
    """The rows of `data` for one step of the plan."""
    is_step = (data["model_code"] == step.model_code) & (data["cutoff_at"] == step.cutoff_at)
    return data[is_step].drop(columns=["model_code", "cutoff_at"])


def rows_or_failure(
    method: str,
    fit: Callable[[pd.DataFrame, Any], pd.DataFrame],
    data: pd.DataFrame,
    settings: ClassifierSettings | LifetimeSettings | ClusterSettings,
) -> pd.DataFrame:
    """The rows of a fit. If it raises, those of a version that records why, and the last good version goes on scoring."""
    try:
        # One thread gives the same bits on every machine, and is the fastest at these sizes.
        with threadpool_limits(1):
            return require_numbers(fit(data, settings))
    except Exception as problem:
        variant = getattr(settings, "variant", None)
        chosen = {} if variant is None else {"variant": variant}
        failure = chosen | {"failed": str(problem)}
        version = version_of(method, settings.cutoff, failure, hash_of(len(data)))
        why = f"Training stopped: {type(problem).__name__}: {problem}"
        about = {"status": "failed", "why": why, "method": method, "cutoff": settings.cutoff}
        return build_rows(settings.model_code, version, facts(about | chosen | {"rows": len(data)}))


def require_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows. Raises ArithmeticError when one holds neither text nor a finite number: it could not score."""
    missing = rows[rows["label"].isna() & ~np.isfinite(rows["value"])]
    if len(missing):
        raise ArithmeticError(
            f"{len(missing)} numbers are missing, the first in {missing['part'].iloc[0]}"
        )
    return rows


def all_rows(fits: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all fits; no rows, in the same shape, where nothing was planned."""
    return pd.concat(fits or [build_rows("", "", [])], ignore_index=True)[list(COLUMNS)]
