"""The ledger: history that is appended and never rewritten, and the audiences as they last stood.

A build computes only what is new (`segment_changes`, `model_trials` …) from what the current
generation's ledger holds; publishing adds those rows as one more Parquet file to the next generation.
Old files are hard-linked forward and never opened for writing, so a failed build, a full refresh or a
replay cannot change history.
"""

import os
import shutil
from pathlib import Path

import duckdb

from audiencekit.workspace import Workspace

# What each ledger table looks like before its first build, by schema and name in the warehouse.
EMPTY = {
    "segments.segment_changes": "segment_code varchar, customer_key varchar, action varchar, "
    "changed_at timestamp, definition_hash varchar, build_id varchar",
    "segments.segment_definitions": "segment_code varchar, definition_hash varchar, definition varchar, "
    "first_seen_at timestamp, build_id varchar",
    "predictions.model_trials": "model_code varchar, version varchar, method varchar, variant varchar, "
    "place bigint, status varchar, why varchar, why_due varchar, horizon_days bigint, "
    "cutoff_at timestamp, tested_at timestamp, training_rows bigint, training_positives bigint, "
    "tested_customers bigint, auc double, pr_auc double, brier double, ece double, lift_10pc double, "
    "spearman double, mae_usd double, capture_10pc double, ratio_of_totals double, "
    "features_hash varchar, data_hash varchar, seed bigint, library varchar, "
    "decided_at timestamp, build_id varchar",
    "predictions.fitted_params": "model_code varchar, version varchar, part varchar, item varchar, "
    "group_id bigint, value double, label varchar, build_id varchar",
    "predictions.model_drift": "model_code varchar, version varchar, item varchar, customers bigint, "
    "psi double, psi_by_chance double, is_drifted boolean, measured_at timestamp, build_id varchar",
}

# The audiences of the last published build, which the next one compares itself with. Not history: each
# generation holds its own.
STATE = "activation.audience_rows"
EMPTY_STATE = (
    "channel varchar, audience_code varchar, audience_row_id varchar, customer_key varchar, "
    "row_hash varchar, identifiers varchar, build_id varchar, updated_at timestamp"
)


def open_ledger(workspace: Workspace) -> None:
    """Lay the current generation's ledger beside the intake, with an empty first file a table."""
    folder = workspace.home / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    for name, columns in (EMPTY | {STATE: EMPTY_STATE}).items():
        table = name.split(".")[1]
        (folder / table).mkdir(parents=True)
        first = str(folder / table / "00000000.parquet").replace("'", "''")
        con = duckdb.connect()
        con.execute(f"create table t ({columns}); copy t to '{first}' (format parquet)")
        con.close()
        for past in sorted((workspace.ledger / table).glob("*.parquet")):
            os.link(past, folder / table / past.name)


def append_to_ledger(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, generation: Path, build_id: str
) -> None:
    """Write the build's new ledger rows, and the files before them, into `generation`."""
    for name in (*EMPTY, STATE):
        table = name.split(".")[1]
        folder = generation / "ledger" / table
        folder.mkdir(parents=True)
        for past in sorted((workspace.ledger / table).glob("*.parquet")) if name != STATE else ():
            os.link(past, folder / past.name)
        new = str(folder / f"{build_id}.parquet").replace("'", "''")
        con.execute(f"copy (select * from {name} order by all) to '{new}' (format parquet)")
