"""Erasure, as one story in one workspace, and a search for erased people in every file it leaves.

Canaries are planted in every landing table. Two builds know them; a request comes; one build fails, the
next erases; one more finds nothing to do; a month later the e-mail of an erased person comes back.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from workspaces import AD_CHANNELS, CHANNELS, Published, rewrite

import audiencekit.run.job
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace

PURPOSES = (
    "newsletter",
    "email_marketing",
    "sms_marketing",
    "ad_user_data",
    "ad_personalization",
    "web_personalization",
)
FIRST, SECOND = datetime(2018, 1, 1), datetime(2018, 1, 2)
A_MONTH_LATER = SECOND + timedelta(days=31)


@dataclass(frozen=True)
class Person:
    """A planted person. `secrets` are what no file may hold once they are erased."""

    tag: str
    email: str
    phone: str = ""
    secrets: tuple[str, ...] = ()
    spellings: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """As `tag`, but another one than Zoe's in any capitals: details are compared in small letters."""
        return self.tag if self.tag.islower() else self.email.partition("@")[0]

    @property
    def account(self) -> str:
        return f"{self.tag}-acc"

    @property
    def contact(self) -> str:
        return f"{self.tag}-con"


# Asks by e-mail; has a phone of their own, typed in two ways, and a tablet that Tessa uses, too.
ZOE = Person(
    "zanary",
    "zanarymail@example.com",
    "+19075550142",
    secrets=(
        *("zanarymail", "zanary-con", "zanary-acc", "zanary-card", "zanary-device"),
        *("zanaryfirst", "zanarylast", "zanarycity", "98142-zan"),
        *("9075550142", "907-555-0142", "907 555 0142"),
    ),
)
# Asks by account; the phone is also of a housemate, who asks for nothing.
QUINN = Person("quinary", "quinarymail@example.com", "+19075550143", secrets=("quinary",))
HOUSEMATE = Person("housemate", "housematemail@example.com", "+19075550143")
# Another customer at first; then a steward finds that this is Quinn.
QUINN_BEFORE = Person("formerquinary", "formerquinarymail@example.com")
# The request names their phone, which both of them have.
RUTH = Person(
    "ruthary", "rutharymail@example.com", "+19075550144", secrets=("ruthary", "9075550144")
)
SAUL = Person("saulary", "saularymail@example.com", "+19075550144", secrets=("saulary",))
# Asks for nothing; shares the tablet with Zoe.
TESSA = Person("tessary", "tessarymail@example.com")
# Has an account whose name differs from Zoe's in its capitals alone, and is passed over in the search for hers.
DOUBLE = Person("zAnary", "doublemail@example.com")
PEOPLE = (ZOE, QUINN, QUINN_BEFORE, HOUSEMATE, RUTH, SAUL, TESSA, DOUBLE)
ERASED, STAYING = (ZOE, QUINN, QUINN_BEFORE, RUTH, SAUL), (HOUSEMATE, TESSA, DOUBLE)
UNKNOWN = "nobodyary@example.com"
SECRETS = sorted({s for person in ERASED for s in person.secrets} | {"nobodyary", "k-new-"})
# Terms that no REMOVE contains either, so that the bytes of a database may not hold them at all.
NOWHERE = ("zanarymail", "zanaryfirst", "zanarylast", "zanarycity", "9075550142", "907-555-0142")
NOWHERE += ("quinarymail", "rutharymail", "saularymail", "nobodyary", "zanary-card")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# What ad platforms are given of them.
HASHES = sorted(
    {digest(person.email) for person in ERASED}
    | {digest(p.phone) for p in (ZOE, RUTH)}
    | {digest(p.phone.lstrip("+")) for p in (ZOE, RUTH)}
)


def plant(path: Path, rows: list[dict]) -> None:
    """Add rows to a landing file; what a row does not say is null."""
    names = sorted({name for row in rows for name in row})
    values = ", ".join(
        "(" + ", ".join(_literal(row.get(name)) for name in names) + ")" for row in rows
    )
    rewrite(
        path,
        f"select * from t union all by name select * from (values {values}) as v ({', '.join(names)})",
    )


