"""Experiments run elsewhere, fed through the landing with their truth known: what SQL reads is what statsmodels and
scipy read, and it is right as often as it says."""

import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled import run_over, sql_of
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

NEAR = 1e-9
START = pd.Timestamp("2017-06-01")
SIMULATIONS, UNITS = 1000, 120
TRUE_LIFT, CORRELATION = 0.3, 0.7
LOOKS = 20


def fed(code: str, arms: dict[str, np.ndarray], before=None, outcome="value") -> tuple:
    """Units and outcomes of one experiment: the values of each arm's units."""
    arm = np.repeat(list(arms), [len(v) for v in arms.values()])
    unit = [f"u{i}" for i in range(len(arm))]
    units = pd.DataFrame({"experiment_code": code, "unit_id": unit, "arm": arm})
    outcomes = pd.DataFrame(
        {
            "experiment_code": code,
            "unit_id": unit,
            "outcome_name": outcome,
            "value": np.concatenate(list(arms.values())),
            "before_value": np.concatenate(list(before.values())) if before else np.nan,
        }
    )
    return units, outcomes


def correlated(rng, count: int, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and values before, of correlation CORRELATION."""
    before = rng.normal(10, 2, count)
    noise = rng.normal(0, np.sqrt(1 - CORRELATION**2), count)
    return CORRELATION * (before - 10) / 2 + noise + 5 + lift, before


def simulations(rng) -> list[tuple]:
    found = []
    for i in range(SIMULATIONS):
        treated, before1 = correlated(rng, UNITS, TRUE_LIFT)
        control, before0 = correlated(rng, UNITS, 0)
        found.append(
            fed(f"lift_{i}", {"t": treated, "control": control}, {"t": before1, "control": before0})
        )
        found.append(
            fed(f"same_{i}", {"b": rng.exponential(3, UNITS), "a": rng.exponential(3, UNITS)})
        )
    return found


def special(rng) -> list[tuple]:
    """Experiments with something odd about each."""
    spend = np.where(rng.random(3000) < 0.1, rng.lognormal(3, 1, 3000), 0)
    uneven = fed("uneven", {"offer": spend[:1000] * 1.3, "holdout": spend[1000:]})
    clicks = fed("clicks", {x: (rng.random(900) < 0.1).astype(float) for x in ("a", "b", "c", "d")})
    tiny = fed("tiny", {"t": rng.random(50) * 1e-7, "control": rng.random(50) * 1e-7})
    huge = fed("huge", {"t": 1e4 + rng.random(200), "control": 1e4 + rng.random(200)})
    biased = fed("biased", {"t": rng.random(1250), "control": rng.random(1000)})
    alike = fed("alike", {"t": np.ones(40), "control": np.ones(40)})
    alone = fed("alone", {"t": rng.random(30)})
    # Of the clicks only those that happened have a row.
    clicks = (clicks[0], clicks[1][clicks[1]["value"] > 0])
    # Twenty units of each arm are in the other, too.
    twice, values = fed("twice", {"t": rng.random(300), "control": rng.random(300)})
    both = pd.concat([twice.iloc[:20].assign(arm="control"), twice.iloc[-20:].assign(arm="t")])
    nothing = fed("nothing", {"t": (rng.random(300) < 0.5).astype(float), "control": np.zeros(300)})
    debts = fed("debts", {"t": rng.normal(-4, 1, 60), "control": rng.normal(-9, 1, 60)})
    thin = fed("thin", {"t": rng.random(4000), "control": rng.random(6000), "rest": rng.random(4)})
    idle = fed("idle", {"t": rng.random(50), "control": rng.random(50)})
    names = fed("names", {"t": rng.random(50), "control": rng.random(50)})
    worse = fed("worse", {"t": np.linspace(0, 1, 200), "control": np.linspace(1, 2, 200)})
    several = fed("several", {"t": rng.random(40), "control": rng.random(40)})
    several = (several[0], pd.concat([several[1].assign(outcome_id=i) for i in "abc"]))
    return [
        uneven, clicks, tiny, huge, biased, alike, alone, (pd.concat([twice, both]), values),
        nothing, debts, thin, idle, names, several, worse,
    ]  # fmt: skip


def timed(rng) -> tuple:
    """Three rows a unit: one before it was assigned, which does not count, and two after."""
    units, outcomes = fed("timed", {"t": rng.random(90), "control": rng.random(90)})
    units = units.assign(assigned_at=START, stratum=np.where(np.arange(180) % 3 == 0, "x", "y"))
    moments = [START - pd.Timedelta(days=1), START, START + pd.Timedelta(days=1)]
    return units, pd.concat(
        outcomes.assign(observed_at=moment, value=outcomes["value"] * (i + 1))
        for i, moment in enumerate(moments)
    )


@pytest.fixture(scope="module")
def landing(tmp_path_factory, demo):
    folder = tmp_path_factory.mktemp("experiments") / "landing"
    folder.mkdir()
    shutil.copy(demo / "landing" / "orders.parquet", folder)
    rng = np.random.default_rng(20171)
    parts = [*simulations(rng), *special(rng), timed(rng)]
    units, outcomes = (pd.concat(frames) for frames in zip(*parts, strict=True))
    # As a user's files come: text, in any order.
    units.sample(frac=1, random_state=1).to_csv(folder / "experiment_units.csv", index=False)
    outcomes.sample(frac=1, random_state=2).to_csv(folder / "experiment_outcomes.csv", index=False)
    pd.DataFrame(
        [
            ("uneven", "offer", 1 / 3), ("uneven", "holdout", 2 / 3),
            ("thin", "t", 0.4998), ("thin", "control", 0.4998), ("thin", "rest", 0.0004),
            ("idle", "t", 0.5), ("idle", "control", 0.5), ("idle", "later", 0),
            ("names", "T", 0.5), ("names", "Control", 0.5),
        ],
        columns=["experiment", "arm", "weight"],
    ).to_csv(folder / "experiment_arms.csv", index=False)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def read(runner, landing):
    return runner.build("experiments", landing, "+path:models/measurement/experiments")


def measured(read, table: str) -> pd.DataFrame:
    return read.warehouse(f"select * from measurement.{table}")


@pytest.fixture(scope="module")
def truth(landing):
    """Every unit's value, by an independent reading of the files."""
    units = pd.read_csv(landing / "experiment_units.csv", parse_dates=["assigned_at"])
    outcomes = pd.read_csv(landing / "experiment_outcomes.csv", parse_dates=["observed_at"])
    arms = units.groupby(["experiment_code", "unit_id"])["arm"].transform("nunique")
    both = units[arms == 1].merge(outcomes, on=["experiment_code", "unit_id"], how="left")
    both.loc[both["observed_at"] < both["assigned_at"], "value"] = 0
    keys = ["experiment_code", "unit_id", "arm"]
    both["stratum"] = both["stratum"].fillna("unknown")
    return (
        both.groupby([*keys, "stratum"])
        .agg(value=("value", "sum"), before_value=("before_value", "max"))
        .reset_index()
        .set_index("experiment_code")
        .sort_index()
    )


@pytest.fixture(scope="module")
def lifts(read):
    return measured(read, "rpt_experiment_lift")


def arms_of(truth, row) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = truth.loc[row.experiment_code]
    if isinstance(row.stratum, str):
        rows = rows[rows["stratum"] == row.stratum]
    return rows[rows["arm"] == row.arm], rows[rows["arm"] == row.control_arm]


def test_every_figure_is_what_statsmodels_and_scipy_say(lifts, truth):
    looked_at = lifts[lifts["status"] == "readable"]
    some = ~looked_at["experiment_code"].str.match(r"(lift|same)_\d{2,}")
    checked = 0
    for row in looked_at[some].itertuples():
        t, c = arms_of(truth, row)
        expected = {"units": len(t), "control_units": len(c)} | expected_figures(t, c)
        for name, value in expected.items():
            assert getattr(row, name) == pytest.approx(value, rel=NEAR, abs=1e-15, nan_ok=True), (
                row.experiment_code,
                name,
            )
            checked += value == value
    assert checked > 400
    assert set(looked_at["stratum"].dropna()) == {"x", "y"}


def expected_figures(t: pd.DataFrame, c: pd.DataFrame) -> dict[str, float]:
    """The read-out of two arms, by statsmodels and numpy."""
    y1, y0 = t["value"].to_numpy(), c["value"].to_numpy()
    compared = CompareMeans(DescrStatsW(y1), DescrStatsW(y0))
    lift, n = y1.mean() - y0.mean(), len(y1) + len(y0)
    se = np.sqrt(y1.var(ddof=1) / len(y1) + y0.var(ddof=1) / len(y0))
    if se == 0:
        return {"lift": lift, "lift_se": np.nan, "p_value": np.nan, "mean": y1.mean()}
    low, high = compared.zconfint_diff(usevar="unequal")
    relative_se = np.sqrt(
        y1.var(ddof=1) / len(y1) / y0.mean() ** 2
        + y1.mean() ** 2 * y0.var(ddof=1) / len(y0) / y0.mean() ** 4
    )
    z = stats.norm.ppf(0.975)
    rho = np.sqrt((-2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05))) / 5000)
    halves = (
        np.sqrt(n) * np.sqrt(2 * (n * rho**2 + 1) * np.log(np.sqrt(n * rho**2 + 1) / 0.05)) / (n * rho)
    )  # fmt: skip
    figures = {
        "mean": y1.mean(),
        "control_mean": y0.mean(),
        "lift": lift,
        "lift_se": se,
        "lift_low": low,
        "lift_high": high,
        "p_value": compared.ztest_ind(usevar="unequal")[1],
        "reported_lift": lift,
        "always_valid_low": lift - halves * se,
        "always_valid_high": lift + halves * se,
        "relative_lift": lift / y0.mean(),
        "relative_se": relative_se,
        "relative_lift_low": lift / y0.mean() - z * relative_se,
        "relative_lift_high": lift / y0.mean() + z * relative_se,
        "minimum_detectable_lift": (z + stats.norm.ppf(0.8)) * se,
    }
    if y0.mean() <= 0:
        figures |= {name: np.nan for name in figures if name.startswith("relative")}
    x1, x0 = t["before_value"].to_numpy(), c["before_value"].to_numpy()
    if np.isnan([*x1, *x0]).any():
        return figures | {"cuped_lift": np.nan, "correlation": np.nan}
    y, x = np.concatenate([y1, y0]), np.concatenate([x1, x0])
    theta = np.cov(y, x)[0, 1] / x.var(ddof=1)
    adjusted = CompareMeans(DescrStatsW(y1 - theta * x1), DescrStatsW(y0 - theta * x0))
    low, high = adjusted.zconfint_diff(usevar="unequal")
    cuped_se = (high - low) / 2 / z
    cuped_lift = lift - theta * (x1.mean() - x0.mean())
    return figures | {
        "cuped_lift": cuped_lift,
        "reported_lift": cuped_lift,
        "always_valid_low": cuped_lift - halves * cuped_se,
        "always_valid_high": cuped_lift + halves * cuped_se,
        "cuped_se": cuped_se,
        "cuped_low": low,
        "cuped_high": high,
        "cuped_p_value": adjusted.ztest_ind(usevar="unequal")[1],
        "correlation": np.corrcoef(y, x)[0, 1],
        "variance_saved": 1 - cuped_se**2 / se**2,
        "minimum_detectable_lift": (z + stats.norm.ppf(0.8)) * cuped_se,
    }


