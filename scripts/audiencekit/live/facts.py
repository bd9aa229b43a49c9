"""What is known of single customers: the facts of the build, in files, and the events since, in memory by sender.

DuckDB copies rows that lie together fast, and finds them slowly among all: so the rows of the customers to evaluate are
put together for each evaluation.
"""

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from audiencekit.intake.contract import load_contract
from audiencekit.publish.keyed_rows import PLACEHOLDER, KeyedRows, rows_of_lists
from audiencekit.publish.live_facts import CUSTOMERS_FILE, DEVICE, EVENTS, SENDERS_FILE
from audiencekit.publish.live_state import ACCOUNTS, CONSENT

# Events of a sender are put together when there are so many pieces.
_PIECES = 32
_KEY = "customer_key"
# How the key of a visitor begins who is no known customer: their device follows.
VISITOR = "visitor on "


class Facts:
    """Rows by customer and table, and events by sender, of a published generation and since.

    `schemas` has the columns of each table. `account_schema` has those of staged logins, and `consent_schema` those of
    staged decisions, as soon as somebody knows them. `last_seen` has the visitors who are no known customers, and when
    they were seen (UTC).
    """

    def __init__(self, generation: Path):
        self._of_customers = KeyedRows(generation / CUSTOMERS_FILE)
        self._of_senders = KeyedRows(generation / SENDERS_FILE)
        self._visitors: dict[str, dict[str, pa.RecordBatch]] = {}
        self._logged_in: dict[str, set[str]] = defaultdict(set)
        self._with_logins: set[str] = set()
        self._replaced: dict[str, dict[str, pa.RecordBatch | None]] = defaultdict(dict)
        self._dropped: set[str] = set()
        self._events: dict[str, list[pa.RecordBatch]] = defaultdict(list)
        self._taken: set[str] = set()
        self._versions: dict[str, list[pa.Table]] = defaultdict(list)
        self._accounts: dict[str, dict[str, pa.Table]] = defaultdict(dict)
        self.last_seen: dict[str, datetime] = {}
        self.account_schema: pa.Schema | None = None
        self._decided: dict[str, list[pa.Table]] = defaultdict(list)
        self.consent_schema: pa.Schema | None = None
        lists = [field for field in self._of_customers.schema if pa.types.is_list(field.type)]
        self.schemas = {
            field.name: pa.schema(
                [(_KEY, pa.string()), *(f for f in field.type.value_type if f.name != PLACEHOLDER)]
            )
            for field in lists
            if field.name != "senders"
        }
        self._event_schema = self._events_of_build(set()).schema

    def rows_of(self, customers: Set[str]) -> dict[str, pa.Table]:
        """Rows of `customers` by table, with their events. Customers whom the build does not know have none."""
        customers = customers - self._dropped
        of_build = self._of_customers.rows(customers)
        others = [self._visitors[key] for key in sorted(customers & self._visitors.keys())]
        if replaced := customers & self._replaced.keys():
            is_replaced = pc.is_in(of_build.column(_KEY), pa.array(sorted(replaced)))
            others += self._with_replaced(of_build.filter(is_replaced))
            plain = of_build.filter(pc.invert(is_replaced))
        else:
            plain = of_build
        rows = {
            name: pa.concat_tables(
                [
                    rows_of_lists(plain, name, _KEY),
                    _together([facts[name] for facts in others if name in facts], schema),
                ]
            ).combine_chunks()
            for name, schema in self.schemas.items()
        }
        logged_in = of_build.column("senders").combine_chunks().flatten().to_pylist()
        rows[EVENTS] = _together(self._events_of(customers, {*logged_in}), self._event_schema)
        if self.account_schema:
            stated = sorted(customers & self._accounts.keys())
            accounts = [one for key in stated for one in self._accounts[key].values()]
            rows[ACCOUNTS] = pa.concat_tables([self.account_schema.empty_table(), *accounts])
        if self.consent_schema:
            decided = [one for key in sorted(customers) for one in self._decided.get(key, ())]
            rows[CONSENT] = pa.concat_tables([self.consent_schema.empty_table(), *decided])
        return rows

    def _with_replaced(self, of_build: pa.Table) -> list[dict[str, pa.RecordBatch]]:
        """The rows of each customer by table, where those of some tables were replaced since the build."""
        found = []
        for place, key in enumerate(of_build.column(_KEY).to_pylist()):
            one = of_build.slice(place, 1)
            rows = {name: _batch(rows_of_lists(one, name, _KEY)) for name in self.schemas}
            rows |= self._replaced[key]
            found.append({name: batch for name, batch in rows.items() if batch})
        return found

    def add_visitor(self, sender: str, country_code: str | None, at: datetime) -> str:
        """Let somebody of whom nothing is known but their device be evaluated like a customer. Returns their key.

        `at` is when they were seen there, UTC.
        """
        key = VISITOR + sender
        self.last_seen[key] = max(at, self.last_seen.get(key, at))
        known: dict[str, dict[str, str | None]] = {
            # Where they are decides which law is theirs.
            "int_customer_profiles": {"country_code": country_code},
            "int_identifiers": {"id_type": "account_id", "id_value": key},
        }
        self._visitors[key] = {
            name: _row(self.schemas[name], values | {"customer_key": key})
            for name, values in known.items()
            if name in self.schemas
        }
        return key

    def drop_visitor(self, key: str) -> None:
        """Drop what is known of a visitor, and of their device unless a customer logged in there meanwhile."""
        if (device := _device_of(key)) not in self._with_logins:
            self._events.pop(device, None)
        self._visitors.pop(key, None)
        self.last_seen.pop(key, None)

    def replace(self, customers: Set[str], tables: Mapping[str, pa.Table]) -> None:
        """Let these rows be all that is known of `customers` in these tables."""
        for name, rows in tables.items():
            columns = rows.select(self.schemas[name].names).cast(self.schemas[name])
            of_customers = _by_customer(columns)
            for key in customers:
                self._replaced[key][name] = of_customers.get(key)

    def drop_customers(self, customers: Set[str]) -> None:
        """Let nothing be known of customers any more."""
        self._dropped |= customers
        for key in customers:
            self._logged_in.pop(key, None)
            self._accounts.pop(key, None)
            self._decided.pop(key, None)
            self._replaced.pop(key, None)

    def _events_of(self, customers: Set[str], senders: Set[str]) -> list[pa.RecordBatch]:
        """Events on the devices and logins of customers, `senders` in the build. Those of a visitor count as if they had logged in."""
        visitors = {key for key in customers if key.startswith(VISITOR)}
        for key in customers - visitors:
            senders = senders | self._logged_in.get(key, set())
        events = self._events_of_build(senders).to_batches()
        events += [batch for sender in sorted(senders) for batch in self._events.get(sender, ())]
        # On a device that a customer logged in on, the visitor is that customer, who may be evaluated together with them.
        for key in sorted(key for key in visitors if _device_of(key) not in self._with_logins):
            events += [_with_login(each, key) for each in self._events.get(_device_of(key), ())]
        return events

    def _events_of_build(self, senders: Set[str]) -> pa.Table:
        events = rows_of_lists(self._of_senders.rows(senders), "events", "sender")
        sender = events.column("sender")
        device = pc.utf8_slice_codeunits(sender, len(DEVICE))
        is_device = pc.starts_with(sender, DEVICE)
        events = events.append_column("anonymous_id", pc.if_else(is_device, device, None))
        return events.drop_columns(["sender"])

    def new_of(self, events: pa.Table) -> pa.Table:
        """The staged events, which have a column `sender`, that neither came before nor the build has."""
        senders = {sender for sender in events.column("sender").to_pylist() if sender}
        known = self._events_of_build(senders).column("event_id")
        ids = events.column("event_id")
        of_build = set(ids.filter(pc.is_in(ids, known.combine_chunks())).to_pylist())
        places: dict[str, int] = {}
        for place, event_id in enumerate(ids.to_pylist()):
            if event_id not in self._taken and event_id not in of_build:
                places.setdefault(event_id, place)
        return events.take(pa.array(list(places.values()), pa.int64()))

    def add(self, new: pa.Table) -> None:
        """Keep new events."""
        if rows := _batch(new):
            plain = rows.select(self._event_schema.names)
            for place, sender in enumerate(rows.column("sender").to_pylist()):
                kept = self._events[sender]
                kept.append(plain.slice(place, 1))
                if len(kept) > _PIECES:
                    self._events[sender] = _together(kept, plain.schema).to_batches()
            self._taken.update(rows.column("event_id").to_pylist())

    def add_accounts(self, accounts: pa.Table, known: Set[str]) -> pa.Table:
        """Keep what logins state, of those that are `known`. Returns all that they stated since the build."""
        plain = accounts.select([name for name in accounts.column_names if name in _decisions()])
        logins = plain.column("account_id").to_pylist()
        for place, login in enumerate(logins):
            if login in known:
                self._versions[login].append(plain.slice(place, 1))
        versions = [row for login in sorted(known) for row in self._versions[login]]
        return pa.concat_tables(versions) if versions else plain.slice(0, 0)

    def keep_accounts(self, staged: pa.Table, owners: Mapping[str, str]) -> None:
        """Keep staged logins of customers, in place of what was kept of them before."""
        for place, login in enumerate(staged.column("account_id").to_pylist()):
            self._accounts[owners[login]][login] = staged.slice(place, 1)

    def add_consent(self, customer: str, staged: pa.Table) -> None:
        """Keep staged decisions of a customer."""
        self._decided[customer].append(staged)

    def seen_on(self, customer: str, sender: str) -> bool:
        """A customer logged in on a device. Returns whether they had not done so before since the build."""
        if sender in self._logged_in[customer]:
            return False
        self._logged_in[customer].add(sender)
        self._with_logins.add(sender)
        return True