def _literal(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"timestamp '{value}'"
    return f"'{value}'" if isinstance(value, str) else str(value)


def plant_people(landing: Path) -> None:
    """Everybody with contact, login, orders, consent to everything; Zoe in every table there is."""
    day, long_ago = timedelta(days=1), datetime(2016, 3, 1)
    contacts = [
        {
            **{"contact_id": p.contact, "account_id": p.account, "email": p.email},
            **{"phone": p.phone or None, "first_name": p.name, "last_name": p.name + "last"},
            **{"country_code": "US", "region": "WA", "created_at": long_ago},
            "updated_at": datetime(2017, 12, 30),
        }
        for p in PEOPLE
    ]
    contacts[0] |= {"email": "Zanarymail@Example.com", "phone": "907-555-0142"}
    contacts[0] |= {"first_name": "Zanaryfirst", "last_name": "Zanarylast", "city": "Zanarycity"}
    contacts[0] |= {"postal_code": "98142-zan", "card_number": "zanary-card"}
    plant(landing / "contacts.2017-12-31.parquet", contacts)
    plant(
        landing / "accounts.parquet",
        [
            {
                **{"account_id": p.account, "email": p.email, "country_code": "US"},
                **{"created_at": long_ago, "updated_at": datetime(2017, 12, 1)},
                **({"phone": "907 555 0142", "first_name": "Zanaryfirst"} if p is ZOE else {}),
            }
            for p in PEOPLE
        ],
    )
    orders = [
        {
            **{"order_id": f"{p.tag}-o{n}".replace("ary", "o"), "account_id": p.account},
            **{"ordered_at": FIRST - (4 + 9 * n) * day, "total": 180.0, "status": "completed"},
            **{"order_channel": "web", "country_code": "US"},
        }
        for p in PEOPLE
        for n in range(8)
    ]
    by = [
        {"card_number": "zanary-card"},
        {"email": " ZANARYMAIL@example.com"},
        {"phone": "+1 (907) 555-0142"},
        {"phone": RUTH.phone},
    ]
    plain = {k: v for k, v in orders[0].items() if k != "account_id"}
    orders += [plain | {"order_id": f"zo-by{n}"} | known for n, known in enumerate(by)]
    # A bad row, for quarantine.
    orders += [orders[0] | {"order_id": "zo-bad", "ordered_at": datetime(1900, 1, 1)}]
    plant(landing / "orders.parquet", orders)
    plant(
        landing / "consent_events.parquet",
        [
            {
                **{"consent_event_id": f"c-{i}-{purpose}", "id_type": "email", "id_value": p.email},
                **{"purpose": purpose, "status": "granted", "jurisdiction": "US"},
                "decided_at": datetime(2017, 6, 1),
            }
            for i, p in enumerate(PEOPLE)
            for purpose in PURPOSES
        ]
        + [
            {
                **{"consent_event_id": "c-phone", "id_type": "phone", "id_value": "+19075550142"},
                **{"purpose": "sms_marketing", "status": "granted", "decided_at": FIRST - 30 * day},
            }
        ],
    )
    plant(
        landing / "web_events.parquet",
        [
            {
                **{"event_id": f"zw-{n}", "occurred_at": FIRST - n * timedelta(hours=1) - day},
                **{"event_name": "page_view", "anonymous_id": device, "account_id": account},
            }
            for n, (device, account) in enumerate(
                [
                    *([("zanary-device", ZOE.account), ("zanary-device", None)] * 2),
                    *([("tablet", ZOE.account), ("tablet", TESSA.account), ("tablet", None)] * 2),
                    *([(f"device-{p.email[0]}", p.account) for p in PEOPLE[1:]]),
                ]
            )
        ],
    )
    plant(
        landing / "email_events.parquet",
        [
            {
                **{"event_id": f"zm-{n}", "occurred_at": FIRST - 40 * day, "event_name": name},
                **{"email": email, "campaign_id": "z"},
            }
            for n, (name, email) in enumerate(
                [("sent", ZOE.email), ("opened", "ZANARYMAIL@EXAMPLE.COM")]
            )
        ],
    )
    plant(
        landing / "campaign_touches.parquet",
        [
            {
                **{"touch_id": f"zt-{n}", "touched_at": FIRST - 90 * day, "campaign_id": "24"},
                **{"touch_name": "mailed", "id_type": kind, "id_value": value},
            }
            for n, (kind, value) in enumerate(
                [("card_number", "zanary-card"), ("phone", RUTH.phone), ("email", ZOE.email)]
            )
        ],
    )
    plant(
        landing / "static_lists.parquet",
        [
            {
                **{"list_code": "vip", "id_type": "contact_id", "id_value": ZOE.contact},
                "added_at": FIRST - 90 * day,
            }
        ],
    )
    # A line that is no row: quarantine keeps it as one text.
    (landing / "contacts.late.csv").write_text(
        "contact_id,email,first_name\nk-late-1,late@example.com,Lou\n"
        "k-late-2,zanarymail@example.com,Zanaryfirst,one cell too many\n"
    )


def ask(landing: Path) -> None:
    asked = [("email", ZOE.email), ("account_id", QUINN.account), ("phone", RUTH.phone)]
    plant(
        landing / "erasure_requests.parquet",
        [
            {
                **{"request_id": f"zr-{n}", "id_type": kind, "id_value": value},
                "requested_at": datetime(2018, 1, 1, 12),
            }
            for n, (kind, value) in enumerate([*asked, ("email", UNKNOWN)])
        ],
    )


# --- Looking for somebody in every file ---------------------------------------------------------------


def found_in(home: Path, terms: list[str]) -> dict[str, set[str]]:
    """The terms found in each file and table, whatever their case.

    Rows of Parquet and DuckDB files are read, except the REMOVE of an erasure, which may hold a term.
    Every other file is read as bytes.
    """
    found: dict[str, set[str]] = {}
    with duckdb.connect() as con:
        for path in sorted(p for p in home.rglob("*") if p.is_file() and not p.is_symlink()):
            for place, text in texts_of(con, path, terms):
                text = text.replace(DOUBLE.tag, "").lower()
                held = {term for term in terms if term in text}
                if held:
                    name = f"{path.relative_to(home)} {place}".strip()
                    found.setdefault(name, set()).update(held)
    return found


def texts_of(
    reader: duckdb.DuckDBPyConnection, path: Path, terms: list[str]
) -> Iterator[tuple[str, str]]:
    """(place, text) of a file that may hold a term."""
    if path.suffix == ".parquet":
        yield from rows_with(reader, f"read_parquet('{path}', hive_partitioning = false)", terms)
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute(
                "select schema_name || '.' || table_name from duckdb_tables() where not internal "
                "union all select schema_name || '.' || view_name from duckdb_views() where not internal"
            ).fetchall()
            assert tables, path
            for (table,) in tables:
                for _, text in rows_with(con, table, terms):
                    yield table, text
        # Freed blocks are read, too. The content of a REMOVE cannot be recognised there.
        data = path.read_bytes().replace(DOUBLE.tag.encode(), b"").lower()
        yield "bytes", " ".join(s for s in NOWHERE if s.encode() in data)
    else:
        yield "", path.read_bytes().decode("latin-1")


def rows_with(con, relation: str, terms: list[str]) -> Iterator[tuple[str, str]]:
    columns = {c for (c, *_) in con.execute(f"describe select * from {relation}").fetchall()}
    allowed = (
        "reason = 'erasure' and customer_key is null and (action = 'REMOVE' or identifiers is null)"
        if {"action", "reason", "customer_key", "identifiers"} <= columns
        else "reason = 'erasure'"
        if {"action", "reason"} <= columns
        else "false"
    )
    says = f"regexp_matches(searched, '{'|'.join(map(re.escape, terms))}')"
    query = (
        f"select text from (select t::varchar as text, replace(text, '{DOUBLE.tag}', '').lower() as searched, "
        f"{allowed} as is_allowed from {relation} as t) where ({says}) and not coalesce(is_allowed, false) limit 50"
    )
    for (text,) in con.execute(query).fetchall():
        yield "", text


# --- The story ----------------------------------------------------------------------------------------


@dataclass
class Step:
    """What one build left: audiences by channel, history, receipts, and how often dbt was called."""

    audiences: dict[str, pd.DataFrame]
    changes: pd.DataFrame
    published_changes: pd.DataFrame
    receipts: pd.DataFrame
    revenue: pd.DataFrame
    profiles: pd.DataFrame
    build_id: str
    dbt_calls: int
    generations: int
    consent_rows: int
    printed: str
    found: dict[str, set[str]]


@dataclass
class Story:
    keys: dict[str, str]
    merged_key: str
    known: Step
    found_before: dict[str, set[str]]
    refusal: str
    after_failure: tuple[str, int]
    erased: Step
    again: Step
    month: Step
    found_in_gate: dict[str, set[str]]


def step_of(build: Published, dbt_calls: int, terms: list[str]) -> Step:
    w = build.workspace
    return Step(
        audiences={c: build.audience(c) for c in CHANNELS},
        changes=_ledger(w, "audience_changes", "change_seq"),
        published_changes=pd.read_parquet(w.current / "activation" / "audience_changes.parquet"),
        receipts=pd.read_parquet(w.current / "activation" / "erasure_receipts.parquet"),
        revenue=build.report("rpt_revenue"),
        profiles=build.warehouse("select * from segments.customer_360 order by customer_key"),
        build_id=build.run.manifest.build_id,
        dbt_calls=dbt_calls,
        generations=len(list(w.generations.iterdir())),
        consent_rows=build.run.manifest.landing_rows["consent_events"],
        printed=build.printed,
        found=found_in(w.home, terms) if terms else {},
    )


def _ledger(workspace: Workspace, table: str, order: str) -> pd.DataFrame:
    files = workspace.ledger / table / "*.parquet"
    return duckdb.execute(f"select * from '{files}' order by {order}").df()


def keys_of(build: Published) -> dict[str, str]:
    """The customer key of everybody planted."""
    found = build.warehouse(
        "select id_value, customer_key from identity.int_identifiers where id_type = 'account_id'"
    ).set_index("id_value")["customer_key"]
    return {p.tag: found[p.account] for p in PEOPLE}


@pytest.fixture(scope="module")
def story(runner, demo, tmp_path_factory) -> Story:
    landing = tmp_path_factory.mktemp("erasure") / "landing"
    shutil.copytree(demo / "landing", landing)
    plant_people(landing)
    calls = []
    real = audiencekit.run.job.dbt_build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            audiencekit.run.job, "dbt_build", lambda *a, **k: (calls.append(a), real(*a, **k))[1]
        )

        def build(as_of: datetime, terms: list[str], accept=(), checks=False) -> Step:
            calls.clear()
            published = runner("erasure", landing, as_of, accept, checks)
            return step_of(published, len(calls), terms)

        # The last build is checked: its rows are those of the others and more.
        build(FIRST, [])
        first_keys = keys_of(Published(runner.workspace("erasure"), None, ""))
        assert len(set(first_keys.values())) == len(PEOPLE), first_keys
        plant(
            landing / "identity_decisions.parquet",
            [
                {
                    **{"decision": "link", "left_id_type": "contact_id", "right_id_type": "email"},
                    **{"left_id_value": QUINN.contact, "right_id_value": QUINN_BEFORE.email},
                    "decided_at": datetime(2018, 1, 1, 6),
                }
            ],
        )
        # Ads lose Saul in the second build; perhaps no platform has picked that up when he is erased.
        plant(
            landing / "consent_events.parquet",
            [
                {
                    **{"consent_event_id": "c-no", "id_type": "email", "id_value": SAUL.email},
                    **{"purpose": "ad_user_data", "status": "withdrawn"},
                    "decided_at": datetime(2018, 1, 1, 6),
                }
            ],
        )
        known = build(SECOND, [])
        workspace = runner.workspace("erasure")
        keys = keys_of(Published(workspace, None, ""))
        [merged_key] = set(first_keys.values()) - set(keys.values())
        gone = [keys[p.tag] for p in ERASED]
        terms = [*SECRETS, *HASHES, *gone, merged_key]
        before = found_in(workspace.home, terms)

        ask(landing)

        # A build that erases them in the intake, and fails after that.
        def fail(*a, **k):
            if "--select" in a:
                return real(*a, **k)
            raise UserError("a gate on purpose")

        patch.setattr(audiencekit.run.job, "dbt_build", fail)
        with pytest.raises(UserError, match="a gate on purpose") as refused:
            runner("erasure", landing, SECOND)
        after_failure = (
            workspace.current.resolve().name,
            len(_ledger(workspace, "audience_changes", "change_seq")),
        )
        patch.setattr(
            audiencekit.run.job, "dbt_build", lambda *a, **k: (calls.append(a), real(*a, **k))[1]
        )
        erased = build(SECOND, terms)
        again = build(SECOND, terms)

        # A gate stops intake itself, which has read the user's files by then.
        aside = (landing / "static_lists.parquet").rename(landing.parent / "aside.parquet")
        with pytest.raises(UserError, match="static_lists"):
            runner("erasure", landing, SECOND)
        aside.rename(landing / "static_lists.parquet")
        found_in_gate = found_in(workspace.home, terms)

        # Their e-mail and phone come back, under names nobody has seen yet.
        plant(
            landing / "contacts.2017-12-31.parquet",
            [
                {
                    **{"contact_id": "k-new-1", "email": "zanaryMAIL@example.com"},
                    **{"first_name": "Zanaryfirst", "updated_at": datetime(2018, 1, 20)},
                },
                {
                    **{"contact_id": "k-new-2", "phone": "(907) 555 0142", "country_code": "US"},
                    **{"first_name": "Zanaryfirst", "updated_at": datetime(2018, 1, 20)},
                },
            ],
        )
        # Zoe asks again.
        plant(
            landing / "erasure_requests.parquet",
            [
                {
                    **{"request_id": "zr-again", "id_type": "email", "id_value": ZOE.email},
                    "requested_at": datetime(2018, 1, 20),
                }
            ],
        )
        # The source of consent erases them as well.
        theirs = ", ".join(f"'{p.email}'" for p in ERASED)
        rewrite(
            landing / "consent_events.parquet",
            f"select * from t where id_value not in ({theirs}, '+19075550142')",
        )
        month = build(A_MONTH_LATER, terms, accept=CHANNELS, checks=True)
    return Story(
        keys,
        merged_key,
        known,
        before,
        str(refused.value),
        after_failure,
        erased,
        again,
        month,
        found_in_gate,
    )


