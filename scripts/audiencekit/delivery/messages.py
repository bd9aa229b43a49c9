"""Standard Webhooks messages about changes of audiences: id, body and signature.

A message holds keys and the identifiers of `audience_changes`, never contact data. Its id follows from the
changes in it, so a repeated message has the same id. Each change has its change_seq.
"""

import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from audiencekit.delivery.changes import Change, parsed_identifiers
from audiencekit.errors import UserError

SECRET = "AUDIENCEKIT_WEBHOOK_SECRET"


def signer(environment: Mapping[str, str]) -> Webhook:
    """A signer with the secret in AUDIENCEKIT_WEBHOOK_SECRET. The secret is read from nowhere else."""
    secret = environment.get(SECRET, "")
    advice = (
        f"Set {SECRET} to whsec_ and the base64 of 24 to 64 random bytes, here and at the receiver."
    )
    if not secret:
        raise UserError(f"Webhooks are signed, and there is no secret. {advice}")
    try:
        key = binascii.a2b_base64(secret.removeprefix("whsec_") + "==", strict_mode=False)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise UserError(f"The secret is not usable. {advice}")
    return Webhook(key)


def message_id(changes: Sequence[Change]) -> str:
    """The same changes make the same id, in any process and at any time."""
    keys = "\n".join(change.key for change in changes)
    return f"msg_{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def message(changes: Sequence[Change]) -> str:
    """The body, the same bytes for the same changes."""
    payload = {
        "type": "audience.changed",
        "timestamp": f"{changes[-1].occurred_at.isoformat()}Z",
        "data": {"changes": [_payload(change) for change in changes]},
    }
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def _payload(change: Change) -> dict:
    return {
        "change_seq": change.change_seq,
        "channel": change.channel,
        "audience_code": change.audience_code,
        "audience_row_id": change.audience_row_id,
        "action": change.action,
        "reason": change.reason,
        **parsed_identifiers(change),
        "row_hash": change.row_hash,
        "build_id": change.build_id,
        "occurred_at": f"{change.occurred_at.isoformat()}Z",
    }


def signed_headers(sign: Webhook, name: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of one try at `now` (UTC, naive). Receivers refuse a signature that is minutes old."""
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.replace(tzinfo=UTC).timestamp())),
        "webhook-signature": sign.sign(name, now, body),
    }
