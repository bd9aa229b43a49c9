"""The landing that benchmarks run over: every table of the contract, in the planned proportions."""

from pathlib import Path

import duckdb
import phonenumbers
import pytest
from rich.console import Console

from audiencekit.bench.activation import run_activation_bench
from audiencekit.bench.landing import AS_OF, TABLES, write_synthetic_landing
from audiencekit.bench.measurement import Measured
from audiencekit.bench.report import Bench
from audiencekit.bench.scoring import run_scoring_bench
from audiencekit.errors import UserError
from audiencekit.intake.contract import load_contract
from audiencekit.intake.job import TableIntake, run_intake
from audiencekit.workspace import Workspace, open_workspace

CUSTOMERS = 300


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    write_synthetic_landing(folder, CUSTOMERS)
    return folder


@pytest.fixture(scope="module")
def taken(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TableIntake]:
    workspace = open_workspace(tmp_path_factory.mktemp("home"))
    results = run_intake(landing, workspace, AS_OF, say=lambda _: None)
    return {result.table_name: result for result in results}


def read(landing: Path, table: str) -> str:
    return f"read_parquet('{landing / table}.parquet')"


def one(query: str):
    return duckdb.execute(query).fetchall()[0][0]


def test_it_holds_every_table_and_column_of_the_contract(landing):
    assert set(TABLES) == set(load_contract())
    for table in load_contract().values():
        described = duckdb.execute(f"describe from {read(landing, table.name)}").fetchall()
        assert [row[0] for row in described] == [c.name for c in table.columns]


def test_intake_refuses_nothing_of_it(taken):
    for result in taken.values():
        assert (result.rows_quarantined, result.rows_held_back) == (0, 0), result.table_name
        assert result.ignored_columns == ""


def test_it_keeps_the_planned_ratios(taken):
    a_customer = {name: result.rows_kept / CUSTOMERS for name, result in taken.items()}
    assert a_customer["orders"] == pytest.approx(10.5, rel=0.05)
    assert a_customer["order_lines"] == pytest.approx(15, rel=0.05)
    assert a_customer["web_events"] == pytest.approx(48, rel=0.1)
    assert a_customer["contacts"] == pytest.approx(1.1, rel=0.05)
    assert a_customer["accounts"] == pytest.approx(0.85, rel=0.1)
    assert a_customer["email_events"] == pytest.approx(4, rel=0.15)
    assert a_customer["consent_events"] == pytest.approx(3, rel=0.1)
    assert a_customer["campaign_touches"] == 2
    assert taken["products"].rows_kept == 20_000


def test_business_keys_repeat_only_in_orders(landing):
    for table in load_contract().values():
        rows, keys = duckdb.execute(
            f"select count(*), count(distinct ({', '.join(table.key)})) from {read(landing, table.name)}"
        ).fetchall()[0]
        if table.name == "orders":
            assert 0.003 * rows < rows - keys < 0.03 * rows
        else:
            assert rows == keys, table.name


def test_few_customers_and_products_make_much_of_it(landing):
    def share_of_top(table: str, column: str, top: float) -> float:
        return one(
            f"""
            with counted as (
                select count(*) as n from {read(landing, table)}
                where {column} is not null group by {column}
            )
            select sum(n) filter (where place <= {top}) / sum(n)
            from (select n, percent_rank() over (order by n desc) as place from counted)
            """
        )

    assert share_of_top("orders", "account_id", 0.1) > 0.25
    assert share_of_top("web_events", "anonymous_id", 0.1) > 0.25
    assert share_of_top("order_lines", "product_id", 0.1) > 0.3


def test_guests_returns_and_cancellations_are_there(landing):
    orders = read(landing, "orders")
    rows = one(f"select count(*) from {orders}")
    nameless = "coalesce(account_id, card_number, email, phone) is null"
    assert 0.1 * rows < one(f"select count(*) from {orders} where {nameless}") < 0.4 * rows
    assert one(f"select count(*) from {orders} where total < 0") > 50
    assert one(f"select count(*) from {orders} where status = 'cancelled'") > 20


def test_no_synthetic_customer_can_be_reached(landing):
    for table in ("orders", "contacts", "accounts", "email_events"):
        astray = f"from {read(landing, table)} where email not ilike '%@example.com'"
        assert one(f"select count(*) {astray}") == 0
    phones = duckdb.execute(
        f"select phone, count(distinct first_name || postal_code) from {read(landing, 'contacts')} "
        "where phone is not null group by phone"
    ).fetchall()
    assert len(phones) > 0.2 * CUSTOMERS
    for phone, people in phones:
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone))
        assert people == 1
        assert not phone.startswith("+1") or phone[5:10] == "55501"


def test_the_same_size_and_seed_give_the_same_rows_and_another_seed_others(landing, tmp_path):
    write_synthetic_landing(tmp_path / "again", CUSTOMERS)
    write_synthetic_landing(tmp_path / "other", CUSTOMERS, seed=2)

    def content(folder: Path, table: str):
        return one(f"select (count(*), sum(hash(t))) from {read(folder, table)} as t")

    for table in TABLES:
        assert content(landing, table) == content(tmp_path / "again", table), table
    assert content(landing, "orders") != content(tmp_path / "other", "orders")


def test_the_ratio_leaves_out_what_dbt_costs_before_any_data():
    def cost(models: float, raw: float) -> dict[str, Measured]:
        nodes = {"nodes": {"fct_orders": 1.0}}
        return {
            "models": Measured(models, models, 1, nodes),
            "raw": Measured(raw, raw, 1, nodes),
        }

    bench = Bench(1000, 2, "1.5.5", small=cost(12, 2), large=cost(60, 40))
    assert bench.dbt_own("cpu") == 10
    assert bench.ratio("cpu") == 1.5
    assert bench.ratio_without_dbt_own("cpu") == 1.25
    assert bench.as_record()["ratio_cpu_without_dbt_own"] == 1.25


def test_nothing_to_score_is_reported_in_a_line(tmp_path):
    with pytest.raises(UserError, match="Build first"):
        run_scoring_bench(500, Workspace(tmp_path / "empty"), tmp_path, Console())


def test_a_warehouse_without_a_build_is_no_build(tmp_path):
    workspace = Workspace(tmp_path / "linted")
    workspace.home.mkdir()
    duckdb.connect(str(workspace.warehouse)).close()
    with pytest.raises(UserError, match="Build first"):
        run_activation_bench(500, workspace, tmp_path / "bench", Console())
