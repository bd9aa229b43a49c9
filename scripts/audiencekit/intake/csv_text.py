"""CSV files as text that DuckDB reads safely, and an independent count of their rows.

DuckDB 1.5 stops at mixed line ends and, after a quote that never closes, loses rows without an error.
So a file is first converted to plain text (UTF-8, every line ending in a newline), and its rows are counted here.
"""

import codecs
import csv
import gzip
import io
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from audiencekit.errors import UserError

TOO_LONG = "row: more cells than the header"
SPLIT_QUOTES = "row: a quote inside a cell. Put the cell in quotes, and double the quote"
BROKEN = "-"
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
UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class RowCount:
    """Rows below the header without blank lines, the row numbers of the blank lines, and by row number the last line
    of each broken row and what is wrong with it; whether each row is one line.

    Row numbers are a spreadsheet's: the header is row 1, a cell of several lines is in one row.
    """

    rows: int
    blank_lines: tuple[int, ...] = ()
    broken: dict[int, tuple[int, str]] = field(default_factory=dict)
    lines_are_rows: bool = True


def plain_text(path: Path, name: str, scratch: Path, encoding: str | None = None) -> Path:
    """`path` itself if it is UTF-8 with newlines only, else a copy in `scratch` that is.

    `encoding` is that of text without a byte-order mark; None for UTF-8. Bytes that are not UTF-8 in a file that
    otherwise is stay as they are. Raises UserError if the file is not text, or in another encoding.
    """
    try:
        with _opened(path) as stream:
            head = stream.read(4096)
        if not head:
            raise UserError(f"{name}: the file is empty (0 bytes). Export it again, or remove it.")
        marked = (e for mark, e in BYTE_ORDER_MARKS.items() if head.startswith(mark))
        if not head.startswith(codecs.BOM_UTF8):
            encoding = next(marked, None if encoding == "utf-8" else encoding)
        what = next((w for mark, w in OTHER_FORMATS.items() if head.startswith(mark)), None)
        if what:
            raise UserError(f"{name}: this is {what}.")
        if not encoding and head.count(0) > len(head) / 10:
            raise UserError(f"{name}: this is not text. A .csv file holds lines of UTF-8 text.")
        is_zipped = path.name.lower().endswith(".gz")
        if encoding or is_zipped or any(b"\r" in c for c in _chunks(path)):
            path = _plain_copy(path, encoding, scratch)
        if row := _first_row_of_other_encoding(path):
            raise UserError(
                f"{name}, row {row}: this text is not UTF-8. Name its encoding in landing.yml (encoding: windows-1252 for "
                "most files that Excel saved), or export it as UTF-8."
            )
        return path
    except UnicodeDecodeError as problem:
        raise UserError(
            f"{name}: broken {problem.encoding} text ({problem.reason}). Export it as UTF-8."
        ) from None
    except (OSError, EOFError, zlib.error) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise UserError(f"{name}: cannot be read ({why}). Export it again.") from None


def _first_row_of_other_encoding(path: Path) -> int:
    """The first row with a byte that is not UTF-8, in a file where no letter beyond ASCII is UTF-8; else 0."""
    first, before = 0, 0
    for chunk in _whole_lines(path):
        if not chunk.isascii():
            if UTF8_LETTER.search(chunk):
                return 0
            place = next(n for n, line in enumerate(chunk.split(b"\n")) if not line.isascii())
            first = first or before + place + 1
        before += chunk.count(b"\n")
    return first


def read_head(path: Path) -> str:
    """The first part of a plain file."""
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")


def count_rows(path: Path, name: str, delimiter: str, cells: int) -> RowCount:
    """Count the rows of a plain file, whose header has `cells` names, without DuckDB.

    Raises UserError for a quote that never closes.
    """
    rows, too_long = 0, {}
    for chunk in _whole_lines(path):
        if b'"' in chunk or b"\n\n" in chunk or chunk.startswith(b"\n"):
            return _count_quoted_rows(path, name, delimiter, cells)
        delimiters = _count_in_lines(chunk, delimiter.encode())
        for place in np.flatnonzero(delimiters >= cells).tolist():
            too_long[rows + place + 1] = (rows + place + 1, TOO_LONG)
        rows += len(delimiters)
    return RowCount(rows - 1, broken=too_long)


def _count_in_lines(chunk: bytes, character: bytes) -> NDArray[np.int64]:
    """How often a character is in each line of a chunk."""
    codes = np.frombuffer(chunk, np.uint8)
    starts = np.flatnonzero(codes[:-1] == ord(b"\n")) + 1
    is_one = (codes == ord(character)).view(np.uint8)
    return np.add.reduceat(is_one, np.concatenate(([0], starts)), dtype=np.int64)


def _count_quoted_rows(path: Path, name: str, delimiter: str, cells: int) -> RowCount:
    blank_lines, broken = [], {}
    end = ["end", "end"]  # two cells, which an open quote would make one
    row, number = end, 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(
            chain(lines, [delimiter.join(end)]), delimiter=delimiter, skipinitialspace=True
        )
        for number, row in enumerate(reader, start=1):
            if not row:
                blank_lines.append(number)
            elif len(row) > cells:
                broken[number] = (reader.line_num, TOO_LONG)
            elif '"' in "".join(row) and _has_split_quotes(row, "".join(lines.read)):
                broken[number] = (reader.line_num, SPLIT_QUOTES)
            lines.read.clear()
    if row != end:
        raise UserError(
            f"{name}, row {number}: a quote opens and never closes, so the rows after it cannot be "
            "separated. Close or double the quote."
        )
    lines_are_rows = reader.line_num == number
    return RowCount(number - 2 - len(blank_lines), tuple(blank_lines), broken, lines_are_rows)


class _Lines:
    """The lines of a file, and in `read` those that were read since it was last emptied."""

    def __init__(self, stream: Iterable[str]) -> None:
        self.stream, self.read = iter(stream), list[str]()

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            self.read.append(line)
            yield line


def _has_split_quotes(row: list[str], text: str) -> bool:
    """Whether quotes inside two cells may belong together, so that the delimiter between them is text.

    A cell that is quoted as a whole, with quotes inside it doubled, is in no doubt.
    """
    odd = [cell for cell in row if cell.count('"') % 2]
    if len(odd) < 2:
        return False
    return sum('"' + cell.replace('"', '""') + '"' not in text for cell in odd) > 1


def with_broken_rows_marked(path: Path, delimiter: str, counted: RowCount, scratch: Path) -> Path:
    """A copy in which each broken row has one more cell, BROKEN, so that DuckDB refuses it; `path` without such rows.

    DuckDB drops surplus cells without a value, and would shift what is left of the row without an error.
    """
    last_lines = {line for line, _ in counted.broken.values()}
    if not last_lines:
        return path
    copy = scratch / f"{sum(1 for _ in scratch.iterdir())}.csv"
    with path.open("rb") as lines, copy.open("wb") as out:
        for number, line in enumerate(lines, start=1):
            if number in last_lines:
                line = line.rstrip(b"\n") + f"{delimiter}{BROKEN}\n".encode()
            out.write(line)
    return copy


def _opened(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _whole_lines(path: Path) -> Iterator[bytes]:
    """A file in chunks of about a mebibyte that end with a line."""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk + stream.readline()


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
