"""Standard Webhooks messages about changes of audiences: id, body and signature.

A message holds keys and the identifiers of `audience_changes`, never contact data. Its id follows
from the changes in it, so a repeat carries the same id; each change carries its change_seq.
"""

import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from audiencekit.delivery.changes import Change, told_identifiers
from audiencekit.errors import UserError

SECRET = "AUDIENCEKIT_WEBHOOK_SECRET"


def signer(environment: Mapping[str, str]) -> Webhook:
    """The signer of the secret in AUDIENCEKIT_WEBHOOK_SECRET, the only place it is read from."""
    secret = environment.get(SECRET, "")
    how = f"Set {SECRET} to whsec_ and the base64 of 24 to 64 random bytes; the receiver needs the same."
    if not secret:
        raise UserError(f"Webhooks are signed, and there is no secret. {how}")
    try:
        key = binascii.a2b_base64(secret.removeprefix("whsec_") + "==", strict_mode=False)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise UserError(f"The secret is not usable. {how}")
    return Webhook(key)


def message_id(changes: Sequence[Change]) -> str:
    """The same changes make the same id, in any process and at any time."""
    keys = "\n".join(change.key for change in changes)
    return f"msg_{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def message(changes: Sequence[Change]) -> str:
    """The body, the same bytes for the same changes."""
    told = {
        "type": "audience.changed",
        "timestamp": f"{changes[-1].occurred_at.isoformat()}Z",
        "data": {"changes": [_told(change) for change in changes]},
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _told(change: Change) -> dict:
    return {
        "change_seq": change.change_seq,
        "channel": change.channel,
        "audience_code": change.audience_code,
        "audience_row_id": change.audience_row_id,
        "action": change.action,
        "reason": change.reason,
        **told_identifiers(change),
        "row_hash": change.row_hash,
        "build_id": change.build_id,
        "occurred_at": f"{change.occurred_at.isoformat()}Z",
    }


def signed_headers(sign: Webhook, name: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of one try at `now` (UTC, naive): receivers refuse what is signed minutes ago."""
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.replace(tzinfo=UTC).timestamp())),
        "webhook-signature": sign.sign(name, now, body),
    }
