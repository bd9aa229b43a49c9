"""Web events: every event of each session. The last event happens when the session ends.

The order within a session: page, (login), (search), view, add, view, add …, view, (remove),
(login, when not early), (checkout), (purchase). Events from the login on have the login's account_id.
"""

import numpy as np
import pandas as pd

from audiencekit.demo import chance
from audiencekit.demo.retail import Retail

OWN_TASTE_SHARE = 0.7  # products from the household's own baskets; the others are popular products
SHORTEST_GAP, MEAN_GAP = 2.0, 35.0  # seconds between two events
SIGNALLING_SHARE = 0.03  # of devices
# Places of the steps in a session; views and adds take two places for each product.
PAGE, EARLY_LOGIN, SEARCH, PRODUCTS, REMOVE, LATE_LOGIN, CHECKOUT, PURCHASE = (
    0, 1, 2, 10, 50, 60, 70, 80,
)  # fmt: skip


def make_web_events(retail: Retail, sessions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The landing's web_events, ordered by time; `sessions` as visits.make_sessions makes them."""
    rng = chance.stream(seed, "web")
    sessions = _fit_to_baskets(retail, sessions)
    steps = _steps(retail, sessions, rng)
    order = np.lexsort((steps["place"], steps["session"]))
    steps = {name: values[order] for name, values in steps.items()}
    session, place = steps["session"], steps["place"]
    moment = _moments(sessions, session, rng)
    logs_in = sessions["account_id"].notna().to_numpy()
    early = sessions["logs_in_early"].to_numpy()
    login_place = np.where(logs_in, np.where(early, EARLY_LOGIN, LATE_LOGIN), 1000)
    is_known = place >= login_place[session]
    by_time = np.lexsort((place, session, moment))
    events = pd.DataFrame(
        {
            "occurred_at": moment,
            "event_name": steps["event_name"],
            "anonymous_id": sessions["anonymous_id"].to_numpy()[session],
            "account_id": np.where(is_known, sessions["account_id"].to_numpy()[session], None),
            "product_id": _texts(steps["product_id"]),
            "order_id": _texts(steps["order_id"]),
            "privacy_signal": _privacy_signals(sessions, seed)[session],
        }
    ).iloc[by_time]
    events["event_id"] = [f"w{n:07d}" for n in range(1, len(events) + 1)]
    return events


def _privacy_signals(sessions: pd.DataFrame, seed: int) -> np.ndarray:
    """'gpc' for every session of a device that sends Global Privacy Control, else None."""
    device, names = pd.factorize(sessions["anonymous_id"], sort=True)
    sends = chance.stream(seed, "privacy signal").random(len(names)) < SIGNALLING_SHARE
    return np.where(sends[device], "gpc", chance.NONE)


def _texts(numbers: np.ndarray) -> np.ndarray:
    """Ids as text, null for -1."""
    values, inverse = np.unique(numbers, return_inverse=True)
    texts = np.array([None if n < 0 else str(n) for n in values], dtype=object)
    return texts[inverse]


def _fit_to_baskets(retail: Retail, sessions: pd.DataFrame) -> pd.DataFrame:
    """Limit the product views of a purchase to the lines of its basket."""
    basket = sessions["basket"].to_numpy()
    lines = np.where(basket >= 0, retail.baskets["line_count"].to_numpy()[basket], 99)
    views = np.minimum(sessions["views"], lines)
    return sessions.assign(views=views, adds=np.minimum(sessions["adds"], views))


def _steps(
    retail: Retail, sessions: pd.DataFrame, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """All events, not yet in order or time: session, place, event_name, product_id, order_id."""
    every = np.arange(len(sessions))
    views, adds = sessions["views"].to_numpy(), sessions["adds"].to_numpy()
    viewed, nth_viewed = _repeated(every, views)
    seen = _products(retail, sessions, viewed, nth_viewed, rng)
    first_view = np.cumsum(views) - views
    added, nth_added = _repeated(every, adds)
    logs_in, early = sessions["account_id"].notna().to_numpy(), sessions["logs_in_early"].to_numpy()
    removes = every[sessions["removes"].to_numpy() > 0]
    bought = every[sessions["basket"].to_numpy() >= 0]
    order_id = retail.baskets["basket_id"].to_numpy()[sessions["basket"].to_numpy()[bought]]
    parts = [
        _step("page_view", every, PAGE),
        _step("login", every[logs_in & early], EARLY_LOGIN),
        _step("search", every[sessions["searches"].to_numpy() > 0], SEARCH),
        _step("product_view", viewed, PRODUCTS + 2 * nth_viewed, seen),
        _step(
            "add_to_cart", added, PRODUCTS + 2 * nth_added + 1, seen[first_view[added] + nth_added]
        ),
        _step("remove_from_cart", removes, REMOVE, seen[first_view[removes]]),
        _step("login", every[logs_in & ~early], LATE_LOGIN),
        _step("checkout", every[sessions["checks_out"].to_numpy()], CHECKOUT),
        _step("purchase", bought, PURCHASE, order_id=order_id),
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _step(
    event_name: str,
    session: np.ndarray,
    place: np.ndarray | int,
    product_id: np.ndarray | int = -1,
    order_id: np.ndarray | int = -1,
) -> dict[str, np.ndarray]:
    """One kind of event for each of the sessions, as columns of equal length; -1 means none."""
    size = len(session)
    return {
        "session": session,
        "place": np.broadcast_to(place, size),
        "event_name": np.full(size, event_name, dtype=object),
        "product_id": np.broadcast_to(product_id, size),
        "order_id": np.broadcast_to(order_id, size),
    }


def _repeated(rows: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row `counts` times, and which time it is (0-based)."""
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(rows, counts), nth


def _products(
    retail: Retail,
    sessions: pd.DataFrame,
    viewed: np.ndarray,
    nth: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The product of each view: from the basket that was bought, from the home's other baskets, or a popular one."""
    lines = retail.line_products.to_numpy()
    line_count = retail.baskets["line_count"].to_numpy()
    basket_start = np.cumsum(line_count) - line_count
    ids = retail.households["household_id"].to_numpy()
    of_home = retail.baskets["household_id"].to_numpy()
    # Baskets are sorted by household, so the lines of a home are one slice.
    starts = np.append(basket_start, len(lines))
    home_start = starts[np.searchsorted(of_home, ids)]
    home_end = starts[np.searchsorted(of_home, ids, side="right")]
    home, basket = sessions["home"].to_numpy()[viewed], sessions["basket"].to_numpy()[viewed]
    drawn = rng.random(len(viewed))
    popular = (drawn * len(lines)).astype(int)
    own = home_start[home] + (drawn * (home_end - home_start)[home]).astype(int)
    by_taste = (home >= 0) & (rng.random(len(viewed)) < OWN_TASTE_SHARE)
    which = np.where(basket >= 0, basket_start[basket] + nth, np.where(by_taste, own, popular))
    return lines[which]


def _moments(sessions: pd.DataFrame, session: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """When each event happened; `session` is sorted, and each session's last event is its end."""
    gaps = SHORTEST_GAP + rng.exponential(MEAN_GAP - SHORTEST_GAP, len(session))
    run = np.cumsum(gaps)
    starts = np.searchsorted(session, np.arange(len(sessions)))
    ends = np.append(starts[1:], len(session)) - 1
    to_end = run[ends][session] - run
    lasts = to_end[starts]
    squeeze = np.minimum(1.0, sessions["longest_seconds"].to_numpy() / np.maximum(lasts, 1.0))
    ends_at = sessions["ends_at"].to_numpy()[session]
    return ends_at - chance.some_seconds(to_end * squeeze[session])
