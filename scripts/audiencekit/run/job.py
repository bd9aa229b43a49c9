"""The main job: intake, dbt build and tests, Great Expectations, publish. All or nothing."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from time import perf_counter

from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.intake.call_logs import call_logs
from audiencekit.intake.contract import load_contract
from audiencekit.intake.erasure import erase_from_intake, rows_erased
from audiencekit.intake.erasure_requests import resolve_requests
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_settings import read_settings
from audiencekit.intake.report import TableIntake
from audiencekit.intake.shop import Shop, read_shop
from audiencekit.intake.tombstones import Erased
from audiencekit.publish.build import Build
from audiencekit.publish.exposures import Publication, read_publications
from audiencekit.publish.generations import (
    Manifest,
    check_as_of,
    current_manifest,
    next_build_id,
    next_moment,
    publish,
)
from audiencekit.publish.ledger import last_change_seq, open_ledger
from audiencekit.publish.size_check import check_sizes
from audiencekit.run.dbt import DbtVars, dbt_build
from audiencekit.run.status import write_status
from audiencekit.workspace import Workspace

OLD_DATA_DAYS = 30


@dataclass(frozen=True)
class Options:
    """What the user can choose for a run.

    `accept` names landing tables and channels that may pass although they lost rows or break rules. `note` is
    shown with what is published. `retrain` trains every model, due or not. `currency` and `time_zone` are
    those of the shop; landing.yml and dbt_project.yml may say them, too. `clock` is the real moment (UTC).
    """

    accept: Collection[str] = ()
    note: str = ""
    retrain: bool = False
    currency: str | None = None
    time_zone: str | None = None
    clock: datetime | None = None


@dataclass(frozen=True)
class Run:
    """What one run did: the published generation, intake by table, `seconds` by stage, `node_seconds` by dbt model."""

    manifest: Manifest
    tables: list[TableIntake]
    seconds: dict[str, float]
    node_seconds: dict[str, float]


@dataclass(frozen=True)
class _Job:
    """One run while it goes on: where it writes, what dbt is given, what may pass the gates."""

    workspace: Workspace
    console: Console
    shop: Shop
    clock: datetime | None
    dbt_vars: DbtVars
    accepted_tables: Collection[str]
    accepted_channels: Collection[str]


def run(
    landing: Path,
    workspace: Workspace,
    as_of: datetime,
    console: Console,
    options: Options | None = None,
) -> Run:
    """Take in `landing` as of `as_of` (UTC, naive), build, test, check and publish.

    Raises UserError, with the last good generation untouched, when a file, a test or a gate fails.
    """
    with workspace.locked():
        # A back-test in the wrong folder says nothing about what is published there.
        check_as_of(workspace, as_of)
        try:
            result = _run(landing, workspace, as_of, console, options or Options())
            write_status(workspace, as_of)
            return result
        except UserError as problem:
            write_status(workspace, as_of, str(problem))
            last = current_manifest(workspace)
            published = (
                f"The last good generation is still published: {last.build_id}."
                if last
                else "Nothing has been published yet."
            )
            raise UserError(f"{problem}\nNothing was published. {published}") from None
        except KeyboardInterrupt:
            write_status(workspace, as_of, "the run was stopped before it ended")
            raise
        except Exception as problem:
            # The text of the error may quote a row; its type does not.
            write_status(workspace, as_of, f"the run stopped: {type(problem).__name__}")
            raise


def _run(
    landing: Path, workspace: Workspace, as_of: datetime, console: Console, options: Options
) -> Run:
    seconds: dict[str, float] = {}
    build_id = next_build_id(workspace, as_of)
    built_at = next_moment(workspace, as_of)
    given = read_settings(landing).shop
    shop = read_shop(options.currency or given.currency, options.time_zone or given.time_zone)
    last = current_manifest(workspace)
    # Models learned from amounts in another currency.
    retrain = options.retrain or bool(last and last.currency not in ("", shop.currency))
    change_seq = last_change_seq(workspace)
    dbt_vars = DbtVars(as_of, build_id, built_at, retrain, change_seq, shop)
    tables = load_contract().keys() & set(options.accept)
    job = _Job(
        workspace, console, shop, options.clock, dbt_vars, tables, set(options.accept) - tables
    )

    # Before intake looks at the folder, so that none counts as taken in that was not.
    logs = call_logs(landing)
    console.print(f"[bold]1  Intake[/] of {landing} as of {as_of}")
    with _timed(seconds, "intake"):
        results = _take_in(job, landing)
        erased = _erase(job)
        open_ledger(workspace, erased, built_at)

    console.print("[bold]2  Build[/] and test with dbt")
    with _timed(seconds, "build"):
        node_seconds = dbt_build(workspace, dbt_vars, console)

    console.print("[bold]3  Check[/] input and output with Great Expectations")
    with _timed(seconds, "check"):
        publications = read_publications(workspace)
        _check(job, publications, erased)

    console.print("[bold]4  Publish[/]")
    with _timed(seconds, "publish"):
        landing_rows = _rows_to_expect(workspace, results)
        decisions = {
            t.table_name: t.decision_columns.split(", ") for t in results if t.decision_columns
        }
        build = Build(
            *(build_id, as_of, landing_rows, options.note, built_at),
            *(erased, shop.currency, decisions, logs),
        )
        manifest = publish(workspace, publications, build)
    return Run(manifest, results, seconds, node_seconds)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Write to `seconds` how long the block took."""
    started = perf_counter()
    yield
    seconds[stage] = perf_counter() - started


