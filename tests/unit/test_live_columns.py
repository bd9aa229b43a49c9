"""Which columns the live cone keeps of its tables."""

import duckdb

from audiencekit.publish.live_columns import named_after, needed_columns, only, with_nulls
from audiencekit.publish.live_cone import Step

COLUMNS = {
    "orders": {
        "customer_key": "VARCHAR",
        "amount": "DOUBLE",
        "ordered_at": "TIMESTAMP",
        "note": "VARCHAR",
    },
    "feat_orders": {"customer_key": "VARCHAR", "spend": "DOUBLE", "last_at": "TIMESTAMP"},
    "profile": {"customer_key": "VARCHAR", "spend": "DOUBLE", "last_at": "TIMESTAMP"},
    "matches": {"segment_code": "VARCHAR", "customer_key": "VARCHAR"},
}
STEPS = [
    Step(
        "feat_orders",
        '"w"."f"."feat_orders"',
        False,
        "with all_orders as (select * from w.p.orders) "
        "select customer_key, sum(amount) as spend, max(ordered_at) as last_at from all_orders group by customer_key",
    ),
    Step("profile", '"w"."s"."profile"', False, "select * from w.f.feat_orders"),
    Step(
        "matches",
        '"w"."s"."matches"',
        False,
        "select 'good' as segment_code, customer_key from w.s.profile where spend > 10",
    ),
]


def test_only_columns_that_the_results_follow_from_are_needed_through_all_steps():
    needed = needed_columns(STEPS, COLUMNS, {"matches": set(COLUMNS["matches"])})
    assert needed["profile"] == needed["feat_orders"] == {"customer_key", "spend"}
    assert needed["orders"] == {"customer_key", "amount"}


def test_a_query_that_cannot_be_resolved_gets_all_columns_of_its_tables():
    unknown = Step(
        "matches", "m", False, "select 'a' as segment_code, customer_key, elsewhere from profile"
    )
    needed = needed_columns([unknown], COLUMNS, {"matches": {"customer_key"}})
    assert needed["profile"] == set(COLUMNS["profile"])


def test_a_column_that_sql_names_exists_as_null_where_it_is_not_kept():
    named = named_after(STEPS, ["orders", "feat_orders", "profile"])
    assert "ordered_at" in named["orders"] and "note" not in named["orders"]
    assert "spend" in named["profile"] and "last_at" not in named["profile"]
    columns = with_nulls(COLUMNS["orders"], {"customer_key", "amount"}, named["orders"])
    con = duckdb.connect()
    rows = con.execute(f"select {columns} from (select 'a' as customer_key, 2.0 as amount)")
    assert [name for name, *_ in rows.description] == ["customer_key", "amount", "ordered_at"]
    assert rows.fetchall() == [("a", 2.0, None)]


def test_columns_keep_the_order_of_the_table():
    sql = only(
        "select 1 as customer_key, 2 as segment_code",
        COLUMNS["matches"],
        {"customer_key", "segment_code"},
    )
    assert [name for name, *_ in duckdb.execute(sql).description] == [
        "segment_code",
        "customer_key",
    ]
