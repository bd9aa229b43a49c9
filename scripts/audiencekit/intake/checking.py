"""One file of the landing: opened and checked, or found among those that were checked before."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from audiencekit.intake.changes import with_changes, write_rows
from audiencekit.intake.checked_files import CheckedFile, CheckedFiles, erase, facts_of
from audiencekit.intake.contract import Table
from audiencekit.intake.date_orders import with_date_orders
from audiencekit.intake.files import Extract, LandingFile, open_file
from audiencekit.intake.moments import Moments
from audiencekit.intake.number_points import check_points
from audiencekit.intake.parts import write_part
from audiencekit.intake.report import clear_refused
from audiencekit.intake.rows import check_rows
from audiencekit.intake.shop import Shop
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

LARGE = 50  # megabytes of a file that takes a while


@dataclass(frozen=True)
class Session:
    """One intake: the DuckDB connection, its moments, where typed tables and scratch files go, the shop, the tables that are
    accepted as they are, the files that were checked before, and where lines for the user go.

    `has_tombstones` where people were erased: the connection then has the table `tombstones`.
    """

    con: duckdb.DuckDBPyConnection
    moments: Moments
    workspace: Workspace
    scratch: Path
    shop: Shop
    accept: Collection[str]
    checked: CheckedFiles
    has_tombstones: bool
    say: Callable[[str], None]


def open_extract(
    session: Session, extract: Extract, table: Table, products_are_shared: bool
) -> LandingFile:
    """Open a file of a table, unless it was checked before. Raises UserError if it cannot be used."""
    zone = session.shop.time_zone
    key = session.checked.key(
        *(extract, table.name, zone, products_are_shared),
        *(session.shop.currency, table.name in session.accept),
    )
    if checked := session.checked.find(key):
        return replace(checked.landing_file(extract), key=key)
    session.checked.read.add(extract.name)
    if extract.make:
        extract.make()
    plain = replace(
        open_file(extract, table, session.con, session.scratch),
        shop_zone=None if zone == "UTC" else zone,
        products_are_shared=products_are_shared,
        key=key,
    )
    check_points(session.con, table, plain)
    return with_changes(session.con, table, with_date_orders(session.con, table, plain))


def check_file(session: Session, table: Table, file: LandingFile) -> CheckedFile:
    """The rows of a file, typed and checked, without those of erased people. Rows that do not count go to `quarantine`."""
    con = session.con
    checked = session.checked.find(file.key)
    if not checked:
        checked = session.checked.begin(file.key)
        clear_refused(con)
        every = session.scratch / "every.parquet"
        if (megabytes := file.path.stat().st_size // 2**20) >= LARGE:
            session.say(f"{file.name}: {megabytes:,} MB are read …")
        special = check_rows(con, table, file, session.moments, every)
        deleted, replaced = write_rows(con, table, file, every, checked.rows)
        write_part(con, "select * from refused", checked.refused)
        every.unlink()
        newest = f"max({table.event_at})" if table.event_at else "null"
        kept, newest_at = con.execute(
            f"select count(*), cast({newest} as varchar) from {rows_of(checked.rows)}"
        ).fetchall()[0]
        checked.facts = {
            "table": table.name,
            "file": facts_of(file),
            "answers": file.answers,
            "kept": kept,
            "newest_at": newest_at,
            "from_future": special.from_future,
            "left_out": special.left_out,
            "deleted": deleted + special.before,
            "replaced": replaced,
            "has_deletions": checked.deleted.exists(),
            "refusals_left_out": special.refusals_left_out,
            "erased": [0, 0],
            "moments": {"at": session.moments.as_text, "matter": special.moments_matter},
        }
        if session.has_tombstones:
            erase(con, table, checked)
    con.execute(f"insert into quarantine from {rows_of(checked.refused)}")
    return checked
