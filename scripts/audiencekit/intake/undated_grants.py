"""People who agreed to messages, in a row that does not say since when. Where the law asks for consent, that is no proof."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from audiencekit.intake.contract import Table
from audiencekit.intake.files import is_flag
from audiencekit.sql import rows_of

# The time that a row of these tables exists since; a grant counts from then on.
SINCE = "created_at"


def notes_on_grants(
    con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Path]
) -> list[str]:
    """A line that counts the rows of a table that agree to messages and have no time of it."""
    grants = [c.name for c in table.columns if is_flag(c) and c.name.endswith("opt_in")]
    if not grants or not rows or SINCE not in (column.name for column in table.columns):
        return []
    query = (
        f"select count(*) from {rows_of(*rows)} where ({' or '.join(grants)}) and {SINCE} is null"
    )
    count = con.execute(query).fetchall()[0][0]
    if not count:
        return []
    return [
        f"{table.name}: {count:,} rows agree to messages and do not say since when ({SINCE}), so that they are no consent where "
        "the law asks for it. Provide them as rows of consent_events, with the time"
    ]
