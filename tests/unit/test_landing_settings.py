"""landing.yml: what the files of a landing folder cannot say themselves."""

import json
import re
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from jsonschema import Draft7Validator

from audiencekit.errors import UserError
from audiencekit.intake.explain import explain, write_starter
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_keys import json_schema
from audiencekit.intake.landing_settings import read_settings
from audiencekit.intake.shop import read_shop
from audiencekit.sql import rows_of
from audiencekit.workspace import PROJECT, Workspace

ORDERS = "order_id,ordered_at,total\n"


def landing(folder: Path, settings: str, **files: str) -> Path:
    (folder / "landing.yml").write_text(settings)
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.csv").write_text(text)
    return folder


def taken(folder: Path, columns: str = "order_id, ordered_at") -> list[tuple]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    run_intake(folder, Workspace(home), datetime(2025, 1, 1), Gates(["orders"]), say=lambda _: None)
    return duckdb.execute(
        f"select {columns} from {rows_of(home / 'intake' / 'orders.parquet')} order by all"
    ).fetchall()


def test_the_zone_of_a_file_says_what_a_time_without_a_zone_means(tmp_path):
    india = "a,2024-07-01 05:00:00\nb,2024-07-01 05:00:00 +00:00\nc,2024-07-01\n".replace(
        "\n", ",1\n"
    )
    folder = landing(
        tmp_path,
        "files:\n  orders.in*:\n    time_zone: Asia/Kolkata\n  orders.us.csv: {time_zone: America/New_York}\n",
        orders__in=ORDERS + india,
        orders__us=ORDERS + "d,2024-01-31 20:00:00,1\ne,2024-07-31T20:00,1\n",
        orders__utc=ORDERS + "f,2024-01-31 20:00:00,1\n",
    )
    assert taken(folder) == [
        ("a", datetime(2024, 6, 30, 23, 30)),
        ("b", datetime(2024, 7, 1, 5)),
        ("c", datetime(2024, 6, 30, 18, 30)),
        ("d", datetime(2024, 2, 1, 1)),
        ("e", datetime(2024, 8, 1)),
        ("f", datetime(2024, 1, 31, 20)),
    ]


def test_times_of_parquet_have_a_zone_only_if_their_type_says_so(tmp_path):
    moment = datetime(2024, 7, 1, 5)
    for name, kind in {"naive": pa.timestamp("us"), "zoned": pa.timestamp("us", "UTC")}.items():
        rows = {"order_id": [name], "ordered_at": pa.array([moment], kind), "total": [1.0]}
        pq.write_table(pa.table(rows), tmp_path / f"orders.{name}.parquet")
    landing(tmp_path, "files: {'*': {time_zone: Asia/Kolkata}}")
    assert taken(tmp_path) == [
        ("naive", datetime(2024, 6, 30, 23, 30)),
        ("zoned", datetime(2024, 7, 1, 5)),
    ]


def test_the_currency_of_a_file_is_that_of_rows_without_one(tmp_path):
    folder = landing(
        tmp_path,
        "files: {'orders.*': {currency: eur}, orders.us.csv: {currency: USD}}",
        orders__eu="order_id,ordered_at,total,currency\na,2024-01-01,1,\nb,2024-01-01,1,GBP\n",
        orders__us=ORDERS + "c,2024-01-01,1\n",
    )
    assert taken(folder, "order_id, currency") == [("a", "EUR"), ("b", "GBP"), ("c", "USD")]


def test_the_shop_is_in_landing_yml_unless_the_command_line_says_otherwise(tmp_path):
    given = read_settings(landing(tmp_path, "currency: eur\ntime_zone: Europe/Paris\n")).shop
    shop = read_shop(given.currency, given.time_zone)
    assert (shop.currency, shop.time_zone) == ("EUR", "Europe/Paris")
    assert read_settings(tmp_path / "nowhere").files == ()
    shop = read_shop()
    assert (shop.currency, shop.time_zone) == ("USD", "UTC")


