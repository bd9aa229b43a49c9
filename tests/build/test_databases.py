"""A landing that is a database: a real PostgreSQL, SQLite and DuckDB, read only, and from the last change on."""

import sqlite3
from pathlib import Path

import duckdb
import psycopg
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.databases import copy_database, is_database, read_url
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

TABLES = """
create table orders (order_id int primary key, ordered_at timestamptz, total numeric(12, 2), email text, updated_at timestamptz);
insert into orders values
    (1, '2024-01-01 10:00+01', 10.50, 'ann@example.com', '2024-01-01'), (2, '2024-01-02', 20, 'bo@example.com', '2024-01-02'),
    (3, '2024-01-03', 30, null, '2024-01-03');
create table stock (sku text, pieces int);
"""


@pytest.fixture
def shop(server, monkeypatch):
    """The URL of a shop's database, whose password is in the environment."""
    with psycopg.connect(server.get_uri(), autocommit=True) as con:
        for schema in ("public", "crm", "audiencekit_activation", "audiencekit_reporting"):
            con.execute(f"drop schema if exists {schema} cascade")
        con.execute("create schema public")
        con.execute(TABLES)
        con.execute("drop owned by reader" if _has_role(con) else "create role reader login")
        con.execute("grant usage on schema public to reader")
        con.execute("grant select on all tables in schema public to reader")
    monkeypatch.setenv("SHOP_HOST", server.get_uri().partition("host=")[2])
    return "postgres://reader@/postgres?host=$SHOP_HOST"


def _has_role(con: psycopg.Connection) -> bool:
    return con.execute("select 1 from pg_roles where rolname = 'reader'").fetchone() is not None


