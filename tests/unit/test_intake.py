"""Intake: good rows flow on, bad ones are named by file, row and rule, and none is lost.

Every file that goes through `take` is counted again here with Python's csv module or the Parquet
footer, and held against intake's own counts.
"""

# Letters that look alike are the point here.
# ruff: noqa: RUF001

import csv
import gzip
import io
import json
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiencekit.errors import UserError
from audiencekit.intake.contract import load_contract
from audiencekit.intake.decision_words import file_may_decide, may_decide
from audiencekit.intake.extracts import date_in
from audiencekit.intake.files import Extract, open_file
from audiencekit.intake.folder import find_files
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import TableIntake, run_intake
from audiencekit.intake.moments import Moments
from audiencekit.intake.rows import checked_rows
from audiencekit.intake.shop import read_shop
from audiencekit.intake.tombstones import hash_sql
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

AS_OF = datetime(2018, 1, 1)
HEADER = "order_id,ordered_at,total"
Content = str | bytes | pa.Table


@dataclass(frozen=True)
class Taken:
    """What one run_intake left: counts by table, quarantined rows, printed messages, the kept rows."""

    tables: dict[str, TableIntake]
    quarantine: list[tuple[str, int, str]]  # file, row, reasons
    messages: list[str]
    folder: Path

    def rows(self, columns: str = "order_id", table: str = "orders") -> list:
        """Kept rows of a table; of one column its values."""
        query = f"select {columns} from {rows_of(self.folder / f'{table}.parquet')}"
        found = duckdb.execute(query).fetchall()
        return [row[0] for row in found] if "," not in columns else found


def take(folder: Path, files: dict[str, Content], **options) -> Taken:
    """Take in the files; fails where the counts do not add up to the files' own rows."""
    landing = folder / "landing"
    for name, content in files.items():
        write(landing / name, content)
    messages: list[str] = []
    workspace = Workspace(folder / "home")
    taken = run_intake(landing, workspace, AS_OF, Gates(**options), messages.append)
    counts = {result.table_name: result for result in taken}
    for table, result in counts.items():
        mine = [p for p in landing.rglob("*") if p.is_file() and belongs_to(p, landing) == table]
        assert result.rows_in == sum(count_rows(p) for p in mine)
        assert (
            result.rows_in
            == result.rows_kept
            + result.rows_quarantined
            + result.rows_held_back
            + result.rows_left_out
        )
    quarantine = duckdb.execute(
        "select file_name, row_number, reasons from read_parquet(?)",
        [str(workspace.intake / "quarantine.parquet")],
    ).fetchall()
    return Taken(counts, quarantine, messages, workspace.intake)


def refusal(folder: Path, files: dict[str, Content], **options) -> str:
    """Why the files are refused: a UserError of one or two lines."""
    with pytest.raises(UserError) as problem:
        take(folder, files, **options)
    message = str(problem.value)
    assert message.count("\n") < 2 and len(message) < 800
    return message


def write(path: Path, content: Content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content.encode()
        path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def belongs_to(path: Path, landing: Path) -> str | None:
    """The table a file is of; hidden files are of none."""
    if path.name.startswith("."):
        return None
    name = path.relative_to(landing).parts[0].split(".")[0].lower()
    return name if path.name.lower().endswith((".csv", ".csv.gz", ".parquet")) else None


def count_rows(path: Path) -> int:
    """Rows of a file, read without DuckDB; lines and rows without any value are none."""
    if path.suffix == ".parquet":
        return pq.read_metadata(path).num_rows
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    marks = {b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16"}
    encoding = next((e for mark, e in marks.items() if raw.startswith(mark)), "utf-8-sig")
    text = io.StringIO(raw.decode(encoding, errors="replace"), newline="")
    delimiter = max(",;\t|", key=text.getvalue().partition("\n")[0].count)
    return sum(1 for row in csv.reader(text, delimiter=delimiter) if any(row)) - 1


def orders(*rows: str, header: str = HEADER, good: int = 20) -> str:
    """A CSV of orders: these rows from row 2 on, then good ones, so that few bad ones may pass."""
    cells = header.count(",") - HEADER.count(",")
    filler = (f"g{i},2017-06-01 10:00:00,1.50{',' * cells}" for i in range(good))
    return "\n".join([header, *rows, *filler]) + "\n"


# --- Files that cannot serve ---------------------------------------------------------------------


def parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


GOOD_TABLE = pa.table(
    {
        "order_id": [f"o{i}" for i in range(30)],
        "ordered_at": [datetime(2017, 6, 1)] * 30,
        "total": [1.5] * 30,
    }
)
DAMAGED_PAGE = bytearray(parquet_bytes(GOOD_TABLE))
DAMAGED_PAGE[4:200] = b"\xff" * 196


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("orders.csv", b"", "empty (0 bytes)"),
        ("orders.parquet", b"", "empty (0 bytes)"),
        ("orders.csv.gz", b"", "empty (0 bytes)"),
        ("orders.csv.gz", gzip.compress(b"", mtime=0), "empty (0 bytes)"),
        ("orders.csv.gz", b"order_id,ordered_at\n", "cannot be read (Not a gzipped file"),
        ("orders.csv.gz", gzip.compress(orders().encode())[:-9], "cannot be read (Compressed file"),
        ("orders.csv", HEADER, "a header and no rows"),
        ("orders.csv", HEADER + "\r\n\r\n,,\r\n", "a header and no rows"),
        ("orders.parquet", GOOD_TABLE.slice(0, 0), "a header and no rows"),
        ("orders.csv", "\n1,2,3\n", "row 1: the header is blank"),
        ("orders.csv", orders().replace(",", "^"), "Only one column was found"),
        ("orders.csv", "order_id,total\n1,5\n", "no column ordered_at (or order_date"),
        ("orders.csv", orders(header="order_id,ordered_at,Order ID"), "order_id appears 2 times"),
        ("orders.csv", orders(header="id,total,total,ordered_at"), "total appears 2 times"),
        ("orders.csv", "1,2017-12-31,5\n2,2017-12-31,5\n", "no column order_id"),
        ("orders.csv", '"' + orders(), "row 1: a quote in the header is not closed"),
        ("orders.csv", b"PK\x03\x04\x00\x00", "Excel"),
        ("orders.csv", gzip.compress(b"x", mtime=0), "Name it .csv.gz"),
        ("orders.csv", parquet_bytes(GOOD_TABLE), "Name it .parquet"),
        ("orders.csv", orders().encode("utf-16-le"), "this is not text"),
        ("orders.csv", orders().encode("utf-16")[:-1], "broken utf-16"),
        ("orders.parquet", orders(), "not a readable Parquet file"),
        ("orders.parquet", parquet_bytes(GOOD_TABLE)[:-20], "not a readable Parquet file"),
        ("orders.parquet", parquet_bytes(GOOD_TABLE)[:300], "not a readable Parquet file"),
        ("orders.parquet", bytes(DAMAGED_PAGE), "cannot be read"),
        ("orders.parquet", pa.table([[1], [2]], names=["order_id", "ORDER_ID"]), "appears 2 times"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_by_name(tmp_path, name, content, says):
    message = refusal(tmp_path, {name: content})
    assert message.startswith(name) and says in message
    assert str(tmp_path) not in message


def test_a_table_without_a_header_does_not_print_its_people(tmp_path):
    message = refusal(tmp_path, {"orders.csv": "ann@example.com,2017-12-31,5\n"})
    assert "no column order_id" in message and "ann@" not in message


@pytest.mark.parametrize("before", [0, 3])
def test_a_quote_that_never_closes_is_named_by_its_row(tmp_path, before):
    rows = [f"b{i},2017-06-01,1" for i in range(before)]
    message = refusal(tmp_path, {"orders.csv": orders(*rows, 'x,"2017-06-01,1')})
    assert f"orders.csv, row {before + 2}: a quote opens and never closes" in message


def test_a_quote_that_closes_many_rows_later_is_refused_too(tmp_path):
    text = orders('x,2017-06-01,"1', "y,2017-06-01,2", 'z,"2017-06-01",3')
    message = refusal(tmp_path, {"orders.csv": text})
    assert "orders.csv, row 2: a quote opens and is not closed properly" in message


def test_a_quote_left_open_before_megabytes_of_rows_is_found(tmp_path):
    text = orders('x,2017-06-01,"1', good=150_000)
    message = refusal(tmp_path, {"orders.csv": text})
    assert "orders.csv, row 2: a quote opens and never closes" in message


# --- Shapes of CSV that just work ----------------------------------------------------------------

NAMES = "order_id,ordered_at,total,email"


@pytest.mark.parametrize(
    ("delimiter", "line_end"), [(",", "\r"), (";", "\r\n"), ("\t", "\n"), ("|", "\r\n")]
)
def test_delimiters_and_line_ends_are_found(tmp_path, delimiter, line_end):
    text = orders("a,2017-12-31,5", "b,x,5", good=3)
    text = text.replace(",", delimiter).replace("\n", line_end)
    taken = take(tmp_path, {"orders.csv": text})
    assert taken.rows() == ["a", "g0", "g1", "g2"]
    assert [q[:2] for q in taken.quarantine] == [("orders.csv", 3)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_names_of_every_script_round_trip(tmp_path, encoding):
    names = ["Zoë 🎉", "שלום", "José", "Jose\u0301", "李小龍", "👩‍👩‍👧‍👦", "Null", "O'Neil; drop"]
    rows = [f'{i},"{name}"' for i, name in enumerate(names)]
    contacts = "\n".join(["contact_id,first_name", *rows]) + "\n"
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": contacts.encode(encoding)})
    assert taken.rows("first_name", "contacts") == names


def test_mixed_line_ends_are_one_kind_of_line_end(tmp_path):
    text = f"{HEADER}\r\na,2017-06-01,1\nb,2017-06-01,2\rc,x,3\r\nd,2017-06-01,4"
    taken = take(tmp_path, {"orders.csv": text})
    assert taken.rows() == ["a", "b", "d"]
    assert [q[:2] for q in taken.quarantine] == [("orders.csv", 4)]


def test_latin_1_rows_in_a_utf_8_file_go_to_quarantine(tmp_path):
    text = orders("é,2017-06-01,1", "caf#,2017-06-01,1", "x,2017-06-01,1").encode()
    taken = take(tmp_path, {"orders.csv": text.replace(b"#", b"\xe9")})
    assert taken.quarantine == [("orders.csv", 3, "row: not UTF-8")]
    assert taken.rows()[:2] == ["é", "x"]


def test_a_broken_letter_in_an_unknown_column_counts_once(tmp_path):
    rows = orders("a,2017-06-01,1,caf#", "b,2017-06-01,1,café", header=HEADER + ",notes")
    taken = take(tmp_path, {"orders.csv": rows.encode().replace(b"#", b"\xe9")})
    assert taken.quarantine == [("orders.csv", 2, "row: not UTF-8")]


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_in_another_encoding_stops_the_run_and_says_what_to_do(tmp_path, ending):
    text = orders("a,2017-06-01,1,x", "b,2017-06-01,1,café", header=HEADER + ",notes")
    content = text.encode("cp1252")
    message = refusal(
        tmp_path, {f"orders.csv{ending}": gzip.compress(content) if ending else content}
    )
    assert message.startswith(f"orders.csv{ending}, row 3: this text is not UTF-8. Name its")


def test_a_cell_of_several_lines_is_in_one_row(tmp_path):
    rows = ['a,2017-06-01,1,"x\ny\n\nz"', "b,bad,1,", 'c,2017-06-01,1,"\r\n"', "d,bad,1,", "e"]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=NAMES)})
    assert [q[1] for q in taken.quarantine] == [3, 5, 6]
    assert taken.rows("order_id, email")[:2] == [("a", "x\ny\n\nz"), ("c", None)]


def test_blank_lines_are_no_rows_but_are_counted_on_the_way(tmp_path):
    rows = ["", "a,bad,1", "", "", "b", "c,bad,1", ",,", "d,bad,1", "e,2017-06-01,1,1"]
    taken = take(tmp_path, {"orders.csv": orders(*rows) + "\n\n,,\n\n"})
    assert [q[1] for q in taken.quarantine] == [3, 6, 7, 9, 10]
    assert taken.tables["orders"].rows_in == 20 + 5


def test_blank_lines_in_a_file_of_one_column_are_no_rows_either(tmp_path):
    files = {"orders.csv": orders(), "products.csv": 'sku\n1\n\n""\n2,3\n4\n\n5\n6\n'}
    taken = take(tmp_path, files)
    assert taken.rows("product_id", "products") == ["1", "4", "5", "6"]
    assert taken.quarantine == [("products.csv", 5, "row: more cells than the header")]


def test_rows_that_two_readers_count_differently_are_refused(tmp_path):
    message = refusal(tmp_path, {"orders.csv": orders('"\n" """,')})
    assert "orders.csv: 21 rows, of which 0 could be read" in message


def test_rows_with_too_many_or_too_few_cells_go_to_quarantine(tmp_path):
    taken = take(tmp_path, {"orders.csv": orders("a,2017-06-01", "b,2017-06-01,1,2,3", "c")})
    assert taken.quarantine == [
        ("orders.csv", 2, "row: fewer cells than the header"),
        ("orders.csv", 3, "row: more cells than the header"),
        ("orders.csv", 4, "row: fewer cells than the header"),
    ]


def test_cells_beyond_the_header_are_never_dropped_also_without_a_value(tmp_path):
    """A delimiter too many moves every later cell; DuckDB reads such a row as long as the surplus is empty."""
    rows = [
        "a,,2017-06-01,1,",
        "b,2017-06-01,1,,",
        'c,2017-06-01,1,"x",""',
        "d,2017-06-01,1,",
        "e,2017-06-01,1,y,,,",
    ]
    rows += ['"f\n",2017-06-01,1,,', "g,2017-06-01,1,z"]
    for quoted in (rows, [row for row in rows if '"' not in row]):
        folder = tmp_path / str(len(quoted))
        folder.mkdir()
        taken = take(folder, {"orders.csv": orders(*quoted, header=NAMES)})
        wrong = [n for n, row in enumerate(quoted, start=2) if row[0] not in "dg"]
        assert taken.quarantine == [
            ("orders.csv", row, "row: more cells than the header") for row in wrong
        ]
        assert taken.rows("order_id, email")[:2] == [("d", None), ("g", "z")]
        lines = duckdb.execute(
            f"select raw_row from '{taken.folder}/quarantine.parquet' order by row_number"
        ).fetchall()
        assert json.loads(lines[1][0])["line"].rstrip() == "b,2017-06-01,1,,"


def test_a_table_whose_header_lost_a_delimiter_stops_the_run(tmp_path):
    text = "contact_id,emailfirst_name,city\n" + "".join(f"{i},,Ann,Oslo\n" for i in range(60))
    message = refusal(tmp_path, {"orders.csv": orders(), "contacts.csv": text})
    assert "no row is usable" in message and "more cells than the header (60 times" in message


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ('1,Al"x, y",Oslo', None),
        ('1,"Al ""x""",5" pipe', ('Al "x"', '5" pipe')),
        ('1,"5"" pipe","6"" pipe"', ('5" pipe', '6" pipe')),
        ('1,a "b" c,"d"', ('a "b" c', "d")),
        ('1,5" pipe,Oslo', ('5" pipe', "Oslo")),
        ('1,"two\nlines ""x""","y"', ('two\nlines "x"', "y")),
    ],
)
def test_a_delimiter_between_quotes_inside_cells_is_not_guessed_at(tmp_path, row, names):
    text = f"contact_id,first_name,city\n{row}\n" + "".join(f"{i},Ann,Oslo\n" for i in range(2, 20))
    if names is None:
        text = text.replace("city", "last_name,city").replace("Ann,", "Ann,Lee,")
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": text})
    if names:
        assert taken.rows("contact_id, first_name, city", "contacts")[0] == ("1", *names)
    else:
        why = "row: a quote inside a cell. Put the cell in quotes, and double the quote"
        assert taken.quarantine == [("contacts.csv", 2, why)]


