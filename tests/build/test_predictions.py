"""Models over time: what they may know, when they are trained anew, and what happens when that fails."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compiled import sql_of
from workspaces import DEMO_AS_OF, Published, rewrite

from audiencekit.modelling import planned

# The last cut-off models are tested at: what happened since must not be known at it, or before.
TESTED_AT = pd.Timestamp(DEMO_AS_OF) - pd.Timedelta(days=30)
# What was bought before is an outcome only of versions that learn from a whole year.
FIRST_CUTOFF = pd.Timestamp(DEMO_AS_OF) - pd.Timedelta(days=330)
UP_TO = f"moment_at <= timestamp '{TESTED_AT}'"


def rows_of(published: Published, table: str, where: str = "true") -> pd.DataFrame:
    return published.warehouse(f"select * from {table} where {where} order by all")


def assert_same_rows(one: Published, other: Published, table: str, where: str = "true") -> None:
    left, right = (rows_of(p, table, where) for p in (one, other))
    assert len(left) > 0, table
    pd.testing.assert_frame_equal(left, right, check_exact=True, obj=table)


# What a model may know


@pytest.fixture(scope="module")
def late(runner, demo, tmp_path_factory) -> Published:
    """The demo, and at or after the last test's cut-off known customers buy, browse, read and bring back.

    What is brought back or called off was bought before the first cut-off, so that no outcome changes.
    """
    landing = tmp_path_factory.mktemp("late") / "landing"
    shutil.copytree(demo / "landing", landing)
    rewrite(
        landing / "orders.parquet",
        f"""
        , once as (
            from t where status = 'completed' and total > 0
            qualify count(*) over (partition by order_id) = 1
        )
        select *, null::timestamp as updated_at from t
        union all by name
        select * replace (
            order_id || '-late' as order_id, total * 9 as total,
            timestamp '{TESTED_AT}' + to_hours((row_number() over (order by order_id) - 1)::int % 700) as ordered_at
        )
        from (from once where ordered_at between '2017-06-01' and '2017-07-01')
        union all by name
        select * replace (
            order_id || '-back' as order_id, -total as total, 'completed' as status,
            order_id as original_order_id, timestamp '{TESTED_AT}' as ordered_at
        )
        from (from once where ordered_at < '{FIRST_CUTOFF}' and hash(order_id) % 2 = 0)
        union all by name
        select * replace ('cancelled' as status), timestamp '2017-12-20' as updated_at
        from (from once where ordered_at < '{FIRST_CUTOFF}' and hash(order_id) % 4 = 1)
        """,
    )
    for name, key, at in (
        ("web_events", "event_id", "occurred_at"),
        ("email_events", "event_id", "occurred_at"),
        ("campaign_touches", "touch_id", "touched_at"),
    ):
        rewrite(
            landing / f"{name}.parquet",
            f"""
            select * from t
            union all by name
            select * replace (
                {key} || '-late' as {key},
                timestamp '{TESTED_AT}' + to_minutes((row_number() over (order by {key}) - 1)::int % 43000) as {at}
            )
            from t
            """,
        )
    # Devices that nobody had logged in from: now one customer each has, and what they saw before is theirs.
    rewrite(
        landing / "web_events.parquet",
        f"""
        , strangers as (
            from t where anonymous_id is not null
            qualify count(account_id) over (partition by anonymous_id) = 0
            and row_number() over (partition by anonymous_id order by event_id) = 1
        ),
        people as (select account_id, row_number() over (order by account_id) as n from t group by account_id)
        select * from t
        union all by name
        select strangers.* exclude (n) replace (
            event_id || '-login' as event_id, people.account_id as account_id,
            timestamp '{TESTED_AT}' as occurred_at
        )
        from (select *, row_number() over (order by event_id) as n from strangers) as strangers
        inner join people on people.account_id is not null and strangers.n = people.n
        """,
    )
    return runner.build("late", landing, "+path:models/predictions")


def test_late_rows_are_in_what_is_known_now(published, late):
    now = f"moment_at = timestamp '{DEMO_AS_OF}'"
    before, after = (rows_of(p, "features.customer_features", now) for p in (published, late))
    for feature in (
        "orders_30d",
        "sessions_30d",
        "cart_adds_7d",
        "emails_opened_30d",
        "campaign_touches_90d",
    ):
        assert after[feature].sum() > 1.2 * before[feature].sum(), feature
    returned = (
        "select count(*) as n from profiles.fct_orders where returned_amount > 0 or is_cancelled"
    )
    assert late.warehouse(returned)["n"][0] > published.warehouse(returned)["n"][0] + 100


@pytest.mark.parametrize("table", ["features.customer_features", "predictions.model_inputs"])
def test_what_was_known_at_a_moment_is_the_same_however_the_story_goes_on(published, late, table):
    assert rows_of(published, table, UP_TO)["moment_at"].nunique() >= 11
    assert_same_rows(published, late, table, UP_TO)


def test_the_same_training_rows_give_the_same_version_and_the_same_tests(published, late):
    known = (
        f"tested_at <= timestamp '{TESTED_AT}' "
        f"and cutoff_at - to_days((90 * quarters_back)::int) >= timestamp '{FIRST_CUTOFF}'"
    )
    assert_same_rows(published, late, "predictions.int_training_sets", known)
    tested = f"tested_at <= timestamp '{TESTED_AT}' and variant is distinct from 'year'"
    assert_same_rows(published, late, "predictions.int_fits", tested)
    versions = f"version in (select version from predictions.int_fits where {tested})"
    assert_same_rows(published, late, "predictions.model_params", versions)
    assert_same_rows(published, late, "predictions.pred_logistic", f"{UP_TO} and {versions}")
    assert_same_rows(published, late, "predictions.pred_lifetime_value", f"{UP_TO} and {versions}")


def test_scores_of_today_do_know_what_happened_since(published, late):
    now = f"moment_at = timestamp '{DEMO_AS_OF}'"
    before, after = (rows_of(p, "predictions.pred_logistic", now) for p in (published, late))
    assert not before.equals(after)


LEAKS = {
    "an order that is still to come": (
        "feat_orders",
        "int_purchases",
        ("and orders.ordered_at < spine.moment_at", ""),
    ),
    "a return that is still to come": (
        "feat_orders",
        "int_purchases",
        ("on reversals.reversed_at < moments.moment_at", "on true"),
    ),
    "a web event that is still to come": (
        "feat_web",
        "feat_web",
        ("(age_micros > 0 and age_micros <=", "(age_micros <="),
    ),
    "a login that is still to come": (
        "feat_web",
        "feat_web",
        ("and events.known_at < spine.moment_at", ""),
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_on_purpose_is_noticed(published, late, leak):
    """The feature's own SQL finds the same in both warehouses; without its condition on time it does not."""
    feature, model, (condition, without) = LEAKS[leak]

    def found(home: Published, change: Callable[[str], str]) -> pd.DataFrame:
        sql = change(sql_of(home, model))
        if feature != model:
            table = f'"warehouse"."features"."{Path(model).name}"'
            assert table in sql_of(home, feature)
            sql = sql_of(home, feature).replace(table, f"({sql})")
        return home.warehouse(f"select * from ({sql}) where {UP_TO} order by all")

    def leaking(sql: str) -> str:
        assert condition in sql
        return sql.replace(condition, without)

    honest = [found(home, str) for home in (published, late)]
    pd.testing.assert_frame_equal(*honest, check_exact=True)
    assert len(honest[0]) > 100
    assert not found(published, leaking).equals(found(late, leaking))


