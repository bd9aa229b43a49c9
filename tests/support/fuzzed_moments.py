"""A hook of schemathesis: moments that the service takes.

The description cannot say that a moment is near the other moments of a call, so those that are generated are.
"""

from datetime import UTC, datetime

import schemathesis
from hypothesis import strategies as st

_FIRST, _LAST = datetime(2010, 1, 1), datetime(2025, 1, 1)

schemathesis.openapi.format(
    "date-time", st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)).map(datetime.isoformat)
)
