"""One request until it is acknowledged: tries, waits, and what is worth trying again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

PASSING = {408, 425, 429, 500, 502, 503, 504}
LONGEST_ASKED_WAIT = 600.0


@dataclass(frozen=True)
class Patience:
    """How long to try. Waits in seconds: the first, doubled after each try up to the longest."""

    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    timeout: float = 30.0


@dataclass(frozen=True)
class Surroundings:
    """What the command line hands down: the clock (UTC, naive), chance, and how to wait (seconds)."""

    clock: Callable[[], datetime]
    random: Random
    sleep: Callable[[float], None]


class NotDelivered(Exception):
    """No acknowledgement. The message is a class of error (`HTTP 503`, `ReadTimeout`), no content."""


class _Answered(Exception):
    """An answer that is no acknowledgement."""

    def __init__(self, response: httpx.Response):
        super().__init__(f"HTTP {response.status_code}")
        self.retry_after = response.headers.get("Retry-After")


class _NotNow(_Answered):
    """An answer that may be another one later."""


def post(
    client: httpx.Client,
    url: str,
    body: bytes,
    headers: Callable[[], dict[str, str]],
    patience: Patience,
    around: Surroundings,
) -> None:
    """POST until a 2xx answer. `headers` is asked anew for each try, as signatures hold a time.

    Raises NotDelivered when the answer is final (another 3xx or 4xx) or all tries are used.
    """

    def attempt() -> None:
        response = client.post(url, content=body, headers=headers())
        if not response.is_success:
            raise (_NotNow if response.status_code in PASSING else _Answered)(response)

    retrying = Retrying(
        stop=stop_after_attempt(patience.tries),
        wait=lambda state: _wait(state, patience, around),
        retry=retry_if_exception_type((httpx.TransportError, _NotNow)),
        sleep=around.sleep,
        reraise=True,
    )
    try:
        retrying(attempt)
    except _Answered as answer:
        raise NotDelivered(str(answer)) from None
    except httpx.HTTPError as failure:
        # The name only: messages of httpx can hold the address, and with it a token.
        raise NotDelivered(type(failure).__name__) from None


def _wait(state: RetryCallState, patience: Patience, around: Surroundings) -> float:
    """Exponential with jitter, so that many senders do not come back at once; never before asked."""
    step = min(patience.longest_wait, patience.first_wait * 2 ** (state.attempt_number - 1))
    failure = state.outcome.exception()
    asked = _seconds(getattr(failure, "retry_after", None), around.clock())
    return max(asked, step * around.random.uniform(0.5, 1.0))


def _seconds(retry_after: str | None, now: datetime) -> float:
    """Retry-After, as seconds or as a date, in seconds from now; 0 without or when unreadable."""
    if not retry_after:
        return 0.0
    try:
        if retry_after.strip().isdigit():
            return min(float(retry_after), LONGEST_ASKED_WAIT)
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    until = until.astimezone(UTC).replace(tzinfo=None) if until.tzinfo else until
    return min(max(0.0, (until - now).total_seconds()), LONGEST_ASKED_WAIT)
