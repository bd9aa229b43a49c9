"""Files of known systems, turned into extracts of landing tables by an adapter, before intake checks their rows."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.adapters import (
    MACROS,
    Adapter,
    Recognised,
    load_adapters,
    recognise,
    sql_name,
)
from audiencekit.intake.checked_files import erase
from audiencekit.intake.checking import Session
from audiencekit.intake.contract import Column, Table
from audiencekit.intake.files import (
    DELIMITERS,
    ROW_NUMBER,
    UNSEEN,
    Extract,
    LandingFile,
    open_file,
    plain_name,
)
from audiencekit.intake.folder import KEPT_COPY, first_line, table_of, visible_files
from audiencekit.intake.landing_settings import FileSettings, LandingSettings
from audiencekit.intake.partitions import partitions_of
from audiencekit.intake.parts import write_part
from audiencekit.intake.rejects import (
    check_row_count,
    collect_rejected_lines,
    keep_rejected_lines,
    passed_lines,
    row_in_file,
)
from audiencekit.intake.report import clear_refused
from audiencekit.intake.rows import FLOATED, is_left_out, reader, with_row_numbers
from audiencekit.intake.rules import EXACT, raw_name
from audiencekit.intake.unpacked import READABLE, TEXT, unpacked
from audiencekit.intake.unread_columns import unread_refusals, values_that_differ
from audiencekit.intake.values import COMMA_NUMBER, NO_VALUE
from audiencekit.sql import file_to_read, is_one_of, literal, rows_of

NO_ADAPTER = "none"
# In the SQL of an adapter, the name of the file that a row is from.
FILE_NAME = "file_name"
# What means no value in any column. NA and None may be names.
MISSING = ("", *(text for text in NO_VALUE if text not in ("NA", "N/A", "n/a", "None", "nil")))


@dataclass
class Adapted:
    """What adapters made of a landing folder: extracts by landing table, the adapter of each file that was read, notes."""

    extracts: dict[str, list[Extract]] = field(default_factory=lambda: defaultdict(list))
    adapters: dict[Path, Recognised] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def recognised_files(
    landing: Path,
    tables: dict[str, Table],
    settings: LandingSettings,
    header_of: Callable[[Path, str], list[str]],
) -> dict[Path, Recognised]:
    """The adapter of each file that one reads. `header_of` gives the names of a file's columns, by its path and name.

    landing.yml may name the adapter of a file, or none. Raises UserError for an adapter that there is not, or that does not
    know the columns.
    """
    found = {}
    adapters = load_adapters()
    for path in visible_files(landing) if landing.is_dir() else ():
        name = path.relative_to(landing).as_posix()
        of_file = settings.of(name)
        given = of_file.adapter
        is_other = of_file.table or of_file.columns or KEPT_COPY.search(path.name)
        if (
            given == NO_ADAPTER
            or not path.name.lower().endswith(READABLE)
            or (is_other and not given)
        ):
            continue
        if given and given not in adapters:
            raise UserError(
                f"landing.yml: {name}, adapter: there is no {given}. There are: {', '.join(adapters)}."
            )
        candidates = [adapters[given]] if given else list(adapters.values())
        top = landing / path.relative_to(landing).parts[0]
        header = header_of(path, name)
        own = set(map(plain_name, header))
        header += [folder for folder in partitions_of(name) if plain_name(folder) not in own]
        adapter = recognise(name, header, candidates, table_of(top, tables) in tables)
        if given and not adapter:
            raise UserError(
                f"{name}: its columns are not those of {given}. It has: {', '.join(header)[:300]}."
            )
        if adapter:
            found[path] = adapter
    return found


def header_of(path: Path, name: str, scratch: Path) -> list[str]:
    """The names of the columns of a file, which is unpacked into `scratch` where it is neither text nor Parquet."""
    is_plain = path.name.lower().endswith((*TEXT, ".parquet"))
    return _header(path if is_plain else unpacked(path, name, scratch))


def _header(path: Path) -> list[str]:
    """The names of a file's columns; none where they cannot be read."""
    if path.name.lower().endswith(".parquet"):
        try:
            query = "describe from read_parquet(?, hive_partitioning = false)"
            return [row[0] for row in duckdb.execute(query, [file_to_read(path)]).fetchall()]
        except duckdb.Error:
            return []
    try:
        line = next(iter(first_line(path).splitlines()), "")
        headers = [next(csv.reader(io.StringIO(line), delimiter=each), []) for each in DELIMITERS]
    except (OSError, csv.Error):
        return []
    return [name.strip(UNSEEN) for name in max(headers, key=len)]


