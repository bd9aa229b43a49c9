"""What `who`, `same` and `reviews` answer from the last build."""

import io
from collections.abc import Callable

import duckdb
import pytest
from rich.console import Console

from audiencekit.errors import UserError
from audiencekit.identity.explaining import print_comparison, print_reviews
from audiencekit.identity.person import SECTIONS, print_person
from audiencekit.workspace import Workspace

TABLES = """
create schema identity; create schema profiles; create schema segments; create schema activation;
create table identity.int_identifier_records as
    select * from (values
        ('contact:K1', 'contact_id', 'K1'), ('contact:K2', 'contact_id', 'K2'), ('contact:K3', 'contact_id', 'K3')
    ) as t (record_id, id_type, raw_value);
create table identity.int_record_identifiers as
    select * from (values
        ('contact:K1', 'email', 'home@example.com'), ('contact:K2', 'email', 'home@example.com'),
        ('contact:K3', 'email', 'home@example.com')
    ) as t (record_id, id_type, id_value);
create table identity.int_record_customers as
    select * from (values ('contact:K1', 'ann'), ('contact:K2', 'ben'), ('contact:K3', null)) as t (record_id, customer_key);
create table identity.int_anonymous_visitors (anonymous_id varchar, customer_key varchar, known_at timestamp);
create table profiles.fct_orders (customer_key varchar, order_id varchar, ordered_on date, ordered_at timestamp,
    gross_revenue double, returned_amount double, net_revenue double);
create table profiles.dim_customers as select 'ann' as customer_key;
create table identity.int_person_records as
    select * from (values ('contact:K1', 1), ('contact:K2', 2), ('contact:K3', 3)) as t (record_id, person_id);
create table identity.int_steward_unlinks as select 'contact:K2' as left_record_id, 'contact:K1' as right_record_id;
create table identity.int_match_records (record_id varchar, record_no bigint);
create table identity.int_identity_reviews as
    select 'separate' as status, 'not likely enough' as reason, 'contact:' || repeat('L', 90) as left_record_id,
        'contact:' || repeat('R', 90) as right_record_id, 0.7 as match_probability, '44' as pattern;
create table identity.int_identifier_keys (customer_key varchar, id_type varchar, id_value varchar, first_seen_at timestamp);
create table profiles.dim_customer_sources (customer_key varchar, field varchar, record_id varchar, source_system varchar,
    updated_at timestamp);
create table profiles.dim_consent (customer_key varchar, purpose varchar, channel varchar, is_allowed boolean,
    basis varchar, jurisdiction varchar, decided_at timestamp);
create table segments.segment_membership (customer_key varchar, segment_code varchar, entered_at timestamp);
create table activation.int_audience_rows (customer_key varchar, channel varchar, audience_code varchar, updated_at timestamp);
"""


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute(TABLES)
    return Workspace(tmp_path)


def printed(answer: Callable, *asked: object) -> str:
    console = Console(file=io.StringIO(), width=60)
    answer(*asked, console)
    return console.file.getvalue()


def test_who_lists_every_customer_with_an_email(workspace):
    answer = printed(print_person, workspace, "email=Home@example.com")
    assert "2 customers have" in answer
    assert [line for line in answer.splitlines() if line.startswith("Customer ")] == [
        "Customer ann",
        "Customer ben",
    ]
    assert answer.count(SECTIONS[0][0]) == 2
    assert printed(print_person, workspace, "home@example.com").count("Customer ") == 2
    assert printed(print_person, workspace, "contact_id=K1").count("Customer ") == 1


def test_who_says_that_a_record_belongs_to_no_customer(workspace):
    with pytest.raises(UserError, match="contact:K3 belongs to no customer"):
        printed(print_person, workspace, "contact_id=K3")


def test_same_names_the_decision_of_a_steward(workspace):
    answer = printed(print_comparison, workspace, "contact_id=K1", "contact_id=K2")
    assert "were unlinked by a steward" in " ".join(answer.split())
    answer = printed(print_comparison, workspace, "contact_id=K1", "contact_id=K3")
    assert "are not linked" in " ".join(answer.split())


def test_reviews_cut_no_id(workspace):
    answer = printed(print_reviews, workspace, 10)
    assert "L" * 90 in answer and "R" * 90 in answer


def test_a_build_of_some_tables_is_answered_in_a_line(tmp_path):
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("create schema identity")
    workspace = Workspace(tmp_path)
    for answer, *asked in (
        (print_person, "contact_id=K1"),
        (print_comparison, "contact_id=K1", "contact_id=K2"),
        (print_reviews, 10),
    ):
        with pytest.raises(UserError, match="only a part of the tables"):
            printed(answer, workspace, *asked)
