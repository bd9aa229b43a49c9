"""Visits that end without a purchase: by customers, and by strangers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audiencekit.demo import chance
from audiencekit.demo.devices import anonymous_ids, pick_cookie
from audiencekit.demo.retail import Retail

CURIOUS_SHARE = 0.20  # of buyers who never buy online but do browse
# A browsing session is placed some days before or after a real basket, so visits follow the activity of a
# household and stop when it stops buying.
ECHOES_A_BASKET, ECHOES_A_BASKET_SECOND_ADULT, ECHO_DAYS = 0.43, 0.06, 6
LAST_WEEK_EXTRA = (
    2.0  # additional echoes of a basket in the last 7 days, because the shop has grown
)
STRANGERS_A_HOUSEHOLD, VISITS_A_STRANGER = 3.2, 2.0
STRANGERS_AT_AS_OF = (
    0.005  # of their visits, in the last half hour, because it is the busiest time of the day
)
LOGIN_SHARE, CART_SHARE, CHECKOUT_SHARE, SEARCH_SHARE, REMOVE_SHARE = 0.30, 0.22, 0.25, 0.35, 0.15
LONG = 5400.0  # seconds a session lasts at most


@dataclass(frozen=True)
class Visitors:
    """The people who visit, their logins, and their cookies as made by `make_cookies`."""

    people: pd.DataFrame
    accounts: pd.DataFrame
    cookies: np.ndarray

    def logins_of(self, person: np.ndarray) -> np.ndarray:
        """The account_id of each person's first login, null without one."""
        first = self.accounts[self.accounts["is_first"]].set_index("person")["account_id"]
        return first.reindex(range(len(self.people))).to_numpy()[person]


def browse(retail: Retail, visitors: Visitors, rng: np.random.Generator) -> pd.DataFrame:
    """Visits of customers that end without a purchase."""
    people = visitors.people
    ordered_at = retail.baskets["ordered_at"].to_numpy()
    home = np.searchsorted(retail.households["household_id"], retail.baskets["household_id"])
    role = people["role"].to_numpy()
    looks = (people["web_share"].to_numpy() > 0) | (rng.random(len(people)) < CURIOUS_SHARE)
    second_of = np.full(len(retail.households), -1)
    second_of[people["home"].to_numpy()[role == "second"]] = np.flatnonzero(role == "second")
    is_late = ordered_at > chance.AS_OF - 7 * chance.DAY
    rate = np.where(looks[home], ECHOES_A_BASKET + LAST_WEEK_EXTRA * is_late, 0.0)
    by_second = np.where(second_of[home] >= 0, ECHOES_A_BASKET_SECOND_ADULT, 0.0)
    echo = np.repeat(np.arange(len(home)), rng.poisson(rate))
    echo_second = np.repeat(np.arange(len(home)), rng.poisson(by_second))
    basket = np.concatenate([echo, echo_second])
    person = np.concatenate([home[echo], second_of[home[echo_second]]])
    days = rng.integers(-ECHO_DAYS, ECHO_DAYS + 1, len(basket)) * 86_400.0
    ends_at = ordered_at[basket] + chance.some_seconds(days + rng.normal(0, 3600, len(basket)))
    inside = (ends_at < chance.AS_OF) & (ends_at > chance.YEAR_START + chance.HOUR)
    person, ends_at = person[inside], ends_at[inside]
    return looking_around(person, ends_at, visitors, rng)


def looking_around(
    person: np.ndarray,
    ends_at: np.ndarray,
    visitors: Visitors,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One session for each of these people: mostly views, sometimes a cart, rarely a started checkout."""
    size = len(person)
    login = visitors.logins_of(person)
    adds = np.where(rng.random(size) < CART_SHARE, rng.integers(1, 4, size), 0)
    views = np.maximum(rng.poisson(2.0, size), adds)
    return pd.DataFrame(
        {
            "person": person,
            "anonymous_id": pick_cookie(visitors.cookies, person, rng),
            "account_id": np.where(rng.random(size) < LOGIN_SHARE, login, chance.NONE),
            "ends_at": ends_at,
            "basket": -1,
            "home": visitors.people["home"].to_numpy()[person],
            "views": views,
            "adds": adds,
            "removes": ((adds > 1) & (rng.random(size) < REMOVE_SHARE)).astype(int),
            "searches": (rng.random(size) < SEARCH_SHARE).astype(int),
            "logs_in_early": rng.random(size) < 0.6,
            "checks_out": (adds > 0) & (rng.random(size) < CHECKOUT_SHARE),
            "longest_seconds": LONG,
        }
    )


def strangers_visits(households: int, rng: np.random.Generator) -> pd.DataFrame:
    """Visits of people who are known by a cookie only, mostly in the evening like all visits."""
    strangers = round(STRANGERS_A_HOUSEHOLD * households)
    visits = 1 + rng.poisson(VISITS_A_STRANGER - 1, strangers)
    size = int(visits.sum())
    day = rng.integers(0, 365, size) * 86_400.0
    hour = (rng.normal(20.5, 3.0, size) % 24) * 3600
    ends_at = chance.YEAR_START + chance.some_seconds(np.maximum(day + hour, 3600.0))
    is_now = rng.random(size) < STRANGERS_AT_AS_OF
    ends_at[is_now] = chance.AS_OF - chance.some_seconds(1 + rng.random(is_now.sum()) * 1800)
    adds = np.where(rng.random(size) < CART_SHARE / 2, 1, 0)
    return pd.DataFrame(
        {
            "person": -1,
            "anonymous_id": np.repeat(anonymous_ids(strangers, rng), visits),
            "account_id": None,
            "ends_at": ends_at,
            "basket": -1,
            "home": -1,
            "views": np.maximum(rng.poisson(1.6, size), adds),
            "adds": adds,
            "removes": 0,
            "searches": (rng.random(size) < SEARCH_SHARE).astype(int),
            "logs_in_early": False,
            "checks_out": False,
            "longest_seconds": LONG,
        }
    )
