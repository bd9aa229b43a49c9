"""A file that did not change is not read again, and every figure is that of an intake that reads everything."""

import os
import random
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.intake import checking
from audiencekit.intake.checked_files import erase_from_checked_files
from audiencekit.intake.contract import load_contract
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.shop import read_shop
from audiencekit.intake.tombstones import hash_sql
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

AS_OF = datetime(2018, 1, 1)
ORDERS = "order_id,ordered_at,total,email\n"
CONTACTS = "contact_id,email,first_name,updated_at\n"
SHOPIFY = "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount,Id\n"


def take(landing: Path, home: Path, as_of: datetime = AS_OF, **options) -> tuple[dict, list[str]]:
    """Everything that an intake leaves for dbt, each table's rows in order, and what it says."""
    lines: list[str] = []
    workspace = Workspace(home)
    options = {"shop": read_shop("USD", None)} | options
    counts = run_intake(landing, workspace, as_of, Gates(**options), lines.append)
    tables = {
        name: duckdb.execute(
            f"select * from {rows_of(workspace.intake / name)} order by all"
        ).fetchall()
        for name in sorted(path.name for path in workspace.intake.glob("*.parquet"))
    }
    return tables | {"counts": [asdict(each) for each in counts]}, lines


def unchanged(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if "not read again" in line]


@pytest.fixture
def landing(tmp_path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "orders.csv").write_text(
        f"{ORDERS}1,2017-05-01,5,ann@example.com\nx,bad,5,\n2,2017-06-01,7,\n"
    )
    (folder / "contacts.csv").write_text(f"{CONTACTS}a,ann@example.com,Ann,2017-05-01\n")
    return folder


def test_nothing_is_read_twice_and_a_line_tells_so(tmp_path, landing):
    first, lines = take(landing, tmp_path / "home")
    assert not unchanged(lines)
    again, lines = take(landing, tmp_path / "home")
    assert unchanged(lines) == ["2 of 2 files are as checked before, and not read again"]
    assert again == first
    (landing / "orders.2.csv").write_text(f"{ORDERS}3,2017-07-01,9,\n")
    more, lines = take(landing, tmp_path / "home")
    assert unchanged(lines) == ["2 of 3 files are as checked before, and not read again"]
    assert [row[0] for row in more["orders.parquet"]] == ["1", "2", "3"]


def test_a_file_that_was_only_touched_or_copied_is_not_read_again(tmp_path, landing):
    take(landing, tmp_path / "home")
    os.utime(landing / "orders.csv")
    _, lines = take(landing, tmp_path / "home")
    assert unchanged(lines) == ["2 of 2 files are as checked before, and not read again"]


def test_a_change_that_leaves_size_and_time_is_seen(tmp_path, landing):
    take(landing, tmp_path / "home")
    path = landing / "orders.csv"
    before = path.stat()
    path.write_text(path.read_text().replace("2017-06-01,7", "2017-06-01,8"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after, lines = take(landing, tmp_path / "home")
    assert unchanged(lines) == ["1 of 2 files is as checked before, and not read again"]
    assert [row[2] for row in after["orders.parquet"]] == [5.0, 8.0]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({}, {"as_of": AS_OF + timedelta(days=400)}),  # the row was held back
        ({}, {"clock": datetime(2019, 1, 1)}),
        ({"clock": datetime(2018, 1, 1)}, {"clock": datetime(2020, 1, 1)}),
        ({"clock": datetime(2020, 1, 1)}, {"clock": datetime(2018, 1, 1)}),
        ({}, {"shop": read_shop("USD", "America/New_York")}),
        ({}, {"accept": ["orders"]}),
    ],
)  # fmt: skip
def test_a_row_that_would_be_treated_otherwise_now_is(tmp_path, landing, first, later):
    (landing / "orders.2.csv").write_text(f"{ORDERS}3,2019-01-01 00:30,9,\n")
    (landing / "consent_events.csv").write_text(
        "consent_event_id,id_type,id_value,purpose,status,decided_at\nc,email,ann@example.com,email_marketing,denied,2018-06-01\nd,email,ann@example.com,email_marketing,denied,2017-06-01\n"
    )
    take(landing, tmp_path / "home", **first)
    assert (
        take(landing, tmp_path / "home", **later)[0]
        == take(landing, tmp_path / "fresh", **later)[0]
    )


