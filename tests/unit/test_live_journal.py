"""The journal and the inbox of the live service: one number a change, whatever happens to the process or the disk."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audiencekit.errors import UserError
from audiencekit.live.calls import Row
from audiencekit.live.changes import ENTERED, LEFT, PERMISSION, Change
from audiencekit.live.inbox import Inbox
from audiencekit.live.journal import KEPT, Journal

AT = datetime(2018, 1, 1, 12)
NOW = datetime.now(UTC)


def change(key: str, action: str = ENTERED, segment: str = "s", **reasons: str | None) -> Change:
    return Change(AT, segment, key, action, tuple(reasons.items()), "event", ("e1",), ("p1",))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("changes.*.jsonl"))


def test_numbers_go_on_after_a_restart_and_half_a_line_was_never_announced(tmp_path):
    journal = Journal(tmp_path)
    journal.settle({}, NOW)
    first = journal.append([change("a"), change("b")], "build")
    assert [c["change_seq"] for c in first] == [1, 2]
    journal.close()
    path = tmp_path / files(tmp_path)[-1]
    with path.open("ab") as file:
        file.write(b'{"change_seq":3,"customer_key":"half')
    journal = Journal(tmp_path)
    assert journal.last_seq == 2 and journal.read(0, 10) == first
    assert [c["change_seq"] for c in journal.append([change("c")], "build")] == [3]
    assert [json.loads(line)["change_seq"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_what_was_announced_follows_from_the_snapshot_and_the_changes_after_it(tmp_path):
    journal = Journal(tmp_path)
    assert journal.announced() is None
    journal.settle({"a": {"s": (("email", None),)}, "b": {"t": ()}}, NOW)
    journal.append(
        [
            change("a", LEFT),
            change("b", ENTERED, "s", email="cap"),
            change("b", PERMISSION, "s", email=None),
        ],
        "build",
    )
    expected = {"a": {}, "b": {"t": (), "s": (("email", None),)}}
    assert journal.announced() == expected
    journal.close()
    assert Journal(tmp_path).announced() == expected


def test_what_many_have_in_common_is_written_once_and_a_change_of_one_is_none_of_the_others(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("audiencekit.live.journal._IN_LINE", 2)
    journal = Journal(tmp_path)
    common = {"s": (("email", None), ("crm", "cap"))}
    journal.settle({"a": common, "b": common, "c": {}, "d": common}, NOW)
    snapshot = (tmp_path / "announced.jsonl").read_text()
    assert snapshot.count('"cap"') == 1
    assert journal.announced() == {"a": common, "b": common, "c": {}, "d": common}
    journal.append([change("b", LEFT), change("d", PERMISSION, email="cap")], "build")
    expected = {"a": common, "b": {}, "c": {}, "d": {"s": (("email", "cap"),)}}
    assert journal.announced() == expected
    journal.settle(expected, NOW)
    assert journal.announced() == expected


def test_a_snapshot_in_another_layout_is_refused(tmp_path):
    Journal(tmp_path).close()
    (tmp_path / "announced.jsonl").write_text('[0]\n[{"s":{}}]\n["a",0]\n')
    with pytest.raises(UserError, match=r"announced\.jsonl was written by another version"):
        Journal(tmp_path).announced()


def test_a_disk_that_takes_no_new_file_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    journal.append([change("a")], "build")

    def full(*_: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_open", full)
        for _ in range(2):
            with pytest.raises(OSError, match="no space"):
                journal.settle({"a": {}}, NOW)
    assert journal.append([change("b")], "build")[0]["change_seq"] == 2
    assert [c["customer_key"] for c in journal.read(0, 9)] == ["a", "b"]
    journal.settle({"a": {}, "b": {}}, NOW)
    assert len(files(tmp_path)) == 2


def test_a_receiver_that_was_away_reads_on_across_files(tmp_path, monkeypatch):
    monkeypatch.setattr("audiencekit.live.journal.RECENT", 3)
    journal = Journal(tmp_path)
    for _ in range(4):
        journal.append([change("a"), change("b")], "build")
        journal.settle({"a": {}, "b": {}}, NOW)
    assert len(files(tmp_path)) == 5
    for after in range(9):
        numbers = [c["change_seq"] for c in journal.read(after, 4)]
        assert numbers == list(range(after + 1, 9))[:4]


def test_a_customer_who_is_gone_goes_from_the_journal_when_everybody_could_hear_of_it(tmp_path):
    journal = Journal(tmp_path)
    journal.append([change("a"), change("erased")], "build 1")
    journal.settle({"a": {}, "erased": {}}, NOW)
    journal.append([change("erased", LEFT)], "build 2")
    journal.settle({"a": {}}, NOW)
    assert [c["customer_key"] for c in journal.read(0, 9)] == ["a", "erased", "erased"]
    journal.settle({"a": {}}, NOW)
    assert [c["customer_key"] for c in journal.read(0, 9)] == ["a"]
    journal.close()
    journal = Journal(tmp_path)
    assert [c["customer_key"] for c in journal.read(0, 9)] == ["a"]
    assert "erased" not in "".join(path.read_text() for path in tmp_path.glob("*.jsonl"))
    assert journal.append([change("a")], "build 3")[0]["change_seq"] == 4


def test_old_files_go(tmp_path):
    journal = Journal(tmp_path)
    journal.append([change("a")], "build")
    journal.settle({"a": {}}, NOW)
    journal.settle({"a": {}}, NOW + KEPT + timedelta(days=1))
    assert files(tmp_path) == ["changes.000000000002.jsonl"] and journal.last_seq == 1


def test_one_process_has_the_journal(tmp_path):
    Journal(tmp_path)
    with pytest.raises(UserError, match="Another process writes into"):
        Journal(tmp_path)


def test_calls_that_do_not_fit_are_read_from_the_log_from_the_first_file_they_are_in():
    inbox, row = Inbox(most=3), Row("tracks", {"id": "m"})
    inbox.put([row, row], 1)
    inbox.put([row, row], 2)
    inbox.put([row], 3)
    waiting = inbox.take(0)
    assert len(waiting.rows) == 2 and waiting.missed_from == 2
    inbox.put([row], 4)
    waiting = inbox.take(0)
    assert len(waiting.rows) == 1 and waiting.missed_from is None
    assert inbox.take(0).rows == []


def test_calls_wait_until_they_are_evaluated():
    inbox, row = Inbox(), Row("tracks", {"id": "m"})
    inbox.put([row, row, row], 1)
    assert len(inbox) == 3
    inbox.take(0)
    inbox.put([row], 1)
    assert len(inbox) == 4
    inbox.are_evaluated(2)
    assert len(inbox) == 2
    # An evaluation that failed leaves none behind.
    inbox.take(0)
    inbox.take(0)
    assert len(inbox) == 0
