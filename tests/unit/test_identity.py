"""Who is who: the graph, and the small demo against its simulated truth."""

import itertools
import random

import networkx
import numpy as np
import pandas as pd
import pytest
from audiencekit.identity import connected_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st


def links(*ties: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(record, "email", value) for record, value in ties],
        columns=["record_id", "id_type", "id_value"],
    )


def people(frame: pd.DataFrame) -> set[frozenset[str]]:
    found = connected_identifiers(frame)
    return {frozenset(group) for _, group in found.groupby("component")["id_value"]}


def test_records_that_share_an_identifier_are_one_person():
    assert people(links(("r1", "a"), ("r1", "b"), ("r2", "b"), ("r2", "c"), ("r3", "d"))) == {
        frozenset("abc"),
        frozenset("d"),
    }


def test_a_chain_of_300_hops_is_one_person():
    chain = links(*((f"r{i}", f"v{i + step}") for i in range(300) for step in (0, 1)))
    shuffled = chain.sample(frac=1, random_state=1)
    assert people(shuffled) == {frozenset(f"v{i}" for i in range(301))}


def test_equal_values_of_different_kinds_do_not_touch():
    frame = pd.DataFrame(
        [("r1", "account_id", "7"), ("r2", "card_number", "7")],
        columns=["record_id", "id_type", "id_value"],
    )
    assert connected_identifiers(frame)["component"].nunique() == 2


def test_no_links_make_no_people():
    assert connected_identifiers(links()).empty


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40))
def test_components_equal_networkx_whatever_the_order(ties):
    named = [(f"r{a}", f"v{b}") for a, b in ties]
    graph = networkx.Graph(named)
    expected = {
        frozenset(n for n in part if n.startswith("v"))
        for part in networkx.connected_components(graph)
    }
    assert people(links(*named)) == expected
    random.Random(3).shuffle(named)
    first = connected_identifiers(links(*named)).sort_values("id_value", ignore_index=True)
    second = connected_identifiers(links(*sorted(named))).sort_values("id_value", ignore_index=True)
    pd.testing.assert_frame_equal(first, second)


def pairwise(found: dict[str, str], truth: dict[str, str]) -> tuple[float, float]:
    """Precision and recall over pairs of records: same customer against same person."""

    def pairs(label: dict[str, str]) -> set[tuple[str, str]]:
        groups: dict[str, list[str]] = {}
        for record, name in label.items():
            groups.setdefault(name, []).append(record)
        return {p for g in groups.values() for p in itertools.combinations(sorted(g), 2)}

    said, true = pairs(found), pairs(truth)
    return len(said & true) / len(said), len(said & true) / len(true)


def test_precision_and_recall_are_of_pairs():
    precision, recall = pairwise(
        {"a": "1", "b": "1", "c": "2", "d": "2"}, {"a": "x", "b": "x", "c": "x", "d": "y"}
    )
    assert precision == 1 / 2
    assert recall == pytest.approx(1 / 3)


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

    A card that was never registered and shown without anything else is a person of its own: no
    deterministic rule can know better, so recall is looked at with and without the cards.
    """
    named = published.warehouse(
        "select id_type || ':' || raw_value as record, customer_key from identity.int_named_identifiers"
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
    assert precision == 1.0
    assert recall > 0.85
    assert recall_of_people > 0.95
    assert largest <= 25


def test_orders_go_to_the_person_who_bought(published, demo):
    truth = pd.read_parquet(demo / "truth" / "truth.parquet")
    orders = truth[truth["record_type"] == "order"].rename(columns={"record_id": "order_id"})
    facts = published.warehouse("select order_id, customer_key from profiles.fct_orders")
    joined = facts.merge(orders, on="order_id").dropna(subset=["customer_key"])
    persons_of_a_customer = joined.groupby("customer_key")["person_id"].nunique()
    assert len(joined) > 5000
    assert (persons_of_a_customer == 1).all()


def test_keys_stay_when_new_records_come(published, runner, demo, tmp_path):
    """A new contact and a new login join the person; nobody's key changes."""
    import shutil

    from conftest import rewrite

    landing = tmp_path / "landing"
    shutil.copytree(demo / "landing", landing)
    rewrite(
        landing / "contacts.2017-12-31.parquet",
        "select * from t union all by name select * replace ("
        "'new-' || contact_id as contact_id, null as card_number, null as account_id, "
        "timestamp '2017-12-31' as created_at, timestamp '2017-12-31' as updated_at) from t",
    )
    later = runner("more_records", landing)
    query = "select id_type, id_value, customer_key from identity.int_identifiers"
    both = published.warehouse(query).merge(
        later.warehouse(query), on=["id_type", "id_value"], suffixes=("_before", "_after")
    )
    kept = both["customer_key_before"] == both["customer_key_after"]
    assert len(both) > 500
    assert np.mean(kept) == 1.0
