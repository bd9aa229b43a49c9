"""live.duckdb of a generation: what it takes to evaluate single customers again, with the build's own SQL.

cone.format         the number of this layout
cone.steps          the models that are evaluated again, in order, with their SQL
cone.inputs         the other tables that the steps read, with their columns, and whether they are about customers
cone.windows, cone.thresholds, cone.zone    what says when a customer's row can change by time alone
cone.segments       by segment: whether it is live, and if not, which column only a build can change
facts.customers     one row per customer, with their rows of each input in a list, and the devices they logged in on
facts.customers_by_sender    one row per device, with every customer who logged in on it, and whether others did, too
facts.senders       one row per sender of web events, a device or a login, with their events in a list
facts.logins        one row per login, with its customer
facts.recommendations    one row per customer, and one without a key for everybody else, with products to recommend
incoming.<table>    no rows: the columns in which events, and what logins state, are taken in
<schema>.<table>    the inputs that hold for everybody, such as seeds
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.publish.live_cone import (
    Cone,
    live_segments,
    read_cone,
    thresholds,
    windows,
    zone,
)
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

LIVE_FILE = "live.duckdb"
# Counts up when a service of an older version could not read the file any more, or a newer one not yet.
FORMAT = 2
EVENTS, ACCOUNTS = "stg_web__events", "stg_shop__accounts"
# The landing tables that they are staged from.
TAKEN = {EVENTS: "web_events", ACCOUNTS: "accounts"}
# Whose event it is: the device's, or the login's where no device is known.
SENDER = "coalesce('device ' || anonymous_id, 'login ' || account_id)"
# Who a customer is matters to no rule: these columns are empty, and identifiers of these kinds are left out.
CONTACT_DATA = ("email", "phone", "first_name", "last_name", "city")
CONTACT_IDS = ("email", "phone")
# Made by the evaluator: the customers to evaluate, as of the moment of evaluation.
SPINE = "int_feature_spine"
# Who matches which rule. Those of the build are known of each customer, too, for segments that are not live.
MATCHES, BUILD_MATCHES = "segment_matches", "build_matches"


@dataclass(frozen=True)
class Table:
    """A table of the warehouse: its quoted name with schema, and the SQL types of its columns."""

    relation: str
    columns: dict[str, str]

    @property
    def is_by_customer(self) -> bool:
        return "customer_key" in self.columns

    def rows(self, as_of: datetime) -> str:
        """SQL for its rows without contact data; of several moments, those of the build's own."""
        empty = ", ".join(f"null::text as {c}" for c in CONTACT_DATA if c in self.columns)
        columns = f"* replace ({empty})" if empty else "*"
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
    """Write live.duckdb of the build in the warehouse into a generation's folder."""
    manifest = json.loads((workspace.home / "target" / "manifest.json").read_text())
    cone = read_cone(manifest, as_of)
    with duckdb.connect(str(folder / LIVE_FILE)) as con:
        con.execute(f"attach {literal(str(workspace.warehouse))} as warehouse (read_only)")
        columns = _columns(con)
        inputs = {n: Table(r, columns[n]) for n, r in cone.inputs.items() if n != SPINE}
        _write_cone(con, cone, inputs, columns)
        for table in inputs.values():
            if not table.is_by_customer:
                _copy(con, table, as_of)
        con.execute("create schema incoming")
        for name in TAKEN.values():
            rows = rows_of(workspace.intake / f"{name}.parquet")
            con.execute(f"create table incoming.{name} as from {rows} limit 0")
        con.execute("create schema facts")
        _write_senders(con)
        matches = Table(f"warehouse.segments.{MATCHES}", columns[MATCHES])
        _write_customers(con, inputs | {BUILD_MATCHES: matches}, as_of)
        _write_recommendations(con, as_of)
        con.execute("detach warehouse")


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


def _write_cone(
    con: duckdb.DuckDBPyConnection,
    cone: Cone,
    inputs: dict[str, Table],
    columns: dict[str, dict[str, str]],
) -> None:
    definitions = con.execute(
        "select segment_code, definition from warehouse.segments.dim_segments order by segment_code"
    ).fetchall()
    reasons = live_segments(cone, columns, dict(definitions))
    con.execute("create schema cone")
    for table, columns_of_it, rows in (
        (
            "steps",
            "place bigint, name text, relation text, is_view boolean, sql text",
            [[n, s.name, s.relation, s.is_view, s.sql] for n, s in enumerate(cone.steps)],
        ),
        (
            "inputs",
            "name text, relation text, is_by_customer boolean, columns text[]",
            [[n, t.relation, t.is_by_customer, list(t.columns)] for n, t in inputs.items()],
        ),
        ("segments", "segment_code text, daily_because text", [list(r) for r in reasons.items()]),
        ("windows", "micros bigint", [[n] for n in sorted(windows(cone) | _caps(con, inputs))]),
        ("thresholds", "name text, value double", [list(pair) for pair in _compared(definitions)]),
        ("zone", "name text", [[zone(cone)]]),
        ("format", "number bigint", [[FORMAT]]),
    ):
        con.execute(f"create table cone.{table} ({columns_of_it})")
        places = ", ".join("?" * len(columns_of_it.split(", ")))
        con.executemany(f"insert into cone.{table} values ({places})", rows)