# --- What must hold -----------------------------------------------------------------------------------

# The column of each channel that holds a customer_key.
PERSON = {c: "customer_key" for c in CHANNELS}
PERSON |= {"email": "external_id", "meta": "extern_id", "website": "resolved_customer_key"}
# Their own facts stay; ranks among all customers, the shop's rhythm, and what models make of them, may move.
RELATIVE = (
    *("usual_gap", "gaps_since_order", "silent_gaps", "best_channel"),
    "_score",
    "_rank",
    "rfm_family",
    "propensity",
    "churn",
    "expected",
    "lifetime_value",
    "micro_",
    "lead_",
)


def rows_of_people(step: Step, channel: str, keys) -> pd.DataFrame:
    frame = step.audiences[channel]
    return frame[frame[PERSON[channel]].isin(list(keys))]


@pytest.fixture(scope="module")
def gone(story) -> dict[str, str]:
    return {p.tag: story.keys[p.tag] for p in ERASED}


def test_the_canaries_were_everywhere_before(story):
    """Or the search below would find nothing because there was nothing."""
    before = story.found_before
    # intake/orders.parquet/00000.parquet is a part of a table.
    tables = {Path(path).parts[1].split(".")[0] for path in before if path.startswith("intake/")}
    assert "checked" in tables
    assert tables - {"checked", "last"} == {
        *("accounts", "campaign_touches", "consent_events", "contacts", "email_events"),
        *("identity_decisions", "orders", "quarantine", "static_lists", "web_events"),
    }
    for person in (ZOE, QUINN, RUTH):
        for channel in CHANNELS:
            assert len(rows_of_people(story.known, channel, [story.keys[person.tag]])), channel
    assert any(path.startswith("warehouse.duckdb profiles.dim_customers") for path in before)
    assert any("activation.duckdb bytes" in path for path in before)
    assert {
        SECRETS.index(s) for s in ("zanarymail", "zanaryfirst", "zanarycity", "zanary-card")
    } <= {SECRETS.index(s) for held in before.values() for s in held if s in SECRETS}