def _device_of(visitor: str) -> str:
    return visitor.removeprefix(VISITOR)


def _row(schema: pa.Schema, values: dict[str, str | None]) -> pa.RecordBatch:
    """One row with these values, and none in the other columns."""
    return pa.RecordBatch.from_pylist([{**dict.fromkeys(schema.names), **values}], schema)


def _by_customer(rows: pa.Table) -> dict[str, pa.RecordBatch]:
    """The rows of each customer."""
    if not (batch := _batch(rows.sort_by("customer_key"))):
        return {}
    keys = batch.column("customer_key").to_pylist()
    starts = [n for n, key in enumerate(keys) if n == 0 or key != keys[n - 1]]
    ends = [*starts[1:], len(keys)]
    return {keys[n]: batch.slice(n, end - n) for n, end in zip(starts, ends, strict=True)}


def _batch(rows: pa.Table) -> pa.RecordBatch | None:
    """All rows as one batch; None if there is no row."""
    return next(iter(rows.combine_chunks().to_batches()), None)


def _with_login(events: pa.RecordBatch, login: str) -> pa.RecordBatch:
    place = events.schema.get_field_index("account_id")
    return events.set_column(place, events.schema.field(place), pa.array([login] * len(events)))


@cache
def _decisions() -> set[str]:
    """What is kept of a login: what it decided, and when; and no contact data."""
    table = load_contract()["accounts"]
    decisions = {column.name for column in table.columns if column.is_decision}
    return {*table.key, *table.clocks, *decisions}


def _together(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    return (
        pa.Table.from_batches(batches, schema).combine_chunks() if batches else schema.empty_table()
    )
