"""The privacy budget: every noised release is recorded before it is written, and none exceeds the limit."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from audiencekit.errors import UserError


@dataclass(frozen=True)
class Release:
    """A release of noised numbers. The privacy lost adds up over all releases."""

    build_id: str
    as_of: str
    epsilon: float
    file_name: str


def read_releases(ledger: Path) -> list[Release]:
    """All releases so far, oldest first."""
    if not ledger.exists():
        return []
    return [Release(**json.loads(line)) for line in ledger.read_text().splitlines() if line]


def spend(ledger: Path, release: Release, limit: float) -> float:
    """Record `release` and return the budget that is left. Raises UserError, and spends nothing, beyond the limit."""
    spent = sum(past.epsilon for past in read_releases(ledger))
    if spent + release.epsilon > limit + 1e-9:
        raise UserError(
            f"The privacy budget is {limit:g}, {spent:g} of it is spent, and this release would cost "
            f"{release.epsilon:g}. Take a smaller --epsilon, or reuse an earlier release from {ledger.parent}."
        )
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.open("a") as file:
        file.write(json.dumps(asdict(release)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return limit - spent - release.epsilon
