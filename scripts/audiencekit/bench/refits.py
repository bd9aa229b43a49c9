"""How many customers keep their micro-segment over monthly refits, compared with the first version."""

import duckdb
import numpy as np
import pandas as pd
import yaml
from rich.console import Console
from rich.table import Table
from sklearn.cluster import KMeans

from audiencekit.dbt_project import PROJECT
from audiencekit.errors import UserError
from audiencekit.modelling.cluster_algorithms import nearest_centroid
from audiencekit.modelling.planned import WORDS, fit_planned_micro_segments
from audiencekit.modelling.rows import COLUMNS, fact_of, part_of
from audiencekit.workspace import Workspace

REFITS = 9


def run_refits_bench(workspace: Workspace, console: Console) -> pd.DataFrame:
    """Fit at the last ten moments of a build that trained, each refit with the version before it.

    Returns one row per moment: the number of groups, whether the refit is stable and takes over, and the share of
    customers with the same id as in the first version, by the refit and by raw labels. Raises UserError without such
    a build.
    """
    inputs = _read_inputs(workspace)
    moments = sorted(inputs["moment_at"].unique())[-(REFITS + 1) :]
    if len(moments) <= REFITS:
        raise UserError(
            f"The last build looked at {len(moments)} moments, and {REFITS + 1} are needed. "
            "Build with training first: audiencekit run FOLDER --retrain"
        )
    settings = _settings()
    first, champion, measured = None, pd.DataFrame(columns=list(COLUMNS)), []
    for moment in moments:
        customers = inputs[inputs["moment_at"] == moment].drop(columns="moment_at")
        plan = pd.DataFrame(
            [
                {
                    "model_code": "micro_segments",
                    "method": "clusters",
                    "place": 0,
                    "cutoff_at": moment,
                }
            ]
        )
        rows = fit_planned_micro_segments(customers, plan, champion, **settings)
        is_stable = fact_of(rows, "is_stable") == "true"
        first = rows if first is None else first
        champion = rows if champion.empty or is_stable else champion
        frozen = _assign(first, customers)
        measured.append(
            {
                "moment": f"{moment:%Y-%m-%d}",
                "groups": fact_of(rows, "k"),
                "takes over": "yes" if is_stable else "no",
                "same id": float((_assign(champion, customers) == frozen).mean()),
                "raw labels": float((_raw_labels(first, customers) == frozen).mean()),
            }
        )
    shares = pd.DataFrame(measured)
    _print(shares, console)
    return shares


def _read_inputs(workspace: Workspace) -> pd.DataFrame:
    """One row per moment and customer of the last build, with the features of the micro-segments."""
    if not workspace.warehouse.exists():
        raise UserError(f"{workspace.warehouse} is not there. Build first: audiencekit demo")
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return con.execute(
            f"select moment_at, customer_key, {', '.join(WORDS)} from predictions.model_inputs "
            "order by moment_at, customer_key"
        ).df()


def _settings() -> dict:
    """The project's settings for ml_micro_segments."""
    path = PROJECT / "models/predictions/fitting/ml_micro_segments.yml"
    return yaml.safe_load(path.read_text())["models"][0]["config"]


def _assign(rows: pd.DataFrame, customers: pd.DataFrame) -> np.ndarray:
    mean, scale = part_of(rows, "mean"), part_of(rows, "scale")
    names = list(mean.index)
    centres = rows[rows["part"] == "centroid"].pivot(
        index="group_id", columns="item", values="value"
    )
    points = (customers[names] - mean) / scale
    nearest = nearest_centroid(points.to_numpy(), centres[names].to_numpy())
    return centres.index.to_numpy()[nearest]


def _raw_labels(first: pd.DataFrame, customers: pd.DataFrame) -> np.ndarray:
    """The labels of a fit that ignores the versions before it."""
    names = list(part_of(first, "mean").index)
    points = customers[names].to_numpy()
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    groups = first.loc[first["part"] == "centroid", "group_id"].nunique()
    return KMeans(groups, n_init=10, random_state=len(customers)).fit_predict(points) + 1


def _print(measured: pd.DataFrame, console: Console) -> None:
    table = Table(title="Customers in the group of the first version", title_justify="left")
    for name in measured.columns:
        table.add_column(name, justify="left" if name == "moment" else "right")
    for row in measured.itertuples(index=False):
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)
    refits = measured.iloc[1:]
    console.print(
        f"Mean of {len(refits)} refits: {refits['same id'].mean():.3f}; "
        f"raw labels {refits['raw labels'].mean():.3f}"
    )
