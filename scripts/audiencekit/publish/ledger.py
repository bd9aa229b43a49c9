"""The ledger: history that is appended and never rewritten, and the audience rows of the last build.

A build computes only what is new (`segment_changes`, `model_trials` …) compared with the ledger of the current
generation. Publishing adds those rows as one more Parquet file to the next generation. Old files are
hard-linked into it and never opened for writing, so a failed build, a full refresh or a replay cannot change
history.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import yaml

from audiencekit.dbt_project import PROJECT
from audiencekit.intake.tombstones import NO_ERASURE, TOMBSTONES, Erased, write_tombstones
from audiencekit.publish.build import Build
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

# How long the audience changes keep the identifiers by which a platform removes an erased person.
REMOVAL_PERIOD = timedelta(days=30)

# Describes the ledger's tables. dbt reads them from there, too.
LEDGER_FILE = PROJECT / "models" / "staging" / "ledger" / "_ledger.yml"


@dataclass(frozen=True)
class LedgerTable:
    """One table of the ledger, as its YAML describes it."""

    name: str
    relation: str  # schema.model: a published build appends its rows
    columns: dict[str, str]  # DuckDB types by name
    is_state: bool  # the result of the last published build only, and no history

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
    tables = []
    for table in source["tables"]:
        meta = table["config"]["meta"]["ledger"]
        columns = {column["name"]: column["data_type"] for column in table["columns"]}
        tables.append(
            LedgerTable(table["name"], meta["from"], columns, meta.get("is_state", False))
        )
    return tuple(tables)


def open_ledger(
    workspace: Workspace, erased: Erased = NO_ERASURE, built_at: datetime | None = None
) -> None:
    """Link the current generation's ledger into the workspace, where dbt reads it, with an empty first file a table.

    Rows of people who are erased as of `built_at` are left out, so that no model is built on them. The audience
    rows of the last build stay: the changes follow from them, and with them what a platform must remove.
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
    """The highest change_seq of all generations on disk, also of those newer than `current` after going back."""
    files = sorted(workspace.generations.glob("*/ledger/audience_changes/*.parquet"))
    if not files:
        return 0
    query = f"select coalesce(max(change_seq), 0) from {rows_of(*files)}"
    return duckdb.execute(query).fetchall()[0][0]


def append_to_ledger(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, generation: Path, build: Build
) -> bool:
    """Write the build's new ledger rows, and the files before them, into `generation`.

    `con` is connected to the warehouse. Only an erasure changes earlier files: rows of an erased person go, and
    after REMOVAL_PERIOD the identifiers by which a platform removed them. Returns whether any file changed.
    """
    con.register("erased", build.erased.people)
    is_changed = False
    for table in ledger_tables():
        folder = generation / "ledger" / table.name
        folder.mkdir(parents=True)
        if not table.is_state:
            is_changed |= _carry_forward(con, workspace.ledger / table.name, folder, build.moment)
        new = literal(str(folder / f"{build.build_id}.parquet"))
        con.execute(
            f"copy (select {table.selection} from {table.relation} order by all) "
            f"to {new} (format parquet)"
        )
    folder = generation / "ledger" / TOMBSTONES
    folder.mkdir()
    _carry_forward(con, workspace.ledger / TOMBSTONES, folder)
    if len(build.erased.tombstones):
        target = folder / f"{build.build_id}.parquet"
        write_tombstones(con, build.erased, build.moment, build.build_id, target)
    return is_changed


def _carry_forward(
    con: duckdb.DuckDBPyConnection, past: Path, folder: Path, built_at: datetime | None = None
) -> bool:
    """Link the files of one ledger table into `folder`. With `built_at`, files that an erasure affects are rewritten.

    Returns whether any file was rewritten.
    """
    is_changed = False
    for path in sorted(past.glob("*.parquet")):
        remaining = _without_erased(con, path, built_at) if built_at else None
        if remaining:
            target = literal(str(folder / path.name))
            con.execute(f"copy ({remaining}) to {target} (format parquet)")
            is_changed = True
        else:
            os.link(path, folder / path.name)
    return is_changed


def _without_erased(con: duckdb.DuckDBPyConnection, path: Path, built_at: datetime) -> str | None:
    """SQL for the rows of a ledger file without erased people; None where the file does not change."""
    rows = rows_of(path)
    columns = {c[0] for c in con.execute(f"describe select * from {rows}").fetchall()}
    if "customer_key" not in columns:
        return None
    keys = "(select cast(customer_key as varchar) from erased where customer_key is not null)"
    is_erased = f"customer_key in {keys}"
    if "previous_key" in columns:
        is_erased = f"({is_erased} or previous_key in {keys})"
    is_affected = is_erased
    remaining = f"select * from {rows} where not coalesce({is_erased}, false)"
    if "identifiers" in columns:
        has_former = (
            "former_identifiers is not null" if "former_identifiers" in columns else "false"
        )
        is_affected, remaining = _audience_changes_without_erased(
            rows, f"coalesce({is_erased}, false)", has_former, built_at
        )
    count = con.execute(f"select count(*) from {rows} where {is_affected}").fetchall()[0][0]
    return remaining if count else None


def _audience_changes_without_erased(
    rows: str, is_erased: str, has_former: str, built_at: datetime
) -> tuple[str, str]:
    """As SQL, which audience changes an erasure affects, and what remains of all of them.

    A REMOVE stays without the person. For REMOVAL_PERIOD it keeps its identifiers, and an UPDATE its former
    identifiers: a pickup may not have read them yet.
    """
    removal_ended = literal((built_at - REMOVAL_PERIOD).isoformat(sep=" "))
    was_erased = "coalesce(reason = 'erasure', false)"
    is_over = f"({was_erased} and occurred_at < timestamp {removal_ended})"
    is_affected = f"{is_erased} or {is_over} and (identifiers is not null or {has_former})"
    remaining = f"""
        select * replace (
            case when {is_erased} then 'erasure' else reason end as reason,
            case when not {is_erased} then customer_key end as customer_key,
            case
                when action = 'REMOVE' and not {is_over} then identifiers
                when not {is_erased} and not {was_erased} then identifiers
            end as identifiers
        ) from {rows}
        where action = 'REMOVE' or not {is_erased} and not {was_erased} or {has_former} and not {is_over}
    """
    return is_affected, remaining