def test_a_header_in_the_middle_is_nobody(tmp_path):
    text = "contact_id,first_name\n1,Ann\ncontact_id,first_name\n2,Bob\n3,contact_id\n4,Eve\n"
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": text})
    assert taken.rows("contact_id", "contacts") == ["1", "2", "3", "4"]
    assert taken.quarantine == [("contacts.csv", 3, "row: repeats the header")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sep=;\norder_id;ordered_at;total\na;2017-06-01;1\n", "delete the lines above the header"),
        (
            "Report,,\norder_id,ordered_at,total\na,2017-06-01,1\n",
            "delete the lines above the header",
        ),
        (
            "a,2017-06-01,1\nb,2017-06-01,1\n",
            "Its first row looks like data: is the header missing?",
        ),
        (
            "'order_id','ordered_at','total'\n'a','2017-06-01','1'\n",
            "its cells are in single quotes",
        ),
        (
            'order_id,"ordered_at,total\na,2017-06-01,1\n',
            "row 1: a quote in the header is not closed",
        ),
    ],
)
def test_a_header_that_is_none_is_named_as_such(tmp_path, text, message):
    found = refusal(tmp_path, {"orders.csv": text})
    assert message in found and "2017-06-01" not in found


def test_space_around_the_names_of_a_header_is_no_part_of_them(tmp_path):
    settings = "files: {orders.csv: {columns: {No: order_id}}}"
    rows = "".join(f"{i}, 2017-06-01, 1\n" for i in range(20))
    text = f" No, ordered_at , total\n{rows}"
    taken = take(tmp_path, {"landing.yml": settings, "orders.csv": text})
    assert taken.rows("order_id")[0] == "0"


def test_quotes_inside_cells_are_read_or_named(tmp_path):
    rows = ['a,2017-06-01,1,"say ""hi"", you"', 'b,2017-06-01,1,5" disc', 'c,2017-06-01,1,"x"y']
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=NAMES)})
    assert taken.rows("email")[:2] == ['say "hi", you', '5" disc']
    assert taken.quarantine == [
        ("orders.csv", 4, "row: a quote inside a quoted cell is not doubled")
    ]


def test_nul_bytes_go_to_quarantine(tmp_path):
    text = orders(
        *[f"k{i},2017-06-01,1" for i in range(300)], "a\x00b,2017-06-01,1", "c,2017-06-01,\x00"
    )
    taken = take(tmp_path, {"orders.csv": text})
    assert [(row, why[:19]) for _, row, why in taken.quarantine] == [
        (302, "order_id: holds a N"),
        (303, "total: not a number"),
    ]


def test_a_cell_of_a_megabyte_goes_through_and_one_of_three_is_named(tmp_path):
    rows = [f"a,2017-06-01,1,{'x' * 1_000_000}", f"b,2017-06-01,1,{'x' * 3_000_000}", "c,bad,1,"]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=NAMES)})
    assert len(taken.rows("email")[0]) == 1_000_000
    assert taken.quarantine[0] == ("orders.csv", 3, "row: longer than 2,000,000 bytes")
    assert taken.quarantine[1][1] == 4


def test_rows_across_the_readers_buffers_keep_their_numbers(tmp_path):
    cell = '"' + 'one line, ""quoted""\n' * 46_000 + '"'
    rows = [f"{i},{'bad' if i % 10 == 0 else '2017-06-01'},1,{cell}" for i in range(45)]
    text = orders(*rows, header=NAMES, good=60)
    assert len(text) > 40_000_000
    taken = take(tmp_path, {"orders.csv": text})
    assert [q[1] for q in taken.quarantine] == [2, 12, 22, 32, 42]


def test_rows_that_several_threads_read_keep_their_numbers(tmp_path):
    rows = [
        f"o{i},{'bad' if i in (7, 99_000, 399_999) else '2017-06-01'},1,{'note' * 25}"
        + (",more,cells" if i in (50_000, 350_000) else "")
        for i in range(2, 400_002)
    ]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=NAMES, good=0)})
    assert [q[1] for q in taken.quarantine] == [7, 50_000, 99_000, 350_000, 399_999]


@pytest.mark.parametrize("table", load_contract().values(), ids=lambda table: table.name)
def test_no_join_puts_the_rows_of_a_text_file_in_another_order(tmp_path, table):
    path = tmp_path / f"{table.name}.csv"
    path.write_text(",".join(column.name for column in table.columns) + "\n")
    with duckdb.connect() as con:
        file = open_file(Extract(path, path.name), table, con, tmp_path)
        rows = checked_rows(table, file, Moments(AS_OF))
        plan = con.execute(f"explain copy ({rows}) to '{tmp_path}/x.parquet'").fetchall()[0][1]
    assert "READ_CSV" in plan
    assert "JOIN" not in plan


def test_two_hundred_columns_are_left_alone_by_name(tmp_path):
    extra = ",".join(["extra", "Extra", *(f"x{i}" for i in range(198))])
    taken = take(
        tmp_path, {"orders.csv": orders("a,b,c", header=f"{HEADER},{extra}", good=30)[:-1]}
    )
    assert len(taken.tables["orders"].ignored_columns.split(", ")) == 200
    assert len(taken.messages[0]) < 250
    assert [q[1] for q in taken.quarantine] == [2]


def test_a_gzipped_csv_is_read(tmp_path):
    assert take(tmp_path, {"orders.csv.gz": orders("a,bad,1")}).tables["orders"].rows_kept == 20


def test_headers_are_known_by_alias_case_and_spaces(tmp_path):
    text = ' ORDER NO ,"Order\tDate",Total-Amount,Customer_ID\n1,2017-12-31,5,7\n'.replace(
        "\t", " "
    )
    taken = take(tmp_path, {"Orders.CSV": text})
    assert taken.rows("order_id, total, account_id") == [("1", 5.0, "7")]


def test_a_column_goes_by_its_own_name_before_any_alias(tmp_path):
    text = "total_usd,id,order_id,created_at,ordered_at,total\n1,2,3,2017-01-01,2017-02-01,4\n"
    taken = take(tmp_path, {"orders.csv": text})
    assert taken.rows("order_id, ordered_at, total") == [("3", datetime(2017, 2, 1), 4.0)]
    assert taken.tables["orders"].ignored_columns == "created_at, id, total_usd"


# --- Values --------------------------------------------------------------------------------------

NOT_A_NUMBER = "total: not a number (write 1234.50)"
NOT_A_MOMENT = "ordered_at: not a timestamp (write 2017-12-31 18:30:00, with +01:00 if not UTC)"


def reasons(folder: Path, *rows: str, **options) -> list[str]:
    """Why each of these rows of orders is refused; none of them may pass."""
    taken = take(folder, {"orders.csv": orders(*rows, good=12 * len(rows), **options)})
    assert [q[1] for q in taken.quarantine] == list(range(2, len(rows) + 2))
    return [q[2] for q in taken.quarantine]


@pytest.mark.parametrize("word", ["Total", "Summe", "Grand Total", "SOMME"])
def test_a_line_of_totals_is_no_order(tmp_path, word):
    found = reasons(tmp_path, f"{word},2017-06-01,150")
    assert found == ["order_id: this looks like a line of totals"]


def test_of_two_amounts_of_other_names_landing_yml_says_which_is_the_total(tmp_path):
    rows = "order_id,ordered_at,amount,Revenue\n1,2017-06-01,3,150\n"
    with pytest.raises(UserError, match=r"amount and Revenue may both be the total"):
        take(tmp_path / "a", {"orders.csv": rows})
    settings = "files: {orders.csv: {columns: {Revenue: total}}}"
    taken = take(tmp_path / "b", {"orders.csv": rows, "landing.yml": settings})
    assert taken.rows("total") == [150.0]
    own = rows.replace("amount", "total")
    assert take(tmp_path / "c", {"orders.csv": own}).rows("total") == [3.0]


def test_what_is_no_plain_decimal_number_is_no_amount(tmp_path):
    amounts = [
        "five",
        "$5",
        "5 €",
        '"5,50"',
        '"1,234.50"',
        "inf",
        "-Infinity",
        "1e999",
        "1_000",
        "0x1A",
    ]
    amounts += [
        "٣٫٥",
        "१२",
        "１２",
        "(5.00)",
        "5-",
        "--5",
        "1 000",
        "true",
        "1.2.3",
        "5%",
        "1e",
        ".",
    ]
    assert set(reasons(tmp_path, *[f"a,2017-06-01,{a}" for a in amounts])) == {NOT_A_NUMBER}


def test_a_missing_or_outsize_amount_is_named(tmp_path):
    amounts = [
        "",
        "  ",
        "NaN",
        "nan",
        "NULL",
        "N/A",
        "1e13",
        "-1000000000001",
        "99999999999999999999999",
    ]
    assert reasons(tmp_path, *[f"a,2017-06-01,{a}" for a in amounts]) == [
        *["total: missing"] * 6,
        "total: above 1000000000000.0",
        "total: below -1000000000000.0",
        "total: above 1000000000000.0",
    ]


def test_numbers_as_programs_write_them_are_amounts(tmp_path):
    written = [
        "5",
        "-5",
        "+5",
        ".5",
        "5.",
        " 5 ",
        "1e3",
        "1.5E-2",
        "1e-400",
        "\u00a07\u00a0",
        "-0.0",
        '"8"',
    ]
    taken = take(
        tmp_path,
        {"orders.csv": orders(*[f"a{i},2017-06-01,{n}" for i, n in enumerate(written)], good=0)},
    )
    assert taken.rows("total") == [5, -5, 5, 0.5, 5, 5, 1000, 0.015, 0, 7, 0, 8]


def test_moments_without_a_place_in_time_are_refused(tmp_path):
    moments = [
        "20171231",
        "2017-02-30",
        "2017-13-01",
        "yesterday",
    ]
    moments += [
        "2017-12-31 25:00:00",
        "2017-12-31 13:30 PM",
        "31/12",
        "2017-12-31 18:30:00 BST",
        "2017-12-31 18:30 EST",
    ]
    moments += [
        "2017-12-31 18:30:00 Mars/Phobos",
        "2017-12-31 18:30:00+25:00",
        "151474500",
        "15147450000",
        "1514745000.5",
        "-1514745000",
    ]
    moments += [
        "infinity",
        "epoch",
        "now",
        "2017-W52-1",
        "12-11-10",
        "2017",
        "2017-12",
        "0000-00-00 00:00:00",
    ]
    assert set(reasons(tmp_path, *[f"a,{m},5" for m in moments])) == {NOT_A_MOMENT}