def test_a_file_of_any_name_with_any_headers_is_the_table_that_landing_yml_says(tmp_path):
    settings = """
        files:
          "Umsätze*.csv":
            table: orders
            columns: {Belegnummer: order_id, Datum: ordered_at, Brutto: total, Status: status, Kunde: account_id}
            values: {status: {Bezahlt: paid, "storniert ": cancelled}, account_id: {"0": ""}}
    """
    (tmp_path / "landing.yml").write_text(settings)
    (tmp_path / "Umsätze 2024.csv").write_text(
        "Belegnummer,Datum,Brutto,Status,Kunde,total\n1,2024-01-01,5,bezahlt,0,9\n2,2024-01-01,6, STORNIERT,7,9\n"
        "3,2024-01-01,7,pending,,9\n"
    )
    assert taken(tmp_path, "order_id, total, status, account_id") == [
        ("1", 5.0, "paid", None),
        ("2", 6.0, "cancelled", "7"),
        ("3", 7.0, "pending", None),
    ]


def test_a_later_pattern_overrides_an_earlier_one(tmp_path):
    text = "files: {'*': {decimal_comma: true, currency: EUR}, orders.csv: {decimal_comma: false}}"
    found = read_settings(landing(tmp_path, text)).of("orders.csv")
    assert (found.decimal_comma, found.currency) == (False, "EUR")


def test_a_day_without_a_time_is_a_day_of_the_shop(tmp_path):
    rows = "a,2024-05-10,1\nb,2024-05-10 00:00:00,1\nc,2024-05-10T00:00Z,1\n"
    folder = landing(tmp_path, "", orders=ORDERS + rows)
    home = folder / "home"
    home.mkdir()
    shop = read_shop("USD", "America/New_York")
    run_intake(folder, Workspace(home), datetime(2025, 1, 1), Gates(shop=shop), say=lambda _: None)
    found = duckdb.execute(
        f"select order_id, ordered_at from {rows_of(home / 'intake' / 'orders.parquet')} order by 1"
    ).fetchall()
    midnight = datetime(2024, 5, 10)
    assert found == [("a", datetime(2024, 5, 10, 4)), ("b", midnight), ("c", midnight)]


def test_the_names_of_two_patterns_count_together(tmp_path):
    text = "files: {'*': {columns: {a: total, b: status}}, orders.csv: {columns: {c: order_id, b: discount}}}"
    found = read_settings(landing(tmp_path, text)).of("orders.csv")
    assert found.columns == {"a": "total", "b": "discount", "c": "order_id"}


def test_two_shops_that_count_from_1000_get_prefixes(tmp_path):
    folder = landing(
        tmp_path,
        "files: {'*.us.csv': {source: us}, '*.de.csv': {source: de}}",
        orders__us="order_id,ordered_at,total,account_id,card_number,original_order_id\n"
        "1000,2024-01-01,5,7,C1,\n1001,2024-01-03,-5,guest,C1,1000\n",
        orders__de="order_id,ordered_at,total,account_id\n1000,2024-01-02,6,7.0\n1001,2024-01-02,6,8.0\n",
        consent_events__de="consent_event_id,id_type,id_value,purpose,status,decided_at\n"
        "1,account_id,7,newsletter,denied,2024-01-01\n2,email,a@example.com,newsletter,denied,2024-01-01\n",
    )
    assert taken(folder, "order_id, account_id, card_number, original_order_id") == [
        ("de:1000", "de:7", None, None),
        ("de:1001", "de:8", None, None),
        ("us:1000", "us:7", "C1", None),
        ("us:1001", "guest", "C1", "us:1000"),
    ]
    decisions = rows_of(folder / "home" / "intake" / "consent_events.parquet")
    assert duckdb.execute(
        f"select consent_event_id, id_value from {decisions} order by 1"
    ).fetchall() == [("de:1", "de:7"), ("de:2", "a@example.com")]


