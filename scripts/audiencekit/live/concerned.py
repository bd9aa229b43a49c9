"""Whom new landing rows concern, by the identity that the last build published, and which rows are about these people.

    known.identifiers    id_type, value, customer_key: the values in records of customers; of an e-mail, its mailbox
    known.spellings      id_type, raw_value, value, point: the values as sources write them, and the address or number itself
    concerned.customers  customers whose facts may be others because of new rows
    concerned.raw        id_type, raw_value: every way to write a value that is in a record of theirs
    concerned.records    record_id: every record that has one of these values
    incoming.<table>     the landing rows with one of these values, with all rows of the same keys

A superset of the rows that matter is as good as these rows themselves: what follows is kept of the customers alone.
"""

from collections.abc import Iterable

import duckdb

from audiencekit.identity.contact_points import parse_contact_points
from audiencekit.intake.contract import load_contract
from audiencekit.intake.erasure import identifiers_of
from audiencekit.intake.extracts import same_key
from audiencekit.intake.parts import parts_of
from audiencekit.intake.tombstones import mailbox_sql
from audiencekit.live.extracts import RefreshWorkspace
from audiencekit.sql import rows_of

# Events belong to the customers of their devices, whom the evaluator knows.
EVENTS, ORDERS, LINES = "web_events", "orders", "order_lines"
REQUESTS = "erasure_requests"
_OF_NOBODY = "placeholder"
# How consent events name a customer by the key that audiences have.
CUSTOMER = "customer_key"
PUBLISHED = "warehouse.identity"


def _value(id_type: str, value: str) -> str:
    """SQL for the value by which an identifier is compared: of an e-mail, the mailbox that it reaches."""
    return f"case when {id_type} = 'email' then {mailbox_sql(value)} else {value} end"


