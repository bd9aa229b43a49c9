"""Extracts of change data capture: what the source has deleted is gone, and what refuses stays."""

import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from audiencekit.errors import UserError
from audiencekit.intake.explain import explain
from audiencekit.intake.gates import Gates
from audiencekit.intake.job import run_intake
from audiencekit.intake.report import TableIntake, summary_line
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

AS_OF = datetime(2018, 1, 1)
ORDER = "1,2017-05-01,5\n"


def take(home: Path, as_of: datetime = AS_OF, **files: str) -> tuple[list[tuple], TableIntake]:
    """The orders that count (id, total), and the counts of the table of the first file. Names of files have __ for a point."""
    landing = home / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (landing / name.replace("__", ".")).write_text(text)
    results = run_intake(landing, Workspace(home / "home"), as_of, Gates(), lambda _: None)
    table = next(iter(files)).split("__")[0]
    key, what = ("contact_id", "email_opt_out") if table == "contacts" else ("order_id", "total")
    rows = duckdb.execute(
        f"select {key}, {what} from {rows_of(home / f'home/intake/{table}.parquet')} order by all"
    ).fetchall()
    result = next(each for each in results if each.table_name == table)
    others = result.rows_quarantined + result.rows_held_back + result.rows_left_out
    assert result.rows_in == result.rows_kept + others + result.rows_deleted
    return rows, result


@pytest.mark.parametrize(
    ("header", "kept", "deleted"),
    [
        ("_deleted", "false", "true"),
        ("_fivetran_deleted", "FALSE", "TRUE"),
        ("__deleted", "false", "true"),
        ("is_deleted", "", "1"),
        ("deleted_at", "", "2017-09-01T10:00:00Z"),
        ("_ab_cdc_deleted_at", "", "2017-09-01 10:00:00.123"),
        ("_sdc_deleted_at", "null", "1504260000"),
        ("op", "u", "d"),
        ("__op", "c", "d"),
        ("Op", "I", "D"),
        ("_change_type", "update_postimage", "delete"),
        ("header__change_oper", "U", "D"),
        ("__$operation", "4", "1"),
        ("__$operation", "2", "1"),
        ("row_kind", "+U", "-D"),
        ("SYS_CHANGE_OPERATION", "I", "D"),
    ],
)
def test_a_row_that_the_source_has_deleted_is_gone(tmp_path, header, kept, deleted):
    text = f"order_id,ordered_at,total,{header}\n1,2017-05-01,5,{kept}\n2,2017-05-02,7,{deleted}\n"
    rows, result = take(tmp_path, orders__csv=text)
    assert rows == [("1", 5.0)]
    assert (result.rows_in, result.rows_deleted, result.ignored_columns) == (2, 1, "")
    assert "1 deleted at the source" in summary_line(result)


@pytest.mark.parametrize(
    ("header", "before"),
    [("_change_type", "update_preimage"), ("__$operation", "3"), ("row_kind", "-U")],
)
def test_how_a_row_was_before_a_change_does_not_count(tmp_path, header, before):
    after = {"_change_type": "update_postimage", "__$operation": "4", "row_kind": "+U"}[header]
    text = f"order_id,ordered_at,total,{header}\n1,2017-05-01,9,{before}\n1,2017-05-01,5,{after}\n"
    rows, result = take(tmp_path, orders__csv=text)
    assert rows == [("1", 5.0)]
    assert (result.rows_deleted, result.keys_that_differ) == (1, 0)


def test_of_rows_that_do_not_say_when_they_changed_the_last_counts(tmp_path):
    text = "order_id,ordered_at,total,op\n1,2017-05-01,9,c\n1,2017-05-01,8,u\n2,2017-05-01,3,c\n2,,,d\n3,2017-05-01,3,c\n3,,,d\n3,2017-05-01,4,c\n"
    rows, result = take(tmp_path, orders__csv=text)
    assert rows == [("1", 8.0), ("3", 4.0)]
    # A deletion may have nothing but its key.
    assert (result.rows_quarantined, result.rows_deleted, result.keys_that_differ) == (0, 4, 0)


def test_a_deletion_reaches_rows_of_earlier_files_only(tmp_path):
    first = "order_id,ordered_at,total\n1,2017-05-01,5\n2,2017-05-02,7\n3,2017-05-02,8\n"
    rows, result = take(
        tmp_path,
        **{
            "orders__2017-06-01__csv": first,
            "orders__2017-06-02__csv": "order_id,op\n1,d\n2,d\n".replace(
                "order_id,op", "order_id,ordered_at,total,__op"
            ).replace(",d", ",,,d"),
            "orders__2017-06-03__csv": "order_id,ordered_at,total,op\n2,2017-06-03,1,c\n",
        },
    )
    assert rows == [("2", 1.0), ("3", 8.0)]
    assert (result.rows_in, result.rows_kept, result.rows_deleted) == (6, 2, 4)


