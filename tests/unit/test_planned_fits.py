"""Versions that are planned are fitted; what cannot be fitted says why."""

import numpy as np
import pandas as pd
import pytest
from training_frames import CUTOFF, FEATURES, TESTED, training

from audiencekit.modelling import planned
from audiencekit.modelling.rows import COLUMNS, build_rows, fact_of, facts, part_of


def plan(*methods: str) -> pd.DataFrame:
    """A plan of one cut-off a method."""
    columns = ["model_code", "method", "horizon_days", "place", "cutoff_at", "tested_at"]
    codes = {"classifier": "propensity_30d", "lifetime": "lifetime_value_90d"}
    steps = [(codes.get(m, "micro_segments"), m, 30, 0, CUTOFF, TESTED) for m in methods]
    return pd.DataFrame(steps, columns=columns)


def histories(rows: int) -> pd.DataFrame:
    """Customers who all came back twice and spent alike."""
    return pd.DataFrame(
        {
            "model_code": "lifetime_value_90d",
            "cutoff_at": CUTOFF,
            "customer_key": [f"c{n:04d}" for n in range(rows)],
            "repeat_purchase_days": 2,
            "first_to_last_days": 60.0,
            "tenure_days": 90.0,
            "repeat_spend_mean": 20.0,
        }
    )


def statuses(rows: pd.DataFrame) -> dict[str, str]:
    """Status by version, once what every build asks of the rows is seen to hold."""
    assert tuple(rows.columns) == COLUMNS
    assert not rows.duplicated(["model_code", "version", "part", "item", "group_id"]).any()
    found = {version: mine for version, mine in rows.groupby("version")}
    assert all(len(fact_of(mine, "why")) > 10 for mine in found.values())
    return {version: fact_of(mine, "status") for version, mine in found.items()}


NO_CHAMPION = build_rows("", "", [])
CLUSTERS = {"algorithm": "kmeans", "minimum_share": 0.03}
LITTLE = {
    "nobody": training(0),
    "one customer": training(1),
    "one class": training(200).assign(is_positive=True),
    "no feature that differs": training(200).assign(**dict.fromkeys(FEATURES, 1.0)),
    "no feature that is known": training(200).assign(**dict.fromkeys(FEATURES, np.nan)),
    "no feature that is finite": training(200).assign(**dict.fromkeys(FEATURES, np.inf)),
}


@pytest.mark.parametrize("few", LITTLE)
def test_too_little_for_a_classifier_is_reported_for_every_version(few):
    found = statuses(planned.fit_classifiers(LITTLE[few], plan("classifier")))
    assert list(found.values()) == ["skipped"] * 4


@pytest.mark.parametrize(
    ("few", "expected"),
    [
        (histories(0), {"skipped"}),
        (histories(1), {"skipped"}),
        (histories(200).assign(repeat_purchase_days=0, first_to_last_days=0.0), {"skipped"}),
        (histories(200).assign(repeat_spend_mean=np.nan), {"skipped"}),
        (histories(200).assign(tenure_days=np.nan), {"skipped"}),
        (histories(200), {"failed", "fitted"}),
    ],
)
def test_too_little_for_a_lifetime_value_is_reported(few, expected):
    found = statuses(planned.fit_lifetime_values(few, plan("lifetime"), method="mbg_nbd"))
    # A fit scores in two more ways.
    assert len(found) == (3 if "fitted" in found.values() else 1)
    assert set(found.values()) <= expected


def test_the_version_of_a_year_learns_from_all_quarters_and_the_others_from_the_newest():
    quarters = pd.concat(
        [
            training(200),
            training(150).assign(quarters_back=1),
            training(100).assign(quarters_back=3),
        ]
    )
    rows = planned.fit_classifiers(quarters, plan("classifier"))
    learned = {
        fact_of(mine, "variant") or fact_of(mine, "method"): fact_of(mine, "rows")
        for _, mine in rows.groupby("version")
    }
    assert learned == {
        "recency": "200",
        "rfm": "200",
        "full": "200",
        "year": "450",
        "boosted": "200",
    }


def test_a_fit_of_purchases_scores_in_three_ways_by_the_same_parameters():
    rng = np.random.default_rng(1)
    repeat = rng.poisson(2, 400)
    bought = histories(400).assign(
        repeat_purchase_days=repeat,
        first_to_last_days=np.where(repeat, rng.uniform(1, 80, 400), 0.0),
        repeat_spend_mean=rng.gamma(5, 4, 400),
    )
    rows = planned.fit_lifetime_values(bought, plan("lifetime"), method="mbg_nbd")
    versions = {fact_of(mine, "method"): mine for _, mine in rows.groupby("version")}
    assert set(versions) == {"mbg_nbd", "two_part", "two_part_active"}
    for method, mine in versions.items():
        assert mine["version"].str.startswith(f"{method}-").all()
        pd.testing.assert_series_equal(
            part_of(mine, "parameter"), part_of(versions["mbg_nbd"], "parameter")
        )


@pytest.mark.parametrize("few", [few for few in LITTLE if few != "one class"])
def test_too_little_for_micro_segments_is_reported(few):
    customers = LITTLE[few][[*FEATURES, "customer_key"]]
    rows = planned.fit_planned_micro_segments(customers, plan("clusters"), NO_CHAMPION, **CLUSTERS)
    assert list(statuses(rows).values()) == ["skipped"]


def test_nothing_planned_is_nothing_fitted():
    others = plan("lifetime", "clusters"), plan("classifier", "clusters"), plan("classifier")
    for rows in (
        planned.fit_classifiers(training(200), others[0]),
        planned.fit_lifetime_values(histories(200), others[1], method="mbg_nbd"),
        planned.fit_planned_micro_segments(training(200), others[2], NO_CHAMPION, **CLUSTERS),
        planned.fit_classifiers(training(0), plan()),
    ):
        assert tuple(rows.columns) == COLUMNS and rows.empty
        assert rows["value"].dtype == "float64" and rows["group_id"].dtype == "int64"


def test_a_version_that_fails_leaves_the_others_to_be_fitted(monkeypatch):
    fit = planned.fit_logistic

    def fit_but_one(training, settings):
        if settings.variant == "rfm":
            raise ValueError("no")
        return fit(training, settings)

    monkeypatch.setattr(planned, "fit_logistic", fit_but_one)
    found = statuses(planned.fit_classifiers(training(200), plan("classifier")))
    assert sorted(found.values()) == ["failed", "fitted", "fitted", "fitted"]


def test_versions_that_fail_in_the_same_way_have_names_of_their_own(monkeypatch):
    def fail(*_, **__):
        raise ValueError("no")

    monkeypatch.setattr(planned, "fit_logistic", fail)
    found = statuses(planned.fit_classifiers(training(200), plan("classifier")))
    assert sorted(found.values()) == ["failed", "failed", "failed", "fitted"]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_fit_of_no_numbers_has_failed(monkeypatch, number):
    def fit_badly(training, settings):
        rows = planned.build_rows(
            "propensity_30d", f"v-{settings.variant}", facts({"status": "fitted"})
        )
        return pd.concat([rows, rows.assign(part="weight", item="a", value=number, label=None)])

    monkeypatch.setattr(planned, "fit_logistic", fit_badly)
    found = statuses(planned.fit_classifiers(training(200), plan("classifier")))
    assert sorted(found.values()) == ["failed", "failed", "failed", "fitted"]