def find_known(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `known.identifiers` and `known.spellings` of the published identity."""
    con.execute("create schema known; create schema concerned")
    con.execute(f"""
        create table known.identifiers as
        select distinct identifiers.id_type, {_value("identifiers.id_type", "identifiers.id_value")} as value,
            records.customer_key
        from {PUBLISHED}.int_record_identifiers as identifiers
        inner join {PUBLISHED}.int_record_customers as records using (record_id)
        inner join warehouse.profiles.dim_customers as customers using (customer_key)
        left join {PUBLISHED}.int_shared_ids as shared
            on identifiers.id_type = shared.id_type and identifiers.id_value = shared.id_value
        where coalesce(shared.reason, '') <> '{_OF_NOBODY}'
        union
        select '{CUSTOMER}', assigned_key, customer_key from {PUBLISHED}.int_key_owners
    """)
    point = "coalesce(contact_point, doubtful_point)"
    con.execute(f"""
        create table known.spellings as
        select distinct kind as id_type, raw_value, {_value("kind", point)} as value, {point} as point
        from {PUBLISHED}.int_contact_points
        where {point} is not null
    """)


def named_in(names: Iterable[str], *schemas: str) -> str:
    """SQL for the identifiers in rows of landing tables: id_type, raw_value, country_code. Devices are left out."""
    parts = [
        f"select {kind} as id_type, {column} as raw_value, upper({country}) as country_code from {schema}.{name} as rows "
        f"where {column} is not null and {kind} is not null"
        for name in names
        for schema in schemas
        for kind, column, country in person_identifiers(name)
    ]
    return (
        " union ".join(parts) or "select '' as id_type, '' as raw_value, '' as country_code limit 0"
    )


def person_identifiers(name: str) -> list[tuple[str, str, str]]:
    """The columns of a landing table that name a person, as `identifiers_of` has them."""
    table = load_contract()[name]
    if name == REQUESTS:
        return [("rows.id_type", "id_value", "''")]
    return [each for each in identifiers_of(table) if each[1] != "anonymous_id"]


def learn_spellings(con: duckdb.DuckDBPyConnection, named: str) -> None:
    """Add to `known.spellings` how the identifiers in `named` (SQL) are written, where the build had no such text."""
    new = con.execute(f"""
        select distinct id_type as kind, raw_value, case when id_type = 'phone' then country_code else '' end as country_code
        from ({named})
        where id_type in ('email', 'phone') and (id_type, raw_value) not in (select (id_type, raw_value) from known.spellings)
        order by all
    """).df()
    parsed = parse_contact_points(new, None)
    con.register("parsed", parsed)
    point = "coalesce(contact_point, doubtful_point)"
    con.execute(
        f"insert into known.spellings select distinct kind, raw_value, {_value('kind', point)}, {point} "
        f"from parsed where {point} is not null"
    )
    con.unregister("parsed")


def values_of(named: str) -> str:
    """SQL for the values of the identifiers in `named` (SQL): id_type, raw_value, value."""
    return f"""
        select named.id_type, named.raw_value, coalesce(spellings.value, named.raw_value) as value
        from ({named}) as named
        left join known.spellings as spellings
            on named.id_type = spellings.id_type and named.raw_value = spellings.raw_value
        where spellings.value is not null or named.id_type not in ('email', 'phone')
    """


def find_concerned(
    con: duckdb.DuckDBPyConnection, workspace: RefreshWorkspace, names: Iterable[str], earlier: str
) -> None:
    """Make the tables `concerned.…` for the rows in `added.…` and `gone.…` of these tables.

    `earlier` is SQL for customers whom an earlier refresh concerned: their rows may be as they were again.
    """
    names = [name for name in names if name != EVENTS]
    named = named_in(names, "added", "gone")
    learn_spellings(con, named)
    con.execute("create schema if not exists incoming")
    linked = _linked_orders(con, workspace)
    con.execute(f"""
        create table concerned.customers as
        with named as ({values_of(f"{named} union {linked}")})
        select distinct known.customer_key
        from named
        inner join known.identifiers as known on named.id_type = known.id_type and named.value = known.value
        union
        select customer_key from ({earlier}) inner join warehouse.profiles.dim_customers using (customer_key)
    """)
    con.execute("""
        create table concerned.values as
        select distinct id_type, value from known.identifiers
        where customer_key in (select customer_key from concerned.customers)
    """)
    con.execute("""
        create table concerned.raw as
        select id_type, raw_value from known.spellings semi join concerned.values using (id_type, value)
        union
        select id_type, value from concerned.values
    """)
    con.execute(f"""
        create table concerned.records as
        select distinct identifiers.record_id
        from {PUBLISHED}.int_record_identifiers as identifiers
        inner join concerned.values as known
            on identifiers.id_type = known.id_type
            and {_value("identifiers.id_type", "identifiers.id_value")} = known.value
    """)


def _linked_orders(con: duckdb.DuckDBPyConnection, workspace: RefreshWorkspace) -> str:
    """SQL for the identifiers in orders that new rows belong to, or that are linked with one of these as its return."""
    con.execute(
        f"create view incoming.every_order as from {rows_of(workspace.intake / f'{ORDERS}.parquet')}"
    )
    con.execute("""
        create table concerned.orders as
        select order_id from added.orders
        union select order_id from gone.orders
        union select original_order_id from added.orders where original_order_id is not null
        union select original_order_id from gone.orders where original_order_id is not null
        union select order_id from added.order_lines
        union select order_id from gone.order_lines
    """)
    follow_links(con)
    con.execute(
        "create view incoming.linked_orders as from incoming.every_order semi join concerned.orders using (order_id)"
    )
    parts = [
        f"select {kind} as id_type, {column} as raw_value, upper({country}) as country_code "
        f"from incoming.linked_orders as rows where {column} is not null"
        for kind, column, country in person_identifiers(ORDERS)
    ]
    return " union ".join(parts)


def follow_links(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `concerned.orders` the orders that are returns of its orders, or that its orders are returns of, and so on."""
    con.execute("""
        create or replace table concerned.orders as
        with recursive

        links as (
            select order_id, original_order_id as other_id from incoming.every_order where original_order_id is not null
            union
            select original_order_id, order_id from incoming.every_order where original_order_id is not null
        ),

        linked as (
            select order_id from concerned.orders
            union
            select links.other_id from linked inner join links on linked.order_id = links.order_id
        )

        select order_id from linked
    """)


def choose_rows(
    con: duckdb.DuckDBPyConnection, workspace: RefreshWorkspace, names: Iterable[str]
) -> None:
    """Make the tables `refreshed.incoming.<table>`: the landing rows of the concerned customers, for the steps."""
    con.execute("create schema if not exists refreshed.incoming")
    others = [name for name in names if name not in (ORDERS, LINES)]
    for name in (ORDERS, *others):
        table = load_contract()[name]
        source = rows_of(*parts_of(workspace.intake / f"{name}.parquet"))
        key = ", ".join(table.key)
        about = " union ".join(
            f"select {', '.join(f'rows.{k}' for k in table.key)} from {source} as rows "
            f"inner join concerned.raw as raw on raw.id_type = {kind} and rows.{column} = raw.raw_value"
            for kind, column, _ in person_identifiers(name)
        )
        con.execute(
            f"create or replace table concerned.keys as select distinct {key} from ({about})"
        )
        if name == ORDERS:
            con.execute("insert into concerned.orders select order_id from concerned.keys")
            follow_links(con)
            con.execute("create or replace table concerned.keys as from concerned.orders")
        con.execute(
            f"create table refreshed.incoming.{name} as select rows.* from {source} as rows "
            f"semi join concerned.keys as keys on {same_key('rows', 'keys', table)}"
        )
    source = rows_of(workspace.intake / f"{LINES}.parquet")
    con.execute(
        f"create table refreshed.incoming.{LINES} as from {source} semi join concerned.orders using (order_id)"
    )
