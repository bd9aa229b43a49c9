"""The limits of intake: a table that is empty, broken, missing or cut short stops the run."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.extracts import date_in
from audiencekit.intake.files import LandingFile
from audiencekit.intake.report import TableIntake, most_common_reason
from audiencekit.intake.row_meanings import pays_outside_total
from audiencekit.intake.shop import Shop, read_shop
from audiencekit.intake.unread_columns import rates_into, unread_refusals, values_that_differ

LARGEST_QUARANTINED_SHARE = 0.10
FEW_ROWS = 50
SMALLEST_SHARE_OF_LAST_TIME = 0.5


@dataclass(frozen=True)
class Gates:
    """What intake compares tables with.

    Tables named in `accept` pass every gate. `last_time` holds the rows that the last published build kept, by table,
    without those of erased people: a table that is missing or has lost half of them stops the run. So do amounts that
    are not in the shop's currency and have no exchange rate. `clock` is the real moment: a refusal that is dated later
    counts now. `last_decisions` has by table the columns of refusals that the last published build read.
    """

    accept: Collection[str] = ()
    last_time: Mapping[str, int] = field(default_factory=dict)
    shop: Shop = field(default_factory=read_shop)
    clock: datetime | None = None
    last_decisions: Mapping[str, Collection[str]] = field(default_factory=dict)


def check_table(
    con: duckdb.DuckDBPyConnection,
    result: TableIntake,
    table: Table,
    last_time: int | None,
    erased: int,
) -> None:
    """Raise UserError for a table that is empty, broken, missing, or half the size it was.

    `last_time` counts no rows of erased people, because a source may keep or delete those: it is 0 where the last
    published build had no others, and None where it had no such table. `erased` are such rows in the table now.
    """
    bad, rows, kept = result.rows_quarantined, result.rows_in, result.rows_kept
    remaining, before = kept - erased, last_time or 0
    way_out = f"Fix it, or pass --accept {table.name} if this is intended."
    if not result.is_present:
        if before:
            raise UserError(
                f"{table.name}: the last published build had {before:,} rows of it, "
                f"and now there is no such file. {way_out}"
            )
        return
    if not rows and not table.may_be_empty and last_time != 0:
        raise UserError(
            f"{result.file_names}: a header and no rows. Export it again"
            f"{'' if table.required else ', or remove it if you have no such data'}."
        )
    nothing_left = rows > 0 and kept == 0 and not table.may_be_empty
    many_bad = bad > FEW_ROWS and bad > LARGEST_QUARANTINED_SHARE * rows
    if nothing_left or many_bad or bad > rows / 2:
        what = "no row is usable" if nothing_left else f"{bad:,} of {rows:,} rows are refused"
        if result.rows_left_out + result.rows_deleted == rows:
            why = "Each is left out, by leave_out in landing.yml or because its kind does not count, or deleted at the source."
        else:
            why = most_common_reason(con, table)
        raise UserError(f"{table.name}: {what}. {why} {way_out}")
    if table.append_only and (bad or remaining < before):
        # A decision that cannot be read, or is missing, may be a customer's refusal.
        counts = f"{remaining:,} rows, {before:,} the last time."
        lost = most_common_reason(con, table) if bad else counts
        raise UserError(
            f"{table.name} only ever grows, and every row of it must count: {lost} {way_out}"
        )
    if remaining < SMALLEST_SHARE_OF_LAST_TIME * before:
        raise UserError(
            f"{table.name}: {remaining:,} usable rows, the last published build had "
            f"{before:,}. Is the export cut short? {way_out}"
        )


def decision_columns(table: Table, files: Sequence[LandingFile]) -> list[str]:
    """The columns of refusals that the files have."""
    return [
        column.name
        for column in table.columns
        if column.is_decision and any(column.name in file.positions for file in files)
    ]


def check_columns(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Sequence[LandingFile],
    last_decisions: Collection[str],
    currency: str,
) -> list[str]:
    """Raise UserError for a column that may hold refusals, or that changes what a row means, and is not read.

    So does a column of refusals that the last published build read, and no file has now, and rates into another currency
    than `currency`. Returns notes on free text that mentions refusals.
    """
    decisions = [column.name for column in table.columns if column.is_decision]
    if files and (gone := set(last_decisions) - set(decision_columns(table, files))):
        raise UserError(
            f"{table.name}: the last published build read {min(gone)}, and no file has it now: refusals would be lost. "
            f"Export it with this column, or pass --accept {table.name}."
        )
    notes = []
    for file in files:
        unread = unread_refusals(con, file, [table.name])
        if unread.decisions:
            raise UserError(
                f"{file.name}: the column {unread.first} may hold refusals and is not read. Name it after one of "
                f"{', '.join(decisions) or 'the columns of consent_events'} if it is one, provide what it refuses as rows of "
                f"consent_events, or list it under ignore in landing.yml if it decides nothing."
            )
        notes += unread.notes(file.name)
        _check_later_files(table, file, files)
    _check_meanings(con, table, files, currency)
    return notes


def _check_later_files(table: Table, file: LandingFile, files: Sequence[LandingFile]) -> None:
    """Raise UserError where `file` has no column of refusals that an earlier one of the `files` has."""
    decisions = {column.name for column in table.columns if column.is_decision}
    for earlier in files:
        is_later = "" < date_in(earlier.name) < date_in(file.name)
        missing = decisions & earlier.positions.keys() - file.positions.keys()
        if is_later and missing:
            raise UserError(
                f"{file.name} has no {min(missing)}, and the earlier {earlier.name} has it: refusals would be lost. "
                f"Export it with this column, or pass --accept {table.name}."
            )


def _check_meanings(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile], currency: str
) -> None:
    """Raise UserError for columns that are not read and change what a row means.

    A column with one value in all files changes the meaning of no row, unless it says that rates are into another currency.
    """
    names = values_that_differ(con, table, files)
    varying = ", ".join(names)
    if varying and table.append_only:
        raise UserError(
            f"{table.name}: the columns {varying} are not read, and may limit a grant or say that a request was refused. "
            f"Remove them, or list them under ignore in landing.yml if every row counts as it is."
        )
    if varying:
        raise UserError(
            f"{table.name}: the columns {varying} change what a row means and are not read. Leave out rows that "
            f"do not count (leave_out in landing.yml) and remove the columns{_way_in(table, names)}, or list them under ignore "
            "in landing.yml if every row counts as it is."
        )
    if table.name == "exchange_rates" and (found := rates_into(con, files, currency)):
        file_name, column, other = found
        raise UserError(
            f"{file_name}: the column {column} has rates into {other}, and figures are in {currency}. Provide for each currency "
            f"how much {currency} one unit of it is worth, or list the column under ignore in landing.yml if the rates are so."
        )


def _way_in(table: Table, names: Sequence[str]) -> str:
    """What else to do about a column, where the contract has one for its case."""
    if table.name == "orders" and any(map(pays_outside_total, names)):
        return "; name what a gift card or store credit paid paid_outside_total, if total leaves it out"
    return ""
