"""Customer lifetime value as rows: how often customers buy again, and how much they spend.

The model counts time in weeks: alpha, T, t_x and the horizon that SQL scores with.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import scipy

from audiencekit.modelling.buy_till_you_die import METHODS, fit_purchases, fit_spend
from audiencekit.modelling.rows import Row, build_rows, facts, numbers, read_training, version_of

LEAST_REPEAT_CUSTOMERS = 50
DAYS_A_WEEK = 7
COUNTS = ["repeat_purchase_days", "first_to_last_days", "tenure_days"]
SPEND = "repeat_spend_mean"


@dataclass(frozen=True)
class LifetimeSettings:
    """One fit. `method` is 'bg_nbd' or 'mbg_nbd'. Nothing is random: `seed` is only recorded."""

    model_code: str
    horizon_days: int
    cutoff: date | str
    method: str = "mbg_nbd"
    seed: int = 7


def fit_lifetime_value(customers: pd.DataFrame, settings: LifetimeSettings) -> pd.DataFrame:
    """Fit purchases (BG/NBD or MBG/NBD) and spend (Gamma-Gamma), return rows.

    `customers` has one row a customer: customer_key, repeat_purchase_days, first_to_last_days, tenure_days (days)
    and repeat_spend_mean (null for customers with one purchase). Impossible rows (last purchase after now,
    negative counts) are left out and counted. Parts: `parameter` (r, alpha, a, b, p, q, gamma, log_likelihood; none
    unless fitted) and `fact`. Too little data gives status 'skipped', and a search without a result 'failed'; neither
    raises. An unknown method raises ValueError, a missing column KeyError.
    """
    method = settings.method
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it is one of {', '.join(METHODS)}.")
    spend = pd.to_numeric(customers[SPEND], errors="coerce").fillna(0)
    read = read_training(customers.assign(**{SPEND: spend}), [*COUNTS, SPEND])
    usable = _possible(read.frame)
    repeat = int((usable[COUNTS[0]] > 0).sum())
    status, why, parameters, is_churn_negligible = _fit(usable, method, repeat)
    chosen = {
        "horizon_days": settings.horizon_days,
        "seed": settings.seed,
        "library": f"scipy {scipy.__version__}",
    }
    about = {
        "status": status,
        "why": why,
        "method": method,
        "rows": len(usable),
        "repeat_customers": repeat,
        "dropped_rows": read.dropped + len(read.frame) - len(usable),
        "horizon_days": settings.horizon_days,
        "cutoff": settings.cutoff,
        "seed": settings.seed,
        "is_churn_negligible": is_churn_negligible,
        "data_hash": read.data_hash,
        "library": chosen["library"],
    }
    version = version_of(method, settings.cutoff, chosen, read.data_hash)
    return build_rows(settings.model_code, version, facts(about) + parameters)


def _possible(frame: pd.DataFrame) -> pd.DataFrame:
    x, t_x, T = (frame[column] for column in COUNTS)
    came_back = (x > 0) == (t_x > 0)
    return frame[(x >= 0) & came_back & (t_x <= T)]


def _fit(customers: pd.DataFrame, method: str, repeat: int) -> tuple[str, str, list[Row], str]:
    """Status, why, parameter rows, and whether almost nobody stops buying: 'true', 'false', or 'unknown'."""
    x = customers[COUNTS[0]].to_numpy()
    t_x, T = (customers[column].to_numpy() / DAYS_A_WEEK for column in COUNTS[1:])
    m = customers[SPEND].to_numpy()
    if repeat < LEAST_REPEAT_CUSTOMERS:
        why = f"{repeat} customers bought more than once; {LEAST_REPEAT_CUSTOMERS} are needed."
        return "skipped", why, [], "unknown"
    spent = (x > 0) & (m > 0)
    if not spent.any():
        return "skipped", "No customer's repeat purchases add up to money spent.", [], "unknown"
    with np.errstate(all="ignore"):
        purchases, spend = fit_purchases(x, t_x, T, method), fit_spend(x[spent], m[spent])
    values = {k: getattr(purchases, k) for k in ("r", "alpha", "a", "b")}
    values |= {k: getattr(spend, k) for k in ("p", "q", "gamma")}
    values |= {"log_likelihood": purchases.log_likelihood}
    if not (purchases.converged and np.isfinite(list(values.values())).all()):
        return "failed", "No purchase rates fit how these customers came back.", [], "unknown"
    if not spend.converged:
        return "failed", "Spend differs too widely between customers to expect any.", [], "unknown"
    is_churn_negligible = "true" if purchases.is_churn_negligible else "false"
    why = "Enough customers bought more than once."
    if purchases.is_churn_negligible:
        why += " Next to nobody stops buying for good: do not read the probability alive as churn."
    return "fitted", why, numbers("parameter", values, values.values()), is_churn_negligible