def adapt(
    session: Session, landing: Path, tables: dict[str, Table], settings: LandingSettings
) -> Adapted:
    """Turn the files that an adapter knows into extracts of landing tables.

    Lines that are no rows go to the table `quarantine`. Raises UserError for a file that cannot be read, and for a line or
    column that may hold a refusal and is not read.
    """

    def header(path: Path, name: str) -> list[str]:
        return session.checked.header(path, name, lambda: header_of(path, name, session.scratch))

    adapted = Adapted()
    exports: dict[tuple, _Export] = {}
    for path, found in recognised_files(landing, tables, settings, header).items():
        adapted.adapters[path] = found
        name = path.relative_to(landing).as_posix()
        of_file = settings.of(name)
        # An export in one file is read file by file, so that the date in its name says which is later.
        place = path if len(found.adapter.inputs) == 1 else path.parent
        key = (found.adapter.name, place, of_file.source)
        folder = session.scratch / f"adapted{len(exports)}"
        export = exports.setdefault(key, _Export(session, found.adapter, folder, of_file))
        export.add(Extract(path, name, of_file), found.input)
    for export in exports.values():
        facts = export.result(tables)
        adapted.notes += facts["notes"]
        for table, name, _ in facts["made"]:
            of_table = _of_table(tables[table], export.settings)
            adapted.extracts[table].append(export.extract(table, name, of_table))
        names = ", ".join(extract.name for extract, _ in export.extracts)
        made = ", ".join(f"{table} {rows:,}" for table, _, rows in facts["made"])
        adapted.notes.append(f"{names}: {export.adapter.system}, read as {made}")
    return adapted


