"""Lifetime value: the papers' figures on CDNOW, known populations, and SQL against scipy."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from cdnow import read_cdnow
from jinja2 import Environment
from scipy.special import gammaln, hyp2f1

from audiencekit.modelling.buy_till_you_die import (
    BOUNDS,
    METHODS,
    Purchases,
    Spend,
    expected_purchases,
    expected_spend,
    fit_purchases,
    fit_spend,
    probability_alive,
)
from audiencekit.modelling.lifetime_value import LifetimeSettings, fit_lifetime_value
from audiencekit.modelling.rows import COLUMNS, fact_of, part_of
from audiencekit.workspace import PROJECT

MACROS = (
    "gauss_2f1",
    "ln_gamma",
    "probability_alive",
    "purchases_by_quadrature",
    "purchases_while_alive",
)
SHAPES = "'a', 'beta', 's', 'c', 'gap', 'z', 'age'"
SETTINGS = {"model_code": "lifetime_value_90d", "horizon_days": 90, "cutoff": "1997-09-30"}


def rendered(expression: str) -> str:
    """The SQL that a macro call becomes."""
    files = "".join((PROJECT / "macros" / f"{name}.sql").read_text() for name in MACROS)
    return Environment().from_string(files + "{{ " + expression + " }}").render().strip()


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    return read_cdnow()


def weeks(frame: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """x, t_x, T of the input frame, in weeks."""
    return (
        frame["repeat_purchase_days"].to_numpy("float64"),
        frame["first_to_last_days"].to_numpy() / 7,
        frame["tenure_days"].to_numpy() / 7,
    )


def simulated(model: Purchases, spend: Spend, n: int, seed: int) -> pd.DataFrame:
    """Customers who behave as the model says, seen for 60 to 104 weeks."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(model.r, 1 / model.alpha, n)
    stops = chance.beta(model.a, model.b, n)
    T = chance.uniform(60, 104, n)
    x, t_x, now = np.zeros(n), np.zeros(n), np.zeros(n)
    alive = chance.random(n) >= stops if model.method == "mbg_nbd" else np.ones(n, dtype=bool)
    while alive.any():
        now = now + chance.exponential(1 / rate)
        bought = alive & (now <= T)
        x, t_x = x + bought, np.where(bought, now, t_x)
        alive = bought & (chance.random(n) >= stops)
    scale = chance.gamma(spend.q, 1 / spend.gamma, n)
    m = np.where(
        x > 0, chance.gamma(spend.p * np.maximum(x, 1), 1 / (scale * np.maximum(x, 1))), np.nan
    )
    return pd.DataFrame(
        {
            "customer_key": [f"c{k:06d}" for k in range(n)],
            "repeat_purchase_days": x,
            "first_to_last_days": t_x * 7,
            "tenure_days": T * 7,
            "repeat_spend_mean": m,
        }
    )  # fmt: skip


def test_cdnow_has_the_papers_customers(cdnow):
    assert len(cdnow) == 2357
    assert (cdnow["repeat_purchase_days"] > 0).sum() == 946


def test_bg_nbd_finds_the_papers_parameters(cdnow):
    fit = fit_purchases(*weeks(cdnow), "bg_nbd")
    assert fit.converged
    found = [fit.r, fit.alpha, fit.a, fit.b, fit.log_likelihood]
    np.testing.assert_allclose(found, [0.2426, 4.4136, 0.7929, 2.4259, -9582.43], rtol=0.005)
    assert fit.log_likelihood == pytest.approx(-9582.43, abs=0.01)


def test_gamma_gamma_finds_the_papers_parameters(cdnow):
    repeat = cdnow[cdnow["repeat_purchase_days"] > 0]
    fit = fit_spend(repeat["repeat_purchase_days"], repeat["repeat_spend_mean"])
    np.testing.assert_allclose([fit.p, fit.q, fit.gamma], [6.25, 3.744, 15.44], rtol=0.005)


@pytest.mark.parametrize(
    ("method", "error", "correlation"), [("mbg_nbd", 0.77, 0.62), ("bg_nbd", 0.79, 0.62)]
)
def test_the_next_39_weeks_of_cdnow_come_out(cdnow, method, error, correlation):
    x, t_x, T = weeks(cdnow)
    expected = expected_purchases(fit_purchases(x, t_x, T, method), 39, x, t_x, T)
    bought = cdnow["holdout_purchases"].to_numpy()
    assert np.abs(expected - bought).mean() <= error
    assert np.corrcoef(expected, bought)[0, 1] >= correlation


