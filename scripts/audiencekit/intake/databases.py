"""A database as a landing: its tables are copied, read only, into a folder of the workspace that intake then reads.

Read are the tables that are named after a landing table, and those that an adapter knows by their columns.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import duckdb

from audiencekit.errors import UserError
from audiencekit.extras import how_to_install
from audiencekit.intake.adapters import load_adapters, recognise
from audiencekit.intake.contract import Table, load_contract
from audiencekit.intake.decision_words import file_may_decide
from audiencekit.intake.folder import table_of
from audiencekit.intake.table_copies import SourceTable, copy_table, drop_others
from audiencekit.sql import literal
from audiencekit.workspace import Workspace

# By the scheme of a URL: the extension of DuckDB that reads it. A DuckDB file needs none.
SCANNERS = {
    "postgres": "postgres_scanner",
    "postgresql": "postgres_scanner",
    "mysql": "mysql_scanner",
    "mariadb": "mysql_scanner",
    "sqlite": "sqlite_scanner",
    "duckdb": "",
}
TYPES = {"postgres_scanner": "postgres", "mysql_scanner": "mysql", "sqlite_scanner": "sqlite"}
# Schemas of a database server itself.
SYSTEM = ("information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys")


@dataclass(frozen=True)
class Database:
    """A database by its URL: what DuckDB attaches and how, the schemas to read (all without any), a name without secrets."""

    address: str
    scanner: str
    schemas: tuple[str, ...]
    name: str

    @property
    def folder(self) -> str:
        """The name of the folder of its copies: the same one for the same database."""
        digest = hashlib.sha256(f"{self.name}|{self.schemas}".encode()).hexdigest()[:6]
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', self.name).strip('-')}-{digest}"


def is_database(landing: str) -> bool:
    """Whether a landing is the URL of a database, and not a folder."""
    return landing.partition("://")[0] in SCANNERS and "://" in landing


def read_url(url: str) -> Database:
    """A database by its URL: postgres://user:$PGPASSWORD@host/shop?schema=shop,crm, or sqlite:///path/to/file.

    $NAME is read from the environment, so that no secret is typed. Raises UserError for a variable that is not set.
    """
    names = re.findall(r"\$\{?(\w+)\}?", url)
    if lost := [name for name in names if name not in os.environ]:
        raise UserError(f"{_without_secrets(url)}: ${lost[0]} is not set in the environment.")
    parts = urlsplit(url)
    schemas = parse_qs(parts.query).get("schema", [""])[0]
    asked = tuple(name for name in schemas.split(",") if name)
    query = "&".join(
        each for each in parts.query.split("&") if each and not each.startswith("schema=")
    )
    scanner = SCANNERS[parts.scheme]
    if scanner in ("", "sqlite_scanner"):
        address = os.path.expandvars(unquote(parts.netloc + parts.path))
        if not Path(address).is_file():
            raise UserError(
                f"{_without_secrets(url)}: there is no file {address}. Write sqlite:///path/to/file."
            )
        return Database(address, scanner, asked, _without_secrets(url))
    plain = os.path.expandvars(urlunsplit(parts._replace(query=query)))
    if scanner == "mysql_scanner":
        plain = plain.replace("mariadb://", "mysql://", 1)
    return Database(plain, scanner, asked, _without_secrets(url))


def _without_secrets(url: str) -> str:
    """A URL as it may be shown: without user, password and options."""
    scheme, _, address = url.partition("://")
    return f"{scheme}://{address.partition('?')[0].rpartition('@')[2]}"


def copy_database(url: str, workspace: Workspace, say: Callable[[str], None]) -> Path:
    """Copy the tables of a database that can be read into the workspace, and return the folder of the copies.

    All tables are read at one moment. A table with a key and a time of change is read from the last change on; `say` gets
    a line for each. Raises UserError for a database that cannot be read, and for a table that may hold refusals and is
    not read.
    """
    database = read_url(url)
    folder = workspace.home / "databases" / database.folder
    folder.mkdir(parents=True, exist_ok=True)
    with _attached(database) as con:
        tables, unread = _tables(con, database)
        if lost := [name for name in unread if file_may_decide(name.rpartition(".")[2])]:
            raise UserError(
                f"{database.name}: the table {lost[0]} may hold refusals and is not read as it is. Name it (or a view of it) "
                "after its landing table, such as consent_events, or leave its schema out with ?schema=."
            )
        if not tables:
            raise UserError(
                f"{database.name}: no table is named after a landing table, and no adapter knows one. It has: "
                f"{', '.join(unread)[:300] or 'none'}."
            )
        for table in tables:
            say(copy_table(con, table, folder))
    drop_others(folder, tables)
    say(f"The copies are in {folder}. A landing.yml there counts for them")
    if unread:
        say(f"{len(unread)} tables of {database.name} are not read: {', '.join(unread)}")
    return folder


@contextmanager
def _attached(database: Database) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the database attached read only as `source`, in one transaction, so that tables fit together."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        options = ["read_only"]
        if database.scanner:
            con.execute(f"load {literal(str(_extension(database.scanner)))}")
            options.append(f"type {TYPES[database.scanner]}")
        if database.scanner == "sqlite_scanner":
            # A column of SQLite holds values of any type; intake says which it cannot read.
            con.execute("set sqlite_all_varchar = true")
        try:
            con.execute(f"attach {literal(database.address)} as source ({', '.join(options)})")
            con.begin()
            yield con
            con.commit()
        except duckdb.Error as problem:
            why = str(problem).replace(database.address, database.name).splitlines()[0][:200]
            raise UserError(
                f"{database.name}: cannot be read ({_unnamed(why, database)})."
            ) from None


def _unnamed(text: str, database: Database) -> str:
    """A message without the password of a URL."""
    secret = urlsplit(database.address).password
    return text.replace(secret, "…") if secret else text


def _extension(scanner: str) -> Path:
    """The file of an extension of DuckDB, from its PyPI package."""
    package = f"duckdb_extension_{scanner}"
    try:
        import_module(package)
    except ModuleNotFoundError:
        raise UserError(how_to_install(package) or f"{package} is not installed.") from None
    version = f"v{duckdb.__version__}"
    return Path(str(files(package) / "extensions" / version / f"{scanner}.duckdb_extension"))


def _tables(
    con: duckdb.DuckDBPyConnection, database: Database
) -> tuple[list[SourceTable], list[str]]:
    """The tables and views that are read, and the names of the others."""
    contract = load_contract()
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'source' order by schema_name, table_name, column_index"
    ).fetchall():
        if schema not in SYSTEM and (not database.schemas or schema in database.schemas):
            columns.setdefault((schema, table), []).append((column, kind))
    keys = _keys(con, database)
    tables, unread = [], []
    schemas = {schema for schema, _ in columns}
    for (schema, name), typed in columns.items():
        header = [column for column, _ in typed]
        landing = contract.get(table_of(Path(name), contract))
        found = recognise(name, header, load_adapters().values(), landing is not None)
        if not (landing or found):
            unread.append(f"{schema}.{name}")
            continue
        file = f"{name}.{schema}.parquet" if len(schemas) > 1 else f"{name}.parquet"
        place = f"{schema}/{name}.parquet" if found else file
        key = keys.get((schema, name)) or _business_key(landing, header)
        tables.append(SourceTable(schema, name, dict(typed), key, place))
    return tables, unread


def _business_key(landing: Table | None, header: list[str]) -> tuple[str, ...]:
    """The key of a landing table, where the table has its columns by their own names."""
    return landing.key if landing and set(landing.key) <= set(header) else ()


def _keys(
    con: duckdb.DuckDBPyConnection, database: Database
) -> dict[tuple[str, str], tuple[str, ...]]:
    """The primary key of each table, as the database declares it."""
    if database.scanner == "postgres_scanner":
        query = (
            "select n.nspname, c.relname, array_to_string(array_agg(a.attname order by a.attnum), ',') "
            "from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace "
            "join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey) where i.indisprimary group by 1, 2"
        )
        found = con.execute(f"from postgres_query('source', {literal(query)})").fetchall()
    elif database.scanner == "mysql_scanner":
        query = (
            "select table_schema, table_name, group_concat(column_name order by seq_in_index) "
            "from information_schema.statistics where index_name = 'PRIMARY' group by 1, 2"
        )
        found = con.execute(f"from mysql_query('source', {literal(query)})").fetchall()
    elif database.scanner == "sqlite_scanner":
        return {}
    else:
        found = con.execute(
            "select schema_name, table_name, array_to_string(constraint_column_names, ',') from duckdb_constraints() "
            "where database_name = 'source' and constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    return {(schema, table): tuple(columns.split(",")) for schema, table, columns in found}
