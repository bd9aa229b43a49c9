"""Whether the process that evaluates is lost, and when it may be started again: later each time, while it keeps ending."""

from collections.abc import Callable
from dataclasses import dataclass

# The first pause, the longest, and how long it has to live for the next pause to be the first again, in seconds.
_FIRST, _LONGEST, _LIVES = 1.0, 60.0, 300.0


@dataclass
class Recovery:
    """`is_lost` is whether nobody can be evaluated. `clock` gives seconds that only go forward."""

    clock: Callable[[], float]
    is_lost: bool = False
    _ended_at: float = float("-inf")
    _pause: float = 0.0

    def note_end(self) -> None:
        """The process ended, or one that was started did."""
        now = self.clock()
        keeps_ending = now - self._ended_at < _LIVES
        self._pause = min(_LONGEST, 2 * self._pause) if keeps_ending and self._pause else _FIRST
        self._ended_at = now

    @property
    def may_start(self) -> bool:
        """Whether the pause is over."""
        return self.clock() - self._ended_at >= self._pause
