"""Published tables: copy them from the warehouse into a file, and count the rows of an audience."""

from pathlib import Path

import duckdb

from audiencekit.publish.exposures import Publication
from audiencekit.sql import literal
from audiencekit.workspace import Workspace


def write_file(
    workspace: Workspace, folder: Path, file: str, tables: list[Publication]
) -> dict[str, int]:
    """Write `tables` into `folder`/`file`.duckdb and, as Parquet, `folder`/`file`/. Returns rows by table."""
    rows = {}
    (folder / file).mkdir()
    with duckdb.connect(str(folder / f"{file}.duckdb")) as con:
        con.execute(f"attach {literal(str(workspace.warehouse))} as warehouse (read_only)")
        for table in tables:
            order = table.key or "all"
            con.execute(
                f"create table {table.table} as "
                f"select * from warehouse.{table.schema}.{table.table} order by {order}"
            )
            con.execute(
                f"copy (select * from {table.table} order by {order}) "
                f"to {literal(str(folder / file / f'{table.table}.parquet'))} (format parquet, compression zstd)"
            )
            counted = con.execute(f"select count(*) from {table.table}").fetchall()
            rows[table.table] = counted[0][0]
        con.execute("detach warehouse")
    return rows


def audience_rows(con: duckdb.DuckDBPyConnection, published: Publication) -> dict[str, int]:
    """Rows of one audience table of the warehouse, by audience_code."""
    return dict(
        con.execute(
            f"select audience_code, count(*) from {published.schema}.{published.table} "
            "group by audience_code order by audience_code"
        ).fetchall()
    )
