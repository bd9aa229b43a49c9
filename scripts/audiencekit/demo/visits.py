"""Web sessions: who visited when, and for what. `web.py` turns them into events.

A session is a row of: person (-1: not a customer), anonymous_id, account_id (null: no login),
ends_at, basket (row of retail.baskets for a purchase, else -1), home (household row whose baskets
the products come from, -1: any), views, adds, removes, searches, logs_in_early, checks_out,
longest_seconds (from first to last event).
"""

import numpy as np
import pandas as pd

from audiencekit.demo import chance
from audiencekit.demo.browsing import (
    LONG,
    SEARCH_SHARE,
    Visitors,
    browse,
    looking_around,
    strangers_visits,
)
from audiencekit.demo.devices import make_cookies, pick_cookie
from audiencekit.demo.retail import Retail

PRODUCTS_SHOWN = 4  # product views of a purchase; the rest comes from the shopping list
LIVE = 540.0  # seconds a session lasts at most, to lie within the last 10 minutes
# Sessions near as_of, so that real-time segments have members. As shares of logins, but at least AT_LEAST: intent in
# the last 10 minutes (more than 3 views and a cart), people looking around in the last 30 minutes, and carts left in
# the last 48 hours.
LIVE_SHARE, LOOKING_SHARE, ABANDONED_SHARE, AT_LEAST = 0.020, 0.020, 0.030, 4


def make_sessions(
    retail: Retail, people: pd.DataFrame, accounts: pd.DataFrame, orders: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Every session of the year, ordered by its end."""
    rng = chance.stream(seed, "visits")
    visitors = Visitors(people, accounts, make_cookies(people, rng))
    parts = [
        _purchases(orders, visitors, rng),
        browse(retail, visitors, rng),
        _at_as_of(visitors, orders, rng),
        strangers_visits(len(retail.households), rng),
    ]
    sessions = pd.concat(parts, ignore_index=True)
    return sessions.sort_values(["ends_at", "anonymous_id"], kind="stable", ignore_index=True)


def _purchases(orders: pd.DataFrame, visitors: Visitors, rng: np.random.Generator) -> pd.DataFrame:
    """The session of each web basket. The purchase follows its end by up to 2 minutes."""
    web = orders[orders["order_channel"] == "web"]
    person = web["person"].to_numpy()
    size = len(web)
    return pd.DataFrame(
        {
            "person": person,
            "anonymous_id": pick_cookie(visitors.cookies, person, rng),
            "account_id": web["account_id"].to_numpy(),
            "ends_at": web["ordered_at"].to_numpy() - chance.some_seconds(rng.random(size) * 120),
            "basket": web.index.to_numpy(),
            "home": visitors.people["home"].to_numpy()[person],
            "views": PRODUCTS_SHOWN,  # fewer where the basket is smaller
            "adds": PRODUCTS_SHOWN,
            "removes": 0,
            "searches": (rng.random(size) < SEARCH_SHARE).astype(int),
            "logs_in_early": rng.random(size) < 0.5,
            "checks_out": True,
            "longest_seconds": LONG,
        }
    )


def _at_as_of(visitors: Visitors, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions that real-time segments look for, by people who logged in on their own device."""
    able = rng.permutation(_able_to_visit(visitors, orders))
    sizes = [
        max(AT_LEAST, round(share * len(visitors.accounts)))
        for share in (LIVE_SHARE, LOOKING_SHARE, ABANDONED_SHARE)
    ]
    live, looking, abandoned = np.split(able[: sum(sizes)], np.cumsum(sizes)[:2])

    def seconds_ago(count: int, low: float, high: float) -> np.ndarray:
        return chance.AS_OF - chance.some_seconds(low + rng.random(count) * (high - low))

    def visits(
        person: np.ndarray, ends_at: np.ndarray, views: np.ndarray, adds: np.ndarray
    ) -> pd.DataFrame:
        session = looking_around(person, ends_at, visitors, rng)
        return session.assign(
            account_id=visitors.logins_of(person),
            logs_in_early=True,
            views=views,
            adds=adds,
            removes=0,
            longest_seconds=LIVE,
            checks_out=session["checks_out"] & (adds > 0),
        )

    counts = [len(live), len(looking), len(abandoned)]
    return pd.concat(
        [
            visits(
                live,
                seconds_ago(counts[0], 1, 55),
                rng.integers(4, 9, counts[0]),
                rng.integers(1, 4, counts[0]),
            ),
            visits(
                looking,
                seconds_ago(counts[1], 60, 1200),
                rng.integers(2, 6, counts[1]),
                np.zeros(counts[1], dtype=int),
            ),
            visits(
                abandoned,
                seconds_ago(counts[2], 7200, 46 * 3600),
                rng.integers(1, 5, counts[2]),
                np.ones(counts[2], dtype=int),
            ),
        ],
        ignore_index=True,
    )


def _able_to_visit(visitors: Visitors, orders: pd.DataFrame) -> np.ndarray:
    """People who shop online, share no device, and bought nothing online in the last 3 days."""
    is_web = orders["order_channel"] == "web"
    is_late = orders["ordered_at"] > chance.AS_OF - 3 * chance.DAY
    just_bought = orders.loc[is_web & is_late, "person"]
    shares_device = pd.notna(visitors.cookies[:, 3])
    shops_online = visitors.people["web_share"].to_numpy() > 0
    return np.setdiff1d(np.flatnonzero(shops_online & ~shares_device), just_bought.to_numpy())