def test_when_rows_changed_decides_and_not_the_file(tmp_path):
    header = "order_id,ordered_at,total,updated_at,_deleted\n"
    rows, _ = take(
        tmp_path,
        orders__a__csv=f"{header}1,2017-05-01,5,2017-07-01,false\n2,2017-05-01,5,2017-05-01,false\n",
        orders__b__csv=f"{header}1,2017-05-01,5,2017-06-01,true\n2,2017-05-01,5,2017-06-01,true\n",
    )
    assert rows == [("1", 5.0)]


def test_a_soft_deleted_row_with_the_time_of_its_last_change_is_gone(tmp_path):
    header = "order_id,ordered_at,total,updated_at,_deleted\n"
    old = f"{header}1,2017-05-01,5,2017-06-01,false\n"
    assert take(
        tmp_path,
        orders__a__csv=old,
        orders__b__csv=f"{header}1,2017-05-01,5,2017-06-01,true\n2,2017-05-01,5,2017-06-01,false\n",
    )[0] == [("2", 5.0)]


def test_a_deletion_after_as_of_has_not_happened_yet(tmp_path):
    header = "order_id,ordered_at,total,updated_at,_deleted\n"
    text = f"{header}1,2017-05-01,5,2017-06-01,false\n1,2017-05-01,5,2018-02-01,true\n"
    rows, result = take(tmp_path, orders__csv=text)
    assert rows == [("1", 5.0)] and result.rows_held_back == 1
    rows, result = take(
        tmp_path, datetime(2018, 3, 1), orders__csv=text + "2,2017-05-01,5,2017-06-01,false\n"
    )
    assert rows == [("2", 5.0)] and result.rows_deleted == 2


def test_who_refused_stays_whatever_the_source_has_deleted(tmp_path):
    header = "contact_id,email,email_opt_out,_deleted\n"
    text = f"{header}a,ann@example.com,true,true\nb,bo@example.com,false,true\nc,cy@example.com,true,false\nd,di@example.com,,false\n"
    rows, result = take(
        tmp_path, contacts__csv=text, orders__csv="order_id,ordered_at,total\n" + ORDER,
        **{"contacts__2017__csv": f"{header}c,,,true\nd,,,true\n"},
    )  # fmt: skip
    assert rows == [("a", True), ("c", True)]
    assert result.rows_deleted == 4


def test_a_table_that_only_grows_asks_about_deleted_rows(tmp_path):
    consent = "consent_event_id,id_type,id_value,purpose,status,decided_at,is_active\n"
    rows = "1,email,a@example.com,email_marketing,denied,2017-01-01,1\n2,email,a@example.com,email_marketing,denied,2017-01-01,0\n"
    with pytest.raises(UserError, match="is_active are not read"):
        take(
            tmp_path,
            orders__csv="order_id,ordered_at,total\n" + ORDER,
            consent_events__csv=consent + rows,
        )
    named = consent.replace("is_active", "_deleted")
    with pytest.raises(UserError, match="_deleted are not read"):
        take(
            tmp_path,
            orders__csv="order_id,ordered_at,total\n" + ORDER,
            consent_events__csv=named + rows,
        )
    (tmp_path / "landing/landing.yml").write_text(
        "files:\n  consent_events.csv: {columns: {_deleted: is_deleted}}\n"
    )
    with pytest.raises(UserError, match="which has no column is_deleted"):
        take(tmp_path, orders__csv="order_id,ordered_at,total\n" + ORDER)


def test_a_column_with_values_of_its_own_marks_nothing(tmp_path):
    text = "order_id,ordered_at,total,deleted\n1,2017-05-01,5,maybe\n2,2017-05-02,7,no\n"
    with pytest.raises(UserError, match="deleted change what a row means"):
        take(tmp_path, orders__csv=text)
    rows, result = take(
        tmp_path / "b",
        orders__csv="order_id,ordered_at,total,op\n1,2017-05-01,5,till\n2,2017-05-02,7,web\n",
    )
    assert len(rows) == 2 and result.ignored_columns == "op"


def test_landing_yml_names_a_column_that_marks_deleted_rows(tmp_path):
    (tmp_path / "landing").mkdir()
    settings = tmp_path / "landing/landing.yml"
    settings.write_text("files:\n  orders.csv: {columns: {Entfernt: is_deleted}}\n")
    text = "order_id,ordered_at,total,Entfernt\n1,2017-05-01,5,nein\n2,2017-05-02,7,ja\n"
    assert take(tmp_path, orders__csv=text)[0] == [("1", 5.0)]
    with pytest.raises(
        UserError, match="Entfernt: it marks deleted rows, and has the value 'vielleicht'"
    ):
        take(tmp_path, orders__csv=text.replace("ja", "vielleicht"))


