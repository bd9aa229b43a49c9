"""The release: one CSV file, and a JSON file next to it that describes it."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from audiencekit.atomic_files import write_atomically
from audiencekit.dbt_project import project_vars
from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest, published_manifest
from audiencekit.sharing.budget import Release, read_releases, spend
from audiencekit.sharing.noise import SHARES, noise_by_measure
from audiencekit.sharing.suppression import hidden_cells, with_totals
from audiencekit.workspace import Workspace

KEYS = ["primary_segment", "order_channel"]
MEASURES = list(SHARES)
TOTAL = "all"


def share_suppressed(workspace: Workspace, k: int = 20) -> Path:
    """Write exact figures of groups of at least `k` customers, with totals, and leave out the others. Returns the CSV.

    Raises UserError when nothing is published or k is below 2.
    """
    if k < 2:
        raise UserError(
            f"k is {k}, and a group of fewer than 2 hides nobody. Choose 2 or more; the default is 20."
        )
    with workspace.locked():
        manifest, cells = _cells(workspace)
    tables = {m: cells.pivot(index=KEYS[0], columns=KEYS[1], values=m) for m in MEASURES}
    customers = tables["customers"]
    hidden = hidden_cells(customers.to_numpy(), k)
    # The spend of few buyers would reveal them, even in a large group.
    few_buyers = hidden_cells(tables["buyers_30d"].to_numpy(), k, also=hidden)
    rows, columns = [*customers.index, TOTAL], [*customers.columns, TOTAL]
    out = pd.DataFrame(
        [(row, column) for row in rows for column in columns],
        columns=KEYS,
    )
    for measure, table in tables.items():
        values = with_totals(table.to_numpy()).ravel().astype(float)
        gaps = hidden if measure == "customers" else few_buyers
        out[measure] = pd.array(np.where(gaps.ravel(), np.nan, values), dtype="Int64")
    note = {
        "kind": "suppressed",
        "k": k,
        "cells_left_out": {"customers": int(hidden.sum()), "buyers": int(few_buyers.sum())},
        "empty_means": "left out",
    }
    return _write(workspace, out, f"{manifest.build_id}-k{k}", note, manifest)


def share_noised(workspace: Workspace, epsilon: float) -> Path:
    """Write every cell with noise of `epsilon`-differential privacy. Returns the CSV.

    The same build and epsilon return the earlier release at no cost, because readers could average away new noise
    on the same numbers. Raises UserError when nothing is published, when epsilon is not above 0, or when the budget
    in dbt_project.yml (privacy_budget) would be exceeded.
    """
    if not epsilon > 0:
        raise UserError(
            f"epsilon is {epsilon:g}; it must be above 0. The smaller, the more private; 0.5 is usual."
        )
    settings = project_vars()
    ledger = workspace.shared / "releases.jsonl"
    with workspace.locked():
        manifest, cells = _cells(workspace)
        name = f"{manifest.build_id}-epsilon{epsilon:g}"
        if any(past.file_name == name for past in read_releases(ledger)):
            return workspace.shared / f"{name}.csv"
        noise = noise_by_measure(epsilon, settings["share_spend_bound"])
        left = spend(
            ledger,
            Release(manifest.build_id, manifest.as_of, epsilon, name),
            settings["privacy_budget"],
        )
        out = cells.assign(
            **{m: [noise[m].add(value) for value in cells[m]] for m in MEASURES}
        ).sort_values(KEYS)
        note = {
            "kind": "noised",
            "epsilon": epsilon,
            "budget_left": round(left, 9),
            "standard_error": {m: round(2**0.5 * noise[m].scale, 2) for m in MEASURES},
            "spend_counts_up_to": settings["share_spend_bound"],
        }
        return _write(workspace, out, name, note, manifest)


def _cells(workspace: Workspace) -> tuple[Manifest, pd.DataFrame]:
    manifest = published_manifest(workspace)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return manifest, con.execute("select * from measurement.int_share_cells order by all").df()


def _write(
    workspace: Workspace, frame: pd.DataFrame, name: str, note: dict, manifest: Manifest
) -> Path:
    """Write the CSV and its description. Returns the CSV."""
    workspace.shared.mkdir(parents=True, exist_ok=True)
    description = note | {
        "build_id": manifest.build_id,
        "as_of": manifest.as_of,
        "note": manifest.note,
        "currency": manifest.currency,
    }
    path = workspace.shared / f"{name}.csv"
    write_atomically(path, frame.to_csv(index=False))
    text = json.dumps(description, indent=2) + "\n"
    write_atomically(workspace.shared / f"{name}.json", text)
    return path
