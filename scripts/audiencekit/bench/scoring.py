"""How long SQL takes to score many customers, compared with the libraries' own predict on the same numbers.

The ratio is SQL's CPU seconds over the library's; the difference is the largest between the two.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from audiencekit.errors import UserError
from audiencekit.modelling.buy_till_you_die import METHODS, Purchases, expected_purchases
from audiencekit.modelling.rows import part_of
from audiencekit.workspace import Workspace

Predict = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Scored:
    """One model: seconds of SQL and of the library over the same rows, and the largest difference of their scores."""

    model: str
    sql_wall: float
    sql_cpu: float
    library_wall: float
    library_cpu: float
    difference: float


@dataclass(frozen=True)
class _Scorer:
    """The dbt model that scores, its column of scores, and a function that predicts with the library."""

    model: str
    column: str
    predict: Predict


def run_scoring_bench(
    rows: int, workspace: Workspace, folder: Path, console: Console
) -> list[Scored]:
    """Score `rows` customers, drawn from those of the last build, with the versions that score now.

    Works on a copy of the warehouse. Raises UserError when nothing is built.
    """
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse} is not there. Build first: audiencekit demo")
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / workspace.warehouse.name
    shutil.copy(workspace.warehouse, copy)
    compiled = workspace.home / "target/compiled/audiencekit/models/predictions/scoring"
    with duckdb.connect(str(copy)) as con:
        _draw_customers(con, rows)
        inputs = con.execute("select * from predictions.model_inputs order by customer_key").df()
        champions = con.execute("select * from predictions.int_champions order by model_code").df()
        measured = []
        for champion in champions.itertuples():
            scorer = _scorer(con, champion)
            if scorer:
                sql = (compiled / f"{scorer.model}.sql").read_text()
                measured.append(_score(con, champion.model_code, scorer, sql, inputs))
    _print(measured, rows, console)
    copy.unlink()
    return measured


def _score(
    con: duckdb.DuckDBPyConnection,
    model_code: str,
    scorer: _Scorer,
    sql: str,
    inputs: pd.DataFrame,
) -> Scored:
    """Score once in SQL and once with the library."""
    con.execute(
        "create or replace table predictions.int_scoring_jobs as "
        "select c.*, (select max(moment_at) from predictions.model_inputs) as moment_at, "
        "'buyers' as population from predictions.int_champions as c where model_code = ?",
        [model_code],
    )
    wall, cpu = perf_counter(), process_time()
    con.execute(f"create or replace table scored as {sql}")
    sql_wall, sql_cpu = perf_counter() - wall, process_time() - cpu
    wall, cpu = perf_counter(), process_time()
    expected = scorer.predict(inputs)
    library_wall, library_cpu = perf_counter() - wall, process_time() - cpu
    column = scorer.column
    scores = con.execute(f"select {column} from scored order by customer_key").df()[column]
    difference = float(np.abs(scores.to_numpy("float64") - expected).max())
    return Scored(model_code, sql_wall, sql_cpu, library_wall, library_cpu, difference)


def _draw_customers(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Replace model_inputs by `rows` customers, who repeat those of today under their own keys."""
    con.execute("set threads = 2")
    con.execute(
        f"""
        create or replace table predictions.model_inputs as
        with today as (
            select *, row_number() over (order by customer_key) - 1 as place, count(*) over () as customers
            from predictions.model_inputs
            where moment_at = (select max(moment_at) from predictions.model_inputs)
        ), drawn as (select unnest(range({rows})) as i, (select max(customers) from today) as n)
        select today.* exclude (place, customers) replace (md5(cast(drawn.i as varchar)) as customer_key)
        from drawn join today on today.place = drawn.i % drawn.n
        """
    )


def _scorer(con: duckdb.DuckDBPyConnection, champion: Any) -> _Scorer | None:
    """How a champion scores in SQL and in the library; None for models that are not compared."""
    rows = con.execute(
        "select * from predictions.model_params where model_code = ? and version = ?",
        [champion.model_code, champion.version],
    ).df()
    if champion.method == "logistic":
        return _Scorer("pred_logistic", "probability", _logistic(rows))
    if champion.method in METHODS:
        return _Scorer("pred_lifetime_value", "expected_purchases", _lifetime(rows, champion))
    if champion.model_code == "micro_segments":
        return _Scorer("pred_micro_segments", "micro_segment_id", _clusters(rows))
    return None


def _logistic(rows: pd.DataFrame) -> Predict:
    weight, mean, scale = (part_of(rows, part) for part in ("weight", "mean", "scale"))
    platt, names = part_of(rows, "platt"), list(weight.index)
    model = LogisticRegression()
    model.classes_ = np.array([0, 1])
    # The scaler and the Platt scaling are one linear function here, the fastest way for a library.
    slopes = platt["slope"] * weight / scale[names]
    model.coef_ = slopes.to_numpy()[None]
    intercept = part_of(rows, "intercept")["intercept"]
    model.intercept_ = np.array(
        [platt["slope"] * intercept + platt["offset"] - float((slopes * mean[names]).sum())]
    )
    return lambda inputs: model.predict_proba(inputs[names].to_numpy("float64"))[:, 1]


def _clusters(rows: pd.DataFrame) -> Predict:
    mean, scale = part_of(rows, "mean"), part_of(rows, "scale")
    centres = rows[rows["part"] == "centroid"].pivot(
        index="group_id", columns="item", values="value"
    )
    names = list(mean.index)
    model = KMeans(len(centres), n_init=1, max_iter=1)
    model.fit(centres[names].to_numpy())
    model.cluster_centers_ = np.ascontiguousarray(centres[names].to_numpy())
    ids = centres.index.to_numpy()

    def predict(inputs: pd.DataFrame) -> np.ndarray:
        points = (inputs[names].to_numpy("float64") - mean.to_numpy()) / scale[names].to_numpy()
        return ids[model.predict(points)]

    return predict


def _lifetime(rows: pd.DataFrame, champion: Any) -> Predict:
    values = part_of(rows, "parameter")
    model = Purchases(champion.method, *(values[name] for name in ("r", "alpha", "a", "b")))

    def predict(inputs: pd.DataFrame) -> np.ndarray:
        x = inputs["repeat_days"].to_numpy("float64")
        t_x, tenure = (
            inputs[name].to_numpy() / 7 for name in ("first_to_last_days", "tenure_days")
        )
        return expected_purchases(model, champion.horizon_days / 7, x, t_x, tenure)

    return predict


def _print(measured: list[Scored], rows: int, console: Console) -> None:
    table = Table(title=f"{rows:,} customers scored", title_justify="left")
    table.add_column("model", no_wrap=True)
    for head in ("SQL s", "SQL CPU s", "library s", "library CPU s", "CPU ratio", "difference"):
        table.add_column(head, justify="right")
    for m in measured:
        seconds = (m.sql_wall, m.sql_cpu, m.library_wall, m.library_cpu)
        ratio = m.sql_cpu / max(m.library_cpu, 1e-9)
        cells = [*(f"{s:.2f}" for s in seconds), f"{ratio:.1f}", f"{m.difference:.1e}"]
        table.add_row(m.model, *cells)
    console.print(table)
