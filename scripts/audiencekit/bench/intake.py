"""What intake costs: a synthetic landing as Parquet and as CSV, compared with DuckDB that only reads and rewrites the
same files. Then once more with the same files, and with one file more for each table, of one row in a hundred.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from audiencekit.bench.measurement import Measured, measure
from audiencekit.intake.contract import load_contract
from audiencekit.sql import literal, rows_of

FORMATS = ("parquet", "csv")
LARGE = 100_000  # bytes of a file that gets new rows


@dataclass(frozen=True)
class IntakeCosts:
    """The cost of a landing in one format: DuckDB alone; intake; intake of the same files again, and with new ones. The answer
    of each intake has its rows, and its seconds without those in which Python starts."""

    format: str
    rewrite: Measured
    intake: Measured
    unchanged: Measured
    with_new: Measured

    def ratio(self, what: str) -> float:
        """Cost of intake (`what` is wall or cpu), divided by that of DuckDB alone."""
        return getattr(self.intake, what) / getattr(self.rewrite, what)


def run_intake_bench(customers: int, folder: Path, console: Console) -> list[IntakeCosts]:
    """Measure intake of a landing of `customers` in each format, each job in its own process. Raises UserError if one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    console.print(f"[bold]{customers:,} customers[/]")

    def job(name: str, **arguments: Any) -> Measured:
        return measure(name, folder / f"{name}.log", **arguments)

    home = str(folder / "home")
    landing = Path(
        job("landing", home=home, folder=str(folder), customers=customers).answer["landing"]
    )
    costs = []
    for kind in FORMATS:
        console.print(f"  {kind}")
        files = landing if kind == "parquet" else _as_csv(landing)
        shutil.rmtree(home, ignore_errors=True)
        target = folder / "rewritten"
        shutil.rmtree(target, ignore_errors=True)
        rewrite = job("rewrite", folder=str(files), target=str(target))
        more = _with_new_rows(files, folder / "more")
        intakes = [job("take_in", home=home, landing=str(each)) for each in (files, files, more)]
        costs.append(IntakeCosts(kind, rewrite, *intakes))
    console.print(_table(costs))
    console.print(_later_runs(costs))
    return costs


def rewrite_files(folder: Path, target: Path) -> None:
    """Read every file of a landing as DuckDB does by itself, and write it as Parquet."""
    target.mkdir(parents=True)
    with duckdb.connect() as con:
        for file in sorted(folder.iterdir()):
            path = literal(str(file))
            if file.suffix in (".parquet", ".csv"):
                rows = rows_of(file) if file.suffix == ".parquet" else f"read_csv({path})"
                written = literal(str(target / f"{file.stem}.parquet"))
                con.execute(f"copy (from {rows}) to {written} (format parquet, compression zstd)")


def _as_csv(landing: Path) -> Path:
    """The landing as CSV files, made if they are not there yet."""
    folder = landing.with_name(f"{landing.name}-csv")
    if not folder.exists():
        half_written = folder.with_name(f".{folder.name}")
        shutil.rmtree(half_written, ignore_errors=True)
        half_written.mkdir()
        for file in sorted(landing.glob("*.parquet")):
            written = literal(str(half_written / f"{file.stem}.csv"))
            duckdb.execute(f"copy (from {rows_of(file)}) to {written} (format csv, header)")
        half_written.rename(folder)
    return folder


def _with_new_rows(landing: Path, folder: Path) -> Path:
    """The landing, with a second file for each of its large tables: every hundredth row, under a key of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    contract = load_contract()
    for file in sorted(landing.glob("*.*")):
        os.link(file, folder / file.name)
        if file.stem not in contract or file.stat().st_size < LARGE:
            continue
        rows = rows_of(file) if file.suffix == ".parquet" else f"read_csv({literal(str(file))})"
        key = contract[file.stem].key[0]
        written = literal(str(folder / f"{file.stem}.2{file.suffix}"))
        style = "format parquet" if file.suffix == ".parquet" else "format csv, header"
        duckdb.execute(
            f"copy (select * replace ('new' || {key} as {key}) from {rows} where hash({key}) % 100 = 0) to {written} ({style})"
        )
    return folder


def _later_runs(costs: list[IntakeCosts]) -> Table:
    first, more = (costs[0].intake.answer["rows"], costs[0].with_new.answer["rows"])
    table = Table(title=f"Again, and with {more - first:,} new rows", title_justify="left")
    for name in ("landing", "first, s", "unchanged, s", "ratio", "new rows, s", "ratio"):
        table.add_column(name, justify="left" if name == "landing" else "right")
    for cost in costs:
        seconds, *later = (
            m.answer["seconds"] for m in (cost.intake, cost.unchanged, cost.with_new)
        )
        figures = [f"{seconds:.1f}"]
        for each in later:
            figures += [f"{each:.1f}", f"1/{seconds / each:.0f}"]
        table.add_row(cost.format, *figures)
    return table


def _table(costs: list[IntakeCosts]) -> Table:
    rows = costs[0].intake.answer["rows"]
    table = Table(title=f"Intake of {rows:,} rows", title_justify="left")
    table.add_column("landing", no_wrap=True)
    for job in ("DuckDB alone", "intake"):
        for unit in ("s", "CPU s", "GiB"):
            table.add_column(f"{job}, {unit}", justify="right")
    for what in ("s", "CPU s"):
        table.add_column(f"ratio, {what}", justify="right")
    for cost in costs:
        jobs = [(m.wall, m.cpu, m.peak_gib) for m in (cost.rewrite, cost.intake)]
        figures = [f"{figure:.1f}" for each in jobs for figure in each]
        table.add_row(
            cost.format, *figures, f"{cost.ratio('wall'):.1f}", f"{cost.ratio('cpu'):.1f}"
        )
    return table
