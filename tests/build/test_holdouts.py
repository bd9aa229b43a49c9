"""Holdouts kept here, read when their window has closed: a build in autumn assigns, one at new year reads."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from audiencekit.demo import write_demo_landing

AUTUMN, NEW_YEAR = datetime(2017, 10, 1), datetime(2018, 1, 1)
NEAR = 1e-9


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """Enough households for a tenth of a segment to be read."""
    folder = tmp_path_factory.mktemp("holdouts")
    write_demo_landing(folder / "landing", folder / "truth", households=600)
    return folder / "landing"


@pytest.fixture(scope="module")
def autumn(runner, landing):
    return runner("holdouts", landing, AUTUMN, checks=False)


@pytest.fixture(scope="module")
def at_the_start(autumn):
    """What autumn's build reported, before the next takes its place."""
    return {
        name: autumn.report(name)
        for name in ("rpt_experiments", "rpt_incrementality", "rpt_experiment_lift")
    }


@pytest.fixture(scope="module")
def new_year(runner, landing, at_the_start):
    return runner("holdouts", landing, NEW_YEAR, checks=False)


@pytest.fixture(scope="module")
def values(new_year):
    """What every assigned customer bought in the 30 days after and before, read anew from orders."""
    assigned = new_year.warehouse(
        "select experiment_code, customer_key, arm, assigned_at from activation.int_assigned_customers"
    )
    assigned = assigned[assigned["assigned_at"] <= pd.Timestamp(NEW_YEAR) - pd.Timedelta(days=30)]
    orders = new_year.warehouse(
        "select customer_key, ordered_at, net_revenue from profiles.fct_orders where is_purchase"
    )
    both = assigned.merge(orders, on="customer_key", how="left")
    days = (both["ordered_at"] - both["assigned_at"]) / pd.Timedelta(days=1)
    for name, inside in {
        "": (days >= 0) & (days < 30),
        "_before": (days >= -30) & (days < 0),
    }.items():
        both[f"orders{name}"] = inside
        both[f"revenue{name}"] = both["net_revenue"].where(inside, 0)
    keys = ["experiment_code", "customer_key", "arm"]
    sums = both.groupby(keys).sum(numeric_only=True).reset_index()
    for name in ("", "_before"):
        sums[f"purchased{name}"] = (sums[f"orders{name}"] > 0).astype(float)
    return sums


def test_a_holdout_is_not_read_while_its_window_is_open(at_the_start):
    experiments = at_the_start["rpt_experiments"]
    kept = experiments[experiments["is_holdout"]]
    assert len(kept) >= 2
    assert set(kept["status"]) == {"waiting"}
    assert kept["why"].str.contains("window of 30 days is still open").all()
    assert (kept["units"] == kept["units_waiting"]).all()
    assert at_the_start["rpt_incrementality"].empty
    lifts = at_the_start["rpt_experiment_lift"]
    assert not set(lifts["experiment_code"]) & set(kept["experiment_code"])


def test_the_lift_is_of_what_was_bought_in_the_window(new_year, values):
    lifts = new_year.report("rpt_experiment_lift")
    lifts = lifts[lifts["stratum"].isna()].set_index(["experiment_code", "outcome_name"])
    checked = 0
    for code, mine in values.groupby("experiment_code"):
        treated, held = (mine[mine["arm"] == arm] for arm in ("treated", "holdout"))
        if min(len(treated), len(held)) < 2:
            continue
        for outcome in ("purchased", "orders", "revenue"):
            row = lifts.loc[(code, outcome)]
            least = min(
                min(
                    (arm[outcome] > arm[outcome].min()).sum(),
                    (arm[outcome] < arm[outcome].max()).sum(),
                )
                for arm in (treated, held)
            )
            assert row["status"] == ("readable" if least >= 10 else "too few")
            if least < 10:
                assert pd.isna(row["lift"])
                continue
            y1, y0 = treated[outcome].to_numpy(), held[outcome].to_numpy()
            se = np.sqrt(y1.var(ddof=1) / len(y1) + y0.var(ddof=1) / len(y0))
            assert (row["units"], row["control_units"]) == (len(y1), len(y0))
            assert row["lift"] == pytest.approx(y1.mean() - y0.mean(), rel=NEAR, abs=1e-12)
            assert row["lift_se"] == pytest.approx(se or np.nan, rel=NEAR, nan_ok=True)
            x, y = mine[f"{outcome}_before"], mine[outcome]
            assert row["correlation"] == pytest.approx(
                np.corrcoef(x, y)[0, 1], rel=1e-7, nan_ok=True
            )
            checked += 1
    assert checked >= 2


