"""Calls on their way from the log to the evaluation. What does not fit is read from the log later, so nothing is lost."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from audiencekit.live.calls import Row

# How many calls wait in memory at most.
MOST = 100_000


@dataclass
class Waiting:
    """Calls to evaluate. `missed_from` is the number of the first file of the log with calls that did not fit, if any."""

    rows: list[Row] = field(default_factory=list)
    missed_from: int | None = None


class Inbox:
    """Filled by the thread that writes the log, emptied by the one that evaluates.

    Its length is how many calls wait: also those that were taken from it, until they are evaluated.
    """

    def __init__(self, most: int = MOST):
        self._most = most
        self._waiting = Waiting()
        self._taken = 0
        self._something = threading.Condition()
        self._is_woken = False

    def put(self, rows: Sequence[Row], file_number: int) -> None:
        """Add calls that are in this file of the log, or one before it. Never waits."""
        with self._something:
            waiting = self._waiting
            if waiting.missed_from is None and len(waiting.rows) + len(rows) <= self._most:
                waiting.rows.extend(rows)
            elif waiting.missed_from is None:
                waiting.missed_from = file_number
            self._something.notify()

    def wake(self) -> None:
        """Let `take` return, although nothing came."""
        with self._something:
            self._is_woken = True
            self._something.notify()

    def take(self, seconds: float) -> Waiting:
        """Everything that waits. Where nothing does, wait for it so long."""
        with self._something:
            if not self._waiting.rows and self._waiting.missed_from is None and not self._is_woken:
                self._something.wait(seconds)
            taken, self._waiting, self._is_woken = self._waiting, Waiting(), False
            self._taken = len(taken.rows)
            return taken

    def are_evaluated(self, number: int) -> None:
        """So many of the calls that were taken last do not wait any more."""
        with self._something:
            self._taken = max(0, self._taken - number)

    def __len__(self) -> int:
        with self._something:
            return len(self._waiting.rows) + self._taken