def test_intervals_hold_the_truth_as_often_as_they_say(lifts):
    rows = lifts[lifts["experiment_code"].str.startswith("lift_")]
    assert len(rows) == SIMULATIONS
    share = {
        name: ((rows[f"{name}_low"] <= TRUE_LIFT) & (rows[f"{name}_high"] >= TRUE_LIFT)).mean()
        for name in ("lift", "cuped", "always_valid")
    }
    print(f"\ncoverage {share}")
    assert 0.935 <= share["lift"] <= 0.965
    assert 0.935 <= share["cuped"] <= 0.965
    assert share["always_valid"] >= 0.95


def test_an_experiment_without_an_effect_is_taken_for_one_in_twenty_times(lifts):
    rows = lifts[lifts["experiment_code"].str.startswith("same_")]
    share = (rows["p_value"] < 0.05).mean()
    print(f"\nfalse positives {share:.3f} of {len(rows)}")
    assert len(rows) == SIMULATIONS
    assert 0.035 <= share <= 0.065


def test_what_was_before_saves_the_correlation_squared_of_the_noise(lifts):
    rows = lifts[lifts["experiment_code"].str.startswith("lift_")]
    saved = 1 - (rows["cuped_se"] ** 2).mean() / (rows["lift_se"] ** 2).mean()
    # What the two estimates really do, not only what they say of themselves.
    real = 1 - rows["cuped_lift"].var() / rows["lift"].var()
    print(f"\nvariance saved: by their errors {saved:.3f}, seen {real:.3f}, rho squared .490")
    assert saved == pytest.approx(CORRELATION**2, abs=0.02)
    assert real == pytest.approx(CORRELATION**2, abs=0.06)


