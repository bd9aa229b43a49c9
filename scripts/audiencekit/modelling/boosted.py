"""Gradient boosting as rows: a challenger whose trees score without scikit-learn.

probability = 1 / (1 + exp(-(intercept + sum over trees of the leaf reached)));
at a node x <= threshold goes left, otherwise right.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from audiencekit.modelling import rows as r
from audiencekit.modelling.classifier import (
    ClassifierSettings,
    classifier_facts,
    rarer_class,
    read_classifier_data,
    version_settings,
)

LEAST_OF_A_CLASS = 50  # to be fitted and tested at all; trees need more before they may score
SETTINGS: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.06,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
BLOCK = 16_384  # rows scored at a time, so that their columns stay in the processor's cache


def fit_boosted(training: pd.DataFrame, settings: ClassifierSettings) -> pd.DataFrame:
    """Fit on one row a customer (`customer_key`, numeric features, `is_positive`), return rows.

    Parts: `fact`, `intercept`, and of each tree (`group_id` 1, 2, …) and node (`item`, the root is '000') either
    `node_feature` (value: position in `features`, label: name), `node_threshold`, `node_left`, `node_right`, or, for
    a leaf, `node_value`; `bin_edge` and `bin_share` for drift. Too little data gives status 'skipped' and never
    raises; a missing column raises KeyError.
    """
    features = list(settings.features)
    data = read_classifier_data(training, features)
    about = classifier_facts("boosted", data, settings)
    chosen = SETTINGS | version_settings(settings)
    version = r.version_of("boosted", settings.cutoff, chosen, data.data_hash)
    why = _reason_to_skip(data.x, data.y)
    if why:
        skipped = r.facts({"status": "skipped", "why": why} | about)
        return r.build_rows(settings.model_code, version, skipped)

    # On a busy machine, threads lose more time waiting for each other than they save.
    with threadpool_limits(1, user_api="openmp"):
        model = HistGradientBoostingClassifier(random_state=settings.seed, **SETTINGS)
        model.fit(data.x, data.y)
    score = model.predict_proba(data.x)[:, 1]
    about |= {"training_auc": roc_auc_score(data.y, score)}
    rows = [
        *r.facts({"status": "fitted", "why": data.why_fitted} | about),
        *r.numbers("intercept", ["intercept"], model._baseline_prediction.ravel()),
    ]
    for number, (tree,) in enumerate(model._predictors, 1):
        rows += _rows_of_tree(number, tree.nodes, features)
    for k, name in enumerate(features):
        rows += r.drift_bins(name, data.x[:, k])
    rows += r.drift_bins("score", score)
    return r.build_rows(settings.model_code, version, rows)


def _reason_to_skip(x: np.ndarray, y: np.ndarray) -> str | None:
    fewest, kind = rarer_class(y)
    if fewest < LEAST_OF_A_CLASS:
        return (
            f"Only {fewest} {kind} customers, and trees need {LEAST_OF_A_CLASS}: "
            "stay with logistic regression."
        )
    if not (x.min(axis=0) < x.max(axis=0)).any():
        return "No feature differs between customers, so there is nothing to learn from."
    return None


def _rows_of_tree(number: int, nodes: np.ndarray, features: list[str]) -> list[r.Row]:
    rows = []
    for index, node in enumerate(nodes):
        item = f"{index:03d}"
        if node["is_leaf"]:
            rows.append(r.Row("node_value", item, number, float(node["value"])))
            continue
        feature = int(node["feature_idx"])
        rows += [
            r.Row("node_feature", item, number, float(feature), features[feature]),
            r.Row("node_threshold", item, number, float(node["num_threshold"])),
            r.Row("node_left", item, number, float(node["left"])),
            r.Row("node_right", item, number, float(node["right"])),
        ]
    return rows


def score_boosted(rows: pd.DataFrame, inputs: pd.DataFrame) -> pd.Series:
    """Probability for each row of `inputs`, NaN where a feature is missing or infinite.

    `rows` is one fitted version in any order, else ValueError. Features that no tree uses are not read.
    """
    r.require_fitted(rows)
    names, trees = _trees_of(rows)
    x = inputs[names].to_numpy("float64", na_value=np.nan)
    total = np.full(len(x), r.part_of(rows, "intercept")["intercept"])
    for start in range(0, len(x), BLOCK):
        columns = dict(zip(names, np.ascontiguousarray(x[start : start + BLOCK].T), strict=True))
        for nodes in trees:
            total[start : start + BLOCK] += _leaf_values(nodes, 0, columns)
    total[~np.isfinite(x).all(axis=1)] = np.nan
    with np.errstate(over="ignore"):
        return pd.Series(1 / (1 + np.exp(-total)), index=inputs.index, name="probability")


def _trees_of(rows: pd.DataFrame) -> tuple[list[str], list[dict[int, dict]]]:
    """The names of the features that trees use, and each tree as {node: {part: value}}, in tree order."""
    nodes = rows[rows["part"].str.startswith("node_")]
    trees: dict[int, dict[int, dict]] = {}
    for tree, item, part, value, label in zip(
        *(nodes[name] for name in ("group_id", "item", "part", "value", "label")), strict=True
    ):
        node = trees.setdefault(tree, {}).setdefault(int(item), {})
        node[part] = label if part == "node_feature" else value
    names = sorted(nodes.loc[nodes["part"] == "node_feature", "label"].unique())
    return names, [trees[tree] for tree in sorted(trees)]


def _leaf_values(
    nodes: dict[int, dict], index: int, columns: dict[str, np.ndarray]
) -> np.ndarray | float:
    """The value of the leaf each row reaches from node `index`: an array, or one number at a leaf."""
    node = nodes[index]
    if "node_value" in node:
        return node["node_value"]
    return np.where(
        columns[node["node_feature"]] <= node["node_threshold"],
        _leaf_values(nodes, int(node["node_left"]), columns),
        _leaf_values(nodes, int(node["node_right"]), columns),
    )
