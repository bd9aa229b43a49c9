"""Match results that ad platforms report for audiences. Simulated."""

import hashlib

import numpy as np
import pandas as pd

from audiencekit.intake.tombstones import salt

ROWS = {
    ("google_ads", "frequent_and_recent"): (310, 171),
    ("google_ads", "recent_buyers"): (330, 182),
    ("meta", "frequent_and_recent"): (820, 509),
    ("meta", "rfm_champions"): (240, 151),
}


def make_match_results() -> pd.DataFrame:
    """The landing's match_results: channel, audience_code, measured_at, rows_uploaded, rows_matched."""
    return pd.DataFrame(
        [
            (channel, _code(segment), np.datetime64("2017-12-28T06:00", "us"), *rows)
            for (channel, segment), rows in ROWS.items()
        ],
        columns=["channel", "audience_code", "measured_at", "rows_uploaded", "rows_matched"],
    )


def _code(segment: str) -> str:
    """The neutral code that dim_segments gives a segment."""
    return "ak_" + hashlib.sha256(f"{salt()}|{segment}".encode()).hexdigest()[:10]
