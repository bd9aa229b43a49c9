"""CDNOW sample: 2,357 customers who first bought in early 1997, the data of the papers.

Read from the files of the `lifetimes` package, which is never imported (it fails on current pandas).
"""

import importlib.metadata
from pathlib import Path

import numpy as np
import pandas as pd

CALIBRATION_ENDS = np.datetime64("1997-09-30")
HOLDOUT_ENDS = np.datetime64("1998-06-30")


def cdnow_file() -> Path:
    """Where the package keeps the transaction log."""
    files = importlib.metadata.distribution("lifetimes").files or []
    return Path(next(f for f in files if f.name == "CDNOW_sample.txt").locate())


def read_cdnow() -> pd.DataFrame:
    """One row a customer, as `fit_lifetime_value` takes it, and `holdout_purchases` of weeks 40-78.

    A purchase is a day with one: two orders of one day are one purchase.
    """
    lines = pd.read_csv(
        cdnow_file(), sep=r"\s+", header=None, names=["id", "customer_key", "day", "units", "usd"],
        dtype={"id": str, "customer_key": str, "day": str},
    )  # fmt: skip
    lines["day"] = pd.to_datetime(lines["day"], format="%Y%m%d")
    days = lines.groupby(["customer_key", "day"], as_index=False)["usd"].sum()
    days["first"] = days.groupby("customer_key")["day"].transform("min")
    known = days[days["day"] <= CALIBRATION_ENDS]
    repeat = known[known["day"] > known["first"]]
    later = days[(days["day"] > CALIBRATION_ENDS) & (days["day"] <= HOLDOUT_ENDS)]
    by_customer = known.groupby("customer_key")
    first, last = by_customer["first"].first(), by_customer["day"].max()
    frame = pd.DataFrame(
        {
            "repeat_purchase_days": by_customer.size() - 1,
            "first_to_last_days": (last - first).dt.days,
            "tenure_days": (CALIBRATION_ENDS - first).dt.days,
            "repeat_spend_mean": repeat.groupby("customer_key")["usd"].mean(),
            "holdout_purchases": later.groupby("customer_key").size(),
        }
    )
    return frame.fillna({"holdout_purchases": 0}).rename_axis("customer_key").reset_index()
