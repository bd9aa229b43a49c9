"""Returns that name no order: which earlier order of the customer each comes off."""

import random

import pandas as pd
import pytest

from audiencekit.modelling.returns import match_returns

COLUMNS = ["customer_key", "happened_at", "event_name", "order_id", "amount"]


def matched(*events: tuple[str, int], customer: str = "a") -> dict[tuple[str, str], int]:
    """The matches of one customer's events: ('order 1', 100) is placed, ('return 2', 40) returned, one a day."""
    rows = []
    for day, (text, amount) in enumerate(events):
        kind, name = text.split()
        kinds = {"order": "placed", "return": "returned", "refund": "reversed", "status": "status"}
        moment = pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)
        rows.append((customer, moment, kinds[kind], name, amount))
    return _as_dict(match_returns(pd.DataFrame(rows, columns=COLUMNS)))


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


def test_customers_do_not_share_orders():
    events = pd.DataFrame(
        [
            ("a", pd.Timestamp("2024-01-01"), "placed", "1", 10),
            ("b", pd.Timestamp("2024-01-02"), "returned", "r", 10),
        ],
        columns=COLUMNS,
    )
    assert match_returns(events).empty
    assert list(match_returns(events.head(0)).columns) == ["return_id", "order_id", "amount"]


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
    found = match_returns(events)
    amounts = {row[3]: row[4] for row in rows if row[2] != "reversed"}
    assert (found["amount"] > 0).all()
    for column in ("return_id", "order_id"):
        assert all(
            total <= amounts[name] for name, total in found.groupby(column)["amount"].sum().items()
        )
    shuffled = match_returns(events.sample(frac=1, random_state=seed))
    assert _as_dict(shuffled) == _as_dict(found)
    cut = pd.Timestamp("2024-01-16")
    before = {row[3] for row in rows if row[2] == "returned" and row[1] < cut}
    assert _as_dict(match_returns(events[events["happened_at"] < cut])) == _as_dict(
        found[found["return_id"].isin(before)]
    )
