"""In which order the engine works: calls, who is due, and who was not evaluated with the generation yet."""

import gc
import weakref
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from audiencekit.intake.landing_settings import NO_SETTINGS
from audiencekit.live import engine as engine_module
from audiencekit.live.engine import Engine, Source
from audiencekit.live.journal import Journal
from audiencekit.live.log import CallLog

NOW = datetime(2026, 1, 1)


class Members:
    """Counts how often those who are due, or wait, are evaluated without calls."""

    def __init__(self) -> None:
        self.advanced = 0

    def advance(self, now: datetime) -> list:
        self.advanced += 1
        return []


@pytest.fixture
def engine(tmp_path):
    log = CallLog(tmp_path / "log", NOW.replace(tzinfo=UTC))
    source = Source(tmp_path / "current", log, NO_SETTINGS, lambda: NOW.replace(tzinfo=UTC))
    engine = Engine(source, Journal(tmp_path / "live"))
    engine.loaded = SimpleNamespace(members=Members())
    return engine


def test_those_who_wait_come_once_in_five_seconds_while_calls_come(engine, monkeypatch):
    seconds = 100.0
    monkeypatch.setattr(engine_module.time, "monotonic", lambda: seconds)
    engine.inbox.put(["a call"], 1)
    advanced = []
    for seconds in (100.0, 101.0, 104.9, 105.0, 106.0, 110.1):  # noqa: B007 - read by the clock
        engine._changes([], NOW)
        advanced.append(engine.loaded.members.advanced)
    assert advanced == [1, 1, 1, 2, 2, 3]


def test_those_who_wait_come_at_once_where_no_calls_do(engine):
    engine._changes([], NOW)
    engine._changes([], NOW)
    assert engine.loaded.members.advanced == 2


class Node:
    """Something that may refer to itself."""

    def __init__(self) -> None:
        self.other: Node | None = None


def test_a_generation_is_left_out_of_the_search_for_cycles_until_the_next_one_comes():
    try:
        old = Node()
        old.other = old
        is_there = weakref.ref(old)
        engine_module._leave_to_counting()
        del old
        gc.collect()
        assert is_there()
        engine_module._leave_to_counting()
        assert not is_there()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
