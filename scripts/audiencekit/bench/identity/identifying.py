"""People found through the landing contract, with what it cost: the same settings for every set of records."""

import shutil
from datetime import datetime
from pathlib import Path
from time import perf_counter

import duckdb
import pandas as pd
from rich.console import Console

from audiencekit.intake.job import take_in
from audiencekit.publish.ledger import ledger_tables, open_ledger
from audiencekit.run.dbt import DbtVars, dbt_build
from audiencekit.workspace import Workspace, open_workspace

AS_OF = datetime(2026, 1, 1)
ORDER = "order_id,ordered_at,total_usd\nbench-1,2025-06-01,1\n"


def write_landing(contacts: pd.DataFrame, folder: Path) -> Path:
    """A landing folder with these contacts and one guest's order, without which no landing is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    contacts.drop(columns="person_id").to_parquet(folder / "contacts.parquet")
    (folder / "orders.csv").write_text(ORDER)
    return folder


def identify(
    home: str,
    landing: str,
    build_id: str = "bench-000001",
    goes_on: bool = False,
    retrain: bool = False,
) -> dict:
    """Take in a landing and build identity, tests left out. Answers seconds by stage and by node.

    `goes_on` builds on what `keep` kept of the build before; `retrain` learns the weights of evidence anew.
    """
    workspace, console = open_workspace(home), Console()
    started = perf_counter()
    take_in(Path(landing), workspace, AS_OF, say=console.print)
    taken = perf_counter()
    if not goes_on:
        open_ledger(workspace)
    only = (
        *("--select", "+int_record_customers"),
        *("+int_customer_key_changes", "+int_identity_changes"),
    )
    nodes = dbt_build(
        workspace,
        DbtVars(AS_OF, build_id, retrain=retrain),
        console,
        *only,
        *("--exclude-resource-type", "test"),
    )
    return {"intake": taken - started, "build": perf_counter() - taken, "nodes": nodes}


def keep(workspace: Workspace) -> None:
    """What publishing would keep of identity for the next build: what it found last, and history behind history."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        for table in (t for t in ledger_tables() if t.relation.startswith("identity.")):
            folder = workspace.home / "ledger" / table.name
            place = "kept" if table.is_state else f"{len(list(folder.glob('*.parquet'))):08d}"
            target = folder / f"{place}.parquet"
            con.execute(
                f"copy (select {table.selection} from {table.relation}) to '{target}' (format parquet)"
            )


def people_of(workspace: Workspace) -> pd.Series:
    """customer_key by contact_id; of a shop login, by `account:` and its id."""
    query = (
        "select regexp_replace(record_id, '^contact:', '') as id, customer_key from identity.int_record_customers "
        "where record_id like 'contact:%' or record_id like 'account:%' order by all"
    )
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute(query).df().set_index("id")["customer_key"]


def changes_of(workspace: Workspace) -> pd.DataFrame:
    """Customers who were merged or split in the last build."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute("select * from identity.int_identity_changes").df()
