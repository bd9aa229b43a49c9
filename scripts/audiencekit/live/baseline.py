"""Where a refresh starts: when each customer is due, so that nobody else has to be evaluated."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audiencekit.atomic_files import write_atomically
from audiencekit.live.clock import Clock
from audiencekit.live.evaluator import Evaluator
from audiencekit.live.memberships import TOGETHER

_STATE, _DUE = "refresh.json", "refresh.due.parquet"


def first_due(evaluator: Evaluator, built_at: datetime) -> dict[str, datetime]:
    """When time alone can change each customer of a build for the first time."""
    clock, keys = Clock(evaluator), sorted(evaluator.customers())
    due: dict[str, datetime] = {}
    for start in range(0, len(keys), TOGETHER):
        some = set(keys[start : start + TOGETHER])
        evaluator.evaluate(some, built_at)
        due |= clock.next_changes(some, built_at)
    return due


def save_due(folder: Path, build_id: str, last_seq: int, due: Mapping[str, datetime]) -> None:
    """Keep for the next refresh when each customer is due, and up to which change of the journal that holds."""
    keys = sorted(due)
    rows = pa.table(
        {"customer_key": keys, "at": pa.array([due[key] for key in keys], pa.timestamp("us"))}
    )
    new = folder / f".{_DUE}.new"
    pq.write_table(rows, new)
    (folder / _STATE).unlink(missing_ok=True)
    new.replace(folder / _DUE)
    write_atomically(folder / _STATE, json.dumps({"build_id": build_id, "last_seq": last_seq}))


def saved_due(folder: Path, build_id: str, last_seq: int) -> dict[str, datetime] | None:
    """What the last refresh kept; None where it was of another build, or the service wrote into the journal since."""
    path = folder / _STATE
    if not path.exists() or json.loads(path.read_text()) != {
        "build_id": build_id,
        "last_seq": last_seq,
    }:
        return None
    rows = pq.read_table(folder / _DUE)
    return dict(
        zip(rows.column("customer_key").to_pylist(), rows.column("at").to_pylist(), strict=True)
    )
