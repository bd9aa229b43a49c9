"""Which earlier order a return undoes, when it names none."""

import operator
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd


@dataclass
class _Customer:
    """What is left of one customer's orders, the latest last: as a whole, and by product at a price."""

    open_amounts: dict[str, int] = field(default_factory=dict)
    open_items: dict[str, dict[str, int]] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)


def match_returns(events: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """What each return that names no order takes off which earlier order of the same customer.

    `events` has a row per event, in any order: customer_key, happened_at, event_name (placed, status, reversed or
    returned), order_id (of a return, its own) and amount (whole units, not negative). `items` has a row per order or
    return and product at a price: order_id, item, amount; none where the shop has no lines. Returns return_id,
    order_id, amount: a row per return and order.

    A return of exactly the amount of an order whose status says returned or cancelled is the same return. Else what
    it brings back comes off the latest orders of the same products at the same price. The rest undoes the latest
    order of exactly its amount; else it comes off the latest order of more than that; else off the latest orders in
    turn. What exceeds all of them is in no row. Later events never change the match of an earlier return.
    """
    rank = events["event_name"].map({"placed": 0, "status": 1, "reversed": 2, "returned": 3})
    ordered = events.assign(rank=rank).sort_values(
        ["customer_key", "happened_at", "rank", "order_id", "amount"]
    )
    products: dict[str, dict[str, int]] = defaultdict(dict)
    for order_id, item, amount in items[["order_id", "item", "amount"]].itertuples(index=False):
        products[order_id][item] = amount
    matched: list[tuple[str, str, int]] = []
    customer, state = None, _Customer()
    for key, name, order_id, amount in ordered[
        ["customer_key", "event_name", "order_id", "amount"]
    ].itertuples(index=False):
        if key != customer:
            customer, state = key, _Customer()
        if name == "placed":
            state.open_amounts[order_id] = amount
            state.open_items[order_id] = dict(products.get(order_id, {}))
        elif name == "status":
            state.by_status[order_id] = state.open_amounts.pop(order_id, 0)
        elif name == "reversed":
            _take(state, order_id, amount)
        elif same := _latest(amount, state.by_status, operator.eq):
            matched.append((order_id, same, state.by_status.pop(same)))
        else:
            taken = _match_items(state, products.get(order_id, {}), amount)
            for taken_from, part in _match(
                amount - sum(taken.values()), state.open_amounts
            ).items():
                _take(state, taken_from, part)
                taken[taken_from] = taken.get(taken_from, 0) + part
            matched += [(order_id, taken_from, part) for taken_from, part in taken.items()]
    return pd.DataFrame(matched, columns=["return_id", "order_id", "amount"]).astype(
        {"return_id": "string", "order_id": "string", "amount": "int64"}
    )


def _take(state: _Customer, order_id: str, amount: int) -> None:
    state.open_amounts[order_id] = max(state.open_amounts.get(order_id, 0) - amount, 0)


def _match_items(state: _Customer, returned: dict[str, int], amount: int) -> dict[str, int]:
    """The part of `amount` that comes off each order of the same products at the same price, and takes it off them."""
    taken: dict[str, int] = {}
    for item, brought_back in sorted(returned.items()):
        for order_id, bought in reversed(state.open_items.items()):
            part = min(
                brought_back,
                bought.get(item, 0),
                state.open_amounts.get(order_id, 0),
                amount - sum(taken.values()),
            )
            if part > 0:
                bought[item] -= part
                brought_back -= part
                _take(state, order_id, part)
                taken[order_id] = taken.get(order_id, 0) + part
    return taken


def _match(amount: int, open_amounts: dict[str, int]) -> dict[str, int]:
    """The part of `amount` that comes off each order. `open_amounts` holds what is left of each order, the latest last."""
    if amount <= 0:
        return {}
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
