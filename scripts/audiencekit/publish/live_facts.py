"""What is known of each customer, device and login: files of rows by key, and the schema facts of live.duckdb. live_state.py
lists them."""

from collections.abc import Mapping, Set
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.publish.keyed_rows import as_lists, write_keyed_rows

# live_state.py says what a row of each is.
CUSTOMERS_FILE, SENDERS_FILE = "live.customers.arrow", "live.senders.arrow"
KEYS_FILE, LOGINS_FILE = "live.keys.arrow", "live.logins.arrow"
DEVICES_FILE, RECOMMENDATIONS_FILE = "live.devices.arrow", "live.recommendations.arrow"
KEYED_FILES = (
    *(CUSTOMERS_FILE, SENDERS_FILE, KEYS_FILE),
    *(LOGINS_FILE, DEVICES_FILE, RECOMMENDATIONS_FILE),
)
EVENTS = "stg_web__events"
# Whose event it is: the device's, or the login's where no device is known.
DEVICE = "device "
SENDER = f"coalesce('{DEVICE}' || anonymous_id, 'login ' || account_id)"


def write_facts(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    events: Set[str],
    by_customer: Mapping[str, str],
    as_of: datetime,
) -> None:
    """Write the tables and files of a build, attached as `warehouse`, into a generation's folder.

    `events` are the columns of web events that are needed, and `by_customer` has SQL for the rows of each input that is
    about customers.
    """
    con.execute("create schema facts")
    _write_senders(con, folder / SENDERS_FILE, events)
    _write_logins(con, folder)
    _write_customers(con, folder, by_customer)
    _write_memberships(con)
    _write_recommendations(con, folder / RECOMMENDATIONS_FILE, as_of)


def _write_senders(con: duckdb.DuckDBPyConnection, path: Path, needed: Set[str]) -> None:
    """One row per sender, with a list of their events. The sender says which device it was."""
    events = f"select * from warehouse.staging.{EVENTS} where {SENDER} is not null"
    lists = as_lists(sorted(needed - {"anonymous_id"}), events, SENDER)
    query = f"select key as sender, list_of_rows as events from ({lists})"
    write_keyed_rows(con, query, path)


def _write_logins(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """One row per login with its customer, and one per sender with every customer who logged in there, and whether others did."""
    con.execute("""
        create temp table logins as
        select id_value as account_id, min(customer_key) as customer_key
        from warehouse.identity.int_identifiers
        where id_type = 'account_id'
        group by id_value
    """)
    con.execute(f"""
        create temp table devices as
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
        left join logins on events.account_id = logins.account_id
        group by events.sender
        having count(logins.customer_key) > 0
    """)
    write_keyed_rows(con, "from logins", folder / LOGINS_FILE)
    write_keyed_rows(con, "from devices", folder / DEVICES_FILE)


def _write_customers(
    con: duckdb.DuckDBPyConnection, folder: Path, inputs: Mapping[str, str]
) -> None:
    """One row per customer: a list of structs for each input, and the senders of their events. Another file has the keys."""
    lists, joins = [], []
    for name, rows in inputs.items():
        columns = [row[0] for row in con.execute(f"describe {rows}").fetchall()]
        of_each = as_lists([c for c in columns if c != "customer_key"], rows, "customer_key")
        lists.append(f"{name}.list_of_rows as {name}")
        joins.append(f"left join ({of_each}) as {name} on customers.customer_key = {name}.key")
    con.execute("""
        create temp table senders as
        select customer_key, list(sender order by sender) as senders
        from (select unnest(customer_keys) as customer_key, sender from devices)
        group by customer_key
    """)
    customers = """
        from warehouse.profiles.dim_customers as customers
        left join senders on customers.customer_key = senders.customer_key
    """
    query = f"""
        select customers.customer_key, senders.senders, {", ".join(lists)}
        {customers} {" ".join(joins)}
    """
    write_keyed_rows(con, query, folder / CUSTOMERS_FILE)
    query = f"select customers.customer_key, senders.senders is not null as was_online {customers}"
    write_keyed_rows(con, query, folder / KEYS_FILE)


def _write_memberships(con: duckdb.DuckDBPyConnection) -> None:
    """Who is in which segments, and what the website shows them, by kind: most customers have both in common with others."""
    con.execute("""
        create table facts.memberships as
        with

        reasons as (
            select segment_code, customer_key, list([channel, left_out_because] order by channel) as channels
            from warehouse.activation.int_audience_candidates
            group by segment_code, customer_key
        ),

        members as (
            select
                matches.customer_key,
                to_json(
                    list([to_json(matches.segment_code), to_json(coalesce(reasons.channels, []))] order by matches.segment_code)
                )::text as segments
            from warehouse.segments.segment_matches as matches
            left join reasons
                on matches.segment_code = reasons.segment_code and matches.customer_key = reasons.customer_key
            group by matches.customer_key
        ),

        shown as (
            select
                chosen.customer_key,
                to_json(list([chosen.slot, messages.content_json] order by chosen.slot))::text as messages
            from warehouse.activation.int_customer_messages as chosen
            inner join warehouse.activation.dim_messages as messages
                on chosen.message_code = messages.message_code
            where chosen.channel = 'website'
            group by chosen.customer_key
        )

        select
            coalesce(members.customer_key, shown.customer_key) as customer_key,
            dense_rank() over (order by segments nulls first, messages nulls first) as kind,
            coalesce(segments, '[]') as segments,
            coalesce(messages, '[]') as messages
        from members
        full outer join shown on members.customer_key = shown.customer_key
    """)
    con.execute("""
        create table facts.membership_kinds as
        select distinct kind, segments, messages from facts.memberships order by kind
    """)
    con.execute("alter table facts.memberships drop column segments")
    con.execute("alter table facts.memberships drop column messages")


def _write_recommendations(con: duckdb.DuckDBPyConnection, path: Path, as_of: datetime) -> None:
    """Product ids, the best first: those that a customer may have bought before among them, and new ones alone.

    One row has no customer: it is for everybody else.
    """
    query = f"""
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
    """
    write_keyed_rows(con, query, path)
