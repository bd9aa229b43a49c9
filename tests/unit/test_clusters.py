"""Micro-segments: groups that come back, ids that survive, names people can read."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from audiencekit.modelling.cluster_algorithms import ALGORITHMS, partitions
from audiencekit.modelling.cluster_choice import choose_k
from audiencekit.modelling.cluster_comparison import first_by_hash
from audiencekit.modelling.cluster_ids import matched_ids, read_champion
from audiencekit.modelling.cluster_names import Words, name_groups
from audiencekit.modelling.cluster_quality import Quality, best_jaccards, bootstrap_stability
from audiencekit.modelling.cluster_settings import ClusterSettings, Scaler
from audiencekit.modelling.clusters import fit_micro_segments
from audiencekit.modelling.rows import COLUMNS, fact_of

CUTOFF = "2017-12-31"
CENTRES = np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 3.0], [0.0, 6.0, -3.0]])
NAMED = ["lines_per_order", "orders_365d", "recency"]
# Five that tell nothing: with the three alone the rule often cuts a round blob in two, stably.
FEATURES = [*NAMED, "share_1", "share_2", "share_3", "share_4", "share_5"]
VOCABULARY = {
    "recency": Words("recent", "lapsed"),
    "orders_365d": Words("rare", "frequent"),
    "lines_per_order": Words("small baskets", "big baskets"),
}
SCORE_IN_SQL = """
with distances as (
    select
        customers.customer_key,
        centroid.group_id,
        sum(pow((customers.value - mean.value) / scale.value - centroid.value, 2)) as distance
    from customers
    inner join fitted as mean on mean.part = 'mean' and mean.item = customers.item
    inner join fitted as scale on scale.part = 'scale' and scale.item = customers.item
    inner join fitted as centroid on centroid.part = 'centroid' and centroid.item = customers.item
    group by all
)
select customer_key, group_id from distances
qualify row_number() over (partition by customer_key order by distance, group_id) = 1
order by customer_key
"""


def fit(customers: pd.DataFrame, champion=None, **settings) -> pd.DataFrame:
    chosen = {"cutoff": CUTOFF, "bootstraps": 5, "compare": ()} | settings
    return fit_micro_segments(customers, ClusterSettings(**chosen), champion)


def blobs(sizes=(150, 250, 200), moved: float = 0.0, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.5, (sum(sizes), len(FEATURES)))
    values[:, :3] += np.repeat(CENTRES, sizes, axis=0) + moved
    frame = pd.DataFrame(values, columns=FEATURES)
    frame.insert(0, "customer_key", [f"c{row:04d}" for row in range(len(frame))])
    return frame.assign(blob=np.repeat([0, 1, 2], sizes))


def cloud(rows: int = 700) -> pd.DataFrame:
    """Skewed, correlated, and without any groups."""
    rng = np.random.default_rng(3)
    values = np.exp(rng.normal(size=(rows, 3)) @ np.array([[1, 0.6, 0], [0, 0.8, 0.2], [0, 0, 1]]))
    frame = pd.DataFrame(values, columns=NAMED)
    return frame.assign(customer_key=[f"c{row:04d}" for row in range(rows)])


def scored(customers: pd.DataFrame, fitted: pd.DataFrame) -> np.ndarray:
    """Ids by customer_key, as SQL gives them from the rows alone."""
    long = customers.melt("customer_key", var_name="item", value_name="value")
    with duckdb.connect() as con:
        con.register("customers", long)
        con.register("fitted", fitted)
        return con.execute(SCORE_IN_SQL).df()["group_id"].to_numpy()


def part(fitted: pd.DataFrame, name: str, column: str = "value") -> pd.Series:
    return fitted[fitted["part"] == name].set_index("group_id")[column]


@pytest.fixture(scope="module")
def three() -> pd.DataFrame:
    return fit(
        blobs().drop(columns="blob"), vocabulary=VOCABULARY, compare=ALGORITHMS, bootstraps=20
    )


def test_three_well_separated_blobs_are_found(three):
    customers = blobs()
    assert fact_of(three, "k") == "3"
    assert fact_of(three, "is_stable") == "true"
    assert float(fact_of(three, "surrogate_fidelity")) > 0.99
    ids = scored(customers.drop(columns="blob"), three)
    assert adjusted_rand_score(customers["blob"], ids) > 0.99


def test_the_first_version_numbers_groups_by_share(three):
    shares = part(three, "share")
    assert shares.index.tolist() == [1, 2, 3]
    assert shares.tolist() == pytest.approx([250 / 600, 200 / 600, 150 / 600])


def test_rows_have_the_shape_every_fit_shares(three):
    assert tuple(three.columns) == COLUMNS
    assert three["version"].str.fullmatch(r"kmeans-20171231-[0-9a-f]{8}").all()
    assert (three["value"].notna() != three["label"].notna()).all()
    assert not three.duplicated(["part", "item", "group_id"]).any()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_shuffled_customers_and_columns_give_identical_rows(algorithm):
    customers = cloud()
    shuffled = customers.sample(frac=1, random_state=5)[customers.columns[::-1]]
    pd.testing.assert_frame_equal(
        fit(customers, algorithm=algorithm, bootstraps=2),
        fit(shuffled, algorithm=algorithm, bootstraps=2),
        check_exact=True,
    )


def test_other_data_or_settings_are_another_version(three):
    customers = blobs().drop(columns="blob")
    version = fit(customers)["version"].iloc[0]
    changed = customers.assign(recency=customers["recency"].where(customers.index > 0, 0.123))
    assert fit(changed)["version"].iloc[0] != version
    assert fit(customers, seed=8)["version"].iloc[0] != version
    assert fit(customers, champion=three)["version"].iloc[0] != version


def test_a_column_of_huge_scale_does_not_decide():
    customers = blobs()
    huge = np.random.default_rng(9).normal(0, 1e6, len(customers))
    given = customers.drop(columns="blob").assign(huge=huge)
    fitted = fit(given, ks=[3])
    assert adjusted_rand_score(customers["blob"], scored(given, fitted)) > 0.95


def test_sql_gives_every_customer_the_group_of_kmeans_predict():
    customers = cloud()
    fitted = fit(customers, ks=[5])
    inputs = customers[NAMED].to_numpy()
    points = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    predicted = KMeans(5, n_init=10, random_state=7).fit(points).predict(points)
    pairs = pd.crosstab(scored(customers, fitted), predicted)
    assert pairs.shape == (5, 5)
    assert ((pairs > 0).sum(axis=0) == 1).all()
    assert float(fact_of(fitted, "nearest_centroid_fidelity")) == 1.0


def test_ids_survive_a_refit_on_drifted_data_where_raw_labels_would_not(three):
    drifted = blobs(sizes=(260, 140, 200), moved=0.4, seed=2)
    given = drifted.drop(columns="blob")
    refit = fit(given, champion=three)
    ids, frozen = scored(given, refit), scored(given, three)
    assert (ids == frozen).mean() > 0.99
    assert (scored(given, fit(given)) == frozen).mean() < 0.5
    assert fact_of(refit, "matched_ids") == "3"
    assert 0.1 < float(fact_of(refit, "mean_centroid_shift")) < 0.6
    before, after = three[three["part"] == "scale"], refit[refit["part"] == "scale"]
    assert before["value"].tolist() == after["value"].tolist()


def test_a_group_that_is_new_gets_the_lowest_free_id(three):
    champion = three[~((three["part"] == "centroid") & (three["group_id"] == 2))]
    given = blobs().drop(columns="blob")
    refit = fit(given, champion=champion)
    assert (scored(given, refit) == scored(given, three)).all()
    assert fact_of(refit, "matched_ids") == "2"


def test_matching_takes_the_pairs_that_are_nearest_together():
    rows = pd.DataFrame(
        {
            "version": "v",
            "part": ["centroid", "centroid", "mean", "scale"],
            "item": "x",
            "group_id": [4, 9, 0, 0],
            "value": [0.0, 1.0, 0.0, 1.0],
        }
    )
    champion = read_champion(rows)
    # Greedy would pair 0.9 with 9 and leave 2.4 to 4 (2.5 in all); the other way is 2.3.
    match = matched_ids(
        np.array([[2.4], [0.9]]),
        np.array([0.5, 0.5]),
        Scaler(("x",), np.zeros(1), np.ones(1)),
        champion,
    )
    assert match.ids == (9, 4)
    assert match.shifts == pytest.approx({9: 1.4, 4: 0.9})


def test_with_another_feature_the_scaler_is_new_and_ids_still_survive(three):
    given = blobs().drop(columns="blob")
    noise = np.random.default_rng(4).normal(size=len(given))
    refit = fit(given.assign(noise=noise), champion=three, ks=[3])
    assert fact_of(refit, "is_scaler_frozen") == "false"
    assert (scored(given.assign(noise=noise), refit) == scored(given, three)).mean() > 0.99


def test_all_algorithms_are_compared(three):
    compared = three[three["part"].str.startswith("comparison:")]
    table = compared.pivot(index="item", columns="part", values="value")
    assert sorted(table.index) == sorted(ALGORITHMS)
    assert (table["comparison:k"].drop("dbscan") == 3).all()
    assert (table["comparison:bootstrap_ari"].drop("dbscan") > 0.8).all()
    # Features that tell nothing blur density: DBSCAN sees one crowd, which has no silhouette.
    assert table.loc["dbscan", "comparison:k"] == 1
    assert pd.isna(table.loc["dbscan", "comparison:silhouette"])
    assert part(three, "k_choice:bootstrap_ari").index.tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "kmeans"])
def test_every_algorithm_is_kept_as_nearest_centres(algorithm):
    customers = blobs()
    given = customers[["customer_key", *NAMED]]
    fitted = fit(given, algorithm=algorithm, ks=[3])
    assert fact_of(fitted, "status") == "fitted"
    assert adjusted_rand_score(customers["blob"], scored(given, fitted)) > 0.99
    assert float(fact_of(fitted, "nearest_centroid_fidelity")) > 0.99


def test_one_cloud_is_called_unstable():
    fitted = fit(cloud(), ks=[7, 8])
    assert fact_of(fitted, "is_stable") == "false"
    assert fact_of(fitted, "why").startswith("No number of groups from 7 to 8 is stable; taken: ")


def quality(ari: float, jaccard: float = 0.9, share: float = 0.1, error: float = 0.0) -> Quality:
    return Quality(3, ari, jaccard, error, share, 0.99, 0.0, 1.0)


def test_the_largest_stable_number_of_groups_is_taken():
    measured = {3: quality(0.99), 4: quality(0.86), 5: quality(0.9, jaccard=0.74)}
    measured |= {6: quality(0.9, share=0.02), 7: quality(0.84)}
    assert (choose_k(measured, 0.03).k, choose_k(measured, 0.03).is_stable) == (4, True)


def test_a_group_that_just_comes_back_does_not_count_as_stable():
    """The weakest group must pass by a standard error."""
    measured = {4: quality(0.9, jaccard=0.8, error=0.05), 8: quality(0.9, jaccard=0.79, error=0.05)}
    assert choose_k(measured, 0.03).k == 4
    assert "weakest group 0.80 ± 0.05, needed 0.75" in choose_k(measured, 0.03).why


def test_stability_comes_with_its_deviation_over_the_draws():
    rng = np.random.default_rng(3)
    spread = rng.normal(size=(600, 3))
    weak = {}
    for name, points in (("apart", spread + 20 * CENTRES.repeat(200, axis=0)), ("cloud", spread)):
        settings = ClusterSettings("2024-01-01", ks=[3])
        grouped = partitions("kmeans", points, (3,), settings, starts=3)
        _, mean, deviation = bootstrap_stability("kmeans", points, grouped, settings)[3]
        weak[name] = (mean.min(), deviation[mean.argmin()])
    assert weak["apart"] == (1, 0)
    assert weak["cloud"][0] < 0.9 and weak["cloud"][1] > 0.03


def test_without_a_stable_number_the_steadiest_with_large_groups_is_taken():
    measured = {3: quality(0.7), 4: quality(0.8), 5: quality(0.99, share=0.01)}
    choice = choose_k(measured, 0.03)
    assert (choice.k, choice.is_stable) == (4, False)


def test_jaccard_is_what_both_hold_over_what_either_holds():
    mine, theirs = np.array([0, 0, 0, 1, 1, -1]), np.array([1, 1, 0, 0, 0, 0])
    assert best_jaccards(mine, theirs, 2) == pytest.approx([2 / 3, 2 / 4])


def test_names_are_unique_and_say_how_a_group_differs(three):
    names = part(three, "name", "label")
    assert names.is_unique
    assert names.loc[1] == "lapsed big baskets"
    assert names.loc[2].startswith("recent, frequent")


def spread(centre: float, rows: int = 101) -> np.ndarray:
    """Numbers one apart, around a centre."""
    return centre + np.arange(rows) - rows // 2


def named(groups: list[list[np.ndarray]], vocabulary=VOCABULARY) -> list[str]:
    """The names of groups, each given as a column for every feature of the vocabulary."""
    values = np.vstack([np.column_stack(columns) for columns in groups])
    assigned = np.repeat(np.arange(len(groups)), [len(columns[0]) for columns in groups])
    return list(name_groups(values, assigned, list(vocabulary), vocabulary).values())


def test_groups_alike_in_their_first_words_get_the_next_telling_word():
    """Two groups are recent and frequent; 500 others, in the middle of the baskets, are neither."""
    others = [spread(300, 500), spread(0, 500), spread(50, 500)]
    groups = [
        [spread(0), spread(900), spread(85)],
        [spread(0), spread(900), spread(15)],
        others,
    ]
    assert named(groups)[:2] == ["recent, frequent big baskets", "recent, frequent small baskets"]


def test_a_name_fits_into_a_label():
    """Two notable words of more than 30 letters: only the first is used, and then a number."""
    words = {
        "lines_per_order": Words("very small baskets", "big baskets"),
        "discount_share_365d": Words("fewer discounts", "more discounts"),
    }
    low, high = [spread(0), spread(300)], [spread(900), spread(900)]
    assert named([low, high], words) == ["very small baskets", "big baskets, more discounts"]
    others = [spread(900, 500), spread(900, 500)]
    assert named([low, low, others], words)[:2] == ["very small baskets", "very small baskets 2"]


def test_groups_that_no_word_tells_apart_are_numbered():
    same = [spread(0), spread(0), spread(200)]
    names = named([same, same, same, [spread(0, 300), spread(0, 300), spread(0, 300)]])
    assert names == ["big baskets", "big baskets 2", "big baskets 3", "small baskets"]


def test_a_group_in_the_middle_has_a_name():
    middle, around = spread(0), np.concatenate([spread(-300), spread(300)])
    assert named([[middle] * 3, [around] * 3]) == [
        "no clear trait",
        "no clear trait 2",
    ]


def test_a_word_needs_the_median_and_the_mean_on_its_side():
    """A few members with huge baskets lift the mean of a group; the others lift its median and not its mean."""
    one = {"lines_per_order": Words("small baskets", "big baskets")}
    huge = np.concatenate([spread(0, 95), np.full(6, 1e6)])
    assert named([[huge], [spread(20)]], one)[0] == "no clear trait"
    assert named([[spread(0)], [spread(60)]], one) == ["small baskets", "big baskets"]


def test_a_word_that_speaks_of_most_orders_needs_most_of_them():
    online = {"online_share": Words("in store", "online", bound=0.5)}
    assert named([[np.full(100, 0.4)], [np.full(100, 0.1)]], online) == [
        "no clear trait",
        "in store",
    ]
    assert named([[np.full(100, 0.6)], [np.full(100, 0.1)]], online) == ["online", "in store"]


@pytest.mark.parametrize("chance, name", [(0.65, "big baskets"), (0.63, "no clear trait")])
def test_a_first_word_needs_a_medium_effect(chance, name):
    """A member beats so many of 1,000 others, whose baskets are 0 to 999. Their orders are fewer, or more."""
    baskets = np.arange(1000.0)
    groups = [
        [np.zeros(9), np.full(9, 5.0), np.full(9, chance * 1000 + 0.5)],
        [np.zeros(500), np.full(500, 1.0), baskets[::2]],
        [np.zeros(500), np.full(500, 9.0), baskets[1::2]],
    ]
    assert named(groups) == [name, "rare", "frequent"]


def test_rules_hold_thresholds_in_units_before_the_logarithm():
    customers = blobs().drop(columns="blob")
    logged = fit(customers, log1p_features=["lines_per_order"], ks=[3])
    plain = fit(customers, ks=[3])
    opening = "lines per order above "
    thresholds = []
    for fitted in (plain, logged):
        rule = part(fitted, "rule", "label").loc[1]
        assert rule.startswith(opening)
        thresholds.append(float(rule.removeprefix(opening)))
    assert thresholds[1] == pytest.approx(np.expm1(thresholds[0]), rel=0.02)


def test_profiles_are_unscaled_means(three):
    profile = three[(three["part"] == "profile") & (three["group_id"] == 1)]
    means = blobs().query("blob == 1")[FEATURES].mean()
    assert profile.set_index("item")["value"].to_dict() == pytest.approx(means.to_dict())


def test_too_few_customers_are_skipped():
    fitted = fit(blobs(sizes=(30, 30, 29)).drop(columns="blob"))
    assert fact_of(fitted, "status") == "skipped"
    assert "89 customers" in fact_of(fitted, "why")
    assert set(fitted["part"]) == {"fact"}


@pytest.mark.parametrize("rows", [0, 1, 500])
def test_customers_who_are_all_the_same_are_skipped(rows):
    same = pd.DataFrame({"customer_key": [f"c{n}" for n in range(rows)], "orders": 0.1, "spend": 7})
    assert fact_of(fit(same), "status") == "skipped"


def test_two_kinds_of_customers_are_too_few_to_group():
    two = pd.DataFrame({"customer_key": [f"c{n:03d}" for n in range(200)], "x": [0.0, 1.0] * 100})
    assert fact_of(fit(two), "status") == "skipped"


def test_constant_columns_and_unreadable_rows_are_left_out_and_reported():
    customers = blobs().drop(columns="blob").assign(constant=0.1, empty=np.nan, text="x")
    customers.loc[[3, 4], "recency"] = [np.nan, np.inf]
    fitted = fit(customers)
    assert fact_of(fitted, "status") == "fitted"
    assert fact_of(fitted, "dropped_rows") == "2"
    assert fact_of(fitted, "dropped_features") == "constant, empty, text"
    assert fact_of(fitted, "features") == ", ".join(FEATURES)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_customers_of_few_kinds_never_raise(algorithm):
    rng = np.random.default_rng(0)
    given = pd.DataFrame(rng.integers(0, 2, (300, 2)), columns=["weekend", "online"])
    given["customer_key"] = [f"c{n:03d}" for n in range(300)]
    assert fact_of(fit(given, algorithm=algorithm), "status") in ("fitted", "failed")


def test_a_density_algorithm_that_finds_one_crowd_has_failed():
    rng = np.random.default_rng(0)
    given = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    given["customer_key"] = [f"c{n:03d}" for n in range(300)]
    fitted = fit(given, algorithm="dbscan")
    assert fact_of(fitted, "status") == "failed"
    assert "one crowd" in fact_of(fitted, "why")


def test_a_skipped_champion_is_no_champion():
    given = blobs().drop(columns="blob")
    skipped = fit(given.head(10))
    assert fact_of(fit(given, champion=skipped), "status") == "fitted"


def test_a_sample_is_part_of_every_larger_one_and_sorted_by_key():
    customers = cloud()
    small, large = first_by_hash(customers, 50), first_by_hash(customers, 200)
    assert len(small) == 50
    assert set(small["customer_key"]) < set(large["customer_key"])
    assert small["customer_key"].is_monotonic_increasing


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="no algorithm named 'magic'"):
        fit(cloud(), algorithm="magic")