def test_the_verdict_is_that_of_the_interval_that_is_reported(lifts):
    rows = lifts[lifts["always_valid_low"].notna()]
    expected = np.select(
        [rows["always_valid_low"] > 0, rows["always_valid_high"] < 0],
        ["higher", "lower"],
        "unclear",
    )
    assert (rows["verdict"] == expected).all()
    assert set(rows["verdict"]) == {"higher", "lower", "unclear"}
    assert lifts.loc[lifts["always_valid_low"].isna(), "verdict"].isna().all()


@pytest.mark.parametrize("has_before", [False, True])
def test_who_looks_twenty_times_is_right_only_with_the_always_valid_interval(read, has_before):
    """The same SQL over experiments without an effect, as they were at each of twenty looks."""
    rng = np.random.default_rng(20)
    before = rng.normal(0, 1, (2, SIMULATIONS, LOOKS * 50))
    values = 5 + CORRELATION * before
    values += rng.normal(0, np.sqrt(1 - CORRELATION**2), values.shape)
    frames = [
        looked_at(name, values[arm], before[arm] if has_before else 0 * before[arm])
        for arm, name in enumerate(("t", "control"))
    ]
    looks = lift_of(read, pd.concat(frames))
    looks["simulation"] = looks["experiment_code"].str.split("_").str[0]
    assert (looks["reported_lift"] == looks["cuped_lift" if has_before else "lift"]).all()
    fixed = (looks["lift_low"] > 0) | (looks["lift_high"] < 0)
    valid = looks["verdict"] != "unclear"
    wrong = {
        "fixed": fixed.groupby(looks["simulation"]).any().mean(),
        "always valid": valid.groupby(looks["simulation"]).any().mean(),
    }
    print(f"\nfalse positives in twenty looks {wrong}")
    assert wrong["fixed"] > 0.15
    assert wrong["always valid"] < 0.05


