"""Intake: the only way user files enter the project.

Every landing table becomes a folder of typed Parquet files with exactly the contract's columns (empty where
the user has no such table). A file that did not change since the last intake is not read again (checked_files.py). A row that breaks a rule or is held back goes to `quarantine.parquet` with its
file, row and reason; `tables.parquet` counts rows in, kept, quarantined and held back. A file that cannot be used
stops the run with a UserError before anything is built. Rows of erased people are removed (erasure.py).
"""

import difflib
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.adapted import adapt
from audiencekit.intake.checked_files import (
    CheckedFile,
    CheckedFiles,
    drop_unfinished,
    erase_from_checked_files,
)
from audiencekit.intake.checking import Session, check_file, open_extract
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.currencies import check_currencies, has_other_currencies
from audiencekit.intake.erasure import write_erased_counts, write_people
from audiencekit.intake.extract_names import check_name
from audiencekit.intake.extracts import Overlap
from audiencekit.intake.files import Extract, LandingFile, with_further_decisions
from audiencekit.intake.folder import check_required, find_files
from audiencekit.intake.gates import Gates, check_columns, check_table, decision_columns
from audiencekit.intake.landing_settings import check_patterns, check_values, read_settings
from audiencekit.intake.last_build import has_tables, rows_deleted_by_request
from audiencekit.intake.lost_refusals import check_lost_refusals, check_names, notes_on_service
from audiencekit.intake.moments import Moments
from audiencekit.intake.parts import remove_table
from audiencekit.intake.report import (
    TableIntake,
    count_refused,
    create_quarantine,
    left_out_line,
    summary_line,
    write_counts,
    write_quarantine,
)
from audiencekit.intake.salesforce_ids import join_short_and_long_ids
from audiencekit.intake.tables import assemble
from audiencekit.intake.tombstones import NO_ERASURE, load_tombstones
from audiencekit.intake.undated_grants import notes_on_grants
from audiencekit.sql import literal
from audiencekit.workspace import Workspace

SCRATCH = ".intake-"
REQUESTS = "erasure_requests"


@dataclass(frozen=True)
class _Taken:
    """A table that was taken in: its counts; how many of its rows are of erased people, and how many of these are
    dated after the erasure; whether it has amounts that have to be converted."""

    result: TableIntake
    erased: tuple[int, int]
    is_converted: bool


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
    erase_from_checked_files(workspace)
    moments = Moments(as_of, gates.clock)
    with (
        TemporaryDirectory(dir=workspace.home, prefix=SCRATCH) as folder,
        duckdb.connect() as con,
    ):
        has_tombstones = load_tombstones(con, workspace, NO_ERASURE)
        checked = CheckedFiles(workspace, landing, moments)
        session = Session(
            *(con, moments, workspace, Path(folder), gates.shop, gates.accept),
            *(checked, has_tombstones, say),
        )
        con.execute(f"set TimeZone = 'UTC'; set temp_directory = {literal(folder)}")
        create_quarantine(con)
        files = _open_files(session, landing)
        if line := checked.unchanged_line():
            say(line)
        try:
            taken: dict[str, _Taken] = {}
            # Requests come first: the rows of people who ask for erasure may be gone already.
            for table in sorted(contract.values(), key=lambda table: table.name != REQUESTS):
                taken[table.name] = _take_in(session, table, files.get(table.name, []), gates)
            suspects = [table for table in contract.values() if taken[table.name].is_converted]
            check_currencies(con, suspects, workspace.intake, gates.shop.currency, gates.accept)
            if ids := join_short_and_long_ids(con, contract.values(), workspace.intake):
                say(
                    f"{ids:,} Salesforce ids occur with 15 and with 18 characters, and are read as one each"
                )
        finally:
            write_quarantine(con, workspace.intake)
            drop_unfinished(checked.folder)
        checked.finish()
        write_erased_counts(workspace, {name: each.erased for name, each in taken.items()})
        write_people(workspace, NO_ERASURE.people)
        results = [taken[name].result for name in contract]
        write_counts(con, results, as_of, gates.shop.currency, workspace.intake)
    return results