def test_history_under_a_merged_key_was_there_before_the_erasure(story):
    """Two customers turned out to be one person; what the search below finds nothing of was there."""
    assert story.keys[QUINN.tag] == story.keys[QUINN_BEFORE.tag] != story.merged_key
    held = {path for path, terms in story.found_before.items() if story.merged_key in terms}
    for table in (
        "segment_changes",
        "audience_changes",
        "identity_changes",
        "customer_key_changes",
    ):
        assert any(f"/{table}/" in path for path in held), (table, held)


def test_a_failed_build_leaves_the_last_generation_and_the_request_waiting(story):
    name, rows = story.after_failure
    assert name == story.known.build_id
    assert rows == len(story.known.changes)
    assert "The last good generation is still published" in story.refusal


@pytest.mark.parametrize("step", ["erased", "again", "month"])
def test_no_file_holds_anything_of_erased_people(story, step):
    found = getattr(story, step).found
    assert found == {}, "\n".join(f"{path}: {sorted(held)}" for path, held in found.items())


def test_a_gate_that_stops_intake_brings_no_erased_person_back(story):
    assert story.found_in_gate == {}


def test_older_generations_are_gone(story):
    assert (story.erased.generations, story.again.generations) == (1, 2)


def test_each_audience_row_is_taken_away_once(story, gone):
    expected = {
        row_id
        for channel in CHANNELS
        for row_id in rows_of_people(story.known, channel, gone.values())["audience_row_id"]
    }
    changes = story.erased.changes
    now = changes[(changes["build_id"] == story.erased.build_id) & (changes["reason"] == "erasure")]
    assert len(expected) > 40
    assert sorted(now["audience_row_id"]) == sorted(expected)
    assert set(now["action"]) == {"REMOVE"}
    assert now["customer_key"].isna().all() and now["identifiers"].notna().all()


