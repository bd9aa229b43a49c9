"""What a request for erasure resolves to, and which rows of the intake it removes."""

import hashlib
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.contract import load_contract
from audiencekit.intake.erasure import erase_from_intake, write_people
from audiencekit.intake.erasure_requests import LARGEST_HOUSEHOLD, resolve_requests
from audiencekit.intake.report import TableIntake
from audiencekit.intake.tombstones import TOMBSTONES, Erased, hash_sql, salt
from audiencekit.publish.generations import _drop_old, _switch
from audiencekit.publish.ledger import open_ledger
from audiencekit.run.job import _rows_to_expect
from audiencekit.workspace import Workspace

FIRST, SECOND = datetime(2018, 1, 1), datetime(2018, 1, 2)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- Cases of their own -------------------------------------------------------------------------------


def resolved(tmp_path: Path, found: list[tuple], is_accepted: bool = False, asked="k1"):
    """What becomes of request r for `asked` when identity `found` (request_id, customer_key, id_type,
    raw_value, country_code)."""
    workspace = Workspace(tmp_path)
    workspace.intake.mkdir()
    kind = "phone" if asked[-1].isdigit() and asked[0] in "+0" else "contact_id"
    duckdb.execute(
        f"copy (select 'r' as request_id, '{kind}' as id_type, '{asked}' as id_value) "
        f"to '{workspace.intake}/erasure_requests.parquet' (format parquet)"
    )
    with duckdb.connect(str(workspace.warehouse)) as con:
        con.execute(
            "create schema identity; create table identity.int_erased_identifiers "
            "(request_id varchar, customer_key varchar, id_type varchar, raw_value varchar, country_code varchar, "
            "is_merged_key boolean default false)"
        )
        con.executemany(
            "insert into identity.int_erased_identifiers (request_id, customer_key, id_type, raw_value, country_code) "
            "values (?, ?, ?, ?, ?)",
            found,
        )
    return workspace, resolve_requests(workspace, lambda: None, is_accepted)


def test_a_request_about_more_than_a_household_asks_first(tmp_path):
    """A placeholder as phone would take everybody who ever typed it, for good."""
    crowd = [("r", f"k{n}", "contact_id", f"c{n}", "") for n in range(LARGEST_HOUSEHOLD + 1)]
    (tmp_path / "asked").mkdir()
    (tmp_path / "accepted").mkdir()
    with pytest.raises(UserError, match=r"request r names an identifier that 11 people have"):
        resolved(tmp_path / "asked", crowd)
    assert len(resolved(tmp_path / "accepted", crowd, is_accepted=True)[1].people) == 11


def test_a_request_that_matches_no_customer_is_answered_too(tmp_path):
    """A frame of nothing but nulls has no type of its own; dbt joins it with keys."""
    workspace, erased = resolved(tmp_path, [("r", None, "email", "who@example.com", "")])
    write_people(workspace, erased.people)
    kinds = duckdb.execute(
        f"describe select * from '{workspace.intake}/erased_people.parquet'"
    ).fetchall()
    assert [kind for _, kind, *_ in kinds] == ["VARCHAR", "VARCHAR"]
    open_ledger(workspace, erased, FIRST)
    assert set(erased.tombstones["id_type"]) == {"email", "mailbox", "request_id"}


def test_a_phone_without_its_country_asks_before_it_takes_several(tmp_path):
    """The same digits are somebody's in France and somebody else's in the Netherlands."""
    both = [("r", k, "phone", "0612345678", c) for k, c in (("ann", "FR"), ("bas", "NL"))]
    for name in ("national", "whole"):
        (tmp_path / name).mkdir()
    with pytest.raises(
        UserError, match="request r names a phone without its country, and 2 people"
    ):
        resolved(tmp_path / "national", both, asked="0612345678")
    assert len(resolved(tmp_path / "whole", both, asked="+33612345678")[1].people) == 2


