"""Find people through the landing contract, with the same settings for every data set, and measure the cost."""

import shutil
from datetime import datetime
from pathlib import Path
from time import perf_counter

import duckdb
import pandas as pd
from rich.console import Console

from audiencekit.intake.job import run_intake
from audiencekit.publish.ledger import ledger_tables, open_ledger
from audiencekit.run.dbt import DbtVars, dbt_build
from audiencekit.workspace import Workspace, open_workspace

AS_OF = datetime(2026, 1, 1)
ORDER = "order_id,ordered_at,total\nbench-1,2025-06-01,1\n"


def write_landing(contacts: pd.DataFrame, folder: Path) -> Path:
    """Write a landing folder with these contacts and the order of one guest, which the contract requires."""
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
    """Take in a landing and build identity without tests. Returns seconds by stage and by node.

    `goes_on` continues from what `keep` wrote after the build before; `retrain` learns the match weights again.
    """
    workspace, console = open_workspace(home), Console()
    started = perf_counter()
    run_intake(Path(landing), workspace, AS_OF, say=console.print)
    taken = perf_counter()
    if not goes_on:
        open_ledger(workspace)
    identity_models = (
        *("--select", "+int_record_customers"),
        *("+int_customer_key_changes", "+int_identity_changes"),
    )
    nodes = dbt_build(
        workspace,
        DbtVars(AS_OF, build_id, retrain=retrain),
        console,
        *identity_models,
        *("--exclude-resource-type", "test"),
    )
    return {"intake": taken - started, "build": perf_counter() - taken, "nodes": nodes}


def keep(workspace: Workspace) -> None:
    """Write the ledger rows of identity that publishing would keep for the next build."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        for table in (t for t in ledger_tables() if t.relation.startswith("identity.")):
            folder = workspace.home / "ledger" / table.name
            name = "state" if table.is_state else f"{len(list(folder.glob('*.parquet'))):08d}"
            target = folder / f"{name}.parquet"
            con.execute(
                f"copy (select {table.selection} from {table.relation}) to '{target}' (format parquet)"
            )


def people_of(workspace: Workspace) -> pd.Series:
    """customer_key by contact_id, and for shop logins by `account:` and the id."""
    query = (
        "select regexp_replace(record_id, '^contact:', '') as id, customer_key from identity.int_record_customers "
        "where record_id like 'contact:%' or record_id like 'account:%' order by all"
    )
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute(query).df().set_index("id")["customer_key"]


def changes_of(workspace: Workspace) -> pd.DataFrame:
    """The customers whom the last build merged or split."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute("select * from identity.int_identity_changes").df()
