"""The CRM: about 1.25 rows a person, some of them dirty, delivered as two overlapping extracts."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance, dirt
from audiencekit.demo.people import has_second_adult
from audiencekit.demo.places import COUNTRIES

DUPLICATE_SHARE = 0.25
DUPLICATE_KINDS = {
    "respelled": 0.42,  # same e-mail and phone in another spelling
    "name_typo": 0.15,
    "email_typo": 0.15,  # only the phone or card still identifies the person
    "stale": 0.20,  # an old e-mail; shares nothing but card or phone
    "junk": 0.08,  # somebody had to fill in a required field; 2 % of all rows
}
CARD_IN_CRM, ACCOUNT_IN_CRM, BIRTH_DATE_IN_CRM = 0.85, 0.70, 0.60
LANDLINE_IN_CRM = 0.70  # of buyers who share a home, so the landline misleads matching
CREATED_FROM, CREATED_BEFORE = np.datetime64("2012-01-01"), np.datetime64("2017-06-01")
# The first extract is the whole CRM, the second what changed since September.
FIRST_EXTRACT, SECOND_EXTRACT = np.datetime64("2017-12-01"), np.datetime64("2017-12-31")
CHANGED_SINCE, RECENTLY_CHANGED_SHARE = np.datetime64("2017-09-01"), 0.5
DEMOGRAPHICS = ["age_band", "income_band", "household_size", "kids_count"]
PLACE = ["city", "region", "postal_code", "country_code"]
DIAL = {country.code: country.dial for country in COUNTRIES}


def make_contacts(
    people: pd.DataFrame, cards: pd.DataFrame, accounts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The latest state of every contact, with the extra column `person` (row in people). Ids are in random order."""
    rng = chance.stream(seed, "contacts")
    listed = _listed(people, cards, accounts, rng)
    duplicated = np.flatnonzero(rng.random(len(listed)) < DUPLICATE_SHARE)
    kinds = rng.choice(
        list(DUPLICATE_KINDS), size=len(duplicated), p=list(DUPLICATE_KINDS.values())
    )
    taken = set(people["email"].dropna())
    records = listed.to_dict("records")
    rows = [{**row, "phone": _written(row, rng)} for row in records]
    for i, kind in zip(duplicated, kinds, strict=True):
        rows.append(_duplicate(records[i], people["old_email"].iat[i], kind, taken, rng))
    contacts = pd.DataFrame(rows)
    contacts["contact_id"] = [f"K{n:06d}" for n in rng.permutation(len(contacts)) + 1]
    _date(contacts, people, rng)
    return contacts.sort_values("contact_id", ignore_index=True)


