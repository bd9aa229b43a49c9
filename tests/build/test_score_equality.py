"""What SQL scores and measures is what the library, scikit-learn, scipy and numpy say of the same rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from compiled import sql_of
from scipy.stats import chi2, spearmanr
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

from audiencekit.modelling.boosted import score_boosted
from audiencekit.modelling.buy_till_you_die import (
    Purchases,
    Spend,
    expected_purchases,
    expected_spend,
    probability_alive,
)
from audiencekit.modelling.logistic import SETTINGS, score_logistic
from audiencekit.modelling.planned import TWO_PARTS, VARIANTS
from audiencekit.modelling.rows import part_of

NEAR = 1e-9
VERSION = ["model_code", "version"]
TEST = [*VERSION, "tested_at"]
# Whose reasons and drift are looked at where the champion knows but one feature: the full versions.
CHAMPIONS = '"warehouse"."predictions"."int_champions"'
DRIFT_SHARES = '"warehouse"."predictions"."int_drift_shares"'
FULL_VERSIONS = "(select * from predictions.int_fits where variant = 'full' and place = 0 and status = 'fitted')"


@pytest.fixture(scope="module")
def tables(published):
    """Tables of the predictions room, read once each."""
    read = {}

    def table(name: str) -> pd.DataFrame:
        if name not in read:
            read[name] = published.warehouse(f"select * from predictions.{name}")
        return read[name]

    return table


@pytest.fixture(scope="module")
def now(tables) -> pd.Timestamp:
    return tables("model_inputs")["moment_at"].max()


def learned_from(tables, key: tuple[str, str]) -> pd.DataFrame:
    """The training rows of a version: those of a whole year, or those of the newest quarter."""
    training = tables("int_training_sets")
    fit = tables("int_fits").set_index(VERSION).loc[key]
    mine = training[
        (training["model_code"] == key[0]) & (training["cutoff_at"] == fit["cutoff_at"])
    ]
    return mine if fit["variant"] == "year" else mine[mine["quarters_back"] == 0]


def replaced(sql: str, *changes: tuple[str, str]) -> str:
    """`sql` with each text changed; every one must be there."""
    for old, new in changes:
        assert old in sql, old
        sql = sql.replace(old, new)
    return sql


def scored(tables, scores: str) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Of each version and moment: the rows of the version, and its scores joined to the inputs."""
    params = tables("model_params").groupby(VERSION)
    for key, mine in tables(scores).groupby([*VERSION, "moment_at"]):
        both = mine.merge(tables("model_inputs"), on=["customer_key", "moment_at"])
        assert len(both) == len(mine) > 0
        yield params.get_group(key[:2]), both


def test_every_job_scores_everybody_it_is_meant_for(tables):
    jobs, inputs = tables("int_scoring_jobs"), tables("model_inputs")
    assert set(jobs["method"]) >= {"logistic", "mbg_nbd", "spend_rate", "kmeans"}
    scores = pd.concat(tables(n) for n in ("pred_logistic", "pred_boosted", "pred_lifetime_value"))
    found = scores.groupby([*VERSION, "moment_at"])["customer_key"].agg(["size", "nunique"])
    for job in jobs[jobs["method"] != "kmeans"].itertuples():
        there = inputs[inputs["moment_at"] == job.moment_at]
        meant = there if job.population == "buyers" else there[there["is_active"]]
        assert len(meant) > 0
        assert set(found.loc[(job.model_code, job.version, job.moment_at)]) == {len(meant)}
    assert len(found) == len(jobs[jobs["method"] != "kmeans"])


def test_logistic_sql_scores_as_the_library_does(tables):
    versions = 0
    for params, both in scored(tables, "pred_logistic"):
        expected = score_logistic(params, both)
        np.testing.assert_allclose(both["probability"], expected, rtol=0, atol=NEAR)
        versions += 1
    assert versions >= 9


def test_logistic_sql_scores_as_scikit_learn_fitted_anew_does(tables):
    """From the training set in the warehouse to the probability; only the Platt pair is taken as stored."""
    fits = tables("int_fits").set_index(VERSION)
    variants = set()
    for params, both in scored(tables, "pred_logistic"):
        key = tuple(params[VERSION].iloc[0])
        fit = fits.loc[key]
        mine = learned_from(tables, key).sort_values(["customer_key", "quarters_back"])
        features = VARIANTS[fit["variant"]] or [
            name for name in part_of(params, "weight").index if mine[name].nunique() > 1
        ]
        scaler = StandardScaler().fit(mine[features].to_numpy())
        model = LogisticRegression(random_state=7, **SETTINGS).fit(
            scaler.transform(mine[features].to_numpy()), mine["is_positive"]
        )
        platt = part_of(params, "platt")
        logit = model.decision_function(scaler.transform(both[features].to_numpy()))
        expected = 1 / (1 + np.exp(-(platt["slope"] * logit + platt["offset"])))
        np.testing.assert_allclose(both["probability"], expected, rtol=0, atol=NEAR)
        variants.add(fit["variant"])
    assert variants == set(VARIANTS)


