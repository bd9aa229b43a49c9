"""Find the files of a landing folder, and list files that belong to no table."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.landing_settings import NO_LANDING_SETTINGS, LandingSettings
from audiencekit.intake.unpacked import READABLE

OTHER_ENDINGS = (".xls", ".ods", ".gz", ".avro", ".orc", ".sql", ".db")
# Names of files that hold what people refused.
DECISION_FILE = re.compile(
    r"(?i)consent|opt[\s_-]*(ed)?[\s_-]*(in|out)|unsub|suppress|erasure|forg(et|otten)|do[\s_-]?not|dnc|withdraw|black[\s_-]?list"
    r"|block[\s_-]?list|bounce|complain|gdpr|ccpa|deletion"
)
# What follows a table's name in the names of extracts: orders_2024-01, orders (2), orders-part3.
EXTRACT = re.compile(r"[\s_-]*(part[\s_-]*|v)?[(\d][\d\s_()tTzZ+-]*$")
EXPORT_AS = "export it as .csv, .csv.gz, .parquet or .xlsx"
MAY_REFUSE = "it may hold refusals, and is not read as it is: "


def find_files(
    folder: Path, tables: dict[str, Table], settings: LandingSettings = NO_LANDING_SETTINGS
) -> tuple[dict[str, list[Path]], list[str]]:
    """Files by table (`orders.csv`, `orders.2024.parquet`, `orders/**`), and notes on files that are not read.

    A file is the table that landing.yml says, or else the one that it is named after.
    Raises UserError when the folder, or a required table in it, is missing.
    """
    paths: dict[str, list[Path]] = {}
    notes = []
    try:
        if not folder.is_dir():
            raise UserError(f"Landing folder {folder} is not a folder. Point LANDING at a folder.")
        entries = _visible(folder)
        for path in entries:
            name = settings.of(path.name).table or table_of(path, tables)
            if name not in tables and settings.of(path.name).table:
                raise UserError(
                    f"landing.yml: {path.name} is to be the table {name}, and there is none. "
                    f"There are: {', '.join(tables)}."
                )
            if name in tables:
                inside = list(_files_in(path)) if path.is_dir() else [path]
                files = [p for p in inside if p.name.lower().endswith(READABLE)]
                paths.setdefault(name, []).extend(files)
                for unread in [p for p in inside or [path] if p not in files]:
                    if tables[name].append_only:
                        raise UserError(f"{unread.relative_to(folder)}: {MAY_REFUSE}{EXPORT_AS}.")
                    notes.append(f"{unread.relative_to(folder)} is not read: {EXPORT_AS}")
                continue
            if DECISION_FILE.search(path.name):
                raise UserError(
                    f"{path.name}: {MAY_REFUSE}name it after its table (consent_events.csv, erasure_requests.csv, "
                    "email_events.csv), or move it out of the folder."
                )
            near = difflib.get_close_matches(name, tables, n=1)
            if near or path.name.lower().endswith((*READABLE, *OTHER_ENDINGS)):
                hint = f"; is it {near[0]}?" if near else ""
                notes.append(f"{path.name} is not a landing table and was ignored{hint}")
    except OSError as problem:
        raise UserError(f"{problem.filename}: cannot be read ({problem.strerror}).") from None
    for table in tables.values():
        if table.required and not paths.get(table.name):
            content = ", ".join(p.name for p in entries)[:300] or "nothing"
            raise UserError(
                f"{folder} holds no {table.name}.csv or {table.name}.parquet, the one table that "
                f"must be there. It holds: {content}."
            )
    return {name: files for name, files in paths.items() if files}, notes


def table_of(path: Path, tables: dict[str, Table]) -> str:
    """The table that a file or folder is named after, without the date or number of its extract."""
    name = path.name.split(".")[0].lower()
    plain = re.sub(r"[\s-]+", "_", name.strip())
    bare = re.sub(r"[\s-]+", "_", EXTRACT.sub("", name).strip())
    return next((n for n in (name, plain, bare) if n in tables), name)


def visible_files(folder: Path) -> list[Path]:
    """Every file of a folder and the folders in it, but for landing.yml, hidden files and readmes.

    Raises UserError when the folder cannot be read.
    """
    try:
        return [
            path
            for entry in _visible(folder)
            for path in (_files_in(entry) if entry.is_dir() else [entry])
            if path.name != "landing.yml"
        ]
    except OSError as problem:
        raise UserError(f"{problem.filename}: cannot be read ({problem.strerror}).") from None


def _visible(folder: Path) -> list[Path]:
    """The entries of a folder, in order, without hidden files, Spark's `_SUCCESS` and readmes."""
    return [
        p
        for p in sorted(folder.iterdir())
        if not p.name.startswith((".", "_")) and p.stem.lower() != "readme"
    ]


def _files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder. A link to another folder is not followed: it may lead back."""
    for path in _visible(folder):
        if path.is_dir() and not path.is_symlink():
            yield from _files_in(path)
        else:
            yield path
