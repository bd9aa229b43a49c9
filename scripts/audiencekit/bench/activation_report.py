"""What the activation benchmark measured, as tables."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

FULL, CHANGED = "full", "one in a hundred changed"
SLOWEST_REPORTS = 12


@dataclass(frozen=True)
class Node:
    """One model: the rows it built, and wall and CPU seconds."""

    name: str
    rows: int
    wall: float
    cpu: float


@dataclass(frozen=True)
class ActivationCosts:
    """The nodes of each part: activation, activation after a change, the reports, and the published files."""

    full: list[Node]
    changed: list[Node]
    reports: list[Node]
    published: list[Node]


def print_activation(costs: ActivationCosts, customers: int, console: Console) -> None:
    """Every model of activation, the slowest reports, and the totals."""
    console.print(_models(costs, customers))
    console.print(_reports(costs, customers))
    console.print(
        f"All reports: {sum(n.wall for n in costs.reports):.1f} s, "
        f"{sum(n.cpu for n in costs.reports):.1f} CPU s"
    )
    full, changed = (sum(n.wall for n in nodes) for nodes in (costs.full, costs.changed))
    rows = sum(n.rows for n in costs.full if n.name.startswith("aud_"))
    console.print(
        f"All channels: {rows:,} audience rows in {full:.1f} s, {rows / full:,.0f} rows a second; with one in "
        f"a hundred changed {changed:.1f} s, {changed / full:.2f} of it"
    )


def _models(costs: ActivationCosts, customers: int) -> Table:
    table = Table(title=f"Activation of {customers:,} customers", title_justify="left")
    table.add_column("model", no_wrap=True)
    for head in ("rows", "wall s", "CPU s", "rows/s", "again, wall s", "again, rows"):
        table.add_column(head, justify="right")
    again = {node.name: node for node in costs.changed}
    for node in costs.full:
        second = again[node.name]
        table.add_row(*_cells(node), f"{second.wall:.2f}", f"{second.rows:,}")
    for node in costs.published:
        table.add_row(*_cells(node))
    return table


def _cells(node: Node) -> tuple[str, ...]:
    speed = node.rows / max(node.wall, 1e-9)
    return node.name, f"{node.rows:,}", f"{node.wall:.2f}", f"{node.cpu:.2f}", f"{speed:,.0f}"


def _reports(costs: ActivationCosts, customers: int) -> Table:
    table = Table(title=f"Measurement of {customers:,} customers", title_justify="left")
    table.add_column("model", no_wrap=True)
    for head in ("rows", "wall s", "CPU s"):
        table.add_column(head, justify="right")
    for node in sorted(costs.reports, key=lambda node: -node.wall)[:SLOWEST_REPORTS]:
        table.add_row(*_cells(node)[:4])
    return table
