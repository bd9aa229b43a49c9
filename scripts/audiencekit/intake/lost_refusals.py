"""Rows that may state a refusal and are not read as one: those in quarantine, and those of tables without refusals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Column, Table
from audiencekit.intake.decision_words import may_refuse, may_refuse_sql
from audiencekit.intake.files import LandingFile, known
from audiencekit.intake.rows import HELD_BACK
from audiencekit.intake.values import AGREES, NO, NO_VALUE, YES
from audiencekit.sql import literal, rows_of

# Columns whose values are names of events or of lists, and what they are the names of.
NAMES = {
    ("web_events", "event_name"): "events of the name",
    ("static_lists", "list_code"): "people on the list",
    ("campaign_touches", "touch_name"): "touches of the name",
}
# A line that is no row, because its cells cannot be separated or decoded.
IS_LINE = "json_keys(raw_row) = ['line']"


def check_lost_refusals(
    con: duckdb.DuckDBPyConnection, table: Table, files: Sequence[LandingFile]
) -> None:
    """Raise UserError for a row in quarantine that states a refusal, or a line that may state one."""
    conditions = [
        f"(file_name = {literal(file.name)} and ({' or '.join(stated)}))"
        for file in files
        if (stated := list(_stated(table, file)))
    ]
    if not conditions:
        return
    lost = con.execute(
        "select file_name, row_number, reasons from quarantine where table_name = $table and reasons <> $held "
        f"and ({' or '.join(conditions)}) order by 1, 2 limit 1",
        {"table": table.name, "held": HELD_BACK},
    ).fetchall()
    if lost:
        file_name, row, reasons = lost[0]
        raise UserError(
            f"{file_name}, row {row}: {reasons}. The row may state a refusal. Fix it, or pass --accept {table.name} if this "
            "is intended."
        )


def check_names(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, rows: Path
) -> None:
    """Raise UserError for an event or a list whose name may state a refusal, in a table that is not read for refusals.

    `rows` are those of the `file` that count.
    """

    def names(column: str) -> list[str]:
        query = f"select distinct {column} from {rows_of(rows)} order by 1"
        return [value for (value,) in con.execute(query).fetchall() if may_refuse(value)]

    for (name, column), what in NAMES.items():
        if name != table.name:
            continue
        if found := known(file, "names that may refuse", partial(names, column)):
            raise UserError(
                f"{name}: {what} {found[0]} may be refusals, and are not read as such. Provide them as rows of "
                f"consent_events or email_events, and leave them out here (leave_out in landing.yml); or pass --accept {name} "
                "if they refuse nothing."
            )


def notes_on_service(
    con: duckdb.DuckDBPyConnection, table: Table, files: Iterable[Path]
) -> list[str]:
    """A line that counts contacts with customer service whose topic may be a refusal or a request for erasure.

    Each of the `files` has rows that count.
    """
    if table.name != "service_contacts":
        return []

    def topics(rows: Path) -> dict[str, int]:
        query = f"select topic, count(*) from {rows_of(rows)} where {may_refuse_sql('topic')} group by 1 order by 1"
        return {topic: n for topic, n in con.execute(query).fetchall() if may_refuse(topic)}

    found: Counter[str] = Counter()
    for rows in files:
        found.update(topics(rows))
    if not found:
        return []
    return [
        f"service_contacts: {found.total():,} rows have a topic that may be a refusal or a request for erasure "
        f"({', '.join(sorted(found)[:3])}); they are not read as such. Provide them as rows of consent_events or erasure_requests"
    ]


def _stated(table: Table, file: LandingFile) -> Iterator[str]:
    """SQL conditions on a row of `file` in quarantine, each of which says that it may state a refusal."""
    if table.name == "email_events":
        yield "regexp_matches(lower(raw_row), 'unsub|opt[ _-]?out|spam|complain|abuse')"
        # Of an event that is not known, such as suppressed, nobody knows that it is no refusal.
        yield "contains(reasons, 'event_name: not one of')"
    for name, column_name in NAMES:
        if name == table.name and column_name in file.positions:
            yield may_refuse_sql(_cell(file, column_name))
    decisions = [c for c in table.columns if c.is_decision and c.name in file.positions]
    if decisions:
        yield IS_LINE
    for column in decisions:
        value = f"lower(trim({_cell(file, column.name)}))"
        yield f"{value} not in ({', '.join(map(literal, _harmless(column)))})"


def _cell(file: LandingFile, column: str) -> str:
    """SQL for the cell of a column in a row of quarantine."""
    header = file.header[file.positions[column]].replace('"', r"\"")
    path = f'$."{header}"'
    return f"json_extract_string(raw_row, {literal(path)})"


def _harmless(column: Column) -> set[str]:
    """The values of a column of decisions, in lower case, that refuse nothing."""
    nothing = {"", *map(str.lower, NO_VALUE)}
    if column.one_of:
        harmless = column.one_of[1:]
        return nothing.union(harmless, *(column.values.get(code, ()) for code in harmless))
    if column.name.endswith("opt_out"):
        return nothing | {*NO, *AGREES}
    if column.name.endswith("opt_in"):
        return nothing | {*YES, *AGREES}
    return nothing