def test_what_a_gate_stopped_is_stopped_again_and_passes_once_it_is_accepted(tmp_path, landing):
    (landing / "orders.csv").write_text(
        "order_id,ordered_at,total,test\n1,2017-05-01,5,no\n2,2017-05-02,5,yes\n"
    )
    for _ in range(2):
        with pytest.raises(UserError, match="test change what a row means"):
            take(landing, tmp_path / "home")
    assert take(landing, tmp_path / "home", accept=["orders"])[0]["counts"][0]["rows_kept"] == 2
    with pytest.raises(UserError, match="test change what a row means"):
        take(landing, tmp_path / "home")


def test_amounts_without_a_rate_stop_every_run(tmp_path, landing):
    (landing / "orders.csv").write_text(
        "order_id,ordered_at,total,currency\n1,2017-05-01,5,USD\n2,2017-05-02,5,EUR\n"
    )
    for _ in range(2):
        with pytest.raises(UserError, match="1 of 2 rows are in EUR"):
            take(landing, tmp_path / "home")


def test_an_export_is_read_again_when_one_of_its_files_changes(tmp_path, landing):
    (landing / "orders.csv").unlink()
    row = "#{0},ann@example.com,paid,2017-05-01 10:00:00 +0000,fulfilled,no,USD,{1},0,0,{1},,0,2017-05-01 10:00:00 +0000,1,Tea,{1},T1,,0,{0}\n"
    (landing / "shop.csv").write_text(SHOPIFY + row.format(1, 5))
    first, lines = take(landing, tmp_path / "home")
    assert not unchanged(lines)
    again, lines = take(landing, tmp_path / "home")
    assert again == first and unchanged(lines) == [
        "2 of 2 files are as checked before, and not read again"
    ]
    (landing / "shop.csv").write_text(SHOPIFY + row.format(1, 5) + row.format(2, 7))
    after, lines = take(landing, tmp_path / "home")
    assert after == take(landing, tmp_path / "fresh")[0]
    assert unchanged(lines) == ["1 of 2 files is as checked before, and not read again"]
    # A later moment makes no difference to what the adapter makes.
    assert (
        take(landing, tmp_path / "home", AS_OF - timedelta(days=200))[0]
        == take(landing, tmp_path / "other", AS_OF - timedelta(days=200))[0]
    )


def test_packed_files_are_not_unpacked_again(tmp_path, landing, monkeypatch):
    (landing / "orders.csv").rename(landing / "orders.txt")
    text = (landing / "orders.txt").read_text()
    (landing / "orders.txt").unlink()
    header, *rows = [line.split(",") for line in text.splitlines()]
    lines_of = [
        "{" + ", ".join(f'"{k}": "{v}"' for k, v in zip(header, row, strict=True)) + "}"
        for row in rows
    ]
    (landing / "orders.jsonl").write_text("\n".join(lines_of))
    first, _ = take(landing, tmp_path / "home")

    def fail(*_):
        raise AssertionError("a file is unpacked again")

    monkeypatch.setattr("audiencekit.intake.unpacked._from_json", fail)
    assert take(landing, tmp_path / "home")[0] == first


