"""The log: every call once, nothing that was acknowledged is lost, and a run can read what is finished."""

import contextlib
import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audiencekit.errors import UserError
from audiencekit.live.calls import Row
from audiencekit.live.log import CallLog

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def rows(*ids: str, table: str = "tracks") -> list[Row]:
    return [Row(table, {"id": each, "event": "Grüße\n", "timestamp": "t"}) for each in ids]


def killed(log: CallLog) -> None:
    """What the operating system does when a process is killed: its files are closed, and nothing is written."""
    os.close(log._lock)


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
    log.finish(later)
    assert [r.message_id for r in log.append(rows("a", "b"), later)] == ["a"]


def test_a_process_that_is_killed_loses_only_the_line_it_was_writing(tmp_path):
    log = CallLog(tmp_path, NOW)
    log.append(rows("a", "b"), NOW)
    (active,) = tmp_path.glob("_calls.*")
    with active.open("ab") as file:
        file.write(b'{"table":"tracks","row":{"id":"never ackn')
    killed(log)
    again = CallLog(tmp_path, NOW)
    assert ids_in(tmp_path) == ["a", "b"]
    assert again.append(rows("b"), NOW) == []


@pytest.mark.parametrize("step", range(6))
def test_a_process_that_is_killed_while_it_finishes_a_file_doubles_nothing(
    tmp_path, monkeypatch, step
):
    log = CallLog(tmp_path, NOW)
    log.append([*rows("a"), *rows("b", table="pages")], NOW)
    left = iter(range(step))

    def until_killed(real):
        def call(*arguments, **options):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        return call

    for name in ("unlink", "replace"):
        monkeypatch.setattr(Path, name, until_killed(getattr(Path, name)))
    monkeypatch.setattr(os, "fsync", until_killed(os.fsync))
    with contextlib.suppress(KeyboardInterrupt):
        log.finish(NOW)
    monkeypatch.undo()
    killed(log)
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
    assert not log.is_due(NOW + timedelta(hours=1)), "there is nothing to take in"
    log.append(rows("a", "b"), NOW)
    assert ids_in(tmp_path) == [] and not log.is_due(NOW + timedelta(seconds=59))
    assert log.is_due(NOW + timedelta(seconds=60))
    assert log.is_due(NOW - timedelta(hours=3)), "the clock was set back"
    log.finish(NOW + timedelta(seconds=60))
    assert ids_in(tmp_path) == ["a", "b"]
    assert [p.name for p in tmp_path.glob("_calls.*")] == ["_calls.000002.jsonl"]


def test_a_file_that_cannot_be_finished_is_finished_the_next_time(tmp_path, monkeypatch):
    log = CallLog(tmp_path, NOW)
    log.append(rows("a"), NOW)

    def too_many(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    for name in ("open", "fsync"):
        monkeypatch.setattr(os, name, too_many)
        with pytest.raises(OSError, match="Too many open files"):
            log.finish(NOW)
        monkeypatch.undo()
        assert [r.message_id for r in log.append(rows(f"after {name}"), NOW)] == [f"after {name}"]
    log.finish(NOW)
    assert ids_in(tmp_path) == ["a", "after open", "after fsync"]


def test_two_processes_never_write_into_one_folder(tmp_path):
    log = CallLog(tmp_path, NOW)
    with pytest.raises(UserError, match="Another process writes into"):
        CallLog(tmp_path, NOW)
    log.close(NOW)
    CallLog(tmp_path, NOW)


def test_other_files_of_the_folder_are_left_alone(tmp_path):
    for name in ("tracks.2024.01.jsonl", "notes.000001.jsonl", "_calls.old.jsonl", "export.csv"):
        (tmp_path / name).write_text("not ours\n")
    log = CallLog(tmp_path, NOW)
    log.append(rows("a"), NOW)
    log.close(NOW)
    assert (tmp_path / "tracks.000001.jsonl").exists()
    assert (tmp_path / "tracks.2024.01.jsonl").read_text() == "not ours\n"


def test_numbers_of_files_go_on_whatever_was_left_behind(tmp_path):
    (tmp_path / "tracks.1000000.jsonl").write_text('{"id":"z"}\n')
    (tmp_path / "_calls.000005.jsonl").write_text('{"table":"tracks","row":{"id":"y"}}\n')
    log = CallLog(tmp_path, NOW)
    log.append(rows("a"), NOW)
    log.close(NOW)
    assert sorted(ids_in(tmp_path)) == ["a", "y", "z"]
    assert (tmp_path / "tracks.1000001.jsonl").exists()
