"""What it takes to evaluate single customers of a generation again, with the build's own SQL: live.duckdb, and files of rows by key.

cone.format         the number of this layout
cone.steps          the models that are evaluated again, in order, with the SQL of the columns that are needed of them
cone.inputs         the other tables that the steps read, and whether they are about customers
cone.windows, cone.thresholds, cone.zone    what says when a customer's row can change by time alone
cone.segments       by segment: whether it is live, and if not, which column only a build can change
facts.memberships    one row per customer who is in a segment or shown a message, with the number of their kind
facts.membership_kinds    one row per kind: segments with the reasons by channel, and messages by slot, as JSON
incoming.<table>    no rows: the columns in which events, and what people state, are taken in
<schema>.<table>    the inputs that hold for everybody, such as seeds

live.customers.arrow    one row per customer, with their rows of each input in a list, and the devices they logged in on
live.senders.arrow      one row per sender of web events, a device or a login, with their events in a list
live.keys.arrow         one row per customer, and whether they ever logged in on the website
live.logins.arrow       one row per login, with its customer
live.devices.arrow      one row per sender, with every customer who logged in there, and whether others did, too
live.recommendations.arrow    one row per customer, and one without a key for everybody else, with products to recommend
"""

import json
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.publish.live_columns import named_after, needed_columns, only, with_nulls
from audiencekit.publish.live_cone import (
    Cone,
    live_segments,
    read_cone,
    thresholds,
    windows,
    zone,
)
from audiencekit.publish.live_facts import EVENTS, write_facts
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

LIVE_FILE = "live.duckdb"
# Counts up when a service of an older version could not read the file any more, or a newer one not yet.
FORMAT = 5
ACCOUNTS, CONSENT = "stg_shop__accounts", "stg_consent__events"
# The landing tables that they are staged from.
TAKEN = {EVENTS: "web_events", ACCOUNTS: "accounts", CONSENT: "consent_events"}
# Who a customer is matters to no rule: these columns are empty, and identifiers of these kinds are left out.
CONTACT_DATA = ("email", "phone", "first_name", "last_name", "city")
CONTACT_IDS = ("email", "phone")
# Made by the evaluator: the customers to evaluate, as of the moment of evaluation.
SPINE = "int_feature_spine"
# Who matches which rule. Those of the build are known of each customer, too, for segments that are not live.
MATCHES, BUILD_MATCHES = "segment_matches", "build_matches"
# What is read of the steps. Of features, those that rules compare with a number: the clock calculates when.
RESULTS = (
    *(MATCHES, "int_action_candidates", "int_cart_products", "int_customer_messages"),
    *("dim_messages", "fct_events", "int_frequency_limits", "int_quiet_hours"),
)
FEATURES = "customer_features"
# What is always kept of events and customers.
_KEYS = ("customer_key", "moment_at", "event_id", "account_id", "anonymous_id", "occurred_at")


@dataclass(frozen=True)
class Table:
    """A table of the warehouse: its quoted name with schema, the SQL types of its columns, and those that are `needed`."""

    relation: str
    columns: dict[str, str]
    needed: frozenset[str]

    @property
    def is_by_customer(self) -> bool:
        return "customer_key" in self.columns

    def rows(self, as_of: datetime) -> str:
        """SQL for what is needed of its rows, without contact data; of several moments, those of the build's own."""
        columns = ", ".join(
            f"null::text as {name}" if name in CONTACT_DATA else name
            for name in self.columns
            if name in self.needed
        )
        conditions = ["true"]
        if "moment_at" in self.columns:
            conditions.append(f"moment_at = timestamp '{as_of}'")
        if "id_type" in self.columns:
            conditions.append(f"id_type not in {CONTACT_IDS}")
        if "record_id" in self.columns:
            # Ids of other records may be made of contact data.
            conditions.append("record_id like 'account:%'")
        return f"select {columns} from {self.relation} where {' and '.join(conditions)}"


def write_live_state(workspace: Workspace, folder: Path, as_of: datetime) -> None:
    """Write live.duckdb and its files, of the build in the warehouse, into a generation's folder."""
    manifest = json.loads((workspace.home / "target" / "manifest.json").read_text())
    cone = read_cone(manifest, as_of)
    with duckdb.connect(str(folder / LIVE_FILE)) as con:
        con.execute(f"attach {literal(str(workspace.warehouse))} as warehouse (read_only)")
        columns = _columns(con)
        definitions = dict(
            con.execute(
                "select segment_code, definition from warehouse.segments.dim_segments"
            ).fetchall()
        )
        compared = thresholds(definitions.values())
        needed = _needed(cone, columns, compared.keys())
        inputs = {n: _table(r, columns[n], needed[n]) for n, r in cone.inputs.items() if n != SPINE}
        con.execute("create schema cone")
        _write_steps(con, cone, columns, needed)
        _write_inputs(con, cone, inputs)
        reasons = live_segments(cone, columns, definitions)
        lengths = windows(cone) | _caps(con, inputs)
        _write(con, "segments", "segment_code text, daily_because text", reasons.items())
        _write(con, "windows", "micros bigint", [[length] for length in sorted(lengths)])
        pairs = [(name, value) for name, values in compared.items() for value in sorted(values)]
        _write(con, "thresholds", "name text, value double", pairs)
        _write(con, "zone", "name text", [[zone(cone)]])
        _write(con, "format", "number bigint", [[FORMAT]])
        for table in inputs.values():
            if not table.is_by_customer:
                _copy(con, table, as_of)
        con.execute("create schema incoming")
        for name in TAKEN.values():
            rows = rows_of(workspace.intake / f"{name}.parquet")
            con.execute(f"create table incoming.{name} as from {rows} limit 0")
        matches = f"warehouse.segments.{MATCHES}"
        inputs[BUILD_MATCHES] = _table(matches, columns[MATCHES], set(columns[MATCHES]))
        by_customer = {n: t.rows(as_of) for n, t in inputs.items() if t.is_by_customer}
        write_facts(con, folder, needed[EVENTS], by_customer, as_of)
        con.execute("detach warehouse")