# The registry, day after day


def rewrite_ledger(published: Published, table: str, query: str) -> None:
    (path,) = (published.workspace.ledger / table).glob("*[1-9].parquet")
    rewrite(path, query)


def champions(published: Published) -> dict[str, str]:
    found = published.warehouse("select model_code, version from predictions.int_champions")
    return dict(found.itertuples(index=False, name=None))


def scored_customers(published: Published) -> dict[str, int]:
    """Customers with a score, by prediction. The spend rate does not say how often they buy."""
    scores = published.warehouse("from predictions.customer_predictions").drop(
        columns="customer_key"
    )
    if champions(published)["lifetime_value_90d"] == "spend_rate":
        scores = scores.drop(columns="expected_purchases_90d")
    return scores.count().to_dict()


def test_the_next_day_trains_nothing_and_the_same_versions_score(published, next_day):
    assert rows_of(published, "predictions.model_trials")["model_code"].nunique() == 5
    assert rows_of(next_day, "features.int_training_plan").empty
    assert rows_of(next_day, "predictions.model_trials").empty
    assert rows_of(next_day, "predictions.fitted_params").empty
    assert champions(next_day) == champions(published)
    assert len(champions(next_day)) == 5
    assert min(scored_customers(next_day).values()) > 100


def test_the_registry_remembers_every_trial(published, next_day):
    assert_same_rows(published, next_day, "predictions.model_registry")


def test_scores_of_the_next_day_are_of_the_next_day(published, next_day):
    today, tomorrow = (
        rows_of(p, "predictions.customer_predictions").set_index("customer_key")
        for p in (published, next_day)
    )
    both = today.join(tomorrow, rsuffix="_tomorrow", how="inner")
    assert len(both) == len(today)
    bought = rows_of(next_day, "profiles.fct_orders", f"ordered_at >= timestamp '{DEMO_AS_OF}'")
    silent = ~both.index.isin(bought["customer_key"])
    assert 0 < silent.sum() < len(both)
    # Who has been silent for a day longer is less likely to buy, and who has just bought is not.
    change = both["propensity_30d_tomorrow"] - both["propensity_30d"]
    assert (change[silent] < 0).mean() > 0.95
    assert change[~silent].mean() > 0
    assert set(rows_of(next_day, "predictions.model_drift")["measured_at"]) == {
        pd.Timestamp(DEMO_AS_OF) + pd.Timedelta(days=1)
    }


