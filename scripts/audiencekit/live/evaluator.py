"""Evaluate single customers as of any moment since the last build, with the SQL of that build.

A database in memory has the tables that the SQL reads, under the same names, with rows of the customers who are
evaluated and of nobody else.
"""

from collections.abc import Callable, KeysView, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from audiencekit.live.as_built import Segments
from audiencekit.live.clock import LATER, Clock
from audiencekit.live.facts import Facts
from audiencekit.live.lookup import NewLogins
from audiencekit.publish.keyed_rows import KeyedRows
from audiencekit.publish.live_cone import INCOMING, MOMENT
from audiencekit.publish.live_facts import DEVICES_FILE, EVENTS, KEYS_FILE, LOGINS_FILE, SENDER
from audiencekit.publish.live_state import (
    ACCOUNTS,
    BUILD_MATCHES,
    CONSENT,
    FEATURES,
    LIVE_FILE,
    MATCHES,
    SPINE,
    TAKEN,
)
from audiencekit.sql import literal

T = TypeVar("T")

# What is read of a staged event to know whom it concerns.
_READ = ["event_id", "account_id", "sender", "country_code", "occurred_at"]
# The channel whose messages are looked up.
WEBSITE = "website"
# As of this moment, all events that were taken in have happened.
_ALL = datetime(9999, 12, 31)
# The catalogs of the SQL and of live.duckdb.
_PUBLISHED = ('"warehouse"', "published")
_MICROSECONDS = pa.timestamp("us")


@dataclass(frozen=True)
class Evaluation:
    """What single customers match, and where they may be addressed for it.

    `matches` are pairs of segment and customer; of segments that are not live they are those of the build.
    `candidates` has, by channel, segment and customer, why a member is left out there, or None.
    """

    matches: set[tuple[str, str]]
    candidates: dict[tuple[str, str, str], str | None]


@dataclass(frozen=True)
class Outcome:
    """What an evaluation says by customer: their segments, the products in their cart, the messages by slot of the website, as
    JSON, and when they are due next (UTC). `segments` and `due` have all of them."""

    segments: dict[str, Segments]
    carts: dict[str, list[str]]
    messages: dict[str, dict[str, str]]
    due: dict[str, datetime]


@dataclass(frozen=True)
class _Step:
    """A model that is evaluated: the SQL of the columns that are needed of it, and a select list of all of its columns."""

    name: str
    relation: str
    is_view: bool
    sql: str
    columns: str

    @property
    def table(self) -> str:
        """Where its rows are."""
        has_nulls = "cast(null as " in self.columns
        return f"memory.steps.{self.name}" if has_nulls else self.relation


