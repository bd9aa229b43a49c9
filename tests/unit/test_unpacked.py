"""Spreadsheets, archives, JSON and other ways to write one table: the same rows come in."""

import gzip
import io
import json
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

HEADER = ["order_id", "ordered_at", "total", "customer_id", "email"]
ROWS = [
    ["1001", "2024-01-31 20:05:06", "12.5", "17", "Ann <ann@example.com>"],
    ["1002", "2024-02-01", "-0.3", "0042", 'say "hi", bob@example.com'],
    ["1003", "2024-02-29 23:59:59", "1234567.89", "", "zoë@example.com"],
]


def as_csv(delimiter: str = ",") -> str:
    def cell(text: str) -> str:
        return f'"{text.replace(chr(34), chr(34) * 2)}"'

    return "".join(delimiter.join(map(cell, row)) + "\n" for row in [HEADER, *ROWS])


def as_workbook(rows: list[list] | None = None, *more_sheets: str) -> bytes:
    """The rows as a person enters them: numbers as numbers, days as days, one id with its zeros as a format."""
    book = openpyxl.Workbook()
    sheet = book.active
    typed = rows or [
        [1001, datetime(2024, 1, 31, 20, 5, 6), 12.5, 17, ROWS[0][4]],
        ["1002", date(2024, 2, 1), -0.1 - 0.2, 42, ROWS[1][4]],
        [1003, "2024-02-29 23:59:59", 1234567.89, None, ROWS[2][4]],
    ]
    for row in [HEADER, *typed]:
        sheet.append(row)
    if not rows:
        sheet["D3"].number_format = "0000"
    for name in more_sheets:
        book.create_sheet(name).append(["x"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def as_json_lines() -> str:
    records = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    records[0] |= {"total": 12.5, "customer_id": 17, "tags": ["a", {"b": 1}]}
    records[2]["customer_id"] = None
    return "\n".join(json.dumps(record) for record in records) + "\n"


def taken(folder: Path, name: str, content: bytes, settings: str = "") -> list[tuple]:
    landing, home = folder / "landing", folder / "home"
    landing.mkdir(parents=True)
    home.mkdir()
    (landing / name).write_bytes(content)
    if settings:
        (landing / "landing.yml").write_text(settings)
    run_intake(
        landing, Workspace(home), datetime(2025, 1, 1), Gates(["orders"]), say=lambda _: None
    )
    columns = "order_id, ordered_at, total, account_id, email"
    return duckdb.execute(
        f"select {columns} from {rows_of(home / 'intake' / 'orders.parquet')} order by 1"
    ).fetchall()


@pytest.fixture
def expected(tmp_path) -> list[tuple]:
    return taken(tmp_path / "csv", "orders.csv", as_csv().encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.xlsx", as_workbook()),
        ("Orders (2).XLSX", as_workbook()),
        ("orders.zip", zipped(export_7__csv=as_csv().encode(), __MACOSX__x=b"")),
        ("orders.2024.zip", zipped(book__xlsx=as_workbook())),
        ("orders.tsv", as_csv("\t").encode()),
        ("orders.txt", as_csv(";").encode()),
        ("orders.tsv.gz", gzip.compress(as_csv("\t").encode())),
        ("orders.jsonl", as_json_lines().encode()),
        ("orders.ndjson.gz", gzip.compress(as_json_lines().encode())),
        ("orders.json", ("[" + ",".join(as_json_lines().splitlines()) + "]").encode()),
        ("orders.json", as_json_lines().encode()),
        ("orders.json.gz", gzip.compress(as_json_lines().encode())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_comes_in_the_same_in_whatever_file(tmp_path, expected, name, content):
    assert len(expected) == 3 and expected[1][3] == "0042"
    assert taken(tmp_path / "other", name, content) == expected


def test_other_ways_to_write_numbers_and_dates_are_read_with_landing_yml(tmp_path, expected):
    text = as_csv(";")
    for usual, other in {
        "12.5": "12,5", "-0.3": "-0,30", "1234567.89": "1.234.567,89", "2024-01-31": "31.01.2024",
        "2024-02-01": "1/2/2024", "2024-02-29": "29-02-2024",
    }.items():  # fmt: skip
        text = text.replace(f'"{usual}', f'"{other}')
    settings = "files: {orders.csv: {decimal_comma: true, date_order: DMY}}"
    assert taken(tmp_path / "comma", "orders.csv", text.encode(), settings) == expected


def test_epoch_numbers_are_moments(tmp_path, expected):
    text = as_csv()
    for usual, epoch in {
        "2024-01-31 20:05:06": "1706731506", "2024-02-01": "1706745600000",
        "2024-02-29 23:59:59": "1709251199000000",
    }.items():  # fmt: skip
        text = text.replace(usual, epoch)
    assert taken(tmp_path / "epoch", "orders.csv", text.encode()) == expected


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("orders.xlsx", as_workbook(None, "Notes"), "orders.xlsx: a spreadsheet must have one sheet with rows, and has Sheet, Notes"),
        ("orders.xlsx", b"PK no such thing", "orders.xlsx: cannot be read (File is not a zip file)"),
        ("orders.zip", zipped(a__csv=b"x", b__csv=b"y"), "orders.zip: an archive must hold one file that can be read, and holds a.csv, b.csv"),
        ("orders.zip", zipped(a__pdf=b"x"), "orders.zip: an archive must hold one file"),
        ("orders.jsonl", b'{"order_id": 1}\n{"order_id": \n', "orders.jsonl, row 3: this is no JSON"),
        ("orders.json", b"[1]", "orders.json, row 2: this is no object"),
        ("orders.json", b"{", "orders.json: cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path, name, content, problem):
    with pytest.raises(UserError) as raised:
        taken(tmp_path / "broken", name, content)
    assert str(raised.value).startswith(problem)


def test_numbers_of_a_spreadsheet_have_no_comma(tmp_path):
    rows = [[f"a{n}", date(2024, 1, 1), total, None, None] for n, total in enumerate([1.085, 12.5])]
    settings = "files: {'*': {decimal_comma: true}}"
    found = taken(tmp_path / "sheet", "orders.xlsx", as_workbook(rows), settings)
    assert [row[2] for row in found] == [1.085, 12.5]


def test_a_sheet_that_is_wrong_about_its_size_is_read_whole(tmp_path):
    rows = [[f"a{n}", date(2024, 1, 1), 1, None, None] for n in range(9)]
    for name, dimension in {"less": '<dimension ref="A1:C4"/>', "none": ""}.items():
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(as_workbook(rows))) as old,
            zipfile.ZipFile(out, "w") as new,
        ):
            for member in old.namelist():
                text = old.read(member)
                if member.endswith("sheet1.xml"):
                    text = re.sub(rb"<dimension [^>]*/>", dimension.encode(), text)
                new.writestr(member, text)
        assert len(taken(tmp_path / name, "orders.xlsx", out.getvalue())) == 9


def test_an_id_that_lost_its_digits_in_a_spreadsheet_is_refused(tmp_path):
    rows = [[f"a{n}", date(2024, 1, 1), 1, None, None] for n in range(9)]
    rows.append([12345678901234567, date(2024, 1, 1), 1, None, None])
    found = taken(tmp_path / "ids", "orders.xlsx", as_workbook(rows))
    assert [row[0] for row in found] == [f"a{n}" for n in range(9)]
    reasons = duckdb.execute(
        f"select row_number, reasons from {rows_of(tmp_path / 'ids/home/intake/quarantine.parquet')}"
    ).fetchall()
    assert reasons == [(11, "order_id: digits are lost (as 1.2E+12). Export identifiers as text")]


def with_formula(cell: str, calculated: bool = False) -> bytes:
    """A workbook whose last cell is this XML, as a program writes it that does not calculate, or as one that does."""
    source = io.BytesIO(as_workbook([[1001, "2024-01-31", "=6*2", 17, "ann@example.com"]]))
    out = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            text = text.replace('<c r="C2"><f>6*2</f><v /></c>', cell)
            if calculated:
                text = text.replace('fullCalcOnLoad="1"', "")
            new.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "cell",
    ['<c r="C2"><f>6*2</f><v /></c>', '<c r="C2"><f>6*2</f></c>', '<c r="C2"><f>6*2</f><v>0</v></c>'],
)  # fmt: skip
def test_a_formula_without_its_result_is_no_empty_cell(tmp_path, cell):
    with pytest.raises(UserError, match=r"orders\.xlsx, row 2, column C: a formula whose result"):
        taken(tmp_path, "orders.xlsx", with_formula(cell))


@pytest.mark.parametrize(
    ("cell", "calculated", "total"),
    [('<c r="C2"><f>6*2</f><v>12</v></c>', False, 12.0), ('<c r="C2"><f>6*2</f><v>0</v></c>', True, 0.0)],
)  # fmt: skip
def test_a_formula_with_its_result_is_that_result(tmp_path, cell, calculated, total):
    (row,) = taken(tmp_path, "orders.xlsx", with_formula(cell, calculated))
    assert row[2] == total


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell(tmp_path):
    cell = '<c r="C2"><v>12</v></c>'
    empty = '<c r="F2" t="str"><f>""</f><v></v></c>'
    (row,) = taken(tmp_path, "orders.xlsx", with_formula(cell + empty))
    assert row[2] == 12.0
