"""The simulated people: the buyer of each real household, second adults, and leads.

They are the truth of the whole demo: every contact, login, card and order belongs to one of them.
"""

import unicodedata

import numpy as np
import pandas as pd
from faker import Faker

from audiencekit.demo import chance
from audiencekit.demo.places import COUNTRIES, fill, jurisdiction, shuffled_numbers

# Second adults test the precision of identity: same family name, address and landline, and no purchase.
SECOND_ADULT_SHARE = 0.20
LEADS_A_HOUSEHOLD = 0.12  # about 300 at full size
HAS_EMAIL = {"buyer": 0.94, "second": 0.90, "lead": 1.0}
HAS_PHONE = {"buyer": 0.85, "second": 0.50, "lead": 0.50}
HAS_LANDLINE_ALONE = 0.10  # of buyers without a second adult
EMOJI_SHARE = 0.004
EMAIL_DOMAINS = ("example.com", "example.com", "example.org", "example.net")  # RFC 2606
# The people who shop online. With Beta(1.2, 2.1) for 55 %, 20 % of baskets are bought online.
WEB_SHOPPER_SHARE = 0.55
AGES = {
    "19-24": (19, 24),
    "25-34": (25, 34),
    "35-44": (35, 44),
    "45-54": (45, 54),
    "55-64": (55, 64),
    "65+": (65, 84),
}