def test_ids_that_were_merged_get_the_prefix_of_their_file(tmp_path):
    header = "id,hs_merged_object_ids,master_record_id\n"
    folder = landing(
        tmp_path,
        "files: {'*.us.csv': {source: us}}",
        orders=f"{ORDERS}1,2024-01-01,5\n",
        contacts__us=f'{header}1,"7; 8:1612345678901",\n2,,1\n3,"[""9""]",\n',
        contacts__de=f'{header}4,"7,8",\n5,,4\n',
    )
    taken(folder)
    contacts = rows_of(folder / "home" / "intake" / "contacts.parquet")
    assert duckdb.execute(
        f"select contact_id, merged_ids, merged_into_id from {contacts} order by 1"
    ).fetchall() == [
        ("4", "7;8", None),
        ("5", None, "4"),
        ("us:1", "us:7;us:8", None),
        ("us:2", None, "us:1"),
        ("us:3", "us:9", None),
    ]


@pytest.mark.parametrize(("products", "expected"), [("products", "7"), ("products__us", "us:7")])
def test_products_have_the_source_of_their_file(tmp_path, products, expected):
    files = {products: "product_id,name\n7,lamp\n"}
    lines = "order_id,line_number,product_id,quantity,amount\n1,1,7,1,5\n"
    folder = landing(
        tmp_path,
        "files: {'*.us.csv': {source: us}}",
        orders__us=ORDERS + "1,2024-01-01,5\n",
        order_lines__us=lines,
        **files,
    )
    taken(folder)
    found = rows_of(folder / "home" / "intake" / "order_lines.parquet")
    assert duckdb.execute(f"select order_id, product_id from {found}").fetchall() == [
        ("us:1", expected)
    ]


def test_rows_that_do_not_count_are_left_out_and_counted(tmp_path):
    folder = landing(
        tmp_path,
        "files: {orders.csv: {leave_out: {Test: [1, true], Financial Status: voided, Note: ''}}}",
        orders="order_id,ordered_at,total,Test,Financial Status,Note\n"
        "a,2024-01-01,1,0,paid,n\nb,2024-01-01,1,TRUE ,paid,n\nc,2024-01-01,1,1,paid,n\nd,2024-01-01,1,,Voided,n\n"
        "e,not a time,1,,voided,n\nf,2024-01-01,1,,,\n",
    )
    home = folder / "home"
    home.mkdir()
    lines: list[str] = []
    # Financial Status is not read otherwise, and has one value in the rows that count.
    result = run_intake(folder, Workspace(home), datetime(2025, 1, 1), say=lines.append)[0]
    assert (result.rows_in, result.rows_kept, result.rows_left_out) == (6, 1, 5)
    assert result.rows_quarantined == 0
    assert lines[0].startswith("orders: 1 rows, 5 left out")


@pytest.mark.parametrize(
    ("header", "value"),
    [("Lead Status", "unsubscribed"), ("Merged", "1"), ("do not mail flag", "x")],
)
def test_a_column_that_says_nothing_is_ignored_by_name(tmp_path, header, value):
    people = f"contact_id,email,{header}\n1,a@example.com,{value}\n2,b@example.com,0\n"
    files = {"orders": ORDERS + "1,2024-01-01,5\n", "contacts": people}
    settings = f"files: {{contacts.csv: {{ignore: [{header}]}}}}"
    for name in ("stopped", "ignored"):
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=r"under ignore\s+in landing\.yml"):
        taken(landing(tmp_path / "stopped", "", **files))
    assert taken(landing(tmp_path / "ignored", settings, **files), "order_id") == [("1",)]


