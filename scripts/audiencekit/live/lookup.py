"""Who an id belongs to: a customer key, a login, or a device that one customer logs in on."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audiencekit.publish.keyed_rows import KeyedRows
from audiencekit.publish.live_facts import (
    DEVICES_FILE,
    KEYS_FILE,
    LOGINS_FILE,
    RECOMMENDATIONS_FILE,
)

CUSTOMER, LOGIN, DEVICE = "customer_key", "user_id", "anonymous_id"


@dataclass
class NewLogins:
    """By device the customers who logged in on it since the build, and the devices with a login that the build does not know.

    The thread that evaluates writes it, and any may read.
    """

    customers: dict[str, frozenset[str]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)

    def add(self, device: str, customer: str | None = None) -> None:
        """Somebody logged in on a device; None is a login that the build does not know."""
        if customer:
            self.customers[device] = self.customers.get(device, frozenset()) | {customer}
        else:
            self.strangers.add(device)


class Lookup:
    """The ids of a generation, and logins since. Used by one thread."""

    def __init__(self, generation: Path, new: NewLogins):
        self._keys = KeyedRows(generation / KEYS_FILE)
        self._logins = KeyedRows(generation / LOGINS_FILE)
        self._devices = KeyedRows(generation / DEVICES_FILE)
        self._recommendations = KeyedRows(generation / RECOMMENDATIONS_FILE)
        self._new = new

    def customer(self, kind: str, value: str) -> str | None:
        """The customer of an id of one of the three kinds; None if it belongs to no customer, or is a device of several."""
        if kind == DEVICE:
            return self._owner(f"device {value}")
        row = (self._keys if kind == CUSTOMER else self._logins).row(value)
        return row["customer_key"] if row else None

    def recommendations(self, customer: str | None) -> dict[str, list[str]]:
        """Ids of products to recommend: `any`, and those that the customer did not buy yet, `new`. None is for anybody."""
        row = self._recommendations.row(customer or "") or self._recommendations.row("") or {}
        return {
            "any": row.get("product_ids") or [],
            "new": row.get("new_product_ids") or [],
        }

    def _owner(self, device: str) -> str | None:
        """The customer who logged in on a device, if nobody else did."""
        row = self._devices.row(device) or {"customer_keys": (), "has_strangers": False}
        owners = {*row["customer_keys"], *self._new.customers.get(device, ())}
        is_shared = row["has_strangers"] or device in self._new.strangers or len(owners) > 1
        return None if is_shared or not owners else owners.pop()


def some_logins(generation: Path, number: int = 8) -> list[str]:
    """Logins of customers who were on the website, for a demo. One that is an address is left out."""
    generation = generation.resolve()
    with duckdb.connect() as con:
        con.register("logins", KeyedRows(generation / LOGINS_FILE).all())
        con.register("customers", KeyedRows(generation / KEYS_FILE).all())
        rows = con.execute(
            """
            select logins.account_id
            from logins
            inner join customers on logins.customer_key = customers.customer_key
            where customers.was_online and not contains(logins.account_id, '@')
            order by logins.account_id
            limit ?
            """,
            [number],
        ).fetchall()
    return [login for (login,) in rows]
