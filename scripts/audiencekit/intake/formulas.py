"""Formulas of a spreadsheet whose result the file does not have: programs that write files do not calculate them."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, iterparse

from audiencekit.errors import UserError

_SHEET = re.compile(r"xl/worksheets/[^/]+[.]xml")
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")
_CHUNK = 1 << 20
# A spreadsheet program must calculate such a file when it opens it: what is stored is nothing, or 0.
_TO_CALCULATE = re.compile(rb'fullCalcOnLoad="(1|true)"')


def check_formulas(path: Path, name: str) -> None:
    """Raise UserError for a cell of an .xlsx file that is a formula without a result. It would be read as empty."""
    with zipfile.ZipFile(path) as book:
        members = book.namelist()
        is_uncalculated = "xl/workbook.xml" in members and bool(
            _TO_CALCULATE.search(book.read("xl/workbook.xml"))
        )
        for sheet in filter(_SHEET.fullmatch, members):
            with book.open(sheet) as stream:
                if not _has_formula(stream):
                    continue
            with book.open(sheet) as stream:
                if cell := next(_without_result(stream, is_uncalculated), ""):
                    row, column = re.sub(r"\D", "", cell), re.sub(r"\d", "", cell)
                    raise UserError(
                        f"{name}, row {row}, column {column}: a formula whose result is not in the file. Open it in a "
                        "spreadsheet program, and save it there."
                    )


def _has_formula(stream: IO[bytes]) -> bool:
    """Whether the XML of a sheet has a formula, which few exports have."""
    before = b""
    while chunk := stream.read(_CHUNK):
        if _FORMULA.search(before + chunk):
            return True
        before = chunk[-100:]
    return False


def _without_result(stream: IO[bytes], is_uncalculated: bool) -> Iterator[str]:
    """The cells with a formula without a result, as D3. In a file that was never calculated, 0 is no result either."""
    row, place = 0, 0
    for event, node in iterparse(stream, ("start", "end")):
        kind = _local(node)
        if event == "start" and kind == "row":
            row, place = int(node.get("r") or row + 1), 0
        elif event == "end" and kind == "c":
            place += 1
            parts = {_local(part): part for part in node}
            value = (parts["v"].text or "") if "v" in parts else ""
            # A result that is an empty text is stored as a text.
            is_empty = not value and node.get("t") != "str"
            if "f" in parts and (is_empty or (is_uncalculated and value == "0")):
                yield node.get("r") or f"{_letters(place)}{row}"
        elif event == "end" and kind == "row":
            node.clear()


def _local(node: Element) -> str:
    """The name of an element without its namespace."""
    return node.tag.rpartition("}")[2]


def _letters(place: int) -> str:
    """The letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
