"""Loyalty cards and shop logins: the identifiers on purchases."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

SECOND_CARD_SHARE = 0.06  # lost and replaced, or one for each car
ACCOUNT_SHARE = 0.60  # of buyers; all who shop online, then others
SECOND_ADULT_ACCOUNT_SHARE = 0.25  # they browse without buying
SECOND_ACCOUNT_SHARE = 0.04
CARD_IN_ACCOUNT, PHONE_IN_ACCOUNT = 0.45, 0.50


def make_cards(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One row per loyalty card: card_number, person (row in people), household_id, is_first."""
    rng = chance.stream(seed, "cards")
    buyers = np.flatnonzero(people["role"] == "buyer")
    second = buyers[rng.random(len(buyers)) < SECOND_CARD_SHARE]
    owners = np.concatenate([buyers, second])
    return pd.DataFrame(
        {
            "card_number": chance.unique_codes(rng, len(owners), "77", 8),
            "person": owners,
            "household_id": people["household_id"].to_numpy()[owners],
            "is_first": np.arange(len(owners)) < len(buyers),
        }
    )


def make_accounts(people: pd.DataFrame, cards: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The landing's accounts, with the extra columns `person` (row in people) and is_first.

    A second login was opened with an older e-mail. Only its card or phone shows the owner.
    """
    rng = chance.stream(seed, "accounts")
    owners, is_first = _owners(people, rng)
    person = people.iloc[owners].reset_index(drop=True)
    size = len(owners)
    card_of = cards[cards["is_first"]].set_index("person")["card_number"]
    card = pd.Series(owners).map(card_of)
    shows_card = np.where(is_first, rng.random(size) < CARD_IN_ACCOUNT, rng.random(size) < 0.6)
    shows_phone = np.where(is_first, rng.random(size) < PHONE_IN_ACCOUNT, True)
    # A second adult gives the landline, so two people share one phone.
    phone = person["phone"].where(person["role"] == "buyer", person["landline"])
    login_email = person["email"].fillna(person["old_email"])
    opened = chance.moments_between(
        rng, np.full(size, np.datetime64("2014-03-01", "us")), chance.YEAR_START
    )
    changed = chance.moments_between(rng, np.full(size, chance.YEAR_START), chance.AS_OF)
    return pd.DataFrame(
        {
            "account_id": chance.unique_codes(rng, size, "A", 7),
            "email": login_email.where(is_first, person["old_email"]),
            "phone": phone.where(shows_phone),
            "first_name": person["first_name"],
            "last_name": person["last_name"],
            "country_code": person["country_code"],
            "card_number": card.where(shows_card),
            "created_at": opened,
            "updated_at": changed,
            "person": owners,
            "is_first": is_first,
        }
    )


def _owners(people: pd.DataFrame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The rows of people who have a login, and whether it is their first."""
    drawn = rng.random(len(people))
    shops_online = people["web_share"].to_numpy() > 0
    others = (ACCOUNT_SHARE - shops_online[people["role"] == "buyer"].mean()) / 0.45
    role = people["role"].to_numpy()
    has = shops_online | ((role == "buyer") & (drawn < others))
    has |= (role == "second") & (drawn < SECOND_ADULT_ACCOUNT_SHARE)
    first = np.flatnonzero(has)
    # A second login needs an identifier that connects it to its owner: a phone.
    able = first[(role[first] == "buyer") & people["phone"].notna().to_numpy()[first]]
    second = able[rng.random(len(able)) < SECOND_ACCOUNT_SHARE]
    owners = np.concatenate([first, second])
    return owners, np.arange(len(owners)) < len(first)