def looked_at(arm: str, values: np.ndarray, before: np.ndarray) -> pd.DataFrame:
    """Means, variances and covariance of the first 50, 100, … units of each simulation."""
    counts = np.arange(1, LOOKS + 1) * 50
    sums, sums_before, squares, squares_before, products = (
        np.cumsum(part, axis=1)[:, counts - 1]
        for part in (values, before, values**2, before**2, values * before)
    )
    return pd.DataFrame(
        {
            "simulation": np.repeat(np.arange(len(values)), LOOKS),
            "look": np.tile(counts, len(values)),
            "arm": arm,
            "mean": (sums / counts).ravel(),
            "variance": ((squares - sums**2 / counts) / (counts - 1)).ravel(),
            "before_mean": (sums_before / counts).ravel(),
            "before_variance": ((squares_before - sums_before**2 / counts) / (counts - 1)).ravel(),
            "covariance": ((products - sums * sums_before / counts) / (counts - 1)).ravel(),
        }
    )


def lift_of(read, statistics: pd.DataFrame) -> pd.DataFrame:
    """What the compiled rpt_experiment_lift makes of these means and variances."""
    statistics = statistics.assign(
        experiment_code=statistics["simulation"].astype(str) + "_" + statistics["look"].astype(str),
        outcome_name="value",
        stratum=pd.Series(None, dtype="str"),
        **dict.fromkeys(("units", "units_above", "units_below"), statistics["look"]),
    )
    return compared(read, statistics)