def _take_in(job: _Job, landing: Path) -> list[TableIntake]:
    """Check and type the landing folder. Prints a warning when the newest order is old."""
    last = current_manifest(job.workspace)
    results = run_intake(
        landing,
        job.workspace,
        job.dbt_vars.as_of,
        Gates(
            job.accepted_tables,
            last.landing_rows if last else {},
            job.shop,
            job.clock,
            last.landing_decisions if last else {},
        ),
        say=lambda line: job.console.print(f"  {line}", highlight=False),
    )
    newest = next(t.newest_at for t in results if t.table_name == "orders")
    if newest and (days := (job.dbt_vars.as_of - newest).days) > OLD_DATA_DAYS:
        job.console.print(
            f"  [yellow]The newest order is of {newest:%Y-%m-%d}, {days} days before "
            f"as_of.[/] To see the data as of then: --as-of {newest:%Y-%m-%d}T23:59:59"
        )
    return results


def _erase(job: _Job) -> Erased:
    """Resolve this build's erasure requests and remove those people from the intake.

    Intake itself has already removed the people of earlier requests.
    """
    workspace, console = job.workspace, job.console

    def identify() -> None:
        open_ledger(workspace)
        only = ("--select", "+int_erased_identifiers", "--exclude-resource-type", "test")
        dbt_build(workspace, job.dbt_vars, console, *only)

    erased = resolve_requests(workspace, identify, "erasure_requests" in job.accepted_tables)
    if len(erased.people):
        erase_from_intake(workspace, erased)
    if rows := sum(rows_erased(workspace).values()):
        requests = erased.people["request_id"].nunique()
        console.print(
            f"  {requests} new erasure requests; {rows:,} rows of erased people are left out",
            highlight=False,
        )
    if unknown := erased.people[erased.people["customer_key"].isna()]["request_id"].tolist():
        console.print(
            f"  [yellow]{len(unknown)} erasure requests match no customer:[/] {', '.join(unknown[:5])}"
            f"{' …' if len(unknown) > 5 else ''}. Is the identifier written as in your records?",
            highlight=False,
        )
    return erased


def _check(job: _Job, publications: list[Publication], erased: Erased) -> None:
    """Check landing tables and audiences. Raises UserError with the first problem and where to read the rest."""
    from audiencekit.run.expectations import check_walls  # takes a second to import

    failures = check_walls(job.workspace, publications)
    people = erased.people["customer_key"].nunique()
    shrunk = check_sizes(job.workspace, publications, job.accepted_channels, people)
    if problems := failures + list(chain.from_iterable(shrunk.values())):
        accept = " ".join(f"--accept {channel}" for channel in shrunk)
        raise UserError(
            f"{len(problems)} expectations are not met. First: {problems[0]}. "
            f"{f'If this is intended: {accept}. ' if shrunk else ''}"
            f"Data Docs: {job.workspace.data_docs / 'index.html'}"
        )


def _rows_to_expect(workspace: Workspace, results: list[TableIntake]) -> dict[str, int]:
    """Rows of each landing table that the next intake must find. A source may delete those of erased people."""
    erased = rows_erased(workspace)
    return {
        t.table_name: t.rows_kept - erased.get(t.table_name, 0) for t in results if t.is_present
    }
