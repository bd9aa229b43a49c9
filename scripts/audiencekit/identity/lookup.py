"""Find a record or a customer of the last build by an identifier as a user types it."""

from collections.abc import Sequence

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.errors import UserError
from audiencekit.workspace import FIRST_STEP, Workspace

KINDS = ("contact_id", "account_id", "card_number", "email", "phone")
# Identifiers that are the id of a record: the prefix of that record's record_id.
RECORD_PREFIXES = {"contact_id": "contact", "account_id": "account"}


def open_warehouse(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """The warehouse of the last build, read-only. Raises UserError if there is none, or a build is running."""
    if not workspace.warehouse.exists():
        raise UserError(f"Nothing has been built here yet. {FIRST_STEP}")
    try:
        return duckdb.connect(str(workspace.warehouse), read_only=True)
    except duckdb.IOException:
        raise UserError("A build is running. Try again when it has finished.") from None


def find_record(con: duckdb.DuckDBPyConnection, identifier: str) -> str:
    """The record_id of a record that contains the identifier, written kind=value. Its own record comes first."""
    kind, separator, value = identifier.partition("=")
    if kind not in KINDS or not separator:
        raise UserError(
            f"{identifier}: write which kind of identifier it is, as contact_id=K1. Kinds: {', '.join(KINDS)}."
        )
    own_record = f"{RECORD_PREFIXES[kind]}:{value}" if kind in RECORD_PREFIXES else ""
    records = con.execute(
        "select record_id from ("
        "select record_id from identity.int_identifier_records where id_type = $1 and raw_value = $2 "
        "union select record_id from identity.int_record_identifiers where id_type = $1 and id_value = $2"
        ") order by record_id <> $3, record_id",
        [kind, value, own_record],
    ).fetchall()
    if not records:
        raise UserError(f"{identifier}: no record contains it. Is it written as in your files?")
    return str(records[0][0])


def find_customer(con: duckdb.DuckDBPyConnection, record: str) -> str | None:
    """The customer_key of a record, or None where the record belongs to no customer."""
    customers = con.execute(
        "select customer_key from identity.int_record_customers where record_id = $1", [record]
    ).fetchall()
    return str(customers[0][0]) if customers and customers[0][0] else None


def print_table(
    console: Console, header: tuple[str, ...], rows: Sequence[Sequence[object]]
) -> None:
    """Print rows as a table without borders."""
    table = Table(*header, box=None, pad_edge=True)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)
