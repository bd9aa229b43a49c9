"""Experiments of another tool on the real households. The arms and their effects are simulated; all other spend of the
households, before and after, is real.

There are three experiments with a known truth: a voucher that adds 12 % to the spend, a reminder in three arms that 10,
12 and 16 of a hundred people click, and a homepage whose assignment is broken, because it loses every fifth visitor of
one arm.
"""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

VOUCHER, REMINDER, HOMEPAGE = "simulated_voucher", "simulated_reminder", "simulated_homepage"
VOUCHER_LIFT = 0.12
CLICK_RATES = {"no_reminder": 0.10, "mail": 0.12, "mail_and_text": 0.16}
LOST_SHARE = 0.2
START = np.datetime64("2017-10-01T00:00:00", "us")
WINDOW = 30 * chance.DAY


def make_experiments(
    cards: pd.DataFrame, baskets: pd.DataFrame, seed: int
) -> dict[str, pd.DataFrame]:
    """The landing's experiment_arms, experiment_units and experiment_outcomes, by table.

    A household is identified by its first card. `baskets` has person, ordered_at and total.
    """
    rng = chance.stream(seed, "experiments")
    first = cards[cards["is_first"]].sort_values("person")
    first = first[first["person"].isin(baskets["person"])]
    identified = baskets[baskets["person"] >= 0]
    parts = [
        _voucher(first, identified, rng),
        _reminder(first, rng),
        _homepage(first, rng),
    ]
    arms = pd.DataFrame(
        [
            (VOUCHER, "no_voucher", "control", 0.5),
            (VOUCHER, "voucher", "treatment", 0.5),
            *((REMINDER, arm, "control" if arm == "no_reminder" else "treatment", None) for arm in CLICK_RATES),
            (HOMEPAGE, "old", "control", 0.5),
            (HOMEPAGE, "new", "treatment", 0.5),
        ],
        columns=["experiment_code", "arm", "role", "expected_share"],
    )  # fmt: skip
    units, outcomes = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return {
        "experiment_arms": arms,
        "experiment_units": units.assign(id_type="card_number"),
        "experiment_outcomes": outcomes.assign(id_type="card_number"),
    }


def _voucher(
    cards: pd.DataFrame, baskets: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Real spend of the 30 days after, plus the effect of the voucher, and of the 30 days before."""
    after = _spend(cards, baskets, START, START + WINDOW)
    before = _spend(cards, baskets, START - WINDOW, START)
    has_voucher = rng.random(len(cards)) < 0.5
    is_heavy = before > np.median(before)
    units = _units(VOUCHER, cards, np.where(has_voucher, "voucher", "no_voucher"))
    units["stratum"] = np.where(is_heavy, "spent more before", "spent less before")
    value = np.round(after * np.where(has_voucher, 1 + VOUCHER_LIFT, 1), 2)
    return units, _outcomes(units, "spend", value, before)


def _reminder(cards: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    drawn = rng.integers(0, len(CLICK_RATES), len(cards))
    units = _units(REMINDER, cards, np.array(list(CLICK_RATES), dtype=object)[drawn])
    clicked = rng.random(len(cards)) < np.array(list(CLICK_RATES.values()))[drawn]
    outcomes = _outcomes(units, "clicked", clicked.astype(float), None)
    # People who do not click have no row, as in most click logs.
    return units, outcomes[clicked]


def _homepage(cards: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_new = rng.random(len(cards)) < 0.5
    is_seen = ~is_new | (rng.random(len(cards)) >= LOST_SHARE)
    units = _units(HOMEPAGE, cards, np.where(is_new, "new", "old"))
    value = (rng.random(len(cards)) < 0.3).astype(float)
    return units[is_seen], _outcomes(units, "searched", value, None)[is_seen]


def _spend(
    cards: pd.DataFrame, baskets: pd.DataFrame, since: np.datetime64, until: np.datetime64
) -> np.ndarray:
    """The spend of each card's household in [since, until), in dollars."""
    within = baskets[(baskets["ordered_at"] >= since) & (baskets["ordered_at"] < until)]
    spent = within.groupby("person")["total"].sum()
    return spent.reindex(cards["person"], fill_value=0).round(2).to_numpy()


def _units(experiment: str, cards: pd.DataFrame, arms: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment_code": experiment,
            "unit_id": cards["card_number"].to_numpy(),
            "arm": arms,
            "assigned_at": START,
            "stratum": None,
        }
    )


def _outcomes(
    units: pd.DataFrame, name: str, value: np.ndarray, before: np.ndarray | None
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment_code": units["experiment_code"],
            "unit_id": units["unit_id"],
            "outcome_name": name,
            "value": value,
            "before_value": before,
            "observed_at": START + WINDOW,
        }
    )
