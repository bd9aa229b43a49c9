"""What each file and column of a landing folder becomes, and a landing.yml to start from."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.errors import UserError
from audiencekit.intake.adapted import header_of, recognised_files
from audiencekit.intake.adapters import Recognised
from audiencekit.intake.changes import with_changes
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.date_orders import with_date_orders
from audiencekit.intake.files import (
    Extract,
    LandingFile,
    landing_column,
    open_file,
)
from audiencekit.intake.folder import table_of, visible_files
from audiencekit.intake.landing_keys import FILE, SHOP, json_schema
from audiencekit.intake.landing_settings import (
    NAME,
    FileSettings,
    LandingSettings,
    read_settings,
    settings_file,
)
from audiencekit.intake.number_points import check_points
from audiencekit.intake.rules import CHANGE, SEQUENCE
from audiencekit.intake.unread_columns import unread_refusals, values_that_differ

SCHEMA = ".landing.schema.json"


def explain(landing: Path) -> Iterator[str]:
    """Lines about every file of `landing` and every column of it, none cut off. Reads headers, and changes nothing.

    Raises UserError for a folder or a landing.yml that cannot be read. What is wrong with a file is one of its lines.
    """
    contract, settings = load_contract(), read_settings(landing)
    with TemporaryDirectory() as scratch, duckdb.connect() as con:

        def header(path: Path, name: str) -> list[str]:
            return header_of(path, name, Path(scratch))

        adapted = recognised_files(landing, contract, settings, header)
        for path in visible_files(landing):
            name = path.relative_to(landing).as_posix()
            if path in adapted:
                found = adapted[path]
                file = open_file(
                    Extract(path, name, settings.of(name)), found.input, con, Path(scratch)
                )
                yield from _adapted(con, file, found, contract)
                continue
            table, why = _table(path, landing, contract, settings)
            if not table:
                yield f"{name}: {why}"
                continue
            yield f"{name}: {table.name}, {why}"
            try:
                file = open_file(Extract(path, name, settings.of(name)), table, con, Path(scratch))
                check_points(con, table, file)
                file = with_changes(con, table, with_date_orders(con, table, file))
                yield from _columns(con, file, table)
            except UserError as problem:
                yield f"  stops the run: {problem}"
    missing = [table.name for table in contract.values() if table.required]
    yield f"Required: {', '.join(missing)}. All tables and columns: docs/landing.md"


def _adapted(
    con: duckdb.DuckDBPyConnection,
    file: LandingFile,
    found: Recognised,
    contract: dict[str, Table],
) -> Iterator[str]:
    """What an adapter makes of a file, and which of its columns are read."""
    adapter = found.adapter
    known = [c.name for c in found.input.columns if c.required]
    yield (
        f"{file.name}: {adapter.system}, read by adapters/{adapter.name} as {', '.join(adapter.outputs)}, "
        f"because it has {', '.join(file.header[file.positions[name]] for name in known)}"
    )
    refusing = unread_refusals(con, file, adapter.outputs).decisions
    changing = [
        name
        for table in adapter.outputs
        if not contract[table].append_only
        for name in values_that_differ(con, contract[table], [file])
    ]
    others = next((c.name for c in found.input.columns if c.takes_others), None)
    read = {place: column for column, place in file.positions.items()}
    yield from _unread(file, refusing, changing, read, others)
    parts = {c.part_of for c in found.input.columns}
    absent = [c.name for c in found.input.columns if c.name not in {*file.positions, *parts}]
    yield f"  without: {', '.join(absent) or 'nothing'}"


def _unread(
    file: LandingFile,
    refusing: Collection[str],
    changing: list[str],
    columns: dict[int, str],
    others: str | None = None,
) -> Iterator[str]:
    """A line for each column of a file, in its order. Those that are not named go into the column `others`, if any."""
    for place, header in enumerate(file.header):
        column = columns.get(place)
        if column and column.startswith(CHANGE):
            yield f"  {header} -> says which rows are deleted"
        elif column == SEQUENCE:
            yield f"  {header} -> says which change is later"
        elif column:
            order = file.date_orders.get(column)
            column = landing_column(column)
            yield f"  {header} -> {column}{f' (dates are {order})' if order else ''}"
        elif header in file.settings.leave_out:
            yield f"  {header} -> says which rows are left out"
        elif header in file.settings.ignore:
            yield f"  {header} -> not read, as {NAME} says"
        elif header.strip().lower() in changing:
            yield f"  {header} -> not read, and stops the run: its values differ, and change what a row means"
        elif header in refusing:
            yield f"  {header} -> not read, and stops the run: it may hold refusals"
        else:
            yield f"  {header} -> {f'in {others}' if others else 'not read'}"


def _table(
    path: Path, landing: Path, contract: dict[str, Table], settings: LandingSettings
) -> tuple[Table | None, str]:
    """The table that a file is, and why; or why it is none."""
    top = landing / path.relative_to(landing).parts[0]
    if given := settings.of(path.relative_to(landing).as_posix()).table:
        return contract.get(given), f"as {NAME} says"
    by_name = contract.get(table_of(top, contract))
    return by_name, "by its name" if by_name else f"not read. Its table can be named in {NAME}"


def _columns(con: duckdb.DuckDBPyConnection, file: LandingFile, table: Table) -> Iterator[str]:
    """What each column of a file is, in the order of the file, and which settings count for it."""
    columns = {place: column for column, place in file.positions.items()}
    refusing = unread_refusals(con, file, [table.name]).decisions
    changing = values_that_differ(con, table, [file])
    yield from _unread(file, refusing, changing, columns)
    absent = [column.name for column in table.columns if column.name not in file.positions]
    yield f"  without: {', '.join(absent) or 'nothing'}"
    if given := _given(file.settings):
        yield f"  {NAME}: {', '.join(given)}"


def _given(settings: FileSettings) -> list[str]:
    return [
        f"{key} {json.dumps(value) if isinstance(value, dict) else value}"
        for key, value in vars(settings).items()
        if value not in (None, {}, ())
    ]


def write_starter(landing: Path) -> Path | None:
    """Write a landing.yml to start from, with every file and every setting as a comment, and its JSON schema next to it.

    Returns its path; None where there is one already, or where the folder cannot be written.
    """
    target = landing / NAME
    if settings_file(landing).exists():
        return None
    lines = [
        f"# yaml-language-server: $schema={SCHEMA}",
        "# What the files of this folder cannot say themselves. Remove the # of what you need.",
        *(f"# {key}: {setting.example}  # {setting.meaning}" for key, setting in SHOP.items()),
        "files:",
    ]
    for path in visible_files(landing):
        lines += [
            f"  {json.dumps(path.relative_to(landing).as_posix(), ensure_ascii=False)}:",
            *(
                f"    # {key}: {setting.example}  # {setting.meaning}"
                for key, setting in FILE.items()
            ),
        ]
    try:
        (landing / SCHEMA).write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return None
    return target
