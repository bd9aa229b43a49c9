"""E-mails and phones as people type them: read as what they stand for, or refused with a reason."""

# Letters that look alike are the point here.
# ruff: noqa: RUF001

import pandas as pd
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audiencekit.identity import contact_points
from audiencekit.identity.contact_points import (
    parse_contact_points,
    read_email,
    read_emails,
    read_phone,
    read_phones,
)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Ann.Lee+Shop@Example.COM", "ann.lee+shop@example.com"),
        ("annlee@example.com", "annlee@example.com"),
        (" \tann@example.com\r\n", "ann@example.com"),
        ("\u00a0ann@example.com\u3000", "ann@example.com"),
        ("\ufeffann\u200b@exam\u00adple.com", "ann@example.com"),
        ("\u202aann@example.com\u202c", "ann@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("JOSÉ@example.com", "jos\u00e9@example.com"),
        ("ann@MÜNCHEN.example.de", "ann@münchen.example.de"),
        ("ann@xn--mnchen-3ya.de", "ann@münchen.de"),
        ("o'neil@example.co.uk", "o'neil@example.co.uk"),
        ("test@test.com", "test@test.com"),
        ("1@2.example", "1@2.example"),
        ("ΟΔΥΣΣΕΑΣ@example.com", "οδυσσεασ@example.com"),
        ("İbrahim@example.com", "ibrahim@example.com"),
        ("J\u030can@example.com", "\u01f0an@example.com"),
        ("ann\u00a0@\u00a0example.com", "ann@example.com"),
        ("ann\ufe0f\u061c@example.com", "ann@example.com"),
    ],
)
def test_an_address_is_read_in_lower_case_with_its_dots_and_tags(typed, address):
    assert read_email(typed) == (address, None)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "n/a", "noemail", "NULL", "@", "ann", "ann@", "@example.com", "ann@@example.com", "ann@localhost",
     "ann@example", "ann@example.com.", "ann@.example.com", "ann..lee@example.com", ".ann@example.com",
     "ann@-example.com", "ann@ab--c.com", "ann@exa_mple.com", "ann@1.2.3.4", "ann@[1.2.3.4]", "ann lee@example.com",
     "ann\u00a0lee@example.com", "Ann Lee ann @example.com", "ann@example. com",
     '"ann lee"@example.com', "Ann <ann@example.com>", "mailto:ann@example.com", "a@example.com, b@example.com",
     "ann@example.com;b@example.com", "ann＠example.com", "ann@printer.local", "ann@example.invalid", "ann@a.test",
     "ann@exa\x00mple.com", "a\nb@example.com", "ann@exam\udc80ple.com", "ann@" + "a" * 64 + ".com",
     "a" * 300 + "@example.com", "x" * 1_000_000, "@" * 10_000],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_reason_that_does_not_quote_it(typed):
    address, problem = read_email(typed)
    assert address is None and problem
    assert len(typed) < 5 or typed not in problem


def test_a_reason_does_not_quote_the_address():
    assert read_email("ann@mün☃chen.de") == (None, "The part after the @-sign is invalid")


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ("Ann@Example.com", ["ann@example.com"]),
        ("<ann@example.com>", ["ann@example.com"]),
        ("Ann Lee <ann@example.com>", ["ann@example.com"]),
        ('"Lee, Ann" <ann@example.com>', ["ann@example.com"]),
        (
            "Lee, Ann <ann@example.com>; Bob <bob@example.com>",
            ["ann@example.com", "bob@example.com"],
        ),
        ("ann@example.com <ann@example.com>", ["ann@example.com"]),
        ("mailto:ann@example.com?subject=Hello", ["ann@example.com"]),
        ("E-Mail: ann@example.com", ["ann@example.com"]),
        ("ann@example.com.", ["ann@example.com"]),
        ("ann@example.com;", ["ann@example.com"]),
        ("'ann@example.com'", ["ann@example.com"]),
        ("'ann@example.com", ["ann@example.com"]),
        ("“ann@example.com”", ["ann@example.com"]),
        ("(ann@example.com)", ["ann@example.com"]),
        ("ann＠example.com", ["ann@example.com"]),
        ("＜ann@example.com＞", ["ann@example.com"]),
        ("ann@exam\u200bple.com\u00a0", ["ann@example.com"]),
        ("ann@xn--mnchen-3ya.de;", ["ann@münchen.de"]),
        ("a@example.com, b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com;A@example.com", ["a@example.com"]),
        ("a@example.com b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com / b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com\nb@example.com", ["a@example.com", "b@example.com"]),
        ("o'neil@example.com", ["o'neil@example.com"]),
    ],
)
def test_every_address_in_a_cell_is_read(cell, addresses):
    assert read_emails(cell) == [(address, None) for address in addresses]


