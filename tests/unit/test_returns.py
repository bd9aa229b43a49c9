"""Returns that name no order: which earlier order of the customer each comes off."""

import random

import pandas as pd
import pytest

from audiencekit.modelling.returns import match_returns

COLUMNS = ["customer_key", "happened_at", "event_name", "order_id", "amount"]
NO_ITEMS = pd.DataFrame({"order_id": [], "item": [], "amount": []})


def matched(
    *events: tuple[str, int], items: dict[str, dict[str, int]] | None = None
) -> dict[tuple[str, str], int]:
    """The matches of one customer's events: ('order 1', 100) is placed, ('return 2', 40) returned, one a day.

    `items` has the amount by product at a price of each order and return.
    """
    rows = []
    for day, (text, amount) in enumerate(events):
        kind, name = text.split()
        kinds = {"order": "placed", "return": "returned", "refund": "reversed", "status": "status"}
        moment = pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)
        rows.append(("a", moment, kinds[kind], name, amount))
    lines = [
        (o, item, amount) for o, mine in (items or {}).items() for item, amount in mine.items()
    ]
    return _as_dict(
        match_returns(
            pd.DataFrame(rows, columns=COLUMNS),
            pd.DataFrame(lines, columns=["order_id", "item", "amount"]),
        )
    )


def _as_dict(found: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {(row.return_id, row.order_id): row.amount for row in found.itertuples(index=False)}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        # Exactly the amount, and the latest of these.
        (
            [("order 1", 100), ("order 2", 100), ("order 3", 30), ("return r", 100)],
            {("r", "2"): 100},
        ),
        # Else the latest of more than that.
        (
            [("order 1", 100), ("order 2", 50), ("order 3", 10), ("return r", 20)],
            {("r", "2"): 20},
        ),
        # Else the latest in turn.
        (
            [("order 1", 30), ("order 2", 20), ("return r", 45)],
            {("r", "2"): 20, ("r", "1"): 25},
        ),
        # What exceeds all orders is in no row; an order after the return is no candidate.
        ([("order 1", 30), ("return r", 45), ("order 2", 45)], {("r", "1"): 30}),
        ([("return r", 45), ("order 1", 45)], {}),
        # An order is undone once: by name, or by a return before.
        (
            [("order 1", 50), ("order 2", 50), ("refund 2", 50), ("return r", 50)],
            {("r", "1"): 50},
        ),
        (
            [("order 1", 50), ("order 2", 50), ("return r", 50), ("return s", 50)],
            {("r", "2"): 50, ("s", "1"): 50},
        ),
        # A status and a return of the same amount are one return.
        (
            [("order 1", 100), ("order 2", 100), ("status 1", 100), ("return r", 100), ("return s", 100)],
            {("r", "1"): 100, ("s", "2"): 100},
        ),
        ([("order 1", 100), ("status 1", 100), ("return r", 40)], {}),
        # A partial refund leaves the order its place, and its rest.
        (
            [("order 1", 50), ("order 2", 80), ("refund 1", 10), ("return r", 60), ("return s", 40)],
            {("r", "2"): 60, ("s", "1"): 40},
        ),
    ],
)  # fmt: skip
def test_a_return_undoes_the_order_of_its_amount_else_the_latest(events, expected):
    assert matched(*events) == expected


@pytest.mark.parametrize(
    ("events", "items", "expected"),
    [
        # The product says more than the amount, and than what is later.
        (
            [("order 1", 100), ("order 2", 40), ("order 3", 90), ("return r", 40)],
            {"1": {"tea": 60, "cup": 40}, "2": {"pot": 40}, "3": {"tea": 90}, "r": {"cup": 40}},
            {("r", "1"): 40},
        ),
        # Of two orders of it the latest, and each piece once.
        (
            [("order 1", 40), ("order 2", 40), ("return r", 40), ("return s", 40)],
            {"1": {"cup": 40}, "2": {"cup": 40}, "r": {"cup": 40}, "s": {"cup": 40}},
            {("r", "2"): 40, ("s", "1"): 40},
        ),
        # One return of products from several orders.
        (
            [("order 1", 60), ("order 2", 40), ("order 3", 500), ("return r", 100)],
            {"1": {"tea": 60}, "2": {"cup": 40}, "3": {"pot": 500}, "r": {"tea": 60, "cup": 40}},
            {("r", "1"): 60, ("r", "2"): 40},
        ),
        # What no order had, such as shipping, goes by the amounts.
        (
            [("order 1", 65), ("order 2", 80), ("return r", 65)],
            {"1": {"tea": 60}, "2": {"pot": 80}, "r": {"tea": 60}},
            {("r", "1"): 65},
        ),
        # At another price it is another product; never more than the return, or than the order has left.
        (
            [("order 1", 50), ("order 2", 50), ("return r", 50)],
            {"1": {"cup at 50": 50}, "2": {"cup at 40": 50}, "r": {"cup at 50": 50}},
            {("r", "1"): 50},
        ),
        ([("order 1", 50), ("return r", 30)], {"1": {"cup": 50}, "r": {"cup": 50}}, {("r", "1"): 30}),
        (
            [("order 1", 50), ("refund 1", 40), ("order 2", 70), ("return r", 50)],
            {"1": {"cup": 50}, "2": {"pot": 70}, "r": {"cup": 50}},
            {("r", "1"): 10, ("r", "2"): 40},
        ),
    ],
)  # fmt: skip
def test_a_return_undoes_the_orders_of_its_products(events, items, expected):
    assert matched(*events, items=items) == expected


def test_customers_do_not_share_orders():
    events = pd.DataFrame(
        [
            ("a", pd.Timestamp("2024-01-01"), "placed", "1", 10),
            ("b", pd.Timestamp("2024-01-02"), "returned", "r", 10),
        ],
        columns=COLUMNS,
    )
    assert match_returns(events, NO_ITEMS).empty
    assert list(match_returns(events.head(0), NO_ITEMS).columns) == [
        "return_id",
        "order_id",
        "amount",
    ]


@pytest.mark.parametrize("seed", range(50))
def test_no_amount_is_lost_or_doubled_and_later_events_change_nothing(seed):
    rng = random.Random(seed)
    rows, placed = [], []
    for day in range(60):
        moment = pd.Timestamp("2024-01-01") + pd.Timedelta(days=day // 2)
        customer, amount, name = rng.choice("ab"), rng.choice([10, 20, 50, 70]), str(day)
        kind = rng.choice(["placed", "placed", "returned", "reversed"])
        if kind == "placed":
            placed.append((customer, name))
        if kind == "reversed":
            if not placed:
                continue
            customer, name = rng.choice(placed)
        rows.append((customer, moment, kind, name, amount))
    events = pd.DataFrame(rows, columns=COLUMNS)
    found = match_returns(events, NO_ITEMS)
    amounts = {row[3]: row[4] for row in rows if row[2] != "reversed"}
    assert (found["amount"] > 0).all()
    for column in ("return_id", "order_id"):
        assert all(
            total <= amounts[name] for name, total in found.groupby(column)["amount"].sum().items()
        )
    shuffled = match_returns(events.sample(frac=1, random_state=seed), NO_ITEMS)
    assert _as_dict(shuffled) == _as_dict(found)
    cut = pd.Timestamp("2024-01-16")
    before = {row[3] for row in rows if row[2] == "returned" and row[1] < cut}
    assert _as_dict(match_returns(events[events["happened_at"] < cut], NO_ITEMS)) == _as_dict(
        found[found["return_id"].isin(before)]
    )
