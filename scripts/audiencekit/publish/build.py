"""What publishing has to know about one build."""

from dataclasses import dataclass, field
from datetime import datetime

from audiencekit.intake.tombstones import NO_ERASURE, Erased


@dataclass(frozen=True)
class Build:
    """One build that is about to be published.

    `landing_rows` holds the rows of each landing table. `built_at` is the moment of the build in the history:
    as_of, or just after the build before. `note` tells readers about the data, such as that people are
    simulated. `erased` holds the people whom this build erases. `currency` is the one that figures are in.
    `landing_decisions` has by landing table the columns of refusals that were read. `call_logs` has by log of calls
    the number of the last file that was taken in.
    """

    build_id: str
    as_of: datetime
    landing_rows: dict[str, int] = field(default_factory=dict)
    note: str = ""
    built_at: datetime | None = None
    erased: Erased = NO_ERASURE
    currency: str = ""
    landing_decisions: dict[str, list[str]] = field(default_factory=dict)
    call_logs: dict[str, int] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """`built_at`, or as_of where it is not given."""
        return self.built_at or self.as_of
