"""What activation and measurement cost for many customers: every channel at once, all reports, then activation again
with one in a hundred changed.

The customers of the last build are drawn again and again under keys and addresses of their own, and the
SQL that dbt compiled for the two rooms runs over them in DuckDB alone.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.bench.replay import in_order
from audiencekit.errors import UserError
from audiencekit.publish.exposures import read_publications
from audiencekit.publish.generations import write_file
from audiencekit.publish.ledger import ledger_tables
from audiencekit.workspace import Workspace

# What the two rooms read that is about customers, and the columns that name or reach one of them.
DRAWN = {
    "profiles.dim_customers": ("contact_id", "account_id", "email", "phone"),
    "profiles.dim_consent": (),
    "profiles.fct_email_events": ("event_id",),
    "profiles.fct_touches": ("touch_id",),
    "profiles.fct_orders": ("order_id",),
    "segments.customer_360": (),
    "segments.segment_membership": (),
    "segments.segment_suppressions": (),
    "segments.segment_history": (),
    "segments.customer_segments": (),
    "identity.int_identifiers": ("id_value",),
    "identity.int_anonymous_visitors": ("anonymous_id",),
}
# The demo's households buy as often as four customers elsewhere.
ONLY = {"profiles.fct_orders": "hash(r.order_id) % 4 = 0"}
# What publishing would append to the ledger.
KEPT = (
    "audience_rows",
    "audience_changes",
    "experiment_assignments",
    "experiment_exposures",
    "bandit_decisions",
)
CHANGED_ONE_IN = 100


@dataclass(frozen=True)
class Node:
    """One model: rows it made, wall and CPU seconds."""

    name: str
    rows: int
    wall: float
    cpu: float


def run_activation_bench(
    customers: int, workspace: Workspace, folder: Path, console: Console
) -> dict[str, list[Node]]:
    """Run the activation room over `customers` customers twice. Raises UserError when nothing is built."""
    plan = workspace.home / "target" / "manifest.json"
    # Whatever asks dbt alone, as the linter, leaves an empty warehouse.
    if not (workspace.warehouse.exists() and plan.exists()):
        raise UserError(f"{workspace.home} holds no build. Build first: audiencekit demo")
    shutil.rmtree(folder, ignore_errors=True)
    bench = Workspace(folder)
    bench.home.mkdir(parents=True)
    shutil.copy(workspace.warehouse, bench.warehouse)
    manifest = json.loads(plan.read_text())
    ordered = list(in_order(manifest["nodes"]))
    history, nodes, reports = (
        [n for n in ordered if n["original_file_path"].startswith(f"models/{folder}/")]
        for folder in ("staging/ledger", "activation", "measurement")
    )
    measured = {}
    with duckdb.connect(str(bench.warehouse)) as con:
        con.execute("set threads = 2; set TimeZone = 'UTC'; set preserve_insertion_order = false")
        console.print(f"  drawing {customers:,} customers")
        draw_customers(con, customers)
        draw_history(con)
        _empty_ledger(con, bench)
        _make(con, history, workspace, bench)
        for run in ("full", "one in a hundred changed"):
            console.print(f"  {run}")
            measured[run] = _make(con, nodes, workspace, bench)
            if run == "full":
                console.print("  reports")
                measured["reports"] = _make(con, reports, workspace, bench)
            _keep_state(con, bench)
            change_some(con)
    started = perf_counter(), process_time()
    (folder / "published").mkdir()
    publications = [p for p in read_publications(workspace) if p.to == "activation"]
    rows = write_file(bench, folder / "published", "activation", publications)
    seconds = perf_counter() - started[0], process_time() - started[1]
    measured["published"] = [Node("activation.duckdb and Parquet", sum(rows.values()), *seconds)]
    _print(measured, customers, console)
    return measured


def draw_customers(con: duckdb.DuckDBPyConnection, customers: int) -> None:
    """Replace every table of DRAWN by one of `customers` customers: those of the build, again and again."""
    con.execute(
        f"""
        create temp table drawn as
        with known as (
            select customer_key, row_number() over (order by customer_key) - 1 as place
            from profiles.dim_customers
        )
        select known.customer_key as model_key, md5(cast(i as varchar)) as customer_key, cast(i as varchar) as mark
        from range({customers}) as t (i)
        join known on known.place = i % (select count(*) from known)
        """
    )
    for name, own in DRAWN.items():
        kind = con.execute(
            "select table_type from information_schema.tables where table_schema || '.' || table_name = ?",
            [name],
        ).fetchall()[0][0]
        renamed = ", ".join(f"{_own(column)} as {column}" for column in own)
        con.execute(
            f"create table activation.bench_drawn as select drawn.customer_key, r.* exclude (customer_key) "
            f"{f'replace ({renamed})' if own else ''} "
            f"from {name} as r join drawn on r.customer_key = drawn.model_key where {ONLY.get(name, 'true')}"
        )
        con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {name}")
        con.execute(f"create table {name} as select * from activation.bench_drawn")
        con.execute("drop table activation.bench_drawn")


def draw_history(con: duckdb.DuckDBPyConnection) -> None:
    """Give every membership two stays in the year before, entered and left on days of their own."""
    con.execute(
        """
        create or replace table segments.segment_history as
        with now_in as (
            select *, hash(segment_code || customer_key) as chance from segments.segment_membership
        ),
        moves as (
            select now_in.*, 'entered' as action, 0 as days_ago from now_in
            union all
            select now_in.*, 'entered', 200 + 150 * stay - chance % 50 from now_in, range(2) as stays (stay)
            union all
            select now_in.*, 'left', 150 + 150 * stay - chance % 100 from now_in, range(2) as stays (stay)
        )
        select
            segment_code,
            customer_key,
            action,
            date_trunc('day', entered_at) - to_days(days_ago::integer) as changed_at,
            'bench' as definition_hash,
            'bench' as build_id
        from moves
        """
    )


def _own(column: str) -> str:
    """A value of the drawn customer's own: an address stays an address, a number a number."""
    if column == "phone":
        return "'+1' || lpad(cast(2000000000 + drawn.mark::bigint as varchar), 10, '0')"
    return f"drawn.mark || '.' || r.{column}"


