"""Copies of database tables: read from the last change on where a table has a key and a time of change, else whole."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import duckdb

from audiencekit.sql import literal, rows_of

# Columns that say when a row last changed, the surest first: what a loader writes, then what a shop or CRM does.
CURSORS = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at", "updated_at", "last_modified_date",
           "systemmodstamp", "lastmodifieddate", "date_updated", "modified_at")  # fmt: skip
STATE = "copies.json"


@dataclass(frozen=True)
class SourceTable:
    """A table of the attached database: its columns with their types, its key (may be unknown), the file of its copy."""

    schema: str
    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    file: str

    @property
    def relation(self) -> str:
        """The table in SQL."""
        return f"source.{_quoted(self.schema)}.{_quoted(self.name)}"

    @property
    def cursor(self) -> str | None:
        """The column that says when a row last changed, if there is one."""
        plain = {name.lower(): name for name in self.columns}
        of_time = [
            plain[name]
            for name in CURSORS
            if name in plain and re.match("TIMESTAMP|DATE", self.columns[plain[name]])
        ]
        return of_time[0] if of_time else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def copy_table(con: duckdb.DuckDBPyConnection, table: SourceTable, folder: Path) -> str:
    """Copy a table into a Parquet file of `folder`, and return a line that says what was read.

    What the last copy has is read again only from its last change on. If the copy then has not as many rows as the table,
    rows were deleted or changed without a time, and the table is read whole.
    """
    started = perf_counter()
    target = folder / table.file
    target.parent.mkdir(exist_ok=True)
    since = _read_state(folder).get(table.file, {}).get("since")
    rows = con.execute(f"select count(*) from {table.relation}").fetchall()[0][0]
    read = rows
    if since and target.exists() and (changed := _merge(con, table, target, since)) is not None:
        read = changed
        if con.execute(f"select count(*) from {rows_of(target)}").fetchall()[0][0] != rows:
            read, since = rows, None
    else:
        since = None
    if since is None:
        _write(con, f"select * from {table.relation}", target)
    _write_state(con, table, folder, target)
    seconds = perf_counter() - started
    how = "" if since is None else f", {read:,} of them read since the last change"
    return f"{table.schema}.{table.name}: {rows:,} rows{how} ({seconds:.1f} s)"


def _merge(
    con: duckdb.DuckDBPyConnection, table: SourceTable, target: Path, since: str
) -> int | None:
    """Replace the rows of a copy that changed. Returns how many were read; None if the copy has other columns.

    A copy of which nothing changed is not written, so that intake does not read it again.
    """
    copied = [row[0] for row in con.execute(f"describe from {rows_of(target)}").fetchall()]
    if copied != list(table.columns) or not table.cursor:
        return None
    cursor = _quoted(table.cursor)
    # A row without a time may have changed: it is read each time.
    con.execute(
        f"create or replace temp table changed as select * from {table.relation} "
        f"where {cursor} >= {literal(since)}::{table.columns[table.cursor]} or {cursor} is null"
    )
    same = " and ".join(
        f"old.{_quoted(k)} is not distinct from changed.{_quoted(k)}" for k in table.key
    )
    others = f"from changed except from (from {rows_of(target)} as old semi join changed on {same})"
    if con.execute(f"select 1 from ({others}) limit 1").fetchall():
        _write(
            con,
            f"select * from {rows_of(target)} as old anti join changed on {same} union all from changed",
            target,
        )
    return con.execute("select count(*) from changed").fetchall()[0][0]


def _write(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    new = target.with_suffix(".new")
    con.execute(f"copy ({query}) to {literal(str(new))} (format parquet, compression zstd)")
    new.replace(target)


def _read_state(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / STATE
    return json.loads(path.read_text()) if path.exists() else {}


def _write_state(
    con: duckdb.DuckDBPyConnection, table: SourceTable, folder: Path, target: Path
) -> None:
    """Note up to which change the copy goes, where the next one can go on from it."""
    state = _read_state(folder)
    state.pop(table.file, None)
    if table.cursor and table.key:
        latest = f"select cast(max({_quoted(table.cursor)}) as varchar) from {rows_of(target)}"
        if since := con.execute(latest).fetchall()[0][0]:
            state[table.file] = {"since": since}
    path = folder / STATE
    new = path.with_suffix(".new")
    new.write_text(json.dumps(state, indent=1))
    new.replace(path)


def drop_others(folder: Path, tables: Sequence[SourceTable]) -> None:
    """Remove copies of tables that the database no longer has."""
    kept = {folder / table.file for table in tables}
    for path in folder.rglob("*.parquet"):
        if path not in kept:
            path.unlink()
    for path in [p for p in folder.iterdir() if p.is_dir() and not any(p.iterdir())]:
        shutil.rmtree(path)
