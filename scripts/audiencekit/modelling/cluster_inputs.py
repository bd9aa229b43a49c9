"""What a micro-segment fit reads: the columns that it can use, and the settings that it records."""

import numpy as np
import pandas as pd
import sklearn

from audiencekit.modelling.cluster_ids import Champion
from audiencekit.modelling.cluster_quality import BOOTSTRAP_ROWS
from audiencekit.modelling.cluster_settings import ClusterSettings
from audiencekit.modelling.rows import KEY, hash_of


def numeric_columns(customers: pd.DataFrame) -> list[str]:
    """Columns with at least one finite number, by name."""
    names = []
    for name in sorted(set(customers.columns) - {KEY}):
        column = customers[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            continue
        read = pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan)
        if np.isfinite(read).any():
            names.append(name)
    return names


def varies(values: np.ndarray) -> bool:
    """Whether a column can be scaled: its spread is more than rounding noise and does not overflow."""
    with np.errstate(all="ignore"):
        spread, size = values.std() if len(values) else 0.0, np.abs(values).max(initial=0.0)
    return bool(np.isfinite(spread) and spread > 1e-9 * size)


def settings_facts(settings: ClusterSettings) -> dict[str, object]:
    """The settings that are recorded as facts."""
    return {
        "algorithm": settings.algorithm,
        "cutoff": settings.cutoff,
        "seed": settings.seed,
        "minimum_share": settings.minimum_share,
        "bootstraps": settings.bootstraps,
        "bootstrap_rows": BOOTSTRAP_ROWS[settings.algorithm],
        "library": f"scikit-learn {sklearn.__version__}",
    }


def version_only_settings(settings: ClusterSettings, before: Champion | None) -> dict[str, object]:
    """The settings that only change the version."""
    return {
        "compare": sorted(settings.compare),
        "ks": list(settings.ks),
        "vocabulary": list((settings.vocabulary or {}).items()),
        "log1p_features": sorted(settings.log1p_features),
        "champion": _hash_of_champion(before),
    }


def _hash_of_champion(before: Champion | None) -> str | None:
    if before is None:
        return None
    scaler = before.scaler
    arrays = (scaler.mean, scaler.scale, before.centroids)
    return hash_of([before.version, scaler.features, before.ids, [a.tolist() for a in arrays]])
