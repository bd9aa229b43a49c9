"""Metrics are defined once: MetricFlow, SQL over what is published, and the overview say the same number."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def ask(published, project, tmp_path_factory):
    """Asks MetricFlow, as a user would, over a copy of the warehouse."""
    home = tmp_path_factory.mktemp("metrics")
    shutil.copy(published.workspace.warehouse, home)
    environment = os.environ | {
        "AUDIENCEKIT_HOME": str(home),
        "DBT_PROFILES_DIR": str(project),
        "DO_NOT_TRACK": "1",
        "COLUMNS": "200",
    }

    def run(command: str, *arguments: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [Path(sys.executable).with_name(command), *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    run("dbt", "parse", "--quiet")

    def query(metrics: str, *arguments: str) -> pd.DataFrame:
        answer = home / "answer.csv"
        run("mf", "query", "--metrics", metrics, "--csv", str(answer), *arguments)
        return pd.read_csv(answer)

    return query


def test_the_three_figures_of_the_overview_are_one_number_each(ask, published):
    answer = ask("customers,conversion_30d,revenue_30d").iloc[0]
    shown = published.report("rpt_overview").iloc[0]
    customers, buyers, revenue = published.warehouse(
        "select count(*), count(*) filter (where orders_30d > 0), sum(spend_30d) from segments.customer_360"
    ).iloc[0]
    with duckdb.connect(
        str(published.workspace.current / "reporting.duckdb"), read_only=True
    ) as con:
        file = con.execute("select * from rpt_overview").df().iloc[0]
    for name, metric, sql in (
        ("customers", answer["customers"], customers),
        ("conversion_30d", answer["conversion_30d"], buyers / customers),
        ("revenue_30d", answer["revenue_30d"], revenue),
    ):
        assert shown[name] == file[name]
        assert metric == pytest.approx(shown[name], rel=1e-9)
        assert sql == pytest.approx(shown[name], rel=1e-9)


def test_members_by_segment_are_those_of_the_report(ask, published):
    answer = ask("members", "--group-by", "membership__segment_code")
    answer = answer.set_index("membership__segment_code")["members"]
    shown = published.report("rpt_segments").set_index("segment_code")["members"]
    assert answer.to_dict() == shown[shown > 0].to_dict()


def test_revenue_and_order_value_by_month_are_those_of_the_report(ask, published):
    answer = ask("revenue,aov", "--group-by", "metric_time__month").set_index("metric_time__month")
    shown = published.report("rpt_revenue").groupby("month_on")["net_revenue"].sum()
    shown.index = pd.to_datetime(shown.index)
    orders = published.warehouse(
        "select date_trunc('month', ordered_at) as month, avg(net_revenue) as aov from profiles.fct_orders "
        "where is_purchase group by 1"
    ).set_index("month")["aov"]
    assert len(answer) == len(shown) == 12
    for month, row in answer.iterrows():
        assert row["revenue"] == pytest.approx(shown[pd.Timestamp(month)], rel=1e-9)
        assert row["aov"] == pytest.approx(orders[pd.Timestamp(month)], rel=1e-9)


def test_lift_and_lifetime_value_are_those_of_the_report(ask, published):
    names = ["experiment_code", "outcome_name", "arm"]
    answer = ask("lift", "--group-by", ",".join(f"comparison__{name}" for name in names))
    answer = answer.set_index([f"comparison__{name}" for name in names])["lift"].dropna()
    shown = published.report("rpt_experiment_lift")
    shown = shown[shown["stratum"].isna()].set_index(names)["lift"].dropna()
    assert answer.to_dict() == pytest.approx(shown.to_dict())
    assert len(answer) >= 2, "the demo has two experiments that can be read from the first build on"
    value = published.warehouse("select avg(lifetime_value_90d) as v from segments.customer_360")
    assert ask("clv_90d")["clv_90d"][0] == pytest.approx(value["v"][0], rel=1e-9)
