"""Cookies: the devices of visitors, some of them shared in a home."""

import numpy as np
import pandas as pd

COOKIE_SHARES = (0.5, 0.35, 0.15)  # one, two or three devices a person
SHARED_TABLET_SHARE = 0.35  # of homes with two adults; each uses it for a third of their visits


def make_cookies(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """anonymous_ids by person, shape (people, 4): three of their own, then the shared one or null."""
    size = len(people)
    cookies = anonymous_ids(size * 4, rng).reshape(size, 4)
    devices = rng.choice([1, 2, 3], size=size, p=COOKIE_SHARES)
    cookies[devices < 2, 1] = cookies[devices < 2, 0]
    cookies[devices < 3, 2] = cookies[devices < 3, 0]
    second = np.flatnonzero(people["role"] == "second")
    partner = people["home"].to_numpy()[second]
    shares = rng.random(len(second)) < SHARED_TABLET_SHARE
    cookies[second[shares], 3] = cookies[partner[shares], 3]
    alone = np.setdiff1d(np.arange(size), np.concatenate([second[shares], partner[shares]]))
    cookies[alone, 3] = None
    return cookies


def anonymous_ids(count: int, rng: np.random.Generator) -> np.ndarray:
    return np.array([f"{n:016x}" for n in rng.integers(0, 2**63, count)], dtype=object)


def pick_cookie(cookies: np.ndarray, person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    own = cookies[person, rng.integers(0, 3, len(person))]
    shared = cookies[person, 3]
    return np.where(pd.notna(shared) & (rng.random(len(person)) < 1 / 3), shared, own)