def test_whatever_changes_the_outcome_is_that_of_a_fresh_home(tmp_path, landing):
    """Twenty random days of a landing: files come, go, change, overlap; settings and the moment change."""
    chance = random.Random(18)
    as_of, home = AS_OF, tmp_path / "home"
    read = 0

    def orders(first: int, count: int) -> str:
        def row(number: int) -> str:
            day = f"2017-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
            day = (
                f"2018-0{chance.randint(1, 4)}-01"
                if chance.random() < 0.05
                else f"2017-06-{number % 28 + 1:02d}"
                if chance.random() < 0.9
                else day
            )
            total = "bad" if chance.random() < 0.02 else str(number % 7 + chance.randint(0, 1))
            return f"{number},{day},{total},p{number % 5}@example.com\n"

        return ORDERS + "".join(map(row, range(first, first + count)))

    for step in range(20):
        kind = chance.choice(
            [
                "new",
                "new",
                "overlap",
                "change",
                "remove",
                "nothing",
                "moment",
                "contacts",
                "settings",
            ]
        )
        others = sorted(landing.glob("orders.2*.csv"))
        if kind == "new":
            (landing / f"orders.2017{chance.randint(1, 12):02d}{step % 28 + 1:02d}.csv").write_text(
                orders(1000 * step, 40)
            )
        elif kind == "overlap":
            (landing / f"orders.2018{step % 12 + 1:02d}.csv").write_text(
                orders(1000 * max(step - 2, 0), 50)
            )
        elif kind == "change" and others:
            chance.choice(others).write_text(orders(1000 * step, 30))
        elif kind == "remove" and others:
            chance.choice(others).unlink()
        elif kind == "moment":
            as_of += timedelta(days=chance.choice([1, 40, -20]))
        elif kind == "contacts":
            (landing / f"contacts.{step}.csv").write_text(
                f"{CONTACTS}a,ann{step}@example.com,Ann,\nb{step},,Bo,2017-01-01\n"
            )
        elif kind == "settings":
            (landing / "landing.yml").write_text(f"files:\n  orders.csv: {{source: s{step % 3}}}\n")
        options = {"accept": ["orders", "contacts"]}
        got, lines = take(landing, home, as_of, **options)
        expected, printed = take(landing, tmp_path / f"fresh{step}", as_of, **options)
        assert got == expected, (step, kind)
        assert [line for line in lines if not unchanged([line])] == printed, (step, kind)
        read += bool(unchanged(lines))
    assert read >= 16  # the first day reads everything


@pytest.mark.parametrize(
    "rows", ["b,,Bo,\nb,,Bea,\n", "a,,Anna,\n", "a,ann@example.com,Ann,2017-05-01\n"]
)
def test_a_new_file_with_keys_that_occur_again_counts_as_in_a_fresh_home(tmp_path, landing, rows):
    take(landing, tmp_path / "home")
    (landing / "contacts.2018.csv").write_text(CONTACTS + rows)
    assert take(landing, tmp_path / "home")[0] == take(landing, tmp_path / "fresh")[0]


def test_two_shops_that_were_accepted_stop_the_run_once_they_are_not(tmp_path, landing):
    (landing / "orders.b.csv").write_text(f"{ORDERS}1,2017-09-01,9,\n")
    take(landing, tmp_path / "home", accept=["orders"])
    with pytest.raises(UserError, match="order_id 1 is in"):
        take(landing, tmp_path / "home")


def _erase(workspace: Workspace, *emails: str) -> None:
    """Add tombstones to the ledger, as a published build does."""
    folder = workspace.current / "ledger" / "erasure_tombstones"
    folder.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in folder.iterdir())
    values = ", ".join(f"('{email}')" for email in emails)
    id_hash = hash_sql("'email'", "email")
    target = folder / f"{number}.parquet"
    duckdb.execute(
        f"copy (select 'email' as id_type, {id_hash} as id_hash, timestamp '2017-12-01' as erased_at, "
        f"'b' as build_id from (values {values}) as t (email)) to '{target}' (format parquet)"
    )


def contents(workspace: Workspace) -> str:
    """All cells of all files of an intake."""
    texts = [path.read_text() for path in workspace.intake.rglob("*.json")]
    for path in workspace.intake.rglob("*.parquet"):
        if path.is_file():
            texts.append(str(duckdb.execute(f"from {rows_of(path)}").fetchall()))
    return "\n".join(texts)


