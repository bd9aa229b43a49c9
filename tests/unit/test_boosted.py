"""Boosted trees as rows: read back without scikit-learn, they say what scikit-learn says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from audiencekit.modelling.boosted import SETTINGS, fit_boosted, score_boosted
from audiencekit.modelling.classifier import ClassifierSettings
from audiencekit.modelling.rows import COLUMNS, fact_of, part_of

FEATURES = ["recency", "orders", "spend", "is_member", "noise"]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other on a busy machine make small fits slow."""
    with threadpool_limits(1, user_api="openmp"):
        yield


def customers(n, seed=1):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_key": [f"c{i:06d}" for i in random.permutation(n)],
            "recency": random.normal(size=n),
            "orders": random.poisson(2.0, n),
            "spend": random.normal(0.3, 2.0, n).round(1),
            "is_member": random.random(n) < 0.3,
            "noise": random.normal(size=n),
        }
    )
    logit = np.where(frame["recency"] > 0.5, -1.5, 0.6) * frame["spend"] + 0.5 * frame["orders"] - 1
    frame["is_positive"] = random.random(n) < 1 / (1 + np.exp(-logit))
    return frame


def fit(training, **changed):
    settings = {
        "model_code": "churn_90d",
        "features": FEATURES,
        "cutoff": "2024-01-31",
        "tested_at": "2024-03-01",
    }
    return fit_boosted(training, ClassifierSettings(**(settings | changed)))


@pytest.fixture(scope="module")
def training(one_thread):
    return customers(5000)


@pytest.fixture(scope="module")
def fitted(training):
    return fit(training)


@pytest.fixture(scope="module")
def sklearn_s(training):
    """The probabilities of the same model fitted with scikit-learn alone."""
    ordered = training.sort_values("customer_key")
    model = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.06,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=7,
    ).fit(ordered[FEATURES].to_numpy("float64"), ordered["is_positive"])
    return lambda inputs: model.predict_proba(inputs[FEATURES].to_numpy("float64"))[:, 1]


def test_probabilities_equal_scikit_learn_s(fitted, sklearn_s):
    inputs = customers(5000, seed=2)
    scored = score_boosted(fitted, inputs)
    np.testing.assert_allclose(scored, sklearn_s(inputs), rtol=0, atol=1e-12)
    assert scored.std() > 0.1


def test_values_exactly_at_a_threshold_go_where_scikit_learn_sends_them(fitted, sklearn_s):
    nodes = fitted[fitted["part"].isin(["node_feature", "node_threshold"])]
    keys = ["group_id", "item"]
    splits = nodes[nodes["part"] == "node_feature"].merge(
        nodes[nodes["part"] == "node_threshold"], on=keys, suffixes=("_f", "_t")
    )
    random = np.random.default_rng(3)
    inputs = customers(5000, seed=4).astype(dict.fromkeys(FEATURES, "float64"))
    for name in FEATURES:
        thresholds = splits.loc[splits["label_f"] == name, "value_t"].to_numpy()
        if len(thresholds):
            at = random.choice(thresholds, len(inputs))
            near = [at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)]
            inputs[name] = np.choose(random.integers(0, 3, len(inputs)), near)
    scored = score_boosted(fitted, inputs)
    np.testing.assert_allclose(scored, sklearn_s(inputs), rtol=0, atol=1e-12)


def test_more_rows_than_one_block_keep_their_own_probabilities_and_index(fitted, sklearn_s):
    inputs = customers(40_000, seed=5).set_index("customer_key")
    scored = score_boosted(fitted, inputs)
    assert scored.index.equals(inputs.index)
    np.testing.assert_allclose(scored, sklearn_s(inputs), rtol=0, atol=1e-12)


def test_the_rows_are_modest_and_of_the_common_shape(fitted):
    assert tuple(fitted.columns) == COLUMNS
    assert fitted["version"].str.fullmatch(r"boosted-20240131-[0-9a-f]{8}").all()
    assert fact_of(fitted, "status") == "fitted"
    assert not fitted.duplicated(["part", "item", "group_id"]).any()
    assert fitted.loc[fitted["part"].str.startswith("node_"), "group_id"].nunique() == 100
    assert len(fitted) < 100 * 75
    feature = fitted[fitted["part"] == "node_feature"]
    assert [FEATURES[int(v)] for v in feature["value"]] == feature["label"].tolist()


def test_shuffled_rows_give_the_identical_frame(training, fitted):
    again = fit(training.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(again, fitted, check_exact=True)


def test_rows_of_a_fit_score_the_same_in_any_order(training, fitted):
    shuffled = fitted.sample(frac=1, random_state=5)
    np.testing.assert_array_equal(
        score_boosted(shuffled, training), score_boosted(fitted, training)
    )


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: customers(5000).head(0), "stay with logistic regression"),
        (lambda: customers(1), "stay with logistic regression"),
        (lambda: customers(5000).assign(is_positive=True), "Only 0 negative customers"),
        (lambda: customers(5000).assign(is_positive=np.arange(5000) < 49), "Only 49 positive"),
        (lambda: customers(5000).assign(**dict.fromkeys(FEATURES, 1.0)), "No feature differs"),
    ],
)
def test_too_little_for_trees_is_skipped_with_a_reason(make, why):
    rows = fit(make())
    assert fact_of(rows, "status") == "skipped"
    assert why in fact_of(rows, "why")
    assert set(rows["part"]) == {"fact"}
    with pytest.raises(ValueError, match="not fitted"):
        score_boosted(rows, customers(10))


def test_fifty_of_a_class_are_enough_to_be_measured():
    rows = fit(customers(1000).assign(is_positive=np.arange(1000) < 50))
    assert fact_of(rows, "status") == "fitted"


def test_constant_features_and_rows_with_a_hole_do_no_harm():
    frame = customers(1500).assign(noise=0.0).astype({"orders": "float64"})
    frame.loc[frame.index[:5], "orders"] = [np.nan, np.inf, -np.inf, np.nan, np.nan]
    rows = fit(frame)
    assert fact_of(rows, "status") == "fitted"
    assert fact_of(rows, "rows") == "1495" and fact_of(rows, "dropped_rows") == "5"
    assert "noise" not in set(rows.loc[rows["part"] == "node_feature", "label"])
    scored = score_boosted(rows, frame)
    assert scored.isna().tolist() == [True] * 5 + [False] * 1495


def test_the_version_follows_data_and_settings_and_not_the_order_of_rows(training, monkeypatch):
    def version(frame, **changed):
        return fit(frame, **changed)["version"].iloc[0]

    few = training.head(400)  # too few to fit, and yet a version
    nudged = few.assign(recency=few["recency"].where(few.index != few.index[9], 0.123))
    versions = [version(few), version(nudged), version(few, seed=8)]
    versions += [version(few, features=FEATURES[:4]), version(few, cutoff="2024-02-29")]
    assert version(few.sample(frac=1, random_state=2), tested_at=None) == versions[0]
    monkeypatch.setitem(SETTINGS, "max_leaf_nodes", 31)
    versions.append(version(few))
    assert len(set(versions)) == 6


def test_score_bins_hold_a_tenth_of_the_training_customers_each(fitted):
    shares = part_of(fitted, "bin_share")["score"]
    assert shares.tolist() == pytest.approx([0.1] * 10, abs=0.005)
