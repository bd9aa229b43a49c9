"""`audiencekit bench`: a build of a synthetic landing, compared with the same SQL in raw DuckDB."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from audiencekit.bench.measurement import Measured, measure
from audiencekit.bench.report import Bench, print_bench
from audiencekit.bench.warehouses import differing_tables
from audiencekit.errors import UserError

SMALL = 300  # customers of the small landing, which shows the fixed cost of dbt


def run_bench(customers: int, folder: Path, console: Console) -> Bench:
    """Measure a landing of `customers` and a small one, print tables, and append to `results.jsonl`.

    Everything is written under `folder`. Each job runs in its own process, so that its CPU seconds and peak memory
    are its own. Raises UserError when a job fails or raw DuckDB gives other rows.
    """
    if customers < SMALL:
        raise UserError(f"--customers {customers} is too small to measure. Choose {SMALL} or more.")
    folder.mkdir(parents=True, exist_ok=True)
    small = _measure_size(SMALL, folder, console)
    bench = Bench(
        customers=customers,
        processors=os.cpu_count() or 1,
        duckdb=duckdb.__version__,
        small=small,
        large=_measure_size(customers, folder, console),
    )
    print_bench(bench, console)
    with (folder / "results.jsonl").open("a") as results:
        results.write(json.dumps(bench.as_record()) + "\n")
    console.print(f"Appended to {folder / 'results.jsonl'}")
    return bench


def _measure_size(customers: int, folder: Path, console: Console) -> dict[str, Measured]:
    """The whole run, dbt's models and seeds alone, and their SQL in raw DuckDB."""
    console.print(f"[bold]{customers:,} customers[/]")
    home = folder / f"home-{customers}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)

    def job(name: str, what: str, **arguments: Any) -> Measured:
        console.print(f"  {what}")
        return measure(name, folder / f"{name}.log", home=str(home), **arguments)

    made = job("landing", "synthetic landing", folder=str(folder), customers=customers)
    measured = {
        "run": job("run", "whole run", landing=made.answer["landing"]),
        "models": job("models", "dbt without tests"),
        "raw": job("raw", "the same SQL in raw DuckDB"),
    }
    differing = differing_tables(home / "warehouse.duckdb", home / "raw" / "warehouse.duckdb")
    if differing:
        raise UserError(
            f"Raw DuckDB and dbt built different numbers of rows: {', '.join(differing)}"
        )
    return measured
