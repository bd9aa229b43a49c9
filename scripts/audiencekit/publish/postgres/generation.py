"""The current published generation, as tables that can be copied into PostgreSQL."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg.sql import SQL, Identifier

from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest
from audiencekit.sql import literal
from audiencekit.workspace import FIRST_STEP, Workspace

# A table's primary key is the first of these columns that it has.
KEYS = ("change_seq", "notice_id", "receipt_id", "audience_row_id")
BATCH_ROWS = 65_536
CSV = pyarrow.csv.WriteOptions(include_header=False)


@dataclass(frozen=True)
class Table:
    """A published table. `columns` holds DuckDB types by name; `source` is its name in DuckDB.

    `comments` are dbt's descriptions by column, and that of the table under ''.
    """

    schema: str  # 'activation' or 'reporting'
    name: str
    source: str
    columns: Mapping[str, str]
    comments: Mapping[str, str]

    @property
    def place(self) -> tuple[str, str]:
        return self.schema, self.name

    @property
    def key(self) -> str | None:
        return next((name for name in KEYS if name in self.columns), None)


@dataclass(frozen=True)
class Generation:
    """One published generation, open for reading."""

    manifest: Manifest
    manifest_text: str
    tables: tuple[Table, ...]
    con: duckdb.DuckDBPyConnection


@contextmanager
def open_generation(workspace: Workspace, published_at: datetime) -> Iterator[Generation]:
    """The generation that `current` points at, with a table `generation` that describes it.

    Raises UserError if nothing is published, or if the files do not hold what the manifest says.
    """
    # Resolved once, because a run may switch the pointer while we read.
    folder = workspace.current.resolve()
    if not (folder / "manifest.json").exists():
        raise UserError(f"Nothing is published under {workspace.published}. {FIRST_STEP}")
    text = (folder / "manifest.json").read_text()
    manifest = Manifest(**json.loads(text))
    with duckdb.connect() as con:
        for file in ("activation", "reporting"):
            path = literal(str(folder / f"{file}.duckdb"))
            con.execute(f"attach {path} as {file} (read_only)")
        _create_generation_table(con, manifest, text, published_at)
        tables = _read_tables(con, _read_comments(workspace))
        _check_whole(con, tables, manifest)
        yield Generation(manifest, text, tables, con)


def _create_generation_table(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, text: str, published_at: datetime
) -> None:
    con.execute(
        "create table generation as select ?::varchar as build_id, ?::timestamp as as_of, "
        "?::timestamp as built_at, ?::timestamp as published_at, ?::varchar as commit, "
        "?::varchar as version, ?::varchar as note, ?::varchar as manifest",
        [
            manifest.build_id,
            manifest.as_of,
            manifest.built_at or manifest.as_of,
            published_at,
            manifest.commit,
            manifest.version,
            manifest.note,
            text,
        ],
    )


def _read_tables(
    con: duckdb.DuckDBPyConnection, comments: Mapping[str, Mapping[str, str]]
) -> tuple[Table, ...]:
    """Every table of both files in the order of their names, and `generation`."""
    columns_by_table: dict[tuple[str, str], dict[str, str]] = {}
    for file, name, column, data_type in con.execute(
        "select database_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal and database_name in ('activation', 'reporting', 'memory') "
        "order by database_name = 'memory', database_name, table_name, column_index"
    ).fetchall():
        columns_by_table.setdefault((file, name), {})[column] = data_type
    return tuple(
        Table(
            schema="reporting" if file == "memory" else file,
            name=name,
            source=f"{file}.main.{_quoted(name)}",
            columns=columns,
            comments={c: text for c, text in comments.get(name, {}).items() if c in {"", *columns}},
        )
        for (file, name), columns in columns_by_table.items()
    )


def _read_comments(workspace: Workspace) -> dict[str, dict[str, str]]:
    """dbt's descriptions of tables and their columns, by table; empty without dbt's manifest."""
    path = workspace.home / "target" / "manifest.json"
    nodes = json.loads(path.read_text())["nodes"].values() if path.exists() else ()
    comments = {
        node["name"]: {"": node["description"].strip()}
        | {
            name: column["description"].strip()
            + (" (personal data)" if column["config"]["meta"].get("pii") else "")
            for name, column in node["columns"].items()
        }
        for node in nodes
        if node["resource_type"] == "model"
    }
    comments["generation"] = {
        "": "One row: the published generation that the tables of both schemas belong to."
    }
    return comments


def _check_whole(
    con: duckdb.DuckDBPyConnection, tables: tuple[Table, ...], manifest: Manifest
) -> None:
    rows = {
        table.name: con.execute(f"select count(*) from {table.source}").fetchall()[0][0]
        for table in tables
        if table.name != "generation"
    }
    wrong = sorted(name for name, _ in rows.items() ^ manifest.rows.items())
    if wrong:
        raise UserError(
            f"{manifest.build_id} is damaged: rows of {', '.join(dict.fromkeys(wrong))} are not what its manifest "
            "says. Point published/current at a whole generation, or build again."
        )


def copy_rows(
    generation: Generation, table: Table, pg: psycopg.Connection, target: Identifier
) -> int:
    """Stream a table into `target` and return the number of rows.

    Arrow writes them as CSV: text is always quoted, so that '' and null differ, and doubles have the fewest
    digits that read back as the same double.
    """
    columns = SQL(", ").join(map(Identifier, table.columns))
    statement = SQL("copy {} ({}) from stdin (format csv, encoding 'utf8')").format(target, columns)
    batches = generation.con.execute(f"select * from {table.source}").to_arrow_reader(BATCH_ROWS)
    with pg.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for batch in batches:
                text = pa.BufferOutputStream()
                pyarrow.csv.write_csv(batch, text, CSV)
                copy.write(memoryview(text.getvalue()))
        return cursor.rowcount


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
