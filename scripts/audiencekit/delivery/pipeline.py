"""The rows of an audience to a REST receiver, through a dlt pipeline with a destination of our own.

dlt keeps the cursor over change_seq, the packages under way and how far each got, all on disk, so a
killed run goes on where it stopped. What it writes there is change_seq and audience_row_id; the row
with its contact data is read from the published file at the moment it is sent.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from audiencekit.delivery.changes import (
    audience_rows,
    changes_numbered,
    check_channel,
    former_identifiers,
    last_changes,
    open_published,
    told_identifiers,
)
from audiencekit.delivery.cursors import locked, receiver_folder
from audiencekit.delivery.sending import NotDelivered, Patience, Surroundings, post
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace, environment

TOKEN = "AUDIENCEKIT_DELIVERY_TOKEN"
PAGE = 10_000
SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    # Packages that are done are of no use, and files that do not exist cannot leak.
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    # Trying again is done in `post`, which hears Retry-After; dlt would wait and send at once.
    "LOAD__RAISE_ON_MAX_RETRIES": "1",
    "LOAD__WORKERS": "1",
    # What the receiver did is said in one line, not in tracebacks.
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}


@dataclass(frozen=True)
class RestReceiver:
    """Where to send which channel's rows, how many a request, and how patiently."""

    url: str
    channel: str
    batch: int = 100
    patience: Patience = field(default_factory=Patience)


def deliver(
    workspace: Workspace,
    to: RestReceiver,
    around: Surroundings,
    variables: Mapping[str, str],
) -> int:
    """Send rows that changed since the last run; returns how many. A token comes from `variables`.

    Raises UserError when the receiver does not take them; the next run begins there.
    """
    folder = receiver_folder(workspace, "dlt", to.url, to.channel)
    with open_published(workspace) as con:
        check_channel(con, to.channel)
    with locked(folder), environment(SETTINGS | {"DLT_DATA_DIR": str(folder)}):
        import dlt
        from dlt.pipeline.exceptions import PipelineStepFailed

        sent = 0
        with httpx.Client(timeout=to.patience.timeout) as client:

            @dlt.destination(
                name="receiver",
                batch_size=to.batch,
                loader_file_format="typed-jsonl",
                # One after the other: changes of a row must not overtake each other.
                loader_parallelism_strategy="sequential",
            )
            def receiver(items: list[dict], table: Mapping) -> None:
                nonlocal sent
                rows = _rows_to_send(workspace, to.channel, [item["change_seq"] for item in items])
                if rows:
                    _send(client, rows, to, around, variables.get(TOKEN, ""))
                    sent += len(rows)

            @dlt.resource(name="audience_changes", write_disposition="append")
            def audience_changes(
                cursor=dlt.sources.incremental(  # noqa: B008 - how dlt declares a cursor
                    "change_seq", initial_value=0, range_start="open", row_order="asc"
                ),
            ):
                yield from _last_changes(workspace, to.channel, cursor.last_value)

            pipeline = dlt.pipeline(
                pipeline_name=folder.name,
                pipelines_dir=str(folder / "pipelines"),
                destination=receiver(),
                dataset_name=to.channel,
            )
            try:
                # What a run that was stopped has left comes first; dlt would not read on with it.
                if pipeline.has_pending_data:
                    pipeline.run()
                pipeline.run(audience_changes())
            except PipelineStepFailed as failure:
                raise _explained(failure, to) from None
    return sent


def _last_changes(workspace: Workspace, channel: str, after: int) -> Iterator[list[dict]]:
    """Keys of the last change of each row after `after`, in order and in pages."""
    with open_published(workspace) as con:
        found = con.execute(
            "select max(change_seq) as change_seq, audience_row_id from audience_changes "
            "where channel = $channel and change_seq > $after group by audience_row_id order by 1",
            {"channel": channel, "after": after},
        )
        while page := found.fetchmany(PAGE):
            yield [{"change_seq": seq, "audience_row_id": row_id} for seq, row_id in page]


def _rows_to_send(workspace: Workspace, channel: str, numbers: Sequence[int]) -> list[dict]:
    """What to send for these changes: the row as it stands, or what takes it away.

    A change that a newer one overtook is left out; the newer one has its turn under its own key.
    """
    with open_published(workspace) as con:
        changes = changes_numbered(con, numbers)
        last = last_changes(con, [change.audience_row_id for change in changes])
        changes = [x for x in changes if last[x.audience_row_id] == x.change_seq]
        row_ids = [x.audience_row_id for x in changes]
        rows, former = audience_rows(con, channel, row_ids), former_identifiers(con, row_ids)
    return [
        {
            "key": change.key,
            "change_seq": change.change_seq,
            "action": "REMOVE" if change.action == "REMOVE" else "UPSERT",
            "audience_row_id": change.audience_row_id,
            "identifiers": told["identifiers"],
            "former_identifiers": [
                x for x in former.get(change.audience_row_id, []) if x != told["identifiers"]
            ],
            "row": None if change.action == "REMOVE" else rows[change.audience_row_id],
        }
        for change, told in ((x, told_identifiers(x)) for x in changes)
    ]


def _send(
    client: httpx.Client, rows: list[dict], to: RestReceiver, around: Surroundings, token: str
) -> None:
    keys = "\n".join(row["key"] for row in rows)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": hashlib.sha256(keys.encode()).hexdigest(),
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps({"channel": to.channel, "rows": rows}).encode()
    post(client, to.url, body, lambda: headers, to.patience, around)


def _explained(failure: Exception, to: RestReceiver) -> Exception:
    """A UserError if the receiver is behind the failure, else the failure itself."""
    cause: BaseException | None = failure
    while cause:
        if isinstance(cause, NotDelivered):
            return UserError(
                f"The receiver of {to.channel} did not take its rows ({cause}). They stay first in line: "
                "run it again."
            )
        cause = cause.__cause__ or cause.__context__
    return failure
