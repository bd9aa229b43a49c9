"""What a refresh costs, compared with the run that it follows: extracts of an hour that concern one customer in a hundred.

The first refresh after a build also calculates when time alone changes each customer; the second one is as all others.
"""

import os
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.bench.landing import AS_OF
from audiencekit.bench.measurement import Measured, measure
from audiencekit.sql import literal

HOURS = (1, 2)
# One login in so many has rows in the extracts of an hour.
ONE_IN = 100


def run_refresh_bench(customers: int, folder: Path, console: Console) -> dict[str, Measured]:
    """Measure a run on a synthetic landing of `customers`, and two refreshes after it. Prints a table.

    Each job runs in its own process. Raises UserError if one fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / f"home-{customers}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    console.print(f"[bold]{customers:,} customers[/]")

    def job(name: str, what: str, **arguments: Any) -> Measured:
        console.print(f"  {what}")
        return measure(name, folder / f"{name}.log", home=str(home), **arguments)

    made = job("landing", "synthetic landing", folder=str(folder), customers=customers)
    landing = folder / f"extracts-{customers}"
    shutil.rmtree(landing, ignore_errors=True)
    landing.mkdir()
    for file in Path(made.answer["landing"]).iterdir():
        os.link(file, landing / file.name)
    measured = {"run": job("run", "whole run", landing=str(landing))}
    for hour in HOURS:
        write_extracts(landing, hour)
        name = f"refresh {hour}"
        measured[name] = job("refresh", f"{name}, after a run", landing=str(landing), hour=hour)
    console.print(_table(measured))
    return measured


def write_extracts(landing: Path, hour: int) -> None:
    """Add what happened in one hour after AS_OF: orders with their lines, and e-mail events, of one login in a hundred."""
    at = f"timestamp '{AS_OF + timedelta(hours=hour)}' - interval 30 minute"
    orders, lines, events = (
        literal(str(landing / f"{name}.parquet"))
        for name in ("orders", "order_lines", "email_events")
    )
    new = f"'hour {hour} ' ||"
    chosen = f"hash(account_id) % {ONE_IN} = {hour}"
    copied = f"(from {orders} where {chosen} and total > 0 qualify row_number() over (partition by account_id order by order_id) = 1)"
    queries = {
        "orders": f"select * replace ({new} order_id as order_id, {at} as ordered_at, null as updated_at) from {copied}",
        "order_lines": f"select * replace ({new} order_id as order_id) from {lines} semi join {copied} using (order_id)",
        "email_events": f"select * replace ({new} event_id as event_id, {at} as occurred_at, 'opened' as event_name) "
        f"from {events} where event_name = 'sent' and email in (select email from {copied}) "
        "qualify row_number() over (partition by email order by event_id) = 1",
    }
    for name, query in queries.items():
        target = literal(str(landing / f"{name}.hour{hour}.parquet"))
        duckdb.execute(f"copy ({query}) to {target} (format parquet, compression zstd)")


def _table(measured: dict[str, Measured]) -> Table:
    table = Table(title="Refresh, compared with the run before it", title_justify="left")
    table.add_column("job", no_wrap=True)
    for name in ("s", "ratio, s", "CPU s", "ratio, CPU s", "GiB", "touched", "due", "evaluated"):
        table.add_column(name, justify="right")
    run = measured["run"]
    for name, each in measured.items():
        figures = [
            f"{each.wall:.1f}",
            _ratio(run.wall, each.wall),
            f"{each.cpu:.1f}",
            _ratio(run.cpu, each.cpu),
            f"{each.peak_gib:.1f}",
        ]
        table.add_row(name, *figures, *_counts(each))
    return table


def _ratio(run: float, other: float) -> str:
    return f"1/{run / other:.1f}"


def _counts(each: Measured) -> Sequence[str]:
    return [
        f"{each.answer[n]:,}" if n in each.answer else "" for n in ("touched", "due", "evaluated")
    ]
