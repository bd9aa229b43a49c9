"""What activation and measurement cost for many customers: every channel at once, all reports, then activation again
with one customer in a hundred changed.

The customers of the last build are repeated under their own keys and addresses, and the SQL that dbt compiled runs over
them in DuckDB alone.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import duckdb
from rich.console import Console

from audiencekit.bench.activation_customers import change_some, draw_customers, draw_history
from audiencekit.bench.activation_report import (
    CHANGED,
    FULL,
    ActivationCosts,
    Node,
    print_activation,
)
from audiencekit.bench.replay import in_order
from audiencekit.errors import UserError
from audiencekit.publish.exposures import Publication, read_publications
from audiencekit.publish.ledger import ledger_tables
from audiencekit.publish.tables import write_file
from audiencekit.workspace import Workspace

# The tables of the ledger that activation reads from the build before.
LEDGER_TABLES = (
    "audience_rows",
    "audience_changes",
    "experiment_assignments",
    "experiment_exposures",
    "bandit_decisions",
)


@dataclass(frozen=True)
class _Rooms:
    """The models of each room in the order of the graph."""

    ledger: list[dict]
    activation: list[dict]
    measurement: list[dict]


@dataclass(frozen=True)
class _Bench:
    """A copy of the warehouse, the workspace it lies in, and the workspace of the build it comes from."""

    con: duckdb.DuckDBPyConnection
    workspace: Workspace
    source: Workspace


def run_activation_bench(
    customers: int, workspace: Workspace, folder: Path, console: Console
) -> ActivationCosts:
    """Run activation over `customers` customers twice. Raises UserError when nothing is built."""
    manifest = workspace.home / "target" / "manifest.json"
    # dbt leaves an empty warehouse when it only parses, as for the linter.
    if not (workspace.warehouse.exists() and manifest.exists()):
        raise UserError(f"{workspace.home} holds no build. Build first: audiencekit demo")
    rooms = _read_rooms(manifest)
    shutil.rmtree(folder, ignore_errors=True)
    copy = Workspace(folder)
    copy.home.mkdir(parents=True)
    shutil.copy(workspace.warehouse, copy.warehouse)
    with duckdb.connect(str(copy.warehouse)) as con:
        bench = _Bench(con, copy, workspace)
        con.execute("set threads = 2; set TimeZone = 'UTC'; set preserve_insertion_order = false")
        console.print(f"  drawing {customers:,} customers")
        draw_customers(con, customers)
        draw_history(con)
        _create_empty_ledger(bench)
        _build(bench, rooms.ledger)
        console.print(f"  {FULL}")
        full = _build(bench, rooms.activation)
        console.print("  reports")
        reports = _build(bench, rooms.measurement)
        _append_to_ledger(bench)
        change_some(con)
        console.print(f"  {CHANGED}")
        changed = _build(bench, rooms.activation)
        _append_to_ledger(bench)
        change_some(con)
    published = _publish(copy, [p for p in read_publications(workspace) if p.to == "activation"])
    costs = ActivationCosts(full, changed, reports, [published])
    print_activation(costs, customers, console)
    return costs


def _read_rooms(manifest: Path) -> _Rooms:
    ordered = list(in_order(json.loads(manifest.read_text())["nodes"]))
    return _Rooms(
        *(
            [n for n in ordered if n["original_file_path"].startswith(f"models/{folder}/")]
            for folder in ("staging/ledger", "activation", "measurement")
        )
    )


def _create_empty_ledger(bench: _Bench) -> None:
    for table in ledger_tables():
        folder = bench.workspace.home / "ledger" / table.name
        folder.mkdir(parents=True)
        bench.con.execute(
            f"create or replace temp table t ({table.definition}); "
            f"copy t to '{folder}/0.parquet' (format parquet)"
        )


def _append_to_ledger(bench: _Bench) -> None:
    """Write what a publish would append to the ledger for the next build."""
    for table in (table for table in ledger_tables() if table.name in LEDGER_TABLES):
        folder = bench.workspace.home / "ledger" / table.name
        target = folder / ("0" if table.is_state else "1")
        rows = f"select {table.selection} from {table.relation}"
        if not table.is_state:
            # The next run has the same build_id, and a build ignores its own rows.
            rows = f"select * replace ('earlier' as build_id) from ({rows})"
        bench.con.execute(f"copy ({rows}) to '{target}.new' (format parquet)")
        target.with_suffix(".new").replace(target.with_suffix(".parquet"))


def _build(bench: _Bench, nodes: list[dict]) -> list[Node]:
    """Run the compiled SQL of `nodes` in their order. Returns the cost of each table."""
    source, con = bench.source, bench.con
    built = []
    for node in nodes:
        relation = f"{node['schema']}.{node['name']}"
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        folder = source.home / "target" / "compiled" / "audiencekit"
        sql = (folder / node["original_file_path"]).read_text()
        sql = sql.replace(f"{source.home}/ledger", f"{bench.workspace.home}/ledger")
        wall, cpu = perf_counter(), process_time()
        con.execute(f"create or replace {kind} {relation} as {sql}")
        wall, cpu = perf_counter() - wall, process_time() - cpu
        if kind == "table":
            rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
            built.append(Node(node["name"], rows, wall, cpu))
    return built


def _publish(copy: Workspace, publications: list[Publication]) -> Node:
    folder = copy.home / "published"
    folder.mkdir()
    wall, cpu = perf_counter(), process_time()
    rows = write_file(copy, folder, "activation", publications)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    return Node("activation.duckdb and Parquet", sum(rows.values()), wall, cpu)
