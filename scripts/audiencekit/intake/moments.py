"""When an intake takes place."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Moments:
    """When an intake takes place, in UTC: as of which moment, and by the real clock, where that is known."""

    as_of: datetime
    clock: datetime | None = None

    @property
    def as_text(self) -> tuple[str, str]:
        """Both as sortable text, '' for a clock that is not known."""
        return self.as_of.isoformat(sep=" "), self.clock.isoformat(sep=" ") if self.clock else ""