def make_people(households: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One row per person: the buyers in the order of `households`, then second adults, then leads.

    Columns: person_id, role (buyer, second, lead), household_id (-1: none), home (row of the
    household, -1: none), country_code, region, city, postal_code, jurisdiction, first_name,
    last_name, email, old_email, phone and landline (E.164), birth_date, web_share (chance that a
    basket is bought online), activity (0-1, rank by baskets) and the real demographics of buyers.
    """
    rng = chance.stream(seed, "people")
    people = _roles(households, rng)
    people = people.join(_addresses(people, rng))
    people = people.join(_names(people, seed, rng))
    people["email"], people["old_email"] = _emails(people, rng)
    people["phone"], people["landline"] = _phones(people, rng)
    people["birth_date"] = _birth_dates(people, rng)
    shops_online = (people["role"] == "buyer") & (rng.random(len(people)) < WEB_SHOPPER_SHARE)
    people["web_share"] = np.where(shops_online, rng.beta(1.2, 2.1, len(people)), 0.0)
    return people


def _roles(households: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    size = len(households)
    pairs = np.flatnonzero(rng.random(size) < SECOND_ADULT_SHARE)
    leads = round(LEADS_A_HOUSEHOLD * size)
    home = np.concatenate([np.arange(size), pairs, np.full(leads, -1)])
    role = np.repeat(["buyer", "second", "lead"], [size, len(pairs), leads])
    household_id = np.where(home >= 0, households["household_id"].to_numpy()[home], -1)
    number = np.where(home >= 0, household_id, np.arange(len(home)) - size - len(pairs) + 1)
    activity = households["basket_count"].rank(pct=True, method="first").to_numpy()
    people = pd.DataFrame(
        {
            "person_id": [f"{r}-{n}" for r, n in zip(role, number, strict=True)],
            "role": role,
            "household_id": household_id,
            "home": home,
            "activity": np.where(home >= 0, activity[home], 0.1),
        }
    )
    demographics = households[["age_band", "income_band", "household_size", "kids_count"]]
    return people.join(demographics)  # by position: the buyers come first


def has_second_adult(people: pd.DataFrame) -> np.ndarray:
    """For each person, whether two adults share their home."""
    homes = people.loc[people["role"] == "second", "home"]
    return people["home"].isin(homes).to_numpy()


def _addresses(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rows: list[tuple[str, str, str, str]] = []
    countries = rng.choice(len(COUNTRIES), size=len(people), p=[c.share for c in COUNTRIES])
    for role, home, which in zip(people["role"], people["home"], countries, strict=True):
        if role == "second":
            rows.append(rows[home])
            continue
        country = COUNTRIES[which]
        city, region, postal = country.places[rng.integers(len(country.places))]
        rows.append((country.code, region, city, fill(postal, rng)))
    addresses = pd.DataFrame(rows, columns=["country_code", "region", "city", "postal_code"])
    addresses["jurisdiction"] = [jurisdiction(r[0], r[1]) for r in rows]
    return addresses


def _names(people: pd.DataFrame, seed: int, rng: np.random.Generator) -> pd.DataFrame:
    locales = {c.code: c.locales for c in COUNTRIES}
    fakers: dict[str, Faker] = {}
    rows: list[tuple[str, str]] = []
    for role, home, code in zip(
        people["role"], people["home"], people["country_code"], strict=True
    ):
        names, weights = zip(*locales[code], strict=True)
        locale = names[int(np.searchsorted(np.cumsum(weights), rng.random() * sum(weights)))]
        if locale not in fakers:
            fakers[locale] = Faker(locale)
            fakers[locale].seed_instance(seed)
        first, last = fakers[locale].first_name(), fakers[locale].last_name()
        if role == "second":
            partner, last = rows[home]
            while first == partner:
                first = fakers[locale].first_name()
        rows.append((f"{first} 🌸" if rng.random() < EMOJI_SHARE else first, last))
    return pd.DataFrame(rows, columns=["first_name", "last_name"])


def _plain(name: str) -> str:
    """The name's letters a-z, accents dropped; empty for another script."""
    split = unicodedata.normalize("NFKD", name).lower()
    return "".join(c for c in split if "a" <= c <= "z")


def _emails(people: pd.DataFrame, rng: np.random.Generator) -> tuple[list, list]:
    """Each person's address, and an older one. Numbers make them unique; dots and +tags do not."""
    wanted = people["role"].map(HAS_EMAIL).to_numpy()
    has_email = rng.random(len(people)) < wanted
    numbers = rng.permutation(len(people) * 2) + 10
    emails, old_emails = [], []
    names = zip(people["first_name"], people["last_name"], strict=True)
    for i, (first, last) in enumerate(names):
        parts = [part for part in (_plain(first), _plain(last)) if part] or ["user"]
        style = rng.random()
        glue = "." if style < 0.6 else ""
        tag = "+shop" if style > 0.95 else ""
        domain = EMAIL_DOMAINS[rng.integers(len(EMAIL_DOMAINS))]
        email = f"{glue.join(parts)}{numbers[2 * i]}{tag}@{domain}"
        emails.append(email if has_email[i] else None)
        old_emails.append(f"{parts[0][0]}{parts[-1]}{numbers[2 * i + 1]}@example.net")
    return emails, old_emails


def _phones(people: pd.DataFrame, rng: np.random.Generator) -> tuple[list, list]:
    """Personal numbers, unique per person, and landlines, unique per home."""
    phones = np.full(len(people), None, dtype=object)
    landlines = np.full(len(people), None, dtype=object)
    role, home = people["role"].to_numpy(), people["home"].to_numpy()
    has_phone = rng.random(len(people)) < people["role"].map(HAS_PHONE).to_numpy()
    alone = rng.random(len(people)) < HAS_LANDLINE_ALONE
    has_landline = (role == "buyer") & (has_second_adult(people) | alone)
    for country in COUNTRIES:
        here = people["country_code"].to_numpy() == country.code
        own, shared = np.flatnonzero(here & has_phone), np.flatnonzero(here & has_landline)
        numbers = shuffled_numbers(country, len(own) + len(shared), rng)
        phones[own], landlines[shared] = numbers[: len(own)], numbers[len(own) :]
    second = role == "second"
    landlines[second] = landlines[home[second]]
    return list(phones), list(landlines)


def _birth_dates(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Birth dates within the real age band as of 2018-01-01, or of any adult age without a band."""
    bands = people["age_band"].fillna("")
    low = np.array([AGES.get(band, (21, 79))[0] for band in bands])
    high = np.array([AGES.get(band, (21, 79))[1] for band in bands])
    years = low + (rng.random(len(people)) * (high - low + 1)).astype(int)
    born = (2017 - years).astype(str).astype("datetime64[Y]").astype("datetime64[D]")
    # The birthday is a day of that year, so the age at the end of 2017 is `years`.
    return (born + rng.integers(0, 365, len(people))).astype("datetime64[s]")
