"""Great Expectations catches a landing row that breaks the contract."""

import pandas as pd

from audiencekit.intake.contract import load_contract
from audiencekit.run.expectations import (
    _context,
    _run_suite,
    landing_expectations,
)


def broken(tmp_path, frame: pd.DataFrame, wanted) -> str:
    return " ".join(_run_suite(_context(tmp_path), "probe", frame, list(wanted)))


def test_a_landing_row_out_of_contract_is_caught(tmp_path):
    table = load_contract()["orders"]
    frame = pd.DataFrame({c.name: ["x"] for c in table.columns})
    frame = frame.assign(
        total=1.0, paid_outside_total=0.0, discount=0.0, status="paid", order_channel="web"
    )
    assert broken(tmp_path, frame, landing_expectations(table)) == ""
    frame["status"] = "lost at sea"
    assert "status breaks" in broken(tmp_path, frame, landing_expectations(table))
    frame["order_id"] = None
    assert "order_id breaks" in broken(tmp_path, frame, landing_expectations(table))
    frame["total"] = 9e12
    assert "total breaks" in broken(tmp_path, frame, landing_expectations(table))


def test_only_orders_must_have_rows_because_an_erasure_may_empty_another_table(tmp_path):
    contract = load_contract()
    for name, says in {"consent_events": "", "orders": "expect_table_row_count"}.items():
        table = contract[name]
        frame = pd.DataFrame({c.name: [] for c in table.columns})
        found = broken(tmp_path / name, frame, landing_expectations(table))
        assert says in found and bool(says) == bool(found), name