def _open_files(session: Session, landing: Path) -> dict[str, list[LandingFile]]:
    """The opened files of each table, each with what landing.yml says of it."""
    contract, settings = load_contract(), read_settings(landing)
    adapted = adapt(session, landing, contract, settings)
    paths, notes = find_files(landing, contract, settings, adapted.adapters)
    for note in (*adapted.notes, *notes):
        session.say(note)
    extracts = {
        table: [Extract(p, n := p.relative_to(landing).as_posix(), settings.of(n)) for p in found]
        for table, found in paths.items()
    }
    for table, made in adapted.extracts.items():
        extracts.setdefault(table, []).extend(made)
    for found_files in extracts.values():
        found_files.sort(key=lambda file: _by_number(file.name))
    check_required(landing, contract, extracts)
    names = [path.relative_to(landing).as_posix() for path in adapted.adapters]
    check_patterns(
        settings, [*names, *(file.name for files in extracts.values() for file in files)]
    )
    are_shared = any(file.settings.source is None for file in extracts.get("products", []))
    opened = {
        table: [open_extract(session, file, contract[table], are_shared) for file in files]
        for table, files in extracts.items()
    }
    columns: dict[str, set[str]] = defaultdict(set)
    for file in chain.from_iterable(opened.values()):
        columns[file.name] |= set(file.positions)
    check_values(settings, columns)
    return opened


def _by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts orders.9.csv before orders.10.csv."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _take_in(session: Session, table: Table, files: list[LandingFile], gates: Gates) -> _Taken:
    """Check and type one table, let it through the gates that it is not excused from, and say what it holds."""
    con, is_accepted = session.con, table.name in gates.accept
    rows = session.workspace.intake / f"{table.name}.parquet"
    notes = []
    if not is_accepted:
        decisions = gates.last_decisions.get(table.name, ())
        notes += check_columns(con, table, files, decisions, gates.shop.currency)
    checked = [check_file(session, table, file) for file in files]
    of_files = [(file, each.rows) for file, each in zip(files, checked, strict=True)]
    if not is_accepted:
        for file, counted in of_files:
            check_name(con, table, file, counted)
            check_names(con, table, file, counted)
    erased = _erased(checked)
    overlap = assemble(con, table, of_files, rows, is_accepted)
    result = _result(session, table, files, checked, overlap)
    if not is_accepted:
        check_lost_refusals(con, with_further_decisions(table, files), files)
        before = _expected(session.workspace, table, result, gates)
        check_table(con, result, table, before, erased[0])
    counted_rows = [counted for _, counted in of_files]
    notes += notes_on_service(con, table, counted_rows) + notes_on_grants(con, table, counted_rows)
    for note in notes:
        session.say(note)
    is_converted = has_other_currencies(con, table, of_files, gates.shop.currency)
    for each in checked:
        session.checked.keep(each)
    if result.is_present:
        session.say(summary_line(result))
    if line := left_out_line(result):
        session.say(line)
    return _Taken(result, erased, is_converted)


def _erased(checked: Iterable[CheckedFile]) -> tuple[int, int]:
    """How many rows of the files are of erased people, and how many of them are dated after the erasure."""
    counts = [each.facts["erased"] for each in checked]
    return sum(rows for rows, _ in counts), sum(later for _, later in counts)


def _expected(workspace: Workspace, table: Table, result: TableIntake, gates: Gates) -> int | None:
    """The rows of the last published build that must be there."""
    before = gates.last_time.get(table.name)
    if before and result.rows_kept < before and has_tables(workspace):
        before -= min(before, rows_deleted_by_request(workspace, table))
    return before


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
    for leftover in workspace.intake.glob("*.parquet.new"):
        remove_table(leftover)


def _result(
    session: Session,
    table: Table,
    files: list[LandingFile],
    checked: list[CheckedFile],
    overlap: Overlap,
) -> TableIntake:
    """What intake did with a table."""
    erased = _erased(checked)[0]
    rows = sum(each.facts["kept"] + each.facts["replaced"] for each in checked)
    rows += (0 if table.required else erased) - overlap.rows_deleted
    deleted = sum(each.facts["deleted"] for each in checked) + overlap.rows_deleted
    newest = [each.facts["newest_at"] for each in checked if each.facts["newest_at"]]
    quarantined, held_back = count_refused(session.con, table)
    left_out = sum(each.facts["left_out"] for each in checked)
    return TableIntake(
        table_name=table.name,
        is_present=bool(files),
        file_names=", ".join(file.name for file in files),
        rows_in=rows + quarantined + held_back + left_out + deleted,
        rows_kept=rows,
        rows_quarantined=quarantined,
        rows_held_back=held_back,
        keys_that_differ=overlap.keys_that_differ,
        rows_replaced=overlap.rows_replaced,
        keys_undecided=overlap.keys_undecided,
        refusals_from_future=sum(each.facts["from_future"] for each in checked),
        rows_left_out=left_out,
        newest_at=datetime.fromisoformat(max(newest)) if newest else None,
        ignored_columns=", ".join(sorted({name for file in files for name in file.ignored})),
        decision_columns=", ".join(decision_columns(table, files)),
        rows_deleted=deleted,
        refusals_left_out=sum(each.facts["refusals_left_out"] for each in checked),
    )
