"""A landing table of the intake: a folder of Parquet files, one for each file of the landing, numbered like them.

The part of a file that did not change is a link to its rows, and is not written again.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from audiencekit.sql import file_to_read, literal, rows_of

FIRST = 0


def parts_of(table: Path) -> Iterator[Path]:
    """The files of a table, in order. A table may also be one file."""
    yield from sorted(table.glob("*.parquet")) if table.is_dir() else [table]


def part_of(table: Path, number: int) -> Path:
    """The file of a table that is numbered `number`."""
    return table / f"{number:05d}.parquet"


def numbered_rows(table: Path, name: str) -> str:
    """SQL for the rows of a table, with the number of the part of each in the column `name`."""
    files = literal(f"{file_to_read(table)}/*.parquet")
    number = "cast(parse_filename(filename, true) as integer)"
    return (
        f"select * exclude (filename), {number} as {name} "
        f"from read_parquet({files}, hive_partitioning = false, filename = true)"
    )


def deletions_of(rows: Path) -> Path:
    """The rows of the same file that say which others the source has deleted. There may be none."""
    return rows.with_name("deleted.parquet")


def is_empty(path: Path) -> bool:
    """Whether a Parquet file has no rows."""
    return not duckdb.execute(f"select 1 from {rows_of(path)} limit 1").fetchall()


def remove_table(table: Path) -> None:
    """Remove a table, so that its parts can be written."""
    if table.is_dir():
        shutil.rmtree(table)
    else:
        table.unlink(missing_ok=True)


def link_parts(source: Path, table: Path) -> None:
    """Make `table` of links to the files of `source`, another table. They take no space of their own."""
    remove_table(table)
    table.mkdir(parents=True)
    for number, part in enumerate(parts_of(source)):
        os.link(part, part_of(table, number))


def write_part(con: duckdb.DuckDBPyConnection, query: str, part: Path) -> None:
    """Write the rows of a query (SQL) as one part. Other links to what was there keep it."""
    new = part.with_suffix(".new")
    con.execute(f"copy ({query}) to {literal(str(new))} (format parquet, compression zstd)")
    new.replace(part)


def write_table(con: duckdb.DuckDBPyConnection, query: str, table: Path) -> None:
    """Write the rows of a query (SQL), which may read the table itself, as the only part of a table."""
    if not table.is_dir():
        write_part(con, query, table)
        return
    before = [path for path in table.iterdir() if path.is_file()]
    new = table / ".new"
    con.execute(f"copy ({query}) to {literal(str(new))} (format parquet, compression zstd)")
    for part in before:
        part.unlink()
    new.replace(part_of(table, FIRST))
