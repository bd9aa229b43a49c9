"""What is found in a landing folder, how text is made plain and counted, and the page that says so."""

import csv
import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiencekit.errors import UserError
from audiencekit.intake.contract import CONTRACT_FILE, load_contract
from audiencekit.intake.csv_text import RowCount, count_rows, plain_text
from audiencekit.intake.docs import landing_docs
from audiencekit.intake.files import Extract, match_columns, open_file
from audiencekit.intake.folder import check_required, find_files
from audiencekit.intake.rules import SQL_TYPES
from audiencekit.workspace import PROJECT

CONTRACT = load_contract()


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return folder


def test_files_are_found_in_the_same_order_by_any_name_they_may_have(tmp_path):
    names = [
        "ORDERS.CSV",
        "orders.b.csv.gz",
        "orders/z/1.parquet",
        "orders/a.csv",
        "orders.2024.parquet",
    ]
    found, notes = find_files(touch(tmp_path, *names), CONTRACT)
    assert notes == []
    assert [str(p.relative_to(tmp_path)) for p in found["orders"]] == [
        "ORDERS.CSV",
        "orders/a.csv",
        "orders/z/1.parquet",
        "orders.2024.parquet",
        "orders.b.csv.gz",
    ]


def test_what_is_not_data_is_passed_over_in_silence(tmp_path):
    touch(
        tmp_path,
        "orders.csv",
        ".orders.csv",
        "_SUCCESS",
        "README",
        "readme.md",
        "x.py",
        "lost+found/x.csv",
    )
    assert find_files(tmp_path, CONTRACT) == ({"orders": [tmp_path / "orders.csv"]}, [])


def test_what_looks_like_data_is_named(tmp_path):
    names = [
        "orders.csv",
        "orders/a.xls",
        "contacts.avro",
        "web-events/a.csv",
        "Kunden.xlsx",
        "email_event.csv",
    ]
    found, notes = find_files(touch(tmp_path, *names), CONTRACT)
    assert list(found) == ["orders", "web_events"]
    assert notes == [
        "Kunden.xlsx is not a landing table and was ignored",
        "contacts.avro is not read: export it as .csv, .csv.gz, .parquet or .xlsx",
        "email_event.csv is not a landing table and was ignored; is it email_events?",
        "orders/a.xls is not read: export it as .csv, .csv.gz, .parquet or .xlsx",
    ]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("orders_2024.csv", "orders"),
        ("orders-2024-01-31.csv", "orders"),
        ("Orders (2).csv", "orders"),
        ("orders_20240131T120000.csv", "orders"),
        ("order_lines_2024.csv", "order_lines"),
        ("order lines.csv", "order_lines"),
        ("consent_events_2024.csv", "consent_events"),
        ("erasure requests.csv", "erasure_requests"),
        ("web-events part 3.csv", "web_events"),
    ],
)
def test_an_extract_may_have_its_date_or_number_in_its_name(tmp_path, name, table):
    found, notes = find_files(touch(tmp_path, "orders.csv", name), CONTRACT)
    assert notes == [] and tmp_path / name in found[table]


@pytest.mark.parametrize(
    "name",
    ["unsubscribes.csv", "Opt-Outs.csv", "suppression_list.csv", "do not mail.csv", "consents.csv", "erasures.csv",
     "DNC.txt", "gdpr_requests.csv", "email_blacklist.csv", "opted_out.xlsx", "consent_events.xls", "consents.json",
     "erasure_requests/2024.pdf"],
)  # fmt: skip
def test_a_file_that_may_hold_refusals_and_is_not_read_stops_the_run(tmp_path, name):
    with pytest.raises(
        UserError, match=re.escape(name.rpartition("/")[2]) + ": it may hold refusals"
    ):
        find_files(touch(tmp_path, "orders.csv", name), CONTRACT)


def test_an_empty_folder_of_a_table_is_named_and_does_not_count_as_the_table(tmp_path):
    (tmp_path / "orders").mkdir()
    found, _ = find_files(tmp_path, CONTRACT)
    with pytest.raises(UserError, match=r"holds no orders\.csv .* It holds: orders\."):
        check_required(tmp_path, CONTRACT, found)


@pytest.mark.parametrize(
    ("header", "served"),
    [
        (["order_id", "ordered_at", "total"], {"order_id": 0, "ordered_at": 1, "total": 2}),
        (
            ["\ufeffOrder ID", " Ordered-At ", "TOTAL  USD"],
            {"order_id": 0, "ordered_at": 1, "total": 2},
        ),
        (["total_amount", "ID", "created at"], {"order_id": 1, "ordered_at": 2, "total": 0}),
        (["id", "order_id"], {"order_id": 1}),
        (["user_id", "customer_id"], {"account_id": 1}),
        (["customer_id", "account_id"], {"account_id": 1}),
        (["x", "x", ""], {}),
    ],
)
def test_columns_are_matched_by_name_before_alias(header, served):
    assert match_columns(header, CONTRACT["orders"]) == served


@pytest.mark.parametrize("header", [["order_id", "Order ID"], ["total", "TOTAL"], ["id", "id"]])
def test_a_name_that_occurs_twice_is_refused_where_it_would_be_used(header):
    with pytest.raises(UserError, match=r"orders\.csv, header: column \w+ appears 2 times"):
        match_columns(header, CONTRACT["orders"], "orders.csv")


