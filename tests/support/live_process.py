"""`audiencekit live --demo` with a clock that is so many seconds ahead: python live_process.py 3600 live …"""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from audiencekit.cli import events, main

from_build = events._from_build
SECONDS = timedelta(seconds=float(sys.argv.pop(1)))


def ahead() -> Callable[[], datetime]:
    """The clock of the demo, set forward."""
    clock = from_build()
    return lambda: clock() + SECONDS


events._from_build = ahead
main()
