"""CSV files as text that DuckDB reads safely, and an independent count of their rows.

DuckDB 1.5 stops at mixed line ends and, after a quote that never closes, loses rows without an error.
So a file is first converted to plain text (UTF-8, every line ending in a newline), and its rows are counted here.
"""

import codecs
import csv
import gzip
import io
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from audiencekit.errors import UserError

HEAD_BYTES = 1_000_000
# The longer marks first, because the mark of UTF-32 begins like that of UTF-16.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_FORMATS = {
    b"PK\x03\x04": "a zip or Excel file. Export it as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel file. Export it as CSV",
    b"PAR1": "a Parquet file. Name it .parquet",
    b"\x1f\x8b": "a gzip file. Name it .csv.gz",
}
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class RowCount:
    """Rows below the header without blank lines, and the row numbers of the blank lines.

    Row numbers are a spreadsheet's: the header is row 1, a cell of several lines is in one row.
    """

    rows: int
    blank_lines: tuple[int, ...] = ()


def plain_text(path: Path, name: str, scratch: Path) -> Path:
    """`path` itself if it is UTF-8 with newlines only, else a copy in `scratch` that is.

    Bytes that are not UTF-8 stay as they are. Raises UserError if the file is not text.
    """
    try:
        with _opened(path) as stream:
            head = stream.read(4096)
        if not head:
            raise UserError(f"{name}: the file is empty (0 bytes). Export it again, or remove it.")
        encoding = next((e for mark, e in BYTE_ORDER_MARKS.items() if head.startswith(mark)), None)
        what = next((w for mark, w in OTHER_FORMATS.items() if head.startswith(mark)), None)
        if what:
            raise UserError(f"{name}: this is {what}.")
        if not encoding and head.count(0) > len(head) / 10:
            raise UserError(f"{name}: this is not text. A .csv file holds lines of UTF-8 text.")
        is_zipped = path.name.lower().endswith(".gz")
        if not (encoding or is_zipped) and not any(b"\r" in c for c in _chunks(path)):
            return path
        return _plain_copy(path, encoding, scratch)
    except UnicodeDecodeError as problem:
        raise UserError(
            f"{name}: broken {problem.encoding} text ({problem.reason}). Export it as UTF-8."
        ) from None
    except (OSError, EOFError, zlib.error) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise UserError(f"{name}: cannot be read ({why}). Export it again.") from None


def read_head(path: Path) -> str:
    """The first part of a plain file."""
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")


def count_rows(path: Path, name: str, delimiter: str) -> RowCount:
    """Count the rows of a plain file without DuckDB. Raises UserError for a quote that never closes."""
    newlines, last_byte = 0, b""
    for chunk in _chunks(path):
        if b'"' in chunk or b"\n\n" in last_byte + chunk:
            return _count_quoted_rows(path, name, delimiter)
        newlines += chunk.count(b"\n")
        last_byte = chunk[-1:]
    return RowCount(newlines - (last_byte == b"\n"))


def _count_quoted_rows(path: Path, name: str, delimiter: str) -> RowCount:
    blank_lines = []
    end = ["end", "end"]  # two cells, which an open quote would make one
    row, number = end, 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.reader(chain(lines, [delimiter.join(end)]), delimiter=delimiter)
        for number, row in enumerate(reader, start=1):
            if not row:
                blank_lines.append(number)
    if row != end:
        raise UserError(
            f"{name}, row {number}: a quote opens and never closes, so the rows after it cannot be "
            "separated. Close or double the quote."
        )
    return RowCount(number - 2 - len(blank_lines), tuple(blank_lines))


def _opened(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _plain_copy(path: Path, encoding: str | None, scratch: Path) -> Path:
    copy = scratch / f"{sum(1 for _ in scratch.iterdir())}.csv"
    errors = "strict" if encoding else "surrogateescape"
    with (
        _opened(path) as stream,
        io.TextIOWrapper(stream, encoding or "utf-8", errors, newline=None) as text,
        copy.open("w", encoding="utf-8", errors=errors, newline="\n") as out,
    ):
        shutil.copyfileobj(text, out, 1 << 20)
    return copy