def test_a_weight_that_is_off_by_a_millionth_would_be_noticed(tables):
    params, both = next(scored(tables, "pred_logistic"))
    off = params.assign(
        value=params["value"].where(params["part"] != "weight", params["value"] * (1 + 1e-6))
    )
    assert np.abs(score_logistic(off, both) - both["probability"]).max() > NEAR


def models_of(params: pd.DataFrame, method: str) -> tuple[Purchases, Spend]:
    p = part_of(params, "parameter")
    return Purchases(method, *p[["r", "alpha", "a", "b"]]), Spend(*p[["p", "q", "gamma"]])


def assert_lifetime_values(params, both: pd.DataFrame, method: str, horizon_days: int) -> None:
    purchases, spend = models_of(params, method)
    x = both["repeat_days"].to_numpy("float64")
    m = both["repeat_day_spend"].fillna(0).to_numpy()
    t_x, T = both["first_to_last_days"].to_numpy() / 7, both["tenure_days"].to_numpy() / 7
    expected = expected_purchases(purchases, horizon_days / 7, x, t_x, T)
    value = expected * expected_spend(spend, np.where(m > 0, x, 0), m)
    found = both[["expected_purchases", "probability_alive", "expected_spend"]].to_numpy().T
    np.testing.assert_allclose(found[0], expected, rtol=NEAR, atol=NEAR)
    np.testing.assert_allclose(found[1], probability_alive(purchases, x, t_x, T), rtol=0, atol=NEAR)
    np.testing.assert_allclose(found[2], value, rtol=NEAR, atol=NEAR)


def test_lifetime_sql_scores_as_the_library_does(tables):
    versions = 0
    for params, both in scored_lifetimes(tables, "mbg_nbd"):
        assert_lifetime_values(params, both, "mbg_nbd", 90)
        versions += 1
    assert versions >= 6


