"""Open one landing file: match its columns to the contract, or report what is wrong with it."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.contract import Column, Table
from audiencekit.intake.csv_text import count_rows, plain_text, read_head, with_broken_rows_marked
from audiencekit.intake.landing_settings import NO_SETTINGS, FileSettings
from audiencekit.intake.partitions import partitions_of, with_a_meaning
from audiencekit.intake.unpacked import TYPED, unpacked
from audiencekit.sql import file_to_read

# A header has none of these: an e-mail, a date, a number.
VALUE = re.compile(r".*@.*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[-+$€£]? ?\d+([.,]\d+)*")
# The number of a row in its file, in what an adapter makes of it.
ROW_NUMBER = "row_number"
# What landing.yml calls a column that marks rows that the source has deleted.
GIVEN = "is_deleted"
# How the name of a further column for one decision begins.
FURTHER = "also_"
UNSEEN = " \t\u00a0\u200b\ufeff"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True)
class LandingFile:
    """One readable file: its header, its DuckDB types and the position of each contract column.

    `name` is its path inside the landing folder, for messages. `path` is the file that is read: for a
    CSV a plain copy where the original is not UTF-8 with newlines. Blank lines are not rows.
    """

    name: str
    path: Path
    header: tuple[str, ...]
    types: tuple[str, ...]
    positions: dict[str, int]  # contract column -> position in the header
    rows: int = 0
    blank_lines: tuple[int, ...] = ()
    broken_rows: dict[int, str] = field(default_factory=dict)  # row number -> reason
    delimiter: str | None = None  # None for Parquet
    lines_are_rows: bool = True  # no cell of a text file has a line break in it
    settings: FileSettings = NO_SETTINGS
    shop_zone: str | None = None  # None for UTC
    date_orders: dict[str, str] = field(default_factory=dict)  # contract column -> DMY or MDY
    products_are_shared: bool = False  # several sources have the same product ids
    is_adapted: bool = False  # an adapter made it, and its column row_number has the rows of the file it is named after
    in_folders: tuple[
        str | None, ...
    ] = ()  # values of the last columns of the header, which are names of folders
    key: str = ""  # of what it becomes, see checked_files.py
    answers: dict[str, Any] = field(
        default_factory=dict, compare=False
    )  # what is known of its cells

    @property
    def width(self) -> int:
        """The number of columns that the file itself has."""
        return len(self.header) - len(self.in_folders)

    @property
    def used(self) -> set[int]:
        """Positions of the columns that are read: those of the contract, and those that say which rows to leave out."""
        others = [*self.settings.leave_out, *([ROW_NUMBER] if self.is_adapted else [])]
        return {*self.positions.values(), *map(self.header.index, others)}

    @property
    def ignored(self) -> tuple[str, ...]:
        """Header names that are not read."""
        used = self.used
        return tuple(name for i, name in enumerate(self.header) if i not in used)


@dataclass(frozen=True)
class Extract:
    """A file of a landing folder: its path, its name in messages, what landing.yml says of it, whether an adapter made it.

    What an adapter makes has an `origin`, the key of the files that it is made of, and `make` writes it to `path`.
    """

    path: Path
    name: str
    settings: FileSettings = NO_SETTINGS
    is_adapted: bool = False
    origin: str = ""
    make: Callable[[], None] | None = None


def known(file: LandingFile, question: str, ask: Callable[[], Any]) -> Any:
    """The answer to a question about the cells of a file, which is asked only once, also by later intakes.

    An answer consists of lists, dictionaries and plain values.
    """
    if question not in file.answers:
        file.answers[question] = ask()
    return file.answers[question]


def open_file(
    extract: Extract, table: Table, con: duckdb.DuckDBPyConnection, scratch: Path
) -> LandingFile:
    """Read a file's header and match it to the contract. Raises UserError if it cannot be used."""
    path, name = extract.path, extract.name
    _check_names(extract, table)
    try:
        with path.open("rb") as stream:
            is_empty = not stream.read(1)
    except OSError as problem:
        raise UserError(f"{name}: cannot be read ({problem.strerror}).") from None
    if is_empty:
        raise UserError(f"{name}: the file is empty (0 bytes). Export it again, or remove it.")
    plain = replace(extract, path=unpacked(path, name, scratch))
    if plain.path.name.endswith(TYPED):
        # Its numbers are numbers, whatever comma their text would have.
        plain = replace(
            plain, settings=replace(extract.settings, decimal_comma=None, encoding=None)
        )
    if plain.path.name.lower().endswith(".parquet"):
        opened = _open_parquet(plain, table, con)
    else:
        opened = _open_csv(plain, table, scratch)
    if not extract.is_adapted:
        opened = _with_folders(opened, table)
        opened = replace(opened, positions=opened.positions | further_decisions(opened, table))
    settings = extract.settings
    named = (*settings.columns, *settings.leave_out, *settings.ignore)
    if twice := [h for h in named if opened.header.count(h) > 1]:
        raise UserError(
            f"{name}, header: column {twice[0]} appears {opened.header.count(twice[0])} times. Keep one."
        )
    if lost := [h for h in named if h not in opened.header]:
        raise UserError(f"landing.yml: {name} has no column {lost[0]}. {_what_it_has(opened)}")
    if read := [h for h in settings.ignore if opened.header.index(h) in opened.used]:
        raise UserError(
            f"landing.yml: {name}, ignore: {read[0]} is read. Only columns that are not read can be ignored."
        )
    for column in settings.values:
        position = opened.positions.get(column)
        if position is not None and opened.types[position] != "VARCHAR":
            raise UserError(
                f"landing.yml: {name}, values: {column} is {opened.types[position].lower()} and no text."
            )
    _check_amounts(opened, table)
    missing = [c for c in table.columns if c.required and c.name not in opened.positions]
    if missing:
        wanted = "; ".join(_names(c) for c in missing)
        raise UserError(f"{name}, header: no column {wanted}. {_what_it_has(opened)}")
    if opened.delimiter:
        counted = count_rows(opened.path, name, opened.delimiter, opened.width)
        opened = replace(
            opened,
            path=with_broken_rows_marked(opened.path, opened.delimiter, counted, scratch),
            rows=counted.rows,
            blank_lines=counted.blank_lines,
            broken_rows={row: reason for row, (_, reason) in counted.broken.items()},
            lines_are_rows=counted.lines_are_rows,
        )
    return opened


