"""The log: every call once, nothing that was acknowledged is lost, and a run can read what is finished."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from audiencekit.live.calls import Row
from audiencekit.live.log import CallLog

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def rows(*ids: str, table: str = "tracks") -> list[Row]:
    return [Row(table, {"id": each, "event": "Grüße\n", "timestamp": "t"}) for each in ids]


def ids_in(folder, table: str = "tracks") -> list[str]:
    files = sorted(folder.glob(f"{table}.*.jsonl"))
    return [json.loads(line)["id"] for path in files for line in path.read_text().splitlines()]


def test_a_call_counts_once_within_a_group_among_groups_and_after_a_restart(tmp_path):
    log = CallLog(tmp_path, NOW)
    assert [r.message_id for r in log.append(rows("a", "b", "a"), NOW)] == ["a", "b"]
    assert [r.message_id for r in log.append(rows("b", "c"), NOW)] == ["c"]
    log.close(NOW)
    again = CallLog(tmp_path, NOW)
    assert again.append(rows("a", "c"), NOW) == []
    again.append(rows("d"), NOW)
    again.close(NOW)
    assert ids_in(tmp_path) == ["a", "b", "c", "d"]


def test_after_a_day_a_call_is_no_longer_remembered(tmp_path):
    log = CallLog(tmp_path, NOW)
    log.append(rows("a"), NOW)
    later = NOW + timedelta(days=1, seconds=1)
    log.append(rows("b"), later)
    assert [r.message_id for r in log.append(rows("a", "b"), later)] == ["a"]


def test_a_process_that_is_killed_loses_only_the_line_it_was_writing(tmp_path):
    log = CallLog(tmp_path, NOW)
    log.append(rows("a", "b"), NOW)
    (active,) = tmp_path.glob("_calls.*")
    with active.open("ab") as file:
        file.write(b'{"table":"tracks","row":{"id":"never ackn')
    again = CallLog(tmp_path, NOW)
    assert ids_in(tmp_path) == ["a", "b"]
    assert again.append(rows("b"), NOW) == []


def test_a_process_that_is_killed_while_it_finishes_a_file_doubles_nothing(tmp_path, monkeypatch):
    log = CallLog(tmp_path, NOW)
    log.append([*rows("a"), *rows("b", table="pages")], NOW)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        log.finish(NOW)
    monkeypatch.undo()
    CallLog(tmp_path, NOW)
    assert ids_in(tmp_path) == ["a"] and ids_in(tmp_path, "pages") == ["b"]


def test_a_full_disk_takes_nothing_and_the_calls_can_come_again(tmp_path, monkeypatch):
    log = CallLog(tmp_path, NOW)
    log.append(rows("a"), NOW)
    write = os.write

    def full(file, data):
        if len(data) < 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:20])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        log.append(rows("b"), NOW)
    monkeypatch.undo()
    assert [r.message_id for r in log.append(rows("b", "c"), NOW)] == ["b", "c"]
    log.close(NOW)
    assert ids_in(tmp_path) == ["a", "b", "c"]


def test_a_file_is_finished_after_its_time_and_hidden_before(tmp_path):
    log = CallLog(tmp_path, NOW, seconds_per_file=60)
    log.append(rows("a"), NOW + timedelta(seconds=59))
    assert ids_in(tmp_path) == []
    log.append(rows("b"), NOW + timedelta(seconds=60))
    assert ids_in(tmp_path) == ["a", "b"]
    assert [p.name for p in tmp_path.glob("_calls.*")] == ["_calls.000002.jsonl"]