def compared(read, statistics: pd.DataFrame) -> pd.DataFrame:
    """The read-out of means and variances by experiment, outcome and arm; the control is called so."""
    nothing = [c for c in ("before_mean", "before_variance", "covariance") if c not in statistics]
    statistics = statistics.assign(**dict.fromkeys(nothing, np.nan))
    arms = statistics[["experiment_code", "arm"]].drop_duplicates()
    arms = arms.assign(is_control=arms["arm"] == "control")
    experiments = arms[["experiment_code"]].drop_duplicates().assign(status="readable")
    return run_over(
        read,
        "rpt_experiment_lift",
        {
            "measurement.int_experiment_statistics": statistics,
            "measurement.rpt_experiment_arms": arms,
            "measurement.rpt_experiments": experiments,
            "measurement.int_experiment_comparisons": "int_experiment_comparisons",
        },
    )


def test_arms_of_sizes_that_chance_does_not_give_are_withheld(read, lifts):
    experiments = measured(read, "rpt_experiments").set_index("experiment_code")
    arms = measured(read, "rpt_experiment_arms").set_index("experiment_code")
    for code in ("biased", "uneven", "clicks", "twice", "lift_0"):
        counted, expected = arms.loc[code, "units"], arms.loc[code, "expected_units"]
        test = stats.chisquare(counted, expected)
        found = experiments.loc[code]
        assert found["sample_ratio_chi_squared"] == pytest.approx(test.statistic, rel=NEAR)
        assert found["sample_ratio_p_value"] == pytest.approx(test.pvalue, rel=NEAR, abs=1e-15)
    assert experiments.loc["biased", "status"] == "withheld"
    assert experiments.loc["uneven", "status"] == "readable"
    held = lifts[lifts["experiment_code"] == "biased"]
    assert len(held) == 1
    assert held[["lift", "lift_se", "p_value", "cuped_lift", "relative_lift"]].isna().all(axis=None)
    fair = experiments[experiments.index.str.match("(lift|same)_")]
    assert (fair["status"] == "readable").all()


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 8, 11])
def test_the_chi_squared_tail_is_scipys_for_any_number_of_arms(read, degrees):
    rng = np.random.default_rng(degrees)
    arms = pd.DataFrame(
        {
            "experiment_code": np.repeat([f"e{i}" for i in range(40)], degrees + 1),
            "arm": [f"arm{i:02d}" for i in range(degrees + 1)] * 40,
            "units": rng.poisson(500, 40 * (degrees + 1)) + rng.integers(0, 60, 40 * (degrees + 1)),
            "is_control": False,
            "is_planned": False,
        }
    )
    arms["units_read"] = arms["units"]
    arms["expected_units"] = arms.groupby("experiment_code")["units"].transform("mean")
    units = arms.assign(
        is_holdout=False,
        is_in_two_arms=False,
        is_waiting=False,
        attribution_days=30,
        assigned_at=START,
    )
    found = run_over(
        read,
        "rpt_experiments",
        {
            "measurement.rpt_experiment_arms": arms,
            "measurement.int_experiment_units": units,
            "measurement.int_sample_ratio_checks": "int_sample_ratio_checks",
        },
    ).set_index("experiment_code")
    for code, mine in arms.groupby("experiment_code"):
        expected = stats.chi2.sf(found.loc[code, "sample_ratio_chi_squared"], degrees)
        assert found.loc[code, "sample_ratio_p_value"] == pytest.approx(expected, rel=NEAR)
        assert found.loc[code, "units"] == len(mine)


def test_a_small_arm_does_not_switch_the_check_off_and_an_idle_one_not_the_reading(read, lifts):
    found = measured(read, "rpt_experiments").set_index("experiment_code")
    assert found.loc["thin", "status"] == "withheld"
    expected = stats.chisquare([4000, 6000], [5000, 5000])
    assert found.loc["thin", "sample_ratio_chi_squared"] == pytest.approx(expected.statistic)
    assert found.loc["idle", "status"] == "readable"
    assert (lifts["experiment_code"] == "idle").sum() == 1
    assert found.loc["names", "why"] == (
        "its planned arms and the arms of its units have different names"
    )


def test_a_control_that_did_nothing_or_less_has_no_relative_lift(lifts):
    for code in ("nothing", "debts"):
        row = lifts[lifts["experiment_code"] == code].iloc[0]
        assert pd.isna(row["relative_lift"]) and pd.isna(row["relative_se"])
    assert lifts[lifts["experiment_code"] == "nothing"]["status"].tolist() == ["too few"]
    debts = lifts[lifts["experiment_code"] == "debts"].iloc[0]
    assert debts["lift"] > 0 and debts["p_value"] < 0.001


