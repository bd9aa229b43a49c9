"""implicit on the same purchases, run by the Python of its own environment: `other_tools.py HISTORY OUT`.

HISTORY (Parquet) has one row per moment, customer and product: moment_at, customer_key, product_id, days_bought (in the
365 days before the moment) and is_bought_after (in the 90 days after). The settings of each method are chosen at the
second to last moment and judged at the last one. OUT gets the ten products of each customer, list and method.

The models and their settings are those of implicit's own examples (Last.fm): purchases weighted by BM25 with K1 = 100 and
B = 0.8 for alternating least squares with 64 factors, and item-item neighbours by cosine, TF-IDF and BM25.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # As implicit advises: it has threads of its own.

import numpy as np
import pandas as pd
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import (
    BM25Recommender,
    CosineRecommender,
    TFIDFRecommender,
    bm25_weight,
)

TOP = 10
SEED = 1
LISTS = ("any", "new")
Fit = Callable[[sp.csr_matrix], tuple[Any, sp.csr_matrix]]


@dataclass(frozen=True)
class Moment:
    """Purchases before a moment (customers x products, in days), and those after by the tested customers."""

    at: pd.Timestamp
    customers: pd.Index
    products: pd.Index
    before: sp.csr_matrix
    after: sp.csr_matrix
    tested: np.ndarray


def read_moment(history: pd.DataFrame, at: pd.Timestamp) -> Moment:
    """The purchases around a moment, as matrices."""
    rows = history[history["moment_at"] == at]
    customers = pd.Index(sorted(rows["customer_key"].unique()))
    products = pd.Index(sorted(rows["product_id"].unique()))

    def matrix(chosen: pd.DataFrame, values: pd.Series) -> sp.csr_matrix:
        places = (
            customers.get_indexer(chosen["customer_key"]),
            products.get_indexer(chosen["product_id"]),
        )
        return sp.csr_matrix(
            (values.astype("float32"), places), shape=(len(customers), len(products))
        )

    before = rows[rows["days_bought"] > 0]
    after = rows[rows["is_bought_after"]]
    bought = matrix(before, before["days_bought"])
    later = matrix(after, after["is_bought_after"])
    tested = np.flatnonzero((bought.getnnz(1) > 0) & (later.getnnz(1) > 0))
    return Moment(at, customers, products, bought, later, tested)


def als(
    bought: sp.csr_matrix, factors: int, alpha: float, is_weighted: bool
) -> tuple[Any, sp.csr_matrix]:
    """Alternating least squares: the model, and the purchases it was fitted on."""
    weights = bm25_weight(bought, K1=100, B=0.8).tocsr() if is_weighted else bought
    model = AlternatingLeastSquares(
        factors=factors, regularization=0.05, alpha=alpha, iterations=15, random_state=SEED
    )
    model.fit(weights, show_progress=False)
    return model, weights


def neighbours(
    bought: sp.csr_matrix, kind: type, size: int, is_binary: bool
) -> tuple[Any, sp.csr_matrix]:
    """Item-item neighbours: the model, and the purchases it was fitted on."""
    weights = (bought > 0).astype("float32").tocsr() if is_binary else bought
    model = kind(K=size)
    model.fit(weights, show_progress=False)
    return model, weights


def settings_of(method: str) -> Iterator[tuple[str, Fit]]:
    """The settings that are tried: a name, and a function that fits."""
    if method == "ALS":
        for factors, alpha, weighted in itertools.product((16, 64, 256), (0.5, 2.0), (True, False)):
            name = f"factors={factors}, alpha={alpha:g}, {'bm25' if weighted else 'days'}"
            yield name, partial(als, factors=factors, alpha=alpha, is_weighted=weighted)
    else:
        kinds = (CosineRecommender, TFIDFRecommender, BM25Recommender)
        for kind, size, binary in itertools.product(kinds, (20, 100, 500), (True, False)):
            name = f"{kind.__name__}, K={size}, {'bought' if binary else 'days'}"
            yield name, partial(neighbours, kind=kind, size=size, is_binary=binary)


def recommend(fitted: tuple[Any, sp.csr_matrix], moment: Moment, list_name: str) -> np.ndarray:
    """The products (by number) of each tested customer, best first; -1 where there are fewer."""
    model, weights = fitted
    ids, _ = model.recommend(
        moment.tested,
        weights[moment.tested],
        N=TOP,
        filter_already_liked_items=list_name == "new",
    )
    return ids


def recall(ids: np.ndarray, moment: Moment, list_name: str) -> float:
    """Mean share of what they bought after, of at most ten, that is among the ten."""
    shares = []
    for row, customer in zip(ids, moment.tested, strict=True):
        bought = set(moment.after[customer].indices)
        if list_name == "new":
            bought -= set(moment.before[customer].indices)
        if bought:
            shares.append(len(bought.intersection(row)) / min(len(bought), TOP))
    return float(np.mean(shares))


def chosen(method: str, moment: Moment) -> dict[str, tuple[float, str, Fit]]:
    """The best setting for each list at a moment."""
    best: dict[str, tuple[float, str, Fit]] = {}
    for name, fit in settings_of(method):
        fitted = fit(moment.before)
        for list_name in LISTS:
            figure = recall(recommend(fitted, moment, list_name), moment, list_name)
            print(f"{moment.at.date()} {list_name} {name}: {figure:.4f}", flush=True)
            if list_name not in best or figure > best[list_name][0]:
                best[list_name] = (figure, name, fit)
    return best


def main(source: str, target: str) -> None:
    """Tune at the second to last moment, judge at the last."""
    history = pd.read_parquet(source)
    tuning, last = (read_moment(history, at) for at in sorted(history["moment_at"].unique())[-2:])
    found = []
    for method in ("ALS", "item-item"):
        for list_name, (_, name, fit) in chosen(method, tuning).items():
            start = time.perf_counter()
            ids = recommend(fit(last.before), last, list_name)
            seconds = time.perf_counter() - start
            rows, places = np.nonzero(ids >= 0)
            found.append(
                pd.DataFrame(
                    {
                        "moment_at": last.at,
                        "customer_key": last.customers[last.tested[rows]],
                        "product_id": last.products[ids[rows, places]],
                        "list_name": list_name,
                        "method": f"implicit {method}",
                        "settings": name,
                        "seconds": seconds,
                    }
                )
            )
    pd.concat(found).to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
