"""Keys: those that may send events, which a website shows to everybody, and those that may read about people."""

import base64
import hmac
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from audiencekit.errors import UserError
from audiencekit.live.refused import Refused

WRITE, READ = "AUDIENCEKIT_WRITE_KEYS", "AUDIENCEKIT_READ_KEYS"
_SHORTEST = 16


@dataclass(frozen=True)
class Keys:
    """What may be done with which key. A read key may also do what a write key may."""

    write: Sequence[str]
    read: Sequence[str] = ()

    def check_write(self, request: Request, elsewhere: str = "") -> str:
        """The key of a request that may write. Raises Refused without one. A browser has it `elsewhere` than in the headers."""
        key = _given(request) or elsewhere
        if not _is_one_of(key, [*self.write, *self.read]):
            raise Refused(401, "the write key is missing or unknown")
        return key

    def check_read(self, request: Request) -> str:
        """The key of a request that may read. Raises Refused without one."""
        if not self.may_read(request):
            raise Refused(401, "a read key is required")
        return _given(request)

    def may_read(self, request: Request) -> bool:
        return _is_one_of(_given(request), self.read)


def keys_from_environment() -> Keys:
    """The keys of the environment. Raises UserError if none may write, or one can be guessed."""
    write, read = _read(WRITE), _read(READ)
    if not write:
        raise UserError(
            f"Set {WRITE} to the keys that may send events, divided by commas. "
            f"A new one: {WRITE}=$(python -c 'import secrets; print(secrets.token_urlsafe(24))')"
        )
    if both := set(write) & set(read):
        raise UserError(
            f"{len(both)} keys are in {WRITE} and in {READ}. A website shows its write key to everybody: use another one to read."
        )
    return Keys(write, read)


def _read(name: str) -> tuple[str, ...]:
    keys = tuple(key for key in os.environ.get(name, "").replace(",", " ").split() if key)
    if short := [key for key in keys if len(key) < _SHORTEST]:
        raise UserError(
            f"{name}: {len(short)} of {len(keys)} keys have fewer than {_SHORTEST} characters."
        )
    return keys


def _given(request: Request) -> str:
    """The key in the headers of a request: the user of basic authentication, or a bearer token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().split(":")[0]
        except ValueError:
            return ""
    return ""


def _is_one_of(key: str, known: Collection[str]) -> bool:
    """Every key is compared, so that the time of the answer says nothing about any of them."""
    given = key.encode(errors="replace")
    return any([hmac.compare_digest(given, each.encode()) for each in known])