def test_moments_out_of_any_range_are_refused(tmp_path):
    moments = [
        "1900-01-01",
        "1970-01-01 00:00:00",
        "1999-12-31 23:59:59",
        "2200-01-01",
        "9999-12-31",
    ]
    early, late = "ordered_at: before 2000-01-01", "ordered_at: after 2100-01-01"
    assert reasons(tmp_path, *[f"a,{m},5" for m in moments]) == [early] * 3 + [late] * 2


def test_moments_count_in_utc(tmp_path):
    evening = datetime(2017, 12, 31, 18, 30)
    written = {
        "2017-12-31 18:30:00": evening,
        "2017-12-31T18:30:00Z": evening,
        "2017-12-31 18:30:00 UTC": evening,
        "2017/12/31 18:30 GMT": evening,
        "2017-12-31T18:30:00.000000000Z": evening,
        "2017-12-31T18:30": evening,
        "2017-12-31T18:30Z": evening,
        "2017-12-31 18:30:00 Z": evening,
        "2017-12-31 19:30 +01": evening,
        "2017-12-31 19:30:00+01": evening,
        "2017-12-31T19:30:00+01:00": evening,
        "2017-12-31 13:00:00 -0530": evening,
        "2018-01-01 08:30:00 +14:00": evening,
        "2017-12-31 19:30:00 Europe/Paris": evening,
        "2017-06-30 14:30:00 America/New_York": datetime(2017, 6, 30, 18, 30),
        "2017-12-31 15:30:00 America/Argentina/Buenos_Aires": evening,
        "2017-12-31": datetime(2017, 12, 31),
        "2017-1-2": datetime(2017, 1, 2),
        "2017-12-31 18:30:00.123456789": evening + timedelta(microseconds=123456),
    }
    taken = take(tmp_path, {"orders.csv": orders(*[f"a,{m},5" for m in written], good=0)})
    assert taken.rows("ordered_at") == list(written.values())


def test_moments_do_not_depend_on_the_time_zone_of_the_machine(tmp_path, monkeypatch):
    connect = duckdb.connect

    def connect_in_tokyo() -> duckdb.DuckDBPyConnection:
        con = connect()
        con.execute("set TimeZone = 'Asia/Tokyo'")
        return con

    monkeypatch.setattr(duckdb, "connect", connect_in_tokyo)
    taken = take(tmp_path, {"orders.csv": orders("a,2017-12-31T18:30:00Z,5", good=0)})
    assert taken.rows("ordered_at") == [datetime(2017, 12, 31, 18, 30)]


def test_rows_later_than_as_of_are_held_back_not_lost(tmp_path):
    rows = ["a,2018-01-01 00:00:00,1", "b,2017-12-31 23:59:59,1", "c,2018-01-01 00:30:00+01:00,1"]
    rows = [row + "," for row in rows] + ["d,2017-01-01,1,2018-03-01", "e,2019-01-01,x,"]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=HEADER + ",updated_at")})
    assert taken.rows()[:2] == ["b", "c"]
    assert [q[1:] for q in taken.quarantine] == [
        (2, "later than as_of"),
        (5, "later than as_of"),
        (6, NOT_A_NUMBER),
    ]
    assert taken.tables["orders"].rows_held_back == 2
    assert "2 later than as_of" in taken.messages[0]


def test_dates_that_may_be_of_two_orders_stop_the_run(tmp_path):
    rows = [f"{i},12/{i % 12 + 1}/2017,5" for i in range(300)]
    message = refusal(tmp_path, {"orders.csv": orders(*rows, good=0)})
    assert message.startswith(
        "orders: no row is usable. Most often: ordered_at: day or month first? Say date_order: DMY or MDY in landing.yml"
    )
    assert "(300 times, first in orders.csv, row 2)" in message


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["03/04/2017", "13/04/2017"], ["2017-04-03", "2017-04-13"]),
        (["03/04/2017 05:06", "04/13/2017"], ["2017-03-04", "2017-04-13"]),
        (["1.2.2017", "2/3/2017"], ["2017-02-01", "2017-03-02"]),
        (["03-04-2017", "12-31-2017 6:30 PM"], ["2017-03-04", "2017-12-31"]),
        (["03/04/2017", "2017-12-31"], ["", "2017-12-31"]),
        (["03/04/2017", "13/04/2017", "04/13/2017"], ["", "", ""]),
        (["03/04/2017", "1.2.2017", "04/13/2017"], ["", "", ""]),
        (["31/13/2017", "'13/04/2017"], ["", "2017-04-13"]),
    ],
)  # fmt: skip
def test_the_values_of_a_column_prove_the_order_of_its_dates(tmp_path, cells, days):
    rows = orders(*[f"{i},{cell},1" for i, cell in enumerate(cells)])
    taken = take(tmp_path, {"orders.csv": rows})
    read = dict(taken.rows("order_id, cast(cast(ordered_at as date) as varchar)"))
    assert [read.get(str(i), "") for i in range(len(cells))] == days
    assert all("day or month first?" in q[2] or "not a timestamp" in q[2] for q in taken.quarantine)


def test_hours_may_be_counted_to_twelve_twice(tmp_path):
    cells = [
        "2017-12-31 6:30 PM",
        "2017/12/31 12:00:01 am",
        "2017-12-31 12:00 PM",
        "12/31/2017 1:05 pm",
    ]
    taken = take(
        tmp_path, {"orders.csv": orders(*[f"{i},{c},1" for i, c in enumerate(cells)], good=0)}
    )
    assert taken.rows("ordered_at") == [
        datetime(2017, 12, 31, 18, 30),
        datetime(2017, 12, 31, 0, 0, 1),
        datetime(2017, 12, 31, 12),
        datetime(2017, 12, 31, 13, 5),
    ]


def test_a_slip_in_a_birth_date_costs_no_contact(tmp_path):
    days = ["1980-02-29", "19800229", "1980-02-30", "02/03/1980", "unknown", ""]
    rows = [f"{i},{day}" for i, day in enumerate(days)]
    contacts = "\n".join(["contact_id,date_of_birth", *rows]) + "\n"
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": contacts})
    assert taken.rows("birth_date", "contacts") == [*days[:-1], None]
    assert not taken.quarantine


def test_a_grant_that_never_runs_out_is_kept(tmp_path):
    consent = (
        "consent_event_id,id_type,id_value,purpose,status,decided_at,expires_at\n"
        "1,email,a@example.com,newsletter,granted,2017-01-01,9999-12-31\n"
    )
    taken = take(tmp_path, {"orders.csv": orders(), "consent_events.csv": consent})
    assert taken.rows("expires_at", "consent_events") == [datetime(9999, 12, 31)]


def test_quantities_may_be_negative_but_not_zero(tmp_path):
    quantities = {"1": 1.0, "-2": -2.0, "0.5": 0.5, "0": None, "-0.0": None, "1e-400": None}
    lines = [f"a,{i},{q},5" for i, q in enumerate(quantities)] + [
        "a,1.5,1,5",
        "a,-1,1,5",
        "a,7.0,1,5",
    ]
    text = "\n".join(["order_id,line_no,quantity,amount", *lines]) + "\n"
    taken = take(
        tmp_path, {"orders.csv": orders(), "order_lines.csv": text}, accept=["order_lines"]
    )
    kept = taken.rows("line_number, quantity", "order_lines")
    assert kept == [(0, 1.0), (1, -2.0), (2, 0.5), (7, 1.0)]
    assert [why for *_, why in taken.quarantine] == [
        *["quantity: zero"] * 3,
        "line_number: not a whole number",
        "line_number: below 0",
    ]


def test_a_fraction_is_no_line_number(tmp_path):
    lines = {
        "line_number": [1.0, 1.5, None],
        "order_id": ["a"] * 3,
        "quantity": [1] * 3,
        "amount": [1] * 3,
    }
    files = {"orders.csv": orders(), "order_lines.parquet": pa.table(lines)}
    taken = take(tmp_path, files, accept=["order_lines"])
    assert taken.rows("line_number", "order_lines") == [1]
    assert [why for *_, why in taken.quarantine] == [
        "line_number: not a whole number; the file holds double",
        "line_number: missing",
    ]


def test_rows_without_a_key_go_to_quarantine(tmp_path):
    keys = ["", "  ", "\u00a0", "\u200b", '""', "NULL", r"\N", "NaN", "<NA>"]
    rows = [f"{key},2017-06-01,5" for key in keys]
    assert set(reasons(tmp_path, *rows)) == {"order_id: missing"}


def test_one_key_twice_is_kept_here(tmp_path):
    assert (
        take(tmp_path, {"orders.csv": orders(*["a,2017-06-01,5"] * 3, good=0)}).rows() == ["a"] * 3
    )


def test_spaces_around_values_go_and_spaces_inside_stay(tmp_path):
    rows = ['" a  b ",2017-06-01,1,\u00a0x\u3000y\u00a0', "\tc\t, 2017-06-01 ,1,' z '"]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=NAMES, good=0)})
    assert taken.rows("order_id, email") == [("a  b", "x\u3000y"), ("c", "' z '")]


def test_no_value_is_null_and_free_text_is_left_as_it_is(tmp_path):
    text = 'contact_id,first_name,country,account_id\n1,Null,NA,NULL\n2,"", ,n/a\n3,None,NA,0017\n'
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": text})
    assert taken.rows("first_name, country_code, account_id", "contacts") == [
        ("Null", "NA", None),
        (None, None, None),
        ("None", "NA", "0017"),
    ]


def test_codes_are_compared_in_lower_case(tmp_path):
    rows = [
        "a,2017-06-01,1,PAID",
        "b,2017-06-01,1, Paid ",
        "c,2017-06-01,1,",
        "d,2017-06-01,1,paid!",
    ]
    taken = take(tmp_path, {"orders.csv": orders(*rows, header=HEADER + ",status", good=20)})
    assert taken.rows("status")[:3] == ["paid", "paid", None]
    assert taken.quarantine[0][2].startswith("status: not one of pending, placed")


def test_every_reason_of_a_row_is_given(tmp_path):
    [why] = reasons(tmp_path, ",2017-31-12,x")
    assert why == f"order_id: missing; {NOT_A_MOMENT}; {NOT_A_NUMBER}"


# --- Identifiers ---------------------------------------------------------------------------------


def test_identifiers_that_pandas_made_fractions_are_fixed(tmp_path):
    frame = pd.DataFrame({"order_id": [1, 2, None], "account_id": [17, None, 18], "total": 1.5})
    frame["ordered_at"] = datetime(2017, 6, 1)
    text = frame.iloc[:2].to_csv(index=False)
    assert "\n2.0,," in text
    taken = take(
        tmp_path, {"orders.csv": text, "orders.b.parquet": pa.Table.from_pandas(frame[:2])}
    )
    assert taken.rows("order_id, account_id") == [("1", "17"), ("2", None)] * 2


def test_identifiers_stay_as_they_are_where_one_is_no_fraction(tmp_path):
    rows = ["1.0,2017-06-01,1,007,1.0", "1.1,2017-06-01,1,7.0,2.10"]
    text = orders(*rows, header=HEADER + ",account_id,card_number", good=0)
    taken = take(tmp_path, {"orders.csv": text})
    assert taken.rows("order_id, account_id, card_number") == [
        ("1.0", "007", "1.0"),
        ("1.1", "7.0", "2.10"),
    ]


def test_a_refused_row_does_not_keep_identifiers_from_being_fixed(tmp_path):
    taken = take(tmp_path, {"orders.csv": "order_id,ordered_at,total\n1.0,2017-01-01,1\nx,bad,1\n"})
    assert taken.rows() == ["1"]


def test_identifiers_that_lost_their_digits_are_refused(tmp_path):
    assert (
        reasons(tmp_path, "1.23457E+12,2017-06-01,1", "4e+18,2017-06-01,1")
        == ["order_id: digits are lost (as 1.2E+12). Export identifiers as text"] * 2
    )


# --- Parquet -------------------------------------------------------------------------------------


def table_of(good: int = 20, **columns: pa.Array) -> pa.Table:
    """A table of orders with these columns in its first rows, the other cells good or null."""
    rows = good + max((len(c) for c in columns.values()), default=0)
    ids = pa.array([f"o{i}" for i in range(rows)])
    data = {"order_id": ids, "ordered_at": pa.array([datetime(2017, 6, 1)] * rows)}
    data["total"] = pa.array([1.5] * rows)
    for name, column in columns.items():
        rest = (
            data[name].cast(column.type) if name in data and good else pa.nulls(rows, column.type)
        )
        data[name] = pa.concat_arrays([column, rest[len(column) :]])
    return pa.table(data)


UTC_EVENING = datetime(2017, 12, 31, 18, 30, tzinfo=UTC)


