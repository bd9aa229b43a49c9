"""Files of rows by key, of which a few are read."""

import duckdb
import pytest

from audiencekit.publish.keyed_rows import KeyedRows, as_lists, rows_of_lists, write_keyed_rows

# More than one batch, and keys whose order is that of bytes: capitals, umlauts and letters outside the first plane.
KEYS = [*(f"key {n:03d}" for n in range(100)), "Key", "", "ä", "z", "\U0001f600", "\uffee"]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr("audiencekit.publish.keyed_rows._ROWS", 20)
    monkeypatch.setattr("audiencekit.publish.keyed_rows._TOGETHER", 7)
    con = duckdb.connect()
    con.execute("create table orders (customer text, amount integer)")
    con.executemany(
        "insert into orders values (?, ?)",
        [[key, n] for n, key in enumerate(KEYS) for _ in range(n % 3)],
    )
    con.execute("create table customers (customer text)")
    con.executemany("insert into customers values (?)", [[key] for key in KEYS])
    lists = as_lists(["amount"], "from orders", "customer")
    query = f"""
        select customers.customer, lists.list_of_rows as orders
        from customers left join ({lists}) as lists on customers.customer = lists.key
        order by customers.customer
    """
    write_keyed_rows(con, query, tmp_path / "rows.arrow")
    return tmp_path / "rows.arrow"


def test_the_rows_of_each_key_are_found_and_no_others(path):
    rows = KeyedRows(path)
    for key in KEYS:
        assert rows.rows([key]).column("customer").to_pylist() == [key]
    for other in ("key 0001", "key", "\U0001f601", "a", "key 100"):
        assert len(rows.rows([other])) == 0
    some = ["z", "key 099", "nobody", "Key", ""]
    assert rows.rows(some).column("customer").to_pylist() == ["", "Key", "key 099", "z"]
    assert rows.all().column("customer").to_pylist() == list(rows.keys()) == sorted(KEYS)
    assert rows.rows(KEYS).equals(rows.all().combine_chunks())


def test_rows_in_lists_have_the_key_of_their_list(path):
    some = ["key 002", "key 003", "key 004", "z"]
    found = rows_of_lists(KeyedRows(path).rows(some), "orders", "customer_key")
    expected = [(key, n) for n, key in enumerate(KEYS) if key in some for _ in range(n % 3)]
    assert sorted(found.to_pandas().itertuples(index=False, name=None)) == sorted(expected)
    none = rows_of_lists(KeyedRows(path).rows([]), "orders", "customer_key")
    assert none.schema == found.schema and len(none) == 0


def test_a_file_without_rows_has_none(tmp_path):
    con = duckdb.connect()
    query = "select 'a' as key, [{'x': 1}] as list_of_rows where false"
    write_keyed_rows(con, query, tmp_path / "none.arrow")
    rows = KeyedRows(tmp_path / "none.arrow")
    assert len(rows.rows(["a", ""])) == len(rows.all()) == 0
    assert rows_of_lists(rows.rows(["a"]), "list_of_rows", "key").column_names == ["key", "x"]


def test_a_table_with_no_other_column_says_who_is_in_it(tmp_path):
    con = duckdb.connect()
    lists = as_lists([], "select 'a' as customer_key", "customer_key")
    write_keyed_rows(con, f"{lists} order by key", tmp_path / "some.arrow")
    found = rows_of_lists(KeyedRows(tmp_path / "some.arrow").all(), "list_of_rows", "who")
    assert found.column("who").to_pylist() == ["a"]
