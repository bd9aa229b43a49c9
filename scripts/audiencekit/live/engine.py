"""The engine: it evaluates what calls and time change, writes changes into the journal, and follows new generations.

It works in a thread of its own, so that no call waits for an evaluation to be acknowledged.
"""

import gc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from audiencekit.errors import UserError
from audiencekit.intake.landing_settings import FileSettings
from audiencekit.live.as_built import AsBuilt, read_as_built
from audiencekit.live.calls import Row
from audiencekit.live.changes import Change
from audiencekit.live.failures import EvaluatorEnded, place_of
from audiencekit.live.generation import Loaded, load
from audiencekit.live.inbox import Inbox
from audiencekit.live.journal import Journal
from audiencekit.live.landing import Landing
from audiencekit.live.log import CallLog, in_parts
from audiencekit.live.recovery import Recovery
from audiencekit.live.refreshed import (
    Refreshed,
    last_number,
    read_answer,
    read_refreshed,
    write_answer,
)

T = TypeVar("T")

_log = logging.getLogger(__name__)

# How often it is looked whether there is a new generation, or whether the disk takes changes again.
_TICK = timedelta(seconds=1)
# While calls come all the time, so often some of those are evaluated who were not yet with this build.
_CATCHES_UP = 5.0
_ENDED = "the process that evaluates ended, and starts again"


@dataclass(frozen=True)
class Source:
    """Where the engine reads: the pointer to the published generation, the log, what landing.yml says of it, and the clock (UTC)."""

    current: Path
    log: CallLog
    settings: FileSettings
    clock: Callable[[], datetime]

    @property
    def home(self) -> Path:
        """The folder of the workspace whose generation it is."""
        return self.current.parent.parent

    def moment(self) -> datetime:
        """Now in UTC, without its zone, as the SQL has it."""
        return self.clock().replace(tzinfo=None)


@dataclass
class Counts:
    """What the engine did since it started. `evaluated_at` is the last moment up to which everything is evaluated."""

    calls: int = 0
    refused: int = 0
    changes: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("event", "extract", "time", "build"), 0)
    )
    generations: int = 0
    failed: int = 0
    seconds: float = 0.0
    evaluated_at: datetime | None = None