NAIVE_EVENING = UTC_EVENING.replace(tzinfo=None)
# Column of orders, an array with one value, and what that is after intake.
READ = [
    ("ordered_at", pa.array([UTC_EVENING], pa.timestamp("us", "UTC")), NAIVE_EVENING),
    ("ordered_at", pa.array([UTC_EVENING], pa.timestamp("ns", "Asia/Tokyo")), NAIVE_EVENING),
    ("ordered_at", pa.array([NAIVE_EVENING], pa.timestamp("us")), NAIVE_EVENING),
    ("ordered_at", pa.array([NAIVE_EVENING], pa.timestamp("ns")), NAIVE_EVENING),
    ("ordered_at", pa.array([NAIVE_EVENING], pa.timestamp("ms")), NAIVE_EVENING),
    ("ordered_at", pa.array([NAIVE_EVENING], pa.timestamp("s")), NAIVE_EVENING),
    ("ordered_at", pa.array(["2017-12-31T19:30:00+01:00"]), NAIVE_EVENING),
    ("ordered_at", pa.array(["2017-12-31 18:30"]).dictionary_encode(), NAIVE_EVENING),
    ("total", pa.array([Decimal("5.25")]), 5.25),
    ("total", pa.array([5], pa.int8()), 5.0),
    ("total", pa.array(["5.25"]), 5.25),
    ("total", pa.array([5], pa.uint64()), 5.0),
    ("order_id", pa.array([17]), "17"),
    ("order_id", pa.array([17.0]), "17"),
    ("order_id", pa.array([17.0], pa.float32()), "17"),
    ("order_id", pa.array([Decimal("17.00")]), "17"),
    ("order_id", pa.array([b"a17"]), "a17"),
    ("order_id", pa.array([2**63], pa.uint64()), str(2**63)),
    ("email", pa.array(["É"]), "É"),
    ("email", pa.array([" "]), None),
    ("email", pa.nulls(1), None),
    ("discount", pa.array([float("nan")]), None),
    ("ordered_at", pa.array([date(2017, 12, 31)]), datetime(2017, 12, 31)),
    ("ordered_at", pa.array([1514745000000]), datetime(2017, 12, 31, 18, 30)),
]
# Column of orders, an array with one value, and why that is refused.
REFUSED = [
    ("ordered_at", pa.array([20171231]), f"{NOT_A_MOMENT}; the file holds bigint"),
    ("ordered_at", pa.array([1514745000.0]), f"{NOT_A_MOMENT}; the file holds double"),
    ("total", pa.array([True]), f"{NOT_A_NUMBER}; the file holds boolean"),
    ("total", pa.array([float("inf")]), f"{NOT_A_NUMBER}; the file holds double"),
    ("total", pa.array([float("nan")]), "total: missing"),
    ("total", pa.array([date(2017, 1, 1)]), f"{NOT_A_NUMBER}; the file holds date"),
    ("order_id", pa.array([1e17]), "order_id: digits are lost"),
    ("order_id", pa.array([2.0**25], pa.float32()), "order_id: digits are lost"),
    ("order_id", pa.array([True]), "order_id: not text; the file holds boolean"),
    ("order_id", pa.array([b"\xe9"]), "order_id: not text; the file holds blob"),
    ("order_id", pa.array(["a\x00"]), "order_id: holds a NUL byte"),
    ("email", pa.array([["a@example.com"]]), "email: not text; the file holds varchar[]"),
    ("order_id", pa.array([[Decimal("1.50")]]), "order_id: not text; the file holds decimal"),
    ("email", pa.array([{"a": 1}]), "email: not text; the file holds struct"),
    ("status", pa.array([1]), "status: not one of pending"),
]


def one_file_each(cases: list[tuple]) -> dict[str, pa.Table]:
    return {
        f"orders.{i:02}.parquet": table_of(good=0, **{name: column})
        for i, (name, column, _) in enumerate(cases)
    }


def test_parquet_types_that_hold_the_value_serve_and_times_count_in_utc(tmp_path):
    taken = take(tmp_path, one_file_each(READ), accept=["orders"])  # all have one order number
    names = ["order_id", "ordered_at", "total", "email", "discount"]
    for row, (name, column, value) in zip(taken.rows(", ".join(names)), READ, strict=True):
        assert row[names.index(name)] == value, (name, column.type)


def test_parquet_types_that_do_not_are_refused_with_a_reason(tmp_path):
    taken = take(tmp_path, one_file_each(REFUSED), accept=["orders"])
    assert [q[:2] for q in taken.quarantine] == [(name, 2) for name in one_file_each(REFUSED)]
    for (_, _, reason), (name, column, why) in zip(taken.quarantine, REFUSED, strict=True):
        assert reason.startswith(why), (name, column.type)


def test_parquet_columns_may_have_any_name(tmp_path):
    table = table_of(good=3, **{'odd "name"': pa.array([1]), "file_row_number": pa.array([9])})
    taken = take(
        tmp_path, {"orders.parquet": table.rename_columns([c.upper() for c in table.column_names])}
    )
    assert taken.tables["orders"].ignored_columns == 'FILE_ROW_NUMBER, ODD "NAME"'


# --- Folders, extracts and names -----------------------------------------------------------------


def test_several_extracts_of_a_table_are_one_table(tmp_path):
    files = {
        "orders.csv": "order_id,ordered_at,total\na,2017-01-01,1\n",
        "orders.2024.csv": "total;ordered_at;junk;id\n2;2017-01-02;x;b\n3;bad;x;c\n",
        "orders/part-0.parquet": table_of(good=1),
        "orders/year=2016/part-0.csv.gz": "order_id,ordered_at,total\nd,2016-01-01,4\ne,bad,5\n",
        "orders/status=paid/order_id=7/part-0.parquet": table_of(good=1),
        "orders/empty.csv": HEADER,
        "orders/_SUCCESS": "",
        "orders/.hidden.csv": "x",
    }
    taken = take(tmp_path, files)
    assert sorted(taken.rows("order_id, total")) == [
        ("a", 1),
        ("b", 2),
        ("d", 4),
        ("o0", 1.5),
        ("o0", 1.5),
    ]
    assert [q[:2] for q in taken.quarantine] == [
        ("orders.2024.csv", 3),
        ("orders/year=2016/part-0.csv.gz", 3),
    ]
    assert taken.tables["orders"].ignored_columns == "junk"
    assert "orders/part-0.parquet" in taken.tables["orders"].file_names


def test_files_with_other_types_of_one_column_go_together(tmp_path):
    files = {
        "orders.1.parquet": table_of(good=0, order_id=pa.array([1]), total=pa.array([5])),
        "orders.2.parquet": table_of(good=0, order_id=pa.array(["1"]), total=pa.array(["5"])),
    }
    assert take(tmp_path, files).rows("order_id, total") == [("1", 5.0)] * 2


def test_a_folder_named_like_a_file_is_read_as_a_folder(tmp_path):
    assert take(tmp_path, {"orders.csv/part-00000.csv": orders()}).tables["orders"].rows_in == 20