def test_a_national_number_goes_with_its_country(tmp_path):
    found = [
        ("r", "ann", "phone", "06 12 34 56 78", "FR"),
        ("r", "ann", "phone", "+33612345678", ""),
    ]
    workspace, erased = resolved(tmp_path, found)
    phones = {
        "ann": ("0612345678", "fr"),
        "bas": ("0612345678", "NL"),
        "cara": ("+33 6 12345678", ""),
    }
    columns = ", ".join(
        f"{c.name}"
        if c.name in ("contact_id", "phone", "country_code")
        else f"null::{c.data_type} as {c.name}"
        for c in load_contract()["contacts"].columns
    )
    rows = ", ".join(f"('{k}', '{phone}', '{country}')" for k, (phone, country) in phones.items())
    duckdb.execute(
        f"copy (select {columns} from (values {rows}) as t (contact_id, phone, country_code)) "
        f"to '{workspace.intake}/contacts.parquet' (format parquet)"
    )
    refused = " union all ".join(
        f"select 't' as table_name, 'f' as file_name, {n} as row_number, '{text}' as raw_row, null::varchar as source"
        for n, text in enumerate(['{"phone": "06 12345678"}', '{"phone": "0699999999"}'])
    )
    duckdb.execute(f"copy ({refused}) to '{workspace.intake}/quarantine.parquet' (format parquet)")
    erase_from_intake(workspace)
    erase_from_intake(workspace, erased)
    left = duckdb.execute(
        f"select contact_id from '{workspace.intake}/contacts.parquet'"
    ).fetchall()
    assert left == [("bas",)]
    kept = duckdb.execute(
        f"select row_number from '{workspace.intake}/quarantine.parquet'"
    ).fetchall()
    assert kept == [(1,)]


def test_a_build_that_died_before_it_dropped_old_generations_is_made_good(tmp_path):
    """Killed between the switch and the dropping; the build after it erases nobody new."""
    workspace = Workspace(tmp_path)
    names = [f"2018010{n}T000000Z-{n:06d}" for n in range(1, 5)]
    for name in names:
        (workspace.generations / name).mkdir(parents=True)
    tombstones = workspace.generations / names[3] / "ledger" / TOMBSTONES
    tombstones.mkdir(parents=True)
    (tombstones / f"{names[2]}.parquet").touch()
    _switch(workspace.current, workspace.generations / names[3])
    _drop_old(workspace)
    assert sorted(path.name for path in workspace.generations.iterdir()) == names[2:]


def test_a_tombstone_does_not_tell_the_customer_key(tmp_path):
    """Both are salted hashes of an identifier."""
    _, erased = resolved(tmp_path, [("r", "k", "email", "zoe@example.com", "")])
    key = digest(f"{salt()}|email|zoe@example.com")[:32]
    assert not [h for h in erased.tombstones["id_hash"] if h.startswith(key)]


def test_units_of_experiments_go_by_whatever_they_are(tmp_path):
    """An outcome need not say which identifier its unit is; one that says is taken at its word."""
    workspace, erased = resolved(
        tmp_path,
        [("r", "ann", "email", "ann@example.com", ""), ("r", "ann", "account_id", "A7", "")],
    )
    units = [
        ("email", "Ann@Example.com"), (None, "ann@example.com"), ("account_id", "A7"), (None, "A7"),
        ("card_number", "A7"), (None, "B8"), ("email", "bob@example.com"),
    ]  # fmt: skip
    rows = ", ".join(f"({repr(kind) if kind else 'null'}, '{unit}')" for kind, unit in units)
    for table in ("experiment_units", "experiment_outcomes"):
        columns = ", ".join(
            c.name if c.name in ("id_type", "unit_id") else f"null::{c.data_type} as {c.name}"
            for c in load_contract()[table].columns
        )
        duckdb.execute(
            f"copy (select {columns} from (values {rows}) as t (id_type, unit_id)) "
            f"to '{workspace.intake}/{table}.parquet' (format parquet)"
        )
    duckdb.execute(
        "copy (select 't' as table_name, 'f' as file_name, 1 as row_number, '{}' as raw_row, null::varchar as source) "
        f"to '{workspace.intake}/quarantine.parquet' (format parquet)"
    )
    erase_from_intake(workspace)
    erase_from_intake(workspace, erased)
    for table in ("experiment_units", "experiment_outcomes"):
        left = duckdb.execute(
            f"select id_type, unit_id from '{workspace.intake}/{table}.parquet' order by 2, 1"
        ).fetchall()
        assert left == [("card_number", "A7"), (None, "B8"), ("email", "bob@example.com")], table


