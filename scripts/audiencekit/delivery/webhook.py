"""Changes of audiences as signed webhooks: in order, at least once, resumed where they stopped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from audiencekit.delivery.changes import (
    Change,
    changes_numbered,
    check_channel,
    last_changes,
    last_number,
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
from audiencekit.delivery.sending import NotDelivered, Patience, Surroundings, post
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class Receiver:
    """Where to send, of which channel (all if None), how many changes a message, and how patiently."""

    url: str
    channel: str | None = None
    batch: int = 100
    patience: Patience = field(default_factory=Patience)
    stop_on_failure: bool = True

    @property
    def host(self) -> str:
        """For messages: an address can hold a token, a host cannot."""
        return urlsplit(self.url).hostname or "the receiver"


@dataclass(frozen=True)
class Sent:
    """Changes acknowledged, set aside, and dropped because a later change overtook them."""

    delivered: int = 0
    set_aside: int = 0
    overtaken: int = 0


def notify(workspace: Workspace, to: Receiver, sign: Webhook, around: Surroundings) -> Sent:
    """Send what changed since the cursor. Raises UserError when the receiver does not take it."""
    delivered = set_aside = 0
    folder = _folder(workspace, to)
    with locked(folder), httpx.Client(timeout=to.patience.timeout) as client:
        after = read_cursor(folder)
        _check(workspace, to, after)
        while True:
            with open_published(workspace) as con:
                changes = read_changes(con, after, to.channel, to.batch)
            if not changes:
                return Sent(delivered, set_aside)
            # Stopping is the default because order matters: a message left out and sent later could
            # bring back somebody whom a message after it took away.
            if _send(client, folder, changes, to, sign, around, stop=to.stop_on_failure):
                delivered += len(changes)
            else:
                set_aside += len(changes)
            after = changes[-1].change_seq
            # Only now: a process killed before this line sends the same message again.
            save_cursor(folder, after)


def retry_dead_letters(
    workspace: Workspace, to: Receiver, sign: Webhook, around: Surroundings
) -> Sent:
    """Send again what was set aside, in order; drop what a later change of the same row overtook."""
    delivered = 0
    folder = _folder(workspace, to)
    with locked(folder), httpx.Client(timeout=to.patience.timeout) as client:
        letters = [x.change_seq for x in read_dead_letters(folder)]
        with open_published(workspace) as con:
            found = changes_numbered(con, letters)
            last = last_changes(con, [x.audience_row_id for x in found])
        cursor = read_cursor(folder)
        waiting = set(letters)
        # A late ADD must not bring back a person whose REMOVE has arrived meanwhile.
        current = [
            x for x in found if (newest := last[x.audience_row_id]) > cursor or newest in waiting
        ]
        overtaken = len(letters) - len(current)
        drop_dead_letters(folder, waiting - {x.change_seq for x in current})
        for start in range(0, len(current), to.batch):
            changes = current[start : start + to.batch]
            _send(client, folder, changes, to, sign, around, stop=True)
            delivered += len(changes)
    return Sent(delivered, 0, overtaken)


def _send(
    client: httpx.Client,
    folder: Path,
    changes: Sequence[Change],
    to: Receiver,
    sign: Webhook,
    around: Surroundings,
    *,
    stop: bool,
) -> bool:
    """Whether the message was acknowledged. If not, its changes are dead letters, and with `stop`
    the run ends."""
    body, name = message(changes), message_id(changes)

    def headers() -> dict[str, str]:
        return signed_headers(sign, name, body, around.clock())

    numbers = [change.change_seq for change in changes]
    try:
        post(client, to.url, body.encode(), headers, to.patience, around)
    except NotDelivered as failure:
        add_dead_letters(
            folder,
            [DeadLetter(x.change_seq, x.audience_row_id, x.action, str(failure)) for x in changes],
        )
        if stop:
            raise UserError(
                f"{to.host} did not take changes {numbers[0]} to {numbers[-1]} ({failure}). They stay "
                "first in line: run it again, or with --on-failure skip to go on without them."
            ) from None
        return False
    drop_dead_letters(folder, numbers)
    return True


def _folder(workspace: Workspace, to: Receiver) -> Path:
    return receiver_folder(workspace, "webhook", to.url, to.channel)


def _check(workspace: Workspace, to: Receiver, after: int) -> None:
    with open_published(workspace) as con:
        if to.channel:
            check_channel(con, to.channel)
        last = last_number(con)
    if after > last:
        raise UserError(
            f"{to.host} has all changes up to {after}, and the published history ends at {last}: it is "
            f"another history. Delete {_folder(workspace, to)} to start anew."
        )
