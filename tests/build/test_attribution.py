"""Purchases are shared among the touches before them; nothing is lost and nothing counted twice."""

import pandas as pd
import pytest

METHODS = ("first", "last", "linear", "position")


@pytest.fixture(scope="module")
def tables(published):
    read = published.warehouse
    return {
        "orders": read(
            "select order_id, customer_key, ordered_at, net_revenue from profiles.fct_orders "
            "where is_purchase and customer_key is not null"
        ),
        "touches": read("select * from profiles.fct_touches"),
        "costs": read("select * from staging.stg_campaigns__costs"),
    }


def shares(count: int) -> dict[str, list[float]]:
    """What each of `count` touches in a row gets, by method."""
    ends = {1: [1], 2: [0.5, 0.5]}
    return {
        "first": [1] + [0] * (count - 1),
        "last": [0] * (count - 1) + [1],
        "linear": [1 / count] * count,
        "position": ends.get(count) or [0.4, *[0.2 / (count - 2)] * (count - 2), 0.4],
    }


@pytest.fixture(scope="module")
def expected(tables):
    """(month, campaign, method) to (purchases, revenue), order by order."""
    touches = tables["touches"].sort_values(["touched_at", "touch_id"])
    by_customer = dict(list(touches.groupby("customer_key")))
    found: dict[tuple, list[float]] = {}
    for order in tables["orders"].itertuples():
        mine = by_customer.get(order.customer_key)
        campaigns = [None]
        if mine is not None:
            age = order.ordered_at - mine["touched_at"]
            near = mine[(age >= pd.Timedelta(0)) & (age <= pd.Timedelta(days=30))]
            campaigns = near["campaign_id"].tolist() or [None]
        month = order.ordered_at.to_period("M").to_timestamp().date()
        for method, parts in shares(len(campaigns)).items():
            for campaign, part in zip(campaigns, parts, strict=True):
                sums = found.setdefault((month, campaign, method), [0, 0])
                sums[0] += part
                sums[1] += part * order.net_revenue
    return found


def test_every_way_of_sharing_is_as_reckoned_by_hand(published, expected):
    rows = published.report("rpt_attribution")
    found = {}
    for row in rows.itertuples():
        campaign = row.campaign_id if isinstance(row.campaign_id, str) else None
        found[(pd.Timestamp(row.month_on).date(), campaign, row.method)] = (
            row.purchases,
            row.revenue,
        )
    assert found.keys() == expected.keys()
    assert len({campaign for _, campaign, _ in found}) > 10
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, abs=1e-9), key


def test_every_way_of_sharing_gives_all_revenue_of_known_customers(published, tables):
    rows = published.report("rpt_attribution").groupby("method")[["purchases", "revenue"]].sum()
    assert set(rows.index) == set(METHODS)
    for method in METHODS:
        assert rows.loc[method, "purchases"] == pytest.approx(len(tables["orders"]))
        assert rows.loc[method, "revenue"] == pytest.approx(tables["orders"]["net_revenue"].sum())


def test_a_campaign_is_reported_with_its_cost_and_return(published, tables, expected):
    rows = published.report("rpt_campaigns").set_index("campaign_id")
    costs = tables["costs"].groupby("campaign_id")["cost"].sum()
    assert set(rows.index) == set(tables["touches"]["campaign_id"]) | set(costs.index)
    for campaign, row in rows.iterrows():
        assert row["cost"] == pytest.approx(costs[campaign])
        linear = sum(v[1] for (_, c, m), v in expected.items() if (c, m) == (campaign, "linear"))
        assert row["linear_revenue"] == pytest.approx(linear, abs=1e-6)
        assert row["linear_roi"] == pytest.approx((linear - costs[campaign]) / costs[campaign])
        mine = tables["touches"][tables["touches"]["campaign_id"] == campaign]
        assert (row["touches"], row["people"]) == (len(mine), mine["customer_key"].nunique())