def test_what_it_brought_is_reported_next_to_what_it_seems_to_have_brought(new_year, values):
    rows = new_year.report("rpt_incrementality").set_index(["experiment_code", "outcome_name"])
    exposed = new_year.warehouse(
        # Who was first addressed at new year was so after their window.
        "select experiment_code, customer_key from activation.int_first_exposures "
        "where exposed_at < timestamp '2017-10-31'"
    )
    assert len(rows) >= 2
    for (code, outcome), row in rows.iterrows():
        mine = values[values["experiment_code"] == code]
        keys = set(exposed.loc[exposed["experiment_code"] == code, "customer_key"])
        is_exposed = mine["customer_key"].isin(keys)
        assert not (is_exposed & (mine["arm"] == "holdout")).any()
        assert (row["treated"], row["exposed"]) == (
            (mine["arm"] == "treated").sum(),
            is_exposed.sum(),
        )
        seen = mine.loc[is_exposed, outcome].mean()
        naive = seen - mine.loc[~is_exposed, outcome].mean()
        assert row["naive_lift"] == pytest.approx(naive, rel=NEAR, abs=1e-12)
        before = mine.loc[is_exposed, f"{outcome}_before"].mean()
        assert row["before_after_lift"] == pytest.approx(seen - before, rel=NEAR, abs=1e-12)
        assert row["incremental"] == pytest.approx(row["lift"] * row["treated"])
        assert row["lift_per_exposed"] * row["exposed"] == pytest.approx(row["incremental"])


def test_who_was_addressed_first_and_when_is_remembered(new_year):
    first = new_year.warehouse(
        "select count(*) as n, count(distinct (experiment_code, customer_key, channel)) as different, "
        "min(exposed_at) as since from activation.int_first_exposures"
    ).iloc[0]
    assert first["n"] == first["different"] > 0
    assert first["since"] == pd.Timestamp(AUTUMN)


def test_a_plan_says_the_smallest_lift_it_would_show(new_year):
    plans = new_year.report("rpt_experiment_plans")
    assert {"purchased", "revenue"} == set(plans["outcome_name"])
    plans = plans[plans["standard_deviation"] > 0]
    assert len(plans) > 10
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    for row in plans.itertuples():
        held, rest = row.members * row.holdout_share, row.members * (1 - row.holdout_share)
        expected = z * row.standard_deviation * np.sqrt(1 / held + 1 / rest)
        assert row.minimum_detectable_lift == pytest.approx(expected, rel=NEAR)
        effect = NormalIndPower().solve_power(
            nobs1=held, alpha=0.05, power=0.8, ratio=rest / held, alternative="two-sided"
        )
        assert row.minimum_detectable_lift == pytest.approx(
            effect * row.standard_deviation, rel=1e-3
        )


def test_a_plan_starts_from_what_members_did_in_the_last_window(new_year):
    members = new_year.warehouse(
        "select segment_code, customer_key from segments.segment_membership"
    )
    orders = new_year.warehouse(
        "select customer_key, sum(net_revenue) as spent from profiles.fct_orders where is_purchase and "
        "ordered_at >= timestamp '2017-12-02' and ordered_at < timestamp '2018-01-01' group by 1"
    )
    spent = members.merge(orders, on="customer_key", how="left").fillna({"spent": 0})
    expected = spent.groupby("segment_code")["spent"].agg(["mean", "std", "size"])
    plans = new_year.report("rpt_experiment_plans")
    plans = plans[plans["outcome_name"] == "revenue"].set_index("segment_code")
    assert len(plans) == len(expected)
    for code, row in plans.iterrows():
        assert row["members"] == expected.loc[code, "size"]
        assert row["mean"] == pytest.approx(expected.loc[code, "mean"], rel=NEAR)
        assert row["standard_deviation"] == pytest.approx(
            expected.loc[code, "std"] or np.nan, rel=1e-7, abs=1e-9, nan_ok=True
        )
