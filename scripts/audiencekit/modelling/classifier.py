"""What both classifiers share: their settings, their training data, and the facts they record about a fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import sklearn

from audiencekit.modelling.rows import KEY, hash_of, read_training

LIBRARY = f"scikit-learn {sklearn.__version__}"


@dataclass(frozen=True)
class ClassifierSettings:
    """One fit of a classifier. `tested_at` is only recorded: it is no part of the version."""

    model_code: str
    features: Sequence[str]
    cutoff: date | str
    tested_at: date | str | None = None
    variant: str | None = None
    seed: int = 7


@dataclass(frozen=True)
class ClassifierData:
    """Training data: `x` (customers, features), `y` (customers,) of booleans, and the customers' keys."""

    x: np.ndarray
    y: np.ndarray
    keys: pd.Series
    dropped: int  # rows left out: no customer, or a number missing or infinite
    data_hash: str

    @property
    def why_fitted(self) -> str:
        return f"Learned from {len(self.y):,} customers, {int(self.y.sum()):,} of them positive."


def read_classifier_data(training: pd.DataFrame, features: Sequence[str]) -> ClassifierData:
    """Read one row a customer: `customer_key`, numeric features, `is_positive`. KeyError for a missing column."""
    read = read_training(training, [*features, "is_positive"])
    return ClassifierData(
        x=read.frame[list(features)].to_numpy(),
        y=read.frame["is_positive"].to_numpy() == 1,
        keys=read.frame[KEY],
        dropped=read.dropped,
        data_hash=read.data_hash,
    )


def version_settings(settings: ClassifierSettings) -> dict[str, object]:
    """The settings that are part of a version, together with those of the algorithm."""
    variant = {} if settings.variant is None else {"variant": settings.variant}
    features = list(settings.features)
    return variant | {"features": features, "seed": settings.seed, "library": LIBRARY}


def classifier_facts(
    method: str, data: ClassifierData, settings: ClassifierSettings
) -> dict[str, object]:
    """The facts of a fit, without its status."""
    variant = {} if settings.variant is None else {"variant": settings.variant}
    return {
        "method": method,
        **variant,
        "rows": len(data.y),
        "positives": int(data.y.sum()),
        "dropped_rows": data.dropped,
        "cutoff": settings.cutoff,
        "tested_at": settings.tested_at,
        "seed": settings.seed,
        "data_hash": data.data_hash,
        "feature_hash": hash_of(list(settings.features)),
        "library": LIBRARY,
    }


def rarer_class(y: np.ndarray) -> tuple[int, str]:
    """How many customers the rarer class has, and whether it is 'positive' or 'negative'."""
    fewest = min(y.sum(), (~y).sum())
    return int(fewest), "positive" if y.sum() == fewest else "negative"
