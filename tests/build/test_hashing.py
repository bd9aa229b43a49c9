"""Identifiers as each platform hashes them: the project's reader and SQL, from what was typed to the hash."""

# Letters that look alike are the point here.
# ruff: noqa: RUF001

import hashlib
import re
from collections import Counter

import duckdb
import pandas as pd
import pytest
from compiled import sql_of
from platform_rules import expected_hashes
from typed_people import typed_people
from workspaces import AD_CHANNELS

from audiencekit.identity.contact_points import parse_contact_points

TYPED = {
    "first_name": "varchar",
    "last_name": "varchar",
    "city": "varchar",
    "region": "varchar",
    "postal_code": "varchar",
    "country_code": "varchar",
    "birth_date": "date",
}
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(scope="module")
def hashes_of(published):
    """Read e-mails and phones as the build does and run int_hashed_identifiers, as dbt compiles it, over people."""
    compiled = sql_of(published, "int_hashed_identifiers")
    sql, found = re.subn(r'"\w+"\."\w+"\."dim_customers"', "people", compiled)
    assert found == 1

    def run(people: list[dict]) -> pd.DataFrame:
        rows = [
            {
                "customer_key": person["customer_key"],
                "email": person.get("email"),
                "phone": person.get("phone"),
                "phone_country": person.get("phone_country", ""),
                **{field: person.get(field) for field in TYPED},
            }
            for person in people
        ]
        frame = pd.DataFrame(rows)
        for kind in ("email", "phone"):
            points = parse_contact_points(
                pd.DataFrame(
                    {
                        "kind": kind,
                        "raw_value": frame[kind].fillna(""),
                        "country_code": frame["phone_country"],
                    }
                ),
                default_country=None,
            )
            frame[kind] = points["contact_point"]
        columns = ", ".join(f"cast({field} as {kind}) as {field}" for field, kind in TYPED.items())
        with duckdb.connect() as con:
            con.register("frame", frame)
            con.execute(
                "create table people as select customer_key, cast(email as varchar) as email, "
                f"cast(phone as varchar) as phone, {columns} from frame"
            )
            return con.execute(sql).df().astype(object).set_index("customer_key")

    return run


