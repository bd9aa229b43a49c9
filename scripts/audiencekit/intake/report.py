"""What intake did: counts by table and refused rows, as messages for the user and as files for dbt."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.rows import HELD_BACK
from audiencekit.sql import literal

# A line names all columns that are not read, or where these are too many, the first of them.
MOST_NAMES, FIRST_NAMES = 40, 10


@dataclass(frozen=True)
class TableIntake:
    """What intake did with one landing table; one row of `tables.parquet`."""

    table_name: str
    is_present: bool
    file_names: str
    rows_in: int
    rows_kept: int
    rows_quarantined: int
    rows_held_back: int
    keys_that_differ: int
    rows_replaced: int
    keys_undecided: int
    refusals_from_future: int
    rows_left_out: int
    newest_at: datetime | None
    ignored_columns: str
    decision_columns: str
    refusals_left_out: int = 0
    rows_deleted: int = 0


REFUSED_ROWS = "table_name varchar, file_name varchar, row_number bigint, reasons varchar, raw_row varchar, source varchar"


def create_quarantine(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table of refused rows: file and row of each, why it is refused, its cells as JSON."""
    con.execute(f"create table quarantine ({REFUSED_ROWS})")


def clear_refused(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty table of the refused rows of one file."""
    con.execute(f"create or replace temp table refused ({REFUSED_ROWS})")


def count_refused(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, int]:
    """Rows of a table in quarantine: those that break a rule, and those only held back."""
    return con.execute(
        "select count(*) filter (where reasons <> $held), count(*) filter (where reasons = $held) "
        "from quarantine where table_name = $name",
        {"held": HELD_BACK, "name": table.name},
    ).fetchall()[0]


def most_common_reason(con: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The most common reason why rows of a table are refused, and where it first occurs.

    Rows that are held back count only where no other row is refused.
    """
    reason, count, file_name, row = con.execute(
        "select reasons, count(*), arg_min(file_name, (file_name, row_number)), "
        "arg_min(row_number, (file_name, row_number)) "
        "from quarantine where table_name = $name group by reasons "
        "order by reasons = $held, count(*) desc, reasons limit 1",
        {"name": table.name, "held": HELD_BACK},
    ).fetchall()[0]
    times = "once" if count == 1 else f"{count:,} times, first"
    return f"Most often: {reason} ({times} in {file_name}, row {row})."


def summary_line(result: TableIntake) -> str:
    """One line about a table, for the user."""
    parts = [f"{result.table_name}: {result.rows_kept:,} rows"]
    if result.rows_quarantined:
        parts.append(f"{result.rows_quarantined:,} to quarantine")
    if result.rows_held_back:
        parts.append(f"{result.rows_held_back:,} {HELD_BACK}")
    if result.rows_left_out:
        parts.append(f"{result.rows_left_out:,} left out")
    if result.rows_deleted:
        parts.append(f"{result.rows_deleted:,} deleted at the source")
    if result.keys_that_differ:
        by = f", {result.rows_replaced:,} replaced by a later file" if result.rows_replaced else ""
        undecided = (
            f", {result.keys_undecided:,} without a later one" if result.keys_undecided else ""
        )
        parts.append(f"{result.keys_that_differ:,} keys with rows that differ{by}{undecided}")
    if result.refusals_from_future:
        parts.append(
            f"{result.refusals_from_future:,} refusals dated in the future, which count now"
        )
    if result.ignored_columns:
        names = result.ignored_columns.split(", ")
        shown = result.ignored_columns
        if len(names) > MOST_NAMES:
            first = ", ".join(names[:FIRST_NAMES])
            shown = f"{first} … (audiencekit intake FOLDER --explain lists all)"
        parts.append(f"{len(names)} columns ignored: {shown}")
    return ", ".join(parts)


def left_out_line(result: TableIntake) -> str:
    """One line about refusals in rows that are left out; empty without any."""
    refusals = result.refusals_left_out
    if not refusals:
        return ""
    state = "states a refusal, which does" if refusals == 1 else "state refusals, which do"
    return (
        f"{result.table_name}: {result.rows_left_out:,} left out, {refusals:,} of them {state} not count. Provide refusals "
        "as consent_events, or leave these rows in"
    )


def write_quarantine(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write `quarantine.parquet`."""
    query = "select * from quarantine order by table_name, file_name, row_number"
    _write(con, query, folder / "quarantine.parquet")


def write_counts(
    con: duckdb.DuckDBPyConnection,
    results: list[TableIntake],
    as_of: datetime,
    currency: str,
    folder: Path,
) -> None:
    """Write `tables.parquet`, and last `run.parquet`, which marks the intake as complete."""
    con.execute(
        "create table tables (table_name varchar, is_present boolean, file_names varchar, "
        "rows_in bigint, rows_kept bigint, rows_quarantined bigint, rows_held_back bigint, "
        "keys_that_differ bigint, rows_replaced bigint, keys_undecided bigint, refusals_from_future bigint, "
        "rows_left_out bigint, newest_at timestamp, ignored_columns varchar, decision_columns varchar, "
        "refusals_left_out bigint, rows_deleted bigint)"
    )
    con.executemany(
        f"insert into tables values ({', '.join('?' * 17)})",
        [list(asdict(result).values()) for result in results],
    )
    _write(con, "select * from tables order by table_name", folder / "tables.parquet")
    moment = literal(as_of.isoformat(sep=" "))
    run = f"select cast({moment} as timestamp) as as_of, {literal(currency)} as currency"
    _write(con, run, folder / "run.parquet")


def _write(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    con.execute(f"copy ({query}) to {literal(str(target))} (format parquet)")
