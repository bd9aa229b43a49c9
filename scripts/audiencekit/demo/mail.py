"""E-mail: a weekly newsletter, e-mail for the coupon campaigns, and the events of every message."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

SENT_AT = 8 * chance.HOUR  # newsletters leave on Sundays, 2017-01-01 to 2017-12-31, both Sundays
NEWSLETTERS = 53
BOUNCE_SHARE, DEAD_ADDRESS_SHARE, DEAD_AFTER = (
    0.002,
    0.02,
    3,
)  # a dead address leaves the list after 3 bounces
OPEN_FLOOR, OPEN_BY_ACTIVITY = 0.10, 0.35  # open rate of the least active, and what activity adds
CLICK_SHARE = 0.13  # of opens, times how keen the person is
LAPSED_AFTER, LAPSED_FACTOR = 60 * chance.DAY, 0.35  # people who stopped buying open less
COMPLAINT_SHARE = 0.012  # of subscribers, over the year; they get no e-mail afterwards


def make_email_events(
    people: pd.DataFrame,
    consents: pd.DataFrame,
    mailings: pd.DataFrame,
    last_ordered_at: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """The landing's email_events.

    `last_ordered_at` is in the order of the buyers, who are the first rows of `people`. People with an e-mail get
    messages while they are subscribed to the newsletter.
    """
    rng = chance.stream(seed, "mail")
    spells = _subscriptions(people, consents)
    sends = _sends(people, spells, mailings, rng)
    last = np.full(len(people), chance.AS_OF)
    last[: len(last_ordered_at)] = last_ordered_at
    delivered, events = _deliveries(len(people), sends, rng)
    events += _reactions(people, delivered, last, rng)
    events += [_unsubscriptions(spells)]
    merged = pd.concat(events, ignore_index=True)
    merged = merged[merged["occurred_at"] < chance.AS_OF].sort_values(
        ["occurred_at", "person", "campaign_id", "event_name"], kind="stable", ignore_index=True
    )
    merged["event_id"] = "m" + pd.Series(range(1, len(merged) + 1)).astype(str).str.zfill(7)
    merged["email"] = people["email"].to_numpy()[merged["person"]]
    return merged


def _subscriptions(people: pd.DataFrame, consents: pd.DataFrame) -> pd.DataFrame:
    """person, starts_at, ends_at (as_of while it is active) of each newsletter subscription."""
    has_email = people["email"].notna().to_numpy()
    of_newsletter = (consents["purpose"] == "newsletter") & has_email[consents["person"]]
    steps = consents[of_newsletter].sort_values(["person", "decided_at"], kind="stable")
    ends_at = steps.groupby("person")["decided_at"].shift(-1)
    spells = steps.assign(starts_at=steps["decided_at"], ends_at=ends_at.fillna(chance.AS_OF))
    return spells.loc[spells["status"] == "granted", ["person", "starts_at", "ends_at"]]


def _sends(
    people: pd.DataFrame, spells: pd.DataFrame, mailings: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """person, campaign_id and sent_at of every message. Bounces and complaints stop some of them later."""
    weeks = chance.YEAR_START + np.arange(NEWSLETTERS) * 7 * chance.DAY
    issues = pd.DataFrame(
        {
            "campaign_id": [f"newsletter-{day.astype('datetime64[D]')}" for day in weeks],
            "sent_at": weeks + SENT_AT,
        }
    )
    weekly = spells.merge(issues, how="cross")
    home_of = people.loc[people["role"] == "buyer", "household_id"]
    buyer_of = pd.Series(home_of.index, index=home_of.to_numpy())
    coupons = pd.DataFrame(
        {
            "person": buyer_of.reindex(mailings["household_id"]).to_numpy(),
            "campaign_id": mailings["campaign_id"].astype(str),
            "sent_at": mailings["starts_at"] + SENT_AT + chance.HOUR,
        }
    ).merge(spells, on="person")
    sends = pd.concat([weekly, coupons], ignore_index=True)
    is_on = (sends["starts_at"] <= sends["sent_at"]) & (sends["sent_at"] < sends["ends_at"])
    sends = sends.loc[
        is_on & (sends["sent_at"] >= chance.YEAR_START), ["person", "campaign_id", "sent_at"]
    ]
    sends = sends.sort_values(["person", "sent_at", "campaign_id"], ignore_index=True)
    sends["sent_at"] += chance.some_seconds(rng.random(len(sends)) * 1800)
    return sends


def _deliveries(
    size: int, sends: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The messages that were delivered (with delivered_at), and all events up to the delivery."""
    person = sends["person"].to_numpy()
    is_dead = (rng.random(size) < DEAD_ADDRESS_SHARE)[person]
    nth = sends.groupby("person").cumcount().to_numpy()
    complains, complained_nth = _complaints(size, sends, rng)
    goes_out = ~(is_dead & (nth >= DEAD_AFTER)) & ~(
        complains[person] & (nth > complained_nth[person])
    )
    bounces = is_dead | (rng.random(len(sends)) < BOUNCE_SHARE)
    arrived_at = sends["sent_at"] + chance.some_seconds(1 + rng.exponential(20, len(sends)))
    delivered = sends.assign(delivered_at=arrived_at)[goes_out & ~bounces]
    annoyed = complains[person] & (nth == complained_nth[person]) & goes_out & ~bounces
    complaint_at = arrived_at + chance.some_seconds(rng.exponential(7200, len(sends)))
    events = [
        _events(sends[goes_out], "sent", sends["sent_at"][goes_out]),
        _events(sends[goes_out & bounces], "bounced", arrived_at[goes_out & bounces]),
        _events(delivered, "delivered", delivered["delivered_at"]),
        _events(sends[annoyed], "complained", complaint_at[annoyed]),
    ]
    return delivered, events