def _table(relation: str, columns: dict[str, str], needed: Set[str]) -> Table:
    is_by_customer = "customer_key" in columns
    return Table(relation, columns, frozenset(needed if is_by_customer else columns))


def _needed(
    cone: Cone, columns: dict[str, dict[str, str]], compared: Set[str]
) -> dict[str, set[str]]:
    """By table of the cone, the columns that are kept."""
    read = {name: set(columns[name]) for name in RESULTS} | {FEATURES: set(compared)}
    steps = [step for step in cone.steps if step.name not in TAKEN]
    needed = needed_columns(steps, columns, read)
    tables = {*cone.inputs, *(step.name for step in cone.steps)}
    return {
        name: {c for c in columns[name] if c in _KEYS or c in needed.get(name, ())}
        for name in tables & columns.keys()
    }


def daily_segments(generation: Path) -> dict[str, str]:
    """The segments that only a build can evaluate, each with the column of its rule that is the reason.

    Raises duckdb.IOException where the generation has no live.duckdb.
    """
    with duckdb.connect(str(generation / LIVE_FILE), read_only=True) as con:
        return dict(
            con.execute(
                "from cone.segments where daily_because <> '' order by segment_code"
            ).fetchall()
        )


def customer_inputs(generation: Path) -> list[str]:
    """The tables that the steps read rows of customers from."""
    with duckdb.connect(str(generation / LIVE_FILE), read_only=True) as con:
        rows = con.execute("select name from cone.inputs where is_by_customer order by name")
        return [name for (name,) in rows.fetchall()]


def check_format(generation: Path) -> None:
    """Raise UserError where live.duckdb was written by a version that has another layout, or is missing."""
    path = generation / LIVE_FILE
    found = 0
    if path.exists():
        with suppress(duckdb.CatalogException), duckdb.connect(str(path), read_only=True) as con:
            ((found,),) = con.execute("from cone.format").fetchall()
    if found != FORMAT:
        raise UserError(
            f"{generation.name} was published by another version of audiencekit. Publish again: `audiencekit run`."
        )


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """SQL types of columns by table of the warehouse."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, sql_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where database_name = 'warehouse'"
    ).fetchall():
        columns.setdefault(table, {})[column] = sql_type
    return columns


def _write_steps(
    con: duckdb.DuckDBPyConnection,
    cone: Cone,
    columns: dict[str, dict[str, str]],
    needed: dict[str, set[str]],
) -> None:
    named = named_after(cone.steps, [step.name for step in cone.steps])
    rows = []
    for place, step in enumerate(cone.steps):
        types, kept = columns[step.name], needed[step.name]
        # Rows of the landing tables are staged as a build stages them.
        sql = step.sql if step.name in TAKEN else only(step.sql, types, kept)
        nulls = with_nulls(types, kept, named[step.name])
        rows.append([place, step.name, step.relation, step.is_view, sql, nulls])
    shape = "place bigint, name text, relation text, is_view boolean, sql text, columns text"
    _write(con, "steps", shape, rows)


def _write_inputs(con: duckdb.DuckDBPyConnection, cone: Cone, inputs: dict[str, Table]) -> None:
    named = named_after(cone.steps, inputs)
    rows = []
    for name, table in inputs.items():
        nulls = with_nulls(table.columns, table.needed, named[name])
        has_moment = "moment_at" in table.columns
        rows.append([name, table.relation, table.is_by_customer, has_moment, nulls])
    shape = "name text, relation text, is_by_customer boolean, has_moment boolean, columns text"
    _write(con, "inputs", shape, rows)


def _write(con: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable) -> None:
    con.execute(f"create table cone.{table} ({columns})")
    places = ", ".join("?" * len(columns.split(", ")))
    con.executemany(f"insert into cone.{table} values ({places})", [list(row) for row in rows])


def _caps(con: duckdb.DuckDBPyConnection, inputs: dict[str, Table]) -> set[int]:
    """Windows whose length is in a table, such as that of frequency caps, in microseconds."""
    return {
        days * 86_400_000_000
        for table in inputs.values()
        if "window_days" in table.columns
        for (days,) in con.execute(f"select distinct window_days from {table.relation}").fetchall()
    }


def _copy(con: duckdb.DuckDBPyConnection, table: Table, as_of: datetime) -> None:
    schema, name = table.relation.replace('"', "").split(".")[1:]
    con.execute(f"create schema if not exists {schema}")
    con.execute(f"create table {schema}.{name} as {table.rows(as_of)}")
