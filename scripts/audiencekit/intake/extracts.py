"""Several extracts of one table: which row of a key is later, and keys that mean two things.

Extracts whose names hold a date are in the order of their dates, and the later one wins, unless the rows say by
themselves when they changed. A key that is used for two different things (two shops that both count from 1000, a sale
and its return under one number) stops the run, because one of the two would vanish. So do rows of one key with two
amounts, such as the two payments of an order, if none says that it is later.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.files import LandingFile
from audiencekit.intake.parts import numbered_rows, part_of, parts_of, write_part
from audiencekit.sql import literal, rows_of

FILE = "file_number"
# 2024-10-02, 20241002, with a time after it, 2024-10 or 2024; and 02.10.2024, the day first.
DATE = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01])(?:[-_.T ]?(\d\d)[-_.:]?(\d\d)(?:[-_.:]?(\d\d))?)?)?"
    r"(?!\d)"
)
DAY_FIRST = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])[-_.](0[1-9]|1[0-2])[-_.](20\d\d)(?!\d)")
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


@dataclass(frozen=True)
class Overlap:
    """What the extracts of a table have in common: keys whose rows differ, rows that a later extract replaces, and keys
    of which no row says that it is later, so that one is picked by its content; and rows that another extract deletes."""

    keys_that_differ: int
    rows_replaced: int
    keys_undecided: int
    rows_deleted: int = 0


def date_in(name: str) -> str:
    """The date in a file's name, or else in its folder's, as sortable digits; empty without one."""
    for text in (Path(name).name, name):
        if day_first := DAY_FIRST.search(text):
            return "".join(reversed(day_first.groups()))
        if found := DATE.search(text) or YEAR.search(text):
            return "".join(part or "" for part in found.groups())
    return ""


def settle(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Sequence[LandingFile],
    target: Path,
    is_accepted: bool,
) -> Overlap:
    """Remove the rows that a later extract replaces from `target`, a table with a part for each of the `files`.

    Returns what the extracts have in common. Raises UserError for a key that means two things, unless the table
    `is_accepted`.
    """
    key = ", ".join(table.key)
    provided = numbered_rows(target, FILE)
    con.execute(
        f"create or replace temp table repeated as "
        f"with keys as (select {key} from {rows_of(target)} group by {key} having count(*) > 1) "
        f"select rows.*, {_content(table)} as content "
        f"from ({provided}) as rows semi join keys on {same_key('rows', 'keys', table)}"
    )
    con.execute(
        f"create or replace temp table shared_keys as select {key}, count(distinct content) > 1 as differs, "
        f"{_clash(table)} as is_two_things, {_both_signs(table)} as has_both_signs, min({FILE}) as first_file, max({FILE}) as last_file "
        f"from repeated group by {key}"
    )
    if not is_accepted:
        _refuse_two_things(con, table, files)
    differing = con.execute("select count(*) from shared_keys where differs").fetchall()[0][0]
    dates = [date_in(file.name) for file in files]
    if not differing or len(set(dates)) < 2:
        return Overlap(differing, 0, _undecided(con, table, files, "from repeated", is_accepted))
    _find_replaced(con, table, dates)
    kept = f"from repeated anti join replaced on {_is_replaced('repeated', table)}"
    undecided = _undecided(con, table, files, kept, is_accepted)
    return Overlap(differing, _remove_replaced(con, table, target), undecided)


def have_keys_of_their_own(
    con: duckdb.DuckDBPyConnection, table: Table, target: Path, settled: Collection[int]
) -> bool:
    """Whether no key of the other parts of `target` occurs twice, so that what the `settled` ones have in common stays."""
    parts = list(parts_of(target))
    old = [part for number, part in enumerate(parts) if number in settled]
    new = [part for number, part in enumerate(parts) if number not in settled]
    if not new:
        return True
    key = f"hash({', '.join(table.key)}) as key_hash"
    con.execute(f"create or replace temp table new_keys as select {key} from {rows_of(*new)}")
    query = "select count(distinct key_hash) = count(*) from new_keys"
    if not con.execute(query).fetchall()[0][0]:
        return False
    query = f"select 1 from (select {key} from {rows_of(*old)}) semi join new_keys using (key_hash) limit 1"
    return not con.execute(query).fetchall()


def _find_replaced(con: duckdb.DuckDBPyConnection, table: Table, dates: Sequence[str]) -> None:
    """Make the table `replaced`: the rows of the table `repeated` that a file with a later date replaces."""
    days = ", ".join(f"({number}, {literal(date)})" for number, date in enumerate(dates))
    changed = table.latest_by
    # Rows that say themselves which is later both stay: what was known at an earlier moment is still asked for.
    undecided = f"and rows.{changed} is not distinct from later.{changed}" if changed else ""
    con.execute(
        f"create or replace temp table replaced as with dated(number, day) as (values {days}), "
        f"rows as (select repeated.*, day from repeated join dated on {FILE} = number where day <> '') "
        f"select distinct rows.{FILE}, rows.content, rows.{', rows.'.join(table.key)} "
        f"from rows join rows as later on {same_key('rows', 'later', table)} and rows.day < later.day "
        # A whole year and one of its months have no order.
        f"and not starts_with(later.day, rows.day) "
        f"and rows.content <> later.content {undecided}"
    )


def _remove_replaced(con: duckdb.DuckDBPyConnection, table: Table, target: Path) -> int:
    """Write the parts of a table anew that have rows of the table `replaced`. Returns how many rows are removed."""
    numbers = con.execute(f"select distinct {FILE} from replaced order by 1").fetchall()
    removed = (
        f"select count(*) from repeated semi join replaced on {_is_replaced('repeated', table)}"
    )
    for (number,) in numbers:
        part = part_of(target, number)
        rows = f"select *, {number} as {FILE}, {_content(table)} as content from {rows_of(part)} as rows"
        query = (
            f"select * exclude ({FILE}, content) from ({rows}) as rows anti join replaced "
            f"on {_is_replaced('rows', table)}"
        )
        write_part(con, query, part)
    return con.execute(removed).fetchall()[0][0]


def _content(table: Table) -> str:
    """SQL for a digest of `rows`."""
    return f"hash(struct_pack({', '.join(f'{c.name} := rows.{c.name}' for c in table.columns)}))"


def _is_replaced(rows: str, table: Table) -> str:
    """SQL that joins `rows` with the table `replaced`."""
    return f"{same_key(rows, 'replaced', table)} and {rows}.{FILE} = replaced.{FILE} and {rows}.content = replaced.content"


def _undecided(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    files: Sequence[LandingFile],
    kept: str,
    is_accepted: bool,
) -> int:
    """The number of keys of which several rows that differ are equally late.

    Raises UserError where they differ in an amount, unless the table `is_accepted`.
    """
    key = ", ".join(table.key)
    order = f"order by {table.latest_by} desc nulls last" if table.latest_by else ""
    money = [column.name for column in table.columns if column.is_money]
    con.execute(
        f"create or replace temp table undecided as select {key}, min({FILE}) as file_number, "
        f"list(distinct {_as_text(money)}) as amounts "
        f"from (select * {kept} qualify rank() over (partition by {key} {order}) = 1) "
        f"group by {key} having count(distinct content) > 1"
    )
    if money and not is_accepted:
        _refuse_two_amounts(con, table, files, money[0])
    return con.execute("select count(*) from undecided").fetchall()[0][0]


def _as_text(columns: Sequence[str]) -> str:
    """SQL for the values of columns in one text; null without columns."""
    return f"concat_ws(' ', {', '.join(columns)})" if columns else "null"


def _refuse_two_amounts(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile], money: str
) -> None:
    name = " || ', ' || ".join(f"cast({column} as varchar)" for column in table.key)
    found = con.execute(
        f"select {name}, file_number, list_sort(amounts), count(*) over () from undecided where len(amounts) > 1 "
        f"order by {', '.join(table.key)} limit 1"
    ).fetchall()
    if not found:
        return
    value, file, amounts, count = found[0]
    versions = (
        f"give each its {table.latest_by}" if table.latest_by else "keep the one that is right"
    )
    raise UserError(
        f"{files[file].name}: {', '.join(table.key)} {value} has rows with {money} {' and '.join(amounts[:2])}, none of "
        f"them later ({count:,} keys in all). If they are parts, such as two payments of one order, add them up into one "
        f"row; if versions, {versions}; or pass --accept {table.name} to keep one row a key."
    )


def same_key(left: str, right: str, table: Table) -> str:
    """SQL that is true for two rows with one key."""
    return " and ".join(f"{left}.{c} is not distinct from {right}.{c}" for c in table.key)


def _clash(table: Table) -> str:
    """SQL for rows of one key that cannot be two versions of one thing."""
    clashes = ["false"]
    if table.event_at and table.event_at != table.latest_by:
        clashes.append(f"(count(distinct {FILE}) > 1 and count(distinct {table.event_at}) > 1)")
    return " or ".join([*clashes, _both_signs(table)])


def _both_signs(table: Table) -> str:
    """SQL for a sale and a return under one number."""
    return "(min(total) < 0 and max(total) > 0)" if table.name == "orders" else "false"


def _refuse_two_things(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile]
) -> None:
    found = con.execute(
        f"select {table.key[0]}, first_file, last_file, has_both_signs, count(*) over () from shared_keys where is_two_things "
        f"order by {', '.join(table.key)} limit 1"
    ).fetchall()
    if not found:
        return
    value, first, last, both_signs, count = found[0]
    column = table.key[0]
    if first != last and not both_signs:
        raise UserError(
            f"{table.name}: {column} {value} is in {files[first].name} and in {files[last].name} at two times "
            f"({count:,} keys in all). If these are two shops, name the source of each in landing.yml, as a prefix of its ids; "
            f"or pass --accept {table.name} to keep one row a key."
        )
    raise UserError(
        f"{files[first].name}: {column} {value} has a sale and a return in two rows of one number ({count:,} in all). "
        f"Give returns their own {column} and name the order in original_order_id; or pass --accept {table.name} to "
        "keep one row a key."
    )