def _check_names(extract: Extract, table: Table) -> None:
    """Raise UserError where landing.yml names a column that the table does not have."""
    if extract.settings.table not in (None, table.name):
        raise UserError(
            f"landing.yml: {extract.name} is below the folder {table.name}, and is to be {extract.settings.table}. "
            "Move it out of that folder."
        )
    if any("" in meanings for meanings in extract.settings.values.values()):
        raise UserError(f"landing.yml: {extract.name}, values: an empty cell has no meaning.")
    columns = list(extract.settings.columns.values())
    decisions = {column.name for column in table.columns if is_flag(column)}
    if twice := [name for name in columns if columns.count(name) > 1 and name not in decisions]:
        raise UserError(f"landing.yml: {extract.name}, columns: {twice[0]} is there twice.")
    names = [column.name for column in table.columns]
    if not table.append_only:
        names.append(GIVEN)
    for given in (*extract.settings.columns.values(), *extract.settings.values):
        if given not in names:
            raise UserError(
                f"landing.yml: {extract.name} is a file of {table.name}, which has no column {given}. "
                f"It has: {', '.join(names)}."
            )


def _check_amounts(file: LandingFile, table: Table) -> None:
    """Raise UserError where an amount has none of its own name, and two columns of others that it is known by."""
    names = [plain_name(header) for header in file.header]
    for column in table.columns:
        place = file.positions.get(column.name)
        is_given = column.name in file.settings.columns.values()
        if (
            not column.is_money
            or place is None
            or is_given
            or names[place] == plain_name(column.name)
        ):
            continue
        also = map(plain_name, column.aliases)
        if others := [names.index(n) for n in also if n in names and names.index(n) != place]:
            found, other = file.header[place], file.header[others[0]]
            raise UserError(
                f"{file.name}, header: {found} and {other} may both be the {column.name}. Say in landing.yml which one is "
                f"(columns: {{{other}: {column.name}}})."
            )


