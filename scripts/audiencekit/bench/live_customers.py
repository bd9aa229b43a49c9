"""A generation with many times the customers of a published one, to load the live service with.

Each customer is there several times, under other keys, logins, devices and event ids: what the service has to read and keep
grows as it would with so many customers. Only what the service reads is made: manifest.json, live.duckdb and its files.
"""

import shutil
from pathlib import Path

import duckdb

from audiencekit.publish.keyed_rows import KeyedRows, write_keyed_rows
from audiencekit.publish.live_facts import KEYED_FILES, KEYS_FILE
from audiencekit.publish.live_state import LIVE_FILE
from audiencekit.sql import literal

# How the key of a copy is made, and every other id. The first copy is the customer as they are.
_KEY = "case when copy = 0 then {0} else md5({0} || copy) end"
_ID = "{0} || case when copy = 0 then '' else '.' || copy end"
# What an id of these names is of, in rows about a customer.
_IDS = ("id_value", "record_id", "account_id", "anonymous_id", "event_id", "order_id")


def multiply(generation: Path, published: Path, customers: int) -> int:
    """Write a generation with at least so many customers into `published`, and point to it. Returns their number."""
    folder = published / "generations" / generation.name
    folder.mkdir(parents=True)
    shutil.copy(generation / "manifest.json", folder)
    with duckdb.connect(str(folder / LIVE_FILE)) as con:
        con.execute(f"attach {literal(str(generation / LIVE_FILE))} as one (read_only)")
        number = len(KeyedRows(generation / KEYS_FILE).all())
        copies = -(-customers // number)
        _copy_schemas(con)
        con.execute("create table facts.membership_kinds as from one.facts.membership_kinds")
        query = _copies(con, "one.facts.memberships", copies)
        con.execute(f"create table facts.memberships as {query}")
        con.execute("detach one")
        for name in KEYED_FILES:
            con.register("rows_of_file", KeyedRows(generation / name).all())
            write_keyed_rows(con, _copies(con, "rows_of_file", copies), folder / name)
    (published / "current").symlink_to(folder)
    return number * copies


def _copy_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """All that is not about single customers."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'one' and schema_name <> 'facts'"
    ).fetchall()
    for schema, table in tables:
        con.execute(f'create schema if not exists "{schema}"')
        con.execute(f'create table "{schema}"."{table}" as from one."{schema}"."{table}"')
    con.execute("create schema facts")


def _copies(con: duckdb.DuckDBPyConnection, table: str, copies: int) -> str:
    """SQL for a table with the rows of so many copies of its customers."""
    described = con.execute(f"select column_name, column_type from (describe {table})")
    columns = dict(described.fetchall())
    values = ", ".join(f"{_value(name, t)} as {name}" for name, t in columns.items())
    # The rows for everybody, without a customer, are there once.
    once = "customer_key <> '' or copy = 0" if "customer_key" in columns else "true"
    return f"select {values} from {table} cross join (select unnest(range({copies})) as copy) where {once}"


def _value(name: str, sql_type: str) -> str:
    if name == "customer_key":
        return f"case when {name} = '' then '' else {_KEY.format(name)} end"
    if name == "customer_keys":
        return f"list_transform({name}, lambda each: {_KEY.format('each')})"
    if name in ("senders", "sender", "account_id"):
        each = _ID.format("each")
        return (
            f"list_transform({name}, lambda each: {each})" if "[" in sql_type else _ID.format(name)
        )
    if not sql_type.startswith("STRUCT"):
        return name
    updates = [f"{i} := {_ID.format(f'each.{i}')}" for i in _IDS if f"{i} VARCHAR" in sql_type]
    if not updates:
        return name
    return f"list_transform({name}, lambda each: struct_update(each, {', '.join(updates)}))"
