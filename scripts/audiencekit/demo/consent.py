"""Consent: what people decided about each purpose, under which law, and how they changed it later."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

JURISDICTIONS = ("US", "US-CA", "GB", "EEA", "CA")
# By purpose and jurisdiction: the share of people who were ever asked, and the share of these who agreed.
# Where the law requires opt-in, more people are asked and fewer agree. US law is mostly opt-out, so many people there
# never decided. Half the people have a newsletter after withdrawals.
ASKED = {
    "newsletter": (0.62, 0.62, 0.64, 0.64, 0.62),
    "email_marketing": (0.66, 0.68, 0.75, 0.78, 0.72),
    "ad_user_data": (0.60, 0.72, 0.85, 0.90, 0.75),
    "ad_personalization": (0.60, 0.72, 0.85, 0.90, 0.75),
    "web_personalization": (0.62, 0.70, 0.85, 0.90, 0.72),
}
AGREED = {
    "newsletter": (0.93, 0.92, 0.90, 0.88, 0.92),
    "email_marketing": (0.82, 0.78, 0.70, 0.66, 0.74),
    "ad_user_data": (0.78, 0.66, 0.60, 0.54, 0.66),
    "ad_personalization": (0.74, 0.60, 0.54, 0.48, 0.62),
    "web_personalization": (0.84, 0.78, 0.70, 0.64, 0.76),
}
WITHDRAWN_SHARE, REGRANTED_SHARE = 0.13, 0.20  # of grants; of withdrawals
ASKED_FROM = np.datetime64("2015-10-01", "us")
# Ad and web consent expires after a year in Europe, implied e-mail consent after two years in Canada.
VALID_DAYS = {("GB", "ad"): 365, ("EEA", "ad"): 365, ("CA", "mail"): 730}
SOURCES = {
    "mail": ("checkout", "store_signup", "preference_centre"),
    "ad": ("cookie_banner", "preference_centre"),
}
ID_TYPES, ID_SHARES = ("email", "account_id", "contact_id"), (0.75, 0.13, 0.12)


def make_consent_events(
    people: pd.DataFrame, contacts: pd.DataFrame, accounts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The landing's consent_events with the extra column `person`: first decision, withdrawal, and renewed consent."""
    rng = chance.stream(seed, "consent")
    reserve = rng.random(len(people))  # how reluctant each person is, the same for every purpose
    decisions = pd.concat(
        [_decisions(purpose, people, reserve, rng) for purpose in ASKED], ignore_index=True
    )
    decisions = decisions[decisions["decided_at"] < chance.AS_OF]
    decisions = decisions.sort_values(
        ["decided_at", "person", "purpose", "status"], kind="stable", ignore_index=True
    )
    id_type, id_value = _ids(people, contacts, accounts, rng)
    size = len(decisions)
    return decisions.assign(
        consent_event_id=[f"n{n:06d}" for n in range(1, size + 1)],
        id_type=id_type[decisions["person"]],
        id_value=id_value[decisions["person"]],
        proof=[f"form-{n}" for n in chance.unique_codes(rng, size, "", 8)],
    )


def _decisions(
    purpose: str, people: pd.DataFrame, reserve: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """The decisions of people on one purpose: person, and the contract's columns without ids and proof."""
    law = people["jurisdiction"].to_numpy()
    asked_share, agreed_share = (
        np.array([table[purpose][JURISDICTIONS.index(place)] for place in law])
        for table in (ASKED, AGREED)
    )
    asked = np.flatnonzero(rng.random(len(people)) < asked_share)
    agrees = chance.lowest_share(rng, reserve[asked], agreed_share[asked])
    start = np.full(len(asked), ASKED_FROM)
    decided = chance.moments_between(rng, start, chance.AS_OF)
    withdraws = agrees & (rng.random(len(asked)) < WITHDRAWN_SHARE)
    withdrawn = chance.moments_between(rng, decided, chance.AS_OF)
    returns = withdraws & (rng.random(len(asked)) < REGRANTED_SHARE)
    regranted = chance.moments_between(rng, withdrawn, chance.AS_OF)
    kind = "mail" if purpose in ("newsletter", "email_marketing") else "ad"
    steps = (
        (np.full(len(asked), True), np.where(agrees, "granted", "denied"), decided),
        (withdraws, np.full(len(asked), "withdrawn"), withdrawn),
        (returns, np.full(len(asked), "granted"), regranted),
    )
    frames = []
    for happens, status, moment in steps:
        sources = np.array(SOURCES[kind])[rng.integers(len(SOURCES[kind]), size=len(asked))]
        if kind == "mail":
            sources = np.where(status == "withdrawn", "email_link", sources)
        expires = _expiry(law[asked], kind, status, moment)
        step = {
            "person": asked,
            "status": status,
            "decided_at": moment,
            "expires_at": expires,
            "jurisdiction": law[asked],
            "consent_source": sources,
        }
        frames.append(pd.DataFrame(step)[happens])
    return pd.concat(frames, ignore_index=True).assign(purpose=purpose)


def _expiry(law: np.ndarray, kind: str, status: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """When each grant expires, NaT for never."""
    days = np.array([VALID_DAYS.get((place, kind), 0) for place in law])
    ends = moment + days * chance.DAY
    return np.where((days > 0) & (status == "granted"), ends, np.datetime64("NaT", "us"))


def _ids(
    people: pd.DataFrame, contacts: pd.DataFrame, accounts: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The identifier of each person's decisions: mostly e-mail, otherwise the login or the CRM contact."""
    contact = contacts.groupby("person")["contact_id"].min().reindex(range(len(people)))
    account = accounts[accounts["is_first"]].set_index("person")["account_id"]
    account = account.reindex(range(len(people))).to_numpy()
    email = people["email"].to_numpy()
    wanted = rng.choice(ID_TYPES, size=len(people), p=ID_SHARES)
    by_account = (wanted == "account_id") & pd.notna(account)
    by_email = ~by_account & (wanted != "contact_id") & pd.notna(email)
    id_type = np.select([by_account, by_email], ["account_id", "email"], "contact_id")
    id_value = np.where(by_account, account, np.where(by_email, email, contact.to_numpy()))
    return id_type.astype(object), id_value
