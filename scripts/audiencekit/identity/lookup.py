"""Find a record or a customer of the last build by an identifier as a user types it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.errors import UserError
from audiencekit.identity.contact_points import read_email
from audiencekit.workspace import FIRST_STEP, Workspace

KINDS = ("contact_id", "account_id", "card_number", "email", "phone")
# Identifiers that name a customer without a record: the query for its key.
OWNERS = {
    "anonymous_id": "select customer_key from identity.int_anonymous_visitors where anonymous_id = $1",
    "order_id": "select customer_key from profiles.fct_orders where order_id = $1 and customer_key is not null",
    "customer_key": "select customer_key from profiles.dim_customers where customer_key = $1",
}
# Identifiers that are the id of a record: the prefix of that record's record_id.
RECORD_PREFIXES = {"contact_id": "contact", "account_id": "account"}


@contextmanager
def open_warehouse(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the last build, read-only.

    Raises UserError if there is none, if a build is running, or if what is asked was not built.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"Nothing has been built here yet. {FIRST_STEP}")
    try:
        con = duckdb.connect(str(workspace.warehouse), read_only=True)
    except duckdb.IOException:
        raise UserError("A build is running. Try again when it has finished.") from None
    try:
        yield con
    except duckdb.CatalogException:
        raise UserError(
            "The last build made only a part of the tables. Run all of it: audiencekit run FOLDER"
        ) from None
    finally:
        con.close()


def find_record(con: duckdb.DuckDBPyConnection, identifier: str) -> str:
    """The record_id of a record that contains the identifier, written kind=value. Its own record comes first."""
    kind, separator, value = identifier.partition("=")
    if kind not in KINDS or not separator:
        raise UserError(
            f"{identifier}: write which kind of identifier it is, as contact_id=K1. Kinds: {', '.join(KINDS)}."
        )
    records = _records(con, kind, value)
    if not records:
        raise UserError(f"{identifier}: no record contains it. Is it written as in your files?")
    return records[0]


def _records(con: duckdb.DuckDBPyConnection, kind: str, value: str) -> list[str]:
    """The records that contain an identifier, its own record first. An e-mail is read as those in the files are."""
    own_record = f"{RECORD_PREFIXES[kind]}:{value}" if kind in RECORD_PREFIXES else ""
    parsed = (read_email(value)[0] or value) if kind == "email" else value
    records = con.execute(
        "select record_id from ("
        "select record_id from identity.int_identifier_records where id_type = $1 and raw_value = $2 "
        "union select record_id from identity.int_record_identifiers where id_type = $1 and id_value in ($2, $4)"
        ") order by record_id <> $3, record_id",
        [kind, value, own_record, parsed],
    ).fetchall()
    return [str(record) for (record,) in records]


def find_people(con: duckdb.DuckDBPyConnection, identifier: str) -> list[str]:
    """The customer_keys of all customers with the identifier: kind=value, or a value of any kind. Several may share an e-mail.

    Kinds are those of find_record, and anonymous_id, order_id and customer_key. Raises UserError where nobody has it, or
    it belongs to no customer.
    """
    kind, separator, value = identifier.partition("=")
    every_kind = (*KINDS, *OWNERS)
    if separator and kind not in every_kind:
        raise UserError(
            f"{identifier}: {kind} is no kind of identifier. Kinds: {', '.join(every_kind)}."
        )
    asked, value = ((kind,), value) if separator else (every_kind, identifier)
    if keys := {key for name in asked for key in _owners(con, name, value)}:
        return sorted(keys)
    if separator and kind in KINDS:
        raise UserError(
            f"{identifier}: {find_record(con, identifier)} belongs to no customer. Its identifiers are blocked, "
            "in too many records, or shared by several people."
        )
    raise UserError(
        f"{identifier}: no customer has it. Is it written as in your files? "
        f"Say which kind it is, as contact_id=K1. Kinds: {', '.join(every_kind)}."
    )


def _owners(con: duckdb.DuckDBPyConnection, kind: str, value: str) -> set[str]:
    """The customer_keys of all customers with an identifier of one kind."""
    if kind in OWNERS:
        return {str(key) for (key,) in con.execute(OWNERS[kind], [value]).fetchall()}
    keys = con.execute(
        "select distinct customer_key from identity.int_record_customers "
        "where customer_key is not null and record_id in (select unnest($1))",
        [_records(con, kind, value)],
    ).fetchall()
    return {str(key) for (key,) in keys}


def print_table(
    console: Console, header: tuple[str, ...], rows: Sequence[Sequence[object]]
) -> None:
    """Print rows as a table without borders. Lines are as long as they have to be, so that an id can be copied."""
    table = Table(*header, box=None, pad_edge=True)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    table.width = console.measure(table, options=console.options.update(max_width=10_000)).maximum
    console.print(table, soft_wrap=True)