def test_links_are_followed_and_a_broken_one_is_named(tmp_path):
    (tmp_path / "landing").mkdir()
    write(tmp_path / "elsewhere.csv", orders())
    (tmp_path / "landing/orders.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert take(tmp_path, {}).tables["orders"].rows_in == 20
    (tmp_path / "landing/contacts.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "contacts.csv: cannot be read (No such file" in refusal(tmp_path, {})
    (tmp_path / "landing/contacts.csv").unlink()
    (tmp_path / "landing/contacts.csv").symlink_to(tmp_path / "landing/contacts.csv")
    assert "contacts.csv: cannot be read (Too many levels" in refusal(tmp_path, {})


def test_a_link_back_to_its_own_folder_is_not_followed(tmp_path):
    write(tmp_path / "landing/orders/a.csv", orders())
    (tmp_path / "landing/orders/loop").symlink_to(tmp_path / "landing/orders")
    taken = take(tmp_path, {})
    assert taken.tables["orders"].rows_in == 20
    assert "orders/loop is not read" in taken.messages[0]


@pytest.fixture
def nobody():
    """Run as a user without rights, where the tests run as root."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


@pytest.mark.parametrize("what", ["landing", "landing/orders.csv", "landing/contacts"])
def test_what_may_not_be_read_is_named(what, nobody):
    with TemporaryDirectory() as folder:
        home = Path(folder)
        write(home / "landing/orders.csv", orders())
        write(home / "landing/contacts/a.csv", "contact_id\n1\n")
        locked = home / what
        locked.chmod(0)
        message = refusal(home, {})
        locked.chmod(0o700)
        assert Path(what).name in message and "Permission denied" in message


def test_names_with_quotes_spaces_and_brackets_are_no_matter(tmp_path):
    folder = tmp_path / 'it\'s [a] "folder" *?' / "total=7"
    files = {
        "orders.o'clock [1] *.csv": orders("a,bad,1"),
        "orders.it's [2]?.parquet": table_of(total=pa.array([None], pa.float64())),
        "contacts.it's.csv.gz": "contact_id,it's\n1,2\n",
    }
    taken = take(folder, files)
    assert sorted(q[0] for q in taken.quarantine) == sorted(files)[1:]
    assert taken.rows("total") == [1.5] * 40


def test_strangers_are_left_alone_with_a_hint(tmp_path):
    files = {
        "orders.csv": orders(),
        "order.csv": "x",
        "Customers.csv": "x",
        "contacts.xls": b"PK",
        "orders.ods": "x",
        "accounts": "x",
        "notes.md": "x",
        "README.txt": "x",
    }
    messages = take(tmp_path, files).messages
    assert messages == [
        "Customers.csv is not a landing table and was ignored",
        "accounts is not read: export it as .csv, .csv.gz, .parquet or .xlsx",
        "contacts.xls is not read: export it as .csv, .csv.gz, .parquet or .xlsx",
        "order.csv is not a landing table and was ignored; is it orders?",
        "orders.ods is not read: export it as .csv, .csv.gz, .parquet or .xlsx",
        "orders: 20 rows",
    ]


@pytest.mark.parametrize("is_file", [True, False])
def test_a_landing_that_is_no_folder_is_refused(tmp_path, is_file):
    if is_file:
        (tmp_path / "landing").write_text("x")
    assert "is not a folder" in refusal(tmp_path, {})


def test_the_one_table_that_must_be_there_is_asked_for(tmp_path):
    message = refusal(tmp_path, {"contacts.csv": "contact_id\n1\n", "orders.xls": "x"})
    assert "holds no orders.csv or orders.parquet" in message
    assert "It holds: contacts.csv, orders.xls." in message


# --- Gates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "good", "passes"),
    [
        (50, 100, True),
        (51, 100, False),
        (10, 10, True),
        (11, 10, False),
        (60, 540, True),
        (61, 539, False),
    ],
)
def test_more_than_a_tenth_refused_stops_the_run(tmp_path, bad, good, passes):
    text = orders(*["a,bad,1"] * bad, good=good)
    if passes:
        assert take(tmp_path, {"orders.csv": text}).tables["orders"].rows_quarantined == bad
    else:
        message = refusal(tmp_path, {"orders.csv": text})
        assert f"orders: {bad} of {bad + good} rows are refused. Most often: ordered_at" in message
        assert "first in orders.csv, row 2" in message and "--accept orders" in message


def test_the_commonest_reason_is_given_with_its_first_row(tmp_path):
    rows = ["a,2017-06-01,x", *["b,bad,1"] * 3, ",2017-06-01,1", *["c,2018-06-01,1"] * 9]
    message = refusal(tmp_path, {"orders.csv": orders(*rows, good=0)})
    assert f"Most often: {NOT_A_MOMENT} (3 times, first in orders.csv, row 3)." in message


def test_the_refused_rows_can_be_looked_at_after_the_run_stopped(tmp_path):
    refusal(tmp_path, {"orders.csv": orders("a,bad,1", good=0)})
    kept = duckdb.execute(f"select * from '{tmp_path}/home/intake/quarantine.parquet'").fetchall()
    assert kept == [
        (
            "orders",
            "orders.csv",
            2,
            NOT_A_MOMENT,
            '{"order_id":"a","ordered_at":"bad","total":"1"}',
            None,
        )
    ]


def test_a_refused_landing_is_not_built_on(tmp_path):
    run = take(tmp_path, {"orders.csv": orders()}).folder / "run.parquet"
    assert duckdb.execute(f"select * from '{run}'").fetchall() == [(AS_OF, "USD")]
    refusal(tmp_path, {"orders.csv": orders("a,bad,1", good=0)})
    assert not run.exists()


@pytest.mark.parametrize(
    ("contacts", "says"),
    [
        (
            None,
            "contacts: the last published build had 100 rows of it, and now there is no such file",
        ),
        (
            49,
            "contacts: 49 usable rows, the last published build had 100. Is the export cut short?",
        ),
        (50, None),
        (0, "contacts.csv: a header and no rows. Export it again, or remove it"),
    ],
)
def test_a_table_that_is_gone_or_halved_stops_the_run_unless_accepted(tmp_path, contacts, says):
    files = {"orders.csv": orders()}
    if contacts is not None:
        files["contacts.csv"] = "\n".join(["contact_id", *map(str, range(contacts))]) + "\n"
    last_time = {"orders": 20, "contacts": 100}
    if says:
        assert says in refusal(tmp_path, files, last_time=last_time)
        taken = take(tmp_path, files, last_time=last_time, accept=["contacts"])
    else:
        taken = take(tmp_path, files, last_time=last_time)
    assert taken.tables["contacts"].rows_kept == (contacts or 0)


def tombstones_of(folder: Path, *values: tuple[str, str]) -> None:
    """People who were erased earlier, by the identifiers (id_type, id_value) that they had."""
    target = Workspace(folder / "home").ledger / "erasure_tombstones"
    target.mkdir(parents=True)
    for number, (kind, value) in enumerate(values):
        id_hash = hash_sql(f"'{kind}'", f"'{value}'")
        duckdb.execute(
            f"copy (select '{kind}' as id_type, {id_hash} as id_hash, timestamp '2017-01-01' as erased_at, "
            f"'b' as build_id) to '{target}/{number}.parquet' (format parquet)"
        )


def of_accounts(*accounts: str) -> str:
    lines = [f"{n},2017-05-03,10.00,{account}" for n, account in enumerate(accounts)]
    return "\n".join(["order_id,ordered_at,total,account_id", *lines]) + "\n"


@pytest.mark.parametrize(
    ("accounts", "says"),
    [
        (["erased"] * 18 + ["a"] * 6, None),  # the source keeps the orders of erased people
        (["a"] * 6, None),  # or deletes them
        (["a"] * 3, None),
        (["erased"] * 18 + ["a"] * 2, "orders: 2 usable rows, the last published build had 6."),
        (["a"] * 2, "orders: 2 usable rows, the last published build had 6."),
    ],
)
def test_rows_of_erased_people_neither_count_as_lost_nor_as_there(tmp_path, accounts, says):
    tombstones_of(tmp_path, ("account_id", "erased"))
    files, last_time = {"orders.csv": of_accounts(*accounts)}, {"orders": 6}
    if says:
        assert says in refusal(tmp_path, files, last_time=last_time)
    else:
        assert take(tmp_path, files, last_time=last_time)


def test_a_table_of_erased_people_only_may_be_empty_or_gone(tmp_path):
    """0 rows the last time are rows of erased people; a table that was never there must have rows."""
    files = {"orders.csv": orders()}
    assert take(tmp_path, files, last_time={"orders": 20, "contacts": 0, "consent_events": 0})
    files |= {"contacts.csv": "contact_id\n", "consent_events.csv": consent()}
    assert take(tmp_path, files, last_time={"orders": 20, "contacts": 0, "consent_events": 0})
    says = refusal(tmp_path, files, last_time={"orders": 20, "consent_events": 0})
    assert "contacts.csv: a header and no rows" in says
    says = refusal(tmp_path, files, last_time={"orders": 20, "contacts": 0, "consent_events": 1})
    assert "consent_events.csv: a header and no rows" in says


@pytest.mark.parametrize("table", ["static_lists", "erasure_requests"])
def test_a_list_may_be_empty(tmp_path, table):
    header = ",".join(c.name for c in load_contract()[table].columns)
    taken = take(tmp_path, {"orders.csv": orders(), f"{table}.csv": header})
    assert taken.tables[table].is_present and taken.tables[table].rows_kept == 0


def test_a_wrong_accept_is_refused_with_a_hint(tmp_path):
    assert "--accept order: no such table. Is it orders?" in refusal(tmp_path, {}, accept=["order"])
    assert "There are: orders, order_lines" in refusal(tmp_path, {}, accept=["zzz"])


def test_a_table_that_is_not_there_is_an_empty_one_with_its_columns(tmp_path):
    taken = take(tmp_path, {"orders.csv": orders()})
    for table in load_contract().values():
        path = taken.folder / f"{table.name}.parquet"
        names = [row[0] for row in duckdb.execute(f"describe from '{path}'").fetchall()]
        assert names == [c.name for c in table.columns]
        assert taken.tables[table.name].is_present is (table.name == "orders")


def test_the_same_files_make_the_same_bytes(tmp_path):
    files = {"orders.csv": orders(*[f"{i},2017-06-01,{i}" for i in range(5000)], "x,bad,1")}

    def taken(home: Path) -> dict[str, bytes]:
        folder = take(home, files).folder
        found = [p for p in folder.rglob("*.parquet") if p.is_file() and "checked" not in p.parts]
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}

    first = taken(tmp_path / "a")
    assert taken(tmp_path / "a") == first  # nothing is read again
    assert taken(tmp_path / "b") == first


def test_nothing_is_left_of_the_working_files_not_even_of_a_run_that_died(tmp_path):
    (tmp_path / "home/.intake-died").mkdir(parents=True)
    take(
        tmp_path,
        {"orders.csv": orders().replace("\n", "\r\n"), "contacts.csv.gz": "contact_id\n1\n"},
    )
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["intake"]


# --- Any dirt at all -----------------------------------------------------------------------------

COLUMNS = {"order_no": "order_id", "Ordered At": "ordered_at", "total": "total", "status": "status",
           "notes": None, "discount": "discount", "updated_at": "updated_at"}  # fmt: skip
STATUSES = {"pending", "placed", "paid", "shipped", "completed", "cancelled", "returned"}
NO_VALUE = {
    "NULL",
    "Null",
    "null",
    r"\N",
    "NaN",
    "nan",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "NaT",
    "None",
    "nil",
}
MOMENT = (
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(?: ?(?:(Z|UTC|GMT)|([+-])(0\d|1[0-4])(?::?([0-5]\d))?))?)?"
)


def read_moment(text: str) -> datetime:
    """The contract's reading of a timestamp, written once more. Raises ValueError."""
    found = re.fullmatch(MOMENT, text, re.ASCII)
    if not found:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = found.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    moment = datetime(*map(int, (year, month, day, hour or 0, minute or 0, second or 0)), micro)
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    moment += offset if sign == "-" else -offset
    if not datetime(2000, 1, 1) <= moment <= datetime(2100, 1, 1):
        raise ValueError(text)
    return moment


def read_amount(text: str, low: float) -> float:
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        raise ValueError(text)
    if not low <= float(text) <= 1e12:
        raise ValueError(text)
    return float(text)


def read_order(cells: list[str]) -> tuple | None:
    """A row as the contract reads it; None if it is later than AS_OF. Raises ValueError."""
    raw = dict(zip(COLUMNS.values(), cells, strict=True))
    if any("\x00" in raw[name] for name in raw if name):
        raise ValueError(cells)
    edges = (
        "".join(c for c in "".join(cells) if unicodedata.category(c)[0] == "Z")
        + " \t\n\f\u200b\ufeff"
    )
    clean = {name: cell.strip(edges) for name, cell in raw.items()}
    clean = {name: "" if cell in NO_VALUE else cell for name, cell in clean.items()}
    if not clean["order_id"] or re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", clean["order_id"], re.ASCII):
        raise ValueError(cells)
    if clean["status"] and clean["status"].lower() not in STATUSES:
        raise ValueError(cells)
    if clean["discount"]:
        read_amount(clean["discount"], 0)
    moments = [read_moment(clean["ordered_at"])]
    moments += [read_moment(clean["updated_at"])] if clean["updated_at"] else []
    total = read_amount(clean["total"], -1e12)
    return None if max(moments) >= AS_OF else (clean["order_id"], moments[0], total)


def mostly(good: st.SearchStrategy, *dirt: str) -> st.SearchStrategy:
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    awkward = st.text('",;\n\r\t |\x00é\u00a0😀1.-e+', max_size=8)
    return st.one_of(
        good, good, good, good, st.sampled_from([*dirt, "", " ", "NULL"]), awkward, anything
    )


numbers = st.floats(-2e6, 2e6).map(repr) | st.integers(-5, 5).map(str)
moments = st.datetimes(datetime(2016, 1, 1), datetime(2018, 2, 1)).map(
    lambda m: m.isoformat(sep=" ")
)
zoned = st.tuples(
    moments, st.sampled_from(["", "Z", " UTC", "+01:00", "-0530", " +02", "EST"])
).map("".join)
ids = st.integers(0, 99).map(str) | st.integers(0, 99).map("{}.0".format)
rows_of_cells = st.tuples(
    mostly(ids, "1.2E+12", "٣", "=1+1"),
    mostly(zoned, "12/31/2017", "2017-02-30", "1900-01-01", "2017-12-31 24:00:01", "2017-12-31"),
    mostly(numbers, "$5", "5,5", "inf", "1_000", "1e400", "0x1A"),
    mostly(st.sampled_from(["", "paid", "Paid", "RETURNED"]), "lost"),
    mostly(st.just("note")),
    mostly(st.just(""), "5", "-5", "x"),
    mostly(st.just(""), "2017-06-01", "2018-06-01", "x"),
).map(list)
lines = st.lists(
    st.one_of(
        *[rows_of_cells] * 9,
        rows_of_cells.map(lambda r: r[:4]),
        rows_of_cells.map(lambda r: [*r, "x"]),
        st.just([]),
    ),
    max_size=16,
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rows=lines,
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_the_dirt_every_row_is_kept_refused_or_held_back(
    rows, delimiter, line_end, encoding, quoting
):
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows([COLUMNS, *rows])
    text = sink.getvalue().replace("\r\n", "\n").replace("\r", "\n")
    kept, refused, held_back = [], [], []
    for number, cells in enumerate(
        csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1
    ):
        if number == 1 or not any(cells):
            continue
        try:
            order = read_order(cells)
        except ValueError:
            refused.append(number)
        else:
            kept.append(order) if order else held_back.append(number)
    if kept and all(re.fullmatch(r"-?\d+\.0", order[0], re.ASCII) for order in kept):
        kept = [(order[0][:-2], *order[1:]) for order in kept]

    with TemporaryDirectory() as folder:
        taken = take(
            Path(folder), {"orders.csv": sink.getvalue().encode(encoding)}, accept=["orders"]
        )
        assert taken.rows("order_id, ordered_at, total") == kept
    found = {number: why == "later than as_of" for _, number, why in taken.quarantine}
    assert sorted(found) == sorted(refused + held_back)
    assert sorted(number for number, is_late in found.items() if is_late) == held_back


# --- Facts that only accumulate -------------------------------------------------------------------


def consent(*rows: str) -> str:
    return "consent_event_id,id_type,id_value,purpose,status,decided_at\n" + "\n".join(rows) + "\n"


YES = "1,email,ann@example.com,email_marketing,granted,2017-01-01"
NO = "2,email,bob@example.com,email_marketing,withdrawn,2017-02-01"


def test_a_consent_decision_that_cannot_be_read_stops_the_run(tmp_path):
    """Quarantined, a withdrawal would leave an older grant standing."""
    files = {
        "orders.csv": orders(good=3),
        "consent_events.csv": consent(YES, NO.replace("withdrawn", "off")),
    }
    with pytest.raises(UserError, match=r"every row of it must count: .*status"):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["consent_events"]).tables["consent_events"].rows_kept == 1


def test_a_consent_decision_that_is_gone_stops_the_run(tmp_path):
    files = {"orders.csv": orders(good=3), "consent_events.csv": consent(YES)}
    with pytest.raises(UserError, match="1 rows, 2 the last time"):
        take(tmp_path, files, last_time={"consent_events": 2})
    assert take(tmp_path, files, last_time={"consent_events": 1})


# --- Columns and spellings that decide ------------------------------------------------------------

CONTACTS = "contact_id,email,created_at"


def contacts(header: str, *rows: str) -> dict[str, Content]:
    text = "\n".join([f"{CONTACTS},{header}", *rows]) + "\n"
    return {"orders.csv": orders(good=3), "contacts.csv": text}


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("HasOptedOutOfEmail", "email_opt_out"),
        ("Email Opt Out", "email_opt_out"),
        ("unsubscribed", "email_opt_out"),
        ("Unsubscribed from all email", "email_opt_out"),
        ("DoNotCall", "sms_opt_out"),
        ("Do Not Sell", "ads_opt_out"),
    ],
)
def test_a_column_of_opt_outs_is_read_in_every_form_of_yes_and_no(tmp_path, header, column):
    yes = [
        "true",
        "TRUE",
        "t",
        "1",
        "Yes",
        "x",
        "unsubscribed",
        "Opted Out",
        "2016-03-01",
        "2016-03-01 10:00",
    ]
    no = ["false", "F", "0", "No", "subscribed", "opted in", "", "NULL", "n/a"]
    rows = [f"{i},p{i}@example.com,2016-01-01,{value}" for i, value in enumerate(yes + no)]
    taken = take(tmp_path, contacts(header, *rows))
    assert [bool(flag) for flag in taken.rows(column, "contacts")] == [True] * 10 + [False] * 9


@pytest.mark.parametrize(
    "header", ["Accepts Email Marketing", "accepts_marketing", "email_opt_in", "Subscribed"]
)
def test_a_column_of_opt_ins_says_yes_or_no_or_nothing(tmp_path, header):
    values = ["yes", "subscribed", "no", "unsubscribed", ""]
    rows = [f"{i},p{i}@example.com,2016-01-01,{value}" for i, value in enumerate(values)]
    taken = take(tmp_path, contacts(header, *rows))
    assert taken.rows("email_opt_in", "contacts") == [True, True, False, False, None]


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("HasOptedOutOfEmail", "perhaps", "email_opt_out: not yes or no"),
        ("unsubscribed_at", "last spring", "unsubscribed_at: not a timestamp"),
    ],
)
def test_a_decision_in_a_column_that_cannot_be_read_stops_the_run(tmp_path, header, value, reason):
    files = contacts(
        header,
        "1,a@example.com,2016-01-01,",
        f"2,b@example.com,2016-01-01,{value}",
        "3,c@example.com,2016-01-01,",
    )
    with pytest.raises(
        UserError, match=rf"contacts\.csv, row 3: {reason}.*The row may state a refusal"
    ):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["contacts"]).tables["contacts"].rows_quarantined == 1