def _complaints(
    size: int, sends: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """By person, whether they complain, and about which of their messages (0-based)."""
    complains = rng.random(size) < COMPLAINT_SHARE
    count = sends["person"].value_counts().reindex(range(size), fill_value=0).to_numpy()
    return complains, np.floor(rng.random(size) * count).astype(int)


def _reactions(
    people: pd.DataFrame, delivered: pd.DataFrame, last: np.ndarray, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Opens and clicks, which depend on a person's interest, activity, and whether they stopped buying."""
    person = delivered["person"].to_numpy()
    keenness = rng.beta(2, 3, len(people)) * 1.5
    rate = (OPEN_FLOOR + OPEN_BY_ACTIVITY * people["activity"].to_numpy()) * (0.4 + keenness)
    lapsed = delivered["sent_at"].to_numpy() > last[person] + LAPSED_AFTER
    rate_now = rate[person] * np.where(lapsed, LAPSED_FACTOR, 1.0)
    opens = rng.random(len(delivered)) < rate_now
    delay = 60 + rng.exponential(6 * 3600, len(delivered))
    opened_at = delivered["delivered_at"] + chance.some_seconds(delay)
    clicks = opens & (rng.random(len(delivered)) < CLICK_SHARE * (0.4 + keenness)[person])
    clicked_at = opened_at + chance.some_seconds(3 + rng.exponential(90, len(delivered)))
    return [
        _events(delivered[opens], "opened", opened_at[opens]),
        _events(delivered[clicks], "clicked", clicked_at[clicks]),
    ]


def _unsubscriptions(spells: pd.DataFrame) -> pd.DataFrame:
    """A click on the unsubscribe link, seconds before the consent is withdrawn."""
    left = spells[(spells["ends_at"] < chance.AS_OF) & (spells["ends_at"] > chance.YEAR_START)]
    days = left["ends_at"].to_numpy().astype("datetime64[D]") - chance.YEAR_START.astype(
        "datetime64[D]"
    )
    sunday = chance.YEAR_START.astype("datetime64[D]") + days // np.timedelta64(7, "D") * 7
    message = left.assign(campaign_id=[f"newsletter-{day}" for day in sunday])
    return _events(message, "unsubscribed", left["ends_at"] - 5 * chance.SECOND)


def _events(message: pd.DataFrame, event_name: str, occurred_at: pd.Series) -> pd.DataFrame:
    events = message[["person", "campaign_id"]].assign(event_name=event_name)
    events["occurred_at"] = occurred_at
    return events
