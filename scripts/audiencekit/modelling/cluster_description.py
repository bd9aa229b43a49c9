"""The fitted groups as rows: what scoring reads, and what people read about each group."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audiencekit.modelling.cluster_algorithms import nearest_centroid
from audiencekit.modelling.cluster_names import (
    name_groups,
    rules_in_words,
    surrogate_tree,
)
from audiencekit.modelling.cluster_settings import ClusterSettings, Scaler
from audiencekit.modelling.rows import Row, numbers

# The name of a group to whose centre no customer is nearest.
NO_MEMBERS = "nobody"


@dataclass(frozen=True)
class CentroidModel:
    """A scaler, and centres (k, d) in scaled space by ascending id."""

    scaler: Scaler
    ids: np.ndarray
    centroids: np.ndarray

    def assign(self, inputs: np.ndarray) -> np.ndarray:
        """The id (n,) of each unscaled row (n, d)."""
        return self.ids[nearest_centroid(self.scaler.scaled(inputs), self.centroids)]


def model_rows(model: CentroidModel) -> list[Row]:
    """`mean` and `scale` of each feature, and each group's `centroid`: all that scoring reads."""
    scaler = model.scaler
    return [
        *numbers("mean", scaler.features, scaler.mean),
        *numbers("scale", scaler.features, scaler.scale),
        *(
            Row("centroid", feature, int(group), float(value))
            for group, centroid in zip(model.ids, model.centroids, strict=True)
            for feature, value in zip(scaler.features, centroid, strict=True)
        ),
    ]


def describe(
    model: CentroidModel, everybody: pd.DataFrame, inputs: np.ndarray, settings: ClusterSettings
) -> tuple[list[Row], float]:
    """`share` and `profile` over all customers, `name` and `rule` of each group, and the accuracy of the rules.

    The rules are learned from `inputs`, the unscaled sample.
    """
    features = model.scaler.features
    values = everybody[list(features)].to_numpy()
    assigned, labels = model.assign(values), model.assign(inputs)
    tree = surrogate_tree(inputs, labels, settings.seed)
    rules = rules_in_words(tree, features, settings.log1p_features)
    plain = values.copy()
    is_logged = np.isin(features, list(settings.log1p_features))
    plain[:, is_logged] = np.expm1(plain[:, is_logged])
    names = name_groups(plain, assigned, features, settings.vocabulary)
    rows = []
    for group in model.ids.tolist():
        members = values[assigned == group]
        rows += [
            Row("name", "", group, label=names.get(group, NO_MEMBERS)),
            Row("rule", "", group, label=rules.get(group, "no simple rule")),
            Row("share", "", group, len(members) / len(values)),
        ]
        if len(members):
            profile = zip(features, members.mean(axis=0), strict=True)
            rows += [Row("profile", name, group, float(value)) for name, value in profile]
    return rows, float(tree.score(inputs, labels))