@pytest.mark.parametrize(
    "header",
    [
        "Opted out of email: One to One",
        "gdpr_status",
        "Marketing permission",
        "SuppressionReason",
        "DNC",
    ],
)
def test_a_column_that_may_hold_refusals_and_is_not_read_stops_the_run(tmp_path, header):
    files = contacts(header, "1,a@example.com,2016-01-01,yes")
    with pytest.raises(UserError, match=rf"contacts\.csv: the column {header} may hold refusals"):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["contacts"]).tables["contacts"].rows_kept == 1


def test_an_apostrophe_is_a_spreadsheets_mark_before_ids_numbers_and_codes_and_not_before_names(
    tmp_path,
):
    files = contacts(
        "account_id,first_name,last_name,postal_code,phone",
        "'0017,a@example.com,'2016-01-01,'7000000000001,'Ann,'t Hooft,'02138,'+19075550142",
    )
    taken = take(tmp_path, files)
    columns = "contact_id, account_id, first_name, last_name, postal_code, phone"
    assert taken.rows(columns, "contacts") == [
        ("0017", "7000000000001", "'Ann", "'t Hooft", "02138", "+19075550142")
    ]


def test_a_salesforce_id_of_15_and_of_18_characters_is_one(tmp_path):
    short, long, other = "0035e00000AbCdE", "0035e00000AbCdEAAQ", "0035e00000aBcDe"
    files = contacts(
        "account_id",
        f"{long},a@example.com,2016-01-01,0015e00000AbCdE",
        f"{other},b@example.com,2016-01-01,",
    )
    files["consent_events.csv"] = consent(
        f"1,contact_id,{short},email_marketing,withdrawn,2017-01-01",
        f"2,contact_id,{other},email_marketing,withdrawn,2017-01-01",
        f"3,account_id,{short},email_marketing,withdrawn,2017-01-01",
        f"4,email,{short}@example.com,email_marketing,withdrawn,2017-01-01",
    )
    taken = take(tmp_path, files)
    assert taken.rows("id_value", "consent_events") == [long, other, short, f"{short}@example.com"]
    assert taken.rows("contact_id", "contacts") == [long, other]
    assert "1 Salesforce ids occur with 15 and with 18 characters" in taken.messages[-1]


# --- Several extracts of one table ----------------------------------------------------------------

VERSIONS = "order_id,ordered_at,total,status"


def extract(*rows: str, header: str = VERSIONS) -> str:
    return "\n".join([header, *rows]) + "\n"


def test_the_later_extract_wins_where_the_rows_do_not_say_when_they_changed(tmp_path):
    taken = take(
        tmp_path,
        {
            "orders.2024-10-02.csv": extract("1,2016-01-01,50,returned", "2,2016-01-01,50,paid"),
            "orders.2024-10-01.csv": extract(
                "1,2016-01-01,50,paid", "2,2016-01-01,50,paid", "3,2016-01-01,50,paid"
            ),
        },
    )
    assert sorted(taken.rows("order_id, status")) == [
        ("1", "returned"),
        ("2", "paid"),
        ("2", "paid"),
        ("3", "paid"),
    ]
    orders_taken = taken.tables["orders"]
    assert (orders_taken.rows_kept, orders_taken.keys_that_differ, orders_taken.rows_replaced) == (
        5,
        1,
        1,
    )
    assert "1 keys with rows that differ, 1 replaced by a later file" in taken.messages[0]


@pytest.mark.parametrize(
    ("first", "second", "statuses"),
    [
        # Where the rows say which is later, both stay: an earlier as_of asks for the older one.
        ("2016-03-01", "2016-02-01", ["paid", "returned"]),
        ("2016-02-01", "2016-03-01", ["paid", "returned"]),
        ("2016-02-01", "", ["paid", "returned"]),
        ("", "2016-02-01", ["paid", "returned"]),
        ("2016-02-01", "2016-02-01", ["returned"]),
        ("", "", ["returned"]),
    ],
)
def test_a_later_file_replaces_rows_that_do_not_say_which_is_later(
    tmp_path, first, second, statuses
):
    header = f"{VERSIONS},updated_at"
    taken = take(
        tmp_path,
        {
            "orders.20241001.csv": extract(f"1,2016-01-01,50,paid,{first}", header=header),
            "orders.20241002.csv": extract(f"1,2016-01-01,50,returned,{second}", header=header),
        },
    )
    assert sorted(taken.rows("status")) == statuses


def test_lines_of_an_order_numbered_anew_come_from_the_later_extract(tmp_path):
    header = "order_id,line_number,product_id,quantity,amount"
    taken = take(
        tmp_path,
        {
            "orders.csv": orders(good=3),
            "order_lines.2023.csv": extract("1,1,apple,1,10", "1,2,pear,1,20", header=header),
            "order_lines.2024.csv": extract("1,1,pear,1,20", "1,2,apple,1,10", header=header),
        },
    )
    assert sorted(taken.rows("product_id, amount", "order_lines")) == [
        ("apple", 10),
        ("pear", 20),
    ]


def test_two_shops_that_number_alike_stop_the_run(tmp_path):
    files: dict[str, Content] = {
        "orders.eu.csv": extract("1000,2016-01-01 07:00:00,10,paid"),
        "orders.us.csv": extract("1000,2016-01-01 00:00:00,100,paid"),
    }
    with pytest.raises(
        UserError, match=r"order_id 1000 is in orders\.eu\.csv and in orders\.us\.csv at two times"
    ):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["orders"]).tables["orders"].keys_that_differ == 1


def test_a_sale_and_its_return_under_one_number_stop_the_run(tmp_path):
    files: dict[str, Content] = {
        "orders.csv": extract("7,2016-01-01,100,paid", "7,2016-01-09,-40,returned")
    }
    with pytest.raises(
        UserError,
        match=r"order_id 7 has a sale and a return in two rows of one number \(1 in all\)",
    ):
        take(tmp_path, files)


def test_rows_of_one_key_that_differ_are_counted(tmp_path):
    taken = take(
        tmp_path,
        {
            "orders.csv": extract(
                "1,2016-01-01,5,paid",
                "1,2016-01-01,5,shipped",
                "2,2016-01-01,5,paid",
                "2,2016-01-01,5,paid",
            )
        },
    )
    orders_taken = taken.tables["orders"]
    assert (orders_taken.rows_kept, orders_taken.keys_that_differ, orders_taken.keys_undecided) == (
        4,
        1,
        1,
    )
    assert "1 keys with rows that differ, 1 without a later one" in taken.messages[0]


TWO_AMOUNTS = [
    # One order that a gift card and a credit card paid, as two transactions.
    ("orders", "order_id,ordered_at,total", ["1,2016-01-01,12", "1,2016-01-01,8"], "order_id 1 has rows with total 12.0 and 8.0"),
    ("orders", "order_id,ordered_at,total,updated_at", ["1,2016-01-01,12,2016-01-02", "1,2016-01-01,8,2016-01-02"], "give each its updated_at"),
    ("order_lines", "order_id,line_number,quantity,amount", ["1,1,1,12", "1,1,1,8"], "order_id, line_number 1, 1 has rows with amount 12.0 and 8.0"),
    ("campaign_costs", "campaign_id,channel,spent_at,cost", ["a,email,2016-01-01,12", "a,email,2016-01-01,8"], "campaign_id, channel, spent_at a, email, 2016-01-01 00:00:00 has rows with cost 12.0 and 8.0"),
    ("exchange_rates", "currency,valid_from,rate", ["EUR,2016-01-01,1.2", "EUR,2016-01-01,1.3"], "has rows with rate 1.2 and 1.3"),
    ("orders", "order_id,ordered_at,total,currency", ["1,2016-01-01,12,USD", "1,2016-01-01,12,EUR"], "total 12.0 EUR and 12.0 USD"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "header", "rows", "problem"), TWO_AMOUNTS)
def test_two_amounts_of_one_key_stop_the_run(tmp_path, table, header, rows, problem):
    files: dict[str, Content] = {"orders.csv": extract("o,2016-01-01,5", header=HEADER)}
    files[f"{table}.csv"] = extract(*rows, header=header)
    with pytest.raises(UserError, match=re.escape(problem)) as stopped:
        take(tmp_path, files)
    assert f"or pass --accept {table} to keep one row a key" in str(stopped.value)
    last_column = header.rsplit(",", 1)[1]
    if last_column != "currency":
        taken = take(tmp_path, files, accept=[table]).tables[table]
        assert (taken.rows_kept, taken.keys_undecided) == (2, 1)


def test_the_latest_of_two_amounts_counts(tmp_path):
    files: dict[str, Content] = {
        "orders.csv": extract(
            "1,2016-01-01,12,2016-01-02",
            "1,2016-01-01,8,2016-01-03",
            header=f"{HEADER},updated_at",
        ),
        "order_lines.2016-01-01.csv": extract(
            "1,1,1,12", header="order_id,line_number,quantity,amount"
        ),
        "order_lines.2016-01-02.csv": extract(
            "1,1,1,8", header="order_id,line_number,quantity,amount"
        ),
    }
    taken = take(tmp_path, files)
    assert taken.tables["orders"].keys_undecided == 0
    assert taken.rows("amount", "order_lines") == [8]


@pytest.mark.parametrize(
    "header", ["Gift Card Amount", "store_credit_used", "GiftCards", "Geschenkgutschein"]
)
def test_what_a_gift_card_paid_is_in_the_total_or_is_asked_about(tmp_path, header):
    def orders(name: str, *cells: str) -> dict[str, Content]:
        rows = [f"{n},2016-01-01,60,{cell}" for n, cell in enumerate(cells)]
        return {"orders.csv": extract(*rows, header=f"{HEADER},{name}")}

    with pytest.raises(
        UserError, match=rf"(?i){header}.*paid_outside_total, if total leaves it out"
    ):
        take(tmp_path, orders(header, "", "40"))
    assert take(tmp_path, orders(header, "", "0.00")).tables["orders"].rows_kept == 2
    assert take(tmp_path, orders("gift_card_code", "", "XY40")).tables["orders"].rows_kept == 2
    taken = take(tmp_path, orders("paid_outside_total", "", "40"))
    assert taken.rows("total, paid_outside_total") == [(60, None), (60, 40)]


def test_a_key_whose_rows_say_which_is_later_is_decided(tmp_path):
    rows = (
        "1,2016-01-01,5,paid,2016-01-02",
        "1,2016-01-01,6,paid,2016-01-03",
        "1,2016-01-01,7,paid,",
    )
    taken = take(tmp_path, {"orders.csv": extract(*rows, header=f"{VERSIONS},updated_at")})
    orders_taken = taken.tables["orders"]
    assert (orders_taken.keys_that_differ, orders_taken.keys_undecided) == (1, 0)


def test_columns_that_change_what_a_row_means_stop_the_run_unless_they_are_the_same_everywhere(
    tmp_path,
):
    header = f"{HEADER},Financial Status,Shop Currency,Cancelled at,Test,Refunded Amount"
    rows = ["a,2016-01-01,5,paid,EUR,,false,0", "b,2016-01-01,5,voided,EUR,,false,0"]
    files: dict[str, Content] = {"orders.csv": extract(*rows, header=header)}
    with pytest.raises(
        UserError, match="orders: the columns financial status change what a row means"
    ):
        take(tmp_path, files)
    rows[1] = "b,2016-01-01,5,paid,USD,2016-01-02,true,5"
    files = {"orders.csv": extract(*rows, header=header)}
    with pytest.raises(
        UserError, match="the columns shop currency, cancelled at, test, refunded amount change"
    ):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["orders"]).tables["orders"].rows_kept == 2
    rows[1] = "b,2016-01-01,5,paid,EUR,,false,0"
    files = {"orders.csv": extract(*rows, header=header)}
    assert take(tmp_path, files).tables["orders"].rows_kept == 2


def test_a_column_of_one_value_in_each_file_has_two_values(tmp_path):
    header = f"{HEADER},shop currency"
    files: dict[str, Content] = {
        "orders.us.csv": extract("a,2016-01-01,5,USD", header=header),
        "orders.eu.csv": extract("b,2016-01-01,5,EUR", header=header),
    }
    with pytest.raises(
        UserError, match="orders: the columns shop currency change what a row means"
    ):
        take(tmp_path, files)


CURRENCY = f"{HEADER},currency"