def test_nested_parquet_columns_are_named_by_their_top_level(tmp_path):
    table = pa.table(
        {
            "a": [{"order_id": 1, "list": [{"b": 1}]}],
            "order_id": ["x"],
            "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "ordered_at": ["2017-01-01"],
            "total": [1],
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    with duckdb.connect() as con:
        extract = Extract(tmp_path / "orders.parquet", "orders.parquet")
        opened = open_file(extract, CONTRACT["orders"], con, tmp_path)
    assert opened.header == ("a", "order_id", "m", "ordered_at", "total")
    assert opened.positions == {"order_id": 1, "ordered_at": 3, "total": 4}
    assert (opened.types[1], opened.rows) == ("VARCHAR", 1)


@pytest.mark.parametrize(
    ("text", "rows", "blank_lines"),
    [
        ("a,b\n1,2\n3,4\n", 2, ()),
        ("a,b\n1,2\n3,4", 2, ()),
        ("a,b\n", 0, ()),
        ("a,b", 0, ()),
        ("a,b\n1,2\n\n3,4\n\n", 2, (3, 5)),
        ('a,b\n1,"2\n\n3"\n\n4,5\n', 2, (3,)),
        ('"a\nb",c\n"",""\n', 1, ()),
        ('a,b\n1,5" disc\n2,6" disc\n3,""""\n', 3, ()),
    ],
)
def test_rows_and_blank_lines_are_counted(tmp_path, text, rows, blank_lines):
    path = tmp_path / "x.csv"
    path.write_text(text)
    lines_are_rows = text.count("\n") - text.endswith("\n") == rows + len(blank_lines)
    assert count_rows(path, "x.csv", ",", 2) == RowCount(rows, blank_lines, {}, lines_are_rows)


@pytest.mark.parametrize(
    ("text", "row"), [('a,b\n1,"', 2), ('a,b\n1,2\n3,"x\n4,5\n', 3), ('a,b\n"1",2\n\n"x,""\n', 4)]
)
def test_a_quote_left_open_is_found_wherever_it_is(tmp_path, text, row):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"x\.csv, row {row}: a quote opens and never closes"):
        count_rows(path, "x.csv", ",", 2)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.lists(st.text('a,"\n\r é', max_size=4), min_size=2, max_size=2), max_size=6),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_plain_text_has_the_cells_it_had_and_newlines_only(rows, line_end, encoding):
    sink = io.StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator=line_end).writerows([["h", "i"], *rows])
    with TemporaryDirectory() as folder:
        path, scratch = Path(folder) / "x.csv", Path(folder) / "scratch"
        scratch.mkdir()
        path.write_bytes(sink.getvalue().encode(encoding))
        plain = plain_text(path, "x.csv", scratch)
        text = plain.read_bytes().decode("utf-8-sig")
        assert count_rows(plain, "x.csv", ",", 2).rows == len(rows)
        assert (plain == path) == ("\r" not in sink.getvalue() and encoding.startswith("utf-8"))
    assert "\r" not in text
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [
        [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows
    ]


def test_bytes_that_are_no_utf_8_are_carried_through_as_they_are(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a\r\ncaf\xe9\r\n\xc3\xa9\r\n")
    assert (
        plain_text(tmp_path / "x.csv", "x.csv", tmp_path).read_bytes() == b"a\ncaf\xe9\n\xc3\xa9\n"
    )


# --- The contract and its page -------------------------------------------------------------------


def test_the_landing_page_says_what_the_contract_says():
    page = (PROJECT / "docs" / "landing.md").read_text(encoding="utf-8")
    assert page == landing_docs(CONTRACT), "run `make docs`"


def test_the_landing_page_has_a_line_for_every_column():
    page = landing_docs(CONTRACT)
    for table in CONTRACT.values():
        section = page.partition(f"### {table.name}\n")[2].partition("\n### ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| `")]
        assert len(lines) == len(table.columns)
        for line, column in zip(lines, table.columns, strict=True):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert cells[0] == f"`{column.name}`" and cells[1] == column.data_type
            assert (cells[2] == "yes") == column.required
            assert all(
                word in line for word in (*column.one_of, *column.aliases, column.description)
            )


def test_no_description_of_the_contract_is_cut_at_a_comma():
    """In `{description: a, b}` YAML reads b as one more key."""
    source = yaml.safe_load(CONTRACT_FILE.read_text())["sources"][0]
    for table in source["tables"]:
        for column in table["columns"]:
            assert set(column) <= {"name", "data_type", "description", "config"}, column["name"]


def test_the_contract_can_be_kept():
    for table in CONTRACT.values():
        names = [c.name for c in table.columns]
        taken = names + [alias for c in table.columns for alias in c.aliases]
        assert len(set(taken)) == len(taken)
        assert table.key[0] in {c.name for c in table.columns if c.required}
        # No channel is a value of its own there: all of them. So is no topic. An outcome may be without a time or a name.
        may_be_null = {"channel", "topic", "observed_at", "outcome_id"}
        assert set(table.key) - {c.name for c in table.columns if c.required} <= may_be_null
        assert {table.latest_by, table.event_at} - {None} <= set(names)
        for column in table.columns:
            assert column.data_type in SQL_TYPES
            assert [v.lower() for v in column.one_of] == list(column.one_of)