@pytest.mark.parametrize(
    ("erased", "comes_back"),
    [
        (("email", "ann@example.com"), ("email", "Ann Lee <ANN@example.com>;")),
        (("email", "ann@example.com"), ("email", "n/a ann@example.com")),
        (("email", "ann@example.com"), ("email", "bob@example.com, ann@example.com")),
        (("phone", "+19075550142"), ("phone", "1-907-555-0142")),
        (("phone", "9075550142", "US"), ("phone", "(907) 555-0142", "United States")),
        (("phone", "+19075550142"), ("phone", "907.555.0142", "usa")),
        (("national phone", "9075550142"), ("phone", "907.555.0142", None)),
        (("contact_id", "0035e00000AbCdE"), ("contact_id", "0035e00000AbCdEAAV")),
        (("mailbox", "a.nn+news@googlemail.com"), ("email", "Ann@gmail.com")),
        (("mailbox", "ann@gmail.com"), ("email", "Ann Lee <a.n.n+x@gmail.com>")),
        (("mailbox", "ann+news@example.com"), ("email", "ann@example.com")),
        (("email", "ann@bücher.com"), ("email", "ann@xn--bcher-kva.com")),
    ],
)
def test_an_erased_person_stays_out_in_any_spelling(tmp_path, erased, comes_back):
    id_type, value, *country = comes_back
    columns = {c.name: "null" for c in load_contract()["contacts"].columns}
    columns |= {
        "country_code": f"'{country[0]}'"
        if country and country[0]
        else "null"
        if country
        else "'US'"
    }
    columns |= {id_type: f"'{value}'"}
    columns = {"contact_id": "'c1'"} | columns if id_type != "contact_id" else columns
    workspace = Workspace(tmp_path)
    workspace.intake.mkdir(parents=True)
    kinds = {c.name: c.data_type for c in load_contract()["contacts"].columns}
    selected = ", ".join(f"cast({v} as {kinds[c]}) as {c}" for c, v in columns.items())
    duckdb.execute(
        f"copy (select {selected}) to '{workspace.intake}/contacts.parquet' (format parquet)"
    )
    duckdb.execute(
        "copy (select null::varchar as table_name, null::varchar as file_name, null::bigint as row_number, "
        f"null::varchar as reasons, null::varchar as raw_row, null::varchar as source where false) to '{workspace.intake}/quarantine.parquet'"
    )
    people = pd.DataFrame({"request_id": ["r"], "customer_key": ["k"]})
    duckdb.execute(
        "copy (select ''::varchar as table_name, 0::bigint as rows_erased, 0::bigint as rows_after_erasure where false) "
        f"to '{workspace.intake}/erased_counts.parquet' (format parquet)"
    )
    with duckdb.connect() as con:
        rows = con.execute(
            f"select $kind as id_type, {hash_sql('$kind', '$value', '$country')} as id_hash",
            {"kind": erased[0], "value": erased[1], "country": erased[2] if erased[2:] else ""},
        ).df()
    erase_from_intake(workspace, Erased(people, rows))
    left = duckdb.execute(f"select count(*) from '{workspace.intake}/contacts.parquet'").fetchall()
    assert left == [(0,)]


def test_the_mailboxes_of_an_erased_person_are_remembered(tmp_path):
    _, erased = resolved(tmp_path, [("r", "k1", "email", "a.nn+news@gmail.com", "")])
    kept = set(erased.tombstones.itertuples(index=False, name=None))

    def hash_of(email: str) -> str:
        return hash_sql("'mailbox'", f"'{email}'")

    other_spelling = duckdb.sql(f"select 'mailbox', {hash_of('ANN@googlemail.com')}").fetchall()
    another_name = duckdb.sql(f"select 'mailbox', {hash_of('ann@example.com')}").fetchall()
    assert set(other_spelling) <= kept
    assert not set(another_name) & kept