def test_a_column_that_is_read_cannot_be_ignored(tmp_path):
    people = "contact_id,email,unsubscribed\n1,a@example.com,yes\n"
    settings = "files: {contacts.csv: {ignore: unsubscribed}}"
    folder = landing(tmp_path, settings, orders=ORDERS + "1,2024-01-01,5\n", contacts=people)
    with pytest.raises(UserError, match=r"contacts\.csv, ignore: unsubscribed is read"):
        taken(folder)


def test_text_in_another_encoding_is_read_as_landing_yml_says(tmp_path):
    (tmp_path / "landing.yml").write_text("files: {orders.csv: {encoding: windows-1252}}")
    text = ORDERS.replace("total", "total,email") + "Müller,2024-01-01,1,jo€@example.com\n"
    (tmp_path / "orders.csv").write_bytes(text.encode("cp1252"))
    assert taken(tmp_path, "order_id, email") == [("Müller", "jo€@example.com")]


@pytest.mark.parametrize(
    ("settings", "is_valid"),
    [
        ("", True),
        ("currency: EUR\ntime_zone: Europe/Paris", True),
        ("files: {'*': {source: us, date_order: DMY, decimal_comma: true, leave_out: {Test: [1, yes]}}}", True),
        ("files: {a.csv: {columns: {A: total}, values: {status: {ok: paid}}, leave_out: {T: 1}, ignore: [S, U]}}", True),
        ("zone: UTC", False),
        ("currency: dollars", False),
        ("files: {a.csv: {tables: x}}", False),
        ("files: {a.csv: {date_order: YDM}}", False),
        ("files: {a.csv: {decimal_comma: perhaps}}", False),
        ("files: {a.csv: {columns: [a]}}", False),
        ("files: {a.csv: {values: {status: paid}}}", False),
        ("files: {a.csv: {leave_out: {T: {a: b}}}}", False),
        ("files: {a.csv: {source: 'a b'}}", False),
    ],
)  # fmt: skip
def test_the_schema_and_the_reader_agree(tmp_path, settings, is_valid):
    landing(tmp_path, settings)
    schema = Draft7Validator(json_schema())
    Draft7Validator.check_schema(json_schema())
    assert schema.is_valid(yaml.safe_load(settings) or {}) == is_valid
    if is_valid:
        read_settings(tmp_path)
    else:
        with pytest.raises(UserError):
            read_settings(tmp_path)


def test_the_schema_in_the_docs_is_that_of_the_reader():
    page = PROJECT / "docs" / "landing.schema.json"
    assert json.loads(page.read_text()) == json_schema()


def test_every_file_and_column_is_explained(tmp_path):
    (tmp_path / "orders").mkdir()
    names = [f"extra_{number}" for number in range(60)]
    header = ",".join(
        ["Order Number", "order date", "total", "Test", "Do Not Mail", "refund", *names]
    )
    (tmp_path / "orders" / "2024.csv").write_text(
        f"{header}\n1,13/01/2024,5{',' * 63}\n2,13/01/2024,5,,,3{',' * 60}\n"
    )
    (tmp_path / "sales.csv").write_text("a\n1\n")
    (tmp_path / "contacts.csv").write_text("name\nAnn\n")
    (tmp_path / "landing.yml").write_text("files: {'orders/*': {leave_out: {Test: 1}}}")
    lines = list(explain(tmp_path))
    assert lines[:3] == [
        "contacts.csv: contacts, by its name",
        "  stops the run: contacts.csv, header: no column contact_id (or id). It has: name"
        ". Only one column was found: columns are split by comma, semicolon, tab, pipe",
        "orders/2024.csv: orders, by its name",
    ]
    assert lines[3:9] == [
        "  Order Number -> order_id",
        "  order date -> ordered_at (dates are DMY)",
        "  total -> total",
        "  Test -> says which rows are left out",
        "  Do Not Mail -> not read, and stops the run: it may hold refusals",
        "  refund -> not read, and stops the run: its values differ, and change what a row means",
    ]
    assert [f"  {name} -> not read" for name in names] == lines[9:69]
    assert lines[70] == '  landing.yml: leave_out {"Test": ["1"]}'
    assert lines[71] == "sales.csv: not read. Its table can be named in landing.yml"


