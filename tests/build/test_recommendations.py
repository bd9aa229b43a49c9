"""Recommendations over the demo's orders: the same in any order of rows, blind to what comes later, and in odd shops."""

from datetime import datetime

import pandas as pd
import pytest
from compiled import run_over

CHAIN = (
    "int_product_history",
    "int_best_sellers",
    "int_product_pairs",
    "int_repeat_rates",
    "int_recommendation_places",
    "int_recommendation_tests",
    "int_recommendation_verdicts",
)
EARLIER = datetime(2017, 10, 3)


@pytest.fixture(scope="module")
def lines(published) -> pd.DataFrame:
    return published.warehouse(
        "select order_id, product_id, quantity, amount from staging.stg_shop__order_lines"
    )


@pytest.fixture(scope="module")
def orders(published) -> pd.DataFrame:
    return published.warehouse(
        "select order_id, customer_key, ordered_at, ordered_on, placed_amount from profiles.fct_orders"
    )


def made_of(published, lines, orders, model="pred_recommendations", as_of=None) -> pd.DataFrame:
    """The rows of a model over these orders, sorted."""
    known = orders if as_of is None else orders[orders["ordered_at"] < as_of]
    customers = known[["customer_key"]].dropna().drop_duplicates()
    tables = {
        "staging.stg_shop__order_lines": lines,
        "profiles.fct_orders": orders,
        "profiles.dim_customers": customers,
    }
    before = CHAIN[: CHAIN.index(model)] if model in CHAIN else CHAIN
    tables |= {f"predictions.{name}": name for name in before}
    rows = run_over(published, model, tables, as_of)
    return rows.sort_values(list(rows.columns)).reset_index(drop=True)


def test_shuffled_rows_recommend_the_same(published, lines, orders):
    shuffled = [t.sample(frac=1, random_state=3) for t in (lines, orders)]
    expected = made_of(published, lines, orders)
    assert set(expected["reason"]) == {"bought before", "bought together", "best seller"}
    pd.testing.assert_frame_equal(made_of(published, *shuffled), expected)


@pytest.mark.parametrize(
    "model", ["pred_recommendations", "int_recommendation_tests", "int_product_history"]
)
def test_rows_at_as_of_or_later_change_nothing(published, lines, orders, model):
    """Later orders, of later customers, too, and the first 500 orders once more, at the very moment."""
    known = orders[orders["ordered_at"] < EARLIER]
    again = known.head(500).assign(ordered_at=EARLIER, ordered_on=EARLIER.date())
    copied = lines[lines["order_id"].isin(again["order_id"])]
    expected = made_of(published, lines, known, model, EARLIER)
    all_orders, all_lines = (
        pd.concat([rows, more.assign(order_id=more["order_id"] + "-x")])
        for rows, more in ((orders, again), (lines, copied))
    )
    found = made_of(published, all_lines, all_orders, model, EARLIER)
    assert len(expected)
    pd.testing.assert_frame_equal(found, expected)


def test_a_shop_whose_lines_name_no_product_recommends_nothing(published, lines, orders):
    nameless = lines.assign(product_id=pd.Series(index=lines.index, dtype="string"))
    for model in ("pred_recommendations", *CHAIN):
        assert len(made_of(published, nameless, orders, model)) == 0, model
    assert len(made_of(published, lines.head(0), orders)) == 0


def test_a_shop_too_small_to_learn_from_recommends_its_best_sellers(published, lines, orders):
    few = orders[orders["customer_key"].notna() & (orders["ordered_at"] >= EARLIER)].head(3)
    rows = made_of(published, lines[lines["order_id"].isin(few["order_id"])], few)
    assert set(rows["method"]) == {"best_sellers"}
    assert rows.groupby(["customer_key", "list_name"])["rank"].apply(
        lambda ranks: sorted(ranks) == list(range(1, len(ranks) + 1)) and len(ranks) <= 10
    ).all()  # fmt: skip


def test_new_products_are_new_and_every_list_has_ten(published, lines, orders):
    rows = made_of(published, lines, orders)
    assert (rows.groupby(["customer_key", "list_name"]).size() == 10).all()
    moment = pd.Timestamp(published.run.manifest.as_of)
    year = orders[
        (orders["ordered_at"] < moment)
        & (orders["ordered_at"] >= moment - pd.Timedelta(days=365))
        & (orders["placed_amount"] > 0)
    ]
    bought = lines[(lines["quantity"] > 0) & (lines["amount"] >= 0)].merge(year, on="order_id")
    bought = bought[["customer_key", "product_id"]].drop_duplicates().assign(has_bought=True)
    rows = rows.merge(bought, on=["customer_key", "product_id"], how="left")
    was_bought = rows["has_bought"].notna()
    assert not was_bought[rows["list_name"] == "new"].any()
    assert (was_bought == (rows["reason"] == "bought before")).all()


def test_a_customer_speaks_by_the_twenty_products_bought_on_most_days(published):
    """23 products on one day, of which the last by name is bought on another day, too."""
    names = [f"{n:02}" for n in range(1, 24)]
    lines = pd.DataFrame(
        [("first", name, 1.0, 1.0) for name in names] + [("second", "23", 1.0, 1.0)],
        columns=["order_id", "product_id", "quantity", "amount"],
    )
    days = pd.to_datetime(["2017-12-01 10:00", "2017-12-02 10:00"])
    orders = pd.DataFrame(
        {"order_id": ["first", "second"], "customer_key": "a", "ordered_at": days, "placed_amount": 9.0}
    ).assign(ordered_on=lambda o: o["ordered_at"].dt.date)  # fmt: skip
    rows = made_of(published, lines, orders, "int_product_history")
    now = rows[rows["days_bought"] > 0]
    assert sorted(now[now["is_main"]]["product_id"].unique()) == [*names[:19], "23"]
