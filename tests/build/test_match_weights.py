"""Weights of evidence are learned from unlabelled pairs, and distinguish one person from couples and namesakes."""

import io

import duckdb
import numpy as np
import pandas as pd
import pytest
from match_formula import FIELDS, weigher
from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.identity import matching
from audiencekit.identity.evidence import print_evidence
from audiencekit.identity.matching import (
    ONE_PERSON,
    RELATIONS,
    SHARED_FIELDS,
    STRANGERS,
    fit,
    params_to_use,
)

TRUE_SHARES = [0.10, 0.01, 0.05, 0.04, 0.04, 0.04, 0.72]
LEVELS = {"name": 7, "code": 3, "date": 4}


def close(kind: str, equal: float) -> np.ndarray:
    """Levels of a field that is mostly equal."""
    table = np.full(LEVELS[kind], (1 - equal) / (LEVELS[kind] - 1))
    table[4 if kind == "name" else -1] = equal
    return table


def far(kind: str, equal: float) -> np.ndarray:
    """Levels of a field that is mostly different."""
    table = np.full(LEVELS[kind], equal)
    table[0] = 1 - equal * (LEVELS[kind] - 1)
    return table


SAME = {
    "first_name": 0.80,
    "last_name": 0.85,
    "postal_code": 0.9,
    "birth_digits": 0.9,
    "phone": 0.6,
}
CHANCE = {
    "first_name": 0.004,
    "last_name": 0.005,
    "postal_code": 0.03,
    "birth_digits": 0.01,
    "phone": 0.002,
}


