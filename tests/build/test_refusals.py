"""Refusals in every spelling: none that names a known person is without effect, and every other is counted.

10,000 random spellings of the identifiers of simulated people, as exports and mail programs write them. A person who
refused may not be mailed; a person who did not, may.
"""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from workspaces import DEMO_AS_OF

PEOPLE = 4_000
REFUSALS = 10_000
UNKNOWN = 500
UNREADABLE = 500
FIRST = ("Ann", "Bo", "Cleo", "Dirk", "Elin", "Faye", "Gus", "Hedda", "Ivo", "June")
COUNTRIES = {
    "US": ("US", "us", "USA", "U.S.A.", "United States", "united states of america", " US ", "UNITED STATES"),
    "GB": ("GB", "UK", "United Kingdom", "Great Britain", "England", "GBR", "uk"),
    "DE": ("DE", "Germany", "Deutschland", "DEU", "GERMANY"),
    "CA": ("CA", "Canada", "CAN"),
}  # fmt: skip
STATES = {
    "US-CA": ("CA", "California", "US-CA", "ca", "Calif.", "CALIFORNIA"),
    "US-NY": ("NY", "New York", "US-NY", "new york"),
}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mixed(text: str, chance: random.Random) -> str:
    return "".join(c.upper() if chance.random() < 0.5 else c for c in text)


# What is written around an address, or instead of a part of it.
WRAPPED: list[Callable[[str, random.Random], str]] = [
    lambda e, _: f" {e} ",
    lambda e, _: f"\u00a0{e}\u3000",
    lambda e, _: f"{e}\u200b",
    lambda e, _: e.replace("@", "\u2060@"),
    lambda e, _: f"<{e}>",
    lambda e, _: f"Ann Lee <{e}>",
    lambda e, _: f'"Lee, Ann" <{e}>',
    lambda e, _: f"Lee, Ann <{e}>",
    lambda e, _: f"mailto:{e}",
    lambda e, _: f"{e};",
    lambda e, _: f"{e},",
    lambda e, _: f"{e}.",
    lambda e, _: f"'{e}'",
    lambda e, _: f"'{e}",
    lambda e, _: f'"{e}"',
    lambda e, _: f"({e})",
    lambda e, _: e.replace("@", "＠"),  # noqa: RUF001
    lambda e, c: f"{e}; other{c.randrange(9)}@elsewhere.example.org",
    lambda e, c: f"other{c.randrange(9)}@elsewhere.example.org / {e}",
    lambda e, _: f"Ann Lee {e}",
    lambda e, _: f"{e} (work)",
    lambda e, _: f"{e}, n/a",
]  # fmt: skip


def spelled(email: str, chance: random.Random) -> str:
    """An address as somebody may write it, or as a platform hashes it."""
    local, domain = email.split("@")
    kind = chance.random()
    if kind < 0.1:
        return mixed(sha256(email), chance)
    if kind < 0.2:
        local = f"{local}+{chance.choice(['shop', 'x', '2024'])}"
    if domain == "gmail.com" and chance.random() < 0.5:
        local = ".".join(local[:4]) + local[4:] if "+" not in local[:4] else local
        domain = chance.choice(["gmail.com", "googlemail.com"])
    text = mixed(f"{local}@{domain}", chance)
    return chance.choice(WRAPPED)(text, chance) if chance.random() < 0.9 else text


def salesforce_id(number: int) -> str:
    return f"0035e{number:010d}"


def merged_ids(number: int, chance: random.Random) -> str:
    """Two ids that the CRM merged into the one of person `number`, as exports list them."""
    first, second = f"old{number}", f"older{number}"
    return chance.choice(
        [
            f"{first};{second}",
            f"{first}, {second}",
            f'["{first}", "{second}"]',
            f"{first}:1612345678901;{second}:1612345678902",
        ]
    )


