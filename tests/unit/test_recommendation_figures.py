"""The figures by which the benchmark compares recommendations, worked out by hand."""

import pandas as pd

from audiencekit.bench.recommendations.comparison import figures_of

MOMENT = pd.Timestamp("2017-10-03")


def test_recall_and_hits_are_those_of_repeats_and_of_new_products():
    """a bought p again and x for the first time, b bought w; c, who bought nothing later, does not count."""
    history = pd.DataFrame(
        [("a", "p", 2, True), ("a", "x", 0, True), ("b", "w", 0, True), ("c", "w", 1, False)],
        columns=["customer_key", "product_id", "days_bought", "is_bought_after"],
    ).assign(moment_at=MOMENT, has_history=True)
    recommended = pd.DataFrame(
        [("any", "m", "a", "p"), ("any", "m", "a", "w"), ("any", "m", "c", "w"), ("new", "m", "b", "w")],
        columns=["list_name", "method", "customer_key", "product_id"],
    ).assign(settings="", seconds=1.0)  # fmt: skip
    figures = figures_of(recommended, history, MOMENT).set_index("list_name")
    names = ["customers", "recall", "hit_rate", "repeat_recall", "new_recall"]
    assert figures.loc["any", names].tolist() == [2, 0.25, 0.5, 1, 0]
    assert figures.loc["new", ["customers", "recall", "hit_rate"]].tolist() == [2, 0.5, 0.5]