@pytest.fixture(scope="module")
def day_of_faults(runner, demo, published) -> Published:
    """Another next day, on which much goes wrong at once, a fault a model.

    All but the micro-segments are due. The parameters of the 90-day propensity are lost, fitting the 30-day propensity raises, churn is fitted to weights that are no numbers, and
    fitting the lifetime value raises.
    """
    home = runner.copy_of(published, "day_of_faults")
    lost = champions(published)["propensity_90d"]
    rewrite_ledger(home, "fitted_params", f"select * from t where version <> '{lost}'")
    rewrite_ledger(
        home,
        "model_trials",
        "select * replace (case when model_code <> 'micro_segments' "
        "then decided_at - interval 40 day else decided_at end as decided_at) from t",
    )
    fit_logistic = planned.fit_logistic

    def fit_badly(training, settings):
        if settings.model_code == "propensity_30d":
            raise ArithmeticError("the machine is tired")
        rows = fit_logistic(training, settings)
        if settings.model_code == "churn_90d":
            rows.loc[rows["part"] == "weight", "value"] = np.nan
        return rows

    def fit_no_lifetime_value(*_, **__):
        raise MemoryError("no room")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planned, "fit_logistic", fit_badly)
        patch.setattr(planned, "fit_lifetime_value", fit_no_lifetime_value)
        return runner(
            "day_of_faults",
            demo / "landing",
            as_of=DEMO_AS_OF + timedelta(days=1),
            checks=False,
        )


def trials(published: Published, code: str) -> pd.DataFrame:
    return rows_of(published, "predictions.model_trials", f"place = 0 and model_code = '{code}'")


def test_a_version_whose_parameters_are_lost_is_trained_anew(published, day_of_faults):
    found = trials(day_of_faults, "propensity_90d")
    assert set(found["why_due"]) == {"what scored has lost its parameters"}
    assert found["status"].tolist().count("champion") == 1
    new = champions(day_of_faults)["propensity_90d"]
    assert new != champions(published)["propensity_90d"]
    kept = rows_of(day_of_faults, "predictions.fitted_params", f"version = '{new}'")
    assert len(kept) > 0


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("propensity_30d", "Training stopped: ArithmeticError: the machine is tired"),
        ("lifetime_value_90d", "Training stopped: MemoryError: no room"),
    ],
)
def test_a_fit_that_raises_is_reported_as_failed_and_the_last_version_scores(
    published, day_of_faults, code, why
):
    found = trials(day_of_faults, code)
    assert set(found["why_due"]) == {"it is 41 days old"}
    failed = found[found["status"] == "failed"]
    assert set(failed["why"]) == {why}
    assert len(failed) == (4 if code == "propensity_30d" else 1)
    assert champions(day_of_faults)[code] == champions(published)[code]


def test_a_fit_of_no_numbers_does_not_come_to_score(published, day_of_faults):
    found = trials(day_of_faults, "churn_90d")
    assert not (found["status"] == "champion").any()
    assert champions(day_of_faults)["churn_90d"] == champions(published)["churn_90d"]


def test_faults_of_models_leave_no_customer_without_a_score(published, day_of_faults):
    assert day_of_faults.run.manifest.build_id > published.run.manifest.build_id
    found, before = scored_customers(day_of_faults), scored_customers(published)
    assert {code: found[code] > 0.95 * before[code] > 100 for code in before} == dict.fromkeys(
        before, True
    )
    numbers = rows_of(day_of_faults, "predictions.customer_predictions").select_dtypes("number")
    assert np.isfinite(numbers.to_numpy(dtype="float64", na_value=0.0)).all()
    params = rows_of(day_of_faults, "predictions.fitted_params", "part in ('weight', 'centroid')")
    assert np.isfinite(params["value"]).all()


def test_three_orders_are_published_without_predictions(runner, published, tmp_path):
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "orders.csv").write_text(
        "order_id,order_date,total,customer_id\n"
        "1,2017-12-20 10:00:00,10.50,a\n2,2017-12-21 10:00:00,20.00,a\n3,2017-12-22 10:00:00,5.00,b\n"
    )
    few = runner("three_orders", tmp_path / "landing", checks=False)
    found = rows_of(few, "predictions.model_trials")
    # The fallback for a lifetime model is not a fit: spend continues as in the days looked at.
    is_rate = found["method"] == "spend_rate"
    assert set(found.loc[~is_rate, "status"]) == {"skipped"}
    assert (
        set(found.loc[~is_rate, "model_code"])
        == set(found["model_code"])
        == {
            "propensity_30d",
            "propensity_90d",
            "churn_90d",
            "lifetime_value_90d",
            "micro_segments",
        }
    )
    assert found.loc[~is_rate, "why"].str.len().min() > 10
    scores = rows_of(few, "predictions.customer_predictions")
    assert len(scores) == 2
    known = scores.drop(columns="customer_key").count()
    assert set(known[known > 0].index) <= {"lifetime_value_90d", "lifetime_value_90d_rank"}
    assert few.run.manifest.rows["aud_crm"] == 2
