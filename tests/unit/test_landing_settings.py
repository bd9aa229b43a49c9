"""landing.yml: what the files of a landing folder cannot say themselves."""

from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.landing_settings import read_settings
from audiencekit.intake.shop import read_shop
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

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
        ("files: {order.csv: {currency: EUR}}\n", "landing.yml: order.csv is no file of the landing folder. It has: orders.csv"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_its_line(tmp_path, settings, problem):
    folder = landing(tmp_path, settings, orders=ORDERS + "a,2024-01-01,1\n")
    with pytest.raises(UserError) as raised:
        taken(folder)
    assert str(raised.value).startswith(problem)
