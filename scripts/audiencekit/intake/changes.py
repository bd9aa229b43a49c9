"""Change data capture: rows that say that a row of the source was deleted, and rows as they were before a change.

Loaders mark them in a column: `_deleted`, `_fivetran_deleted`, `deleted_at`, or an operation such as D, delete or
update_preimage. A row that was deleted leaves the landing table, in whichever file it is, unless it came back later. A row
that states a refusal stays: the person refused, whether or not the source still has them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from audiencekit.intake.change_marks import has_changes, is_log, marks_of
from audiencekit.intake.contract import Table
from audiencekit.intake.extracts import FILE, date_in, same_key
from audiencekit.intake.files import LandingFile
from audiencekit.intake.parts import deletions_of, part_of, write_part
from audiencekit.intake.rows import BEFORE, DELETED, kept_rows, reader
from audiencekit.sql import literal, rows_of


def with_changes(con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile) -> LandingFile:
    """The file with the positions of its columns that mark deleted rows; none in a table that only grows.

    Raises UserError for such a column with a value that is not understood.
    """
    if table.append_only or file.is_adapted:
        return file
    try:
        return replace(file, positions=file.positions | marks_of(con, file, reader(file)))
    except duckdb.Error:
        return file  # what is wrong with the file is reported when its rows are checked


def write_rows(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, every: Path, rows: Path
) -> tuple[int, int]:
    """Write the rows of a file that count to `rows`, and those that delete others, if there are any, next to it.

    `every` has all rows with their verdicts. Returns how many rows are deleted or delete others, and how many a later row of the
    same file replaces.
    """
    if not has_changes(file):
        write_part(
            con, f"select * exclude (position) from ({kept_rows(con, table, file, every)})", rows
        )
        return 0, 0
    key = ", ".join(table.key)
    changed = table.latest_by or "cast(null as timestamp)"
    counted = (
        f"select *, {changed} as changed, {table.is_refusal} as refuses "
        f"from ({kept_rows(con, table, file, every)}) as rows"
    )
    before = kept_rows(con, table, file, every, BEFORE)
    con.execute(
        f"create or replace temp table deletions as select {key}, position, {changed} as changed "
        f"from ({kept_rows(con, table, file, every, DELETED)}) "
        # A key that was there before a change and is not after it has changed itself.
        f"union all select {key}, position, {changed} from ({before}) as rows "
        f"anti join ({counted}) as after on {same_key('rows', 'after', table)}"
    )
    remaining = (
        f"select * from ({counted}) as rows anti join deletions on {same_key('rows', 'deletions', table)} "
        f"and not {_is_later('rows', 'deletions', 'rows.position > deletions.position')} and not rows.refuses"
    )
    # Of the changes of one key that do not say which is later, the last one counts.
    last = f"qualify refuses or row_number() over (partition by {key}, changed order by position desc) = 1"
    latest = (
        f"select * exclude (changed, refuses, position) from (select * from ({remaining}) "
        f"{last if is_log(file) else ''} order by position)"
    )
    write_part(con, latest, rows)
    provided, remain, kept, deleting, marked = con.execute(
        f"select (select count(*) from ({counted})), (select count(*) from ({remaining})), "
        f"(select count(*) from {rows_of(rows)}), (select count(*) from deletions), "
        f"(select count(*) from ({kept_rows(con, table, file, every, DELETED)}))"
    ).fetchall()[0]
    if deleting:
        once = (
            f"select {key}, changed from deletions qualify row_number() over "
            f"(partition by {key} order by changed desc nulls last, position desc) = 1"
        )
        write_part(con, once, deletions_of(rows))
    return marked + provided - remain, remain - kept


def delete_rows(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Sequence[tuple[LandingFile, Path]],
    target: Path,
) -> int:
    """Remove the rows that other files delete from `target`, a table with a part for each of the `files`.

    Returns how many there were.
    """
    changed = table.latest_by or "cast(null as timestamp)"
    deletions = [
        f"select *, {number} as {FILE}, {literal(date_in(file.name))} as day from {rows_of(deletions_of(rows))}"
        for number, (file, rows) in enumerate(files)
        if deletions_of(rows).exists()
    ]
    if not deletions:
        return 0
    con.execute(f"create or replace temp table deletions as {' union all '.join(deletions)}")
    count = 0
    for number, (file, _) in enumerate(files):
        part = part_of(target, number)
        is_after = _is_after(number, date_in(file.name))
        matches = (
            f"{same_key('rows', 'deletions', table)} and deletions.{FILE} <> {number} "
            f"and not {_is_later('rows', 'deletions', is_after)} and not rows.refuses"
        )
        rows = f"(select *, {changed} as changed, {table.is_refusal} as refuses from {rows_of(part)}) as rows"
        found = con.execute(
            f"select count(*) from {rows} semi join deletions on {matches}"
        ).fetchall()[0][0]
        if found:
            count += found
            write_part(
                con,
                f"select * exclude (changed, refuses) from {rows} anti join deletions on {matches}",
                part,
            )
    return count


def _is_after(number: int, day: str) -> str:
    """SQL that is true where a file comes after that of a deletion: by the dates in their names, or by their order.

    Of a file with a date and one without none is known to be later. What was deleted would hardly be in a later export.
    """
    if not day:
        return f"deletions.day = '' and {number} > deletions.{FILE}"
    dated = literal(day)
    return f"deletions.day <> '' and ({dated} > deletions.day or ({dated} = deletions.day and {number} > deletions.{FILE}))"


def _is_later(rows: str, deletions: str, otherwise: str) -> str:
    """SQL that is true where a row is later than a deletion: by when they changed, or `otherwise`."""
    both = f"{rows}.changed is not null and {deletions}.changed is not null and {rows}.changed <> {deletions}.changed"
    return f"if({both}, {rows}.changed > {deletions}.changed, {otherwise})"


def any_deletions(rows: Iterable[Path]) -> bool:
    """Whether one of the files deletes rows of others."""
    return any(deletions_of(path).exists() for path in rows)