@pytest.mark.parametrize("method", METHODS)
def test_known_populations_are_found_again(method):
    true, spend = Purchases(method, 0.8, 5.0, 0.9, 3.0), Spend(6.0, 4.0, 60.0)
    people = simulated(true, spend, 40_000, seed=5)
    fit = fit_purchases(*weeks(people), method)
    np.testing.assert_allclose([fit.r, fit.alpha, fit.a, fit.b], [0.8, 5.0, 0.9, 3.0], rtol=0.1)
    repeat = people[people["repeat_purchase_days"] > 0]
    found = fit_spend(repeat["repeat_purchase_days"], repeat["repeat_spend_mean"])
    np.testing.assert_allclose([found.p, found.q, found.gamma], [6.0, 4.0, 60.0], rtol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_expectations_are_those_of_a_simulation(method):
    """The first purchase is the start, so who has x = 0 and T = 0 must do as new customers do."""
    model = Purchases(method, 0.8, 5.0, 0.9, 3.0)
    people = simulated(model, Spend(6.0, 4.0, 60.0), 200_000, seed=11)
    x, _, T = weeks(people)
    expected = np.array([expected_purchases(model, h, 0, 0, 0) for h in T[:2000]])
    assert x.mean() == pytest.approx(expected.mean(), rel=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_the_expectation_is_smooth_where_its_formula_divides_by_nothing(method):
    near = [
        float(expected_purchases(Purchases(method, 0.5, 6.0, a, 2.0), 12, 3, 20, 30))
        for a in (1 - 1e-4, 1.0, 1 + 1e-4)
    ]
    assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-8)


def test_who_never_came_back_is_alive_in_bg_nbd_and_maybe_not_in_mbg_nbd():
    x, t_x, T = np.zeros(1), np.zeros(1), np.full(1, 50.0)
    assert probability_alive(Purchases("bg_nbd", 0.5, 6.0, 0.9, 2.0), x, t_x, T) == 1
    assert probability_alive(Purchases("mbg_nbd", 0.5, 6.0, 0.9, 2.0), x, t_x, T) < 0.9


def test_spend_of_who_never_came_back_is_everybody_s_mean():
    model = Spend(6.0, 4.0, 60.0)
    assert expected_spend(model, 0, np.nan) == pytest.approx(6.0 * 60.0 / 3.0)
    assert expected_spend(model, 1000, 500.0) == pytest.approx(500.0, rel=0.01)


def test_a_fit_is_rows(cdnow):
    rows = fit_lifetime_value(cdnow, LifetimeSettings(method="bg_nbd", **SETTINGS))
    assert tuple(rows.columns) == COLUMNS
    assert rows["version"].iloc[0].startswith("bg_nbd-19970930-")
    parameters = part_of(rows, "parameter")
    assert list(parameters.index) == ["r", "alpha", "a", "b", "p", "q", "gamma", "log_likelihood"]
    assert parameters["alpha"] == pytest.approx(4.4136, rel=0.005)
    facts = {
        item: fact_of(rows, item) for item in ("status", "is_churn_negligible", "repeat_customers")
    }
    assert facts == {"status": "fitted", "is_churn_negligible": "false", "repeat_customers": "946"}


def test_shuffled_customers_give_the_same_rows_to_the_bit(cdnow):
    shuffled = cdnow.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        fit_lifetime_value(cdnow, LifetimeSettings(**SETTINGS)),
        fit_lifetime_value(shuffled, LifetimeSettings(**SETTINGS)),
        check_exact=True,
    )


def test_other_data_or_another_horizon_is_another_version(cdnow):
    one = fit_lifetime_value(cdnow, LifetimeSettings(**SETTINGS))["version"].iloc[0]
    other = fit_lifetime_value(cdnow, LifetimeSettings(**SETTINGS | {"horizon_days": 365}))[
        "version"
    ].iloc[0]
    less = fit_lifetime_value(cdnow.iloc[1:], LifetimeSettings(**SETTINGS))["version"].iloc[0]
    assert len({one, other, less}) == 3


def few(cdnow: pd.DataFrame, repeat: int) -> pd.DataFrame:
    """That many customers who came back, and 200 who did not."""
    came_back = cdnow["repeat_purchase_days"] > 0
    return pd.concat([cdnow[came_back].head(repeat), cdnow[~came_back].head(200)])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda c: c.head(0), "skipped"),
        (lambda c: c.head(1), "skipped"),
        (lambda c: few(c, 49), "skipped"),
        (lambda c: few(c, 50), "fitted"),
        (lambda c: c.assign(repeat_spend_mean=np.nan), "skipped"),
        (lambda c: c.assign(repeat_spend_mean=-5.0), "skipped"),
        (lambda c: c.assign(tenure_days=0.0), "skipped"),
        (lambda c: c.assign(first_to_last_days=np.inf), "skipped"),
    ],
    ids=["none", "one", "49", "50", "no spend", "refunds", "impossible", "infinite"],
)
def test_too_little_data_is_reported_not_raised(cdnow, change, status):
    rows = fit_lifetime_value(change(cdnow), LifetimeSettings(**SETTINGS))
    assert fact_of(rows, "status") == status
    assert len(fact_of(rows, "why")) > 20
    assert part_of(rows, "parameter").empty == (status != "fitted")


def test_data_on_which_nothing_varies_never_raises(cdnow):
    same = cdnow.assign(
        repeat_purchase_days=2, first_to_last_days=20, tenure_days=40, repeat_spend_mean=9.0
    )
    assert fact_of(fit_lifetime_value(same, LifetimeSettings(**SETTINGS)), "status") in (
        "fitted",
        "failed",
    )