def _listed(
    people: pd.DataFrame, cards: pd.DataFrame, accounts: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """One clean row per person with the data that the CRM received, phones in E.164."""
    size = len(people)
    role = people["role"].to_numpy()
    first_card = cards[cards["is_first"]].set_index("person")["card_number"]
    first_account = accounts[accounts["is_first"]].set_index("person")["account_id"]
    card = first_card.reindex(range(size)).where(rng.random(size) < CARD_IN_CRM)
    account = first_account.reindex(range(size)).where(rng.random(size) < ACCOUNT_IN_CRM)
    gives_landline = (role == "second") | (
        (role == "buyer") & has_second_adult(people) & (rng.random(size) < LANDLINE_IN_CRM)
    )
    phone = people["phone"].mask(gives_landline, people["landline"])
    listed = people[["email", "first_name", "last_name", *PLACE, *DEMOGRAPHICS]].assign(
        person=np.arange(size),
        phone=phone.fillna(people["landline"]),
        birth_date=people["birth_date"]
        .dt.strftime("%Y-%m-%d")
        .where(rng.random(size) < BIRTH_DATE_IN_CRM),
        card_number=card,
        account_id=account,
    )
    return listed.astype(object).where(listed.notna(), None)


def _written(row: dict, rng: np.random.Generator) -> str | None:
    """The row's phone in one of the formats that people use. Null stays null."""
    if row["phone"] is None:
        return None
    style = dirt.PHONE_STYLES[int(np.searchsorted([0.4, 0.75, 0.85, 0.95], rng.random()))]
    return dirt.formatted_phone(row["phone"], DIAL[row["country_code"]], style, rng)


def _duplicate(
    row: dict, old_email: str, kind: str, taken: set[str], rng: np.random.Generator
) -> dict:
    """The same person a second time, with the error that `kind` names where the row has the data for it."""
    copy = {**row, **dict.fromkeys(["birth_date", "account_id", *DEMOGRAPHICS])}
    copy["phone"] = _written(row, rng)
    if row["card_number"] is None and row["phone"] is None and kind in ("email_typo", "stale"):
        kind = "respelled"  # otherwise the two rows would share no identifier
    if kind == "name_typo":
        name = ("first_name", "last_name")[rng.integers(2)]
        copy[name] = dirt.with_typo(row[name], rng)
    elif kind == "email_typo" and row["email"]:
        typo = dirt.email_with_typo(row["email"], rng)
        copy["email"] = row["email"] if typo in taken else typo
    elif kind == "stale":
        copy["email"] = old_email
        gone = "phone" if row["card_number"] else "card_number"
        copy[gone] = None
    elif kind == "junk":
        spoils_both = rng.random() < 0.3
        if spoils_both or rng.random() < 0.6:
            copy["email"] = dirt.JUNK_EMAILS[rng.integers(len(dirt.JUNK_EMAILS))]
        if spoils_both or copy["email"] == row["email"]:
            copy["phone"] = dirt.JUNK_PHONES[rng.integers(len(dirt.JUNK_PHONES))]
    elif row["email"]:
        copy["email"] = dirt.respelled_email(row["email"], rng)
    return copy


def _date(contacts: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator) -> None:
    """Set created_at and updated_at. Leads were imported in December, so that is when they were updated."""
    size = len(contacts)
    created = chance.moments_between(
        rng, np.full(size, CREATED_FROM, "datetime64[us]"), CREATED_BEFORE
    )
    old = chance.moments_between(rng, created, CHANGED_SINCE.astype("datetime64[us]"))
    since = np.full(size, CHANGED_SINCE, "datetime64[us]")
    recent = chance.moments_between(rng, since, SECOND_EXTRACT)
    december = chance.moments_between(
        rng, np.full(size, FIRST_EXTRACT, "datetime64[us]"), SECOND_EXTRACT
    )
    is_lead = (people["role"] == "lead").to_numpy()[contacts["person"]]
    is_recent = rng.random(size) < RECENTLY_CHANGED_SHARE
    contacts["created_at"] = created
    contacts["updated_at"] = np.where(is_lead, december, np.where(is_recent, recent, old))


def split_extracts(
    contacts: pd.DataFrame, people: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The extracts of 2017-12-01 and 2017-12-31. Where a contact is in both, the later one is right.

    Contacts that changed in December are in the first extract in their earlier state: half of them without a phone,
    all of them without a birth date. Leads were imported after the first extract.
    """
    rng = chance.stream(seed, "extracts")
    is_lead = (people["role"] == "lead").to_numpy()[contacts["person"]]
    first = contacts[~is_lead].copy()
    changes_later = (first["updated_at"] >= FIRST_EXTRACT).to_numpy()
    before = chance.moments_between(
        rng, first["created_at"].to_numpy(), FIRST_EXTRACT.astype("datetime64[us]")
    )
    first["updated_at"] = np.where(changes_later, before, first["updated_at"])
    lacked_phone = changes_later & (rng.random(len(first)) < 0.5)
    first["phone"] = first["phone"].mask(lacked_phone)
    first["birth_date"] = first["birth_date"].mask(changes_later)
    second = contacts[contacts["updated_at"] >= CHANGED_SINCE]
    return first, second
