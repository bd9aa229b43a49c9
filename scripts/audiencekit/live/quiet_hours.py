"""What quiet hours change in what is announced: a change that comes in them waits for their end, and nothing else.

Their beginning is no change. So a member is announced once, and not again every morning.
"""

from collections.abc import Mapping

from audiencekit.live.changes import Reasons

# Why nobody acts on a change in the night of the customer.
QUIET = "quiet_hours"


def as_announced(before: Mapping[str, Reasons], segment: str, reasons: Reasons) -> Reasons:
    """Reasons as they are announced: a night that begins leaves nobody out who could be addressed before."""
    could = {channel for channel, why in before.get(segment, ()) if why is None}
    return tuple(
        (channel, None if why == QUIET and channel in could else why) for channel, why in reasons
    )
