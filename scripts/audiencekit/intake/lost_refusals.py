"""Rows in quarantine that may state a refusal: they stop the run, whatever is wrong with them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Column, Table
from audiencekit.intake.decision_words import in_words
from audiencekit.intake.files import LandingFile
from audiencekit.intake.rows import HELD_BACK
from audiencekit.intake.values import AGREES, NO, NO_VALUE, YES
from audiencekit.sql import literal, rows_of

# Names of events by which somebody may have refused something.
MAY_REFUSE = re.compile(
    r"unsub|\bopt(ed)? ?out|withdr[ae]w|revoke|do not (sell|track|call|mail)|abgemeldet|desabonn"
    r"|(consent|cookies?|permission|tracking) (declin|denied|deny|refus|reject)|(declin|den(y|ied)|refus|reject)\w* (all )?(consent|cookies?)"
)
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


def check_event_names(con: duckdb.DuckDBPyConnection, table: Table, rows: Path) -> None:
    """Raise UserError for a web event whose name may state a refusal: of web events only a privacy signal is read as one."""
    if table.name != "web_events":
        return
    names = con.execute(f"select distinct event_name from {rows_of(rows)} order by 1").fetchall()
    if found := [name for (name,) in names if MAY_REFUSE.search(in_words(name))]:
        raise UserError(
            f"web_events: events of the name {found[0]} may be refusals, and are not read as such. Provide them as rows of "
            "consent_events or email_events, and leave them out here (leave_out in landing.yml); or pass --accept web_events "
            "if they refuse nothing."
        )


def _stated(table: Table, file: LandingFile) -> Iterator[str]:
    """SQL conditions on a row of `file` in quarantine, each of which says that it may state a refusal."""
    if table.name == "email_events":
        yield "regexp_matches(lower(raw_row), 'unsub|opt[ _-]?out|spam|complain|abuse')"
        # Of an event that is not known, such as suppressed, nobody knows that it is no refusal.
        yield "contains(reasons, 'event_name: not one of')"
    decisions = [c for c in table.columns if c.is_decision and c.name in file.positions]
    if decisions:
        yield IS_LINE
    for column in decisions:
        header = file.header[file.positions[column.name]].replace('"', r"\"")
        path = literal(f'$."{header}"')
        value = f"lower(trim(json_extract_string(raw_row, {path})))"
        yield f"{value} not in ({', '.join(map(literal, _harmless(column)))})"


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