def _names(column: Column) -> str:
    also = f" (or {', '.join(column.aliases)})" if column.aliases else ""
    return column.name + also


def _what_it_has(opened: LandingFile) -> str:
    """The header for a message. Cells that may be personal data, where the header row is missing, are left out."""
    named = [name for name in opened.header if name]
    if len(named) < len(opened.header) / 2 or any(re.match("(?i)sep=", name) for name in named):
        return "The first row must name the columns: delete the lines above the header."
    if any(VALUE.fullmatch(name) for name in named):
        return "Its first row looks like data: is the header missing?"
    shown = ["…" if len(n) > 40 or not n.isprintable() else n for n in opened.header]
    hint = ""
    if opened.delimiter and len(opened.header) == 1:
        hint = f". Only one column was found: columns are split by {', '.join(DELIMITERS.values())}"
    return f"It has: {', '.join(shown)[:300]}{hint}"


@lru_cache(maxsize=100_000)
def plain_name(name: str) -> str:
    """Letters and digits of a header, so that FirstName, First Name and first_name are one."""
    return re.sub(r"[\W_]+", "", name.lower())


def match_columns(
    header: list[str],
    table: Table,
    file_name: str = "",
    given: Mapping[str, str] = MappingProxyType({}),
    repeated: bool = False,
) -> dict[str, int]:
    """The header position of each contract column, found by its own name first, then by its aliases.

    `given` has the names of columns by header, where landing.yml says them. Of a name that is `repeated` the first counts.
    """
    plain = [plain_name(name) for name in header]
    chosen = {column: header.index(name) for name, column in given.items() if name in header}
    taken = {header.index(name) for name in given if name in header}
    positions: dict[str, int] = {}
    for column in table.columns:
        if column.name in chosen:
            positions[column.name] = chosen[column.name]
            continue
        for name in map(plain_name, (column.name, *column.aliases)):
            places = [p for p, n in enumerate(plain) if n == name and p not in taken]
            if len(places) > 1 and not repeated:
                raise UserError(
                    f"{file_name}, header: column {header[places[0]]} appears {len(places)} times. Keep one."
                )
            if places:
                positions[column.name] = places[0]
                break
    return positions


def is_flag(column: Column) -> bool:
    """Whether a column says yes or no to what people agreed to or refused. A file may have several for one."""
    return column.is_decision and column.data_type == "boolean"


def further_decisions(file: LandingFile, table: Table) -> dict[str, int]:
    """Positions of further columns of a decision that a file has several columns for, by names of their own.

    An export may have HasOptedOutOfEmail and unsubscribed: a refusal in any of them is one.
    """
    found = {}
    taken = set(file.positions.values())
    given = {file.header.index(h): c for h, c in file.settings.columns.items() if h in file.header}
    for column in filter(is_flag, table.columns):
        names = set(map(plain_name, (column.name, *column.aliases)))
        for place, header in enumerate(file.header):
            is_named = plain_name(header) in names and place not in given
            if place not in taken and (is_named or given.get(place) == column.name):
                found[f"{FURTHER}{place}_{column.name}"] = place
    return found


def with_further_decisions(table: Table, files: Iterable[LandingFile]) -> Table:
    """The table with the further columns that files have for one decision, each `part_of` that of the contract."""
    names = dict.fromkeys(
        name for file in files for name in file.positions if name.startswith(FURTHER)
    )
    columns = {column.name: column for column in table.columns}
    further = [
        replace(columns[own], name=name, part_of=own)
        for name in names
        if (own := landing_column(name))
    ]
    return replace(table, columns=(*table.columns, *further)) if further else table