@pytest.mark.parametrize("method", TWO_PARTS)
def test_in_two_parts_a_classifier_says_who_buys_and_the_library_how_often(tables, method):
    versions = 0
    for params, both in scored_lifetimes(tables, method):
        purchases, spend = models_of(params, "mbg_nbd")
        both = both.merge(
            tables("int_buying_probabilities"), on=["model_code", "customer_key", "moment_at"]
        )
        x = both["repeat_days"].to_numpy("float64")
        m = both["repeat_day_spend"].fillna(0).to_numpy()
        t_x, T = both["first_to_last_days"].to_numpy() / 7, both["tenure_days"].to_numpy() / 7
        rate = expected_purchases(purchases, 90 / 7, x, t_x, T)
        # A Poisson variable that is not zero has the mean rate / (1 - exp(-rate)).
        expected = both["probability"].to_numpy() * rate / (1 - np.exp(-rate))
        is_silent = both["spend_365d"].to_numpy() <= 0
        if method == "two_part_active":
            expected[is_silent] = 0
        value = expected * expected_spend(spend, np.where(m > 0, x, 0), m)
        np.testing.assert_allclose(both["expected_purchases"], expected, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(both["expected_spend"], value, rtol=1e-8, atol=1e-8)
        versions += 1
    assert versions >= 6


def scored_lifetimes(tables, method: str) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    scores = tables("pred_lifetime_value")
    known = {"pred_lifetime_value": scores[scores["version"].str.startswith(f"{method}-2")]}
    return scored(
        lambda name: known[name] if name in known else tables(name), "pred_lifetime_value"
    )


def test_lifetime_sql_scores_as_the_library_does_by_the_other_method(published, tables):
    """The project fits MBG/NBD; the same SQL knows BG/NBD, and reads the same parameters by it."""
    jobs = '"warehouse"."predictions"."int_scoring_jobs"'
    other = "(select * replace ('bg_nbd' as method) from predictions.int_scoring_jobs where method = 'mbg_nbd')"
    scores = published.warehouse(replaced(sql_of(published, "pred_lifetime_value"), (jobs, other)))
    known = {"pred_lifetime_value": scores}
    for params, both in scored(
        lambda name: known[name] if name in known else tables(name), "pred_lifetime_value"
    ):
        assert_lifetime_values(params, both, "bg_nbd", 90)


def test_the_spend_rate_goes_on_as_in_the_last_year(tables):
    scores = tables("pred_lifetime_value")
    both = scores[scores["version"] == "spend_rate"].merge(
        tables("model_inputs"), on=["customer_key", "moment_at"]
    )
    oldest = both.groupby("moment_at")["tenure_days"].transform("max")
    expected = both["spend_365d"] / np.minimum(oldest, 365) * 90
    assert len(both) > 0
    np.testing.assert_allclose(both["expected_spend"], expected, rtol=NEAR, atol=NEAR)


def test_micro_segments_are_the_nearest_centres_by_numpy_and_scikit_learn(tables, now):
    champions = tables("int_champions").set_index("model_code")
    params = tables("model_params")
    params = params[params["version"] == champions.loc["micro_segments", "version"]]
    centres = params[params["part"] == "centroid"].pivot(
        index="group_id", columns="item", values="value"
    )
    inputs = tables("model_inputs")
    inputs = inputs[inputs["moment_at"] == now].merge(
        tables("pred_micro_segments"), on="customer_key", how="left"
    )
    x = (inputs[centres.columns] - part_of(params, "mean")) / part_of(params, "scale")
    x, c = x[centres.columns].to_numpy(), centres.to_numpy()
    distances = ((x[:, None, :] - c[None, :, :]) ** 2).sum(axis=2)
    by_numpy = centres.index.to_numpy()[distances.argmin(axis=1)]
    # Fitted to the centres themselves, k-means leaves them where they are.
    kmeans = KMeans(len(c), init=c, n_init=1, max_iter=1).fit(c)
    np.testing.assert_allclose(kmeans.cluster_centers_, c, rtol=0, atol=1e-12)
    by_kmeans = centres.index.to_numpy()[kmeans.predict(x)]
    assert inputs["micro_segment_id"].tolist() == by_numpy.tolist() == by_kmeans.tolist()
    assert inputs["micro_segment_id"].nunique() > 1
    names = params[params["part"] == "name"].set_index("group_id")["label"]
    assert inputs["micro_segment_name"].tolist() == names[by_numpy].tolist()


def test_customers_get_the_scores_of_the_champions_and_of_no_other_version(tables, now):
    champions = tables("int_champions").set_index("model_code")["version"]
    found = tables("customer_predictions").set_index("customer_key").sort_index()
    probabilities = tables("pred_logistic")
    for code in ("propensity_30d", "propensity_90d", "churn_90d"):
        mine = probabilities[
            (probabilities["version"] == champions[code]) & (probabilities["moment_at"] == now)
        ].set_index("customer_key")["probability"]
        assert len(mine) > 0
        pd.testing.assert_series_equal(
            found[code].dropna(), mine.sort_index(), check_names=False, check_exact=True
        )
    values = tables("pred_lifetime_value")
    values = values[
        (values["version"] == champions["lifetime_value_90d"]) & (values["moment_at"] == now)
    ].set_index("customer_key")["expected_spend"]
    pd.testing.assert_series_equal(
        found["lifetime_value_90d"], values.sort_index(), check_names=False, check_exact=True
    )
    for score, rank in (
        ("propensity_90d", "propensity_90d_rank"),
        ("lifetime_value_90d", "lifetime_value_90d_rank"),
    ):
        lower = (found[score].rank(method="min") - 1) / (found[score].count() - 1)
        np.testing.assert_allclose(found[rank], lower, rtol=0, atol=NEAR)


def test_reasons_are_the_three_strongest_contributions_to_the_logit(published, tables, now):
    sql = replaced(
        sql_of(published, "score_reasons"),
        (CHAMPIONS, f"(from {FULL_VERSIONS} where method = 'logistic')"),
    )
    reasons = published.warehouse(sql)
    inputs = tables("model_inputs")
    inputs = inputs[inputs["moment_at"] == now].set_index("customer_key").sort_index()
    params = tables("model_params").groupby(VERSION)
    assert reasons["model_code"].nunique() == 3
    for key, found in reasons.groupby(VERSION):
        everybody = inputs[inputs["is_active"]] if key[0] == "churn_90d" else inputs
        mine = params.get_group(key)
        weight, platt = part_of(mine, "weight"), part_of(mine, "platt")
        centred = everybody[weight.index] - part_of(mine, "mean")[weight.index]
        contributions = platt["slope"] * centred * weight / part_of(mine, "scale")[weight.index]
        # All of them, and what the average customer scores, are the logit.
        logit = contributions.sum(axis=1) + platt["slope"] * part_of(mine, "intercept").iloc[0]
        logit += platt["offset"]
        np.testing.assert_allclose(
            1 / (1 + np.exp(-logit)), score_logistic(mine, everybody), atol=NEAR
        )
        three = found.sort_values(["customer_key", "place"]).set_index(["customer_key", "place"])
        assert len(three) == 3 * len(everybody)
        c = contributions[sorted(contributions)].to_numpy()
        order = np.argsort(-np.abs(c), axis=1, kind="stable")[:, :3]
        np.testing.assert_allclose(
            three["contribution"].to_numpy().reshape(-1, 3),
            np.take_along_axis(c, order, 1),
            rtol=0,
            atol=NEAR,
        )
        by_name = contributions.stack().rename("expected")
        named = three.reset_index().set_index(["customer_key", "feature"])["contribution"]
        np.testing.assert_allclose(named, by_name.loc[named.index], rtol=0, atol=NEAR)
        assert not named.index.duplicated().any()


def test_reasons_are_given_for_every_score_of_a_logistic_champion(tables):
    champions = tables("int_champions")
    reasons = tables("score_reasons")
    scores = tables("customer_predictions")
    for champion in champions[champions["method"] == "logistic"].itertuples():
        mine = reasons[reasons["model_code"] == champion.model_code]
        assert set(mine["version"]) == {champion.version}
        first = mine[mine["place"] == 1]["customer_key"]
        assert sorted(first) == sorted(scores.dropna(subset=champion.model_code)["customer_key"])


def test_boosted_scores_are_those_of_the_library(published, tables):
    """Where the data are enough for trees; in the small demo they are not, and nobody is scored by them."""
    jobs = tables("int_scoring_jobs")
    wanted = jobs[jobs["method"] == "boosted"]
    assert len(tables("pred_boosted")[[*VERSION, "moment_at"]].drop_duplicates()) == len(wanted)
    for params, both in scored(tables, "pred_boosted"):
        np.testing.assert_allclose(
            both["probability"], score_boosted(params, both), rtol=0, atol=NEAR
        )


def groups_of(tests: pd.DataFrame) -> pd.DataFrame:
    """The tests once for everybody and once for each group of people that is looked at."""
    return pd.concat(
        [
            tests.assign(people="everybody"),
            tests.assign(people="age " + tests["age_band"].fillna("unknown")),
            tests.assign(people="income " + tests["income_band"].fillna("unknown")),
        ]
    )


def classifier_metrics(test: pd.DataFrame) -> dict[str, float]:
    test = test.sort_values(["probability", "customer_key"], ascending=[False, True])
    y, p = test["outcome"].to_numpy(), test["probability"].to_numpy()
    bins = np.minimum((p * 10).astype(int), 9)
    ece = sum(
        abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in set(bins)
    )
    top = y[: int(np.ceil(len(y) / 10))]
    one_class = y.min() == y.max()
    return {
        "customers": len(y),
        "positives": y.sum(),
        "mean_probability": p.mean(),
        "brier": brier_score_loss(y, p),
        "ece": ece,
        "auc": np.nan if one_class else roc_auc_score(y, p),
        "pr_auc": average_precision_score(y, p) if y.any() else np.nan,
        "lift_10pc": top.mean() / y.mean() if y.any() else np.nan,
    }


def test_classifier_metrics_are_those_of_scikit_learn(tables):
    tests = groups_of(tables("int_classifier_tests"))
    expected = pd.DataFrame(
        {key: classifier_metrics(mine) for key, mine in tests.groupby([*TEST, "people"])}
    ).T.rename_axis([*TEST, "people"])
    found = tables("int_classifier_metrics").set_index([*TEST, "people"])[expected.columns]
    assert len(found) == len(expected) > 100
    pd.testing.assert_frame_equal(
        found.sort_index().astype("float64"),
        expected.sort_index().astype("float64"),
        check_exact=False,
        rtol=0,
        atol=2 * NEAR,  # the warehouse keeps nine digits
    )


def test_outcomes_are_what_was_bought_in_the_window_that_starts_at_the_test(published, tables):
    orders = published.warehouse(
        "select customer_key, ordered_at, net_revenue from profiles.fct_orders "
        "where is_purchase and customer_key is not null"
    )
    models = published.warehouse("select * from seeds.prediction_models").set_index("model_code")
    by_customer = orders.groupby("customer_key")["ordered_at"].agg(list)
    tests = tables("int_classifier_tests")
    for (code, tested_at), mine in tests.groupby(["model_code", "tested_at"]):
        ends = tested_at + pd.Timedelta(days=int(models.loc[code, "horizon_days"]))
        bought = mine["customer_key"].map(
            lambda key, a=tested_at, b=ends: any(a <= at < b for at in by_customer.get(key, []))
        )
        silent = models.loc[code, "outcome"] == "silent"
        assert (mine["outcome"] == 1).tolist() == (bought != silent).tolist()


def lifetime_tests(tables) -> pd.DataFrame:
    outcomes = tables("model_outcomes")
    return tables("pred_lifetime_value").merge(
        outcomes[outcomes["horizon_days"] == 90], on=["customer_key", "moment_at"]
    )


def test_lifetime_metrics_are_those_of_scipy(tables):
    found = tables("int_lifetime_metrics").set_index(TEST).sort_index()
    tests = lifetime_tests(tables).rename(columns={"moment_at": "tested_at"})
    by_version = {key: mine for key, mine in tests.groupby(TEST)}
    assert found.index.tolist() == sorted(by_version) and len(found) >= 12
    for key, mine in by_version.items():
        value, spend = mine["expected_spend"], mine["spend"]
        top = int(np.ceil(len(mine) / 10))
        first = mine.sort_values(["expected_spend", "customer_key"], ascending=[False, True])
        expected = {
            "customers": len(mine),
            "spearman": spearmanr(value, spend).statistic,
            "mae": (value - spend).abs().mean(),
            "mae_purchases": (mine["expected_purchases"] - mine["purchase_days"]).abs().mean(),
            "capture_10pc": first["spend"].head(top).sum() / spend.sum(),
            "capture_10pc_at_best": spend.nlargest(top).sum() / spend.sum(),
            "ratio_of_totals": value.sum() / spend.sum(),
        }
        assert found.loc[key, list(expected)].astype("float64").to_dict() == pytest.approx(
            expected, rel=0, abs=2 * NEAR, nan_ok=True
        )


def psi_of(before: np.ndarray, after: np.ndarray, edges: np.ndarray) -> tuple[float, float]:
    """The index with half a customer added to each bin, and what chance makes of it in 5 % of samples."""
    n, m, bins = len(after), len(before), len(edges) + 1
    q, p = (
        (np.bincount(np.searchsorted(edges, v), minlength=bins) + 0.5) / (len(v) + 0.5 * bins)
        for v in (before, after)
    )
    return ((p - q) * np.log(p / q)).sum(), chi2.ppf(0.95, bins - 1) * (1 / n + 1 / m)


@pytest.mark.parametrize("whose", [CHAMPIONS, FULL_VERSIONS], ids=["champions", "full versions"])
def test_drift_is_the_population_stability_index_of_numpy(published, tables, now, whose):
    shares = replaced(sql_of(published, "int_drift_shares"), (CHAMPIONS, whose))
    drift = published.warehouse(
        replaced(sql_of(published, "model_drift"), (DRIFT_SHARES, f"({shares})"))
    )
    if whose == CHAMPIONS:
        kept, again = (
            frame.sort_values(["model_code", "item"], ignore_index=True).drop(columns="build_id")
            for frame in (tables("model_drift"), drift)
        )
        pd.testing.assert_frame_equal(kept, again, check_exact=True)
    versions = drift[VERSION].drop_duplicates()
    assert len(versions) == 3
    inputs = tables("model_inputs")
    params = tables("model_params").groupby(VERSION)
    for key in versions.itertuples(index=False, name=None):
        before = learned_from(tables, key)
        after = inputs[
            (inputs["moment_at"] == now) & (inputs["is_active"] | (key[0] != "churn_90d"))
        ]
        mine = params.get_group(key)
        edges = mine[mine["part"] == "bin_edge"].sort_values("group_id").groupby("item")["value"]
        edges = {item: values.to_numpy() for item, values in edges}
        found = drift[drift["version"] == key[1]].set_index("item")
        # Time with the shop only ever grows, and is not watched.
        assert set(found.index) == set(edges) - {"log_tenure_days"}
        for item, cuts in edges.items():
            if item not in found.index or (item == "score" and whose == FULL_VERSIONS):
                continue  # the full versions do not score today
            if item == "score":
                values = (
                    score_logistic(mine, before).to_numpy(),
                    score_logistic(mine, after).to_numpy(),
                )
            else:
                values = before[item].to_numpy(), after[item].to_numpy()
            psi, by_chance = psi_of(*values, cuts)
            line = found.loc[item]
            assert line["customers"] == len(after)
            assert line["psi"] == pytest.approx(psi, abs=2 * NEAR)
            assert line["psi_by_chance"] == pytest.approx(by_chance, rel=0.03)
            assert line["is_drifted"] == (line["psi"] > max(0.25, line["psi_by_chance"]))
