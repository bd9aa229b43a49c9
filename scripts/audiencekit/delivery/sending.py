"""Send one request until it is acknowledged: tries, waits, and which failures are tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
LONGEST_RETRY_AFTER = 600.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try. Waits are in seconds: the first one, doubled after each try up to the longest."""

    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    timeout: float = 30.0


@dataclass(frozen=True)
class Runtime:
    """What the command line provides: the clock (UTC, naive), randomness, and how to wait (seconds)."""

    clock: Callable[[], datetime]
    random: Random
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Request:
    """What to POST. `headers` is called for each try, because signatures contain a time."""

    url: str
    body: bytes
    headers: Callable[[], dict[str, str]]


class NotDelivered(Exception):
    """No acknowledgement. The message is a class of error (`HTTP 503`, `ReadTimeout`), no content."""


class _Refused(Exception):
    """An answer that is not an acknowledgement."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.retry_after = response.headers.get("Retry-After")


class _TemporarilyRefused(_Refused):
    """An answer that may change when the request is sent again."""


def post(
    client: httpx.Client, request: Request, retry_policy: RetryPolicy, runtime: Runtime
) -> None:
    """POST the request until a 2xx answer.

    Raises NotDelivered when the answer is final (another 3xx or 4xx) or all tries are used.
    """

    def attempt() -> None:
        response = client.post(request.url, content=request.body, headers=request.headers())
        if not response.is_success:
            is_temporary = response.status_code in TEMPORARY
            raise (_TemporarilyRefused if is_temporary else _Refused)(response)

    retrying = Retrying(
        stop=stop_after_attempt(retry_policy.tries),
        wait=lambda state: _wait(state, retry_policy, runtime),
        retry=retry_if_exception_type((httpx.TransportError, _TemporarilyRefused)),
        sleep=runtime.sleep,
        reraise=True,
    )
    try:
        retrying(attempt)
    except _Refused as refusal:
        raise NotDelivered(str(refusal)) from None
    except httpx.HTTPError as failure:
        # Only the name, because messages of httpx can hold the address, and with it a token.
        raise NotDelivered(type(failure).__name__) from None


def _wait(state: RetryCallState, retry_policy: RetryPolicy, runtime: Runtime) -> float:
    """Exponential with jitter, so that many senders do not retry at once, and never shorter than Retry-After."""
    step = min(retry_policy.longest_wait, retry_policy.first_wait * 2 ** (state.attempt_number - 1))
    failure = state.outcome.exception() if state.outcome else None
    least = _seconds(getattr(failure, "retry_after", None), runtime.clock())
    return max(least, step * runtime.random.uniform(0.5, 1.0))


def _seconds(retry_after: str | None, now: datetime) -> float:
    """Retry-After, which is seconds or a date, in seconds from now; 0 where it is absent or unreadable."""
    if not retry_after:
        return 0.0
    try:
        if retry_after.strip().isdigit():
            return min(float(retry_after), LONGEST_RETRY_AFTER)
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    until = until.astimezone(UTC).replace(tzinfo=None) if until.tzinfo else until
    return min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY_AFTER)
