"""Send the rows of an audience to a REST receiver, through a dlt pipeline with a custom destination.

dlt keeps on disk the cursor over change_seq, the load packages that are pending and how far each one got, so a run
that was killed continues where it stopped. It writes only change_seq and audience_row_id there; the row with its
contact data is read from the published file when it is sent.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from audiencekit.delivery.changes import (
    audience_rows,
    changes_by_seq,
    check_channel,
    former_identifiers,
    last_changes,
    open_published,
    parsed_identifiers,
)
from audiencekit.delivery.cursors import locked, receiver_folder
from audiencekit.delivery.sending import NotDelivered, Request, RetryPolicy, Runtime, post
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace, environment

TOKEN = "AUDIENCEKIT_DELIVERY_TOKEN"
PAGE = 10_000
SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    # Nobody needs packages that are done, and files that do not exist cannot leak.
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    # `post` tries again and respects Retry-After; dlt does not.
    "LOAD__RAISE_ON_MAX_RETRIES": "1",
    "LOAD__WORKERS": "1",
    # A failure is reported in one line, not in tracebacks.
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}


@dataclass(frozen=True)
class RestReceiver:
    """Where to send which channel's rows, how many a request, and how often to try."""

    url: str
    channel: str
    batch: int = 100
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True)
class _Sender:
    """What every request of one run needs. `token` is empty where the receiver asks for none."""

    client: httpx.Client
    to: RestReceiver
    runtime: Runtime
    token: str


def deliver(
    workspace: Workspace,
    to: RestReceiver,
    runtime: Runtime,
    variables: Mapping[str, str],
) -> int:
    """Send the rows that changed since the last run, and return how many. `variables` may hold a token.

    Raises UserError when the receiver does not accept them; the next run starts with them.
    """
    folder = receiver_folder(workspace, "dlt", to.url, to.channel)
    with open_published(workspace) as con:
        check_channel(con, to.channel)
    with (
        locked(folder),
        environment(SETTINGS | {"DLT_DATA_DIR": str(folder)}),
        httpx.Client(timeout=to.retry_policy.timeout) as client,
    ):
        sender = _Sender(client, to, runtime, variables.get(TOKEN, ""))
        return _run_pipeline(workspace, folder, sender)


def _run_pipeline(workspace: Workspace, folder: Path, sender: _Sender) -> int:
    """Load what is pending and what is new. Returns the rows sent."""
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed

    sent, to = 0, sender.to

    @dlt.destination(
        name="receiver",
        batch_size=to.batch,
        loader_file_format="typed-jsonl",
        # One request after the other: changes of a row must not overtake each other.
        loader_parallelism_strategy="sequential",
    )
    def receiver(items: Any, table: Any) -> None:
        nonlocal sent
        rows = _rows_to_send(workspace, to.channel, [item["change_seq"] for item in items])
        if rows:
            _send(sender, rows)
            sent += len(rows)

    @dlt.resource(name="audience_changes", write_disposition="append")
    def audience_changes(
        cursor: Any = dlt.sources.incremental(  # noqa: B008 - how dlt declares a cursor
            "change_seq", initial_value=0, range_start="open", row_order="asc"
        ),
    ) -> Iterator[list[dict]]:
        yield from _last_changes(workspace, to.channel, cursor.last_value)

    pipeline = dlt.pipeline(
        pipeline_name=folder.name,
        pipelines_dir=str(folder / "pipelines"),
        destination=receiver(),
        dataset_name=to.channel,
    )
    try:
        # Packages that a stopped run left behind go first, because dlt extracts nothing new with them.
        if pipeline.has_pending_data:
            pipeline.run()
        pipeline.run(audience_changes())
    except PipelineStepFailed as failure:
        raise _user_error(failure, to) from None
    return sent


def _last_changes(workspace: Workspace, channel: str, after: int) -> Iterator[list[dict]]:
    """Keys of the last change of each row after `after`, in order and in pages."""
    with open_published(workspace) as con:
        cursor = con.execute(
            "select max(change_seq) as change_seq, audience_row_id from audience_changes "
            "where channel = $channel and change_seq > $after group by audience_row_id order by 1",
            {"channel": channel, "after": after},
        )
        while page := cursor.fetchmany(PAGE):
            yield [{"change_seq": seq, "audience_row_id": row_id} for seq, row_id in page]


def _rows_to_send(workspace: Workspace, channel: str, numbers: Sequence[int]) -> list[dict]:
    """What to send for these changes: the row as published now, or the identifiers by which to remove it.

    A change that a newer one replaced is left out. The newer one is sent in its turn, under its own key.
    """
    with open_published(workspace) as con:
        changes = changes_by_seq(con, numbers)
        last = last_changes(con, [change.audience_row_id for change in changes])
        changes = [x for x in changes if last[x.audience_row_id] == x.change_seq]
        row_ids = [x.audience_row_id for x in changes]
        rows = audience_rows(con, channel, row_ids)
        former = former_identifiers(con, channel, row_ids)
    payload = []
    for change in changes:
        identifiers = parsed_identifiers(change)["identifiers"]
        is_removal = change.action == "REMOVE"
        earlier = [x for x in former.get(change.audience_row_id, []) if x != identifiers]
        payload.append(
            {
                "key": change.key,
                "change_seq": change.change_seq,
                "action": "REMOVE" if is_removal else "UPSERT",
                "audience_row_id": change.audience_row_id,
                "identifiers": identifiers,
                "former_identifiers": earlier,
                "row": None if is_removal else rows[change.audience_row_id],
            }
        )
    return payload


def _send(sender: _Sender, rows: list[dict]) -> None:
    keys = "\n".join(row["key"] for row in rows)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": hashlib.sha256(keys.encode()).hexdigest(),
    }
    if sender.token:
        headers["Authorization"] = f"Bearer {sender.token}"
    body = json.dumps({"channel": sender.to.channel, "rows": rows}).encode()
    request = Request(sender.to.url, body, lambda: headers)
    post(sender.client, request, sender.to.retry_policy, sender.runtime)


def _user_error(failure: Exception, to: RestReceiver) -> Exception:
    """A UserError if the receiver caused the failure, else the failure itself."""
    cause: BaseException | None = failure
    while cause:
        if isinstance(cause, NotDelivered):
            return UserError(
                f"The receiver of {to.channel} did not take its rows ({cause}). They stay first in line: "
                "run it again."
            )
        cause = cause.__cause__ or cause.__context__
    return failure