# What was typed, the column it ends up in, the hash, and whose page it is published on or whose rule it follows.
VECTORS = [
    # published by the platform
    ({"email": "alexz@example.com"}, "email_google_sha256", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a", "Google"),
    ({"phone": "+18005550100"}, "phone_e164_sha256", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30", "Google"),
    ({"first_name": "givenname"}, "first_name_google_sha256", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814", "Google"),
    ({"last_name": "familyname"}, "last_name_google_sha256", "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574", "Google"),
    ({"email": "janedoe@gmail.com"}, "email_tiktok_sha256", "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69", "TikTok"),
    ({"phone": "+374 93 828222"}, "phone_digits_sha256", "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4", "TikTok, without its +"),
    # computed from the platform's rules
    ({"email": "  Cloudy.SanFrancisco+shopping@gmail.com "}, "email_google_sha256", "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4", "Google"),
    ({"email": "  Cloudy.SanFrancisco+shopping@gmail.com "}, "email_sha256", "8dd4a9bf850242873c14976125edabc35096192b784626a5641a7d2de56e3c1e", "Meta, LinkedIn, Microsoft, X"),
    ({"email": "  Cloudy.SanFrancisco+shopping@gmail.com "}, "email_tiktok_sha256", "525044e7c292a5cbf3fd2c045340840106103b3f6a95524b7b81343b16e95d86", "TikTok"),
    ({"email": "user.name+NYC@Example.com"}, "email_google_sha256", "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac", "Google"),
    ({"email": "user.name+NYC@Example.com"}, "email_sha256", "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac", "Meta"),
    ({"email": "user.name+NYC@Example.com"}, "email_tiktok_sha256", "ff11779f1afd0f200631b31b3063afee6070f12eb47da2d9a20e6d82a1816386", "TikTok"),
    ({"phone": "(800) 555-0100", "phone_country": "US"}, "phone_e164_sha256", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30", "Google"),
    ({"phone": "(800) 555-0100", "phone_country": "US"}, "phone_digits_sha256", "92cfdc5fbcd4a20fbe5d3857af6c1aba31762105bba7f21a17155e920653046c", "Meta"),
    ({"phone": "0113 496 0987", "phone_country": "GB"}, "phone_digits_sha256", "0d0bdab1b69302da54eab62fafae55faadba503c4a51b870a57a34959d645be9", "Meta"),
    ({"phone": "0044 113 496 0987"}, "phone_e164_sha256", "0fac52d27ec377f8ad2f9de75d1f9bace693237e31868ae6f4616b8bbd0e94fb", "Google"),
    ({"first_name": "Valéry"}, "first_name_meta_sha256", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c", "Meta"),
    ({"last_name": "정"}, "last_name_meta_sha256", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14", "Meta"),
]  # fmt: skip


def test_every_known_hash_comes_out_of_what_was_typed(hashes_of):
    people = [{"customer_key": n, **typed} for n, (typed, *_) in enumerate(VECTORS)]
    got = hashes_of(people)
    wrong = [
        (typed, column, platform)
        for n, (typed, column, expected, platform) in enumerate(VECTORS)
        if got.loc[n, column] != expected
    ]
    assert wrong == []


# What was typed, the column, and the text whose hash the platform expects; None for no hash.
SPELLINGS = [
    ({"first_name": "Prof. Dr. Ana"}, "first_name_google_sha256", "ana"),
    ({"last_name": " Smith,\u00a0Jr. "}, "last_name_google_sha256", "smith"),
    ({"first_name": "Mary-Jane\u2003 Ann"}, "first_name_google_sha256", "mary-jane ann"),
    ({"first_name": "Mary-Jane\u2003 Ann"}, "first_name_meta_sha256", "maryjaneann"),
    ({"first_name": "Dr"}, "first_name_google_sha256", "dr"),
    ({"last_name": "O’Neil"}, "last_name_google_sha256", "o’neil"),
    ({"last_name": "O’Neil"}, "last_name_meta_sha256", "oneil"),
    ({"last_name": "ΠΑΠΑΔΌΠΟΥΛΟΣ"}, "last_name_meta_sha256", "παπαδόπουλοσ"),
    ({"first_name": "I\u0307brahim"}, "first_name_meta_sha256", "ibrahim"),
    ({"first_name": "J\u030coan"}, "first_initial_meta_sha256", "\u01f0"),
    ({"first_name": "Ze\u0301\u200b"}, "first_name_google_sha256", "zé"),
    ({"last_name": "\u1100\u1161\u11a8"}, "last_name_meta_sha256", "각"),
    ({"first_name": "Ana \u2764\ufe0f"}, "first_name_meta_sha256", "ana"),
    ({"first_name": "Ana\r"}, "first_name_google_sha256", "ana"),
    ({"first_name": "❤️"}, "first_name_meta_sha256", None),
    ({"first_name": "\u200b\u00a0"}, "first_name_google_sha256", None),
    ({"email": "+tag@gmail.com"}, "email_google_sha256", None),
    ({"email": "+tag@example.com"}, "email_tiktok_sha256", None),
    ({"email": "a.b+c@sub.gmail.com"}, "email_google_sha256", "a.b+c@sub.gmail.com"),
    ({"email": "A.B+c@GoogleMail.com"}, "email_google_sha256", "ab@googlemail.com"),
    ({"email": "ΟΔΥΣΣΕΑΣ@example.com"}, "email_sha256", "οδυσσεασ@example.com"),
    ({"email": "ann\u00a0lee@example.com"}, "email_google_sha256", None),
    ({"email": "ann\u00a0@ example.com"}, "email_google_sha256", "ann@example.com"),
    ({"city": "St. John's"}, "city_sha256", "stjohns"),
    ({"city": "München"}, "city_sha256", "münchen"),
    ({"region": " CA "}, "region_sha256", "ca"),
    ({"postal_code": "94105-1234", "country_code": "US"}, "postal_code_meta_sha256", "94105"),
    ({"postal_code": "SW1A 1AA", "country_code": "GB"}, "postal_code_meta_sha256", "sw1a1"),
    ({"postal_code": "00-950", "country_code": "PL"}, "postal_code_meta_sha256", "00950"),
    ({"country_code": "US"}, "country_sha256", "us"),
    ({"birth_date": "1984-03-07"}, "birth_year_sha256", "1984"),
    ({"birth_date": "1984-03-07"}, "birth_month_sha256", "03"),
    ({"birth_date": "1984-03-07"}, "birth_day_sha256", "07"),
    ({"birth_date": "1899-12-31"}, "birth_month_sha256", None),
]  # fmt: skip


def test_one_person_typed_in_many_ways_is_spelled_in_one(hashes_of):
    people = [{"customer_key": n, **typed} for n, (typed, *_) in enumerate(SPELLINGS)]
    got = hashes_of(people)
    wrong = [
        (typed, column, text)
        for n, (typed, column, text) in enumerate(SPELLINGS)
        if (None if pd.isna(got.loc[n, column]) else got.loc[n, column])
        != (text and hashlib.sha256(text.encode()).hexdigest())
    ]
    assert wrong == []


def test_ten_thousand_people_are_hashed_as_an_independent_reading_of_the_rules_has_it(hashes_of):
    people = typed_people(10_000, seed=20261124)
    got = hashes_of(people).where(lambda frame: frame.notna(), None).to_dict("index")
    compared, differences = 0, []
    for person in people:
        for column, expected in expected_hashes(person).items():
            compared += 1
            if got[person["customer_key"]][column] != expected:
                differences.append((column, person))
    print(f"{compared:,} hashes of {len(people):,} people, {len(differences)} differences")
    assert differences[:3] == []
    filled = Counter(c for row in got.values() for c, value in row.items() if value is not None)
    assert min(filled.values()) > 4_000, "every column must be put to the test"
    assert not any(EMPTY in row.values() for row in got.values())


def test_no_person_has_a_hash_of_nothing(hashes_of):
    blanks = [None, "", " ", "\u00a0\u200b", "...", "-"]
    people = [
        {"customer_key": n, "email": blank, "phone": blank}
        | {field: blank for field in TYPED if field != "birth_date"}
        for n, blank in enumerate(blanks)
    ]
    got = hashes_of(people)
    assert EMPTY not in got.to_numpy()
    assert got.loc[:3].drop(columns=["region_code", "postal_code"]).isna().all().all()


def test_no_ad_audience_holds_the_hash_of_the_empty_string(published):
    for channel in AD_CHANNELS:
        audience = published.audience(channel)
        assert len(audience) > 0, channel
        assert not (audience == EMPTY).any().any(), channel


def test_google_gets_an_address_whole_or_not_at_all(published):
    parts = ["hashed_first_name", "hashed_last_name", "region_code", "postal_code"]
    known = published.audience("google_ads")[parts].notna().sum(axis=1)
    assert set(known) <= {0, len(parts)}
    assert (known == len(parts)).any()
