"""Who an id belongs to: a customer key, a login, or a device that one customer logs in on."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audiencekit.publish.live_state import LIVE_FILE
from audiencekit.sql import literal

CUSTOMER, LOGIN, DEVICE = "customer_key", "user_id", "anonymous_id"


@dataclass
class NewLogins:
    """By device the customers who logged in on it since the build, and the devices with a login that the build does not know.

    The thread that evaluates writes it, and any may read.
    """

    customers: dict[str, frozenset[str]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)


class Lookup:
    """The ids of a generation, and logins since. Used by one thread."""

    def __init__(self, generation: Path, new: NewLogins):
        self._con = duckdb.connect(":memory:", config={"threads": 1})
        self._con.execute(f"attach {literal(str(generation / LIVE_FILE))} as published (read_only)")
        self._con.execute("use published.facts")
        self._new = new

    def customer(self, kind: str, value: str) -> str | None:
        """The customer of an id of one of the three kinds; None if it belongs to no customer, or is a device of several."""
        if "\0" in value:
            return None
        # DuckDB looks a value up in an index only if it is a literal.
        if kind == DEVICE:
            return self._owner(f"device {value}")
        where = {CUSTOMER: "customers where customer_key", LOGIN: "logins where account_id"}[kind]
        row = self._row(f"select customer_key from {where} = {literal(value)}")
        return row[0] if row else None

    def recommendations(self, customer: str | None) -> dict[str, list[str]]:
        """Ids of products to recommend: `any`, and those that the customer did not buy yet, `new`. None is for anybody."""
        columns = "select product_ids, new_product_ids from recommendations where customer_key ="
        row = self._row(f"{columns} {literal(customer or '')}") or self._row(f"{columns} ''")
        found, new = row or ([], [])
        return {"any": found or [], "new": new or []}

    def _owner(self, device: str) -> str | None:
        """The customer who logged in on a device, if nobody else did."""
        row = self._row(
            "select customer_keys, has_strangers from customers_by_sender "
            f"where sender = {literal(device)}"
        )
        keys, has_strangers = row or ((), False)
        owners = {*keys, *self._new.customers.get(device, ())}
        is_shared = has_strangers or device in self._new.strangers or len(owners) > 1
        return None if is_shared or not owners else owners.pop()

    def _row(self, query: str) -> tuple | None:
        return next(iter(self._con.execute(query).fetchall()), None)


def some_logins(generation: Path, number: int = 8) -> list[str]:
    """Logins of customers who were on the website lately, for a demo. One that is an address is left out."""
    with duckdb.connect(str(generation / LIVE_FILE), read_only=True) as con:
        rows = con.execute(
            """
            select logins.account_id
            from facts.logins as logins
            inner join facts.customers as customers on logins.customer_key = customers.customer_key
            where customers.was_online and not contains(logins.account_id, '@')
            order by logins.account_id
            limit ?
            """,
            [number],
        ).fetchall()
    return [login for (login,) in rows]
