"""The ledger: history that is appended and never rewritten, and the audiences as they last stood.

A build computes only what is new (`segment_changes`, `model_trials` …) from what the current
generation's ledger holds; publishing adds those rows as one more Parquet file to the next generation.
Old files are hard-linked forward and never opened for writing, so a failed build, a full refresh or a
replay cannot change history.
"""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from audiencekit.intake.erasure import NOBODY, TOMBSTONES, Erased, write_tombstones
from audiencekit.sql import literal, rows_of
from audiencekit.workspace import Workspace

# How long the changes say which identifiers a platform must take away of somebody who is forgotten.
REMOVAL_DAYS = timedelta(days=30)

# What each ledger table looks like before its first build, by schema and name in the warehouse.
EMPTY = {
    "identity.int_customer_key_changes": "identifier_hash varchar, customer_key varchar, "
    "assigned_at timestamp, build_id varchar",
    "identity.int_identity_changes": "action varchar, former_key varchar, customer_key varchar, "
    "identifiers_moved bigint, reason varchar, changed_at timestamp, build_id varchar",
    "segments.segment_changes": "segment_code varchar, customer_key varchar, action varchar, "
    "changed_at timestamp, definition_hash varchar, build_id varchar",
    "segments.segment_definitions": "segment_code varchar, definition_hash varchar, definition varchar, "
    "first_seen_at timestamp, build_id varchar, commit_id varchar",
    "profiles.int_withdrawals": "customer_key varchar, purpose varchar, withdrawn_by varchar, "
    "decided_at timestamp, decision_id varchar, build_id varchar",
    "activation.int_audience_changes": "change_seq bigint, channel varchar, audience_code varchar, "
    "audience_row_id varchar, action varchar, reason varchar, customer_key varchar, identifiers varchar, "
    "former_identifiers varchar, row_hash varchar, build_id varchar, occurred_at timestamp",
    "activation.int_erasure_receipts": "receipt_id varchar, request_id varchar, tombstone varchar, "
    "channel varchar, rows_removed bigint, erased_at timestamp, build_id varchar",
    "activation.experiment_assignments": "experiment_code varchar, segment_code varchar, "
    "customer_key varchar, arm varchar, stratum varchar, holdout_share double, assigned_at timestamp, "
    "build_id varchar",
    "activation.experiment_exposures": "experiment_code varchar, customer_key varchar, channel varchar, "
    "exposed_at timestamp, build_id varchar",
    "activation.bandit_decisions": "experiment_code varchar, customer_key varchar, variant varchar, "
    "share double, outcome_name varchar, window_days bigint, decided_at timestamp, build_id varchar",
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

# What the last published build found, which the next one goes on from. Not history: each generation holds its
# own.
STATES = {
    "activation.int_audience_rows": "channel varchar, audience_code varchar, audience_row_id varchar, "
    "customer_key varchar, row_hash varchar, identifiers varchar, build_id varchar, updated_at timestamp",
    "identity.int_match_records": "record_id varchar, fingerprint varchar",
    "identity.int_match_scores": "left_record_id varchar, right_record_id varchar, pattern varchar",
    "identity.int_match_params": "relation varchar, field varchar, level varchar, value double, "
    "told_by varchar, records bigint, trained_at timestamp, build_id varchar",
}


def columns_of(relation: str) -> str:
    """Names of a ledger table's columns, separated by commas."""
    return ", ".join(column.split()[0] for column in (EMPTY | STATES)[relation].split(", "))


def table_of(relation: str) -> str:
    """The ledger table that a model's rows are appended to: int_audience_changes to audience_changes."""
    return relation.split(".")[1].removeprefix("int_")


def open_ledger(
    workspace: Workspace, erased: Erased = NOBODY, built_at: datetime | None = None
) -> None:
    """Lay the current generation's ledger beside the intake, with an empty first file a table.

    What is to be forgotten as of `built_at` is left out, so that nothing is built on it; but for the
    audiences as they last stood, by which it is known what a platform must take away.
    """
    folder = workspace.home / "ledger"
    shutil.rmtree(folder, ignore_errors=True)
    with duckdb.connect() as con:
        con.register("erased", erased.people)
        for name, columns in (EMPTY | STATES).items():
            table = table_of(name)
            (folder / table).mkdir(parents=True)
            first = literal(str(folder / table / "00000000.parquet"))
            con.execute(
                f"create or replace table t ({columns}); copy t to {first} (format parquet)"
            )
            moment = None if name in STATES else built_at
            _carry_forward(con, workspace.ledger / table, folder / table, moment)


def last_change_seq(workspace: Workspace) -> int:
    """The highest change_seq of any kept generation, also of one that `current` was pointed back from."""
    files = workspace.generations / "*" / "ledger" / "audience_changes" / "*.parquet"
    if not list(workspace.generations.glob("*/ledger/audience_changes/*.parquet")):
        return 0
    query = f"select coalesce(max(change_seq), 0) from {rows_of(files)}"
    return duckdb.execute(query).fetchall()[0][0]


def append_to_ledger(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    generation: Path,
    build_id: str,
    built_at: datetime,
    erased: Erased = NOBODY,
) -> bool:
    """Write the build's new ledger rows, and the files before them, into `generation`.

    `con` is connected to the warehouse. The one thing that changes what was written is an erasure: rows
    of a forgotten person go, and after REMOVAL_DAYS what a platform needed to take them away. Returns
    whether it did.
    """
    con.register("erased", erased.people)
    is_changed = False
    for name in EMPTY | STATES:
        table = table_of(name)
        folder = generation / "ledger" / table
        folder.mkdir(parents=True)
        if name not in STATES:
            is_changed |= _carry_forward(con, workspace.ledger / table, folder, built_at)
        new = literal(str(folder / f"{build_id}.parquet"))
        con.execute(
            f"copy (select {columns_of(name)} from {name} order by all) to {new} (format parquet)"
        )
    folder = generation / "ledger" / TOMBSTONES
    folder.mkdir()
    _carry_forward(con, workspace.ledger / TOMBSTONES, folder)
    if len(erased.tombstones):
        write_tombstones(con, erased, built_at, build_id, folder / f"{build_id}.parquet")
    return is_changed


def _carry_forward(
    con: duckdb.DuckDBPyConnection, past: Path, folder: Path, built_at: datetime | None = None
) -> bool:
    """Link the files of one ledger table into `folder`; with `built_at`, write anew those that an erasure
    touches. Returns whether there were any."""
    is_changed = False
    for path in sorted(past.glob("*.parquet")):
        kept = _without_the_forgotten(con, path, built_at) if built_at else None
        if kept:
            target = literal(str(folder / path.name))
            con.execute(f"copy ({kept}) to {target} (format parquet)")
            is_changed = True
        else:
            os.link(path, folder / path.name)
    return is_changed


def _without_the_forgotten(
    con: duckdb.DuckDBPyConnection, path: Path, built_at: datetime
) -> str | None:
    """The rows of a ledger file that may stay, as SQL; None where all of them may, as they are.

    A REMOVE stays without the person, and so does for a while what an UPDATE told of former identifiers: a
    pickup may not have read it yet.
    """
    rows = rows_of(path)
    columns = {c[0] for c in con.execute(f"describe select * from {rows}").fetchall()}
    if "customer_key" not in columns:
        return None
    keys = "(select cast(customer_key as varchar) from erased where customer_key is not null)"
    gone = f"customer_key in {keys}"
    if "former_key" in columns:
        gone = f"({gone} or former_key in {keys})"
    touched, kept = gone, f"select * from {rows} where not coalesce({gone}, false)"
    if "identifiers" in columns:
        ended = literal((built_at - REMOVAL_DAYS).isoformat(sep=" "))
        former = "former_identifiers is not null" if "former_identifiers" in columns else "false"
        is_gone, was_gone = f"coalesce({gone}, false)", "coalesce(reason = 'erasure', false)"
        is_over = f"({was_gone} and occurred_at < timestamp {ended})"
        touched = f"{is_gone} or {is_over} and (identifiers is not null or {former})"
        kept = f"""
            select * replace (
                case when {is_gone} then 'erasure' else reason end as reason,
                case when not {is_gone} then customer_key end as customer_key,
                case
                    when action = 'REMOVE' and not {is_over} then identifiers
                    when not {is_gone} and not {was_gone} then identifiers
                end as identifiers
            ) from {rows}
            where action = 'REMOVE' or not {is_gone} and not {was_gone} or {former} and not {is_over}
        """
    count = con.execute(f"select count(*) from {rows} where {touched}").fetchall()[0][0]
    return kept if count else None
