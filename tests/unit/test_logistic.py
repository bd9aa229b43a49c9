"""Logistic regression as rows: equal to scikit-learn, calibrated, and the same from any order."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audiencekit.modelling.classifier import ClassifierSettings
from audiencekit.modelling.logistic import FOLDS, fit_logistic, fold_of, score_logistic
from audiencekit.modelling.rows import COLUMNS, drift_bins, fact_of, part_of

FEATURES = ["recency", "orders", "spend", "is_member"]
WEIGHTS = np.array([-1.2, 0.8, 0.5, 0.7])


def true_probability(frame):
    return 1 / (1 + np.exp(-(frame[FEATURES].to_numpy("float64") @ WEIGHTS - 0.5)))


def customers(n, seed=1):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_key": [f"c{i:06d}" for i in random.permutation(n)],
            "recency": random.normal(size=n),
            "orders": np.log1p(random.poisson(2.0, n)),
            "spend": random.normal(0.3, 2.0, n).round(1),
            "is_member": random.random(n) < 0.3,
        }
    )
    frame["is_positive"] = random.random(n) < true_probability(frame)
    return frame


def fit(training, **changed):
    settings = {
        "model_code": "propensity_30d",
        "variant": "full",
        "features": FEATURES,
        "cutoff": "2024-01-31",
        "tested_at": "2024-03-01",
    }
    return fit_logistic(training, ClassifierSettings(**(settings | changed)))


def pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


@pytest.fixture(scope="module")
def training():
    return customers(2500)


@pytest.fixture(scope="module")
def fitted(training):
    return fit(training)


def test_the_rows_have_the_common_shape(fitted):
    assert tuple(fitted.columns) == COLUMNS
    assert fitted["group_id"].dtype == "int64" and fitted["value"].dtype == "float64"
    assert fitted["version"].str.fullmatch(r"logistic-20240131-[0-9a-f]{8}").all()
    assert (fitted["value"].notna() != fitted["label"].notna()).all()
    assert fact_of(fitted, "status") == "fitted" and fact_of(fitted, "rows") == "2500"
    assert not fitted.duplicated(["part", "item", "group_id"]).any()


def test_probabilities_equal_scikit_learn_s_after_the_platt_pair(training, fitted):
    ordered = training.sort_values("customer_key")
    model = pipeline().fit(ordered[FEATURES].astype("float64"), ordered["is_positive"])
    inputs = customers(3000, seed=2)
    logits = model.decision_function(inputs[FEATURES].astype("float64"))
    platt = part_of(fitted, "platt")
    expected = 1 / (1 + np.exp(-(platt["slope"] * logits + platt["offset"])))
    np.testing.assert_allclose(score_logistic(fitted, inputs), expected, rtol=0, atol=1e-12)


def test_the_platt_pair_is_the_likeliest_one_on_out_of_fold_logits(training, fitted):
    ordered = training.sort_values("customer_key")
    x, y = ordered[FEATURES].to_numpy("float64"), ordered["is_positive"].to_numpy()
    folds, logits = fold_of(ordered["customer_key"]), np.zeros(len(y))
    for fold in range(FOLDS):
        held = folds == fold
        logits[held] = pipeline().fit(x[~held], y[~held]).decision_function(x[held])
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))

    def loss(pair):
        z = pair[0] * logits + pair[1]
        return np.mean(np.logaddexp(0, z) - target * z)

    best = minimize(loss, [1.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x
    assert part_of(fitted, "platt")[["slope", "offset"]].to_numpy() == pytest.approx(best, abs=1e-5)


def test_sql_over_the_rows_gives_the_same_probabilities(fitted):
    inputs = customers(500, seed=3).sort_values("customer_key", ignore_index=True)
    long = inputs.astype(dict.fromkeys(FEATURES, "float64")).melt(
        "customer_key", FEATURES, "item", "x"
    )
    with duckdb.connect() as con:
        con.register("long", long)
        con.register("fitted", fitted)
        scored = con.execute(
            """
            with weights as (
                select
                    item,
                    max(value) filter (where part = 'weight') as weight,
                    max(value) filter (where part = 'mean') as mean,
                    max(value) filter (where part = 'scale') as scale
                from fitted group by item
            ),
            one as (
                select
                    max(value) filter (where part = 'intercept') as intercept,
                    max(value) filter (where part = 'platt' and item = 'slope') as slope,
                    max(value) filter (where part = 'platt' and item = 'offset') as shift
                from fitted
            )
            select 1 / (1 + exp(-(
                any_value(slope) * (any_value(intercept) + sum(weight * (x - mean) / scale)) + any_value(shift)
            ))) as probability
            from long join weights using (item) cross join one
            group by customer_key order by customer_key
            """
        ).df()["probability"]
    np.testing.assert_allclose(scored, score_logistic(fitted, inputs), rtol=0, atol=1e-12)


def test_shuffled_rows_give_the_identical_frame(training, fitted):
    shuffled = training.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(fit(shuffled), fitted, check_exact=True)
    twice = pd.concat([training, customers(400, seed=8)])  # customers with two rows
    one, other = fit(twice), fit(twice.sample(frac=1, random_state=4))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def calibration_error(score, truth, bins=10):
    """ECE against known probabilities: mean |score - truth| over equal-sized bins of the score."""
    bin_of = pd.qcut(score, bins, labels=False, duplicates="drop")
    return (score.groupby(bin_of).mean() - truth.groupby(bin_of).mean()).abs().mean()


def test_probabilities_are_calibrated_on_customers_not_seen(fitted):
    unseen = customers(20_000, seed=5)
    truth = pd.Series(true_probability(unseen), index=unseen.index)
    assert calibration_error(score_logistic(fitted, unseen), truth) < 0.03


def test_the_platt_pair_takes_back_what_a_small_sample_overstates():
    random = np.random.default_rng(11)
    names = [f"f{i:02d}" for i in range(40)]

    def draw(n):
        frame = pd.DataFrame(random.normal(size=(n, 40)), columns=names)
        frame["customer_key"] = [f"c{i:05d}" for i in range(n)]
        truth = 1 / (1 + np.exp(-frame["f00"]))
        frame["is_positive"] = random.random(n) < truth
        return frame, truth

    small, _ = draw(300)
    unseen, truth = draw(20_000)
    rows = fit(small, features=names)
    plain = rows.copy()
    plain.loc[plain["part"] == "platt", "value"] = [1.0, 0.0]
    assert part_of(rows, "platt")["slope"] < 0.8
    with_pair = calibration_error(score_logistic(rows, unseen), truth)
    without = calibration_error(score_logistic(plain, unseen), truth)
    assert with_pair < 0.7 * without


def test_a_slope_that_would_turn_scores_round_is_not_used():
    # Noise alone: out of fold it often ranks backwards.
    for seed in range(20):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(random.normal(size=(80, 4)), columns=FEATURES)
        frame["customer_key"] = [f"c{i:03d}" for i in range(80)]
        frame["is_positive"] = np.arange(80) % 2 == 0
        rows = fit(frame)
        if "turned round" in fact_of(rows, "calibration"):
            assert part_of(rows, "platt").to_dict() == {"slope": 1.0, "offset": 0.0}
            break
    else:
        pytest.fail("no sample ranked backwards")


def test_few_positives_leave_the_platt_pair_out():
    frame = customers(400)
    frame["is_positive"] = frame["recency"].rank() <= 20
    rows = fit(frame)
    assert fact_of(rows, "status") == "fitted"
    assert fact_of(rows, "calibration").startswith("none: fewer than 30")
    assert part_of(rows, "platt").to_dict() == {"slope": 1.0, "offset": 0.0}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: customers(2500).head(0), "Only 0 customers"),
        (lambda: customers(2500).head(1), "Only 1 customers"),
        (lambda: customers(49), "Only 49 customers"),
        (lambda: customers(500).assign(is_positive=False), "Only 0 positive"),
        (lambda: customers(500).assign(is_positive=True), "Only 0 negative"),
        (lambda: customers(500).assign(**dict.fromkeys(FEATURES, 4.2)), "No feature differs"),
    ],
)
def test_too_little_to_learn_from_is_skipped_with_a_reason(make, why):
    rows = fit(make())
    assert fact_of(rows, "status") == "skipped"
    assert fact_of(rows, "why").startswith(why)
    assert set(rows["part"]) == {"fact"} and tuple(rows.columns) == COLUMNS
    with pytest.raises(ValueError, match="not fitted"):
        score_logistic(rows, customers(10))


def test_a_feature_that_never_changes_has_no_weight(training):
    rows = fit(training.assign(orders=3.0))
    assert part_of(rows, "weight")["orders"] == 0.0 and part_of(rows, "scale")["orders"] == 1.0
    assert fact_of(rows, "dropped_features") == "orders"
    other = fit(training.drop(columns="orders"), features=["recency", "spend", "is_member"])
    inputs = customers(300, seed=9)
    np.testing.assert_array_equal(score_logistic(rows, inputs), score_logistic(other, inputs))


def test_a_feature_too_large_for_its_square_is_left_out(training):
    huge = training.assign(spend=training["spend"] * 1e300)
    rows = fit(huge)
    assert fact_of(rows, "dropped_features") == "spend"
    assert score_logistic(rows, huge).between(0, 1).all()


def test_rows_with_a_hole_are_left_out_and_counted(training):
    holed = training.copy().astype({"is_positive": object})
    holed.loc[holed.index[0], "spend"] = np.nan
    holed.loc[holed.index[1], "recency"] = np.inf
    holed.loc[holed.index[2], "customer_key"] = None
    holed.loc[holed.index[3], "is_positive"] = None
    rows, clean = fit(holed), fit(training.iloc[4:])
    assert fact_of(rows, "dropped_rows") == "4" and fact_of(rows, "rows") == "2496"
    numeric = ["part", "item", "group_id", "value"]
    one, other = (frame.loc[frame["part"] != "fact", numeric] for frame in (rows, clean))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert rows["version"].iloc[0] != clean["version"].iloc[0]


def test_a_customer_with_a_hole_gets_no_probability(fitted):
    inputs = customers(3, seed=4).assign(spend=[1.0, np.nan, np.inf])
    assert score_logistic(fitted, inputs).isna().tolist() == [False, True, True]


def test_the_version_follows_data_and_settings_and_nothing_else(training, fitted):
    def version(frame, **changed):
        return fit(frame, **changed)["version"].iloc[0]

    small = training.head(200)
    nudged = small.copy()
    nudged.loc[nudged.index[7], "spend"] = np.nextafter(nudged["spend"].iloc[7], np.inf)
    relabelled = small.copy()
    relabelled.loc[relabelled.index[7], "is_positive"] ^= True
    renamed = small.copy()
    renamed.loc[renamed.index[7], "customer_key"] = "somebody else"
    versions = [
        version(small),
        version(nudged),
        version(relabelled),
        version(renamed),
        version(small, seed=8),
        version(small, variant="rfm"),
        version(small, features=FEATURES[:3]),
        version(small, features=FEATURES[::-1]),
        version(small, cutoff="2024-02-29"),
    ]
    assert len(set(versions)) == len(versions)
    same = small.sample(frac=1, random_state=1).assign(not_a_feature=1).iloc[:, ::-1]
    assert version(same, tested_at=None) == versions[0]
    assert version(small, cutoff=pd.Timestamp("2024-01-31")) == versions[0]


def test_drift_bins_split_the_training_data_as_their_shares_say(training, fitted):
    scored = training.assign(score=score_logistic(fitted, training))
    for item in [*FEATURES, "score"]:
        of_item = fitted[fitted["item"] == item].set_index("group_id")["value"]
        edges = of_item[(fitted["part"] == "bin_edge")[fitted["item"] == item].to_numpy()]
        shares = of_item[(fitted["part"] == "bin_share")[fitted["item"] == item].to_numpy()]
        assert shares.index.tolist() == list(range(1, len(edges) + 2))
        assert edges.index.tolist() == list(range(1, len(edges) + 1))
        assert (np.diff(edges) > 0).all() and (shares > 0).all()
        bins = 1 + (scored[item].to_numpy("float64")[:, None] > edges.to_numpy()).sum(axis=1)
        counted = pd.Series(bins).value_counts(normalize=True).sort_index()
        np.testing.assert_allclose(counted, shares, rtol=0, atol=1e-15)
    assert part_of(fitted, "bin_share")["recency"].to_numpy() == pytest.approx([0.1] * 10)
    assert len(part_of(fitted, "bin_share")[["is_member"]]) == 2


def test_drift_edges_lie_between_values_and_never_leave_a_bin_empty():
    def bins(values):
        rows = drift_bins("x", np.array(values, dtype="float64"))
        return {
            part: [row.value for row in rows if row.part == part]
            for part in ("bin_edge", "bin_share")
        }

    assert bins([0, 0, 0, 4]) == {"bin_edge": [2.0], "bin_share": [0.75, 0.25]}
    assert bins([5, 5]) == {"bin_edge": [], "bin_share": [1.0]}
    assert bins(range(10))["bin_edge"] == [k + 0.5 for k in range(9)]
    neighbours = [1.0, np.nextafter(1.0, 2.0)]  # nothing lies between them
    assert bins(neighbours) == {"bin_edge": [1.0], "bin_share": [0.5, 0.5]}


def test_rows_of_two_versions_are_not_mixed(training, fitted):
    with pytest.raises(ValueError, match="one version"):
        score_logistic(pd.concat([fitted, fit(training, seed=8)]), training)


def test_rows_read_back_from_a_database_in_any_order_score_the_same(training, fitted):
    with duckdb.connect() as con:
        con.register("fitted", fitted)
        back = con.execute("select * from fitted order by hash(part || item || group_id)").df()
    np.testing.assert_allclose(
        score_logistic(back, training), score_logistic(fitted, training), rtol=0, atol=1e-15
    )