def test_a_removal_that_was_not_picked_up_yet_is_still_published(story):
    before = story.known.changes
    saul = before[(before["customer_key"] == story.keys[SAUL.tag]) & (before["action"] == "REMOVE")]
    assert set(saul["channel"]) == set(AD_CHANNELS)
    kept = story.erased.changes.set_index("change_seq").loc[saul["change_seq"]]
    assert list(kept["identifiers"]) == list(saul["identifiers"])
    assert set(kept["reason"]) == {"erasure"} and kept["customer_key"].isna().all()


def test_numbers_of_changes_go_on_and_are_never_given_again(story):
    before, after = story.known.changes["change_seq"], story.erased.changes
    assert after["change_seq"].is_unique
    now = after[after["build_id"] == story.erased.build_id]["change_seq"]
    assert now.min() > before.max()


def test_the_receipts_count_what_was_taken_away(story):
    receipts = story.erased.receipts
    of = story.keys
    keys = {
        "zr-0": [of[ZOE.tag]],
        "zr-1": [of[QUINN.tag], story.merged_key],
        "zr-2": [of[RUTH.tag], of[SAUL.tag]],
    }
    for request, asked in keys.items():
        mine = receipts[receipts["request_id"] == request]
        assert len(mine) == len(CHANNELS) * len(asked)
        for channel in CHANNELS:
            rows = sorted(mine[mine["channel"] == channel]["rows_removed"])
            assert rows == sorted(len(rows_of_people(story.known, channel, [key])) for key in asked)
    nobody = receipts[receipts["request_id"] == "zr-3"]
    assert list(nobody["rows_removed"]) == [0] * len(CHANNELS)
    assert nobody["tombstone"].isna().all()
    assert "1 erasure requests match no customer: zr-3." in story.erased.printed


