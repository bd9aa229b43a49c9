"""Find the files of a landing folder, and list files that belong to no table."""

import difflib
import gzip
import re
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table
from audiencekit.intake.decision_words import file_may_decide, header_may_decide
from audiencekit.intake.extract_names import says_returns
from audiencekit.intake.landing_settings import NO_LANDING_SETTINGS, LandingSettings
from audiencekit.intake.unpacked import READABLE, TEXT

OTHER_ENDINGS = (".xls", ".ods", ".gz", ".avro", ".orc", ".sql", ".db")
# What follows a table's name in the names of extracts: orders_2024-01, orders (2), orders-part3.
EXTRACT = re.compile(r"[\s_-]*(part[\s_-]*|v)?[(\d][\d\s_()tTzZ+-]*$")
# A copy that somebody kept: orders.bak.csv.
KEPT_COPY = re.compile(r"(?i)[.](bak|backup|old|orig|original|copy|tmp)([.]|$)|^~")
EXPORT_AS = "export it as .csv, .csv.gz, .parquet or .xlsx"
A_COPY = "its name is that of a copy that was kept"
LONGEST_HEADER = 100_000
MAY_REFUSE = "it may hold refusals, and is not read as it is: "


def find_files(
    folder: Path,
    tables: dict[str, Table],
    settings: LandingSettings = NO_LANDING_SETTINGS,
    adapted: Collection[Path] = (),
) -> tuple[dict[str, list[Path]], list[str]]:
    """Files by table (`orders.csv`, `orders.2024.parquet`, `orders/**`), and notes on files that are not read.

    A file is the table that landing.yml says, or else the one that it is named after. Files that are `adapted` are read
    otherwise. Raises UserError when the folder is missing.
    """
    paths: dict[str, list[Path]] = {}
    notes = []
    try:
        if not folder.is_dir():
            raise UserError(f"Landing folder {folder} is not a folder. Point LANDING at a folder.")
        entries = _visible(folder)
        for path in entries:
            if path in adapted:
                continue
            given = settings.of(path.name).table
            name = given or table_of(path, tables)
            if name not in tables and given:
                raise UserError(
                    f"landing.yml: {path.name} is to be the table {name}, and there is none. "
                    f"There are: {', '.join(tables)}."
                )
            if name in tables and (given or not KEPT_COPY.search(path.name)):
                files, unread = _files_of(path, folder, tables[name])
                paths.setdefault(name, []).extend(file for file in files if file not in adapted)
                notes += unread
            else:
                notes += _notes_on_other(path, name, tables, adapted)
    except OSError as problem:
        raise UserError(f"{problem.filename}: cannot be read ({problem.strerror}).") from None
    return {name: files for name, files in paths.items() if files}, notes


def check_required(folder: Path, tables: dict[str, Table], provided: Collection[str]) -> None:
    """Raise UserError for a required table that no file of the folder is."""
    for table in tables.values():
        if table.required and table.name not in provided:
            content = ", ".join(p.name for p in _visible(folder))[:300] or "nothing"
            raise UserError(
                f"{folder} holds no {table.name}.csv or {table.name}.parquet, the one table that "
                f"must be there, and no export that an adapter reads. It holds: {content}."
            )


def _files_of(path: Path, folder: Path, table: Table) -> tuple[list[Path], list[str]]:
    """The files of a table at `path`, a file or a folder, and notes on those that cannot be read.

    Raises UserError for one of them that may hold refusals.
    """
    inside = list(_files_in(path)) if path.is_dir() else [path]
    files = [
        p
        for p in inside
        if p.name.lower().endswith(READABLE) and (p == path or not KEPT_COPY.search(p.name))
    ]
    notes = []
    for unread in [p for p in inside or [path] if p not in files]:
        name = unread.relative_to(folder)
        why = EXPORT_AS
        if unread != path and KEPT_COPY.search(unread.name):
            why = A_COPY
        elif unread.is_dir() and unread.is_symlink():
            why = "it is a link to a folder. Put the files themselves here"
        if table.append_only:
            raise UserError(f"{name}: {MAY_REFUSE}{why}.")
        notes.append(f"{name} is not read: {why}")
    return files, notes


def _notes_on_other(
    path: Path, name: str, tables: dict[str, Table], adapted: Collection[Path]
) -> list[str]:
    """Notes on a file that is no landing table, or on a folder of which not every file is `adapted`.

    Raises UserError where one of them may hold refusals.
    """
    inside = list(_files_in(path)) if path.is_dir() and not path.is_symlink() else []
    unread = [file for file in inside if file not in adapted]
    for file in unread:
        _note_on_other(file, table_of(file, tables), tables)
    return _note_on_other(path, name, tables) if unread or not inside else []


def _note_on_other(path: Path, name: str, tables: dict[str, Table]) -> list[str]:
    """A note on a file that is no landing table. Raises UserError where it may hold refusals, or returns of orders."""
    begins = any(t.refuses and name.startswith(t.name) for t in tables.values())
    is_copy = KEPT_COPY.search(path.name)
    if (
        begins
        or file_may_decide(path.name)
        or (not is_copy and header_may_decide(first_line(path)))
    ):
        raise UserError(
            f"{path.name}: {MAY_REFUSE}name it after its table (consent_events.csv, erasure_requests.csv, "
            "email_events.csv), or move it out of the folder."
        )
    if is_copy:
        return [f"{path.name} is not read: {A_COPY}"]
    if says_returns(path.name) and path.name.lower().endswith((*READABLE, *OTHER_ENDINGS)):
        raise UserError(
            f"{path.name}: it may hold returns, and is not read, so that their money would count as sold. Provide returns "
            "as rows of orders with negative totals; or move the file out of the folder if orders has them."
        )
    near = difflib.get_close_matches(name, tables, n=1)
    if near or path.name.lower().endswith((*READABLE, *OTHER_ENDINGS)):
        hint = f"; is it {near[0]}?" if near else ""
        return [f"{path.name} is not a landing table and was ignored{hint}"]
    return []


def first_line(path: Path) -> str:
    """The first line of a text file; empty for any other file."""
    if not path.is_file() or not path.name.lower().endswith(TEXT):
        return ""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            line = stream.readline(LONGEST_HEADER)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return ""
    return line.replace(b"\0", b"").decode("utf-8", errors="replace")


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
    """The entries of a folder, in order, without hidden files, Spark's `_SUCCESS` and readmes.

    Raises UserError for the folder of a lakehouse table: it also has files with rows that were deleted or replaced.
    """
    entries = sorted(folder.iterdir())
    if system := _lakehouse(entries):
        raise UserError(
            f"{folder.name}: this is a table of {system}, whose folder also has files with rows that were deleted. "
            "Export its current version as plain Parquet files, into a folder without the log of the table."
        )
    return [p for p in entries if not p.name.startswith((".", "_")) and p.stem.lower() != "readme"]


def _lakehouse(entries: list[Path]) -> str:
    """The system whose table a folder with these entries is, by the log that it keeps; empty for a plain folder."""
    names = {path.name for path in entries}
    if "_delta_log" in names:
        return "Delta Lake"
    if ".hoodie" in names:
        return "Hudi"
    logs = (path for path in entries if path.name == "metadata" and path.is_dir())
    is_iceberg = any(any(log.glob("*.metadata.json")) for log in logs)
    return "Iceberg" if is_iceberg else ""


def _files_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder. A link to another folder is not followed: it may lead back."""
    for path in _visible(folder):
        if path.is_dir() and not path.is_symlink():
            yield from _files_in(path)
        else:
            yield path
