"""The people that a build finds in the small demo, against its simulated truth."""

import shutil

import numpy as np
import pandas as pd
import pytest
from people_scores import pairwise
from workspaces import rewrite


@pytest.fixture(scope="module")
def truth(demo) -> dict[str, str]:
    frame = pd.read_parquet(demo / "truth" / "truth.parquet")
    frame = frame[frame["record_type"].isin(["contact", "account", "card"])]
    kind = {"contact": "contact_id", "account": "account_id", "card": "card_number"}
    return dict(
        zip(
            frame["record_type"].map(kind) + ":" + frame["record_id"],
            frame["person_id"],
            strict=True,
        )
    )


def test_the_demo_s_people_are_found_and_never_merged(published, truth):
    """Records of one person, by the truth that no model reads.

    A card that was never registered and shown without anything else is a person of its own: nothing
    can know better, so recall is looked at with and without the cards.
    """
    named = published.warehouse(
        "select id_type || ':' || raw_value as record, customer_key from identity.int_raw_identifiers"
    )
    found = {
        r: k for r, k in zip(named["record"], named["customer_key"], strict=True) if r in truth
    }
    known = {r: p for r, p in truth.items() if r in found}
    assert len(truth) - len(found) < 0.1 * len(truth)  # whom an erasure request removed
    precision, recall = pairwise(found, known)
    people_only = {r: k for r, k in found.items() if not r.startswith("card_number")}
    _, recall_of_people = pairwise(people_only, {r: known[r] for r in people_only})
    largest = named["customer_key"].value_counts().max()
    print(
        f"\nidentity: precision {precision:.4f}, recall {recall:.4f} with cards, "
        f"{recall_of_people:.4f} of contacts and logins, largest {largest} identifiers"
    )
    assert precision > 0.995
    assert recall > 0.85
    assert recall_of_people > 0.98
    assert largest <= 25


def test_orders_go_to_the_person_who_bought(published, demo):
    truth = pd.read_parquet(demo / "truth" / "truth.parquet")
    orders = truth[truth["record_type"] == "order"].rename(columns={"record_id": "order_id"})
    facts = published.warehouse("select order_id, customer_key from profiles.fct_orders")
    joined = facts.merge(orders, on="order_id").dropna(subset=["customer_key"])
    people_of_a_customer = joined.groupby("customer_key")["person_id"].nunique()
    assert len(joined) > 5000
    assert (people_of_a_customer == 1).all()


def test_keys_stay_when_new_records_come(published, runner, demo, tmp_path):
    """A new contact and a new login join the person; no key changes."""
    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    rewrite(
        landing / "contacts.2017-12-31.parquet",
        "select * from t union all by name select * replace ("
        "'new-' || contact_id as contact_id, null as card_number, null as account_id, "
        "timestamp '2017-12-31' as created_at, timestamp '2017-12-31' as updated_at) from t",
    )
    later = runner.build("more_records", landing, "+int_identifiers")
    query = "select id_type, id_value, customer_key from identity.int_identifiers"
    both = published.warehouse(query).merge(
        later.warehouse(query), on=["id_type", "id_value"], suffixes=("_before", "_after")
    )
    kept = both["customer_key_before"] == both["customer_key_after"]
    assert len(both) > 500
    assert np.mean(kept) == 1.0