class Engine:
    """Changes follow from calls in the inbox, from time, and from new generations.

    `loaded` is the generation in use, None before the first is loaded. `listeners` are called, in the engine's thread, after
    changes are on disk.
    """

    def __init__(self, source: Source, journal: Journal):
        self._source, self.journal = source, journal
        self.inbox = Inbox()
        self.counts = Counts()
        self.loaded: Loaded | None = None
        self.listeners: list[Callable[[], None]] = []
        self._problems: dict[str, str] = {}
        self._landing = Landing(source.settings)
        self._loader = ThreadPoolExecutor(1, "load")
        self._loading: Future[tuple[Loaded, AsBuilt | None]] | None = None
        self._loading_from = 0
        self._failed: Path | None = None
        self._recovery = Recovery(time.monotonic)
        self._is_settled = True
        self._refreshed = 0
        self._caught_up_at = 0.0
        self._unwritten: list[Change] = []
        self._questions: SimpleQueue[tuple[Callable, Future]] = SimpleQueue()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    @property
    def _is_lost(self) -> bool:
        return self._recovery.is_lost

    @property
    def problem(self) -> str:
        """What keeps the engine from doing its work; empty if nothing does."""
        return "; ".join(list(self._problems.values()))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the evaluation that is going on. What was not evaluated is in the log, for the next start."""
        self._is_stopping = True
        self.inbox.wake()
        self._thread.join()
        self._loader.shutdown(cancel_futures=True)
        if self._loading and self._loading.done() and not self._loading.exception():
            self._loading.result()[0].close()
        if self.loaded:
            self.loaded.close()
        self.journal.close()

    def _work(self) -> None:
        while not self._is_stopping:
            try:
                self._work_once()
                self._problems.pop("engine", None)
            except Exception as problem:
                # Calls are in the log, and read again with the next generation or start.
                self._problems["engine"] = f"the evaluation failed: {place_of(problem)}"
                _log.error(self._problems["engine"])

    def ask(self, question: Callable[[Loaded, datetime], T]) -> Future[T]:
        """Let the engine's thread answer a question about its generation, as of now."""
        answer: Future[T] = Future()
        self._questions.put((question, answer))
        self.inbox.wake()
        return answer

    def _answer(self) -> None:
        while self.loaded and not self._is_lost and not self._questions.empty():
            question, answer = self._questions.get()
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(question(self.loaded, self._source.moment()))
                except Exception as problem:
                    # Also if the evaluator ended: the next round notices it.
                    answer.set_exception(problem)
                    return

    def _work_once(self) -> None:
        if self.loaded and not self._is_lost and self.loaded.members.has_ended:
            self._lose_evaluator()
        self._follow_generation()
        self._follow_refresh()
        self._answer()
        waiting = self.inbox.take(self._wait().total_seconds())
        missed = waiting.missed_from
        more = self._source.log.calls_since(missed) if missed is not None else ()
        started = time.monotonic()
        for rows in in_parts(chain(waiting.rows, more)):
            self._evaluate(rows)
            self.inbox.are_evaluated(len(rows))
        self._evaluate([])
        self.counts.seconds += time.monotonic() - started

    def _wait(self) -> timedelta:
        """How long nothing can change but by a call."""
        is_due = self.loaded and not self._is_lost
        due = self.loaded.members.next_moment() if self.loaded and is_due else None
        return min(_TICK, max(due - self._source.moment(), timedelta(0))) if due else _TICK

    def _evaluate(self, rows: Sequence[Row]) -> None:
        if not self.loaded or self._is_lost:
            # They are read from the log when it is loaded.
            self.counts.calls += len(rows)
            return
        now = self._source.moment()
        try:
            self._unwritten += self._changes(rows, now)
        except EvaluatorEnded:
            # What was changed until then is announced, and the rest is found when the generation is loaded again.
            self._lose_evaluator()
        except Exception as problem:
            _log.warning("Not evaluated at once: %s", place_of(problem))
            # One call that nobody thought of must not keep all others from being evaluated.
            self._unwritten += self._one_by_one(rows, now)
            self.counts.failed += not rows
        self._announce()
        self.counts.calls += len(rows)
        members = self.loaded.members
        if not (self._is_lost or members.has_ended) and members.is_up_to(now):
            self.counts.evaluated_at = now

    def _lose_evaluator(self) -> None:
        """Its process ended. The generation is loaded again; meanwhile answers are from what is known of everybody."""
        self._recovery.is_lost = True
        self._recovery.note_end()
        self._problems["evaluator"] = _ENDED
        _log.error(_ENDED)

    def _changes(self, rows: Sequence[Row], now: datetime) -> list[Change]:
        assert self.loaded
        if not rows:
            if len(self.inbox) > 0 and time.monotonic() - self._caught_up_at < _CATCHES_UP:
                # Who is due is evaluated with the calls.
                return []
            self._caught_up_at = time.monotonic()
            return self.loaded.members.advance(now)
        arrived = self._landing.rows(rows)
        self.counts.refused = self._landing.refused
        return self.loaded.members.take(arrived, now)

    def _one_by_one(self, rows: Sequence[Row], now: datetime) -> list[Change]:
        changes: list[Change] = []
        for row in rows:
            try:
                changes += self._changes([row], now)
            except EvaluatorEnded:
                self._lose_evaluator()
                return changes
            except Exception as problem:
                self.counts.failed += 1
                _log.warning("A call cannot be evaluated: %s", place_of(problem))
        return changes

    def _announce(self) -> None:
        """Write changes into the journal. If the disk takes none, they wait, and nobody hears of them."""
        if not self.loaded:
            return
        try:
            written = self.journal.append(self._unwritten, self.loaded.manifest.build_id)
            self._unwritten = []
            for change in written:
                self.counts.changes[change["because"]] += 1
            for listener in self.listeners if written else ():
                listener()
            if not self._is_settled:
                self.journal.settle(self.loaded.members.announced, self._source.clock())
                self._is_settled = True
        except OSError as problem:
            self._problems["journal"] = f"the journal cannot be written: {problem.strerror}"
        else:
            self._problems.pop("journal", None)

    def _follow_generation(self) -> None:
        """Load a new generation while the other one is in use, and switch to it when it is loaded."""
        if self._loading and self._loading.done():
            self._switch(self._loading)
            self._loading = None
        wanted = self._wanted()
        if wanted and not self._loading and self._recovery.may_start:
            self._loading_from = self._source.log.number
            self._loading = self._loader.submit(self._load, wanted)

    def _wanted(self) -> Path | None:
        """The generation to load: a new one that can be loaded, or the one in use again if its evaluator ended."""
        current = self._source.current.resolve()
        build_id = self.loaded.manifest.build_id if self.loaded else ""
        if current.name != build_id and current.exists() and current != self._failed:
            return current
        in_use = current.with_name(build_id) if build_id else current
        return in_use if self._is_lost and in_use.exists() else None

    def _follow_refresh(self) -> None:
        """Go by extracts that were refreshed since, and answer when the changes are on disk."""
        if not self.loaded or self._is_lost:
            return
        folder, build_id = self._source.home / "live", self.loaded.manifest.build_id
        number = last_number(folder, build_id)
        refreshed = read_refreshed(folder, build_id) if number > self._refreshed else None
        if not refreshed:
            return
        self._refreshed = number
        try:
            answer = self._take_extracts(refreshed)
            self._problems.pop("refresh", None)
        except EvaluatorEnded:
            # It is answered when the generation is loaded again, with them.
            self._lose_evaluator()
            return
        except Exception as problem:
            # What the build knows is still evaluated.
            self._problems["refresh"] = f"extracts cannot be evaluated: {place_of(problem)}"
            _log.error(self._problems["refresh"])
            answer = {"problem": place_of(problem)}
        write_answer(folder, number, answer)

    def _take_extracts(self, refreshed: Refreshed) -> dict[str, Any]:
        """Evaluate whom extracts concern. Returns what a refresh reports of it."""
        assert self.loaded
        members, now = self.loaded.members, max(self._source.moment(), self.loaded.built_at)
        about, failed = refreshed.put_into(members.evaluator), members.failed
        due = [key for key, at in members.due.items() if at <= now and key not in about]
        changes = members.take_extracts(about, now)
        self._unwritten += changes
        self._announce()
        if members.has_ended:
            raise EvaluatorEnded
        counts = Counter((change.segment, change.action) for change in changes)
        return {
            "touched": len(about),
            "due": len(due),
            "customers": len(members.of),
            "failed": members.failed - failed,
            "changes": [[*what, count] for what, count in sorted(counts.items())],
        }

    def _load(self, generation: Path) -> tuple[Loaded, AsBuilt | None]:
        """A generation, and what others know, if that is not what the generation in use has."""
        loaded = load(generation, self._source.log, self._source.settings)
        # Extracts since the build are part of what is known. The last refresh has all of them.
        refreshed = read_refreshed(self._source.home / "live", loaded.manifest.build_id)
        if refreshed:
            try:
                refreshed.put_into(loaded.members.evaluator)
            except BaseException:
                loaded.close()
                raise
            loaded = replace(loaded, refreshed=refreshed.number)
        if self.loaded:
            return loaded, None
        as_built = read_as_built(generation)
        announced = self.journal.announced()
        if announced is None:
            # Nobody has heard of anything yet: all start from what the build published.
            self.journal.settle(as_built.segments, self._source.clock())
        return loaded, as_built if announced is None else AsBuilt(announced, as_built.messages)

    def _switch(self, loading: Future[tuple[Loaded, AsBuilt | None]]) -> None:
        try:
            loaded, changes = self._begun(*loading.result())
        except EvaluatorEnded:
            # It is tried again: another process may have taken the memory.
            self._recovery.note_end()
            self._problems["evaluator"] = _ENDED
            return
        except Exception as problem:
            self._note_failed(problem)
            return
        if self.loaded:
            self.loaded.close()
        self._unwritten += changes
        self.loaded, self._is_settled, self._recovery.is_lost = loaded, False, False
        _leave_to_counting()
        self._refreshed = loaded.refreshed
        self._problems.pop("generation", None)
        self._problems.pop("evaluator", None)
        # What came while it was loaded.
        for rows in in_parts(self._source.log.calls_since(self._loading_from)):
            self._evaluate(rows)
        self.counts.generations += 1
        self._announce()
        self._answer_refresh()

    def _begun(self, loaded: Loaded, known: AsBuilt | None) -> tuple[Loaded, list[Change]]:
        """A generation that goes on from what is known, and the changes of customers who are gone."""
        if self.loaded:
            known = AsBuilt(self.loaded.members.announced, self.loaded.members.messages)
        assert known
        try:
            now = max(self._source.moment(), loaded.built_at)
            return loaded, loaded.members.begin(known, now)
        except BaseException:
            loaded.close()
            raise

    def _note_failed(self, problem: Exception) -> None:
        """A generation cannot be loaded: the one in use stays, until there is another one."""
        current = self._source.current.resolve()
        self._recovery.note_end()
        # The one in use could be loaded before, so it is tried again.
        if not self.loaded or current.name != self.loaded.manifest.build_id:
            self._failed = current
        where = f"{current.name} cannot be loaded: {place_of(problem)}"
        self._problems["generation"] = str(problem) if isinstance(problem, UserError) else where
        _log.error(self._problems["generation"])

    def _answer_refresh(self) -> None:
        """Let a refresh know that its extracts were loaded with the generation, and are evaluated with everybody."""
        if not self.loaded or not self._refreshed:
            return
        folder = self._source.home / "live"
        if read_answer(folder, self._refreshed) is None:
            customers = len(self.loaded.members.of)
            counts = {"touched": customers, "due": 0, "customers": customers, "failed": 0}
            write_answer(folder, self._refreshed, {**counts, "changes": [], "is_later": True})
            self._problems.pop("refresh", None)


def _leave_to_counting() -> None:
    """Let Python look for cycles in what is new from here on, and drop those in what was until now.

    It looks again and again, meanwhile nobody is answered, and a generation has millions of values, in no cycle.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