def test_orders_of_erased_people_stay_in_revenue(story):
    def by_month(step: Step) -> pd.DataFrame:
        return step.revenue.groupby("month_on")[["purchases", "net_revenue"]].sum()

    pd.testing.assert_frame_equal(by_month(story.known), by_month(story.erased))


def test_facts_of_everybody_else_stay_as_they_are(story, gone):
    """Also of who shares a phone or a tablet with them, and whose account differs in capitals alone."""
    before, after = story.known.profiles, story.erased.profiles
    own = [
        c for c in before.columns if c == "engagement_score" or not any(r in c for r in RELATIVE)
    ]
    others = before[~before["customer_key"].isin(list(gone.values()))].reset_index(drop=True)
    assert {story.keys[p.tag] for p in STAYING} <= set(after["customer_key"])
    pd.testing.assert_frame_equal(others[own], after[own].reset_index(drop=True))


def test_audiences_of_everybody_else_change_by_rank_alone(story, gone):
    """Columns that depend on ranks may change, because a tie at a quintile may move; no other column changes."""
    may_change = {
        *("segment_codes", "segments_json", "primary_segment", "entered_at", "rfm_family"),
        *("variants", "variants_json", "messages_json"),
        *("next_best_action", "reason", "lead_score", "lead_grade", "best_channel"),
        *("row_hash", "build_id", "updated_at"),
    }
    for channel in CHANNELS:
        before = story.known.audiences[channel].set_index("audience_row_id")
        before = before[~before[PERSON[channel]].isin(list(gone.values()))]
        after = story.erased.audiences[channel].set_index("audience_row_id")
        both = before.index.intersection(after.index)
        assert len(both) > 0.9 * len(before)
        same = [c for c in before.columns if c not in may_change]
        left, right = before.loc[both, same], after.loc[both, same]
        # A phone that is left to one of two is theirs alone from now on.
        alone = left[PERSON[channel]] == story.keys[HOUSEMATE.tag]
        phones = [c for c in same if "phone" in c]
        left.loc[alone, phones] = right.loc[alone, phones]
        pd.testing.assert_frame_equal(left, right)


