"""What came into the landing folder since the last build: files checked as a run checks them, and the rows that are
not those of the build."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiencekit.intake.contract import load_contract
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_settings import read_settings
from audiencekit.intake.parts import parts_of
from audiencekit.intake.report import TableIntake
from audiencekit.intake.shop import read_shop
from audiencekit.publish.generations import Manifest
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace


class RefreshWorkspace(Workspace):
    """The workspace of a home with an intake of its own, so that the one of the last build stays as it is.

    Files that a run has checked are not read again, and the next run does not read again what was checked here.
    """

    @property
    def intake(self) -> Path:
        return self.home / "live" / "intake"

    @property
    def checked_files(self) -> Path:
        return Workspace(self.home).checked_files

    @property
    def last_intake(self) -> Path:
        return Workspace(self.home).last_intake


@dataclass(frozen=True)
class Options:
    """As of when a refresh is (UTC), what the real clock shows, and which landing tables may lose rows or break rules."""

    as_of: datetime
    clock: datetime | None = None
    accept: Collection[str] = ()


def take_in(
    landing: Path,
    workspace: RefreshWorkspace,
    published: Manifest,
    options: Options,
    say: Callable[[str], None],
) -> list[TableIntake]:
    """Check and type every landing table as of a moment, as a run does: files that a run would refuse raise UserError."""
    given = read_settings(landing).shop
    gates = Gates(
        accept=options.accept,
        last_time=published.landing_rows,
        shop=read_shop(given.currency or published.currency, given.time_zone),
        clock=options.clock,
        last_decisions=published.landing_decisions,
    )
    return run_intake(landing, workspace, options.as_of, gates, say)


def find_changes(
    con: duckdb.DuckDBPyConnection, workspace: RefreshWorkspace, names: list[str]
) -> dict[str, int]:
    """Make the tables `added.<table>` and `gone.<table>`: rows of the landing that the last build had not, and the other
    way round. Returns how many rows of each table are new."""
    con.execute("create schema added; create schema gone")
    counts = {}
    for name in names:
        before, now = (
            folder / f"{name}.parquet" for folder in (workspace.last_intake, workspace.intake)
        )
        same = {_identity(part) for part in parts_of(before)} & {
            _identity(part) for part in parts_of(now)
        }
        old, new = ([p for p in parts_of(t) if _identity(p) not in same] for t in (before, now))
        none = f"(from {rows_of(now)} limit 0)"
        old_rows, new_rows = (rows_of(*parts) if parts else none for parts in (old, new))
        columns = ", ".join(column.name for column in load_contract()[name].columns)
        for schema, rows, others in (
            ("added", new_rows, old_rows),
            ("gone", old_rows, new_rows),
        ):
            con.execute(
                f"create table {schema}.{name} as "
                f"select {columns} from {rows} except all select {columns} from {others}"
            )
        counts[name] = con.execute(f"select count(*) from added.{name}").fetchall()[0][0]
    return counts


def _identity(part: Path) -> tuple[int, int, int]:
    """A part that did not change is a link to the same file."""
    stat = part.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