def test_a_deletion_without_its_key_goes_to_quarantine(tmp_path):
    text = "order_id,ordered_at,total,op\n1,2017-05-01,5,i\n2,2017-05-02,7,i\n,,,d\n"
    rows, result = take(tmp_path, orders__csv=text)
    assert len(rows) == 2 and result.rows_quarantined == 1


def test_a_table_of_which_everything_is_deleted_stops_the_run(tmp_path):
    with pytest.raises(UserError, match=r"no row is usable\. Each is left out"):
        take(tmp_path, orders__csv="order_id,ordered_at,total,_deleted\n1,2017-05-01,5,true\n")


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_of_changes_in_any_number_of_files_leaves_what_a_reckoning_leaves(tmp_path, seed):
    """Random inserts, updates and deletions, in files by day, taken in day by day and all at once."""
    chance = random.Random(seed)
    now: dict[str, str] = {}
    header = "order_id,ordered_at,total,op\n"
    for day in range(1, 9):
        lines = []
        for _ in range(40):
            key, total = str(chance.randint(1, 30)), str(chance.randint(1, 99))
            if key in now and chance.random() < 0.3:
                del now[key]
                lines.append(f"{key},,,d\n")
            else:
                lines.append(f"{key},2017-01-01,{total},{'u' if key in now else 'c'}\n")
                now[key] = total
        text = header + "".join(lines)
        rows, _ = take(tmp_path, **{f"orders__2017-06-{day:02d}__csv": text})
        assert dict(rows) == {key: float(total) for key, total in now.items()}
    (tmp_path / "again").mkdir()
    (tmp_path / "landing").rename(tmp_path / "again/landing")
    fresh, _ = take(tmp_path / "again", **{"orders__2017-06-08__csv": text})
    assert fresh == rows


@pytest.mark.parametrize(
    ("moment", "is_gone"),
    [
        ("0000-00-00 00:00:00", False),
        ("0001-01-01T00:00:00Z", False),
        ("9999-12-31 23:59:59", False),
        ("1970-01-01", False),
        ("2018-06-01", False),
        ("2017-12-31T23:59:59Z", True),
        ("1514000000", True),
        ("1514000000000", True),
        ("1514000000000000", True),
        ("1514000000000000000", True),
        ("31/12/2016", True),
    ],
)
def test_a_time_of_deletion_that_means_never_or_later_deletes_nothing(tmp_path, moment, is_gone):
    text = f"order_id,ordered_at,total,deleted_at\n1,2017-05-01,5,\n2,2017-05-02,7,{moment}\n"
    assert len(take(tmp_path, orders__csv=text)[0]) == 2 - is_gone


def test_a_row_that_will_be_deleted_is_gone_once_that_has_happened(tmp_path):
    text = "order_id,ordered_at,total,deleted_at\n1,2017-05-01,5,\n2,2017-05-02,7,2018-06-01\n"
    assert len(take(tmp_path, orders__csv=text)[0]) == 2
    assert len(take(tmp_path, datetime(2018, 7, 1), orders__csv=text)[0]) == 1


def test_a_value_that_is_not_known_is_noticed_among_thousands(tmp_path):
    days = "".join(
        f"{n},2017-05-01,5,2017-01-01 00:{n // 60 % 60:02d}:{n % 60:02d}\n" for n in range(1500)
    )
    text = f"order_id,ordered_at,total,deleted_at\n{days}x,2017-05-01,5,never\n"
    with pytest.raises(UserError, match="it marks deleted rows, and has the value 'never'"):
        take(tmp_path, orders__csv=text)


@pytest.mark.parametrize(
    ("header", "later", "earlier"),
    [("_commit_version", "12", "9"), ("__source_ts_ms", "1500000000001", "1500000000000"),
     ("_ab_cdc_updated_at", "2017-06-02T00:00:00Z", "2017-06-01T00:00:00Z")],
)  # fmt: skip
def test_the_order_of_changes_is_that_of_the_loader(tmp_path, header, later, earlier):
    text = f"order_id,ordered_at,total,op,{header}\n1,2017-05-01,5,u,{later}\n1,2017-05-01,7,d,{earlier}\n"
    assert take(tmp_path, orders__csv=text)[0] == [("1", 5.0)]


