"""How well the found people match the truth: by pairs of records, by records, and by whole people."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def scores(predicted: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Scores of `predicted` against `truth`, both a label by record (index).

    precision, recall and f1 over pairs of records; b_cubed: F1 of precision and recall averaged over records (Bagga
    and Baldwin, 1998); whole: the share of true people who were found with all their records and no other.
    """
    both = pd.DataFrame({"predicted": predicted, "truth": truth.reindex(predicted.index)})
    cell = both.groupby(["predicted", "truth"]).size()
    by_predicted, by_truth = both.groupby("predicted").size(), both.groupby("truth").size()
    hits, matched, true = (_pairs(sizes) for sizes in (cell, by_predicted, by_truth))
    precision, recall = hits / max(matched, 1), hits / max(true, 1)
    of_predicted = by_predicted.reindex(cell.index.get_level_values("predicted")).to_numpy()
    of_truth = by_truth.reindex(cell.index.get_level_values("truth")).to_numpy()
    count = cell.to_numpy()
    purity, completeness = (
        (count**2 / of_predicted).sum() / len(both),
        (count**2 / of_truth).sum() / len(both),
    )
    return {
        "precision": precision,
        "recall": recall,
        "f1": _harmonic(precision, recall),
        "b_cubed": float(_harmonic(purity, completeness)),
        "whole": float(((count == of_predicted) & (count == of_truth)).sum() / len(by_truth)),
    }


def clusters(pairs: pd.DataFrame, records: pd.Index) -> pd.Series:
    """People as connected components of `pairs` (columns left and right hold records), a label by record."""
    left, right = records.get_indexer(pairs["left"]), records.get_indexer(pairs["right"])
    graph = coo_array((np.ones(len(pairs), "int8"), (left, right)), shape=(len(records),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1], index=records)


def best_threshold(pairs: pd.DataFrame, truth: pd.Series) -> float:
    """The lowest probability with the best score of `pairs`. It needs the truth, which no user has."""
    records = truth.index
    choices = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
    return max(
        choices,
        key=lambda p: scores(clusters(pairs[pairs["probability"] >= p], records), truth)["f1"],
    )


def _pairs(sizes: pd.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