def test_a_landing_yml_to_start_from_can_be_used_as_it_is(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS + "a,2024-01-01,1\n")
    (tmp_path / "Umsätze 1.csv").write_text("a\n1\n")
    written = write_starter(tmp_path)
    assert written and "orders.csv" in written.read_text()
    assert taken(tmp_path) == [("a", datetime(2024, 1, 1))]
    all_of_it = re.sub("(?m)^( *)# (?=[a-z_]+: )", r"\1", written.read_text())
    written.write_text(all_of_it)
    found = read_settings(tmp_path)
    assert found.shop.currency == "EUR"
    assert found.of("Umsätze 1.csv").leave_out == {"Test": ("1", "true")}
    assert write_starter(tmp_path) is None


@pytest.mark.parametrize("name", ["landing.yaml", "Landing.yml"])
def test_a_file_of_settings_with_another_name_stops_the_run(tmp_path, name):
    (tmp_path / name).write_text("currency: EUR")
    with pytest.raises(UserError, match=f"{name}: call it landing.yml"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('files: {orders.csv: {values: {status: {"": paid}}}}', "landing.yml: orders.csv, values: an empty cell"),
        ("files: {orders.csv: {columns: {Price: total}}}", "landing.yml: orders.csv has no column Price. It has: order_id"),
        ("files: {orders.csv: {columns: {total: price}}}", "landing.yml: orders.csv is a file of orders, which has no column price"),
        ("files: {orders.csv: {values: {state: {a: b}}}}", "landing.yml: orders.csv is a file of orders, which has no column state"),
        ("files: {orders.csv: {values: [a]}}", "landing.yml, line 1, values: this must be names with values"),
        ("files: {orders.csv: {table: sales}}", "landing.yml: orders.csv is to be the table sales, and there is none"),
        ("files: {orders.csv: {date_order: YDM}}", "landing.yml, line 1, date_order: 'YDM' is neither DMY nor MDY"),
        ("files: {orders.csv: {decimal_comma: ja}}", "landing.yml, line 1, decimal_comma: 'ja' is neither true nor false"),
        ("currency: EUR\nzone: UTC\n", "landing.yml, line 2: zone is unknown. There are: currency, time_zone, files"),
        ("currency: dollars\n", "landing.yml, line 1, currency: 'dollars' is no currency"),
        ("time_zone: EST\n", "landing.yml, line 1, time_zone: 'EST' is no time zone"),
        ("files:\n  orders.csv:\n    tables: x\n", "landing.yml, line 3: tables is unknown"),
        ("files:\n  orders.csv: EUR\n", "landing.yml, line 2: orders.csv must have keys with values"),
        ("files:\n\torders.csv: x\n", "landing.yml, line 2: this is no YAML"),
        ("currency: [EUR]\n", "landing.yml, line 1, currency: this must be one value"),
        ("files: {orders.csv: {columns: {a: total, b: total}}}", "landing.yml: orders.csv, columns: total is there twice"),
        ("files: {orders.csv: {values: {status: {B: paid, b: cancelled}}}}", "landing.yml, line 1, values: b is there twice"),
        ("files: {orders.csv: {values: {status: {a: paid}}}}", "landing.yml: orders.csv, values: no such file has a column status"),
        ("currency: EUR\ncurrency: USD\n", "landing.yml, line 1: currency is there twice"),
        ("files: {orders.csv: {}, Orders.csv: {}}", "landing.yml, line 1: Orders.csv is there twice"),
        ("files: {[a, b]: {currency: EUR}}", "landing.yml, line 1: a key of files is no text"),
        ("files: {orders.csv: {columns: {[a]: total}}}", "landing.yml, line 1, columns: a name in it is no text"),
        ("files: {orders.csv: {source: 'a b'}}", "landing.yml, line 1, source: 'a b' is no prefix"),
        ("files: {orders.csv: {encoding: base64}}", "landing.yml, line 1, encoding: 'base64' is no encoding of text"),
        ("files: {orders.csv: {leave_out: {Test: [[1]]}}}", "landing.yml, line 1, leave_out: this must be one value"),
        ("files: {orders.csv: {leave_out: {Test: 1}}}", "landing.yml: orders.csv has no column Test. It has: order_id"),
        ("files: {order.csv: {currency: EUR}}\n", "landing.yml: order.csv is no file of the landing folder. It has: orders.csv"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_its_line(tmp_path, settings, problem):
    folder = landing(tmp_path, settings, orders=ORDERS + "a,2024-01-01,1\n")
    with pytest.raises(UserError) as raised:
        taken(folder)
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize("table", ["orders", "contacts"])
def test_rows_that_are_all_left_out_are_an_error_in_one_line(tmp_path, table):
    text = {"orders": ORDERS + "1,2024-01-01,5\n", "contacts": "contact_id,email\n1,a@b.c\n"}
    header = {"orders": "total", "contacts": "email"}[table]
    value = {"orders": "5", "contacts": "a@b.c"}[table]
    settings = f"files: {{{table}.csv: {{leave_out: {{{header}: [{value}]}}}}}}"
    folder = landing(tmp_path, settings, **text)
    home = Workspace(tmp_path / "home")
    with pytest.raises(
        UserError, match=rf"^{table}: no row is usable\. Each is left out, by leave_out"
    ):
        run_intake(folder, home, datetime(2025, 1, 1), say=lambda _: None)  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ("no,yes,no", ["contacts: 2 left out, 1 of them states a refusal, which does not count. "]),
        ("no,yes,yes", ["contacts: 2 left out, 2 of them state refusals, which do not count. "]),
        ("yes,no,", []),
    ],
)
def test_refusals_in_rows_that_are_left_out_are_counted(tmp_path, answers, shown):
    stages = zip("123", answers.split(","), ["live", "lost", "lost"], strict=True)
    folder = landing(
        tmp_path,
        "files: {contacts.csv: {leave_out: {Stage: [lost]}}}",
        orders=ORDERS + "1,2024-01-01,5\n",
        contacts="id,unsubscribed,Stage\n" + "".join(",".join(row) + "\n" for row in stages),
    )
    lines: list[str] = []
    run = run_intake(folder, Workspace(tmp_path / "home"), datetime(2025, 1, 1), say=lines.append)
    contacts = next(result for result in run if result.table_name == "contacts")
    assert (contacts.rows_kept, contacts.rows_left_out) == (1, 2)
    assert [line for line in lines if "of them state" in line] == [
        line + "Provide refusals as consent_events, or leave these rows in" for line in shown
    ]


