"""Signed tokens of links to the preference page: whose preferences a link changes, and until when.

A token has the customer's key and no contact data. Only who has a secret of the environment can make one.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audiencekit.errors import UserError

SECRET = "AUDIENCEKIT_PREFERENCES_SECRET"
# How long a link shows the page. Laws ask that one unsubscribes by it for 30 days at least.
VALID = timedelta(days=90)
_SHORTEST = 32
# A signature of something else under the same secret is none of a token.
_USE = b"audiencekit preferences "


class BadToken(Exception):
    """A token that nobody signed, or not with a secret of ours."""


@dataclass(frozen=True)
class Link:
    """What a token says: the customer's key, and until when it shows the page (UTC)."""

    customer_key: str
    expires_at: datetime


@dataclass(frozen=True)
class Signer:
    """Makes tokens with the first of the secrets, and reads those of each, so that a secret can be replaced."""

    secrets: Sequence[bytes]

    def token(self, link: Link) -> str:
        payload = f"{int(link.expires_at.timestamp())}.{link.customer_key}".encode()
        return f"{_text(payload)}.{_text(_signature(self.secrets[0], payload))}"

    def read(self, token: str) -> Link:
        """What a token says, expired or not. Raises BadToken unless it is signed with one of the secrets."""
        try:
            payload, signature = map(_bytes, token.split("."))
            # Every secret is tried, so that the time of the answer says nothing about any of them.
            signed = [
                hmac.compare_digest(signature, _signature(secret, payload))
                for secret in self.secrets
            ]
            expires, _, key = payload.decode().partition(".")
            if not any(signed):
                raise BadToken
            return Link(key, datetime.fromtimestamp(int(expires), UTC))
        except ValueError:
            raise BadToken from None


def signer_from_environment() -> Signer | None:
    """The secrets of the environment; None without any. Raises UserError if one can be guessed."""
    secrets = [part for part in os.environ.get(SECRET, "").replace(",", " ").split() if part]
    if short := [secret for secret in secrets if len(secret) < _SHORTEST]:
        raise UserError(
            f"{SECRET}: {len(short)} of {len(secrets)} secrets have fewer than {_SHORTEST} characters. "
            f"A new one: {SECRET}=$(python -c 'import secrets; print(secrets.token_urlsafe(32))')"
        )
    return Signer([secret.encode() for secret in secrets]) if secrets else None


def _signature(secret: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, _USE + payload, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