def test_amounts_in_another_currency_need_a_rate(tmp_path):
    files: dict[str, Content] = {
        "orders.us.csv": extract("a,2016-01-01,5,USD", "b,2016-01-01,5,", header=CURRENCY),
        "orders.eu.csv": extract("c,2016-01-01,5,eur", "d,2016-01-01,5,GBP", header=CURRENCY),
    }
    with pytest.raises(
        UserError,
        match=r"orders: 1 of 4 rows are in EUR, and others in GBP, and figures are in USD. Provide exchange_rates",
    ):
        take(tmp_path, files)
    assert take(tmp_path, files, accept=["orders"]).tables["orders"].rows_kept == 4
    with pytest.raises(UserError, match="1 of 4 rows are in GBP, and figures are in EUR"):
        take(tmp_path, files | {"exchange_rates.csv": RATES}, shop=read_shop("EUR"))
    rates = "currency,valid_from,rate\ngbp,2015-01-01,1.2\neur,2015-01-01,1.1\n"
    taken = take(tmp_path, files | {"exchange_rates.csv": rates})
    assert taken.tables["orders"].rows_kept == 4


RATES = "currency,valid_from,rate\nUSD,2015-01-01,0.9\n"


def test_rates_against_another_currency_stop_the_run(tmp_path):
    def take_rates(*rates: str, currency: str = "USD"):
        files: dict[str, Content] = {
            "orders.csv": extract("a,2016-01-01,5,GBP", "b,2016-01-01,5,USD", header=CURRENCY),
            "exchange_rates.csv": "currency,valid_from,rate,updated_at\n" + "\n".join(rates),
        }
        return take(tmp_path, files, shop=read_shop(currency))

    pounds, dollars = "GBP,2015-01-01,0.85,", "usd,2015-01-01,1.08,"
    with pytest.raises(
        UserError,
        match=r"exchange_rates: USD has the rate 1\.08, and figures are in USD, .* base \(EUR, whose rate is 1\). "
        r"Provide for each currency how much USD one unit of it is worth",
    ):
        take_rates(pounds, dollars, "EUR,2015-01-01,1,")
    with pytest.raises(UserError, match=r"the rates are of another base\. Provide"):
        take_rates(pounds, dollars)
    assert take_rates(pounds, "USD,2015-01-01,1.0000000000000002,").tables["orders"].rows_kept == 2
    corrected = ("USD,2015-01-01,1.08,2015-01-01", "USD,2015-01-01,1,2015-01-02")
    assert take_rates(pounds, *corrected).tables["orders"].rows_kept == 2


def test_amounts_from_before_the_first_rate_stop_the_run(tmp_path):
    costs = "campaign_id,channel,spent_at,cost,currency\nc,email,2015-12-31,5,EUR\n"
    lines = "order_id,line_number,product_id,quantity,amount,currency\na,1,p,1,5,EUR\n"
    early = extract("a,2015-12-31 23:59:59,5,eur", "b,2016-01-01,5,EUR", header=CURRENCY)
    without = extract("a,2015-12-31 23:59:59,5,", header=CURRENCY)
    # A rate of the afternoon is the rate of its day.
    rates = {"exchange_rates.csv": "currency,valid_from,rate\nEUR,2016-01-01 16:00:00,1.1\n"}
    with pytest.raises(
        UserError,
        match=r"orders: 1 rows in EUR are from before 2016-01-01, the day of the first rate of EUR\. "
        r"Provide earlier rows of exchange_rates; or pass --accept orders to convert them at the first rate",
    ):
        take(tmp_path, rates | {"orders.csv": early})
    with pytest.raises(UserError, match="campaign_costs: 1 rows in EUR are from before 2016-01-01"):
        take(tmp_path, rates | {"orders.csv": without, "campaign_costs.csv": costs})
    (tmp_path / "landing" / "campaign_costs.csv").unlink()
    with pytest.raises(UserError, match="order_lines: 1 rows in EUR are from before 2016-01-01"):
        take(tmp_path, rates | {"orders.csv": without, "order_lines.csv": lines})
    (tmp_path / "landing" / "order_lines.csv").unlink()
    taken = take(tmp_path, rates | {"orders.csv": early}, accept=["orders"])
    assert taken.tables["orders"].rows_kept == 2


def test_one_currency_is_named_once(tmp_path):
    files: dict[str, Content] = {"orders.csv": extract("c,2016-01-01,5,idr", header=CURRENCY)}
    with pytest.raises(UserError, match="pass --currency IDR if all figures are to be in IDR"):
        take(tmp_path, files)
    assert take(tmp_path, files, shop=read_shop("idr")).tables["orders"].rows_kept == 1
    for wrong in ("Dollar", "$", "EU"):
        with pytest.raises(UserError, match="is no currency"):
            read_shop(wrong)


@pytest.mark.parametrize(
    "header", ["adopting", "optional", "option_count", "description", "customer_status", "unsure"]
)
def test_other_columns_do_not_stop_the_run(tmp_path, header):
    taken = take(tmp_path, contacts(header, "1,a@example.com,2016-01-01,yes"))
    assert taken.tables["contacts"].ignored_columns == header


def test_a_second_column_of_one_decision_is_read(tmp_path):
    files = contacts("newsletter_opt_in,newsletter", "1,a@example.com,2016-01-01,,no")
    assert take(tmp_path, files).rows("newsletter_opt_in", "contacts") == [False]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("email_opt_out,updated_at", "yes,someday"),
        ("email_opt_in,updated_at", "no,someday"),
        ("unsubscribed_at,updated_at", "2016-01-01,someday"),
    ],
)
def test_a_row_that_is_refused_with_a_refusal_in_it_stops_the_run(tmp_path, header, cells):
    good = [f"{i},p{i}@example.com,2016-01-01,," for i in range(20)]
    files = contacts(header, f"x,x@example.com,2016-01-01,{cells}", *good)
    with pytest.raises(
        UserError, match=r"contacts\.csv, row 2: updated_at: .* The row may state a refusal"
    ):
        take(tmp_path, files)
    harmless = contacts(header, "x,x@example.com,2016-01-01,,someday", *good)
    assert take(tmp_path, harmless).tables["contacts"].rows_quarantined == 1


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("contacts", b"x,x@example.com,Abbado, Dr.,yes"),
        ("contacts", b"x,x@example.com"),
        ("contacts", b'x,x@example.com,"Abbado,no"'),
        ("contacts", b"x,x@example.com,Abb\xe4do,no"),
        ("accounts", b"x,x@example.com,Abbado, Dr.,yes"),
    ],
)
def test_a_line_that_cannot_be_read_stops_the_run_where_its_file_has_refusals(
    tmp_path, table, line
):
    """Which of its cells is the refusal is not known."""
    good = [b"g%d,g%d@example.com,M\xc3\xbcller,no" % (i, i) for i in range(20)]

    def files_with(decision: bytes) -> dict[str, Content]:
        header = table[:-1].encode() + b"_id,email,last_name," + decision
        text = b"\n".join([header, good[0], line, *good[1:]])
        return {"orders.csv": orders(good=3), f"{table}.csv": text + b"\n"}

    with pytest.raises(
        UserError, match=rf"{table}\.csv, row 3: row: .* The row may state a refusal"
    ):
        take(tmp_path, files_with(b"unsubscribed"))
    taken = take(tmp_path, files_with(b"unsubscribed"), accept=[table])
    assert taken.tables[table].rows_quarantined == 1
    assert take(tmp_path, files_with(b"comment")).tables[table].rows_quarantined == 1


@pytest.mark.parametrize("name", ["suppressed", "removed", "cleaned", "Spam (ISP)"])
def test_an_event_of_an_e_mail_that_is_not_known_stops_the_run(tmp_path, name):
    good = "\n".join(f"g{i},2016-01-01,opened,p{i}@example.com" for i in range(20))
    files: dict[str, Content] = {
        "orders.csv": orders(good=3),
        "email_events.csv": f"event_id,occurred_at,event_name,email\ne,2016-01-01,{name},a@example.com\n{good}\n",
    }
    with pytest.raises(
        UserError, match=r"email_events\.csv, row 2: event_name: not one of .* may state a refusal"
    ):
        take(tmp_path, files)


def test_a_later_extract_without_the_column_of_refusals_stops_the_run(tmp_path):
    files: dict[str, Content] = {
        "orders.csv": orders(good=3),
        "contacts.2024-01.csv": "contact_id,email,created_at,email_opt_out\n1,a@example.com,2016-01-01,yes\n",
        "contacts.2024-02.csv": "contact_id,email,created_at\n1,a@example.com,2016-01-01\n",
    }
    with pytest.raises(
        UserError, match=r"contacts\.2024-02\.csv has no email_opt_out, and the earlier contacts"
    ):
        take(tmp_path, files)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("orders.2024-10-02.csv", "20241002"), ("orders_20241002.csv", "20241002"), ("orders_20241002T120000Z.csv", "20241002120000"),
        ("orders_20241002120000.csv", "20241002120000"), ("orders.02.10.2024.csv", "20241002"), ("orders.2024.csv", "2024"),
        ("orders/2024-10/part.csv", "202410"), ("orders.csv", ""), ("orders.12345678.csv", ""), ("orders-part2.csv", ""),
    ],
)  # fmt: skip
def test_the_date_in_the_name_of_a_file(name, date):
    assert date_in(name) == date


def test_a_whole_year_and_one_of_its_months_have_no_order(tmp_path):
    taken = take(
        tmp_path,
        {
            "orders.2024.csv": extract("1,2016-01-01,5,paid"),
            "orders.2024-03.csv": extract("1,2016-01-01,5,returned"),
        },
    )
    assert (taken.tables["orders"].keys_that_differ, taken.tables["orders"].rows_replaced) == (1, 0)


def test_a_refusal_dated_after_the_real_moment_counts_now(tmp_path):
    files: dict[str, Content] = {
        "orders.csv": orders(),
        "consent_events.csv": consent(
            "1,email,a@example.com,newsletter,withdrawn,2041-03-01",
            "2,email,b@example.com,newsletter,granted,2041-03-01",
            "3,email,c@example.com,newsletter,denied,2019-03-01",
            "4,email,d@example.com,newsletter,denied,2017-03-01",
        ),
        "email_events.csv": "event_id,occurred_at,event_name,email\n"
        "1,2041-03-01,unsubscribed,a@example.com\n2,2041-03-01,opened,a@example.com\n",
        "erasure_requests.csv": "request_id,id_type,id_value,requested_at\n"
        "1,email,a@example.com,2041-03-01\n",
    }
    just_now = datetime(2017, 12, 31, 23, 59, 59)
    taken = take(tmp_path, files, clock=datetime(2026, 11, 29))
    assert taken.rows("id_value, decided_at", "consent_events") == [
        ("a@example.com", just_now),
        ("d@example.com", datetime(2017, 3, 1)),
    ]
    assert taken.rows("event_name, occurred_at", "email_events") == [("unsubscribed", just_now)]
    assert taken.rows("requested_at", "erasure_requests") == [just_now]
    assert taken.tables["consent_events"].refusals_from_future == 1
    assert any("1 refusals dated in the future, which count now" in m for m in taken.messages)
    # Without the real moment, as in a back-test by code, a later date is a later decision.
    files = {name: files[name] for name in ("orders.csv", "consent_events.csv")}
    assert take(tmp_path / "again", files).rows("id_value", "consent_events") == ["d@example.com"]


NOW = datetime(2026, 11, 29)
LAST_MOMENT = datetime(2017, 12, 31, 23, 59, 59)


@pytest.mark.parametrize(
    ("header", "refuses", "agrees"),
    [
        ("email_opt_out", "yes", "no"),
        ("newsletter", "no", "yes"),
        ("do_not_sell", "1", "0"),
        ("unsubscribed_at", "2016-05-05", ""),
    ],
)
def test_a_row_dated_after_the_real_moment_does_not_take_its_refusal_with_it(
    tmp_path, header, refuses, agrees
):
    """A row that is only later than as_of was not yet known, and is held back."""
    rows = [
        f"1,a@example.com,2016-01-01,{refuses},2041-05-05",
        f"2,b@example.com,2041-05-05,{refuses},2016-05-05",
        f"3,c@example.com,2016-01-01,{agrees},2041-05-05",
        f"4,d@example.com,2016-01-01,{refuses},2019-05-05",
    ]
    files = contacts(f"{header},updated_at", *rows)
    taken = take(tmp_path, files, clock=NOW)
    assert taken.rows("contact_id, created_at, updated_at", "contacts") == [
        ("1", datetime(2016, 1, 1), LAST_MOMENT),
        ("2", LAST_MOMENT, datetime(2016, 5, 5)),
    ]
    counts = taken.tables["contacts"]
    assert (counts.refusals_from_future, counts.rows_held_back) == (2, 2)


def test_an_order_dated_after_the_real_moment_stops_the_run_where_it_states_a_refusal(tmp_path):
    """Counted now, it would be a purchase."""
    header = f"{HEADER},email_opt_out,updated_at"
    files: dict[str, Content] = {
        "orders.csv": orders("a,2041-05-05,5,yes,", "b,2041-05-05,5,no,", header=header)
    }
    with pytest.raises(
        UserError, match=r"orders\.csv, row 2: ordered_at: in the future\. The row may state"
    ):
        take(tmp_path, files, clock=NOW)
    files = {"orders.csv": orders("a,2016-05-05,5,yes,2041-05-05", header=header)}
    taken = take(tmp_path, files, clock=NOW)
    assert taken.rows("order_id, updated_at")[0] == ("a", LAST_MOMENT)


