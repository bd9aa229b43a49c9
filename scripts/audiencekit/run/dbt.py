"""Run dbt in this process, show its progress, and report in one line what failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.results import RunExecutionResult
from dbt_common.events.base_types import EventMsg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from audiencekit.dbt_project import PROJECT_IN_USE
from audiencekit.errors import UserError
from audiencekit.git_history import project_commit
from audiencekit.intake.shop import Shop
from audiencekit.workspace import Workspace, environment

SHOWN_FAILURES = 5


@dataclass(frozen=True)
class DbtVars:
    """The dbt vars of one build; moments in UTC.

    `built_at` is the moment of the build in the history (as_of, unless given). `retrain` trains every model, due or
    not. `last_change_seq` is the highest change_seq published so far. `shop` has the currency and the time zone; without
    it, dbt_project.yml does.
    """

    as_of: datetime
    build_id: str
    built_at: datetime | None = None
    retrain: bool = False
    last_change_seq: int = 0
    shop: Shop | None = None

    def as_yaml(self) -> str:
        """The vars as dbt's option --vars takes them."""
        return yaml.safe_dump(
            {
                "as_of": self.as_of.isoformat(sep=" "),
                "built_at": (self.built_at or self.as_of).isoformat(sep=" "),
                "build_id": self.build_id,
                "commit_id": project_commit(),
                "retrain": self.retrain,
                "last_change_seq": self.last_change_seq,
                **(asdict(self.shop) if self.shop else {}),
            }
        )


def dbt_build(
    workspace: Workspace, dbt_vars: DbtVars, console: Console, *options: str
) -> dict[str, float]:
    """Build every model and run every data test into the workspace's private warehouse.

    `options` are further options of `dbt build`. Returns seconds by model name. Raises UserError naming the first
    failing nodes.
    """
    workspace.warehouse.unlink(missing_ok=True)
    Path(f"{workspace.warehouse}.wal").unlink(missing_ok=True)
    with _progress(console) as on_event:
        result = run_dbt(
            workspace,
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--vars",
            dbt_vars.as_yaml(),
            *options,
            on_event=on_event,
        )
    if result.exception or not isinstance(result.result, RunExecutionResult):
        raise UserError(f"dbt: {_plain(str(result.exception))}")
    nodes = result.result.results
    failed = [n for n in nodes if n.status in ("error", "fail", "runtime error")]
    if failed:
        shown = "; ".join(f"{n.node.name}: {_plain(n.message)}" for n in failed[:SHOWN_FAILURES])
        more = f"; and {len(failed) - SHOWN_FAILURES} more" if len(failed) > SHOWN_FAILURES else ""
        raise UserError(f"dbt: {shown}{more}. Details: {workspace.home / 'logs' / 'dbt.log'}")
    return {n.node.name: n.execution_time for n in nodes if n.node.resource_type == "model"}


def run_dbt(
    workspace: Workspace, *arguments: str, on_event: Callable[[EventMsg], None] | None = None
) -> dbtRunnerResult:
    """Run one dbt command against a workspace. Its artifacts stay there; the database is closed afterwards.

    Raises KeyboardInterrupt if the run is asked to stop meanwhile, which dbt reports as a failure.
    """
    runner = dbtRunner(callbacks=[on_event] if on_event else [])
    with environment(workspace.as_environment()):
        try:
            result = runner.invoke(
                [
                    *arguments,
                    *("--project-dir", str(PROJECT_IN_USE), "--profiles-dir", str(PROJECT_IN_USE)),
                    *("--target-path", str(workspace.home / "target")),
                    *("--log-path", str(workspace.home / "logs")),
                    *("--log-level", "none", "--log-level-file", "info"),
                ]
            )
        finally:
            DuckDBConnectionManager.close_all_connections()
    if isinstance(result.exception, KeyboardInterrupt):
        raise result.exception
    return result


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[EventMsg], None]]:
    """A dbt event callback that moves a progress bar. Without a terminal it prints a line for every tenth."""
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

    def on_event(event: EventMsg) -> None:
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
        yield on_event


def _plain(message: str | None) -> str:
    lines = [line.strip() for line in (message or "failed").splitlines() if line.strip()]
    return " ".join(lines)[:300]
