"""Identifiers as each platform hashes them: the project's own SQL and reader against known hashes.

Hashes marked 'published' stand in the platform's own documentation; the others were computed from the
platform's rules.
"""

import hashlib

import duckdb
import pytest
from audiencekit.building import run_dbt
from audiencekit.contact_points import read_email, read_phone

EXPRESSIONS = {
    "google_email": "{{ hashed(google_email('v')) }}",
    "plain_email": "{{ hashed('v') }}",
    "google_phone": "{{ hashed('v') }}",
    "meta_phone": "{{ hashed(\"replace(v, '+', '')\") }}",
    "name": "{{ hashed(plain_name('v')) }}",
}
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def hashed(published):
    """Hash a value as a channel does, with the SQL that dbt compiles from the project's macros."""
    columns = ", ".join(f"{sql} as {name}" for name, sql in EXPRESSIONS.items())
    result = run_dbt(
        published.workspace, "compile", "--inline", f"select {columns} from (select $v as v)"
    )
    assert result.success, result.exception
    sql = result.result.results[0].node.compiled_code

    def run(kind: str, value: str | None) -> str | None:
        names = list(EXPRESSIONS)
        return duckdb.execute(sql, {"v": value}).fetchall()[0][names.index(kind)]

    return run


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        # published
        (
            "google_email",
            "alexz@example.com",
            "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
        ),
        (
            "google_phone",
            "+18005550100",
            "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
        ),
        ("name", "givenname", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"),
        ("name", "familyname", "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574"),
        # computed
        (
            "google_email",
            "  Cloudy.SanFrancisco+shopping@gmail.com ",
            "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4",
        ),
        (
            "plain_email",
            "  Cloudy.SanFrancisco+shopping@gmail.com ",
            "8dd4a9bf850242873c14976125edabc35096192b784626a5641a7d2de56e3c1e",
        ),
        (
            "google_email",
            "user.name+NYC@Example.com",
            "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac",
        ),
        (
            "plain_email",
            "user.name+NYC@Example.com",
            "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac",
        ),
        (
            "meta_phone",
            "+18005550100",
            "92cfdc5fbcd4a20fbe5d3857af6c1aba31762105bba7f21a17155e920653046c",
        ),
        (
            "meta_phone",
            "+441134960987",
            "0d0bdab1b69302da54eab62fafae55faadba503c4a51b870a57a34959d645be9",
        ),
        (
            "google_phone",
            "+441134960987",
            "0fac52d27ec377f8ad2f9de75d1f9bace693237e31868ae6f4616b8bbd0e94fb",
        ),
        ("name", "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        ("name", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    ],
)
def test_hashes_are_the_platform_s(hashed, kind, typed, expected):
    value = typed
    if kind.endswith("email"):
        value, problem = read_email(typed)
        assert problem is None
    if kind.endswith("phone"):
        value, problem = read_phone(typed, "")
        assert problem is None
    assert hashed(kind, value) == expected


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [("(800) 555-0100", "US", "+18005550100"), ("0113 496 0987", "GB", "+441134960987")],
)
def test_national_numbers_are_read_by_country(typed, country, number):
    assert read_phone(typed, country) == (number, None)


@pytest.mark.parametrize("kind", list(EXPRESSIONS))
def test_nothing_hashes_to_nothing(hashed, kind):
    assert hashed(kind, None) is None
    assert hashed(kind, "") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("Dr. Ana", "ana"), ("O'Neil", "oneil"), ("Smith Jr.", "smith"), ("  Mary-Jane ", "maryjane")],
)
def test_titles_suffixes_and_punctuation_do_not_tell_names_apart(hashed, one, other):
    assert (
        hashed("name", one) == hashed("name", other) == hashlib.sha256(other.encode()).hexdigest()
    )


def test_no_audience_holds_the_hash_of_the_empty_string(published):
    for channel in ("google_ads", "meta", "linkedin"):
        assert not (published.audience(channel) == EMPTY).any().any()
