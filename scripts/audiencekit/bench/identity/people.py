"""Simulated contacts, some of them the same person twice: with typos, moves, new addresses and shared households.

No row is about a real person: names are drawn from Faker's lists by their frequency, and e-mails are at example.com.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from faker.providers.address.en_US import Provider as Places
from faker.providers.person.en_US import Provider as Names

COPIES = 0.2  # of the records
HOUSEHOLDS = (
    0.08  # of the people: they have the name, address and sometimes the phone of the person before
)
SHARES_PHONE = 0.3
RARE_NAMES = 0.4
TYPOS = {
    "first_name": 0.15, "last_name": 0.15, "street": 0.15, "house_number": 0.05, "city": 0.07,
    "postal_code": 0.07, "birth_date": 0.08, "email": 0.10, "phone": 0.10,
}  # fmt: skip
MISSING = {
    "first_name": 0.01, "birth_date": 0.25, "street": 0.10, "city": 0.03, "postal_code": 0.06,
    "email": 0.35, "phone": 0.40,
}  # fmt: skip
MOVED, SWAPPED = 0.10, 0.03
LOST_EMAIL, NEW_EMAIL, LOST_PHONE, NEW_PHONE = 0.30, 0.20, 0.30, 0.15
SYLLABLES = [c + v for c in "bdklmnrstv" for v in "aeio"]
ENDINGS = ["son", "er", "man", "ski", "berg", "ley", "ton", "field", "wood", "ford", "stein", "ez"]
HOME = ["last_name", "street", "house_number", "city", "region", "postal_code"]


def make_records(size: int, seed: int = 7) -> pd.DataFrame:
    """`size` contacts in random order, with an extra `person_id`. One in five is a changed copy of another.

    Columns: contact_id, first_name, last_name, street, house_number, city, region, postal_code, birth_date, email,
    phone, person_id.
    """
    rng = np.random.default_rng(seed)
    copies = int(size * COPIES)
    people = _people(size - copies, rng)
    twice = people.iloc[rng.integers(0, len(people), copies)].reset_index(drop=True)
    _change(twice, people, rng)
    records = pd.concat([people, twice], ignore_index=True)
    for column, share in MISSING.items():
        records.loc[rng.random(size) < share, column] = None
    records.loc[records["street"].isna(), "house_number"] = None
    records = records.iloc[rng.permutation(size)].reset_index(drop=True)
    records.insert(0, "contact_id", [f"C{n:07d}" for n in range(size)])
    return records


def _people(size: int, rng: np.random.Generator) -> pd.DataFrame:
    def drawn(weights: dict, count: int) -> np.ndarray:
        share = np.array(list(weights.values()), float)
        return rng.choice(np.char.lower(list(weights)), count, p=share / share.sum())

    def joined(*parts: np.ndarray) -> np.ndarray:
        text = parts[0]
        for part in parts[1:]:
            text = np.char.add(text, part)
        return text

    def one_of(texts: list[str], count: int = size) -> np.ndarray:
        return rng.choice(np.array(texts), count)

    first, last = drawn(Names.first_names, size), drawn(Names.last_names, size)
    rare = joined(one_of(SYLLABLES), one_of(SYLLABLES), one_of(ENDINGS))
    last = np.where(rng.random(size) < RARE_NAMES, rare, last)
    places = max(50, size // 2000)
    common = 1 / np.arange(1, places + 1) ** 0.8
    place = rng.choice(places, size, p=common / common.sum())
    cities = joined(
        drawn(Names.last_names, places), one_of(["ville", "ton", " city", " falls", "burg"], places)
    )
    day = (
        np.char.mod("-%02d", rng.integers(1, 13, size)),
        np.char.mod("-%02d", rng.integers(1, 29, size)),
    )
    people = pd.DataFrame(
        {
            "first_name": first,
            "last_name": last,
            "street": joined(drawn(Names.last_names, size), one_of([" st", " ave", " road", " lane", " drive"])),
            "house_number": rng.integers(1, 400, size).astype(str),
            "city": cities[place],
            "region": np.array(Places.states_abbr)[place % 50],
            "postal_code": np.char.mod("%05d", 10000 + place * 7 % 89999 + rng.integers(0, 5, size)),
            "birth_date": joined(np.char.mod("%04d", rng.integers(1935, 2004, size)), *day),
            "email": joined(first, np.char.add(".", last), rng.integers(1, 999, size).astype(str), np.full(size, "@example.com")),
            "phone": np.char.mod("+1206%07d", 2000000 + rng.permutation(7900000)[:size]),
        }
    ).astype(object)  # fmt: skip
    second = np.flatnonzero(rng.random(size) < HOUSEHOLDS)
    second = second[second > 0]
    people.loc[second, HOME] = people[HOME].to_numpy()[second - 1]
    sharing = second[rng.random(len(second)) < SHARES_PHONE]
    people.loc[sharing, "phone"] = people["phone"].to_numpy()[sharing - 1]
    return people.assign(person_id=np.arange(size))


def _change(copies: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator) -> None:
    """Change the copies as real second records differ: typos, moves, swapped names, other contact data."""
    size = len(copies)
    for column, share in TYPOS.items():
        values = copies[column].to_numpy().copy()
        for i in np.flatnonzero(rng.random(size) < share):
            values[i] = _with_typo(values[i], rng)
        copies[column] = values
    moved = rng.random(size) < MOVED
    copies.loc[moved, HOME[1:]] = people[HOME[1:]].to_numpy()[
        rng.integers(0, len(people), moved.sum())
    ]
    swapped = rng.random(size) < SWAPPED
    copies.loc[swapped, ["first_name", "last_name"]] = copies.loc[
        swapped, ["last_name", "first_name"]
    ].to_numpy()
    copies.loc[rng.random(size) < LOST_EMAIL, "email"] = None
    new = np.flatnonzero(rng.random(size) < NEW_EMAIL)
    copies.loc[new, "email"] = [f"new{i}@example.com" for i in new]
    copies.loc[rng.random(size) < LOST_PHONE, "phone"] = None
    new = np.flatnonzero(rng.random(size) < NEW_PHONE)
    copies.loc[new, "phone"] = np.char.mod("+1307%07d", rng.integers(2000000, 9999999, len(new)))


def _with_typo(text: str, rng: np.random.Generator) -> str:
    """`text` with one character replaced, removed, added, or swapped with the one before."""
    place = int(rng.integers(0, len(text)))
    other = str(rng.integers(0, 10)) if text[place].isdigit() else chr(97 + rng.integers(0, 26))
    kind = rng.integers(0, 4)
    if kind == 0:
        return text[:place] + other + text[place + 1 :]
    if kind == 1 and len(text) > 1:
        return text[:place] + text[place + 1 :]
    if kind == 2 or place == 0:
        return text[:place] + other + text[place:]
    return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def demo_records(landing: Path, truth: Path) -> pd.DataFrame:
    """Contacts and logins of the demo's landing in one table, as other tools read them.

    One row per contact in its latest version and per login (contact_id is `account:` and its id), with the `person_id`
    of `truth`.
    """
    return duckdb.execute(
        f"""
        with contacts as (
            select * from read_parquet('{landing}/contacts.*.parquet')
            qualify row_number() over (partition by contact_id order by updated_at desc) = 1
        ), records as (
            select contact_id as record_id, 'contact' as record_type, * from contacts
            union all by name
            select account_id as record_id, 'account' as record_type, 'account:' || account_id as contact_id, *
            from '{landing}/accounts.parquet'
        )
        select
            contact_id, first_name, last_name, birth_date, city, region, postal_code, email, phone, account_id,
            card_number, person_id
        from records join '{truth}/truth.parquet' using (record_type, record_id) order by contact_id
        """
    ).df()