def test_customers_who_never_die_are_flagged():
    model = Purchases("mbg_nbd", 2.0, 10.0, 1e-5, 100.0)
    people = simulated(model, Spend(6.0, 4.0, 60.0), 3000, seed=2)
    rows = fit_lifetime_value(people, LifetimeSettings(**SETTINGS))
    assert fact_of(rows, "status") == "fitted"
    assert fact_of(rows, "is_churn_negligible") == "true"
    assert "churn" in fact_of(rows, "why")


def test_an_unknown_method_is_an_error(cdnow):
    with pytest.raises(ValueError, match="mbg_nbd"):
        fit_lifetime_value(cdnow, LifetimeSettings(method="pareto", **SETTINGS))


def random_customers(chance: np.random.Generator, n: int) -> pd.DataFrame:
    """Customers of x 0..300, T 1 day..10 years; half never came back, a fifth are new."""
    T = np.floor(np.exp(chance.uniform(0, np.log(3651), n)))
    x = np.floor(np.minimum(np.minimum(T, 300), np.exp(chance.uniform(0, np.log(301), n))))
    x = x * chance.integers(0, 2, n)
    t_x = np.where(x > 0, np.floor(np.maximum(x, chance.random(n) * T)), 0)
    return pd.DataFrame({"x": x, "t_x": t_x / 7, "tenure": T / 7})


def random_model(chance: np.random.Generator, method: str) -> Purchases:
    """Anywhere the search may end."""
    low, high = np.log(BOUNDS).T
    return Purchases(method, *np.exp(chance.uniform(low, high)))


@pytest.mark.parametrize("method", METHODS)
def test_sql_is_scipy_to_nine_digits(method):
    """5,000 customers of 50 models, with horizons of 30 to 365 days: both formulas of the macro."""
    chance = np.random.default_rng(7)
    sql = rendered(f"purchases_while_alive({SHAPES})")
    alive = rendered(f"probability_alive('{method}', 'x', 't_x', 'tenure', 'r', 'alpha', 'a', 'b')")
    frames = []
    for _ in range(50):
        model, horizon = random_model(chance, method), float(chance.integers(30, 366)) / 7
        frame = random_customers(chance, 100)
        given = [frame[c].to_numpy() for c in ("x", "t_x", "tenure")]
        frames.append(
            frame.assign(
                horizon=horizon, r=model.r, alpha=model.alpha, a=model.a, b=model.b,
                purchases=expected_purchases(model, horizon, *given),
                chance=probability_alive(model, *given),
            )
        )  # fmt: skip
    customers = pd.concat(frames, ignore_index=True)  # noqa: F841 (read by duckdb)
    scored = duckdb.execute(
        f"""
        with one as (
            select *, r + x as s, b + x + {int(method == "mbg_nbd")} as beta,
                horizon / (alpha + tenure + horizon) as z,
                ln(alpha + tenure + horizon) - ln(alpha + tenure) as age
            from customers
        ), two as (select *, a + beta - 1 as c, a + beta - 1 - s as gap from one)
        select purchases, chance, ({sql}) * ({alive}) as sql_purchases, {alive} as sql_chance,
            horizon > alpha + tenure as is_new
        from two
        """
    ).df()
    assert scored["is_new"].sum() > 500 and (~scored["is_new"]).sum() > 500
    scored = scored[scored["chance"] > 1e-280]  # below, doubles run out of digits
    assert len(scored) > 4500
    for column in ("purchases", "chance"):
        error = (scored[f"sql_{column}"] / scored[column] - 1).abs()
        assert error.max() <= 1e-9, (column, error.max())


def test_gauss_series_is_scipy_s_2f1():
    chance = np.random.default_rng(7)
    n = 2000
    given = pd.DataFrame(
        {
            "a": chance.uniform(-2, 8, n),
            "b": chance.uniform(-2, 8, n),
            "z": chance.uniform(0, 0.5, n),
        }
    )
    given["c"] = given[["a", "b"]].abs().max(axis=1) + chance.uniform(1, 300, n)
    sql = rendered("gauss_2f1('a', 'b', 'c', 'z')")
    got = duckdb.execute(f"select {sql} as v from given").df()
    np.testing.assert_allclose(
        got["v"], hyp2f1(given["a"], given["b"], given["c"], given["z"]), rtol=1e-10
    )


def test_ln_gamma_is_scipy_s():
    given = pd.DataFrame({"v": np.exp(np.linspace(np.log(1e-5), np.log(2000), 3000))})
    sql = rendered("ln_gamma('v')")
    got = duckdb.execute(f"select {sql} as v from given").df()["v"]
    np.testing.assert_allclose(got, gammaln(given["v"]), rtol=1e-14, atol=8e-12)


def test_rendered_sql_has_only_what_both_engines_read():
    sql = rendered(f"purchases_while_alive({SHAPES})")
    assert not any(banned in sql for banned in ("[", "{", "**", "log(", "pow"))
    assert max(map(len, sql.splitlines())) <= 500
