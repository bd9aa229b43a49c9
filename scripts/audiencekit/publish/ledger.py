"""The ledger: history that is appended and never rewritten, and the audiences as they last stood.

A build computes only what is new (`segment_changes`, `model_trials` …) from what the current
generation's ledger holds; publishing adds those rows as one more Parquet file to the next generation.
Old files are hard-linked forward and never opened for writing, so a failed build, a full refresh or a
replay cannot change history.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import yaml

from audiencekit.intake.tombstones import NOBODY, TOMBSTONES, Erased, write_tombstones
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import PROJECT, Workspace

# How long the changes say which identifiers a platform must take away of somebody who is forgotten.
REMOVAL_DAYS = timedelta(days=30)

# Where dbt reads the ledger's tables, and where they are described.
LEDGER_FILE = PROJECT / "models" / "staging" / "ledger" / "_ledger.yml"


@dataclass(frozen=True)
class LedgerTable:
    """One table of the ledger, as its YAML describes it."""

    name: str
    relation: str  # schema.model whose rows a published build appends
    columns: dict[str, str]  # DuckDB types by name
    is_state: bool  # what the last published build found: each generation holds only its own

    @property
    def definition(self) -> str:
        """The columns as `create table` takes them."""
        return ", ".join(f"{name} {kind}" for name, kind in self.columns.items())

    @property
    def selection(self) -> str:
        """The columns as `select` takes them."""
        return ", ".join(self.columns)


@cache
def ledger_tables() -> tuple[LedgerTable, ...]:
    """Every table of the ledger, in the order of the file."""
    (source,) = yaml.safe_load(LEDGER_FILE.read_text())["sources"]
    found = []
    for table in source["tables"]:
        kept = table["config"]["meta"]["ledger"]
        columns = {column["name"]: column["data_type"] for column in table["columns"]}
        found.append(LedgerTable(table["name"], kept["from"], columns, kept.get("is_state", False)))
    return tuple(found)


def open_ledger(
    workspace: Workspace, erased: Erased = NOBODY, built_at: datetime | None = None
) -> None:
    """Lay the current generation's ledger beside the intake, with an empty first file a table.

    What is to be forgotten as of `built_at` is left out, so that nothing is built on it; but for the
    audiences as they last stood, by which it is known what a platform must take away.
    """
    folder = workspace.home / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    with duckdb.connect() as con:
        con.register("erased", erased.people)
        for table in ledger_tables():
            (folder / table.name).mkdir(parents=True)
            first = literal(str(folder / table.name / "00000000.parquet"))
            con.execute(
                f"create or replace table t ({table.definition}); copy t to {first} (format parquet)"
            )
            moment = None if table.is_state else built_at
            _carry_forward(con, workspace.ledger / table.name, folder / table.name, moment)


def last_change_seq(workspace: Workspace) -> int:
    """The highest change_seq of any kept generation, also of one that `current` was pointed back from."""
    files = workspace.generations / "*" / "ledger" / "audience_changes" / "*.parquet"
    if not list(workspace.generations.glob("*/ledger/audience_changes/*.parquet")):
        return 0
    query = f"select coalesce(max(change_seq), 0) from {rows_of(files)}"
    return duckdb.execute(query).fetchall()[0][0]


def append_to_ledger(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    generation: Path,
    build_id: str,
    built_at: datetime,
    erased: Erased = NOBODY,
) -> bool:
    """Write the build's new ledger rows, and the files before them, into `generation`.

    `con` is connected to the warehouse. The one thing that changes what was written is an erasure: rows
    of a forgotten person go, and after REMOVAL_DAYS what a platform needed to take them away. Returns
    whether it did.
    """
    con.register("erased", erased.people)
    is_changed = False
    for table in ledger_tables():
        folder = generation / "ledger" / table.name
        folder.mkdir(parents=True)
        if not table.is_state:
            is_changed |= _carry_forward(con, workspace.ledger / table.name, folder, built_at)
        new = literal(str(folder / f"{build_id}.parquet"))
        con.execute(
            f"copy (select {table.selection} from {table.relation} order by all) "
            f"to {new} (format parquet)"
        )
    folder = generation / "ledger" / TOMBSTONES
    folder.mkdir()
    _carry_forward(con, workspace.ledger / TOMBSTONES, folder)
    if len(erased.tombstones):
        write_tombstones(con, erased, built_at, build_id, folder / f"{build_id}.parquet")
    return is_changed


def _carry_forward(
    con: duckdb.DuckDBPyConnection, past: Path, folder: Path, built_at: datetime | None = None
) -> bool:
    """Link the files of one ledger table into `folder`; with `built_at`, write anew those that an erasure
    touches. Returns whether there were any."""
    is_changed = False
    for path in sorted(past.glob("*.parquet")):
        kept = _without_the_forgotten(con, path, built_at) if built_at else None
        if kept:
            target = literal(str(folder / path.name))
            con.execute(f"copy ({kept}) to {target} (format parquet)")
            is_changed = True
        else:
            os.link(path, folder / path.name)
    return is_changed


def _without_the_forgotten(
    con: duckdb.DuckDBPyConnection, path: Path, built_at: datetime
) -> str | None:
    """The rows of a ledger file that may stay, as SQL; None where all of them may, as they are.

    A REMOVE stays without the person, and so does for a while what an UPDATE told of former identifiers: a
    pickup may not have read it yet.
    """
    rows = rows_of(path)
    columns = {c[0] for c in con.execute(f"describe select * from {rows}").fetchall()}
    if "customer_key" not in columns:
        return None
    keys = "(select cast(customer_key as varchar) from erased where customer_key is not null)"
    gone = f"customer_key in {keys}"
    if "former_key" in columns:
        gone = f"({gone} or former_key in {keys})"
    touched, kept = gone, f"select * from {rows} where not coalesce({gone}, false)"
    if "identifiers" in columns:
        ended = literal((built_at - REMOVAL_DAYS).isoformat(sep=" "))
        former = "former_identifiers is not null" if "former_identifiers" in columns else "false"
        is_gone, was_gone = f"coalesce({gone}, false)", "coalesce(reason = 'erasure', false)"
        is_over = f"({was_gone} and occurred_at < timestamp {ended})"
        touched = f"{is_gone} or {is_over} and (identifiers is not null or {former})"
        kept = f"""
            select * replace (
                case when {is_gone} then 'erasure' else reason end as reason,
                case when not {is_gone} then customer_key end as customer_key,
                case
                    when action = 'REMOVE' and not {is_over} then identifiers
                    when not {is_gone} and not {was_gone} then identifiers
                end as identifiers
            ) from {rows}
            where action = 'REMOVE' or not {is_gone} and not {was_gone} or {former} and not {is_over}
        """
    count = con.execute(f"select count(*) from {rows} where {touched}").fetchall()[0][0]
    return kept if count else None