def change(server, *statements: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as con:
        for statement in statements:
            con.execute(statement)


def copied(url: str, home: Path) -> tuple[Path, list[str]]:
    lines: list[str] = []
    return copy_database(url, Workspace(home), lines.append), lines


def orders(folder: Path) -> dict[int, float]:
    rows = rows_of(folder / "orders.parquet")
    return dict(duckdb.execute(f"select order_id, cast(total as double) from {rows}").fetchall())


def test_a_database_is_read_whole_and_then_from_the_last_change_on(shop, server, tmp_path):
    folder, lines = copied(shop, tmp_path)
    assert orders(folder) == {1: 10.5, 2: 20, 3: 30}
    assert lines[0].startswith("public.orders: 3 rows (")
    assert lines[-1].startswith("1 tables of postgres:///postgres are not read: public.stock")
    change(
        server,
        "update orders set total = 25, updated_at = '2024-02-01' where order_id = 2",
        "insert into orders values (4, '2024-02-02', 40, null, '2024-02-02')",
    )
    folder, lines = copied(shop, tmp_path)
    assert orders(folder) == {1: 10.5, 2: 25, 3: 30, 4: 40}
    # Order 3 has the time of the last change, and another row may have it, too.
    assert lines[0].startswith("public.orders: 4 rows, 3 of them read since the last change")
    before = (folder / "orders.parquet").stat()
    copied(shop, tmp_path)
    after = (folder / "orders.parquet").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_rows_that_are_deleted_or_changed_without_a_time_are_noticed(shop, server, tmp_path):
    copied(shop, tmp_path)
    change(server, "delete from orders where order_id = 1")
    folder, lines = copied(shop, tmp_path)
    assert orders(folder) == {2: 20, 3: 30} and "since" not in lines[0]
    change(server, "insert into orders values (5, '2024-01-01', 50, null, '2023-01-01')")
    assert orders(copied(shop, tmp_path)[0]) == {2: 20, 3: 30, 5: 50}


@pytest.mark.parametrize(
    "statement",
    [
        "alter table orders add column discount numeric",
        "update orders set total = 99, updated_at = null where order_id = 1",
        "alter table orders drop constraint orders_pkey; alter table orders rename column order_id to order_no",
        "alter table orders rename column updated_at to changed_on",
    ],
)
def test_whatever_changes_the_copy_is_the_table(shop, server, tmp_path, statement):
    copied(shop, tmp_path)
    change(server, statement)
    copied(shop, tmp_path)
    change(server, "update orders set total = 21 where email = 'bo@example.com'")
    if "changed_on" not in statement:
        change(server, "update orders set updated_at = '2025-01-01' where email = 'bo@example.com'")
    folder, _ = copied(shop, tmp_path)
    with psycopg.connect(server.get_uri()) as con:
        there = con.execute("select total::float from orders order by 1").fetchall()
    rows = rows_of(folder / "orders.parquet")
    assert duckdb.execute(f"select total::double from {rows} order by 1").fetchall() == there


def test_nothing_is_written_to_a_database_and_its_password_is_never_shown(
    shop, server, tmp_path, monkeypatch
):
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret")
    with pytest.raises(UserError) as refused:
        copied("postgres://reader:$SHOP_PASSWORD@nowhere.invalid:1/shop", tmp_path)
    assert "s3cret" not in str(refused.value)
    assert str(refused.value).startswith("postgres://nowhere.invalid:1/shop: cannot be read (")
    monkeypatch.delenv("SHOP_PASSWORD")
    with pytest.raises(UserError, match=r"nowhere.invalid/shop: \$SHOP_PASSWORD is not set"):
        read_url("postgres://reader:$SHOP_PASSWORD@nowhere.invalid/shop")
    # The role of these tests may only read.
    copied(shop, tmp_path)


def test_a_table_that_may_hold_refusals_and_is_not_read_stops_the_run(shop, server, tmp_path):
    change(
        server,
        "create table unsubscribes (address text, at timestamptz)",
        "grant select on unsubscribes to reader",
    )
    with pytest.raises(UserError, match=r"the table public.unsubscribes may hold refusals"):
        copied(shop, tmp_path)


def test_two_schemas_are_two_extracts_and_an_export_of_a_system_is_known(shop, server, tmp_path):
    change(
        server,
        "create schema crm",
        "create table crm.contacts (contact_id text, email text)",
        "insert into crm.contacts values ('k', 'ann@example.com')",
        "grant usage on schema crm to reader",
        "grant select on all tables in schema crm to reader",
    )
    folder, _ = copied(shop, tmp_path)
    assert sorted(path.name for path in folder.rglob("*.parquet")) == [
        "contacts.crm.parquet",
        "orders.public.parquet",
    ]
    only, _ = copied(f"{shop}&schema=public", tmp_path)
    assert [path.name for path in only.rglob("*.parquet")] == ["orders.parquet"]


def test_sqlite_and_duckdb_files_are_databases(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as con:
        con.execute(
            "create table orders (order_id integer primary key, ordered_at timestamp, total real)"
        )
        con.execute("insert into orders values (1, '2024-01-01 10:00', 10.5), (2, 'soon', 20)")
    folder, _ = copied(f"sqlite://{tmp_path}/shop.db", tmp_path / "home")
    rows = duckdb.execute(f"from {rows_of(folder / 'orders.parquet')}").fetchall()
    assert rows == [("1", "2024-01-01 10:00", "10.5"), ("2", "soon", "20.0")]
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as made:
        made.execute(
            "create table orders as select 7 as order_id, timestamp '2024-01-01' as ordered_at, 1.5 as total"
        )
    folder, _ = copied(f"duckdb://{tmp_path}/shop.duckdb", tmp_path / "home")
    assert orders(folder) == {7: 1.5}
    with pytest.raises(UserError, match=r"sqlite:///no/such.db: there is no file"):
        copied("sqlite:///no/such.db", tmp_path / "home")


def test_a_url_is_no_folder():
    assert is_database("postgres://host/shop") and is_database("mariadb://host/shop")
    assert not is_database("exports/postgres") and not is_database("s3://bucket/folder")
