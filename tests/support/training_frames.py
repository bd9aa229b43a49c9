"""Made-up training rows."""

import numpy as np
import pandas as pd

FEATURES = ["log_recency_days", "log_orders_365d", "log_spend_365d", "online_share"]
CUTOFF, TESTED = pd.Timestamp("2017-11-02"), pd.Timestamp("2017-12-02")


def training(rows: int) -> pd.DataFrame:
    """Customers of whom every second one buys."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(rng.normal(size=(rows, len(FEATURES))), columns=FEATURES).assign(
        model_code="propensity_30d",
        cutoff_at=CUTOFF,
        tested_at=TESTED,
        quarters_back=0,
        customer_key=[f"c{n:04d}" for n in range(rows)],
        is_positive=np.arange(rows) % 2 == 0,
    )
