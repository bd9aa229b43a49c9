"""Rate limits by key, by address and by device, so that one of them cannot take the place of all others.

A request is answered with 429 while its sender has sent more than may come at once, and is charged for its calls after it
was let in. So a large batch is always taken in, and the next one waits for it.
"""

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address, ip_network

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from audiencekit.live.keys import Keys
from audiencekit.live.refused import Refused

KEY, ADDRESS, DEVICE = "key", "address", "device"
# How many ids of a kind are remembered. Of more, those that came longest ago have the most of their calls again.
MOST = 50_000
# A sender who sent far too much waits at most so many seconds.
LONGEST_WAIT = 60
# So many bytes are charged as one call, so that large requests of a few calls are not cheap.
BYTES_OF_A_CALL = 8 * 1024
# A network of IPv6 gives every device of a household, or of an attacker, as many addresses as it likes.
_IPV6_PREFIX = 64
# Operators' probes are always answered.
_UNLIMITED = ("/healthz", "/readyz")
_CHARGED = "audiencekit.address"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rate:
    """How many calls a second come through in the long run, and how many at once."""

    per_second: float
    at_once: float


# A page sends a few calls when it loads, and the script for websites asks every five seconds. Behind one address are
# the visitors of a whole office, or a server. A core takes in about a thousand calls a second.
DEVICE_RATE = Rate(10, 300)
ADDRESS_RATE = Rate(100, 1_000)
KEY_RATE = Rate(1_000, 10_000)


class Buckets:
    """A token bucket for each id. Its state is one number: when it is full again, as seconds of a steady clock.

    Memory is bounded, whatever ids come: each is a digest of 16 bytes, and there are at most `most`.
    """

    def __init__(self, rate: Rate, most: int = MOST):
        self._rate, self._most = rate, most
        self._full_at: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def seconds_to_wait(self, name: str, now: float) -> float:
        """How long until the id may send again, 0 if it may now."""
        digest = _digest(name)
        if digest not in self._full_at:
            return 0.0
        self._full_at.move_to_end(digest)
        return max(0.0, self._full_at[digest] - now - self._rate.at_once / self._rate.per_second)

    def charge(self, name: str, calls: float, now: float) -> None:
        rate, digest = self._rate, _digest(name)
        full_at = max(self._full_at.get(digest, now), now) + calls / rate.per_second
        latest = now + rate.at_once / rate.per_second + LONGEST_WAIT
        self._full_at[digest] = min(full_at, latest)
        self._full_at.move_to_end(digest)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)


def _digest(name: str) -> bytes:
    """An id may be long, or be an e-mail address."""
    return blake2b(name.encode(errors="replace"), digest_size=16).digest()


class Limits:
    """The limits of one service. `counts` are requests that were answered with 429, by what sent too much."""

    def __init__(
        self,
        rates: dict[str, Rate] | None = None,
        seconds: Callable[[], float] = time.monotonic,
        most: int = MOST,
    ):
        rates = {KEY: KEY_RATE, ADDRESS: ADDRESS_RATE, DEVICE: DEVICE_RATE} | (rates or {})
        self._buckets = {kind: Buckets(rate, most) for kind, rate in rates.items()}
        self._seconds = seconds
        self.counts = dict.fromkeys(rates, 0)

    def check(self, kind: str, names: Collection[str]) -> None:
        """Raise Refused if all of these sent too much. One of several, in a batch of a server, keeps no other from it."""
        if not names:
            return
        now, buckets = self._seconds(), self._buckets[kind]
        wait = min(buckets.seconds_to_wait(name, now) for name in names)
        if wait > 0:
            self.counts[kind] += 1
            why = f"this {kind} sends too many calls; send them again later"
            raise Refused(429, why, math.ceil(wait))

    def charge(self, kind: str, name: str, calls: float = 1) -> None:
        self._buckets[kind].charge(name, calls, self._seconds())

    def take(self, kind: str, name: str) -> None:
        """One request of this sender. Raises Refused if it sent too much."""
        self.check(kind, [name])
        self.charge(kind, name)

    def charge_address(self, request: Request, calls: float) -> None:
        """What a request turned out to be more than one call."""
        if calls > 0 and _CHARGED in request.scope:
            self.charge(ADDRESS, request.scope[_CHARGED], calls)


class AddressLimit:
    """Middleware: what an address may send, before its request is read.

    A request with a read key, which is secret, comes from a server of the shop, and counts for its key only.
    """

    def __init__(self, app: ASGIApp, limits: Limits, keys: Keys, knows_proxies: bool = False):
        self._app, self._limits, self._keys = app, limits, keys
        self._is_warned = knows_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNLIMITED:
            return await self._app(scope, receive, send)
        request = Request(scope)
        self._warn_of_proxy(request)
        if not self._keys.may_read(request):
            address = network_of(request.client.host if request.client else "")
            try:
                self._limits.take(ADDRESS, address)
            except Refused as refused:
                return await refused.answer()(scope, receive, send)
            scope[_CHARGED] = address
        return await self._app(scope, receive, send)

    def _warn_of_proxy(self, request: Request) -> None:
        if self._is_warned or "x-forwarded-for" not in request.headers:
            return
        self._is_warned = True
        _log.warning(
            "Requests come through a proxy, so that all visitors count as one address. "
            "If the proxy is yours, name its address with --trusted-proxy."
        )


def network_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or a network of IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ip_network(f"{address}/{_IPV6_PREFIX}", strict=False))
