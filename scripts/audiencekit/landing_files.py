"""Find the files of a landing folder and say what is in each, or what is wrong with it."""

import codecs
import csv
import difflib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audiencekit.contract import Column, Table
from audiencekit.errors import UserError

ENDINGS = (".csv", ".csv.gz", ".parquet")
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
HEADER_BYTES = 1_000_000


@dataclass(frozen=True)
class LandingFile:
    """One readable file: its header, its DuckDB types and which contract column each serves."""

    path: Path
    header: tuple[str, ...]
    types: tuple[str, ...]
    positions: dict[str, int]  # contract column -> position in the header
    delimiter: str | None = None  # None for Parquet
    encoding: str = "utf-8"

    @property
    def ignored(self) -> tuple[str, ...]:
        """Header names that serve no contract column."""
        used = set(self.positions.values())
        return tuple(name for i, name in enumerate(self.header) if i not in used)


def find_files(folder: Path, tables: dict[str, Table]) -> tuple[dict[str, list[Path]], list[str]]:
    """Files by table (`orders.csv`, `orders.2024.parquet`, `orders/*.csv`), and notes on strangers.

    Raises UserError when the folder, or a required table in it, is missing.
    """
    if not folder.is_dir():
        raise UserError(f"Landing folder {folder} does not exist. Point LANDING at a folder.")
    found: dict[str, list[Path]] = {}
    strangers = []
    for path in sorted(folder.iterdir()):
        name = path.name.split(".")[0].lower()
        if path.is_dir():
            files = [p for p in sorted(path.iterdir()) if p.name.lower().endswith(ENDINGS)]
        else:
            files = [path] if path.name.lower().endswith(ENDINGS) else []
        if name in tables and files:
            found.setdefault(name, []).extend(files)
        elif files or path.suffix.lower() in (".xlsx", ".xls", ".json", ".tsv", ".txt"):
            near = difflib.get_close_matches(name, tables, n=1)
            hint = f"; is it {near[0]}?" if near else ""
            if path.name != "README.txt":
                strangers.append(f"{path.name} is no landing table and was left alone{hint}")
    for table in tables.values():
        if table.required and table.name not in found:
            raise UserError(
                f"{folder} holds no {table.name}.csv or {table.name}.parquet, the one table that "
                f"must be there. It holds: {', '.join(p.name for p in folder.iterdir()) or 'nothing'}."
            )
    return found, strangers


def open_file(path: Path, table: Table, con: duckdb.DuckDBPyConnection) -> LandingFile:
    """Read a file's header and match it to the contract. Raises UserError if it cannot serve."""
    if path.stat().st_size == 0:
        raise UserError(
            f"{path.name}: the file is empty (0 bytes). Export it again"
            f"{'' if table.required else ', or remove it if you have no such data'}."
        )
    opened = _open_parquet(path, table, con) if _is_parquet(path) else _open_csv(path, table)
    missing = [c for c in table.columns if c.required and c.name not in opened.positions]
    if missing:
        wanted = "; ".join(_names(c) for c in missing)
        raise UserError(
            f"{path.name}, header: no column {wanted}. "
            f"It has: {', '.join(opened.header)[:300]}{_delimiter_hint(opened)}"
        )
    return opened


def _is_parquet(path: Path) -> bool:
    return path.name.lower().endswith(".parquet")


def _names(column: Column) -> str:
    also = f" (also taken: {', '.join(column.aliases)})" if column.aliases else ""
    return column.name + also


def _delimiter_hint(opened: LandingFile) -> str:
    if len(opened.header) == 1:
        return f". Only one column was found: columns are split by {', '.join(DELIMITERS.values())}"
    return ""


def _plain(name: str) -> str:
    return name.strip().strip("\ufeff").lower().replace(" ", "_").replace("-", "_")


def match_columns(header: list[str], table: Table, file_name: str = "") -> dict[str, int]:
    """Which header position serves which contract column: its own name first, then its aliases."""
    plain = [_plain(name) for name in header]
    own = {c.name for c in table.columns}
    for name in own:
        if plain.count(name) > 1:
            raise UserError(f"{file_name}, header: column {name} stands {plain.count(name)} times.")
    positions: dict[str, int] = {}
    taken: set[int] = set()
    for column in table.columns:
        for name in (column.name, *column.aliases):
            place = plain.index(name) if name in plain else -1
            if place >= 0 and place not in taken and (name == column.name or name not in own):
                positions[column.name] = place
                taken.add(place)
                break
    return positions


def _open_parquet(path: Path, table: Table, con: duckdb.DuckDBPyConnection) -> LandingFile:
    try:
        described = con.execute("describe from read_parquet(?)", [str(path)]).fetchall()
        rows = con.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()[0][0]
    except duckdb.Error as problem:
        raise UserError(
            f"{path.name}: not a readable Parquet file, it may be cut short "
            f"({_first_line(problem, path)}). Export it again."
        ) from None
    if rows == 0 and not table.may_be_empty:
        raise UserError(f"{path.name}: the file holds no rows. Export it again, or remove it.")
    header = [row[0] for row in described]
    positions = match_columns(header, table, path.name)
    return LandingFile(path, tuple(header), tuple(row[1] for row in described), positions)


def _open_csv(path: Path, table: Table) -> LandingFile:
    text, encoding = _head(path)
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise UserError(
            f"{path.name}, row 1: the header is blank. The first row names the columns."
        )
    best: tuple[int, str, list[str], dict[str, int]] = (-1, ",", [lines[0]], {})
    for delimiter in DELIMITERS:
        header = next(csv.reader([lines[0]], delimiter=delimiter))
        positions = match_columns(header, table, path.name)
        if (len(positions), len(header)) > (best[0], len(best[2])):
            best = (len(positions), delimiter, header, positions)
    _, delimiter, header, positions = best
    if len([line for line in lines if line.strip()]) < 2 and not table.may_be_empty:
        raise UserError(
            f"{path.name}: a header and no rows. Export it again"
            f"{'' if table.required else ', or remove it if you have no such data'}."
        )
    return LandingFile(
        path, tuple(header), ("VARCHAR",) * len(header), positions, delimiter, encoding
    )


def _head(path: Path) -> tuple[str, str]:
    """The first part of a CSV as text, and its encoding by byte-order mark."""
    if path.name.lower().endswith(".gz"):
        import gzip

        try:
            with gzip.open(path) as stream:
                raw = stream.read(HEADER_BYTES)
        except OSError as problem:
            raise UserError(f"{path.name}: not a readable gzip file ({problem}).") from None
    else:
        with path.open("rb") as stream:
            raw = stream.read(HEADER_BYTES)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace"), "utf-16"
    if b"\x00" in raw[:1000]:
        raise UserError(f"{path.name}: this is not text. A .csv file holds lines of UTF-8 text.")
    return raw.decode("utf-8-sig", errors="replace"), "utf-8"


def _first_line(problem: Exception, path: Path) -> str:
    return str(problem).splitlines()[0].replace(str(path), path.name)[:160]