def change_some(con: duckdb.DuckDBPyConnection) -> None:
    """One customer in a hundred loses a segment, gets another address and withdraws from ads."""
    some = f"hash(customer_key) % {CHANGED_ONE_IN} = 0"
    con.execute(
        f"delete from segments.segment_membership where {some} and segment_code = 'recent_buyers'"
    )
    con.execute(f"update profiles.dim_customers set email = 'new.' || email where {some}")
    con.execute(
        "update profiles.dim_consent set is_allowed = false, basis = 'withdrawn' "
        f"where {some} and purpose = 'ad_user_data' and hash(customer_key) % 3 = 0"
    )


def _empty_ledger(con: duckdb.DuckDBPyConnection, bench: Workspace) -> None:
    for table in ledger_tables():
        folder = bench.home / "ledger" / table.name
        folder.mkdir(parents=True)
        con.execute(
            f"create or replace temp table t ({table.definition}); "
            f"copy t to '{folder}/0.parquet' (format parquet)"
        )


def _keep_state(con: duckdb.DuckDBPyConnection, bench: Workspace) -> None:
    """What a publish would keep for the next build."""
    for table in (table for table in ledger_tables() if table.name in KEPT):
        target = bench.home / "ledger" / table.name / ("0" if table.is_state else "1")
        # The next run has the same build_id, and a build does not read its own rows.
        rows = f"select {table.selection} from {table.relation}"
        if not table.is_state:
            rows = f"select * replace ('earlier' as build_id) from ({rows})"
        con.execute(f"copy ({rows}) to '{target}.new' (format parquet)")
        target.with_suffix(".new").replace(target.with_suffix(".parquet"))


def _make(
    con: duckdb.DuckDBPyConnection, nodes: list[dict], workspace: Workspace, bench: Workspace
) -> list[Node]:
    """Run the compiled SQL of `nodes` in their order; what each table cost."""
    made = []
    for node in nodes:
        relation = f"{node['schema']}.{node['name']}"
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        compiled = (
            workspace.home / "target" / "compiled" / "audiencekit" / node["original_file_path"]
        )
        sql = compiled.read_text().replace(f"{workspace.home}/ledger", f"{bench.home}/ledger")
        wall, cpu = perf_counter(), process_time()
        con.execute(f"create or replace {kind} {relation} as {sql}")
        seconds = perf_counter() - wall, process_time() - cpu
        if kind == "table":
            rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
            made.append(Node(node["name"], rows, *seconds))
    return made


def _print(measured: dict[str, list[Node]], customers: int, console: Console) -> None:
    table = Table(title=f"Activation of {customers:,} customers", title_justify="left")
    table.add_column("model", no_wrap=True)
    for head in ("rows", "wall s", "CPU s", "rows/s", "again, wall s", "again, rows"):
        table.add_column(head, justify="right")
    again = {node.name: node for node in measured["one in a hundred changed"]}
    for node in measured["full"]:
        second = again[node.name]
        table.add_row(
            node.name, f"{node.rows:,}", f"{node.wall:.2f}", f"{node.cpu:.2f}",
            f"{node.rows / max(node.wall, 1e-9):,.0f}", f"{second.wall:.2f}", f"{second.rows:,}",
        )  # fmt: skip
    for node in measured["published"]:
        table.add_row(
            node.name, f"{node.rows:,}", f"{node.wall:.2f}", f"{node.cpu:.2f}",
            f"{node.rows / max(node.wall, 1e-9):,.0f}",
        )  # fmt: skip
    console.print(table)
    reports = Table(title=f"Measurement of {customers:,} customers", title_justify="left")
    reports.add_column("model", no_wrap=True)
    for head in ("rows", "wall s", "CPU s"):
        reports.add_column(head, justify="right")
    for node in sorted(measured["reports"], key=lambda node: -node.wall)[:12]:
        reports.add_row(node.name, f"{node.rows:,}", f"{node.wall:.2f}", f"{node.cpu:.2f}")
    console.print(reports)
    console.print(
        f"All reports: {sum(n.wall for n in measured['reports']):.1f} s, "
        f"{sum(n.cpu for n in measured['reports']):.1f} CPU s"
    )
    full, second = (
        sum(n.wall for n in measured[run]) for run in ("full", "one in a hundred changed")
    )
    rows = sum(n.rows for n in measured["full"] if n.name.startswith("aud_"))
    console.print(
        f"All channels: {rows:,} audience rows in {full:.1f} s, {rows / full:,.0f} rows a second; with one in "
        f"a hundred changed {second:.1f} s, {second / full:.2f} of it"
    )
