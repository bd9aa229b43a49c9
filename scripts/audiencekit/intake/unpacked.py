"""Files that are neither CSV nor Parquet: spreadsheets, zip archives and JSON. Each becomes a CSV, or what is in it."""

import csv
import gzip
import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from audiencekit.errors import UserError
from audiencekit.intake.formulas import check_formulas

SPREADSHEETS = (".xlsx", ".xlsm")
JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
# Either one list of objects, or one object a line.
JSON = (".json", ".json.gz")
TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
READABLE = (*TEXT, ".parquet", *SPREADSHEETS, *JSON_LINES, *JSON, ".zip")
# A spreadsheet keeps fifteen digits of a number.
EXACT_DIGITS = 10**15
# How the name of a CSV ends whose source knew numbers from text.
TYPED = ".typed.csv"


def unpacked(path: Path, name: str, scratch: Path) -> Path:
    """`path` itself if it is CSV or Parquet, else a CSV or Parquet file in `scratch` with its rows.

    It is unpacked once. The rows keep their numbers. Raises UserError if it cannot be read, or holds several tables.
    """
    ending = path.name.lower()
    target = scratch / hashlib.sha256(str(path).encode()).hexdigest()
    try:
        if ending.endswith(".zip"):
            return unpacked(_from_zip(path, name, target), name, scratch)
        if ending.endswith(SPREADSHEETS):
            return _written(lambda: _from_spreadsheet(path, name), target)
        if ending.endswith((*JSON_LINES, *JSON)):
            return _written(lambda: _from_json(path, name), target)
    except (
        *(OSError, EOFError, zlib.error, zipfile.BadZipFile),
        *(
            KeyError,
            ValueError,
            RuntimeError,
            ParseError,
        ),  # a broken workbook, an encrypted archive
    ) as problem:
        raise UserError(
            f"{name}: cannot be read ({str(problem)[:160]}). Export it again."
        ) from None
    return path


def _written(rows: Callable[[], Iterable[list[str]]], target: Path) -> Path:
    """A CSV that begins with the name `target` and has these rows, the header first."""
    written = target.with_name(target.name + TYPED)
    if not written.exists():
        half_written = target.with_name(f"{target.name}.new")
        with half_written.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(rows())
        half_written.rename(written)
    return written


def _from_zip(path: Path, name: str, target: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        inside = [
            member
            for member in archive.namelist()
            if not member.endswith("/")
            and not Path(member).name.startswith((".", "_"))
            and "__MACOSX" not in member
        ]
        if len(inside) != 1 or not inside[0].lower().endswith(READABLE):
            raise UserError(
                f"{name}: an archive must hold one file that can be read, and holds "
                f"{', '.join(inside)[:200] or 'none'}. Unpack it into the landing folder."
            )
        member = Path(inside[0]).name.lower()
        ending = max((e for e in READABLE if member.endswith(e)), key=len)
        written = target.with_name(target.name + ending)
        with archive.open(inside[0]) as stream, written.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        return written


def _from_spreadsheet(path: Path, name: str) -> Iterator[list[str]]:
    import openpyxl

    check_formulas(path, name)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what a file says of its size may be wrong
    sheets = [sheet for sheet in book.worksheets if any(any(row) for row in sheet.values)]
    if len(sheets) != 1:
        names = ", ".join(sheet.title for sheet in sheets)[:200] or "none"
        raise UserError(
            f"{name}: a spreadsheet must have one sheet with rows, and has {names}. Save the sheet of the table as a "
            "file of its own."
        )
    width = 0
    for row in sheets[0].iter_rows():
        cells = [_cell_text(cell.value, getattr(cell, "number_format", "")) for cell in row]
        width = width or len(cells)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        yield cells + [""] * (width - len(cells))


def _cell_text(value: Any, number_format: str) -> str:
    """A cell as a CSV would hold it: dates as ISO, numbers with the digits that a spreadsheet keeps."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(sep=" ", timespec="auto")
    if isinstance(value, date | time):
        return value.isoformat()
    if not isinstance(value, int | float):
        return str(value)
    if abs(value) >= EXACT_DIGITS:
        return f"{value:.14E}"  # digits are lost: an identifier of this kind is refused
    if value != int(value):
        return f"{value:.15g}"
    # The format 00000 shows 2138 as the postal code 02138.
    width = len(number_format) if number_format.strip("0") == "" else 0
    return f"{int(value):0{width}d}"


def _from_json(path: Path, name: str) -> Iterator[list[str]]:
    """The objects of a JSON file, one a line or all in one list, with the columns of all of them."""
    columns: dict[str, None] = {}
    for record in _records(path, name):
        columns |= dict.fromkeys(record)
    yield list(columns)
    for record in _records(path, name):
        yield [_json_text(record.get(column)) for column in columns]


def _records(path: Path, name: str) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig") as stream:
        if path.name.lower().endswith(JSON) and not _is_object(stream.readline()):
            stream.seek(0)
            found = json.load(stream, parse_float=str, parse_int=str)
            rows: Iterable[Any] = enumerate(found if isinstance(found, list) else [found], start=2)
        else:
            stream.seek(0)
            # The header of the table is row 1, so that the first line is row 2.
            rows = (
                (n, _parsed(line, n, name))
                for n, line in enumerate(stream, start=2)
                if line.strip()
            )
        for number, record in rows:
            if not isinstance(record, dict):
                raise UserError(f"{name}, row {number}: this is no object with names and values.")
            yield record


def _is_object(line: str) -> bool:
    """Whether the first line of a file is an object by itself, as BigQuery writes them to files named .json."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _parsed(line: str, number: int, name: str) -> Any:
    try:
        return json.loads(line, parse_float=str, parse_int=str)
    except ValueError as problem:
        raise UserError(
            f"{name}, row {number}: this is no JSON ({problem}). Export it again."
        ) from None


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