def simulated(size: int, shares: list[float], seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patterns to fit, and every pair with its true relation, which says what they agree on and what by chance."""
    rng = np.random.default_rng(seed)
    relation = rng.choice(len(RELATIONS), size, p=shares)
    letters = {}
    for field, kind in FIELDS.items():
        same, chance = close(kind, SAME[field]), far(kind, CHANCE[field])
        of = {
            relation: same if field in fields else chance
            for relation, fields in SHARED_FIELDS.items()
        }
        if field in ("first_name", "birth_digits"):
            of["household"] = (1 - matching.TWINS) * chance
            of["household"][3 if kind == "date" else 4] += matching.TWINS
        if kind == "date":
            of["birthday"] = np.eye(4)[3]
        tables = np.array(list(of.values()))
        drawn = (rng.random((size, 1)) > tables.cumsum(axis=1)[relation]).sum(axis=1).astype(str)
        letters[field] = np.where(rng.random(size) < 0.2, "-", drawn)
    pairs = pd.DataFrame({"pattern": ["".join(row) for row in zip(*letters.values(), strict=True)]})
    pairs["relation"] = np.array(RELATIONS)[relation]
    random = pd.DataFrame({"pattern": _by_chance(rng, 100_000)})
    patterns = pd.concat([counted(pairs, False), counted(random, True)], ignore_index=True)
    return patterns, pairs


def _by_chance(rng: np.random.Generator, size: int) -> list[str]:
    columns = [
        (rng.random((size, 1)) > far(kind, CHANCE[field]).cumsum()).sum(axis=1).astype(str)
        for field, kind in FIELDS.items()
    ]
    return ["".join(row) for row in zip(*columns, strict=True)]


def counted(pairs: pd.DataFrame, is_random: bool) -> pd.DataFrame:
    return pairs.groupby("pattern").size().reset_index(name="pairs").assign(is_random=is_random)


def value(params: pd.DataFrame, relation: str, field: str, level: str = "") -> float:
    found = params.query("relation == @relation and field == @field and level == @level")
    return found["value"].item()


@pytest.mark.parametrize(
    "shares",
    [
        TRUE_SHARES,
        [0.6, 0.02, 0.01, 0.02, 0.02, 0.02, 0.31],
        [0.01, 0.002, 0.05, 0.04, 0.04, 0.04, 0.818],
    ],
)
def test_shares_and_levels_are_learned_without_labels(shares):
    patterns, pairs = simulated(200_000, shares)
    params = fit(patterns, FIELDS)
    for side in (ONE_PERSON, ("household",), ("namesakes",), STRANGERS):
        true = pairs["relation"].isin(side).mean()
        learned = sum(value(params, relation, "prior") for relation in side)
        assert learned == pytest.approx(true, rel=0.1, abs=0.003), side
    assert value(params, "same", "first_name", "4") == pytest.approx(0.80, abs=0.03)
    assert value(params, "strangers", "phone", "2") == pytest.approx(0.002, abs=0.002)


def test_a_couple_is_no_person_and_a_person_with_slips_is():
    bits = weigher(fit(simulated(200_000, TRUE_SHARES)[0], FIELDS))
    couple, slips, twins = bits("04202"), bits("33212"), bits("04232")
    assert couple < -5 and slips > 5
    assert couple < twins < bits("44232")


def test_who_moved_is_one_person_and_a_namesake_is_not():
    bits = weigher(fit(simulated(200_000, TRUE_SHARES)[0], FIELDS))
    moved, namesakes, nothing_else = bits("4403-"), bits("44000"), bits("440--")
    assert moved > 5 and namesakes < -5 and nothing_else < 0
    assert bits("04030") < 0 and bits("00030") < -5  # one family name, one birthday


def test_the_answer_says_which_reading_against_which_each_field_speaks_for():
    params = fit(simulated(200_000, TRUE_SHARES)[0], FIELDS)
    assert "bits for one person, against two people of one name" in answered(params)
    params.loc[params["relation"].eq("moved") & params["field"].eq("prior"), "value"] = 0.5
    assert "bits for one person who moved, against two people of one name" in answered(params)
    with pytest.raises(UserError, match="Build once more"):
        answered(params.query("relation != 'moved'"))


def answered(params: pd.DataFrame) -> str:
    """The printed evidence on two records that agree on everything but the postal code."""
    console = Console(file=io.StringIO(), width=200)
    with duckdb.connect() as con:
        con.execute("create schema identity")
        con.execute("create table identity.int_match_params as select * from params")
        con.execute(
            "create table identity.int_match_records as select * from (values ('a', 1), ('b', 2)) as t (record_id, record_no)"
        )
        con.execute(
            "create table identity.int_match_scores as select 1 as left_no, 2 as right_no, '4403-' as pattern, "
            "9.5 as match_weight, 0.9986 as match_probability"
        )
        con.execute("create table identity.int_match_levels as from identity.int_match_scores")
        fields = " ".join(f"{name}:{kind}" for name, kind in FIELDS.items())
        con.execute("create table identity.int_match_plan as select $1 as fields", [fields])
        print_evidence(con, "a", "b", console)
    return console.file.getvalue()


def test_no_move_is_assumed_where_namesakes_cannot_be_distinguished():
    fields = {"first_name": "name", "last_name": "name", "street": "text", "postal_code": "code"}
    for pairs in (3, 300, 30_000):
        found = {"4400": pairs, "4442": 5 * pairs, "0440": 2 * pairs, "0002": 20 * pairs}
        by_chance = {f"{pattern}0": pairs for pattern, pairs in BY_CHANCE.items()}
        bits = weigher(fit(only(found, by_chance), fields), fields)
        assert bits("4400") < -3 and bits("4442") > 5, pairs


def test_twins_and_couples_who_share_an_email_are_two():
    """Among people born on any of 20,000 days, and couples of whom some write from one address."""
    fields = {
        "first_name": "name",
        "last_name": "name",
        "street": "text",
        "birth_digits": "date",
        "email": "address",
    }
    found = {
        "444-4": 800, "44434": 700, "44430": 300, "34434": 90, "04400": 500, "0440-": 300, "04404": 90, "044-4": 40,
        "04430": 3, "44000": 60, "00031": 900, "40010": 2000, "04000": 900,
    }  # fmt: skip
    by_chance = {"00000": 199_000, "00010": 900, "40000": 60, "04000": 30, "00030": 10}
    bits = weigher(fit(only(found, by_chance), fields), fields)
    assert bits("0440-") < bits("0443-") < 0 and bits("04404") < 0 < bits("44404")


# How often names agree so far, and e-mails, or birth dates, in 50,000 simulated contacts that say nothing else, a fifth
# of them copies: of those whose e-mails are merely alike 16 of 1,958 are one person, of those whose birth dates differ none.
NAMES_AND_EMAILS = {
    "44-": 9282, "441": 1958, "444": 1518, "440": 769, "442": 544, "6--": 262, "434": 222, "344": 218, "443": 196,
    "-4-": 80, "424": 62, "244": 62, "6-4": 49, "-41": 45, "-44": 36, "334": 30, "6-0": 26, "004": 18, "6-1": 14,
    "044": 13,
}  # fmt: skip
NAMES_AND_BIRTH_DATES = {
    "400": 32472, "003": 28454, "401": 19682, "44-": 6137, "402": 4265, "443": 3993, "440": 3824, "041": 1480,
    "-03": 595, "343": 579, "433": 551, "042": 448, "040": 255, "442": 208, "103": 162, "423": 160, "6--": 157,
    "403": 157, "6-3": 142, "243": 124, "441": 105, "013": 101, "-43": 97, "410": 90, "-40": 80, "333": 78, "420": 72,
    "023": 71, "411": 68, "-4-": 65, "043": 64, "421": 55, "6-0": 48, "323": 33, "503": 31, "-41": 27, "233": 25,
}  # fmt: skip
BY_CHANCE = {"000": 26495, "001": 429, "100": 163, "400": 155, "010": 91, "020": 85, "040": 51}


def only(patterns: dict[str, int], by_chance: dict[str, int]) -> pd.DataFrame:
    shared = pd.DataFrame({"pattern": patterns.keys(), "pairs": patterns.values()})
    random = pd.DataFrame({"pattern": by_chance.keys(), "pairs": by_chance.values()})
    return pd.concat(
        [shared.assign(is_random=False), random.assign(is_random=True)], ignore_index=True
    )


def test_names_with_emails_or_birth_dates_alone_do_not_turn_people_round():
    fields = {"first_name": "name", "last_name": "name", "email": "address"}
    bits = weigher(fit(only(NAMES_AND_EMAILS, BY_CHANCE), fields), fields)
    assert bits("444") > 7 and bits("344") > 7 and bits("441") < 0 and bits("442") < 0
    fields = {"first_name": "name", "last_name": "name", "birth_digits": "date"}
    bits = weigher(fit(only(NAMES_AND_BIRTH_DATES, BY_CHANCE), fields), fields)
    assert bits("443") > 5 and bits("343") > 5 and bits("433") > 5
    assert bits("440") < 0 and bits("041") < 0 and bits("003") < 0 and bits("403") < 0


def test_probabilities_come_true():
    patterns, pairs = simulated(200_000, TRUE_SHARES)
    bits = pairs["pattern"].map(weigher(fit(patterns, FIELDS)))
    probability = 1 / (1 + 2.0**-bits)
    for low, high in ((0.5, 0.9), (0.9, 0.99), (0.99, 1.0)):
        inside = probability.between(low, high)
        came = pairs["relation"][inside].isin(ONE_PERSON).mean()
        assert came == pytest.approx(probability[inside].mean(), abs=0.05)


def test_without_data_the_prior_remains_and_few_pairs_do_not_overrule_it():
    few = pd.DataFrame(
        {"pattern": ["44---", "00---"], "pairs": [2, 3], "is_random": [False, False]}
    )
    params = fit(few, FIELDS)
    believed = matching.PRIOR_LEVELS["code"][0]
    assert value(params, "same", "postal_code", "2") == pytest.approx(believed[2])
    assert value(params, "same", "first_name", "4") > 0.5
    empty = fit(few.iloc[:0], FIELDS)
    assert value(empty, "same", "prior") == pytest.approx(matching.PRIOR_SHARES[0])


def test_shuffled_patterns_give_the_same_numbers():
    patterns, _ = simulated(20_000, TRUE_SHARES)
    pd.testing.assert_frame_equal(
        fit(patterns, FIELDS), fit(patterns.sample(frac=1, random_state=3), FIELDS)
    )


def test_params_remain_until_they_are_due():
    patterns, _ = simulated(2_000, TRUE_SHARES)
    learned = pd.DataFrame(
        {"relation": ["same"], "field": ["prior"], "level": [""], "value": [0.5]}
    )
    plan = {"fields": " ".join(f"{n}:{k}" for n, k in FIELDS.items()), "levels_hash": "t", "records": 9, "as_of": "2018-01-01", "build_id": "b"}  # fmt: skip
    kept = params_to_use(patterns, pd.DataFrame([plan | {"is_due": False}]), learned)
    pd.testing.assert_frame_equal(kept, learned)
    due = params_to_use(patterns, pd.DataFrame([plan | {"is_due": True}]), learned)
    assert len(due) > 50 and set(due["records"]) == {9}
