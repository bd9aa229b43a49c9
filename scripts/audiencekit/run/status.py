"""`published/status.json`: whether the published generation is from the last run, or older and why.

A run that fails publishes nothing, so yesterday's audiences remain. This label tells readers so.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from audiencekit.publish.generations import current_manifest
from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class Status:
    """`state` is current, stale or empty (nothing published yet); `as_of` is that of the last run, in UTC."""

    state: str
    build_id: str | None
    as_of: str
    why: str = ""


def write_status(workspace: Workspace, as_of: datetime, problem: str = "") -> Status:
    """Label what is published after a run as of `as_of` that succeeded, or that `problem` stopped."""
    last = current_manifest(workspace)
    state = "empty" if not last else "stale" if problem else "current"
    status = Status(state, last.build_id if last else None, as_of.isoformat(sep=" "), problem)
    workspace.published.mkdir(parents=True, exist_ok=True)
    new = workspace.published / ".status-new.json"
    new.write_text(json.dumps(asdict(status), indent=2) + "\n")
    new.replace(workspace.published / "status.json")
    return status


def read_status(workspace: Workspace) -> Status | None:
    """The label, or None before the first run. A run that was killed had no time to write one."""
    path = workspace.published / "status.json"
    label = Status(**json.loads(path.read_text())) if path.exists() else None
    if not (process := workspace.killed_run):
        return label
    last = current_manifest(workspace)
    return Status(
        "stale" if last else "empty",
        last.build_id if last else None,
        label.as_of if label else "unknown",
        f"the run of process {process} was killed before it ended",
    )