class Evaluator:
    """The events since a build, and what follows from them for single customers. Used by one thread.

    `segments` are those whose rules read nothing that only a build can know. `relations` are the names under which the
    steps are read, by model, and `tables` those of their rows; `schemas` has the columns of the inputs that are about
    customers. `new_logins` are those since the build.
    """

    def __init__(self, generation: Path):
        """Read the cone of a published generation. Nobody is loaded yet."""
        # All of its files are of one generation, whatever is published meanwhile.
        generation = generation.resolve()
        self.con = duckdb.connect(":memory:", config={"threads": 1})
        self.con.execute("set TimeZone = 'UTC'")
        self.con.execute(f"attach {literal(str(generation / LIVE_FILE))} as published (read_only)")
        self.con.execute("attach ':memory:' as warehouse")
        live = self._rows(
            "select segment_code from published.cone.segments where daily_because = ''"
        )
        self.segments = frozenset(code for (code,) in live)
        steps = [
            _Step(*row)
            for row in self._rows(
                "select name, relation, is_view, sql, columns from published.cone.steps order by place"
            )
        ]
        self.relations = {step.name: step.relation for step in steps}
        self.tables = {step.name: step.table for step in steps}
        self._stage = {step.name: step.sql for step in steps if step.name in TAKEN}
        self._events_columns = next(step.columns for step in steps if step.name == EVENTS)
        self._steps = [step for step in steps if step.name not in TAKEN]
        self._facts = Facts(generation)
        self._keys = KeyedRows(generation / KEYS_FILE)
        self._logins = KeyedRows(generation / LOGINS_FILE)
        self._devices = KeyedRows(generation / DEVICES_FILE)
        self.new_logins = NewLogins()
        self._empty: set[str] = set()
        self.schemas = self._facts.schemas
        self._prepare()
        self._clock = Clock(self)

    def _rows(self, query: str, values: Sequence | None = None) -> list[tuple]:
        return self.con.execute(query, values).fetchall()

    def _prepare(self) -> None:
        """Make the tables and views that the steps read, with rows of nobody."""
        inputs = self._rows("select * from published.cone.inputs")
        relations = [*self.relations.values(), *(relation for _, relation, *_ in inputs)]
        for schema in sorted({relation.split(".")[1] for relation in relations} | {'"incoming"'}):
            self.con.execute(f"create schema if not exists warehouse.{schema}")
        self.con.execute("create schema due")
        self.con.execute("create schema steps")
        self._set_due(set())
        self._replace("memory.due.moments", pa.table({"moment_at": pa.array([], _MICROSECONDS)}))
        for name, relation, is_by_customer, has_moment, columns in inputs:
            rows = f"memory.due.{name}" if is_by_customer else relation.replace(*_PUBLISHED, 1)
            query = f"select {columns} from {rows}"
            if has_moment:
                # What a build calculated for its own moment holds until the next build.
                query = (
                    "select of_build.* replace (moments.moment_at as moment_at) "
                    f"from ({query}) as of_build cross join memory.due.moments as moments"
                )
            self.con.execute(f"create view {relation} as {query}")
        features = self.relations[FEATURES].rsplit(".", 1)[0]
        self.con.execute(
            f"create view {features}.{SPINE} as "
            "select customer_key, moment_at from memory.due.customers cross join memory.due.moments"
        )
        self.con.execute(
            f"create view {self.relations[EVENTS]} as "
            f"select {self._events_columns} from memory.due.{EVENTS} where occurred_at < {MOMENT}"
        )
        nobody = self.con.execute(f"from published.incoming.{TAKEN[ACCOUNTS]}").to_arrow_table()
        self._facts.account_schema = self._staged(ACCOUNTS, nobody, "from staged").schema
        none = self.con.execute(f"from published.incoming.{TAKEN[CONSENT]}").to_arrow_table()
        self._facts.consent_schema = self._staged(CONSENT, none, "from staged").schema
        self._set_due(set())
        for name in (ACCOUNTS, CONSENT):
            self.con.execute(f"create view {self.relations[name]} as from memory.due.{name}")
        self._make_steps()

    def _make_steps(self) -> None:
        """Make the table of each step under its name in the warehouse, or a view of it that has null in more columns."""
        for step in self._steps:
            if step.is_view:
                rows = f"({step.sql})"
            else:
                rows = step.table
                self._evaluate_step(step)
            if rows != step.relation:
                columns = f"select {step.columns} from {rows}"
                self.con.execute(f"create view {step.relation} as {columns}")

    def _evaluate_step(self, step: "_Step") -> None:
        sql = _with_daily(step.sql) if step.name == MATCHES else step.sql
        self.con.execute(f"create or replace table {step.table} as {sql}")

    def _set_due(self, customers: Set[str]) -> None:
        """Put the rows of these customers, and of nobody else, where the steps read them."""
        keys = pa.array(sorted(customers), pa.string())
        tables = self._facts.rows_of(customers) | {"customers": pa.table({"customer_key": keys})}
        for name, rows in tables.items():
            if len(rows):
                self._empty.discard(name)
                self._replace(f"memory.due.{name}", rows)
            elif name not in self._empty:
                self._replace(f"memory.due.{name}", rows)
                self._empty.add(name)

    def _replace(self, name: str, rows: pa.Table) -> None:
        self.con.register("rows_of_it", rows)
        self.con.execute(f"create or replace table {name} as from rows_of_it")
        self.con.unregister("rows_of_it")

    def customers(self) -> KeysView[str]:
        """All customers of the build, in the order of their keys."""
        return dict.fromkeys(self._keys.keys()).keys()

    @property
    def visitors(self) -> dict[str, datetime]:
        """Those who are no known customers, and when they were seen last (UTC)."""
        return self._facts.last_seen

    @property
    def has_ended(self) -> bool:
        """It ends with the process that has it."""
        return False

    def drop_visitors(self, keys: Set[str]) -> None:
        """Drop what is known of visitors."""
        for key in keys:
            self._facts.drop_visitor(key)

    def replace_facts(self, customers: Set[str], tables: Mapping[str, pa.Table]) -> None:
        """Let these rows be all that is known of `customers` in these inputs of the steps."""
        self._facts.replace(customers, tables)

    def replace_shared(self, name: str, rows: pa.Table) -> None:
        """Let these be the rows of an input that holds for everybody."""
        ((relation,),) = self._rows(
            "select relation from published.cone.inputs where name = ?", [name]
        )
        self._replace(f"memory.due.shared_{name}", rows)
        self.con.execute(f"create or replace view {relation} as from memory.due.shared_{name}")

    def drop_customers(self, customers: Set[str]) -> None:
        """Let nothing be known of customers any more: they match nothing."""
        self._facts.drop_customers(customers)

    def take(self, events: pa.Table) -> dict[str, set[str]]:
        """Take in events, with columns of the landing table web_events; times are timestamps, in UTC if they have no zone.

        Returns by new event whom it concerns: customers, or a visitor whom nobody knows.

        An event whose event_id was taken in before changes nothing.
        """
        staged = self._staged(
            EVENTS,
            events,
            # Intake refuses a text with this character, so a build has no such event.
            f"select *, {SENDER} as sender from staged "
            "where not contains(concat(event_id, account_id, anonymous_id), chr(0))",
        )
        new = self._facts.new_of(staged)
        rows = new.select(_READ).to_pylist()
        logins = self._customers_of({row["account_id"] for row in rows if row["account_id"]})
        of_build = self._customers_on({row["sender"] for row in rows if row["sender"]})
        # From here on nothing fails: who takes in an event again would find that it is known.
        self._facts.add(new)
        for row in rows:
            key = logins.get(row["account_id"])
            if row["account_id"] and not key:
                self.new_logins.add(row["sender"])
            if key and self._facts.seen_on(key, row["sender"]):
                self.new_logins.add(row["sender"], key)
        about: dict[str, set[str]] = {}
        for row in rows:
            logged_in = self.new_logins.customers.get(row["sender"], frozenset())
            customers = {*of_build.get(row["sender"], ()), *logged_in}
            if row["account_id"] in logins:
                customers.add(logins[row["account_id"]])
            if not customers and row["sender"]:
                visitor = (row["sender"], row["country_code"], row["occurred_at"])
                customers.add(self._facts.add_visitor(*visitor))
            about[row["event_id"]] = customers
        return about

    def take_accounts(self, accounts: pa.Table) -> set[str]:
        """Take in what logins state, with columns of the landing table accounts. Returns whom it concerns.

        Only their refusals count until the next build. A login that the build does not know waits for it.
        """
        known = self._customers_of(set(accounts.column("account_id").to_pylist()) - {None})
        versions = self._facts.add_accounts(accounts, known.keys())
        if known:
            self._facts.keep_accounts(self._staged(ACCOUNTS, versions, "from staged"), known)
        return set(known.values())

    def take_consent(self, decisions: pa.Table) -> set[str]:
        """Take in what logins decide, with columns of the landing table consent_events. Returns whom it concerns.

        Only wishes for less count until the next build.
        """
        staged = self._staged(
            CONSENT,
            decisions,
            "from staged where id_type in ('account_id', 'customer_key') and id_value is not null",
        )
        ids = staged.select(["id_type", "id_value"]).to_pylist()
        logins = self._customers_of({i["id_value"] for i in ids if i["id_type"] == "account_id"})
        keys = {i["id_value"] for i in ids if i["id_type"] == "customer_key"}
        known = self._keys.rows(keys).column("customer_key").to_pylist()
        owners = {"account_id": logins, "customer_key": dict(zip(known, known, strict=True))}
        concerned = set()
        for place, each in enumerate(ids):
            if customer := owners[each["id_type"]].get(each["id_value"]):
                self._facts.add_consent(customer, staged.slice(place, 1))
                concerned.add(customer)
        return concerned

    def _staged(self, name: str, rows: pa.Table, query: str) -> pa.Table:
        """The result of `query` over rows of a landing table, `staged` as a build stages them."""
        taken = f'{INCOMING}."{TAKEN[name]}"'
        self._replace("memory.due.taken", rows)
        self.con.execute(
            f"create or replace table {taken} as from published.incoming.{TAKEN[name]}"
        )
        self.con.execute(f"insert into {taken} by name from memory.due.taken")
        self._set_moment(_ALL)
        return self.con.execute(f"with staged as ({self._stage[name]}) {query}").to_arrow_table()

    def _customers_of(self, accounts: Set[str]) -> dict[str, str]:
        """The customer of each login that the build knows."""
        known = self._logins.rows(accounts).to_pydict()
        return dict(zip(known["account_id"], known["customer_key"], strict=True))

    def _customers_on(self, senders: Set[str]) -> dict[str, set[str]]:
        """Everybody who had logged in on each of these devices by the build."""
        of_build = self._devices.rows(senders).to_pydict()
        return {
            sender: set(keys)
            for sender, keys in zip(of_build["sender"], of_build["customer_keys"], strict=True)
        }

    def evaluate(self, customers: Set[str], moment: datetime) -> Evaluation:
        """What follows for `customers` as of `moment` (UTC). Customers whom the build does not know match nothing."""
        self._set_due(customers)
        self._set_moment(moment)
        moments = pa.array([_in_utc(moment), _in_utc(moment + LATER)], _MICROSECONDS)
        self._replace("memory.due.moments", pa.table({"moment_at": moments}))
        for step in self._steps:
            if not step.is_view:
                self._evaluate_step(step)
        matches = self._rows(f"from {self.relations['segment_matches']}")
        candidates = self._rows(
            "select channel, segment_code, customer_key, left_out_because "
            f"from {self.relations['int_action_candidates']}"
        )
        return Evaluation(
            set(matches),
            {(channel, segment, key): reason for channel, segment, key, reason in candidates},
        )

    def outcome(self, customers: Set[str], moment: datetime) -> Outcome:
        """What follows for `customers` as of `moment` (UTC), all of it."""
        evaluation = self.evaluate(customers, moment)
        reasons: dict[tuple[str, str], dict[str, str | None]] = {}
        for (channel, segment, key), reason in sorted(evaluation.candidates.items()):
            reasons.setdefault((segment, key), {})[channel] = reason
        segments: dict[str, Segments] = {key: {} for key in customers}
        for segment, key in sorted(evaluation.matches):
            segments[key][segment] = tuple(reasons.get((segment, key), {}).items())
        due = self._clock.next_changes(customers, moment)
        return Outcome(segments, self.carts(), self.messages(WEBSITE), due)

    def ask(self, question: Callable[..., T], *args: object) -> T:
        """What a function returns for this evaluator and these arguments."""
        return question(self, *args)

    def close(self) -> None:
        """Close the files."""
        self.con.close()

    def carts(self) -> dict[str, list[str]]:
        """The products in the cart of each customer who was evaluated last; products without a name are left out."""
        return dict(
            self._rows(
                "select customer_key, list(product_id order by product_id) "
                f"from {self.relations['int_cart_products']} "
                f"where product_id is not null and moment_at = {MOMENT} group by customer_key"
            )
        )

    def messages(self, channel: str) -> dict[str, dict[str, str]]:
        """The messages of each customer who was evaluated last, by slot of a channel, as JSON."""
        found: dict[str, dict[str, str]] = {}
        for key, slot, content in self._rows(
            f"""
                select chosen.customer_key, chosen.slot, messages.content_json
                from {self.relations["int_customer_messages"]} as chosen
                inner join {self.relations["dim_messages"]} as messages
                    on chosen.message_code = messages.message_code
                where chosen.channel = ?
            """,
            [channel],
        ):
            found.setdefault(key, {})[slot] = content
        return found

    def _set_moment(self, moment: datetime) -> None:
        self.con.execute(f"set variable moment = timestamp '{_in_utc(moment)}'")


def _with_daily(sql: str) -> str:
    """SQL for matches of live segments now, and of the other segments in the build."""
    live = "select segment_code from published.cone.segments where daily_because = ''"
    return f"""
        select * from ({sql}) where segment_code in ({live})
        union all
        select segment_code, customer_key from memory.due.{BUILD_MATCHES} where segment_code not in ({live})
    """


def _in_utc(moment: datetime) -> datetime:
    """A moment as the SQL has it, without its zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
