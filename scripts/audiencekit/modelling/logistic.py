"""Logistic regression with Platt scaling, as rows: who will buy, who will churn.

probability = 1 / (1 + exp(-(slope * logit + offset))),
logit = intercept + sum over features of weight * (x - mean) / scale.
"""

import hashlib
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from audiencekit.modelling import rows as r
from audiencekit.modelling.classifier import (
    ClassifierData,
    ClassifierSettings,
    classifier_facts,
    rarer_class,
    read_classifier_data,
    version_settings,
)

LEAST_ROWS = 50
LEAST_OF_A_CLASS = 10
LEAST_OF_A_CLASS_FOR_PLATT = 30  # a slope from fewer is noise
FOLDS = 5
SETTINGS: dict[str, Any] = {"C": 1.0, "solver": "lbfgs", "max_iter": 2000}
PLATT_SETTINGS: dict[str, Any] = {
    "C": np.inf,
    "solver": "newton-cholesky",
    "tol": 1e-10,
    "max_iter": 200,
}


class Line(NamedTuple):
    """The fitted linear part; arrays of shape (features,)."""

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    intercept: float

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Logits of shape (rows,), added feature by feature in the order in which SQL adds them."""
        total = np.full(len(x), self.intercept)
        for k in range(x.shape[1]):
            total += self.weight[k] * (x[:, k] - self.mean[k]) / self.scale[k]
        return total


def fit_logistic(training: pd.DataFrame, settings: ClassifierSettings) -> pd.DataFrame:
    """Fit on one row a customer (`customer_key`, numeric features, `is_positive`), return rows.

    Parts: `fact`, `weight`, `mean`, `scale`, `intercept`, `platt` (slope, offset), and `bin_edge` and `bin_share` for
    drift of each feature and of `score`. Too little data gives status 'skipped' and never raises; a missing column
    raises KeyError.
    """
    features = list(settings.features)
    data = read_classifier_data(training, features)
    about = classifier_facts("logistic", data, settings)
    chosen = SETTINGS | version_settings(settings)
    version = r.version_of("logistic", settings.cutoff, chosen, data.data_hash)
    varied = spread(data.x)
    why = _reason_to_skip(data.y, varied)
    if why:
        skipped = r.facts({"status": "skipped", "why": why} | about)
        return r.build_rows(settings.model_code, version, skipped)

    line = _fit_line(data.x, data.y, varied, settings.seed)
    slope, offset, calibration = _fit_platt(data, settings.seed)
    dropped = [name for name, is_varied in zip(features, varied, strict=True) if not is_varied]
    about = {"status": "fitted", "why": data.why_fitted} | about
    score = _sigmoid(slope * line.logits(data.x) + offset)
    about |= {"training_auc": roc_auc_score(data.y, score)}
    about |= {"calibration": calibration, "dropped_features": dropped}
    rows = [
        *r.facts(about),
        *r.numbers("weight", features, line.weight),
        *r.numbers("mean", features, line.mean),
        *r.numbers("scale", features, line.scale),
        *r.numbers("intercept", ["intercept"], [line.intercept]),
        *r.numbers("platt", ["slope", "offset"], [slope, offset]),
    ]
    for k, name in enumerate(features):
        rows += r.drift_bins(name, data.x[:, k])
    rows += r.drift_bins("score", score)
    return r.build_rows(settings.model_code, version, rows)


def score_logistic(rows: pd.DataFrame, inputs: pd.DataFrame) -> pd.Series:
    """Probability for each row of `inputs`, NaN where a feature is missing or infinite.

    `rows` is one fitted version, else ValueError.
    """
    r.require_fitted(rows)
    weight = r.part_of(rows, "weight")
    mean = r.part_of(rows, "mean")[weight.index].to_numpy()
    scale = r.part_of(rows, "scale")[weight.index].to_numpy()
    line = Line(mean, scale, weight.to_numpy(), r.part_of(rows, "intercept")["intercept"])
    platt = r.part_of(rows, "platt")
    x = inputs[list(weight.index)].to_numpy("float64", na_value=np.nan)
    x = np.where(np.isfinite(x), x, np.nan)
    probability = _sigmoid(platt["slope"] * line.logits(x) + platt["offset"])
    return pd.Series(probability, index=inputs.index, name="probability")


def spread(x: np.ndarray) -> np.ndarray:
    """Booleans (features,): whether a column differs between rows, by an amount that a double can hold."""
    if not len(x):
        return np.zeros(x.shape[1], dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        return (x.min(axis=0) < x.max(axis=0)) & np.isfinite(np.square(x).sum(axis=0))


def _reason_to_skip(y: np.ndarray, varied: np.ndarray) -> str | None:
    if len(y) < LEAST_ROWS:
        return f"Only {len(y)} customers to learn from; at least {LEAST_ROWS} are needed."
    fewest, kind = rarer_class(y)
    if fewest < LEAST_OF_A_CLASS:
        return f"Only {fewest} {kind} customers; at least {LEAST_OF_A_CLASS} are needed."
    if not varied.any():
        return "No feature differs between customers, so there is nothing to learn from."
    return None


def _fit_line(x: np.ndarray, y: np.ndarray, varied: np.ndarray, seed: int) -> Line:
    """Scaler and regression on the columns that differ; the others get weight 0, scale 1."""
    mean, scale, weight = np.zeros(x.shape[1]), np.ones(x.shape[1]), np.zeros(x.shape[1])
    scaler = StandardScaler().fit(x[:, varied])
    model = LogisticRegression(random_state=seed, **SETTINGS).fit(scaler.transform(x[:, varied]), y)
    mean[varied], scale[varied], weight[varied] = scaler.mean_, scaler.scale_, model.coef_[0]
    return Line(mean, scale, weight, float(model.intercept_[0]))


def _fit_platt(data: ClassifierData, seed: int) -> tuple[float, float, str]:
    """Slope, offset, and a sentence about them; slope 1 and offset 0 where they cannot be fitted.

    Platt (1999), 'Probabilistic outputs for support vector machines': maximum likelihood on
    out-of-fold logits, with targets (n1 + 1) / (n1 + 2) and 1 / (n0 + 2) in place of 1 and 0.
    """
    x, y = data.x, data.y
    n1, n0 = int(y.sum()), int((~y).sum())
    if min(n1, n0) < LEAST_OF_A_CLASS_FOR_PLATT:
        return 1.0, 0.0, f"none: fewer than {LEAST_OF_A_CLASS_FOR_PLATT} customers of a class"
    logits, folds = np.zeros(len(y)), fold_of(data.keys)
    for fold in range(FOLDS):
        held = folds == fold
        varied = spread(x[~held])
        if y[~held].all() or not y[~held].any() or not varied.any():
            return 1.0, 0.0, "none: a fold leaves too little to learn from"
        if held.any():
            logits[held] = _fit_line(x[~held], y[~held], varied, seed).logits(x[held])
    if logits.min() == logits.max():
        return 1.0, 0.0, "none: every customer scores the same"
    target = np.where(y, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    model = LogisticRegression(random_state=seed, **PLATT_SETTINGS).fit(
        np.tile(logits, 2)[:, None],
        np.repeat([True, False], len(y)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if not slope > 0:
        return 1.0, 0.0, f"none: the slope was {slope:.3f}, so scores would be turned round"
    return slope, offset, f"Platt pair on out-of-fold logits, {FOLDS} folds"


def fold_of(keys: pd.Series) -> np.ndarray:
    """Fold 0..4 of each customer, from the SHA-256 of the key: the same in every fit."""
    starts = (hashlib.sha256(key.encode()).digest()[:8] for key in keys)
    return np.array([int.from_bytes(start) % FOLDS for start in starts])


def _sigmoid(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))