def test_a_change_in_a_stream_of_snowflake_is_no_deletion(tmp_path):
    text = "order_id,ordered_at,total,METADATA$ACTION,METADATA$ISUPDATE\n1,2017-05-01,5,INSERT,TRUE\n1,2017-05-01,7,DELETE,TRUE\n2,2017-05-01,8,DELETE,FALSE\n"
    assert take(tmp_path, orders__csv=text)[0] == [("1", 5.0)]


def test_files_are_in_the_order_of_their_numbers(tmp_path):
    header = "order_id,ordered_at,total,op\n"
    files = {
        "orders__9__csv": f"{header}1,2017-05-01,5,i\n1,,,d\n",
        "orders__10__csv": f"{header}1,2017-05-01,7,i\n",
    }
    assert take(tmp_path, **files)[0] == [("1", 7.0)]


@pytest.mark.parametrize("values", ["CD", "cD"])
def test_credit_and_debit_are_asked_about(tmp_path, values):
    rows = "".join(f"{n},2017-05-01,5,{value}\n" for n, value in enumerate(values))
    with pytest.raises(UserError, match="may mean deleted rows, or something else such as debit"):
        take(tmp_path, orders__csv="order_id,ordered_at,total,op\n" + rows)
    (tmp_path / "landing/landing.yml").write_text(
        "files:\n  orders.csv: {columns: {op: is_deleted}}\n"
    )
    assert len(take(tmp_path, orders__csv="order_id,ordered_at,total,op\n" + rows)[0]) == 1


@pytest.mark.parametrize("other", ["t", "truncate", "m"])
def test_an_operation_that_is_not_known_stops_the_run(tmp_path, other):
    text = f"order_id,ordered_at,total,op\n1,2017-05-01,5,u\n2,2017-05-01,5,d\n3,2017-05-01,5,{other}\n"
    with pytest.raises(UserError, match=f"has the value '{other}'"):
        take(tmp_path, orders__csv=text)


def test_ids_that_pandas_wrote_as_numbers_are_deleted(tmp_path):
    header = "order_id,ordered_at,total,__op\n"
    files = {
        "orders__1__csv": f"{header}1,2017-05-01,5,i\n2,2017-05-01,6,i\n",
        "orders__2__csv": f"{header}1.0,,,d\n",
    }
    assert take(tmp_path, **files)[0] == [("2", 6.0)]


def test_a_deleted_row_is_one_also_where_its_status_is_left_out(tmp_path):
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing/landing.yml").write_text(
        "files:\n  orders.*: {leave_out: {state: [gone]}}\n"
    )
    header = "order_id,ordered_at,total,state,__op\n"
    files = {
        "orders__1__csv": f"{header}1,2017-05-01,5,there,i\n2,2017-05-01,6,there,i\n",
        "orders__2__csv": f"{header}1,2017-05-01,5,gone,d\n",
    }
    assert take(tmp_path, **files)[0] == [("2", 6.0)]


def test_a_change_of_the_key_leaves_the_new_one(tmp_path):
    header = "order_id,ordered_at,total,_change_type\n"
    files = {
        "orders__2017-06-01__csv": f"{header}1,2017-05-01,5,insert\n3,2017-05-01,5,insert\n",
        "orders__2017-06-02__csv": f"{header}1,2017-05-01,5,update_preimage\n2,2017-05-01,5,update_postimage\n3,2017-05-01,5,update_preimage\n3,2017-05-01,6,update_postimage\n",
    }
    assert take(tmp_path, **files)[0] == [("2", 5.0), ("3", 6.0)]


@pytest.mark.parametrize("header", ["is_deleted", "op"])
def test_a_refusal_is_not_replaced_by_a_later_row(tmp_path, header):
    values = ("false", "false") if header == "is_deleted" else ("i", "u")
    text = f"contact_id,email,email_opt_out,{header}\na,ann@example.com,true,{values[0]}\na,ann@example.com,,{values[1]}\nb,,,{values[1]}\n"
    rows, _ = take(tmp_path, contacts__csv=text, orders__csv="order_id,ordered_at,total\n" + ORDER)
    assert ("a", True) in rows


def test_an_empty_column_of_deletions_changes_no_gate(tmp_path):
    text = "order_id,ordered_at,total,deleted_at\n1,2017-05-01,5,\n1,2017-05-01,7,\n"
    with pytest.raises(UserError, match="has rows with total 5"):
        take(tmp_path, orders__csv=text)


def test_explain_names_the_columns_that_mark_deleted_rows(tmp_path):
    text = "order_id,ordered_at,total,op,_commit_version\n1,2017-05-01,5,u,1\n"
    (tmp_path / "orders.csv").write_text(text)
    lines = list(explain(tmp_path))
    assert "  op -> says which rows are deleted" in lines
    assert "  _commit_version -> says which change is later" in lines
