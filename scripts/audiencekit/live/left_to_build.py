"""What a refresh leaves to the next build, counted: rows that belong to no customer, new and merged customers, tables that
the build had not; and rows in quarantine with their reasons."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from audiencekit.intake.rows import HELD_BACK
from audiencekit.live.concerned import EVENTS, LINES, person_identifiers
from audiencekit.sql import rows_of

_PUBLISHED_RECORDS = "warehouse.identity.int_record_customers"


def rows_of_nobody(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, int]:
    """By landing table how many new rows belong to no customer of the build. Web events of visitors are not among them."""
    counts = {}
    for name in names:
        if name == LINES:
            condition = "order_id not in (select order_id from refreshed.profiles.int_customer_orders where customer_key is not null)"
        elif name == EVENTS or not (identifiers := person_identifiers(name)):
            continue
        else:
            known = " or ".join(
                f"coalesce(({kind}, {column}) in (select (id_type, raw_value) from concerned.raw), false)"
                for kind, column, _ in identifiers
            )
            condition = f"not ({known})"
        rows = con.execute(
            f"select count(*) from added.{name} as rows where {condition}"
        ).fetchall()[0][0]
        if rows:
            counts[name] = rows
    return counts


def merged_customers(con: duckdb.DuckDBPyConnection) -> int:
    """How many new records name several customers of the build, who may be one."""
    return con.execute(f"""
        select count(*) from (
            select new.record_id
            from refreshed.identity.int_record_identifiers as new
            inner join refreshed.identity.int_identifiers as known
                on new.id_type = known.id_type and new.id_value = known.id_value
            where new.record_id not in (select record_id from {_PUBLISHED_RECORDS})
            group by new.record_id
            having count(distinct known.customer_key) > 1
        )
    """).fetchall()[0][0]


def new_people(con: duckdb.DuckDBPyConnection) -> int:
    """How many logins, contacts and checkouts are new and name no customer of the build."""
    parts = [
        f"select distinct {key} from added.{name} as rows where not ("
        + " or ".join(
            f"coalesce(({kind}, {column}) in (select (id_type, raw_value) from concerned.raw), false)"
            for kind, column, _ in person_identifiers(name)
        )
        + ")"
        for name, key in (
            ("accounts", "account_id"),
            ("contacts", "contact_id"),
            ("orders", "coalesce(account_id, card_number, email, phone)"),
        )
    ]
    return con.execute(
        f"select count(*) from ({' union '.join(parts)}) as t(id) where id is not null"
    ).fetchall()[0][0]


def quarantined(
    con: duckdb.DuckDBPyConnection, before: Path, now: Path
) -> dict[tuple[str, str], int]:
    """By landing table and reason, rows that are refused now and were not when the build took its files in."""
    refused = f"from {rows_of(now)}"
    if before.exists():
        refused += f" except all from {rows_of(before)}"
    found = con.execute(
        f"select table_name, reasons, count(*) from ({refused}) where reasons <> ? group by all order by all",
        [HELD_BACK],
    ).fetchall()
    return {(table, reasons): rows for table, reasons, rows in found}
