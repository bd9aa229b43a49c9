"""Who is who: the graph, and the small demo against its simulated truth."""

import itertools
import random

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiencekit.identity import people as identity
from audiencekit.identity.people import assign_people, connected

NO_PAIRS = pd.DataFrame(columns=["left_record_id", "right_record_id", "match_weight"]).astype(
    {"match_weight": float}
)


def ties(*pairs: tuple[str, str], kind: str = "email", bits: float = 20.0) -> pd.DataFrame:
    return pd.DataFrame(
        [(record, kind, value, bits) for record, value in pairs],
        columns=["record_id", "id_type", "id_value", "tie_weight"],
    )


def match(left: str, right: str, bits: float) -> pd.DataFrame:
    return ties((left, f"{left} = {right}"), (right, f"{left} = {right}"), kind="match", bits=bits)


def evidence(*pairs: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=NO_PAIRS.columns)


def groups(found: pd.DataFrame, label: str = "component") -> set[frozenset[str]]:
    return {frozenset(group) for _, group in found.groupby(label)["record_id"]}


def people(
    frame: pd.DataFrame, said: pd.DataFrame = NO_PAIRS, apart=(), most_records: int = 100
) -> set[frozenset[str]]:
    apart = pd.DataFrame(apart, columns=["left_record_id", "right_record_id"])
    return groups(assign_people(frame, said, apart, most_records), "person")


def test_records_that_share_an_identifier_are_one_person():
    assert groups(connected(ties(("r1", "a"), ("r1", "b"), ("r2", "b"), ("r3", "d")))) == {
        frozenset({"r1", "r2"}),
        frozenset({"r3"}),
    }


SHAPES = {
    "chain": [(f"r{i}", f"v{i + step}") for i in range(300) for step in (0, 1)],
    "cycle": [(f"r{i}", f"v{(i + step) % 300}") for i in range(300) for step in (0, 1)],
    "star": [(f"r{i}", "hub") for i in range(300)] + [(f"r{i}", f"v{i}") for i in range(300)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_chain_a_cycle_and_a_star_of_300_records_are_one_person_each(shape):
    frame = ties(*SHAPES[shape], ("alone", "else")).sample(frac=1, random_state=1)
    assert groups(connected(frame)) == {
        frozenset(f"r{i}" for i in range(300)),
        frozenset({"alone"}),
    }


def test_components_that_stop_too_early_are_not_taken(monkeypatch):
    """Label propagation that gives up after some rounds tears a chain: that must not pass as people."""
    right = identity.connected_components

    def gives_up(graph, directed):
        count, label = right(graph, directed=directed)
        label = label.copy()
        label[5] = count
        return count + 1, label

    monkeypatch.setattr(identity, "connected_components", gives_up)
    with pytest.raises(RuntimeError, match="are separated from what links them"):
        connected(ties(*SHAPES["chain"]))


def test_equal_values_of_different_kinds_do_not_touch():
    frame = pd.concat([ties(("r1", "7"), kind="account_id"), ties(("r2", "7"), kind="card_number")])
    assert connected(frame)["component"].nunique() == 2


def test_no_ties_make_no_people():
    assert connected(ties()).empty
    assert people(ties()) == set()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40))
def test_components_equal_networkx_whatever_the_order(pairs):
    named = [(f"r{a}", f"v{b}") for a, b in pairs]
    expected = {
        frozenset(n for n in part if n.startswith("r"))
        for part in networkx.connected_components(networkx.Graph(named))
    }
    assert groups(connected(ties(*named))) == expected
    random.Random(3).shuffle(named)
    first = connected(ties(*named))
    pd.testing.assert_frame_equal(first, connected(ties(*sorted(named))))


def test_a_weak_bridge_between_two_people_is_cut():
    """Two pairs of records that are one person each, and one match that says they all are."""
    frame = pd.concat([match("a1", "a2", 15), match("b1", "b2", 15), match("a2", "b1", 4)])
    said = evidence(
        ("a1", "a2", 15.0), ("b1", "b2", 15.0), ("a2", "b1", 4.0),
        ("a1", "b1", -9.0), ("a1", "b2", -9.0), ("a2", "b2", -9.0),
    )  # fmt: skip
    assert people(frame, said) == {frozenset({"a1", "a2"}), frozenset({"b1", "b2"})}
    for_one = said.assign(match_weight=said["match_weight"].abs())
    assert people(frame, for_one) == {frozenset({"a1", "a2", "b1", "b2"})}


def test_a_shared_address_loses_against_the_evidence_and_a_login_does_not():
    said = evidence(("a1", "b1", -9.0), ("a2", "b1", -15.0), ("a1", "a2", 15.0))
    couple = pd.concat([match("a1", "a2", 15), ties(("a1", "home@"), ("b1", "home@"), bits=20)])
    assert people(couple, said) == {frozenset({"a1", "a2"}), frozenset({"b1"})}
    login = pd.concat(
        [
            match("a1", "a2", 15),
            ties(("a1", "L"), ("b1", "L"), kind="account_id", bits=100),
        ]
    )
    assert people(login, said) == {frozenset({"a1", "a2", "b1"})}


def test_a_steward_wins_over_a_login_and_over_the_evidence():
    login = ties(
        ("contact:1", "L"), ("contact:2", "L"), ("account:L", "L"), kind="account_id", bits=100
    )
    assert people(login, apart=[("contact:1", "contact:2")]) == {
        frozenset({"account:L", "contact:1"}),
        frozenset({"contact:2"}),
    }
    steward = ties(("contact:2", "d"), ("account:L", "d"), kind="decision", bits=1000)
    assert people(pd.concat([login, steward]), apart=[("contact:1", "contact:2")]) == {
        frozenset({"account:L", "contact:2"}),
        frozenset({"contact:1"}),
    }
    against = evidence(("contact:2", "account:L", -60.0))
    assert people(steward, against) == {frozenset({"contact:2", "account:L"})}


def test_likeness_makes_no_crowd_one_person():
    frame = pd.concat([match(f"r{i}", f"r{i + 1}", 10 + i) for i in range(9)])
    assert max(len(group) for group in people(frame, most_records=4)) <= 4
    shuffled = frame.sample(frac=1, random_state=2)
    assert people(shuffled, most_records=4) == people(frame, most_records=4)


def test_within_a_person_what_identifiers_tie_is_told_from_what_likeness_does():
    frame = pd.concat([ties(("a", "x"), ("b", "x"), ("c", "y")), match("b", "c", 9)])
    found = assign_people(frame, NO_PAIRS, NO_PAIRS, 100)
    assert groups(found, "person") == {frozenset("abc")}
    assert groups(found, "linked_group") == {frozenset("ab"), frozenset("c")}


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
    persons_of_a_customer = joined.groupby("customer_key")["person_id"].nunique()
    assert len(joined) > 5000
    assert (persons_of_a_customer == 1).all()


def test_keys_stay_when_new_records_come(published, runner, demo, tmp_path):
    """A new contact and a new login join the person; nobody's key changes."""
    import shutil

    from workspaces import rewrite

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