def merged_contact(person: dict, number: int) -> dict:
    """A contact that the CRM merged into that of `person`, and that has the refusal which the other lacks."""
    return {
        **dict.fromkeys(person, ""),
        "contact_id": f"gone{number}",
        "email": f"gone{number}@shop.example.com",
        "first_name": "Old",
        "last_name": f"Name{number}",
        "created_at": "2015-01-01",
        "HasOptedOutOfEmail": "true",
        "MasterRecordId": person["contact_id"][: 15 if number % 2 else 18],
    }


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    """Everybody has a contact; six in ten refuse, most of them more than once, some by a column of the contact, or of one
    that was merged into it."""
    folder, chance = tmp_path_factory.mktemp("refusals"), random.Random(17)
    people = []
    for n in range(PEOPLE):
        country = chance.choice(list(COUNTRIES))
        state = chance.choice(list(STATES)) if country == "US" else ""
        people.append(
            {
                "contact_id": salesforce_id(n) + "AAQ",
                "customer_id": f"70000{n:08d}",
                "email": f"person{n}@{chance.choice(['gmail.com', 'shop.example.com'])}",
                "first_name": chance.choice(FIRST),
                "last_name": f"Vantongeren{n}",
                "Country": chance.choice(COUNTRIES[country]),
                "State": chance.choice(STATES[state]) if state else "",
                "created_at": "2015-01-01",
                "HasOptedOutOfEmail": "",
                "merged_object_ids": merged_ids(n, chance) if n % 7 == 0 else "",
                "MasterRecordId": "",
                "law": state if state == "US-CA" else {"DE": "EEA"}.get(country, country),
                "refused": n % 10 < 6,
            }
        )
    refused = [person for person in people if person["refused"]]
    by_column = refused[::12]
    for person in by_column:
        person["HasOptedOutOfEmail"] = chance.choice(
            ["true", "TRUE", "1", "Yes", "x", "opted out", "2016-03-01"]
        )
    by_event = [person for person in refused if not person["HasOptedOutOfEmail"]]
    merged = [merged_contact(person, n) for n, person in enumerate(by_column[::3])]
    for person in by_column[::3]:
        person["HasOptedOutOfEmail"] = ""
    consent, mail = [], []
    for n in range(REFUSALS):
        person = by_event[n % len(by_event)]
        kind = chance.random()
        if kind < 0.7:
            row = ("email", spelled(person["email"], chance))
        elif kind < 0.85:
            number = int(person["contact_id"][5:15])
            ids = [person["contact_id"][: chance.choice([15, 18])]]
            row = (
                "contact_id",
                chance.choice(ids if number % 7 else [*ids, f"old{number}", f"older{number}"]),
            )
        else:
            row = ("account_id", chance.choice(["", "'"]) + person["customer_id"])
        if row[0] == "email" and chance.random() < 0.4:
            mail.append(
                (f"e{n}", "2016-05-01", chance.choice(["unsubscribed", "complained"]), row[1])
            )
        else:
            consent.append(
                (
                    f"c{n}",
                    *row,
                    "email_marketing",
                    chance.choice(["denied", "withdrawn"]),
                    "2016-05-01",
                )
            )
    for n in range(UNKNOWN):
        consent.append(
            (
                f"u{n}",
                "email",
                f"stranger{n}@example.org",
                "email_marketing",
                "withdrawn",
                "2016-05-01",
            )
        )
    for n in range(UNREADABLE):
        mail.append((f"b{n}", "2016-05-01", "unsubscribed", f"no address {n}"))
    frame = pd.DataFrame(people)
    contacts = pd.concat([frame, pd.DataFrame(merged)])
    contacts.drop(columns=["law", "refused"]).to_csv(folder / "contacts.csv", index=False)
    frame.to_parquet(folder / "_truth.parquet")
    names = ["consent_event_id", "id_type", "id_value", "purpose", "status", "decided_at"]
    pd.DataFrame(consent, columns=names).to_csv(folder / "consent_events.csv", index=False)
    names = ["event_id", "occurred_at", "event_name", "email"]
    pd.DataFrame(mail, columns=names).to_csv(folder / "email_events.csv", index=False)
    orders = [(n, "2017-06-01", 30, person["email"]) for n, person in enumerate(people)]
    names = ["order_id", "ordered_at", "total", "email"]
    pd.DataFrame(orders, columns=names).to_csv(folder / "orders.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def built(runner, landing) -> duckdb.DuckDBPyConnection:
    made = runner.build(
        "refusals", landing, "+rpt_decisions", "+int_channel_permissions", as_of=DEMO_AS_OF
    )
    with duckdb.connect(str(made.workspace.warehouse), read_only=True) as con:
        con.execute(f"create temp table truth as from '{landing / '_truth.parquet'}'")
        yield con


def test_nobody_who_refused_may_be_mailed_and_everybody_else_may(built):
    answers = built.execute(
        """
        select truth.refused, truth.law like 'US%' as is_opt_out_law, permissions.is_allowed, count(*) as people
        from truth
        left join profiles.dim_customers as customers on customers.contact_id = truth.contact_id
        left join activation.int_channel_permissions as permissions
            on customers.customer_key = permissions.customer_key and permissions.channel = 'email'
        group by all
        """
    ).fetchall()
    assert {row[:3] for row in answers} == {
        (True, True, False),
        (True, False, False),
        (False, True, True),
        (False, False, False),
    }
    assert sum(row[3] for row in answers) == PEOPLE


def test_every_decision_is_counted_with_its_effect(built):
    effects = built.execute(
        "select effect, cast(sum(decisions) as bigint) from measurement.rpt_decisions group by effect"
    ).fetchall()
    assert dict(effects) == {
        "counts": REFUSALS,
        "names nobody known yet": UNKNOWN,
        "cannot be read": UNREADABLE,
    }


def test_every_spelling_of_a_country_and_a_state_says_whose_law_applies(built):
    wrong = built.execute(
        """
        select truth."Country", truth."State", truth.law, consent.jurisdiction, count(*)
        from truth
        inner join profiles.dim_customers as customers on customers.contact_id = truth.contact_id
        inner join profiles.dim_consent as consent on customers.customer_key = consent.customer_key
        where consent.jurisdiction <> truth.law
        group by all
        """
    ).fetchall()
    assert wrong == []


def test_no_decision_makes_a_customer(built):
    assert built.execute("select count(*) from profiles.dim_customers").fetchall() == [(PEOPLE,)]
