"""Records that share identifiers become people: components, bridges and stewards' decisions."""

import random

import networkx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people_scores import groups, pairwise

from audiencekit.identity import people as identity
from audiencekit.identity.people import assign_people, connected

NO_PAIRS = pd.DataFrame(columns=["left_record_id", "right_record_id", "match_weight"]).astype(
    {"match_weight": float}
)


def ties(*pairs: tuple[str, str], kind: str = "email", bits: float = 20.0) -> pd.DataFrame:
    return pd.DataFrame(
        [(record, kind, value, bits) for record, value in pairs],
        columns=["record_id", "id_type", "id_value", "link_weight"],
    )


def match(left: str, right: str, bits: float) -> pd.DataFrame:
    return ties((left, f"{left} = {right}"), (right, f"{left} = {right}"), kind="match", bits=bits)


def evidence(*pairs: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=NO_PAIRS.columns)


def people(
    frame: pd.DataFrame, pairs: pd.DataFrame = NO_PAIRS, apart=(), most_records: int = 100
) -> set[frozenset[str]]:
    apart = pd.DataFrame(apart, columns=["left_record_id", "right_record_id"])
    return groups(assign_people(frame, pairs, apart, most_records), "person_id")


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
    pairs = evidence(
        ("a1", "a2", 15.0), ("b1", "b2", 15.0), ("a2", "b1", 4.0),
        ("a1", "b1", -9.0), ("a1", "b2", -9.0), ("a2", "b2", -9.0),
    )  # fmt: skip
    assert people(frame, pairs) == {frozenset({"a1", "a2"}), frozenset({"b1", "b2"})}
    for_one = pairs.assign(match_weight=pairs["match_weight"].abs())
    assert people(frame, for_one) == {frozenset({"a1", "a2", "b1", "b2"})}


def test_a_shared_address_loses_against_the_evidence_and_a_login_does_not():
    pairs = evidence(("a1", "b1", -9.0), ("a2", "b1", -15.0), ("a1", "a2", 15.0))
    couple = pd.concat([match("a1", "a2", 15), ties(("a1", "home@"), ("b1", "home@"), bits=20)])
    assert people(couple, pairs) == {frozenset({"a1", "a2"}), frozenset({"b1"})}
    login = pd.concat(
        [
            match("a1", "a2", 15),
            ties(("a1", "L"), ("b1", "L"), kind="account_id", bits=100),
        ]
    )
    assert people(login, pairs) == {frozenset({"a1", "a2", "b1"})}


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


def test_within_a_person_links_by_identifier_differ_from_links_by_similarity():
    frame = pd.concat([ties(("a", "x"), ("b", "x"), ("c", "y")), match("b", "c", 9)])
    found = assign_people(frame, NO_PAIRS, NO_PAIRS, 100)
    assert groups(found, "person_id") == {frozenset("abc")}
    assert groups(found, "linked_group") == {frozenset("ab"), frozenset("c")}


def test_precision_and_recall_are_of_pairs():
    precision, recall = pairwise(
        {"a": "1", "b": "1", "c": "2", "d": "2"}, {"a": "x", "b": "x", "c": "x", "d": "y"}
    )
    assert precision == 1 / 2
    assert recall == pytest.approx(1 / 3)