def test_the_next_build_has_nothing_to_do(story):
    """The landing still holds person and request; intake alone keeps them out."""
    assert (story.known.dbt_calls, story.erased.dbt_calls, story.again.dbt_calls) == (1, 2, 1)
    for channel in CHANNELS:
        pd.testing.assert_frame_equal(
            story.again.audiences[channel], story.erased.audiences[channel]
        )
    pd.testing.assert_frame_equal(story.again.changes, story.erased.changes)
    pd.testing.assert_frame_equal(story.again.receipts, story.erased.receipts)


def test_the_source_may_delete_decisions_of_erased_people_too(story):
    """Consent only ever grows; the month's build saw none of theirs, and nobody had to accept that."""
    decisions = sum(p in ERASED for p in PEOPLE) * len(PURPOSES) + len(("c-phone", "c-no"))
    assert story.erased.consent_rows == story.known.consent_rows - decisions
    assert story.month.consent_rows == story.again.consent_rows == story.erased.consent_rows


def test_after_a_month_no_change_identifies_whom_a_platform_removed(story):
    for changes in (story.month.changes, story.month.published_changes):
        erased = changes[changes["reason"] == "erasure"]
        assert len(erased) > 40
        assert erased["identifiers"].isna().all() and erased["former_identifiers"].isna().all()
    assert story.month.generations == 1


def test_who_asks_again_is_answered_again(story):
    receipts = story.month.receipts
    is_again = receipts["request_id"] == "zr-again"
    assert sorted(receipts[is_again]["channel"]) == sorted(CHANNELS)
    assert set(receipts[is_again]["rows_removed"]) == {0}
    pd.testing.assert_frame_equal(receipts[~is_again].reset_index(drop=True), story.erased.receipts)
