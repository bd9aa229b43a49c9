"""What a channel reads the morning after something broke: yesterday's audience, to the byte, until a person accepts.

Each case breaks one thing after a good build. (An emptied or refused consent table is in test_published.py; every rule
of intake is in test_intake.py.)
"""

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from workspaces import CHANNELS, Runner, rewrite

from audiencekit.errors import UserError
from audiencekit.publish.generations import Manifest, current_manifest
from audiencekit.workspace import Workspace

NEXT_DAY = datetime(2018, 1, 2)


@dataclass(frozen=True)
class Case:
    """One fault: `query` rewrites `file` (without a query, the file is cut to half its bytes). `says` is the error."""

    file: str
    query: str
    says: str
    what_next: str


@dataclass(frozen=True)
class Yesterday:
    """What was published the day before: its manifest and files (by their SHA-256), and the landing of today."""

    workspace: Workspace
    manifest: Manifest
    files: dict[str, str]
    landing: Path


CASES = {
    "orders are emptied": Case(
        "orders.parquet",
        "select * from t where false",
        r"orders\.parquet: a header and no rows",
        "Export it again",
    ),
    "contacts are a broken file": Case(
        "contacts.2017-12-31.parquet",
        "",
        r"contacts\.2017-12-31\.parquet.*",
        "Export it again",
    ),
    "accounts are emptied": Case(
        "accounts.parquet",
        "select * from t where false",
        r"accounts\.parquet: a header and no rows",
        "Export it again",
    ),
    # The files are whole, and no audience of ads or e-mail would have a row.
    "everybody withdraws": Case(
        "consent_events.parquet",
        "select * replace ('withdrawn' as status, timestamp '2018-01-01 12:00' as decided_at) from t",
        r"aud_\w+, audience \w+, fell from",
        "--accept ",
    ),
}


# A person may accept these. Each stops the run once those before it are accepted.
ACCEPTABLE = {
    "web events are cut short": Case(
        "web_events.parquet",
        "select * from t where hash(event_id) % 3 = 0",
        r"web_events: [\d,]+ usable rows, the last published build had [\d,]+",
        "--accept web_events",
    ),
    "a consent decision is gone": Case(
        "consent_events.parquet",
        "select * from t order by consent_event_id limit (select count(*) - 1 from t)",
        r"consent_events only ever grows.* [\d,]+ rows, [\d,]+ the last time",
        "--accept consent_events",
    ),
    # As many orders as ever, and most of them long ago: only the size of what comes out tells.
    "a segment shrinks overnight": Case(
        "orders.parquet",
        "select * replace (case when hash(coalesce(card_number, account_id, order_id)) % 10 > 0 "
        "then ordered_at - interval 700 day else ordered_at end as ordered_at) from t",
        r"aud_\w+, audience \w+, fell from [\d,]+ to [\d,]+ rows",
        "--accept ",
    ),
}


def bytes_of(workspace: Workspace) -> dict[str, str]:
    """Every file of the generation that readers see, by its SHA-256."""
    folder = workspace.current.resolve()
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def break_file(landing: Path, case: Case) -> None:
    path = landing / case.file
    if case.query:
        rewrite(path, case.query)
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])


@pytest.fixture
def yesterday(runner, published, demo, tmp_path) -> Yesterday:
    """A published workspace of the test's own, and a landing to break."""
    shutil.copytree(demo / "landing", tmp_path / "landing")
    workspace = runner.copy_of(published, tmp_path.name).workspace
    return Yesterday(
        workspace, current_manifest(workspace), bytes_of(workspace), tmp_path / "landing"
    )


def refusal(runner: Runner, yesterday: Yesterday, case: Case, *accepted: str) -> str:
    """What the next day's run says, which leaves every file as it is."""
    name = yesterday.workspace.home.name
    with pytest.raises(UserError) as refused:
        runner(name, yesterday.landing, as_of=NEXT_DAY, accept=accepted, checks=False)
    problem, outcome = str(refused.value).splitlines()
    assert re.search(case.says, problem) and case.what_next in problem, problem
    last = yesterday.manifest.build_id
    assert outcome == f"Nothing was published. The last good generation is still published: {last}."
    assert bytes_of(yesterday.workspace) == yesterday.files
    assert all(f"activation/aud_{channel}.parquet" in yesterday.files for channel in CHANNELS)
    print(f"\n  {problem[:100]}")
    return problem


@pytest.mark.parametrize("what", CASES)
def test_yesterdays_audiences_remain(runner, yesterday, what):
    break_file(yesterday.landing, CASES[what])
    refusal(runner, yesterday, CASES[what])


def test_a_person_accepts_one_fault_after_the_other(runner, yesterday):
    """What a message says to accept is all there is to accept about its fault; then the next gate speaks."""
    for case in ACCEPTABLE.values():
        break_file(yesterday.landing, case)
    accepted: list[str] = []
    for case in ACCEPTABLE.values():
        accepted += re.findall(r"--accept (\w+)", refusal(runner, yesterday, case, *accepted))
    assert accepted[:2] == ["web_events", "consent_events"]
    channels = accepted[2:]
    assert set(channels) <= set(CHANNELS)
    after = runner(
        yesterday.workspace.home.name,
        yesterday.landing,
        as_of=NEXT_DAY,
        accept=accepted,
        checks=False,
    ).run.manifest
    assert current_manifest(yesterday.workspace) == after
    assert after.build_id > yesterday.manifest.build_id
    # An audience of each has lost half its rows. Another may have grown: that of customers who stopped buying.
    for table in (f"aud_{channel}" for channel in channels):
        now, before = after.audiences[table], yesterday.manifest.audiences[table]
        assert any(now.get(code, 0) < rows / 2 for code, rows in before.items()), table
    files, new = yesterday.files, bytes_of(yesterday.workspace)
    assert all(
        new[name] != files[name] for c in channels for name in [f"activation/aud_{c}.parquet"]
    )