def landing_column(name: str) -> str:
    """The column of the contract that a position is for."""
    return re.sub(rf"^{FURTHER}\d+_", "", name)


def _open_parquet(extract: Extract, table: Table, con: duckdb.DuckDBPyConnection) -> LandingFile:
    path, name = extract.path, extract.name

    def query_file(query: str) -> list[tuple]:
        return con.execute(query, [file_to_read(path)]).fetchall()

    try:
        types = [
            row[1] for row in query_file("describe from read_parquet(?, hive_partitioning = false)")
        ]
        header = _top_level(query_file("select name, num_children from parquet_schema(?)"))
        rows = query_file("select count(*) from read_parquet(?, hive_partitioning = false)")[0][0]
    except duckdb.Error as problem:
        why = str(problem).splitlines()[0].replace(str(path), name)[:160]
        raise UserError(
            f"{name}: not a readable Parquet file, it may be cut short ({why}). Export it again."
        ) from None
    positions = match_columns(header, table, name, extract.settings.columns)
    return LandingFile(
        *(name, path, tuple(header), tuple(types), positions, rows),
        settings=extract.settings,
        is_adapted=extract.is_adapted,
    )


def _with_folders(file: LandingFile, table: Table) -> LandingFile:
    """The file with a column for each folder such as currency=JPY that it is in. Its own columns come first."""
    own = set(map(plain_name, file.header))
    found = {
        name: value
        for name, value in partitions_of(file.name).items()
        if plain_name(name) not in own
    }
    if not found:
        return file
    others = replace(table, columns=tuple(c for c in table.columns if c.name not in file.positions))
    given = file.settings.columns
    matched = match_columns(list(found), others, file.name, given)
    settings = file.settings
    read = [
        *(list(found)[p] for p in matched.values()),
        *given,
        *settings.leave_out,
        *settings.ignore,
    ]
    kept = with_a_meaning(found, read)
    header = (*file.header, *kept)
    return replace(
        file,
        header=header,
        types=(*file.types, *("VARCHAR" for _ in kept)),
        positions=file.positions
        | {column: header.index(list(found)[place]) for column, place in matched.items()},
        in_folders=tuple(kept.values()),
    )


def _top_level(nodes: list[tuple[str, int | None]]) -> list[str]:
    """Column names of a Parquet schema, whose nodes are listed parent before children, root first."""
    names, inside = [], 0
    for name, children in nodes[1:]:
        if inside:
            inside -= 1
        else:
            names.append(name)
        inside += children or 0
    return names


def _open_csv(extract: Extract, table: Table, scratch: Path) -> LandingFile:
    name, settings = extract.name, extract.settings
    plain = plain_text(extract.path, name, scratch, settings.encoding)
    head = read_head(plain)
    if not head.partition("\n")[0].strip():
        raise UserError(f"{name}, row 1: the header is blank. The first row names the columns.")
    best: tuple[dict[str, int], list[str], str] = ({}, [], "")
    has_open_quote = False
    for delimiter in DELIMITERS:
        try:
            header = next(
                csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True)
            )
        except csv.Error:
            has_open_quote = True
            continue
        header = [name.strip(UNSEEN) for name in header]
        positions = match_columns(header, table, name, settings.columns)
        if (len(positions), len(header)) > (len(best[0]), len(best[1])):
            best = (positions, header, delimiter)
    positions, header, delimiter = best
    if len(header) < 2 and has_open_quote:
        raise UserError(f"{name}, row 1: a quote in the header is not closed, or not doubled.")
    if all(len(cell) > 2 and cell[0] == cell[-1] == "'" for cell in header):
        raise UserError(f"{name}: its cells are in single quotes. Export it with double quotes.")
    types = ("VARCHAR",) * len(header)
    return LandingFile(
        name, plain, tuple(header), types, positions, delimiter=delimiter, settings=settings
    )