def test_several_columns_may_be_one_decision(tmp_path):
    folder = landing(
        tmp_path,
        "files: {contacts.csv: {columns: {Raus: email_opt_out, unsubscribed: email_opt_out},"
        " values: {email_opt_out: {nee doch: no, genug: yes}}}}",
        orders=ORDERS + "1,2024-01-01,5\n",
        contacts="id,Raus,unsubscribed\n1,nee doch,no\n2,genug,no\n3,no,genug\n",
    )
    run_intake(folder, Workspace(tmp_path / "home"), datetime(2025, 1, 1), say=lambda _: None)
    rows = rows_of(tmp_path / "home" / "intake" / "contacts.parquet")
    found = duckdb.execute(f"select email_opt_out from {rows} order by contact_id").fetchall()
    assert found == [(False,), (True,), (True,)]


@pytest.mark.parametrize("value", ["1.234", "12.000", "-2.500", "1.234.567"])
def test_a_point_before_three_digits_is_asked_about(tmp_path, value):
    orders = ORDERS + f"1,2024-01-01,{value}\n2,2024-01-01,899\n"
    with pytest.raises(
        UserError, match=r"orders\.csv, total: .* Say decimal_comma in landing\.yml"
    ):
        taken(landing(tmp_path, "", orders=orders))  # fmt: skip