# --- Names of refusals, and columns that are not read ---------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Abgemeldet am", "Werbesperre", "Widerspruch", "Einwilligung", "Désinscrit", "désabonné le", "consentement", "liste noire",
     "Baja", "Dar de baja", "consentimiento", "disiscritto", "afgemeld", "uitschrijving", "toestemming", "descadastro",
     "receives_email", "contact_allowed", "marketing_ok", "AllowEmail", "email_marketing", "mail_list_member",
     "spam_complaint"],
)  # fmt: skip
def test_a_column_of_refusals_is_known_by_its_name_in_other_languages(header):
    assert may_decide(header)


@pytest.mark.parametrize(
    "name",
    ["cleaned_members.csv", "nonsubscribed_members.csv", "Abmeldungen.csv", "Widersprüche.csv", "Sperrliste.csv",
     "désabonnés.csv", "bajas.csv", "invalid_emails.csv", "removed.csv", "stoplist.csv", "deleted_customers.csv",
     "exclusions.csv", "spam_reports.csv", "global_stop.csv", "RTBF_2024.csv", "data_subject_requests.csv", "robinson.csv",
     "preferences.csv"],
)  # fmt: skip
def test_a_file_of_refusals_is_known_by_its_name_in_other_languages(name):
    assert file_may_decide(name)


def test_the_contract_and_the_words_of_refusals_agree():
    for table in load_contract().values():
        for column in table.columns:
            if column.data_type == "boolean" or column.name == "unsubscribed_at":
                assert all(map(may_decide, (column.name, *column.aliases))), column.name
    assert not any(
        map(file_may_decide, ("orders_removed_tax.csv", "stopwatch.csv", "adoption.csv"))
    )


def test_a_column_of_refusals_that_is_gone_stops_the_run(tmp_path):
    contacts = "contact_id,email_opt_out\n1,true\n"
    files: dict[str, Content] = {"orders.csv": orders(good=3), "contacts.csv": contacts}
    first = take(tmp_path / "first", files).tables["contacts"].decision_columns
    assert first == "email_opt_out"
    files["contacts.csv"] = "contact_id,email\n1,a@example.com\n"
    last = {"contacts": first.split(", ")}
    message = refusal(tmp_path / "second", files, last_decisions=last)
    assert message.startswith(
        "contacts: the last published build read email_opt_out, and no file has it now"
    )
    take(tmp_path / "third", files, last_decisions=last, accept=["contacts"])
    del files["contacts.csv"]
    take(tmp_path / "fourth", files, last_decisions=last)


def test_a_file_next_to_the_tables_whose_header_names_people_and_refusals_stops_the_run(tmp_path):
    files: dict[str, Content] = {"orders.csv": orders(good=3)}
    for name, header, stops in [
        ("members.csv", "E-Mail;Abgemeldet am", True),
        ("email_events_archive.csv", "a,b", True),
        ("members.csv", "E-Mail;Ort", False),
    ]:
        landing = tmp_path / header.replace(";", "")
        if stops:
            with pytest.raises(UserError, match=f"{name}: it may hold refusals"):
                take(landing, files | {name: f"{header}\n1,2\n"})
        else:
            write(landing / "landing" / name, f"{header}\n1;2\n")
            assert "members.csv is not a landing table" in take(landing, files).messages[0]


def test_refusals_inside_structs_and_json_stop_the_run(tmp_path):
    preferences = pa.array([{"email": {"opted_out": True}}] * 20)
    people = pa.table({"contact_id": [str(i) for i in range(20)], "preferences": preferences})
    says = r"the column preferences \(with opted_out in it\) may hold refusals"
    with pytest.raises(UserError, match=says):
        take(tmp_path / "a", {"orders.csv": orders(good=3), "contacts.parquet": people})
    cell = '"{""email"": {""opted_out"": true}}"'
    with pytest.raises(UserError, match=says):
        take(tmp_path / "b", contacts("preferences", f"1,a@example.com,2016-01-01,{cell}"))


LIMITED = "consent_event_id,id_type,id_value,purpose,status,decided_at"


@pytest.mark.parametrize(
    ("header", "cells", "stops"),
    [("scope", "sms,all", True), ("active", "true,false", True), ("active", "true,true", False), ("medium", "a,b", True),
     ("ip_address", "1.1.1.1,2.2.2.2", False), ("note", "a,b", False), ("created_by", "a,b", False),
     ("form_status", "a,b", True)],
)  # fmt: skip
def test_a_column_that_may_limit_a_grant_and_is_not_read_stops_the_run(
    tmp_path, header, cells, stops
):
    one, two = cells.split(",")
    text = f"{LIMITED},{header}\n{YES},{one}\n{NO},{two}\n"
    files: dict[str, Content] = {"orders.csv": orders(good=3), "consent_events.csv": text}
    if stops:
        with pytest.raises(
            UserError, match=f"consent_events: the columns {header} are not read, and may"
        ):
            take(tmp_path, files)
    taken = take(tmp_path, files, accept=["consent_events"] if stops else [])
    assert taken.tables["consent_events"].rows_kept == 2


def test_a_request_that_was_refused_or_asks_for_something_else_stops_the_run(tmp_path):
    text = (
        "request_id,id_type,id_value,requested_at,type\n1,email,a@example.com,2016-01-01,access\n"
    )
    text += "2,email,b@example.com,2016-01-01,erasure\n"
    with pytest.raises(UserError, match="erasure_requests: the columns type are not read"):
        take(tmp_path, {"orders.csv": orders(good=3), "erasure_requests.csv": text})


@pytest.mark.parametrize(
    "header", ["valid_until", "Valid to", "expiry", "expires_on", "ExpirationDate", "expiry_date"]
)
def test_the_end_of_a_grant_is_read_by_its_other_names(tmp_path, header):
    text = f"{LIMITED},{header}\n{YES},2017-05-05\n"
    taken = take(tmp_path, {"orders.csv": orders(good=3), "consent_events.csv": text})
    assert taken.rows("expires_at", "consent_events") == [datetime(2017, 5, 5)]


WEB = "event_id,occurred_at,event_name,account_id,privacy_signal"


def test_a_privacy_signal_is_read_in_every_form_and_stops_the_run_in_any_other(tmp_path):
    signals = ["gpc", "1", "TRUE", "yes", "Sec-GPC: 1", "none", "0", "false", "No", ""]
    rows = [f"{n},2016-01-01,page_view,a{n},{signal}" for n, signal in enumerate(signals)]
    files: dict[str, Content] = {
        "orders.csv": orders(good=3),
        "web_events.csv": "\n".join([WEB, *rows]) + "\n",
    }
    taken = take(tmp_path / "a", files)
    assert taken.rows("privacy_signal", "web_events") == ["gpc"] * 5 + ["none"] * 4 + [None]
    types = pa.table(
        {
            "event_id": ["1", "2"],
            "occurred_at": ["2016-01-01"] * 2,
            "event_name": ["page_view"] * 2,
            "privacy_signal": [True, False],
        }
    )
    taken = take(tmp_path / "b", {"orders.csv": orders(good=3), "web_events.parquet": types})
    assert taken.rows("privacy_signal", "web_events") == ["gpc", "none"]
    rows.append("x,2016-01-01,page_view,x,usnat:1YYN")
    files["web_events.csv"] = "\n".join([WEB, *rows]) + "\n"
    with pytest.raises(
        UserError, match=r"row 12: privacy_signal: not one of .*may state a refusal"
    ):
        take(tmp_path / "c", files)


@pytest.mark.parametrize(
    ("name", "event"),
    [("bounce", "bounced"), ("Hard Bounce", "bounced"), ("hardbounce", "bounced"), ("dropped", "bounced"),
     ("blocked", "bounced"), ("open", "opened"), ("click", "clicked"), ("delivery", "delivered"), ("spamreport", "complained"),
     ("junk", "complained"), ("feedback_loop", "complained"), ("abuse", "complained"), ("unsub", "unsubscribed"),
     ("Group Unsubscribe", "unsubscribed"), ("list-unsubscribe", "unsubscribed"), ("optout", "unsubscribed"),
     ("desuscrito", "unsubscribed"), ("soft_bounce", None), ("Deferred", None), ("processed", None),
     ("Rendering Failure", None)],
)  # fmt: skip
def test_events_of_e_mails_are_read_by_the_names_of_platforms(tmp_path, name, event):
    text = f"event_id,occurred_at,event_name,email\ne,2016-01-01,{name},a@example.com\nf,2016-01-01,sent,b@example.com\n"
    taken = take(tmp_path, {"orders.csv": orders(good=3), "email_events.csv": text})
    assert taken.rows("event_name", "email_events") == [e for e in (event, "sent") if e]
    assert taken.tables["email_events"].rows_left_out == (event is None)


@pytest.mark.parametrize(
    ("header", "values", "stops"),
    [("payment_state", "paid,failed", True), ("Zahlungsstatus", "bezahlt,offen", True), ("storniert", "nein,ja", True),
     ("paid", "1,0", True), ("is_paid", "true,false", True), ("type", "order,refund", True), ("state", "cancelled,done", True),
     ("état", "payé,annulé", True), ("state", "TX,California", False), ("payment_state", "paid,paid", False),
     ("prepaid_label", "a,b", False)],
)  # fmt: skip
def test_columns_that_say_what_an_order_is_stop_the_run(tmp_path, header, values, stops):
    one, two = values.split(",")
    rows = [f"a,2016-01-01,5,{one}", f"b,2016-01-01,5,{two}"]
    files: dict[str, Content] = {"orders.csv": extract(*rows, header=f"{HEADER},{header}")}
    if stops:
        with pytest.raises(UserError, match=f"the columns {header.lower()} change what a row"):
            take(tmp_path, files)
    else:
        assert take(tmp_path, files).tables["orders"].rows_kept == 2


def test_a_contact_that_is_switched_off_stops_the_run(tmp_path):
    rows = ["1,a@example.com,2016-01-01,{}", "2,b@example.com,2016-01-01,{}"]
    with pytest.raises(UserError, match="the columns is_active change what a row means"):
        files = contacts("is_active", rows[0].format("yes"), rows[1].format("no"))
        take(tmp_path / "a", files)
    files = contacts("active", rows[0].format("2016-01-01"), rows[1].format("2016-02-01"))
    assert take(tmp_path / "b", files).tables["contacts"].rows_kept == 2


def test_a_date_of_zeros_refuses_nothing(tmp_path):
    files = contacts("opted_out", "1,a@example.com,2016-01-01,0000-00-00 00:00:00")
    assert take(tmp_path, files).rows("email_opt_out", "contacts") == [False]


def test_copies_that_were_kept_and_links_to_folders_are_not_read_and_are_named(tmp_path):
    landing = tmp_path / "landing"
    write(landing / "orders" / "a.csv", orders(good=3))
    write(landing / "orders" / "a.old.csv", orders(good=3))
    write(landing / "contacts.bak.csv", "contact_id,email,opted_out\n1,a@example.com,no\n")
    write(tmp_path / "far" / "b.csv", orders(good=3))
    (landing / "orders" / "far").symlink_to(tmp_path / "far", target_is_directory=True)
    paths, notes = find_files(landing, load_contract())
    assert paths == {"orders": [landing / "orders" / "a.csv"]}
    assert [note.partition(": ")[0] for note in notes] == [
        "contacts.bak.csv is not read",
        "orders/a.old.csv is not read",
        "orders/far is not read",
    ]
    assert "link to a folder" in notes[2]


def test_of_several_columns_for_one_decision_a_refusal_in_any_counts(tmp_path):
    contacts = (
        "id,HasOptedOutOfEmail,unsubscribed,do_not_email,opt_in,subscribed\n"
        "1,0,0,0,1,1\n2,0,1,0,1,0\n3,,0,1,,1\n4,1,0,0,0,1\n5,,,,,\n"
    )
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": contacts})
    assert taken.rows("contact_id, email_opt_out, email_opt_in", "contacts") == [
        ("1", False, True),
        ("2", True, False),
        ("3", True, True),
        ("4", True, False),
        ("5", None, None),
    ]
    assert taken.tables["contacts"].ignored_columns == ""
    assert taken.tables["contacts"].decision_columns == "email_opt_in, email_opt_out"


def test_a_further_column_of_a_decision_that_cannot_be_read_stops_the_run(tmp_path):
    contacts = "id,HasOptedOutOfEmail,unsubscribed\n1,0,0\n2,0,perhaps\n3,0,0\n"
    message = refusal(tmp_path, {"orders.csv": orders(), "contacts.csv": contacts})
    assert message.startswith("contacts.csv, row 3: email_opt_out: not yes or no.")


def test_grants_without_a_time_are_counted_because_they_prove_nothing(tmp_path):
    people = "contact_id,email,email_opt_in,sms_opt_in,created_at\n1,a@example.com,yes,,\n2,b@example.com,,yes,\n3,c@example.com,yes,,2016-01-01\n4,d@example.com,no,,\n"
    taken = take(tmp_path, {"orders.csv": orders(), "contacts.csv": people})
    assert [line for line in taken.messages if "do not say since when" in line] == [
        "contacts: 2 rows agree to messages and do not say since when (created_at), so that they are no consent where the law "
        "asks for it. Provide them as rows of consent_events, with the time"
    ]
