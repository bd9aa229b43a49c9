"""How much agreements say: learnt without labels, and weighed in SQL as in Python."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from audiencekit import matching
from audiencekit.matching import RELATIONS, fit, params_to_use

FIELDS = {
    "first_name": "name", "last_name": "name", "postal_code": "code", "birth_digits": "date", "phone": "code",
}  # fmt: skip
TRUE_SHARES = [0.10, 0.05, 0.85]
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
    """Patterns to fit, and every pair with its true relation. Households agree at home and by chance in what is their own."""
    rng = np.random.default_rng(seed)
    relation = rng.choice(3, size, p=shares)
    letters = {}
    for field, kind in FIELDS.items():
        same, strangers = close(kind, SAME[field]), far(kind, CHANCE[field])
        household = same
        if field in matching.BY_CHANCE_IN_HOUSEHOLDS:
            household = (1 - matching.TWINS) * strangers
            household[3 if kind == "date" else 4] += matching.TWINS
        tables = np.array([same, household, strangers])
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


@pytest.mark.parametrize("shares", [TRUE_SHARES, [0.6, 0.01, 0.39], [0.01, 0.05, 0.94]])
def test_shares_and_levels_are_learnt_without_labels(shares):
    patterns, pairs = simulated(200_000, shares)
    params = fit(patterns, FIELDS)
    for relation in RELATIONS:
        true = (pairs["relation"] == relation).mean()
        assert value(params, relation, "prior") == pytest.approx(true, rel=0.1, abs=0.003)
    assert value(params, "same", "first_name", "4") == pytest.approx(0.80, abs=0.03)
    assert value(params, "strangers", "phone", "2") == pytest.approx(0.002, abs=0.002)


def weigher(params: pd.DataFrame, fields=tuple(FIELDS)):
    """Bits for one person of a pattern, by the formula."""
    rows = params[params["relation"] != ""]
    log = dict(
        zip(
            zip(rows["relation"], rows["field"], rows["level"], strict=True),
            np.log(rows["value"]),
            strict=True,
        )
    )

    def bits(pattern: str) -> float:
        of = {
            relation: log[relation, "prior", ""]
            + sum(log[relation, f, x] for f, x in zip(fields, pattern, strict=True) if x != "-")
            for relation in RELATIONS
        }
        return (of["same"] - np.logaddexp(of["household"], of["strangers"])) / np.log(2)

    return bits


def test_a_couple_is_no_person_and_a_person_with_slips_is():
    bits = weigher(fit(simulated(200_000, TRUE_SHARES)[0], FIELDS))
    couple, slips, twins = bits("04202"), bits("33212"), bits("04232")
    assert couple < -5 and slips > 5
    assert couple < twins < bits("44232")


def test_probabilities_come_true():
    patterns, pairs = simulated(200_000, TRUE_SHARES)
    bits = pairs["pattern"].map(weigher(fit(patterns, FIELDS)))
    probability = 1 / (1 + 2.0**-bits)
    for low, high in ((0.5, 0.9), (0.9, 0.99), (0.99, 1.0)):
        inside = probability.between(low, high)
        came = (pairs["relation"][inside] == "same").mean()
        assert came == pytest.approx(probability[inside].mean(), abs=0.05)


def test_what_nobody_says_is_what_was_believed_and_few_pairs_do_not_overrule_it():
    few = pd.DataFrame(
        {"pattern": ["44---", "00---"], "pairs": [2, 3], "is_random": [False, False]}
    )
    params = fit(few, FIELDS)
    believed = matching.BELIEVED["code"][0]
    assert value(params, "same", "postal_code", "2") == pytest.approx(believed[2])
    assert value(params, "same", "first_name", "4") > 0.5
    empty = fit(few.iloc[:0], FIELDS)
    assert value(empty, "same", "prior") == pytest.approx(matching.BELIEVED_SHARES[0])


def test_shuffled_patterns_give_the_same_numbers():
    patterns, _ = simulated(20_000, TRUE_SHARES)
    pd.testing.assert_frame_equal(
        fit(patterns, FIELDS), fit(patterns.sample(frac=1, random_state=3), FIELDS)
    )


def test_params_stand_until_they_are_due():
    patterns, _ = simulated(2_000, TRUE_SHARES)
    learnt = pd.DataFrame({"relation": ["same"], "field": ["prior"], "level": [""], "value": [0.5]})
    plan = {"fields": " ".join(f"{n}:{k}" for n, k in FIELDS.items()), "told_by": "t", "records": 9, "as_of": "2018-01-01", "build_id": "b"}  # fmt: skip
    stands = params_to_use(patterns, pd.DataFrame([plan | {"is_due": False}]), learnt)
    pd.testing.assert_frame_equal(stands, learnt)
    due = params_to_use(patterns, pd.DataFrame([plan | {"is_due": True}]), learnt)
    assert len(due) > 50 and set(due["records"]) == {9}


def test_sql_weighs_as_the_formula_does(published):
    """Every pattern of the demo, from the same params."""
    with duckdb.connect(str(published.workspace.warehouse), read_only=True) as con:
        params = con.execute("select * from identity.int_match_params").df()
        found = con.execute("select * from identity.int_match_weights").df()
        fields = con.execute("select fields from identity.int_match_plan").fetchall()[0][0]
    bits = weigher(params, [field.split(":")[0] for field in fields.split()])
    assert len(found) > 50
    right = found["pattern"].map(bits)
    assert (found["pattern_weight"] - right).abs().max() < 1e-9
