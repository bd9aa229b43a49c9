"""What the training plan of a build asks for, fitted; a fit that fails says so, and the others go on."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from audiencekit.modelling.boosted import fit_boosted, score_boosted
from audiencekit.modelling.clusters import fit_micro_segments
from audiencekit.modelling.lifetime_value import fit_lifetime_value
from audiencekit.modelling.logistic import fit_logistic
from audiencekit.modelling.rows import (
    COLUMNS,
    build_rows,
    fact_of,
    facts,
    hash_of,
    version_of,
)

# What the simpler versions know. They say what the full one is worth, and stand in for it on little data.
VARIANTS = {
    "recency": ["log_recency_days"],
    "rfm": ["log_recency_days", "log_orders_365d", "log_spend_365d_usd"],
    "full": None,
}
NOT_FEATURES = ("model_code", "cutoff_at", "tested_at", "customer_key", "is_positive")
# How a low and a high value read in the name of a micro-segment.
WORDS = {
    "log_recency_days": ("recent", "lapsed"),
    "log_orders_365d": ("rare", "frequent"),
    "log_spend_365d_usd": ("low spend", "high spend"),
    "log_lines_per_order_365d": ("small baskets", "big baskets"),
    "discount_share_365d": ("full price", "on offer"),
    "weekend_share_365d": ("weekday", "weekend"),
    "online_share": ("in store", "online"),
}


def fit_classifiers(training: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Three logistic versions and boosted trees for each classifier and cut-off of the plan, as rows.

    `plan` has a row per model and cut-off (model_code, method, place, cutoff_at, tested_at), `training`
    a row per model, cut-off and customer: those, customer_key, is_positive, and a column per feature.
    """
    features = [name for name in training.columns if name not in NOT_FEATURES]
    found = []
    for step in planned(plan, "classifier"):
        data = at_cutoff(training, step)
        said = {
            "model_code": step.model_code,
            "cutoff": step.cutoff_at,
            "tested_at": step.tested_at,
        }
        for variant, known in VARIANTS.items():
            settings = said | {"variant": variant, "features": known or features}
            found.append(rows_or_failure("logistic", fit_logistic, data, settings))
        settings = said | {"features": features}
        found.append(rows_or_failure("boosted", fit_boosted, data, settings))
    return all_rows(found)


def fit_lifetime_values(
    histories: pd.DataFrame, plan: pd.DataFrame, *, method: str
) -> pd.DataFrame:
    """One fit for each lifetime model and cut-off of the plan, as rows; `method` as in lifetime_value.py.

    `histories` has a row per model, cut-off and customer.
    """
    found = []
    for step in planned(plan, "lifetime"):
        settings = {
            "model_code": step.model_code,
            "cutoff": step.cutoff_at,
            "horizon_days": int(step.horizon_days),
            "method": method,
        }
        data = at_cutoff(histories, step)
        found.append(rows_or_failure(method, fit_lifetime_value, data, settings))
    return all_rows(found)


def fit_planned_micro_segments(
    customers: pd.DataFrame,
    plan: pd.DataFrame,
    champion: pd.DataFrame,
    *,
    algorithm: str,
    minimum_share: float,
) -> pd.DataFrame:
    """Micro-segments, if the plan asks for them, as rows; `champion` holds those of today, perhaps none.

    A refit keeps the number of groups while they hold together: another number is another map of
    the customers, on which few find their old place.
    """
    found = []
    for step in planned(plan, "clusters"):
        settings = {
            "cutoff": step.cutoff_at,
            "algorithm": algorithm,
            "minimum_share": minimum_share,
            "vocabulary": WORDS,
            "log1p_features": [name for name in WORDS if name.startswith("log_")],
        }
        fits = [settings]
        if not champion.empty:
            settings["champion"] = champion
            groups = champion.loc[champion["part"] == "centroid", "group_id"].nunique()
            fits = [settings | {"ks": [groups]}, settings]
        for choice in fits:
            rows = rows_or_failure(
                algorithm, fit_micro_segments, customers, choice, step.model_code
            )
            if fact_of(rows, "is_stable") == "true":
                break
        found.append(rows)
    return all_rows(found)


def score_all_boosted(params: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """Probabilities of every boosted version: model_code, version, customer_key, moment_at, probability.

    `params` holds the rows of the versions, `inputs` a row per version, moment and customer.
    """
    keys = ["model_code", "version"]
    rows = dict(list(params.groupby(keys)))
    found = [inputs.iloc[:0].assign(probability=pd.Series(dtype="float64"))]
    for version, mine in inputs.groupby(keys, sort=True):
        found.append(mine.assign(probability=score_boosted(rows[version], mine)))
    return pd.concat(found)[[*keys, "customer_key", "moment_at", "probability"]]


def planned(plan: pd.DataFrame, method: str):
    """The plan's steps of one method, in the same order every time."""
    return plan[plan["method"] == method].sort_values(["model_code", "place"]).itertuples()


def at_cutoff(data: pd.DataFrame, step) -> pd.DataFrame:
    """The rows of `data` that are for one step of the plan."""
    mine = (data["model_code"] == step.model_code) & (data["cutoff_at"] == step.cutoff_at)
    return data[mine].drop(columns=["model_code", "cutoff_at"])


def rows_or_failure(
    method: str,
    fit: Callable[..., pd.DataFrame],
    data: pd.DataFrame,
    settings: dict,
    model_code: str | None = None,
) -> pd.DataFrame:
    """The rows of a fit; if it raises, those of a version that says so, and the last good one scores on."""
    try:
        # One thread gives the same bits on every machine, and is the faster one at these sizes.
        with threadpool_limits(1):
            return require_numbers(fit(data, **settings))
    except Exception as problem:
        code = model_code or settings["model_code"]
        cutoff = settings["cutoff"]
        chosen = {"variant": settings["variant"]} if "variant" in settings else {}
        version = version_of(method, cutoff, chosen | {"failed": str(problem)}, hash_of(len(data)))
        why = f"Training stopped: {type(problem).__name__}: {problem}"
        said = {"status": "failed", "why": why, "method": method, "cutoff": cutoff} | chosen
        return build_rows(code, version, facts(said | {"rows": len(data)}))


def require_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows; ArithmeticError when one holds neither text nor a finite number, for it could not score."""
    holes = rows[rows["label"].isna() & ~np.isfinite(rows["value"])]
    if len(holes):
        raise ArithmeticError(
            f"{len(holes)} numbers are none, the first in {holes['part'].iloc[0]}"
        )
    return rows


def all_rows(found: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all fits; none in the same shape where nothing was planned."""
    return pd.concat(found or [build_rows("", "", [])], ignore_index=True)[list(COLUMNS)]