@dataclass
class _Export:
    """The files of one export, and the folder for what is made of them.

    They are read when the result is asked for, unless it is known from before, and before what is made of them is read.
    """

    session: Session
    adapter: Adapter
    folder: Path
    settings: FileSettings
    extracts: list[tuple[Extract, Table]] = field(default_factory=list)
    files: list[tuple[LandingFile, Table]] = field(default_factory=list)
    read: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    is_made: bool = False

    def add(self, extract: Extract, table: Table) -> None:
        """Add a file of the export, by the input of the adapter that it is."""
        if _kept(extract.settings) != _kept(self.settings):
            raise UserError(
                f"landing.yml: {extract.name} and {self.extracts[0][0].name} are one export, and need the same settings."
            )
        # What values of a landing column mean counts for what the adapter makes.
        raw = replace(extract, settings=replace(extract.settings, values={}))
        self.extracts.append((raw, table))

    @cached_property
    def key(self) -> str:
        """The key of what the adapter makes of the files."""
        is_accepted = self.adapter.main_table in self.session.accept
        files = [self.session.checked.key(extract, table.name) for extract, table in self.extracts]
        return self.session.checked.key(
            replace(self.extracts[0][0], origin=" ".join(files)), self.adapter.name, is_accepted
        )

    def extract(self, table: str, name: str, settings: FileSettings) -> Extract:
        """What the adapter makes of the files for a landing table, and how to make it."""
        origin = f"{self.key} {table}"
        path = self._target(table)
        return Extract(path, name, settings, is_adapted=True, origin=origin, make=self.make)

    def result(self, tables: dict[str, Table]) -> dict[str, Any]:
        """What the adapter makes: `made` (landing table, the file that its rows come from, how many), and `notes`.

        Raises UserError for a column that is not read and may hold refusals, or change what a row means.
        """
        con = self.session.con
        checked = self.session.checked.find(self.key)
        if not checked:
            checked = self.session.checked.begin(self.key)
            clear_refused(con)
            self._read()
            write_part(con, "select * from refused", checked.refused)
            is_accepted = self.adapter.main_table in self.session.accept
            notes = [] if is_accepted else self._check(tables)
            made = list(self._run())
            is_empty = not any(rows for _, _, rows in made)
            checked.facts = {
                "table": self.adapter.main_table,
                "notes": notes,
                "made": [
                    each
                    for each in made
                    if each[2] or (is_empty and each[0] == self.adapter.main_table)
                ],
            }
            if self.session.has_tombstones:
                erase(con, tables[self.adapter.main_table], checked)
            self.session.checked.keep(checked)
        con.execute(f"insert into quarantine from {rows_of(checked.refused)}")
        return checked.facts

    def make(self) -> None:
        """Write what the adapter makes, unless that was done in this intake."""
        if not self.is_made:
            clear_refused(self.session.con)
            self._read()
            list(self._run())

    def _target(self, table: str) -> Path:
        return self.folder / f"made.{table}.parquet"

    def _read(self) -> None:
        """Read the files: their rows as text, by the names of the inputs' columns, each into a Parquet file.

        Lines that are no rows go to the table `refused`.
        """
        con = self.session.con
        self.folder.mkdir(exist_ok=True)
        for extract, table in self.extracts:
            self.session.checked.read.add(extract.name)
            file = open_file(extract, table, con, self.session.scratch)
            target = self.folder / f"{table.name}.{len(self.files)}.parquet"
            read_as_text(con, table, file, target)
            lost = next(iter(keep_rejected_lines(con, file, self.adapter.main_table)), None)
            if lost and self.adapter.decides:
                raise UserError(
                    f"{file.name}, row {lost[0]}: {lost[1]}. The row may state a refusal. Fix it."
                )
            self.files.append((file, table))
            self.read[table.name].append(target)

    def _check(self, tables: dict[str, Table]) -> list[str]:
        """Raise UserError for a column that is not read and may hold refusals, or change what a row means.

        Returns notes on free text that mentions refusals.
        """
        con = self.session.con
        way_out = "or list it under ignore in landing.yml"
        notes = []
        for file, _ in self.files:
            unread = unread_refusals(con, file, self.adapter.outputs)
            if unread.decisions:
                raise UserError(
                    f"{file.name}: the column {unread.first} may hold refusals, and adapters/{self.adapter.name} does not read it. "
                    f"Add it there, {way_out} if it decides nothing."
                )
            notes += unread.notes(file.name)
        for name in self.adapter.outputs:
            for kind in self.adapter.inputs if not tables[name].append_only else ():
                files = [file for file, table in self.files if table.name == kind]
                if found := values_that_differ(con, tables[name], files):
                    raise UserError(
                        f"{files[0].name}: the columns {', '.join(found)} change what a row means, and adapters/"
                        f"{self.adapter.name} does not read them. Add them there, or list them under ignore in landing.yml if every row counts as it is."
                    )
        return notes

    def _run(self) -> Iterator[tuple[str, str, int]]:
        """Make the landing tables of the adapter: name, the file that its rows come from, how many."""
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(MACROS.read_text(encoding="utf-8") + self.adapter.macros)
            for name, table in self.adapter.inputs.items():
                paths = self.read.get(name)
                columns = ", ".join(f"cast(null as varchar) as {c.name}" for c in table.columns)
                rows = (
                    f"from {rows_of(*paths)}"
                    if paths
                    else f"select {columns}, 0 as {ROW_NUMBER}, '' as {FILE_NAME} where false"
                )
                con.execute(f"create view {name} as {rows}")
            for name, query in self.adapter.outputs.items():
                target = self._target(name)
                try:
                    con.execute(
                        f"copy ({query}) to {literal(str(target))} (format parquet, compression snappy)"
                    )
                except duckdb.Error as problem:
                    why = str(problem).splitlines()[0][:200]
                    raise UserError(
                        f"{self.files[0][0].name}: adapters/{self.adapter.name}/{name}.sql cannot read it ({why})."
                    ) from None
                rows = con.execute(f"select count(*) from {rows_of(target)}").fetchall()[0][0]
                yield name, self._file_of(query), rows
        self.is_made = True

    def _file_of(self, query: str) -> str:
        """The name of the file that the rows of a query come from: of the first input that it selects from."""
        sources = re.findall(r"\b(?:from|join) (\w+)", query)
        of_input = [
            file.name for source in sources for file, table in self.files if table.name == source
        ]
        return of_input[0] if of_input else self.files[0][0].name


def read_as_text(
    con: duckdb.DuckDBPyConnection, table: Table, file: LandingFile, target: Path
) -> None:
    """Write the rows of a file to `target`: text columns by the names of the table's, and the file and number of each row.

    Lines that are no rows go to the temp table `rejected`. Raises UserError if the file cannot be read.
    """
    cells = [
        f"{_with_parts(column, table, file)} as {column.name}" for column in whole_columns(table)
    ]
    number = "" if file.delimiter else "row_number, "
    rows = f"select {', '.join(cells)}, {number}{is_left_out(file)} as is_left_out from ({reader(file, rejects=True)}) as file"
    copy = "(format parquet, compression snappy)"
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    every = target.with_suffix(".every")
    try:
        con.execute(f"copy ({rows}) to {literal(str(every))} {copy}")
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # our SQL is wrong, not the file
    except duckdb.Error as problem:
        why = str(problem).splitlines()[0].replace(str(file.path), file.name)[:200]
        raise UserError(f"{file.name}: cannot be read ({why}). Export it again.") from None
    collect_rejected_lines(con, file)
    check_row_count(con, file, every)
    names = ", ".join(column.name for column in whole_columns(table))
    con.execute(
        f"copy (select {_without_zeros(con, table, every)}, {row_in_file()} as {ROW_NUMBER}, {literal(file.name)} as {FILE_NAME} "
        f"from {with_row_numbers(file, every)} as checked {passed_lines()} "
        f"where not is_left_out and coalesce({names}) is not null) to {literal(str(target))} {copy}"
    )
    every.unlink()


