"""Thresholds proposed for rules that do not fit: counts are the engine's, and numbers are round."""

import duckdb
import pandas as pd
import pytest

from audiencekit.rules.thresholds import COLUMNS, propose_thresholds

HUNDRED = pd.DataFrame(
    {
        "customer_key": [f"c{n}" for n in range(100)],
        # 0 to 99 days; ten of them never bought.
        "recency_days": [float(n) if n < 90 else None for n in range(100)],
        "orders_365d": [n % 10 for n in range(100)],
        "spend_365d": [n * 12.345 for n in range(100)],
        "shares_90d": [0] * 100,
        "is_vip": [n < 60 for n in range(100)],
    }
)


def proposed(where: str, aim: int = 20, fewest: int = 1, most: int = 50, **more) -> tuple | None:
    """(condition, proposed condition, members then) for a rule, of the customers above."""
    definition = more.get("definition", f"select customer_key from customer_360 where {where}")
    row = {"segment_code": "s", "finding": "f", "definition": definition}
    misfits = pd.DataFrame([row | {"aim": aim, "fewest": fewest, "most": most}])
    with duckdb.connect() as con:
        con.register("customer_360", HUNDRED)
        frame = propose_thresholds(misfits, lambda sql: con.execute(sql).df())
        if frame.empty:
            return None
        condition, changed, members = frame.iloc[0][COLUMNS[2:]]
        sql = definition.replace(condition.lower(), changed.lower())
        assert con.sql(sql).count("*").fetchone()[0] == members
    return condition, changed, members


def test_a_rule_of_one_bound_is_moved_to_the_aim():
    assert proposed("recency_days <= 80") == ("recency_days <= 80", "recency_days <= 19", 20)
    assert proposed("recency_days < 80") == ("recency_days < 80", "recency_days < 20", 20)
    assert proposed("recency_days > 10") == ("recency_days > 10", "recency_days > 69", 20)


def test_customers_who_match_anyway_are_counted():
    """Ten customers without a purchase match whatever the number is."""
    rule = "recency_days > 10 or recency_days is null"
    assert proposed(rule) == ("recency_days > 10", "recency_days > 79", 20)


def test_of_two_bounds_the_one_that_comes_closest_is_moved():
    """Purchases in a year come in steps of ten customers, and days in steps of one."""
    rule = "orders_365d >= 1 and recency_days <= 70"
    assert proposed(rule, aim=20)[1:] == ("recency_days <= 22", 20)
    assert proposed("orders_365d >= 1 and is_vip", aim=12)[1:] == ("orders_365d >= 8", 12)


def test_a_rule_that_nobody_matches_is_opened():
    assert proposed("recency_days > 200", aim=3) == ("recency_days > 200", "recency_days > 86", 3)
    assert proposed("shares_90d >= 1", aim=3, most=50) is None


def test_numbers_are_round():
    """The 80th smallest spend is 987.60."""
    assert proposed("spend_365d >= 30", aim=20)[1] == "spend_365d >= 980"


def test_a_whole_number_stays_whole_where_the_column_is_large_enough():
    """A tenth of them are below 1, and 20 below 2.2."""
    HUNDRED["gaps"] = [n * 0.11 for n in range(100)]
    assert proposed("gaps <= 5", aim=20)[1:] == ("gaps <= 2", 19)
    assert proposed("gaps <= 5.0", aim=20)[1:] == ("gaps <= 2.1", 20)
    assert proposed("gaps <= 5", aim=5)[1:] == ("gaps <= 0.44", 5)


def test_large_numbers_are_written_out():
    rule = "spend_365d * 1e6 >= 3"
    definition = f"select customer_key from customer_360 where {rule}"
    assert proposed("", definition=definition) is None
    HUNDRED["points"] = HUNDRED["spend_365d"] * 1e6
    assert proposed("points >= 3", aim=20)[1] == "points >= 980000000"


@pytest.mark.parametrize(
    "where", ["is_vip", "orders_365d = 3", "not recency_days > 10", "spend_365d > recency_days"]
)
def test_a_rule_without_a_bound_gets_no_proposal(where):
    assert proposed(where) is None


def test_a_rule_on_another_segment_gets_no_proposal():
    other = "select customer_key from seg_x where recency_days <= 80 | seg_x: select 1"
    assert proposed("", definition=other) is None


def test_the_present_number_is_never_proposed():
    assert proposed("recency_days <= 19", aim=20)[1] == "recency_days <= 18"