def _caps(con: duckdb.DuckDBPyConnection, inputs: dict[str, Table]) -> set[int]:
    """Windows whose length is in a table, such as that of frequency caps, in microseconds."""
    return {
        days * 86_400_000_000
        for table in inputs.values()
        if "window_days" in table.columns
        for (days,) in con.execute(f"select distinct window_days from {table.relation}").fetchall()
    }


def _compared(definitions: Iterable[tuple[str, str]]) -> list[tuple[str, float]]:
    found = thresholds(definition for _, definition in definitions)
    return [(name, value) for name in sorted(found) for value in sorted(found[name])]


def _copy(con: duckdb.DuckDBPyConnection, table: Table, as_of: datetime) -> None:
    schema, name = table.relation.replace('"', "").split(".")[1:]
    con.execute(f"create schema if not exists {schema}")
    con.execute(f"create table {schema}.{name} as {table.rows(as_of)}")


def _write_senders(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"""
        create table facts.senders as
        select sender, list(event) as events
        from (select {SENDER} as sender, event from warehouse.staging.{EVENTS} as event)
        where sender is not null
        group by sender
        order by sender
    """)
    con.execute("create unique index senders_by_name on facts.senders (sender)")
    con.execute("""
        create table facts.logins as
        select id_value as account_id, min(customer_key) as customer_key
        from warehouse.identity.int_identifiers
        where id_type = 'account_id'
        group by id_value
        order by id_value
    """)
    con.execute("create unique index logins_by_account on facts.logins (account_id)")


def _write_customers(
    con: duckdb.DuckDBPyConnection, inputs: dict[str, Table], as_of: datetime
) -> None:
    """One row per customer: a list of structs for each input, and the senders of their events."""
    lists, joins = [], []
    for name, table in inputs.items():
        if table.is_by_customer:
            lists.append(f"{name}.list_of_rows as {name}")
            joins.append(f"""
                left join (
                    select customer_key, list(rows_of_it) as list_of_rows
                    from ({table.rows(as_of)}) as rows_of_it
                    group by customer_key
                ) as {name} on customers.customer_key = {name}.customer_key
            """)
    con.execute(f"""
        create table facts.customers as
        with

        logged_in as (
            select distinct logins.customer_key, events.sender
            from (select account_id, {SENDER} as sender from warehouse.staging.{EVENTS}) as events
            inner join facts.logins as logins on events.account_id = logins.account_id
        ),

        senders as (
            select customer_key, list(sender) as senders from logged_in group by customer_key
        )

        select customers.customer_key, senders.senders, {", ".join(lists)}
        from warehouse.profiles.dim_customers as customers
        left join senders on customers.customer_key = senders.customer_key
        {" ".join(joins)}
        order by customers.customer_key
    """)
    con.execute("create unique index customers_by_key on facts.customers (customer_key)")
    con.execute(f"""
        create table facts.customers_by_sender as
        select
            events.sender,
            list(logins.customer_key order by logins.customer_key)
                filter (where logins.customer_key is not null) as customer_keys,
            bool_or(logins.customer_key is null) as has_strangers
        from (
            select distinct account_id, {SENDER} as sender
            from warehouse.staging.{EVENTS}
            where account_id is not null
        ) as events
        left join facts.logins as logins on events.account_id = logins.account_id
        group by events.sender
        having count(logins.customer_key) > 0
        order by events.sender
    """)
    con.execute(
        "create unique index customers_by_sender_name on facts.customers_by_sender (sender)"
    )


def _write_recommendations(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Product ids, the best first: those that a customer may have bought before among them, and new ones alone."""
    con.execute(f"""
        create table facts.recommendations as
        select
            customer_key,
            list(product_id order by rank) filter (where list_name = 'any') as product_ids,
            list(product_id order by rank) filter (where list_name = 'new') as new_product_ids
        from warehouse.predictions.pred_recommendations
        group by customer_key
        union all
        select '', list(product_id order by place), list(product_id order by place)
        from warehouse.predictions.int_best_sellers
        where moment_at = timestamp '{as_of}' and place <= 10
        order by customer_key
    """)
    con.execute(
        "create unique index recommendations_by_key on facts.recommendations (customer_key)"
    )
