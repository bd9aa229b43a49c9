"""Changes of audiences as signed webhooks: in order, at least once, resumed where the last run stopped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from audiencekit.delivery.changes import (
    Change,
    changes_by_seq,
    check_channel,
    last_changes,
    newest_change_seq,
    open_published,
    read_changes,
)
from audiencekit.delivery.cursors import (
    DeadLetter,
    add_dead_letters,
    drop_dead_letters,
    locked,
    read_cursor,
    read_dead_letters,
    receiver_folder,
    save_cursor,
)
from audiencekit.delivery.messages import message, message_id, signed_headers
from audiencekit.delivery.sending import NotDelivered, Request, RetryPolicy, Runtime, post
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class Receiver:
    """Where to send which channel's changes (all channels if None), how many a message, and how often to try."""

    url: str
    channel: str | None = None
    batch: int = 100
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    stop_on_failure: bool = True

    @property
    def host(self) -> str:
        """For messages: an address can hold a token, a host cannot."""
        return urlsplit(self.url).hostname or "the receiver"


@dataclass(frozen=True)
class Sent:
    """How many changes were acknowledged, set aside, and dropped because a later change replaced them."""

    delivered: int = 0
    set_aside: int = 0
    overtaken: int = 0


@dataclass(frozen=True)
class _Sender:
    """What every message of one run needs."""

    client: httpx.Client
    folder: Path
    to: Receiver
    signer: Webhook
    runtime: Runtime


def notify(workspace: Workspace, to: Receiver, signer: Webhook, runtime: Runtime) -> Sent:
    """Send the changes after the cursor. Raises UserError when the receiver does not accept them."""
    delivered = set_aside = 0
    folder = _folder(workspace, to)
    with locked(folder), httpx.Client(timeout=to.retry_policy.timeout) as client:
        sender = _Sender(client, folder, to, signer, runtime)
        after = read_cursor(folder)
        _check(workspace, to, after)
        while True:
            with open_published(workspace) as con:
                changes = read_changes(con, after, to.channel, to.batch)
            if not changes:
                return Sent(delivered, set_aside)
            # Stopping is the default because order matters: a message that is left out and sent later could
            # bring back a person whom a message after it removed.
            if _send(sender, changes, stop=to.stop_on_failure):
                delivered += len(changes)
            else:
                set_aside += len(changes)
            after = changes[-1].change_seq
            # Saved only now: if the process is killed before this line, the next run sends the message again.
            save_cursor(folder, after)


def retry_dead_letters(
    workspace: Workspace, to: Receiver, signer: Webhook, runtime: Runtime
) -> Sent:
    """Send again the changes that were set aside, in order. Those that a later change replaced are dropped."""
    delivered = 0
    folder = _folder(workspace, to)
    with locked(folder), httpx.Client(timeout=to.retry_policy.timeout) as client:
        sender = _Sender(client, folder, to, signer, runtime)
        dead = {letter.change_seq for letter in read_dead_letters(folder)}
        current = _not_replaced(workspace, dead, read_cursor(folder))
        drop_dead_letters(folder, dead - {change.change_seq for change in current})
        for start in range(0, len(current), to.batch):
            changes = current[start : start + to.batch]
            _send(sender, changes, stop=True)
            delivered += len(changes)
    return Sent(delivered, 0, len(dead) - len(current))


def _not_replaced(workspace: Workspace, dead: set[int], cursor: int) -> list[Change]:
    """The dead letters whose row has no later change that the receiver already has.

    A late ADD must not bring back a person whose REMOVE has been delivered meanwhile.
    """
    with open_published(workspace) as con:
        changes = changes_by_seq(con, sorted(dead))
        last = last_changes(con, [change.audience_row_id for change in changes])
    return [
        change
        for change in changes
        if (newest := last[change.audience_row_id]) > cursor or newest in dead
    ]


def _send(sender: _Sender, changes: Sequence[Change], *, stop: bool) -> bool:
    """Send one message. Returns whether the receiver acknowledged it.

    If not, its changes become dead letters; with `stop`, UserError ends the run.
    """
    to, body, name = sender.to, message(changes), message_id(changes)

    def headers() -> dict[str, str]:
        return signed_headers(sender.signer, name, body, sender.runtime.clock())

    numbers = [change.change_seq for change in changes]
    try:
        request = Request(to.url, body.encode(), headers)
        post(sender.client, request, to.retry_policy, sender.runtime)
    except NotDelivered as failure:
        add_dead_letters(
            sender.folder,
            [DeadLetter(x.change_seq, x.audience_row_id, x.action, str(failure)) for x in changes],
        )
        if stop:
            raise UserError(
                f"{to.host} did not take changes {numbers[0]} to {numbers[-1]} ({failure}). They stay "
                "first in line: run it again, or continue without them by --on-failure skip."
            ) from None
        return False
    drop_dead_letters(sender.folder, numbers)
    return True


def _folder(workspace: Workspace, to: Receiver) -> Path:
    return receiver_folder(workspace, "webhook", to.url, to.channel)


def _check(workspace: Workspace, to: Receiver, after: int) -> None:
    """Raise UserError for an unknown channel, or if the cursor lies beyond the published history."""
    with open_published(workspace) as con:
        if to.channel:
            check_channel(con, to.channel)
        newest = newest_change_seq(con)
    if after > newest:
        raise UserError(
            f"{to.host} has all changes up to {after}, but the published history ends at {newest}: it is "
            f"another history. Delete {_folder(workspace, to)} to start again."
        )
