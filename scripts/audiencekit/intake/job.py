"""Intake: the only way user files enter the project.

Every landing table becomes one typed Parquet file with exactly the contract's columns (empty where
the user has no such table). A row that breaks a rule or is held back goes to `quarantine.parquet` with its
file, row and reason; `tables.parquet` counts rows in, kept, quarantined and held back. A file that cannot be used
stops the run with a UserError before anything is built. Rows of erased people are removed (erasure.py).
"""

import difflib
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.adapted import adapt
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.currencies import check_currencies
from audiencekit.intake.date_orders import with_date_orders
from audiencekit.intake.erasure import count_marked_rows, erase_from_intake
from audiencekit.intake.extract_names import check_name
from audiencekit.intake.extracts import FILE, settle
from audiencekit.intake.files import Extract, LandingFile, open_file, with_further_decisions
from audiencekit.intake.folder import check_required, find_files
from audiencekit.intake.gates import Gates, check_columns, check_table, decision_columns
from audiencekit.intake.landing_settings import check_patterns, check_values, read_settings
from audiencekit.intake.last_build import has_tables, rows_deleted_by_request
from audiencekit.intake.lost_refusals import check_lost_refusals, check_names, notes_on_service
from audiencekit.intake.number_points import check_points
from audiencekit.intake.report import (
    TableIntake,
    count_refused,
    create_quarantine,
    left_out_line,
    summary_line,
    write_counts,
    write_quarantine,
)
from audiencekit.intake.rows import Moments, check_rows, kept_rows, no_rows
from audiencekit.intake.salesforce_ids import join_short_and_long_ids
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

SCRATCH = ".intake-"
REQUESTS = "erasure_requests"


@dataclass(frozen=True)
class _Session:
    """One intake: the DuckDB connection, its moments, where typed tables and scratch files go, the shop's zone."""

    con: duckdb.DuckDBPyConnection
    moments: Moments
    workspace: Workspace
    scratch: Path
    time_zone: str


def run_intake(
    landing: Path,
    workspace: Workspace,
    as_of: datetime,
    gates: Gates | None = None,
    say: Callable[[str], None] = print,
) -> list[TableIntake]:
    """Check and type every landing table as of `as_of` (UTC) into `workspace.intake`.

    Raises UserError, naming file and rule, when a file cannot be used or a table fails one of the `gates`.
    """
    contract, gates = load_contract(), gates or Gates()
    _check_names(gates.accept, contract)
    _remove_leftovers(workspace)
    with (
        TemporaryDirectory(dir=workspace.home, prefix=SCRATCH) as folder,
        duckdb.connect() as con,
    ):
        session = _Session(
            con, Moments(as_of, gates.clock), workspace, Path(folder), gates.shop.time_zone
        )
        con.execute(f"set TimeZone = 'UTC'; set temp_directory = {literal(folder)}")
        create_quarantine(con)
        files = _open_files(session, landing, say, gates.accept)
        try:
            taken = {}
            # Requests come first: the rows of people who ask for erasure may be gone already.
            for table in sorted(contract.values(), key=lambda table: table.name != REQUESTS):
                taken[table.name] = _take_in(session, table, files.get(table.name, []), gates, say)
                if taken[table.name].is_present:
                    say(summary_line(taken[table.name]))
                if line := left_out_line(taken[table.name]):
                    say(line)
            results = [taken[name] for name in contract]
            check_currencies(
                con, contract.values(), workspace.intake, gates.shop.currency, gates.accept
            )
            if ids := join_short_and_long_ids(con, contract.values(), workspace.intake):
                say(
                    f"{ids:,} Salesforce ids occur with 15 and with 18 characters, and are read as one each"
                )
        finally:
            write_quarantine(con, workspace.intake)
            # People who were erased stay out, also where a gate stops the run.
            erase_from_intake(workspace)
        write_counts(con, results, as_of, gates.shop.currency, workspace.intake)
    return results


def _open_files(
    session: _Session, landing: Path, say: Callable[[str], None], accept: Collection[str]
) -> dict[str, list[LandingFile]]:
    """The opened files of each table, each with what landing.yml says of it."""
    contract, settings = load_contract(), read_settings(landing)
    adapted = adapt(session.con, landing, contract, settings, (session.scratch, accept))
    paths, notes = find_files(landing, contract, settings, adapted.adapters)
    for note in (*adapted.notes, *notes):
        say(note)
    extracts = {
        table: [Extract(p, n := p.relative_to(landing).as_posix(), settings.of(n)) for p in found]
        for table, found in paths.items()
    }
    for table, made in adapted.extracts.items():
        extracts.setdefault(table, []).extend(made)
    check_required(landing, contract, extracts)
    names = [path.relative_to(landing).as_posix() for path in adapted.adapters]
    check_patterns(
        settings, [*names, *(file.name for files in extracts.values() for file in files)]
    )
    zone = session.time_zone if session.time_zone != "UTC" else None
    are_shared = any(file.settings.source is None for file in extracts.get("products", []))

    def opened(file: Extract, table: Table) -> LandingFile:
        plain = open_file(file, table, session.con, session.scratch)
        plain = replace(plain, shop_zone=zone, products_are_shared=are_shared)
        check_points(session.con, table, plain)
        return with_date_orders(session.con, table, plain)

    all_opened = {
        table: [opened(file, contract[table]) for file in files]
        for table, files in extracts.items()
    }
    columns: dict[str, set[str]] = defaultdict(set)
    for file in chain.from_iterable(all_opened.values()):
        columns[file.name] |= set(file.positions)
    check_values(settings, columns)
    return all_opened