def test_an_id_that_only_begins_like_an_erased_one_stays(tmp_path):
    """Numbers of 18 digits in sequence begin with the same 15."""
    found = [("r", "k1", "account_id", "000000000000012340", "")]
    workspace, erased = resolved(tmp_path, found)
    neighbours = ["000000000000012341", "000000000000012", "0035e00000AbCdEAAQ"]
    columns = ", ".join(
        f"cast(null as {c.data_type}) as {c.name}"
        for c in load_contract()["contacts"].columns
        if c.name != "account_id"
    )
    rows = " union all ".join(
        f"select '{n}' as account_id, {columns}" for n in [*neighbours, "000000000000012340"]
    )
    duckdb.execute(f"copy ({rows}) to '{workspace.intake}/contacts.parquet' (format parquet)")
    duckdb.execute(
        "copy (select null::varchar as table_name, null::varchar as file_name, null::bigint as row_number, "
        f"null::varchar as reasons, null::varchar as raw_row, null::varchar as source where false) to '{workspace.intake}/quarantine.parquet'"
    )
    duckdb.execute(
        "copy (select ''::varchar as table_name, 0::bigint as rows_erased, 0::bigint as rows_after_erasure where false) "
        f"to '{workspace.intake}/erased_counts.parquet' (format parquet)"
    )
    erase_from_intake(workspace, erased)
    left = duckdb.execute(
        f"select account_id from '{workspace.intake}/contacts.parquet' order by 1"
    ).fetchall()
    assert [row[0] for row in left] == sorted(neighbours)


def test_rows_dated_after_the_erasure_are_left_out_and_counted(tmp_path):
    """Somebody was erased on the second of January and came back with the old address: that is not silent."""
    workspace = Workspace(tmp_path)
    folder = workspace.ledger / TOMBSTONES
    folder.mkdir(parents=True)
    workspace.intake.mkdir(parents=True)
    id_hash = hash_sql("'email'", "'ann@example.com'")
    with duckdb.connect() as con:
        con.execute(
            f"copy (select 'email' as id_type, {id_hash} as id_hash, "
            f"timestamp '{SECOND}' as erased_at, 'b' as build_id) to '{folder}/b.parquet' (format parquet)"
        )
    kinds = {c.name: c.data_type for c in load_contract()["contacts"].columns}
    rows = [
        ("c1", "ann@example.com", SECOND),
        ("c2", "ann@example.com", SECOND.replace(hour=1)),
        ("c3", "ANN@example.com", None),
        ("c4", "bob@example.com", SECOND.replace(hour=1)),
    ]
    frame = pd.DataFrame(rows, columns=["contact_id", "email", "created_at"])
    typed = ", ".join(
        f"cast({name if name in frame else 'null'} as {kind}) as {name}"
        for name, kind in kinds.items()
    )
    with duckdb.connect() as con:
        con.register("frame", frame)
        con.execute(
            f"copy (select {typed} from frame) to '{workspace.intake}/contacts.parquet' (format parquet)"
        )
        con.execute(
            "copy (select null::varchar as table_name, null::varchar as file_name, null::bigint as row_number, "
            "null::varchar as reasons, null::varchar as raw_row, null::varchar as source where false) "
            f"to '{workspace.intake}/quarantine.parquet'"
        )
    erase_from_intake(workspace)
    counted = duckdb.execute(f"from '{workspace.intake}/erased_counts.parquet'").fetchall()
    assert counted == [("contacts", 3, 1)]
    left = duckdb.execute(f"select contact_id from '{workspace.intake}/contacts.parquet'")
    assert left.fetchall() == [("c4",)]


def test_the_next_intake_expects_no_rows_of_erased_people_in_any_table(tmp_path):
    """Also no orders: they stay in revenue, but their source may delete them."""
    workspace = Workspace(tmp_path)
    workspace.intake.mkdir(parents=True)
    duckdb.execute(
        "copy (select * from (values ('orders', 18, 0), ('consent_events', 1, 0)) "
        "as t (table_name, rows_erased, rows_after_erasure)) "
        f"to '{workspace.intake}/erased_counts.parquet' (format parquet)"
    )
    results = [
        TableIntake(name, rows > 0, "", rows, rows, 0, 0, 0, 0, 0, 0, 0, None, "", "")
        for name, rows in {"orders": 24, "contacts": 3, "consent_events": 1, "accounts": 0}.items()
    ]
    expected = _rows_to_expect(workspace, results)
    assert expected == {"orders": 6, "contacts": 3, "consent_events": 0}
