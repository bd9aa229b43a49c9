"""The benchmark's landing: within the contract, the same every time, and as big as it says."""

import io

import duckdb
import pytest
from rich.console import Console

from audiencekit.bench.intake import run_intake_bench
from audiencekit.bench.refits import run_refits_bench
from audiencekit.bench.scoring import run_scoring_bench
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace


def test_scores_of_sql_are_those_of_the_libraries_when_measured(published, tmp_path):
    measured = run_scoring_bench(500, published.workspace, tmp_path, Console(file=io.StringIO()))
    assert {"propensity_30d", "micro_segments"} <= {m.model for m in measured}
    assert max(m.difference for m in measured) <= 1e-9


def test_intake_is_measured_in_each_format_over_the_same_rows(tmp_path):
    costs = run_intake_bench(300, tmp_path, Console(file=io.StringIO()))
    assert [cost.format for cost in costs] == ["parquet", "csv"]
    assert len({cost.intake.answer["rows"] for cost in costs}) == 1
    assert all(cost.unchanged.answer["rows"] == cost.intake.answer["rows"] for cost in costs)
    assert all(cost.with_new.answer["rows"] > cost.intake.answer["rows"] for cost in costs)
    written = {path.stem for path in (tmp_path / "rewritten").iterdir()}
    assert {"orders", "contacts", "web_events"} <= written


def test_refits_need_a_build_that_trained(published, tmp_path):
    with pytest.raises(UserError, match="Build first"):
        run_refits_bench(Workspace(tmp_path / "empty"), Console())
    copy = Workspace(tmp_path / "untrained")
    copy.home.mkdir()
    with duckdb.connect(str(copy.warehouse)) as con:
        con.execute(f"attach '{published.workspace.warehouse}' as built (read_only)")
        con.execute("create schema predictions")
        con.execute(
            "create table predictions.model_inputs as select * from built.predictions.model_inputs "
            "where moment_at = (select max(moment_at) from built.predictions.model_inputs)"
        )
    with pytest.raises(UserError, match="looked at 1 moments, and 10 are needed"):
        run_refits_bench(copy, Console())
