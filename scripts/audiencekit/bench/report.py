"""The result of a benchmark: the ratio to raw DuckDB, as numbers, tables and one line of JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from audiencekit.bench.measurement import Measured

TARGET = 1.3  # times raw DuckDB, without the fixed cost of dbt
SLOWEST = 10


@dataclass(frozen=True)
class Bench:
    """Costs by job (run, models, raw) of a landing of `customers` and of a small one."""

    customers: int
    processors: int
    duckdb: str
    small: dict[str, Measured]
    large: dict[str, Measured]

    @property
    def nodes(self) -> int:
        """The number of models and seeds that dbt builds."""
        return len(self.large["models"].answer["nodes"])

    def dbt_own(self, what: str) -> float:
        """The fixed cost of dbt in seconds (`what` is wall or cpu): start, parse and every node."""
        return getattr(self.small["models"], what) - getattr(self.small["raw"], what)

    def ratio(self, what: str) -> float:
        """Cost of models and seeds under dbt, divided by their cost in raw DuckDB."""
        return getattr(self.large["models"], what) / getattr(self.large["raw"], what)

    def ratio_without_dbt_own(self, what: str) -> float:
        """The ratio without the fixed cost of dbt, which TARGET limits."""
        models = getattr(self.large["models"], what) - self.dbt_own(what)
        return models / getattr(self.large["raw"], what)

    def as_record(self) -> dict[str, Any]:
        """Everything measured and derived, for JSON."""
        derived = {
            "nodes": self.nodes,
            "ratio_cpu": self.ratio("cpu"),
            "ratio_wall": self.ratio("wall"),
            "ratio_cpu_without_dbt_own": self.ratio_without_dbt_own("cpu"),
            "ratio_wall_without_dbt_own": self.ratio_without_dbt_own("wall"),
            "dbt_own_cpu_seconds": self.dbt_own("cpu"),
            "dbt_own_wall_seconds": self.dbt_own("wall"),
        }
        return asdict(self) | derived


def print_bench(bench: Bench, console: Console) -> None:
    """Print the stages, the jobs with their ratio, and the slowest nodes."""
    rows = sum(bench.large["run"].answer["landing_rows"].values())
    console.print(
        f"\n[bold]Whole run[/]: {bench.customers:,} customers, {rows:,} landing rows, {bench.processors} processors"
    )
    console.print(_stages(bench))
    console.print("[bold]Against raw DuckDB[/]")
    console.print(_jobs(bench))
    console.print(f"[bold]The {SLOWEST} slowest nodes[/]")
    console.print(_slowest_nodes(bench))
    own, nodes = bench.dbt_own("cpu"), bench.nodes
    console.print(
        f"Fixed cost of dbt: {own:.1f} CPU s for {nodes} models and seeds, {1000 * own / nodes:.0f} ms a node, "
        "start and parse included."
    )
    ratio = bench.ratio_without_dbt_own("cpu")
    verdict = "[green]within[/]" if ratio <= TARGET else "[red]over[/]"
    console.print(
        f"Without it dbt takes [bold]{ratio:.2f}[/] times the CPU of raw DuckDB: {verdict} the target of {TARGET}."
    )


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left")
    return table


def _stages(bench: Bench) -> Table:
    seconds = bench.large["run"].answer["seconds"]
    table = _table("stage", "wall s", "share")
    for stage, wall in seconds.items():
        table.add_row(stage, f"{wall:.1f}", f"{wall / sum(seconds.values()):.0%}")
    return table


def _jobs(bench: Bench) -> Table:
    table = _table("job", "wall s", "CPU s", "peak GiB")
    names = {
        "run": "whole run",
        "models": "dbt: models and seeds",
        "raw": "raw DuckDB: the same SQL",
    }
    for job, name in names.items():
        cost = bench.large[job]
        table.add_row(name, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak_gib:.1f}")
    for name, ratio in (
        ("dbt / raw", bench.ratio),
        ("dbt / raw, without fixed cost", bench.ratio_without_dbt_own),
    ):
        table.add_row(name, f"{ratio('wall'):.2f}", f"{ratio('cpu'):.2f}", "")
    return table


def _slowest_nodes(bench: Bench) -> Table:
    nodes: dict[str, float] = bench.large["run"].answer["nodes"]
    raw = bench.large["raw"].answer["nodes"]
    table = _table("node", "dbt s", "share", "raw s")
    for name, seconds in sorted(nodes.items(), key=lambda n: -n[1])[:SLOWEST]:
        raw_seconds = f"{raw[name]:.1f}" if name in raw else ""
        share = f"{seconds / sum(nodes.values()):.0%}"
        table.add_row(name, f"{seconds:.1f}", share, raw_seconds)
    return table