def test_nothing_of_erased_people_stays_among_files_that_were_checked(tmp_path, landing):
    workspace = Workspace(tmp_path / "home")
    (landing / "orders.csv").write_text(
        f"{ORDERS}1,2017-05-01,5,ann@example.com\nx,bad,5,ann@example.com\n2,2017-06-01,7,bo@example.com\n"
    )
    take(landing, workspace.home)
    assert "ann@example.com" in contents(workspace)
    _erase(workspace, "ann@example.com")
    erase_from_checked_files(workspace)
    kept = "\n".join(
        str(duckdb.execute(f"from {rows_of(path)}").fetchall())
        for path in workspace.intake.glob("checked/*/*.parquet")
    )
    assert "ann@example.com" not in kept and "bo@example.com" in kept
    tables, lines = take(landing, workspace.home)
    assert unchanged(lines) == ["2 of 2 files are as checked before, and not read again"]
    assert "ann@example.com" not in contents(workspace)
    assert tables["erased_counts.parquet"][0:1] == [("accounts", 0, 0)]
    assert ("contacts", 1, 0) in tables["erased_counts.parquet"]
    assert ("orders", 1, 0) in tables["erased_counts.parquet"]
    assert [
        row["rows_kept"] for row in tables["counts"] if row["table_name"] in ("orders", "contacts")
    ] == [2, 1]
    # The file comes back as it was, with more rows.
    (landing / "orders.csv").write_text(
        (landing / "orders.csv").read_text() + "3,2017-12-24,7,Ann <ANN@example.com>\n"
    )
    tables, _ = take(landing, workspace.home)
    assert "ann@example.com" not in contents(workspace).lower()
    assert ("orders", 2, 1) in tables["erased_counts.parquet"]
    assert take(landing, workspace.home)[0] == tables
    _erase(workspace, "bo@example.com")
    tables, _ = take(landing, workspace.home)
    assert ("orders", 3, 1) in tables["erased_counts.parquet"]
    assert "bo@example.com" not in contents(workspace).lower()


def test_another_history_makes_everything_be_read_again(tmp_path, landing):
    workspace = Workspace(tmp_path / "home")
    _erase(workspace, "ann@example.com")
    take(landing, workspace.home)
    next((workspace.ledger / "erasure_tombstones").iterdir()).unlink()
    tables, lines = take(landing, workspace.home)
    assert not unchanged(lines) and [row[0] for row in tables["contacts.parquet"]] == ["a"]


@pytest.mark.parametrize(
    "pattern",
    [
        "checked/*/facts.json",
        "checked/files.json",
        "checked/tombstones.json",
        "*.parquet/.state.json",
    ],
)
@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_what_is_known_of_files_may_be_broken(tmp_path, landing, pattern, content):
    workspace = Workspace(tmp_path / "home")
    _erase(workspace, "bo@example.com")
    first, _ = take(landing, workspace.home)
    found = list(workspace.intake.glob(pattern))
    assert found
    for path in found:
        path.write_text(content)
    assert take(landing, workspace.home)[0] == first


@pytest.mark.parametrize("name", ["rows.parquet", "refused.parquet"])
def test_rows_of_a_checked_file_may_be_gone(tmp_path, landing, name):
    workspace = Workspace(tmp_path / "home")
    first, _ = take(landing, workspace.home)
    for path in workspace.intake.glob(f"checked/*/{name}"):
        path.unlink()
    again, lines = take(landing, workspace.home)
    assert again == first and not unchanged(lines)


def test_an_erasure_that_is_killed_halfway_is_made_good(tmp_path, landing, monkeypatch):
    workspace = Workspace(tmp_path / "home")
    take(landing, workspace.home)
    _erase(workspace, "ann@example.com")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("audiencekit.intake.checked_files.CheckedFile.write_facts", killed)
        with pytest.raises(KeyboardInterrupt):
            erase_from_checked_files(workspace)
    tables, _ = take(landing, workspace.home)
    assert ("contacts", 1, 0) in tables["erased_counts.parquet"]
    assert "ann@example.com" not in contents(workspace)


