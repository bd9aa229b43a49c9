"""The ledger: history that is appended and never rewritten.

A build computes only what is new (`segment_changes`, `segment_definitions`) from what the current
generation's ledger holds; publishing adds those rows as one more Parquet file to the next generation.
Old files are hard-linked forward and never opened for writing, so a failed build, a full refresh or a
replay cannot change history.
"""

import os
import shutil
from pathlib import Path

import duckdb

from audiencekit.workspace import Workspace

# What each ledger table looks like before its first build.
EMPTY = {
    "segment_changes": "segment_code varchar, customer_key varchar, action varchar, "
    "changed_at timestamp, definition_hash varchar, build_id varchar",
    "segment_definitions": "segment_code varchar, definition_hash varchar, definition varchar, "
    "first_seen_at timestamp, build_id varchar",
}


def open_ledger(workspace: Workspace) -> None:
    """Lay the current generation's ledger beside the intake, with an empty first file a table."""
    folder = workspace.home / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    for table, columns in EMPTY.items():
        (folder / table).mkdir(parents=True)
        first = str(folder / table / "00000000.parquet").replace("'", "''")
        con = duckdb.connect()
        con.execute(f"create table t ({columns}); copy t to '{first}' (format parquet)")
        con.close()
        for past in sorted((workspace.ledger / table).glob("*.parquet")):
            os.link(past, folder / table / past.name)


def append_to_ledger(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, generation: Path, build_id: str
) -> None:
    """Write the build's new ledger rows, and the files before them, into `generation`."""
    for table in EMPTY:
        folder = generation / "ledger" / table
        folder.mkdir(parents=True)
        for past in sorted((workspace.ledger / table).glob("*.parquet")):
            os.link(past, folder / past.name)
        new = str(folder / f"{build_id}.parquet").replace("'", "''")
        con.execute(
            f"copy (select * from segments.{table} order by all) to '{new}' (format parquet)"
        )
