"""Run dbt in this process, show how far it is, and say in one line what failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from audiencekit.errors import UserError
from audiencekit.git_history import project_commit
from audiencekit.workspace import PROJECT, Workspace, environment

SHOWN_FAILURES = 5


def dbt_build(
    workspace: Workspace,
    as_of: datetime,
    build_id: str,
    console: Console,
    *extra: str,
    built_at: datetime | None = None,
    retrain: bool = False,
    last_change_seq: int = 0,
) -> dict[str, float]:
    """Build every model and run every data test into the workspace's private warehouse.

    Returns seconds by node name. Raises UserError naming the first failing nodes.
    """
    workspace.warehouse.unlink(missing_ok=True)
    Path(f"{workspace.warehouse}.wal").unlink(missing_ok=True)
    choice = {
        "as_of": as_of.isoformat(sep=" "),
        "built_at": (built_at or as_of).isoformat(sep=" "),
        "build_id": build_id,
        "commit_id": project_commit(),
        "retrain": retrain,
        "last_change_seq": last_change_seq,
    }
    with progress_of(console) as step:
        result = run_dbt(
            workspace,
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--vars",
            yaml.safe_dump(choice),
            *extra,
            on_event=step,
        )
    if result.exception:
        raise UserError(f"dbt: {_plain(str(result.exception))}")
    nodes = result.result.results
    failed = [n for n in nodes if n.status in ("error", "fail", "runtime error")]
    if failed:
        shown = "; ".join(f"{n.node.name}: {_plain(n.message)}" for n in failed[:SHOWN_FAILURES])
        more = f"; and {len(failed) - SHOWN_FAILURES} more" if len(failed) > SHOWN_FAILURES else ""
        raise UserError(f"dbt: {shown}{more}. Details: {workspace.home / 'logs' / 'dbt.log'}")
    return {n.node.name: n.execution_time for n in nodes if n.node.resource_type == "model"}


def run_dbt(workspace: Workspace, *arguments: str, on_event: Callable | None = None):
    """One dbt command against a workspace, its artifacts kept there; the database is let go after."""
    runner = dbtRunner(callbacks=[on_event] if on_event else [])
    with environment(workspace.as_environment()):
        try:
            return runner.invoke(
                [
                    *arguments,
                    *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                    *("--target-path", str(workspace.home / "target")),
                    *("--log-path", str(workspace.home / "logs")),
                    *("--log-level", "none", "--log-level-file", "info"),
                ]
            )
        finally:
            DuckDBConnectionManager.close_all_connections()


@contextmanager
def progress_of(console: Console) -> Iterator[Callable]:
    """A dbt event callback that moves a progress bar, or prints a line each tenth without a terminal."""
    bar = Progress(
        TextColumn("  {task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("building", total=None)
    tenths = [0]

    def step(event) -> None:
        data = event.data
        if event.info.name not in ("LogModelResult", "LogTestResult", "LogSeedResult"):
            return
        total = data.num_models if event.info.name == "LogTestResult" else data.total
        name = data.node_info.node_name
        bar.update(task, completed=data.index, total=total, description=name[:28])
        tenth = 10 * data.index // max(total, 1)
        if not console.is_terminal and tenth > tenths[0]:
            tenths[0] = tenth
            console.print(f"  {data.index} of {total} models and tests")

    with bar:
        yield step


def _plain(message: str | None) -> str:
    lines = [line.strip() for line in (message or "failed").splitlines() if line.strip()]
    return " ".join(lines)[:300]
