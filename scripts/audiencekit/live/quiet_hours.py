"""What quiet hours change in what is announced: a change that comes in them waits for their end, and nothing else.

Their beginning is no change. So a member is announced once, and not again every morning.
"""

from collections.abc import Mapping

from audiencekit.live.changes import Reasons

# Why nobody acts on a change in the night of the customer.
QUIET = "quiet_hours"


def as_announced(before: Mapping[str, Reasons] | None, segment: str, reasons: Reasons) -> Reasons:
    """Reasons as they are announced: a night that begins leaves nobody out who could be addressed before."""
    if before is not None and segment not in before:
        return reasons
    could = {channel for channel, why in (before or {}).get(segment, ()) if why is None}
    return tuple(
        (channel, None if why == QUIET and (before is None or channel in could) else why)
        for channel, why in reasons
    )
