"""What goes out: one CSV a release, and a note beside it that says what it is and is not."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest, current_manifest
from audiencekit.sharing.budget import Release, read_releases, spend
from audiencekit.sharing.noise import SHARES, noises
from audiencekit.sharing.suppression import hidden_cells, with_totals
from audiencekit.workspace import PROJECT, Workspace

KEYS = ["primary_segment", "order_channel"]
MEASURES = list(SHARES)
TOTAL = "all"


def share_suppressed(workspace: Workspace, k: int = 20) -> Path:
    """Exact figures of groups of at least `k` customers, with totals; the rest is left out. Returns the CSV.

    Raises UserError when nothing is published or k is below 2.
    """
    if k < 2:
        raise UserError(f"k is {k}; a group of fewer than 2 hides nobody. The default is 20.")
    with workspace.locked():
        manifest, cells = _cells(workspace)
    tables = {m: cells.pivot(index=KEYS[0], columns=KEYS[1], values=m) for m in MEASURES}
    customers = tables["customers"]
    hidden = hidden_cells(customers.to_numpy(), k)
    # What few buyers spent tells on them, too, however many did not buy.
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
    """Every cell with noise of `epsilon`-differential privacy. Returns the CSV.

    The same build and epsilon give the release that went out before, at no cost: new noise on the same numbers
    would be averaged away. Raises UserError when nothing is published, epsilon is not above 0, or the budget of
    dbt_project.yml (privacy_budget) would be exceeded.
    """
    if not epsilon > 0:
        raise UserError(
            f"epsilon is {epsilon:g}; it must be above 0. Small is private, 0.5 is usual."
        )
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    ledger = workspace.shared / "releases.jsonl"
    with workspace.locked():
        manifest, cells = _cells(workspace)
        name = f"{manifest.build_id}-epsilon{epsilon:g}"
        if any(past.file_name == name for past in read_releases(ledger)):
            return workspace.shared / f"{name}.csv"
        noise = noises(epsilon, settings["share_spend_bound_usd"])
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
            "spend_counts_up_to_usd": settings["share_spend_bound_usd"],
        }
        return _write(workspace, out, name, note, manifest)


def _cells(workspace: Workspace) -> tuple[Manifest, pd.DataFrame]:
    manifest = current_manifest(workspace)
    if not manifest:
        raise UserError("Nothing is published yet. Run `make demo`, or `make run LANDING=folder`.")
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        return manifest, con.execute("select * from measurement.int_share_cells order by all").df()


def _write(
    workspace: Workspace, frame: pd.DataFrame, name: str, note: dict, manifest: Manifest
) -> Path:
    """The CSV and its note, by rename, so that nobody reads half of one."""
    workspace.shared.mkdir(parents=True, exist_ok=True)
    said = note | {"build_id": manifest.build_id, "as_of": manifest.as_of, "note": manifest.note}
    for suffix, text in (
        (".csv", frame.to_csv(index=False)),
        (".json", json.dumps(said, indent=2)),
    ):
        new = workspace.shared / f".{name}{suffix}.new"
        new.write_text(text + ("" if text.endswith("\n") else "\n"))
        new.replace(workspace.shared / f"{name}{suffix}")
    return workspace.shared / f"{name}.csv"
