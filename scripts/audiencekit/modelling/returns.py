"""Which earlier order a return undoes, when it names none."""

import operator
from collections.abc import Callable

import pandas as pd


def match_returns(events: pd.DataFrame) -> pd.DataFrame:
    """What each return that names no order takes off which earlier order of the same customer.

    `events` has a row per event, in any order: customer_key, happened_at, event_name (placed, status, reversed or
    returned),
    order_id (of a return, its own) and amount (whole units, not negative). Returns return_id, order_id, amount: a row
    per return and order. A return of exactly the amount of an order whose status says returned or cancelled is the
    same return. Else it undoes the latest order of exactly its amount; else it comes off the latest order of more than
    that; else off the latest orders in turn. What exceeds all of them is in no row. Later events never
    change the match of an earlier return.
    """
    rank = events["event_name"].map({"placed": 0, "status": 1, "reversed": 2, "returned": 3})
    ordered = events.assign(rank=rank).sort_values(
        ["customer_key", "happened_at", "rank", "order_id", "amount"]
    )
    matched: list[tuple[str, str, int]] = []
    customer = None
    open_amounts: dict[str, int] = {}
    by_status: dict[str, int] = {}
    for key, name, order_id, amount in ordered[
        ["customer_key", "event_name", "order_id", "amount"]
    ].itertuples(index=False):
        if key != customer:
            customer, open_amounts, by_status = key, {}, {}
        if name == "placed":
            open_amounts[order_id] = amount
            continue
        if name == "status":
            by_status[order_id] = open_amounts.pop(order_id, 0)
            continue
        if name == "returned" and (same := _latest(amount, by_status, operator.eq)):
            matched.append((order_id, same, by_status.pop(same)))
            continue
        taken = {order_id: amount} if name == "reversed" else _match(amount, open_amounts)
        for taken_from, part in taken.items():
            open_amounts[taken_from] = max(open_amounts.get(taken_from, 0) - part, 0)
            if name == "returned":
                matched.append((order_id, taken_from, part))
    return pd.DataFrame(matched, columns=["return_id", "order_id", "amount"]).astype(
        {"return_id": "string", "order_id": "string", "amount": "int64"}
    )


def _match(amount: int, open_amounts: dict[str, int]) -> dict[str, int]:
    """The part of `amount` that comes off each order. `open_amounts` holds what is left of each order, the latest last."""
    for fits in (operator.eq, operator.lt):
        if order_id := _latest(amount, open_amounts, fits):
            return {order_id: amount}
    taken = {}
    for order_id, amount_left in reversed(open_amounts.items()):
        if min(amount, amount_left) > 0:
            taken[order_id] = min(amount_left, amount)
            amount -= taken[order_id]
    return taken


def _latest(amount: int, amounts: dict[str, int], fits: Callable[[int, int], bool]) -> str | None:
    """The latest order with something left whose amount fits."""
    for order_id, amount_left in reversed(amounts.items()):
        if amount_left > 0 and fits(amount, amount_left):
            return order_id
    return None