def test_what_is_known_of_cells_that_are_not_read_holds_no_personal_data(tmp_path, landing):
    workspace = Workspace(tmp_path / "home")
    (landing / "service_contacts.csv").write_text(
        "service_contact_id,opened_at,contact_kind,topic\n"
        "1,2017-05-01,ticket,Please unsubscribe ann@example.com\n"
    )
    (landing / "orders.csv").write_text(
        "order_id,ordered_at,total,event,vorgang\n1,2017-05-01,5,Sale to ann@example.com,ann@example.com\n2,2017-05-01,5,Sale to ann@example.com,ann@example.com\n"
    )
    (landing / "contacts.csv").write_text("contact_id\na\n")
    take(landing, workspace.home)
    known = "\n".join(path.read_text() for path in workspace.intake.rglob("*.json"))
    assert "unread refusals" in known and "ann@example.com" not in known


def test_a_deletion_of_a_row_of_somebody_else_stays_after_an_erasure(tmp_path, landing):
    workspace = Workspace(tmp_path / "home")
    (landing / "contacts.csv").unlink()
    (landing / "contacts.a.csv").write_text(
        "contact_id,email\nc,bo@example.com\nd,di@example.com\n"
    )
    (landing / "contacts.b.csv").write_text("contact_id,email,_deleted\nc,ann@example.com,true\n")
    take(landing, workspace.home)
    _erase(workspace, "ann@example.com")
    tables, _ = take(landing, workspace.home)
    assert [row[0] for row in tables["contacts.parquet"]] == ["d"]
    fresh = tmp_path / "fresh"
    shutil.copytree(workspace.published, fresh / "published", symlinks=True)
    assert take(landing, fresh)[0] == tables
    assert "ann@example.com" not in contents(workspace)


def test_a_run_that_a_gate_stopped_leaves_no_rows_of_its_own(tmp_path, landing):
    (landing / "orders.b.csv").write_text(f"{ORDERS}1,2017-09-01,9,zoe@example.com\n")
    workspace = Workspace(tmp_path / "home")
    with pytest.raises(UserError, match="order_id 1 is in"):
        take(landing, workspace.home)
    assert not list(workspace.intake.glob("checked/.new-*"))


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, landing, monkeypatch):
    path = landing / "orders.csv"
    before = path.read_text()
    real = checking.open_file

    def changed_first(extract, *others):
        if extract.name == "orders.csv":
            path.write_text(before.replace(",5,", ",99,"))
        return real(extract, *others)

    with monkeypatch.context() as patch:
        patch.setattr(checking, "open_file", changed_first)
        take(landing, tmp_path / "home")
    path.write_text(before)
    tables, _ = take(landing, tmp_path / "home")
    assert [row[2] for row in tables["orders.parquet"]] == [5.0, 7.0]


def test_files_that_only_had_their_header_read_are_not_counted_nor_remembered(tmp_path, landing):
    (landing / "people.json").write_text('{"ann@example.com": "x", "note": "y"}')
    workspace = Workspace(tmp_path / "home")
    _, lines = take(landing, workspace.home)
    assert not unchanged(lines)
    assert "ann@example.com" not in (workspace.intake / "checked/files.json").read_text()


def test_files_that_are_gone_leave_nothing(tmp_path, landing):
    workspace = Workspace(tmp_path / "home")
    take(landing, workspace.home)
    (landing / "contacts.csv").unlink()
    take(landing, workspace.home)
    assert "ann" in contents(workspace) and "Ann" not in contents(workspace)
    assert len(list(workspace.intake.glob("checked/*/rows.parquet"))) == 1


def test_every_landing_table_can_be_checked_before(tmp_path, landing):
    """Tables without any rows of their own too: the second intake reads nothing, and is the same."""
    for table in load_contract().values():
        path = landing / f"{table.name}.csv"
        if not path.exists() and table.may_be_empty:
            path.write_text(",".join(c.name for c in table.columns if c.required) + "\n")
    first, _ = take(landing, tmp_path / "home")
    assert take(landing, tmp_path / "home")[0] == first