def test_a_whole_number_with_a_point_is_asked_about(tmp_path):
    lines = "order_id,line_number,quantity,amount\n1,1.000,1,5\n"
    folder = landing(tmp_path, "", orders=ORDERS + "1,2024-01-01,5\n", order_lines=lines)
    with pytest.raises(UserError, match=r"order_lines\.csv, line_number: 1\.000 may be thousands"):
        taken(folder)


@pytest.mark.parametrize(("comma", "total"), [("false", 1.234), ("true", 1234.0)])
def test_landing_yml_says_what_a_point_before_three_digits_is(tmp_path, comma, total):
    folder = landing(
        tmp_path,
        f"files: {{orders.csv: {{decimal_comma: {comma}}}}}",
        orders=ORDERS + "1,2024-01-01,1.234\n",
    )
    assert taken(folder, "total") == [(total,)]


@pytest.mark.parametrize("proof", ["0.125", "12.5", "1234.500", "1.2345", ".5", "1.234e3", "0.00"])
def test_other_decimals_prove_what_a_point_is(tmp_path, proof):
    orders = "order_id,ordered_at,total,discount\n1,2024-01-01,1.234,0\n"
    folder = landing(tmp_path, "", orders=orders + f"2,2024-01-01,5,{proof.replace('e3', 'e1')}\n")
    assert taken(folder, "total") == [(1.234,), (5.0,)]


def test_numbers_that_are_no_text_are_in_no_doubt(tmp_path):
    table = pa.table({"order_id": ["1"], "ordered_at": ["2024-01-01"], "total": [1.234]})
    pq.write_table(table, tmp_path / "orders.parquet")
    (tmp_path / "orders.b.jsonl").write_text(
        '{"order_id": "2", "ordered_at": "2024-01-01", "total": 2.345}\n'
    )
    assert taken(landing(tmp_path, ""), "total") == [(1.234,), (2.345,)]


@pytest.mark.parametrize("code", ["GBp", "GBX", "ZAc", "ZAX", "ILA", "ILa", "USc", "EUc"])
def test_a_hundredth_of_a_currency_is_no_currency(tmp_path, code):
    folder = landing(
        tmp_path,
        "",
        orders=f"order_id,ordered_at,total,currency\n1,2024-01-01,500,{code}\n2,2024-01-01,5,gbp\n3,2024-01-01,5,usd\n",
    )
    assert taken(folder, "order_id, currency") == [("2", "gbp"), ("3", "usd")]
    quarantine = rows_of(tmp_path / "home" / "intake" / "quarantine.parquet")
    assert duckdb.execute(f"select row_number, reasons from {quarantine}").fetchall() == [
        (2, "currency: a hundredth, as GBp. Divide by 100, and write GBP or the like")
    ]
    with pytest.raises(UserError, match=f"'{code}' is a hundredth of ...\\. Divide amounts by 100"):
        read_shop(currency=code)


def test_a_rate_of_pence_is_one_of_its_own_unless_capitals_make_it_pounds(tmp_path):
    rates = "currency,valid_from,rate\nGBX,2024-01-01,0.0127\nGBP,2024-01-01,1.27\nGBp,2024-01-01,0.0127\n"
    folder = landing(tmp_path, "", orders=ORDERS + "1,2024-01-01,5\n", exchange_rates=rates)
    taken(folder)
    kept = rows_of(tmp_path / "home" / "intake" / "exchange_rates.parquet")
    assert duckdb.execute(f"select currency from {kept} order by 1").fetchall() == [("GBP",), ("GBX",)]  # fmt: skip
