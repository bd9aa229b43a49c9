"""The main job: intake, dbt build and tests, Great Expectations, publish. All or nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from time import perf_counter

from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.intake.contract import load_contract
from audiencekit.intake.erasure import Erased, forget, resolve_requests, rows_forgotten
from audiencekit.intake.taking_in import TableIntake, take_in
from audiencekit.publish.build import Build
from audiencekit.publish.exposures import read_publications
from audiencekit.publish.generations import (
    Manifest,
    current_manifest,
    next_build_id,
    next_moment,
    publish,
)
from audiencekit.publish.ledger import last_change_seq, open_ledger
from audiencekit.publish.size_check import check_sizes
from audiencekit.run.dbt import dbt_build
from audiencekit.run.status import write_status
from audiencekit.workspace import Workspace

OLD_DATA_DAYS = 30


@dataclass(frozen=True)
class Run:
    """What one run did. `seconds` by stage, `node_seconds` by dbt model."""

    manifest: Manifest
    taken: list[TableIntake]
    seconds: dict[str, float]
    node_seconds: dict[str, float]


def run(
    landing: Path,
    workspace: Workspace,
    as_of: datetime,
    console: Console,
    accept: Collection[str] = (),
    note: str = "",
    retrain: bool = False,
) -> Run:
    """Take in `landing` as of `as_of` (UTC, naive) and publish its audiences, labelled with `note`.

    `retrain` trains every model anew, due or not.

    Raises UserError, with the last good generation untouched, when a file, a test or a gate fails.
    """
    with workspace.locked():
        try:
            done = _run(landing, workspace, as_of, console, accept, note, retrain)
            write_status(workspace, as_of)
            return done
        except UserError as problem:
            write_status(workspace, as_of, str(problem))
            last = current_manifest(workspace)
            stands = (
                f"The last good generation still stands: {last.build_id}."
                if last
                else "Nothing has been published yet."
            )
            raise UserError(f"{problem}\nNothing was published. {stands}") from None
        except Exception as problem:
            # Its text may quote a row; its kind does not.
            write_status(workspace, as_of, f"the run broke off: {type(problem).__name__}")
            raise


def _run(
    landing: Path,
    workspace: Workspace,
    as_of: datetime,
    console: Console,
    accept: Collection[str],
    note: str,
    retrain: bool,
) -> Run:
    seconds: dict[str, float] = {}
    last = current_manifest(workspace)
    build_id = next_build_id(workspace, as_of)
    built_at = next_moment(workspace, as_of)
    tables, audiences = _split(accept)

    console.print(f"[bold]1  Intake[/] of {landing} as of {as_of}")
    started = perf_counter()
    taken = take_in(
        landing,
        workspace,
        as_of,
        accept=tables,
        last_time=last.landing_rows if last else None,
        say=lambda line: console.print(f"  {line}", highlight=False),
    )
    _warn_of_old_data(taken, as_of, console)
    erased = _erase(
        workspace, as_of, built_at, build_id, console, retrain, "erasure_requests" in tables
    )
    open_ledger(workspace, erased, built_at)
    seconds["intake"] = perf_counter() - started

    console.print("[bold]2  Build[/] and test with dbt")
    started = perf_counter()
    node_seconds = dbt_build(
        workspace,
        as_of,
        build_id,
        console,
        built_at=built_at,
        retrain=retrain,
        last_change_seq=last_change_seq(workspace),
    )
    seconds["build"] = perf_counter() - started

    console.print("[bold]3  Check[/] both walls with Great Expectations")
    started = perf_counter()
    from audiencekit.run.expectations import check_walls  # a second to import, wanted only here

    publications = read_publications(workspace)
    broken = check_walls(workspace, publications)
    shrunk = check_sizes(workspace, publications, audiences)
    if problems := broken + list(chain.from_iterable(shrunk.values())):
        meant = " ".join(f"--accept {channel}" for channel in shrunk)
        raise UserError(
            f"{len(problems)} expectations are not met. First: {problems[0]}. "
            f"{f'If that is meant: {meant}. ' if shrunk else ''}"
            f"Data Docs: {workspace.data_docs / 'index.html'}"
        )
    seconds["check"] = perf_counter() - started

    console.print("[bold]4  Publish[/]")
    started = perf_counter()
    landing_rows = _rows_to_expect(workspace, taken)
    build = Build(build_id, as_of, landing_rows, note, built_at, erased)
    manifest = publish(workspace, publications, build)
    seconds["publish"] = perf_counter() - started
    return Run(manifest, taken, seconds, node_seconds)


def _erase(
    workspace: Workspace,
    as_of: datetime,
    built_at: datetime,
    build_id: str,
    console: Console,
    retrain: bool,
    is_accepted: bool,
) -> Erased:
    """Take whoever asks to be forgotten in this build out of the intake; those of earlier ones are."""

    def identify() -> None:
        open_ledger(workspace)
        only = ("--select", "+int_erased_identifiers", "--exclude-resource-type", "test")
        dbt_build(workspace, as_of, build_id, console, *only, built_at=built_at, retrain=retrain)

    erased = resolve_requests(workspace, identify, is_accepted)
    if len(erased.people):
        forget(workspace, erased)
    if gone := sum(rows_forgotten(workspace).values()):
        requests = erased.people["request_id"].nunique()
        console.print(
            f"  {requests} new requests to be forgotten; {gone:,} rows of forgotten people left out",
            highlight=False,
        )
    if unknown := erased.people[erased.people["customer_key"].isna()]["request_id"].tolist():
        console.print(
            f"  [yellow]{len(unknown)} requests to be forgotten are about nobody we know:[/] {', '.join(unknown[:5])}"
            f"{' …' if len(unknown) > 5 else ''}. Is the identifier written as in your records?",
            highlight=False,
        )
    return erased


def _rows_to_expect(workspace: Workspace, taken: list[TableIntake]) -> dict[str, int]:
    """Rows of each landing table that the next build must find: those of forgotten people may go."""
    erased = rows_forgotten(workspace)
    stays = {table.name for table in load_contract().values() if table.required}
    return {
        t.table_name: t.rows_kept - (0 if t.table_name in stays else erased.get(t.table_name, 0))
        for t in taken
        if t.is_present
    }


def _split(accept: Collection[str]) -> tuple[set[str], set[str]]:
    """--accept names landing tables or channels; tell them apart."""
    tables = {name for name in accept if name in load_contract()}
    return tables, set(accept) - tables


def _warn_of_old_data(taken: list[TableIntake], as_of: datetime, console: Console) -> None:
    newest = next(t.newest_at for t in taken if t.table_name == "orders")
    if newest and (as_of - newest).days > OLD_DATA_DAYS:
        console.print(
            f"  [yellow]The newest order is of {newest:%Y-%m-%d}, {(as_of - newest).days} days before "
            f"as_of.[/] To see the data as of then: --as-of {newest:%Y-%m-%d}T23:59:59"
        )