def whole_columns(table: Table) -> list[Column]:
    """The columns that an adapter's SQL has: those that are no part of another one."""
    return [column for column in table.columns if not column.part_of]


def _with_parts(column: Column, table: Table, file: LandingFile) -> str:
    """SQL for a cell as text. Where several columns are one, their values are divided by semicolons, or in a JSON object."""
    if column.takes_others and column.name not in file.positions:
        return _others(column, file)
    parts = [_as_text(part, file) for part in table.columns if part.part_of == column.name]
    if not parts:
        return _as_text(column, file)
    return f"nullif(concat_ws('; ', {', '.join([_as_text(column, file), *parts])}), '')"


def _without_zeros(con: duckdb.DuckDBPyConnection, table: Table, rows: Path) -> str:
    """SQL for the columns of a file, without the `.0` that pandas appends to a column of whole numbers with gaps."""
    names = [column.name for column in whole_columns(table)]
    tests = ", ".join(f"bool_and(regexp_full_match({name}, '{FLOATED}'))" for name in names)
    found = con.execute(f"select {tests} from {rows_of(rows)} where not is_left_out").fetchall()[0]
    return ", ".join(
        f"replace({name}, '.0', '') as {name}" if is_floated else name
        for name, is_floated in zip(names, found, strict=True)
    )


def _others(others: Column, file: LandingFile) -> str:
    """SQL for a JSON object of the values in columns that are not read otherwise, by their names; null without any."""
    cells = []
    for place, header in enumerate(file.header):
        is_out = plain_name(header).startswith(others.others_without)
        if header and place not in file.used and not is_out:
            column = Column(header, "string", "")
            is_text = file.types[place] == "VARCHAR"
            named = replace(file, positions={header: place})
            cells.append(
                f"{literal(sql_name(header))}, {_as_text(column, named) if is_text else raw_name(place)}"
            )
    # A merge leaves out what is null.
    return f"nullif(cast(json_merge_patch('{{}}', json_object({', '.join(cells)})) as varchar), '{{}}')"


def _as_text(column: Column, file: LandingFile) -> str:
    """SQL for a cell as text, null where it has no value. What is nested becomes JSON."""
    if column.name not in file.positions:
        return "cast(null as varchar)"
    return _cell_as_text(file.positions[column.name], file)


def _cell_as_text(position: int, file: LandingFile) -> str:
    """SQL for the cell at a position as text: a whole number without decimals, and 1.234,50 as 1234.50."""
    cell, kind = raw_name(position), file.types[position]
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"cast(to_json({cell}) as varchar)"
    if kind in EXACT:
        is_whole = f"{cell} = trunc({cell}) and abs({cell}) <= {EXACT[kind]}"
        return (
            f"case when {is_whole} then cast(cast({cell} as hugeint) as varchar) "
            f"when not isnan({cell}) then cast({cell} as varchar) end"
        )
    text = f"trim(cast({cell} as varchar))"
    if file.settings.decimal_comma:
        point = f"replace(replace({text}, '.', ''), ',', '.')"
        text = f"case when regexp_full_match({text}, {literal(COMMA_NUMBER)}) then {point} else {text} end"
    return f"case when not {is_one_of(text, MISSING)} then {text} end"


def _of_table(table: Table, settings: FileSettings) -> FileSettings:
    """The settings that count for a table that an adapter makes: of values, those of its columns."""
    columns = {column.name for column in table.columns}
    values = {name: meaning for name, meaning in settings.values.items() if name in columns}
    return replace(_kept(settings), values=values)


def _kept(settings: FileSettings) -> FileSettings:
    """The settings that count for what an adapter makes; the others counted when the file was read."""
    return replace(
        settings,
        columns={},
        leave_out={},
        ignore=(),
        decimal_comma=None,
        encoding=None,
        table=None,
        adapter=None,
    )