@pytest.mark.parametrize(
    ("cell", "in_doubt"),
    [
        ("ann lee@example.com", ["lee@example.com"]),
        ("Ann Lee ann@example.com", ["ann@example.com"]),
        ("a@example.com, n/a", ["a@example.com"]),
        ("a,b@example.com", ["b@example.com"]),
        ("ann@example.com (work)", ["ann@example.com"]),
        ("ann@example.com Bob bob@example.com", ["ann@example.com", "bob@example.com"]),
        ("n/a", [None]),
        ("Ann <ann>", [None]),
        ("", [None]),
        ("@" * 10_000, [None]),
        ("<@" * 10_000, [None]),
        ("x" * 100_000, [None]),
    ],
)
def test_an_address_among_other_words_is_in_doubt(cell, in_doubt):
    read = read_emails(cell)
    assert [address for address, _ in read] == in_doubt
    assert all(problem and problem not in cell for _, problem in read)


def test_a_hash_is_no_address_and_no_number():
    digest = "2BD806C97F0E00AF1A1FC3328FA763A9269723C8DB8FAC4F93AF71DB186D6E90"
    for text in (digest, digest.lower(), f" {digest}\n"):
        assert read_emails(text) == [(None, "already hashed")]
        assert read_phones(text, "US") == [(None, "already hashed")]
    assert read_emails(digest[:-1])[0][1] != "already hashed"


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("'9075550142", [("+19075550142", None)]),
        ("+1 907 555 0142; +1 907 555 0143", [("+19075550142", None), ("+19075550143", None)]),
        ("907-555-0142/907-555-0143", [("+19075550142", None), ("+19075550143", None)]),
        ("907-555-0142, home", [("+19075550142", "no such number")]),
        ("907-555-0142 or 907-555-0143", [("+19075550142", None), ("+19075550143", None)]),
        ("907-555-0142 (mobile)", [("+19075550142", "no phone number")]),
    ],
)
def test_every_number_in_a_cell_is_read(cell, numbers):
    assert [number for number, _ in read_phones(cell, "US")] == [number for number, _ in numbers]
    assert [bool(p) for _, p in read_phones(cell, "US")] == [bool(p) for _, p in numbers]


def test_a_slash_in_a_number_does_not_part_it():
    assert read_phones("0171/1234567, 030/7654321", "DE") == [
        ("+491711234567", None),
        ("+49307654321", None),
    ]


LOCAL = st.text("abcxyzANN019_+.'-", min_size=1, max_size=12)
LABELS = st.lists(st.text("abcxyzANN019-", min_size=1, max_size=8), min_size=1, max_size=4)
DOMAIN = LABELS.map(".".join) | st.sampled_from(
    ["a.local", "local", "a.LOCALHOST", "nolocal.com", "test", "a.test", "xn--mnchen-3ya.de", "a.b"]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.builds("{}@{}".format, LOCAL, DOMAIN))
@example("a" * 65 + "@example.com")
@example("a" * 242 + "@example.com")
@example("a" * 243 + "@example.com")
@example("ann@" + "a" * 63 + ".com")
@example("ann@" + "a." * 120 + "com")
def test_the_fast_reading_of_plain_addresses_is_the_validators(typed):
    swift = read_email(typed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_points, "_PLAIN_EMAIL", contact_points.re.compile(r"(?!)"))
        assert swift == read_email(typed)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.text(max_size=30) | st.builds("{}@{}.com".format, st.text(max_size=8), st.text(max_size=8))
)
def test_any_text_is_read_or_refused_and_reading_twice_changes_nothing(typed):
    address, problem = read_email(typed)
    assert (address is None) == bool(problem)
    if address:
        assert read_email(address) == (address, None)
    number, problem = read_phone(typed, "US")
    assert (number is None) == bool(problem)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("(800) 555-0100", "US", "+18005550100"),
        ("800.555.0100", "US", "+18005550100"),
        ("1-800-555-0100", "us", "+18005550100"),
        ("0113 496 0987", "GB", "+441134960987"),
        ("+44 (0)113 496 0987", "US", "+441134960987"),
        ("+44 113 496 0987", "", "+441134960987"),
        ("tel:+441134960987", "", "+441134960987"),
        ("\u202d+44 113\u00a0496 0987\u202c", "", "+441134960987"),
        ("＋４４ １１３ ４９６ ０９８７", "", "+441134960987"),
        ("٠١١٣ ٤٩٦ ٠٩٨٧", "GB", "+441134960987"),
        ("٠٠٤٤ ١١٣ ٤٩٦ ٠٩٨٧", "", "+441134960987"),
        ("0044\u2009113\u2028496\u20030987", "", "+441134960987"),
        ("0044 113 496 0987", "FR", "+441134960987"),
        ("0044 113 496 0987", "US", "+441134960987"),
        ("0044 113 496 0987", "", "+441134960987"),
        ("００\u00a044 113 496 0987", "", "+441134960987"),
        ("(00) 44-113-496-0987", "", "+441134960987"),
        ("011 44 113 496 0987", "US", "+441134960987"),
        ("441134960987", "GB", "+441134960987"),
        ("06 698 83145", "IT", "+390669883145"),
        ("+39 06 698 83145", "", "+390669883145"),
        ("01 99 00 12 34", "FR", "+33199001234"),
    ],
)
def test_a_number_is_read_as_e164(typed, country, number):
    assert read_phone(typed, country) == (number, None)


