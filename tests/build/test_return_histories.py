"""A thousand simulated histories of purchases and returns: every view says what a reckoning by hand says.

Each return is made by undoing an order, so it is known which one. What the shop's data say about it differs: its number,
its products, its amount alone, or the status of the order.
"""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

import pandas as pd
import pytest
from workspaces import DEMO_AS_OF

CUSTOMERS = 1000
WAYS = ("number", "products", "amount", "status", "cancelled row")


@dataclass
class Shop:
    """The rows of the landing, and what each order comes to after its returns."""

    rng: random.Random
    orders: list[dict] = field(default_factory=list)
    lines: list[dict] = field(default_factory=list)
    net: dict[str, dict[str, tuple[pd.Timestamp, float, float]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    cancelled: float = 0  # orders that say themselves that they were cancelled: no revenue at all

    def add(self, customer: str, order: str, day: pd.Timestamp, total: float, **more) -> None:
        self.orders.append(
            {"order_id": order, "ordered_at": day, "total": total, "customer_id": customer}
            | {"status": "paid", "original_order_id": None}
            | more
        )

    def buy(self, customer: str, order: str, day: pd.Timestamp) -> list[float]:
        """An order of one to three products, none of which the customer buys again. The amounts of its lines."""
        # Cents from the order's number, so that no two amounts of a customer are equal.
        number = int(order.rsplit("-", 1)[1])
        amounts = [
            round(self.rng.randint(5, 60) + (number * 7 + n * 3) / 100, 2)
            for n in range(self.rng.randint(1, 3))
        ]
        for n, amount in enumerate(amounts):
            self.lines.append(
                {"order_id": order, "line_number": n, "product_id": f"{order}.{n}"}
                | {"quantity": 1, "amount": amount}
            )
        total = round(sum(amounts), 2)
        self.add(customer, order, day, total)
        self.net[customer][order] = (day, total, 0.0)
        return amounts

    def undo(self, customer: str, order: str, amounts: list[float], day: pd.Timestamp) -> None:
        """Bring back the whole order or one product, in one of the ways in which shops write it."""
        bought_on, total, _ = self.net[customer][order]
        is_whole = self.rng.random() < 0.5
        way = self.rng.choice(WAYS if is_whole else ("number", "products"))
        amount = total if is_whole else amounts[0]
        if way == "status":
            self.orders[-1]["status"] = self.rng.choice(["returned", "cancelled"])
            self.cancelled += total if self.orders[-1]["status"] == "cancelled" else 0
        else:
            back = f"{order}-back"
            named = way in ("number", "cancelled row")
            status = (
                "cancelled" if way == "cancelled row" else self.rng.choice(["paid", "returned"])
            )
            self.add(
                customer,
                back,
                day,
                -amount,
                status=status,
                original_order_id=order if named else None,
            )
            if way == "products":
                for n, part in enumerate(amounts if is_whole else amounts[:1]):
                    self.lines.append(
                        {"order_id": back, "line_number": n, "product_id": f"{order}.{n}"}
                        | {"quantity": -1, "amount": -part}
                    )
        self.net[customer][order] = (bought_on, total, amount)


@pytest.fixture(scope="module")
def shop() -> Shop:
    made = Shop(random.Random(19))
    for n in range(CUSTOMERS):
        customer = f"c{n:04d}"
        day = pd.Timestamp("2016-07-01") + timedelta(days=made.rng.randint(0, 300))
        for number in range(made.rng.randint(1, 6)):
            order = f"{customer}-{number}"
            amounts = made.buy(customer, order, day)
            if made.rng.random() < 0.4:
                made.undo(customer, order, amounts, day + timedelta(days=1))
            day += timedelta(days=made.rng.randint(3, 40), minutes=made.rng.randint(0, 600))
        if made.rng.random() < 0.2:
            made.add(customer, f"{customer}-pending", day, 99, status="pending")
    return made


@pytest.fixture(scope="module")
def built(shop, runner, tmp_path_factory):
    landing = tmp_path_factory.mktemp("histories")
    pd.DataFrame(shop.orders).to_csv(landing / "orders.csv", index=False)
    pd.DataFrame(shop.lines).to_csv(landing / "order_lines.csv", index=False)
    models = ("+customer_360", "+rpt_revenue", "+rpt_overview", "+rpt_returns", "+aud_crm")
    return runner.build("histories", landing, *models)


@pytest.fixture(scope="module")
def reckoned(shop) -> pd.DataFrame:
    """One row per customer: purchases, spend, and the same of the last 365 and 30 days, by hand."""
    rows = []
    now = pd.Timestamp(DEMO_AS_OF)
    for customer, orders in shop.net.items():
        kept = [(day, total - back) for day, total, back in orders.values() if total - back > 0.005]
        year = [(d, net) for d, net in kept if d >= now - timedelta(days=365)]
        rows.append(
            {
                "customer": customer,
                "orders_lifetime": len(kept),
                "spend_lifetime": sum(net for _, net in kept),
                "orders_365d": len(year),
                "spend_365d": sum(net for _, net in year),
                "spend_30d": sum(n for d, n in kept if d >= now - timedelta(days=30)),
                "recency_days": (now - max(d for d, _ in kept)) / timedelta(days=1)
                if kept
                else None,
                "last_on": max(d for d, _ in kept).strftime("%Y-%m-%d") if kept else None,
            }
        )
    return pd.DataFrame(rows).set_index("customer").sort_index()


def test_the_histories_have_returns_of_every_kind(shop):
    backs = [row for row in shop.orders if row["total"] < 0]
    assert len(shop.net) == CUSTOMERS and len(backs) > 500
    assert sum(row["original_order_id"] is None for row in backs) > 150
    assert sum(row["status"] in ("returned", "cancelled") for row in shop.orders) > 150


def test_customer_360_says_what_every_customer_kept(built, reckoned):
    found = built.warehouse(
        "select logins.id_value as customer, profile.* from segments.customer_360 as profile "
        "join identity.int_identifiers as logins using (customer_key) where id_type = 'account_id'"
    ).set_index("customer")
    columns = [c for c in reckoned.columns if c != "last_on"]
    pd.testing.assert_frame_equal(
        found[columns].sort_index().astype("float64"),
        reckoned[columns].astype("float64"),
        check_names=False,
        check_exact=False,
        atol=1e-6,
    )


def test_revenue_and_overview_say_the_same(built, shop, reckoned):
    revenue = built.warehouse("from measurement.rpt_revenue")
    placed = sum(total for orders in shop.net.values() for _, total, _ in orders.values())
    assert revenue["gross_revenue"].sum() == pytest.approx(placed - shop.cancelled)
    assert (revenue["gross_revenue"] - revenue["returned_amount"]).tolist() == pytest.approx(
        revenue["net_revenue"].tolist()
    )
    assert revenue["net_revenue"].sum() == pytest.approx(reckoned["spend_lifetime"].sum())
    assert revenue["purchases"].sum() == reckoned["orders_lifetime"].sum()
    overview = built.warehouse("from measurement.rpt_overview").iloc[0]
    assert overview["revenue_30d"] == pytest.approx(reckoned["spend_30d"].sum())
    unexplained = built.warehouse(
        "select * from measurement.rpt_returns where found_by = 'matches no order'"
    )
    assert unexplained.empty


def test_the_lead_text_says_the_same(built, reckoned):
    crm = built.warehouse(
        "select external_id as customer, spend_365d, reason from activation.aud_crm"
    )
    crm = crm.set_index("customer").loc[reckoned.index]
    assert crm["spend_365d"].tolist() == pytest.approx(reckoned["spend_365d"].tolist())
    for customer, line in crm.join(reckoned, rsuffix="_reckoned").iterrows():
        in_text = re.search(r"Last bought on (\S+?)[,;.]? ", f"{line['reason']} ")
        last_on = None if pd.isna(line["last_on"]) else line["last_on"]
        assert (in_text and in_text[1].rstrip(";,.")) == last_on, (customer, line["reason"])
        bought = re.search(r"(\d+) orders? for ([\d,.]+) USD in a year", line["reason"])
        if line["orders_365d"]:
            assert bought and int(bought[1]) == line["orders_365d"], (customer, line["reason"])
            assert float(bought[2].replace(",", "")) == pytest.approx(
                line["spend_365d_reckoned"], abs=0.005
            )
        else:
            assert not bought, (customer, line["reason"])