def test_rows_of_one_moment_add_up_where_an_id_tells_them_apart(lifts, landing):
    outcomes = pd.read_csv(landing / "experiment_outcomes.csv", dtype={"outcome_id": "str"})
    mine = outcomes[outcomes["experiment_code"] == "several"]
    row = lifts[lifts["experiment_code"] == "several"].iloc[0]
    total = row["mean"] * row["units"] + row["control_mean"] * row["control_units"]
    assert len(mine) == 240
    assert total == pytest.approx(mine["value"].sum())


def test_few_buyers_are_not_read_and_enough_are_read_right(read):
    """Holdouts of a tenth without an effect, few of whom buy."""
    rng = np.random.default_rng(10)
    frames = []
    for simulation in range(400):
        for arm, count in (("treated", 900), ("control", 100)):
            bought = rng.random(count) < 0.12
            spent = np.where(bought, rng.lognormal(3, 0.5, count), 0)
            for outcome, value in (("purchased", bought.astype(float)), ("revenue", spent)):
                frames.append(
                    (f"s{simulation}", outcome, arm, count, (value > value.min()).sum(),
                     (value < value.max()).sum(), value.mean(), value.var(ddof=1))
                )  # fmt: skip
    names = ["experiment_code", "outcome_name", "arm", "units", "units_above", "units_below"]
    statistics = pd.DataFrame(frames, columns=[*names, "mean", "variance"])
    rows = compared(read, statistics.assign(stratum=pd.Series(None, dtype="str")))
    few = statistics[(statistics["arm"] == "control") & (statistics["units_above"] < 10)]
    assert 0 < len(few) < 600
    assert (rows["status"] == "too few").sum() == len(few)
    assert rows.loc[rows["status"] == "too few", ["lift", "mean", "p_value"]].isna().all(axis=None)
    readable = rows[rows["status"] == "readable"]
    wrong = (readable["p_value"] < 0.05).groupby(readable["outcome_name"]).mean()
    print(f"\nfalse positives where ten or more bought: {wrong.round(3).to_dict()}")
    assert (wrong < 0.09).all()


def test_units_in_two_arms_are_left_out_and_counted(read, lifts):
    found = measured(read, "rpt_experiments").set_index("experiment_code").loc["twice"]
    assert (found["units"], found["units_in_two_arms"]) == (600, 40)
    row = lifts[lifts["experiment_code"] == "twice"].iloc[0]
    assert (row["units"], row["control_units"]) == (280, 280)


def test_an_experiment_with_nothing_to_compare_says_so(read, lifts):
    found = measured(read, "rpt_experiments").set_index("experiment_code")
    assert found.loc["alone", "status"] == "nothing to compare"
    assert found.loc["alone", "why"] == "it has one arm"
    assert "alone" not in set(lifts["experiment_code"])
    alike = lifts[lifts["experiment_code"] == "alike"].iloc[0]
    assert alike["status"] == "too few" and pd.isna(alike["lift"])


def test_the_control_is_the_one_declared_or_named_so(read):
    arms = measured(read, "rpt_experiment_arms")
    control = arms[arms["is_control"]].set_index("experiment_code")["arm"]
    assert control[["uneven", "clicks", "twice", "same_1"]].tolist() == [
        "holdout",
        "a",
        "control",
        "a",
    ]


def test_the_normal_tail_is_scipys_far_out_too(published):
    z = np.concatenate([np.linspace(-9, 9, 2001), [15.0, -25.0, 37.0]])
    sql = two_sided_p_sql(published)
    frame = pd.DataFrame({"z": z})
    with duckdb.connect() as con:
        con.register("frame", frame)
        found = con.execute(f"select {sql} as p from frame").df()["p"]
        assert con.execute(f"select {sql} from (select cast(null as double) as z)").fetchone() == (
            None,
        )
        assert con.execute(f"select {sql} from (select 60.0::double as z)").fetchone() == (0,)
    np.testing.assert_allclose(found, 2 * stats.norm.sf(np.abs(z)), rtol=1e-12)


def two_sided_p_sql(published) -> str:
    """What the macro says of a column z, from the compiled read-out."""
    sql = sql_of(published, "rpt_experiment_lift")
    return sql.split("as lift_high,")[1].split("as p_value")[0].strip()