def _take_in(
    session: _Session,
    table: Table,
    files: list[LandingFile],
    gates: Gates,
    say: Callable[[str], None],
) -> TableIntake:
    """Check and type one table, and let it through the gates that it is not excused from."""
    is_accepted = table.name in gates.accept
    rows = session.workspace.intake / f"{table.name}.parquet"
    notes = []
    if not is_accepted:
        before = gates.last_decisions.get(table.name, ())
        notes += check_columns(session.con, table, files, before, gates.shop.currency)
    result = _check_and_type(session, table, files, is_accepted)
    if not is_accepted:
        check_lost_refusals(session.con, with_further_decisions(table, files), files)
        check_names(session.con, table, rows)
        check_table(session.con, result, table, *_expected(session.workspace, table, result, gates))
    for note in (*notes, *notes_on_service(session.con, table, rows)):
        say(note)
    return result


def _expected(
    workspace: Workspace, table: Table, result: TableIntake, gates: Gates
) -> tuple[int | None, int]:
    """The rows of the last published build that must be there, and how many rows are of people who were erased since."""
    before = gates.last_time.get(table.name)
    if not before:
        return before, 0
    erased = count_marked_rows(workspace, table, workspace.intake / f"{table.name}.parquet")
    if result.rows_kept - erased < before and has_tables(workspace):
        before -= min(before, rows_deleted_by_request(workspace, table, erased))
    return before, erased


def _check_names(accept: Collection[str], contract: dict[str, Table]) -> None:
    for name in sorted(set(accept) - set(contract)):
        near = difflib.get_close_matches(name, contract, n=1)
        hint = f"Is it {near[0]}?" if near else f"There are: {', '.join(contract)}."
        raise UserError(f"--accept {name}: no such table. {hint}")


def _remove_leftovers(workspace: Workspace) -> None:
    """Make the intake folder, without `run.parquet` and without scratch files of an intake that broke off.

    `run.parquet` is written last. While it is missing, dbt does not build on an incomplete intake.
    """
    workspace.intake.mkdir(parents=True, exist_ok=True)
    (workspace.intake / "run.parquet").unlink(missing_ok=True)
    for leftover in workspace.home.glob(f"{SCRATCH}*"):
        shutil.rmtree(leftover)


def _check_and_type(
    session: _Session, table: Table, files: list[LandingFile], is_accepted: bool
) -> TableIntake:
    """Check a table's files and write the rows that are kept as one typed Parquet file."""
    con = session.con
    checked = [session.scratch / f"{table.name}.{number}.parquet" for number in range(len(files))]
    kept, special = [], []
    for number, (file, path) in enumerate(zip(files, checked, strict=True)):
        special.append(check_rows(con, table, file, session.moments, path))
        if not is_accepted:
            check_name(con, table, file, path)
        kept.append(f"select *, {number} as {FILE} from ({kept_rows(con, table, file, path)})")
    provided = " union all ".join(kept) or f"select *, 0 as {FILE} from ({no_rows(table)})"
    overlap, rows_to_keep = settle(con, table, files, provided, is_accepted)
    target = session.workspace.intake / f"{table.name}.parquet"
    # The last build keeps a link to it.
    target.unlink(missing_ok=True)
    con.execute(
        f"copy ({rows_to_keep}) to {literal(str(target))} (format parquet, compression zstd)"
    )
    for path in checked:
        path.unlink()
    newest = f"max({table.event_at})" if table.event_at else "cast(null as timestamp)"
    rows, newest_at = con.execute(f"select count(*), {newest} from {rows_of(target)}").fetchall()[0]
    rows += overlap.rows_replaced
    quarantined, held_back = count_refused(con, table)
    left_out = sum(rows.left_out for rows in special)
    return TableIntake(
        table_name=table.name,
        is_present=bool(files),
        file_names=", ".join(file.name for file in files),
        rows_in=rows + quarantined + held_back + left_out,
        rows_kept=rows,
        rows_quarantined=quarantined,
        rows_held_back=held_back,
        keys_that_differ=overlap.keys_that_differ,
        rows_replaced=overlap.rows_replaced,
        keys_undecided=overlap.keys_undecided,
        refusals_from_future=sum(rows.from_future for rows in special),
        rows_left_out=left_out,
        newest_at=newest_at,
        ignored_columns=", ".join(sorted({name for file in files for name in file.ignored})),
        decision_columns=", ".join(decision_columns(table, files)),
        refusals_left_out=sum(rows.refusals_left_out for rows in special),
    )