@pytest.mark.parametrize(
    ("typed", "country", "problem"),
    [
        ("0113 496 0987", "", "no country to read the number by"),
        ("0113 496 0987", "Atlantis", "no country to read the number by"),
        ("(800) 555-0100 ext. 7", "US", "has an extension"),
        ("800-555-0100 x7", "US", "has an extension"),
        ("+1 800 555 0100;ext=7", "", "has an extension"),
        ("0000000000", "US", "no such number"),
        ("0000000000", "", "no country to read the number by"),
        ("8888888888", "US", "one digit over and over"),
        ("07777777777", "GB", "one digit over and over"),
        ("1234567890", "US", "no such number"),
        ("555-0100", "US", "no such number"),
        ("", "US", "no phone number"),
        ("n/a", "US", "no phone number"),
        ("noemail", "US", "no phone number"),
        ("ann@example.com", "US", "no phone number"),
        ("1.80056E+10", "US", "no phone number"),
        ("+", "US", "no phone number"),
        ("00", "US", "no such number"),
        ("1", "US", "no phone number"),
        ("9" * 300, "US", "too long"),
        ("9" * 20, "US", "too long"),
    ],
)
def test_what_is_no_personal_number_is_refused_with_a_reason(typed, country, problem):
    assert read_phone(typed, country) == (None, problem)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    typed=st.text("+00123456789 ()-./x#;,ext٣", max_size=18),
    country=st.sampled_from(["", "US", "GB", "IT", "DE", "XX", "us", "United States"]),
)
def test_whatever_is_typed_a_number_is_valid_or_there_is_a_reason(typed, country):
    number, problem = read_phone(typed, country)
    assert (number is None) == bool(problem)
    if number:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert read_phone(number, "") == (number, None)


def test_a_table_of_contact_points_is_read_row_by_row():
    raw = pd.DataFrame(
        [
            ("email", "Ann@Example.com", ""),
            ("phone", "0113 496 0987", "GB"),
            ("phone", "(800) 555-0100", ""),
            ("phone", "n/a", ""),
            ("email", "n/a", ""),
        ],
        columns=["kind", "raw_value", "country_code"],
        index=[7, 7, 9, 1, 0],
    )
    read = parse_contact_points(raw, default_country="US")
    names = [*raw.columns, "contact_point", "doubtful_point", "problem", "position"]
    assert list(read.columns) == names
    assert read["raw_value"].tolist() == raw["raw_value"].tolist()
    assert read["contact_point"].fillna("").tolist() == [
        "ann@example.com",
        "+441134960987",
        "+18005550100",
        "",
        "",
    ]
    assert read["problem"].notna().tolist() == [False, False, False, True, True]
    without = parse_contact_points(raw, default_country=None)
    assert without["problem"][2] == "no country to read the number by"


def test_no_rows_are_read_as_no_rows_of_text():
    raw = pd.DataFrame({"kind": [], "raw_value": [], "country_code": []}, dtype="str")
    read = parse_contact_points(raw, default_country=None)
    assert len(read) == 0 and (read.drop(columns="position").dtypes == "str").all()


def test_many_values_are_read_in_several_processes_and_come_back_in_their_order(monkeypatch):
    values = [("email", f"Ann{n}@Example.com", "") for n in range(5)]
    values += [("phone", f"(415) 555-01{n}", "US") for n in range(10, 13)]
    raw = pd.DataFrame(values, columns=["kind", "raw_value", "country_code"], dtype="str")
    at_once = parse_contact_points(raw, default_country=None)
    monkeypatch.setattr(contact_points, "CHUNK", 3)
    pd.testing.assert_frame_equal(parse_contact_points(raw, default_country=None), at_once)
    assert at_once["contact_point"][[0, 7]].tolist() == ["ann0@example.com", "+14155550112"]
