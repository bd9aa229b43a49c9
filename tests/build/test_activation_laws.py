"""The laws of activation over random histories: the compiled SQL of a published build, replayed on small tables.

A history is people, what they decided and when, the segments they are in, and the moments of some builds. Each
build reads what the one before left in the ledger. This file states the laws a second time, in
Python and independently of the SQL.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from workspaces import CHANNELS, Published

from audiencekit.publish.ledger import ledger_tables

DAY_0 = datetime(2018, 1, 1)
CONSENT = (
    "int_customer_mailboxes",
    "int_consent_records",
    "int_named_customers",
    "int_consent_decisions",
    "int_past_withdrawals",
    "int_login_refusals",
    "int_stated_refusals",
    "int_privacy_signals",
    "int_withdrawals",
    "fct_consent",
)
CONSENT += ("dim_consent", "int_preference_decisions", "int_preferences")
BUILT = (
    *CONSENT,
    *("dim_channels", "channel_purposes", "int_channel_permissions"),
    *("int_topic_refusals", "int_frequency_limits"),
    *("segment_suppressions", "int_member_relevance", "int_frequency_caps"),
    *("int_holdout_candidates", "experiment_assignments", "int_assigned_customers"),
    *("int_member_eligibility", "int_audience_candidates", "int_audience_members"),
    *("int_quiet_hours", "int_action_candidates"),
    *(
        "int_bandit_variants",
        "int_bandit_reach",
        "int_bandit_rewards",
        "int_bandit_posteriors",
        "bandit_allocations",
    ),
    *("bandit_decisions", "int_bandit_choices"),
    *("int_message_contents", "dim_messages", "int_customer_messages", "int_customer_audiences"),
    *("int_hashed_identifiers", *(f"aud_{channel}" for channel in CHANNELS)),
    *("int_audience_rows", "int_released_identifiers", "int_audience_changes"),
)
# What the YAML of segments says, as tables.
SETTINGS = ("dim_segments", "segment_channels", "segment_excludes")
# What these nodes append to the ledger, by the staging model that the next build reads it from.
LEDGER = {
    f"staging.stg_ledger__{table.name}": table.relation
    for table in ledger_tables()
    if table.relation.split(".")[1] in BUILT
}
# Rules as their YAML has them: two keep holdouts and exclude each other, one excludes another, one suppresses people.
SEGMENTS = (
    *("loyal_customers", "lookalike_seed", "at_risk", "churn_risk"),
    *("likely_to_buy", "recent_high_frequency", "dormant"),
)
# What segments' YAML says, as the build has it.
SETTINGS = ("dim_segments", "segment_channels", "segment_excludes")
PURPOSES = ("newsletter", "email_marketing", "ad_user_data", "ad_personalization")
PURPOSES += ("web_personalization",)
ADS = ("ad_user_data", "ad_personalization")
REFUSED = ("withdrawn", "denied")
TOPICS = ("new_products", "offers", "tips")


@dataclass(frozen=True)
class Decision:
    """Made on day `at`, by the person with this number or under the household's phone, which counts for everybody who
    has it. A person with an old record, found by its details alone, may have made it there."""

    by: int | str
    purpose: str
    status: str
    at: float
    expires: int | None = None
    channel: str | None = None
    jurisdiction: str | None = None
    in_old_record: bool = False


@dataclass(frozen=True)
class Wish:
    """About a topic, or for at most one message in so many `days`; made as a Decision is. Neither is consent."""

    by: int | str
    purpose: str
    topic: str | None
    status: str
    at: float
    days: int | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Person:
    country: str | None
    region: str | None
    has_email: bool
    has_household_phone: bool
    family: str
    churn: float | None
    has_old_record: bool = False


@dataclass(frozen=True)
class Moment:
    """A build on `day`: who is in which segment, and what share of a segment is to be held out."""

    day: int
    members: frozenset[tuple[str, int]]
    share: float


@dataclass(frozen=True)
class History:
    people: tuple[Person, ...]
    decisions: tuple[Decision, ...]
    gpc: tuple[tuple[int, int], ...]
    unsubscribed: tuple[tuple[int, int], ...]
    sent: tuple[tuple[int, int], ...]
    moments: tuple[Moment, ...]
    wishes: tuple[Wish, ...] = ()


# --- The law, in Python -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """What channels ask for and jurisdictions assume, as the project's YAML and seeds have it."""

    purposes: dict[str, tuple[str, ...]]
    needs_explicit_consent: dict[str, bool]
    defaults: dict[tuple[str, str], bool]
    countries: dict[str, str]
    channels: dict[str, tuple[str, ...]]
    audiences: dict[str, str]
    topics: dict[str, str]

    def spoken(self, history: History, who: int, now: int) -> list[Decision]:
        """Every decision and every withdrawal of this person before `now`."""
        shares = history.people[who].has_household_phone
        decided = [
            d
            for d in history.decisions
            if d.by == who or (d.by == "phone" and shares and d.status in REFUSED)
        ]
        for person, at in history.gpc:
            decided += [Decision("deed", p, "withdrawn", at) for p in ADS if person == who]
        for person, at in history.unsubscribed:
            mail = ("newsletter", "email_marketing")
            decided += [Decision("deed", p, "withdrawn", at) for p in mail if person == who]
        return [d for d in decided if d.at < now]

    def jurisdiction(self, history: History, who: int, now: int) -> str:
        stated = [d for d in self.spoken(history, who, now) if d.jurisdiction]
        if stated:
            return min(stated, key=lambda d: (-d.at, d.jurisdiction)).jurisdiction
        person = history.people[who]
        if (person.country, person.region) == ("US", "CA"):
            return "US-CA"
        return self.countries.get(person.country, "unknown")

    def basis(self, history: History, who: int, purpose: str, channel: str, now: int) -> str:
        """yes, silence (allowed), nothing (denied by law), refused or expired."""
        spoken = self.spoken(history, who, now)
        old, deed = history.people[who].has_old_record, "deed"
        own = [d for d in spoken if d.by != deed and d.purpose == purpose]
        # The household's phone is in no old record.
        voices = {old and d.in_old_record and d.by != "phone" for d in own} or {False}
        ends = []
        for voice in voices:
            about = [
                d
                for d in spoken
                if (d.by == deed or (old and d.in_old_record and d.by != "phone") == voice)
                and d.purpose == purpose
                and d.channel in (None, channel)
            ]
            last = [d for d in about if counts_from(d) == max(map(counts_from, about))]
            if any(d.status in REFUSED for d in last):
                return "refused"
            if last:
                ends.append(min(d.expires or math.inf for d in last))
        if not ends:
            where = self.jurisdiction(history, who, now)
            return "silence" if self.defaults.get((where, purpose)) else "nothing"
        return "yes" if max(ends) > now else "expired"

    def refusal(self, history: History, who: int, channel: str, now: int) -> str | None:
        """Why this person may not be addressed on the channel as of `now`; None when they may."""
        grounds = {self.basis(history, who, p, channel, now) for p in self.purposes[channel]}
        if "refused" in grounds:
            return "consent_withdrawn"
        if "expired" in grounds:
            return "consent_expired"
        silent = "silence" in grounds and self.needs_explicit_consent[channel]
        return "no_consent" if "nothing" in grounds or silent else None

    def wishes(self, history: History, who: int, channel: str, now: int) -> list[Wish]:
        """What this person asked for on the channel before `now`. Only a wish for less counts for a household."""
        shares = history.people[who].has_household_phone
        mail = ("newsletter",) if "email_marketing" in self.purposes[channel] else ()
        return [
            w
            for w in history.wishes
            if (
                w.by == who
                or (w.by == "phone" and shares and w.status != "granted" and w.days != 0)
            )
            and w.purpose in (*self.purposes[channel], *mail)
            and w.channel in (None, channel)
            and w.at < now
        ]

    def refuses_topic(self, history: History, who: int, channel: str, code: str, now: int) -> bool:
        """Whether this person does not want to hear about the topic of a segment on the channel."""
        about: dict[str, list[Wish]] = {}
        for wish in self.wishes(history, who, channel, now):
            if wish.topic and wish.status != "limited":
                about.setdefault(wish.topic, []).append(wish)
        refused = set()
        for topic, wishes in about.items():
            last = max(map(counts_from, wishes))
            if any(w.status in REFUSED for w in wishes if counts_from(w) == last):
                refused.add(topic)
        return self.topics[code] in refused or bool(refused - {*TOPICS})

    def limit(self, history: History, who: int, channel: str, now: int) -> int:
        """In how many days this person wants one message at most; 0 for no limit."""
        asked = [w for w in self.wishes(history, who, channel, now) if w.days is not None]
        return max(asked, key=lambda w: (w.at, w.days)).days if asked else 0


def counts_from(decision: Decision | Wish) -> float:
    """The day from which a decision counts. A refusal of a day may be of its end, one of a minute of its end."""
    if decision.status not in REFUSED:
        return decision.at
    return decision.at + (0.001 if decision.at % 1 else 0.999)


# --- The replay ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """What one build made. `rows` by audience_row_id: channel, audience, person, hash, build, updated."""

    day: int
    build_id: str
    rows: dict[str, tuple[str, str, int, str, str, datetime]]
    changes: list[tuple[int, str, str, str, str]]
    segments: dict[tuple[str, int], tuple[str, ...]]
    held_out: frozenset[tuple[str, int]]
    contents: dict[str, list[tuple]]


class Activation:
    """The nodes between consent and changes, in a DuckDB of their own."""

    def __init__(self, published: Published):
        manifest = published.manifest()
        nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
        self.relations = {name: nodes[name]["relation_name"] for name in BUILT}
        home = str(published.workspace.home)
        self.sql = {
            name: self._template(nodes[name]["compiled_code"], home, published.run.manifest)
            for name in BUILT
        }
        read = set(re.findall(r'"warehouse"\."(\w+)"\."(\w+)"', " ".join(self.sql.values())))
        self.inputs = {
            name: f"{schema}.{name}" for schema, name in sorted(read) if name not in BUILT
        }
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("set TimeZone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
        for schema in {schema for schema, _ in read}:
            self.con.execute(f"create schema {schema}")
        with duckdb.connect(str(published.workspace.warehouse), read_only=True) as source:
            for name, table in self.inputs.items():
                is_kept = table.startswith("seeds.") or name in SETTINGS
                rows = source.execute(f"from {table} limit {'all' if is_kept else 0}")
                self.con.register("rows", rows.to_arrow_table())
                self.con.execute(f"create table {table} as from rows")
                self.con.unregister("rows")
        self.fresh()
        self.builds_run = 0

    @staticmethod
    def _template(sql: str, home: str, manifest) -> str:
        """Compiled SQL with names for its moments and build."""
        sql = sql.replace(f"'{manifest.build_id}'", "'{{build_id}}'")
        now = f"cast('{manifest.as_of}' as timestamp)"
        # In these columns of a row the moment is that of the build; everywhere else it is as_of.
        for column in ("occurred_at", "assigned_at", "decided_at", "allocated_at", "updated_at"):
            for left, right in (
                ("", f" as {column}"),
                ("cast(", f" as timestamp) as {column}"),
                (f".{column}, ", ")"),
            ):
                sql = sql.replace(f"{left}{now}{right}", f"{left}{{{{built_at}}}}{right}")
            sql = sql.replace(f"{column} <= {now}", f"{column} <= {{{{built_at}}}}")
        assert home not in sql
        return sql.replace(now, "{{as_of}}")

    def fresh(self) -> None:
        """Delete every build from the ledger."""
        for name in LEDGER:
            self.con.execute(f"delete from {name}")
        self.count = 0

    @contextmanager
    def broken(self, node: str, old: str, new: str):
        """The same project with a mistake in it."""
        right = self.sql[node]
        assert old in right, f"{node} has no {old!r}"
        self.sql[node] = right.replace(old, new)
        try:
            yield self
        finally:
            self.sql[node] = right

    def fill(self, table: str, columns: str, rows: Iterable[tuple], shuffle: Random | None) -> None:
        rows = list(rows)
        if shuffle:
            shuffle.shuffle(rows)
        self.con.execute(f"delete from {self.inputs[table]}")
        if rows:
            values = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in rows)
            self.con.execute(f"insert into {self.inputs[table]} ({columns}) values {values}")

    def build(
        self, history: History, moment: Moment, *, keep: bool = True, shuffle: Random | None = None
    ) -> Build:
        """Run one build; `keep` appends it to the ledger, as publishing does."""
        self.builds_run += 1
        number = self.count + 1
        self._fill(history, moment, shuffle)
        build_id = f"b{number:06d}"
        self._make(BUILT, moment, number)
        made = self._read(moment.day, build_id)
        if keep:
            self.count = number
            self.con.execute("delete from staging.stg_ledger__audience_rows")
            for table, model in LEDGER.items():
                columns = ", ".join(c[0] for c in self.con.execute(f"describe {table}").fetchall())
                self.con.execute(f"insert into {table} by name select {columns} from {model}")
        return made

    def consent(self, history: History, moment: Moment) -> list[tuple[int, str, str, str]]:
        """Person, purpose, channel and basis, without the nodes that come after dim_consent."""
        self._fill(history, moment, None)
        self._make(CONSENT, moment, 1)
        query = "select customer_key, purpose, channel, basis from profiles.dim_consent"
        return [(_number(who), *rest) for who, *rest in self.con.execute(query).fetchall()]

    def _make(self, names: Iterable[str], moment: Moment, number: int) -> None:
        as_of = _literal(_day(moment.day))
        built_at = _literal(_day(moment.day) + timedelta(seconds=number))
        for name in names:
            sql = self.sql[name].replace("{{as_of}}", as_of).replace("{{built_at}}", built_at)
            self.con.execute(
                f"create or replace table {self.relations[name]} as "
                + sql.replace("{{build_id}}", f"b{number:06d}")
            )

    def _fill(self, history: History, moment: Moment, shuffle: Random | None) -> None:
        people = list(enumerate(history.people))
        known = [(n, d) for n, d in enumerate(history.decisions) if d.at < moment.day]
        key, account, mail, phone = _key, "acc-{}".format, "{}@example.com".format, "+12065550142"
        old_mail = "old-{}@example.com".format

        def email_of(d: Decision) -> str:
            is_old = d.in_old_record and history.people[d.by].has_old_record
            return (old_mail if is_old else mail)(d.by)

        def fill(*arguments):
            self.fill(*arguments, shuffle)

        fill(
            "stg_consent__events",
            "consent_event_id, id_type, id_value, purpose, status, decided_at, channel, expires_at, jurisdiction, topic, "
            "at_most_every_days",
            [
                (
                    *(f"e{n}", *(("phone", phone) if d.by == "phone" else ("email", email_of(d)))),
                    *(d.purpose, d.status, _day(d.at), d.channel, _day(d.expires), d.jurisdiction),
                    *(None, None),
                )
                for n, d in known
            ]
            + [
                (
                    *(f"w{n}", *(("phone", phone) if w.by == "phone" else ("email", mail(w.by)))),
                    *(w.purpose, w.status, _day(w.at), w.channel, None, None, w.topic, w.days),
                )
                for n, w in enumerate(history.wishes)
                if w.at < moment.day
            ],
        )
        # Record, group of records that identifiers tie, and what they carry.
        own = [
            (n, f"r{n}", 2 * n, kind, f(n))
            for n, _ in people
            for kind, f in (("account_id", account), ("email", mail))
        ]
        own += [
            (n, f"old{n}", 2 * n + 1, "email", old_mail(n)) for n, p in people if p.has_old_record
        ]
        shared = [n for n, p in people if p.has_household_phone]
        fill(
            "int_refusal_records",
            "id_type, raw_value, record_id",
            [(kind, value, record) for _, record, _, kind, value in own]
            + [("phone", phone, f"r{n}") for n in shared],
        )
        fill(
            "int_record_customers",
            "record_id, customer_key, linked_group",
            sorted({(record, key(n), group) for n, record, group, *_ in own}),
        )
        fill(
            "int_linkable_identifiers",
            "record_id, id_type, id_value",
            [(record, kind, value) for _, record, _, kind, value in own],
        )
        fill("int_key_owners", "assigned_key, customer_key", [(key(n), key(n)) for n, _ in people])
        identifiers = [(kind, value, key(n), group) for n, _, group, kind, value in own]
        columns = "id_type, {}, customer_key, linked_group"
        fill("int_identifiers", columns.format("id_value"), identifiers)
        fill("int_identifier_keys", columns.format("id_value"), identifiers)
        fill("int_raw_identifiers", columns.format("raw_value"), identifiers)
        fill(
            "int_anonymous_visitors",
            "anonymous_id, customer_key",
            [(f"device-{n}", key(n)) for n, _ in people if n % 2],
        )
        fill(
            "dim_customers",
            "customer_key, account_id, email, phone, country_code, region, is_email_deliverable",
            [
                (
                    *(key(n), account(n), mail(n) if p.has_email else None),
                    *(f"+1206555{n:04d}" if n % 3 else None, p.country, p.region, True),
                )
                for n, p in people
            ],
        )
        fill(
            "customer_360",
            "customer_key, engagement_score, rfm_family, age_band, spend_365d, propensity_30d, churn_90d",
            [(key(n), 10.0, p.family, None, 5.0, None, p.churn) for n, p in people],
        )
        fill(
            "segment_membership",
            "segment_code, customer_key, entered_at",
            [(segment, key(n), DAY_0) for segment, n in moment.members],
        )
        mails = [("unsubscribed", *e) for e in history.unsubscribed]
        mails += [("sent", *e) for e in history.sent]
        for table, named, who_of in (
            ("stg_email__events", "email", mail),
            ("fct_email_events", "customer_key", key),
        ):
            fill(
                table,
                f"event_id, event_name, {named}, occurred_at",
                [
                    (f"m{n}", name, who_of(who), _day(at))
                    for n, (name, who, at) in enumerate(mails)
                    if at < moment.day
                ],
            )
        fill(
            "fct_events",
            "event_id, customer_key, occurred_at, has_privacy_signal",
            [
                (f"w{n}", key(who), _day(at), True)
                for n, (who, at) in enumerate(history.gpc)
                if at < moment.day
            ],
        )
        self.con.execute(
            "update segments.dim_segments set holdout_share = ? where holdout_experiment <> ''",
            [moment.share],
        )

    def _read(self, day: int, build_id: str) -> Build:
        def rows(query: str) -> list[tuple]:
            return self.con.execute(query).fetchall()

        addressed = {
            row_id: (channel, audience, _number(who), *rest)
            for row_id, channel, audience, who, *rest in rows(
                "select audience_row_id, channel, audience_code, customer_key, row_hash, build_id, updated_at "
                "from activation.int_audience_rows"
            )
        }
        changes = rows(
            "select change_seq, audience_row_id, action, reason, row_hash "
            "from activation.int_audience_changes order by change_seq"
        )
        segments = {
            (channel, _number(who)): tuple(json.loads(codes))
            for channel, who, codes in rows(
                "select channel, customer_key, segment_codes from activation.int_customer_audiences"
            )
        }
        held_out = frozenset(
            (segment, _number(who))
            for segment, who in rows(
                "select segment_code, customer_key from staging.stg_ledger__experiment_assignments where arm = 'holdout' "
                "union all select segment_code, customer_key from activation.experiment_assignments "
                "where arm = 'holdout'"
            )
        )
        contents = {
            name: rows(f"from {self.relations[name]} order by all")
            for name in BUILT
            if name.startswith("aud_") or name.startswith("int_audience_")
        }
        return Build(day, build_id, addressed, changes, segments, held_out, contents)


def _key(number: int) -> str:
    return f"key-{number:05d}"


def _number(key: str) -> int:
    return int(key.removeprefix("key-"))


def _day(day: float | None) -> datetime | None:
    return None if day is None else DAY_0 + timedelta(days=day)


def _literal(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"cast('{value}' as timestamp)"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)


@pytest.fixture(scope="module")
def activation(published):
    activation = Activation(published)
    yield activation
    activation.con.close()


@pytest.fixture(scope="module")
def law(activation) -> Law:
    def rows(query: str) -> list[tuple]:
        return activation.con.execute(query).fetchall()

    activation.build(NOTHING, Moment(1, frozenset(), 0.0), keep=False)
    channels = rows("select channel, purposes, needs_explicit_consent from activation.dim_channels")
    segments = rows(
        "select segment_code, channels, audience_code, topic from segments.dim_segments"
    )
    return Law(
        {channel: tuple(json.loads(purposes)) for channel, purposes, _ in channels},
        {channel: own for channel, _, own in channels},
        {
            (where, purpose): is_allowed
            for where, purpose, is_allowed in rows(
                "select jurisdiction, purpose, is_allowed from seeds.consent_defaults"
            )
        },
        dict(rows("select country_code, jurisdiction from seeds.jurisdictions")),
        {code: tuple(json.loads(of)) for code, of, _, _ in segments},
        {code: audience for code, _, audience, _ in segments},
        {code: topic for code, _, _, topic in segments},
    )


# --- Random histories ---------------------------------------------------------------------------------

NOTHING = History((), (), (), (), (), ())
PEOPLE = 10
days = st.integers(0, 6)
who = st.integers(0, PEOPLE - 1)
people = st.builds(
    Person,
    country=st.sampled_from(["US", "US", "US", "DE", "CA", "GB", None]),
    region=st.sampled_from(["CA", "WA", None]),
    has_email=st.sampled_from([True, True, False]),
    has_household_phone=st.booleans(),
    family=st.sampled_from(["champions", "lost"]),
    churn=st.sampled_from([None, 0.2, 0.8]),
    has_old_record=st.booleans(),
)
decisions = st.builds(
    Decision,
    by=st.one_of(who, who, who, st.just("phone")),
    purpose=st.sampled_from(PURPOSES),
    status=st.sampled_from(["granted", "granted", "granted", "denied", "withdrawn"]),
    at=st.one_of(days, days.map(lambda day: day + 0.5)),
    expires=st.one_of(st.none(), st.integers(1, 8)),
    channel=st.sampled_from([None, None, None, "meta", "meta", "email", "website"]),
    jurisdiction=st.sampled_from([None, None, None, None, "US", "EEA"]),
    in_old_record=st.booleans(),
)
topic_wishes = st.builds(
    Wish,
    by=st.one_of(who, who, who, st.just("phone")),
    purpose=st.sampled_from(["email_marketing", "newsletter", "ad_personalization"]),
    topic=st.sampled_from([*TOPICS, *TOPICS, *TOPICS, "gardening"]),
    status=st.sampled_from(["granted", "denied", "withdrawn"]),
    at=st.one_of(days, days.map(lambda day: day + 0.5)),
    channel=st.sampled_from([None, None, None, "meta", "email"]),
)
limits = st.builds(
    Wish,
    by=st.one_of(who, who, who, st.just("phone")),
    purpose=st.just("email_marketing"),
    topic=st.none(),
    status=st.just("limited"),
    at=days.map(lambda day: day + 0.5),
    days=st.sampled_from([0, 2, 7, 7]),
)
members = st.frozensets(
    st.tuples(st.sampled_from([*SEGMENTS[:4], *SEGMENTS]), who), min_size=6, max_size=28
)


@st.composite
def histories(draw) -> History:
    """Builds on days that do not go back; between two of them people decide, come and go."""
    moments = draw(st.lists(st.integers(1, 8), min_size=2, max_size=4))
    spans = draw(st.lists(members, min_size=len(moments), max_size=len(moments)))
    shares = [draw(st.sampled_from([0.0, 0.3, 0.5])) for _ in moments]
    # Most often everybody stays where they are, so that consent alone decides who goes.
    kept = spans[0] if draw(st.booleans()) else None
    events = st.lists(st.tuples(who, days), max_size=5).map(tuple)
    yeses = [
        Decision(person, purpose, "granted", 0, draw(st.sampled_from([None, None, 4])))
        for person in draw(st.frozensets(who, min_size=3))
        for purpose in PURPOSES
    ]
    return History(
        draw(st.lists(people, min_size=PEOPLE, max_size=PEOPLE).map(tuple)),
        (*yeses, *draw(st.lists(decisions, min_size=4, max_size=24))),
        draw(events),
        draw(events),
        # Three messages at once are as many as somebody who hardly listens is sent, and one may be more than they ask for.
        draw(st.lists(st.tuples(who, days), max_size=4).map(lambda sent: tuple(sent * 3)))
        + draw(st.lists(st.tuples(who, days), max_size=8).map(tuple)),
        tuple(
            Moment(day, kept or span, share)
            for day, span, share in zip(sorted(moments), spans, shares, strict=True)
        ),
        draw(st.lists(topic_wishes, max_size=10).map(tuple))
        + draw(st.lists(limits, max_size=8).map(tuple)),
    )


# Whose silence was a yes in the United States says that they live where it is none: rare among the random ones.
MOVED = replace(
    NOTHING,
    people=(Person("US", None, True, False, "lost", None),),
    decisions=(Decision(0, "web_personalization", "granted", 2, jurisdiction="EEA"),),
    moments=tuple(Moment(day, frozenset({("loyal_customers", 0)}), 0.0) for day in (1, 3)),
)


# Wants offers again and has lifted a limit: rare among the random ones, too.
WANTED_AGAIN = replace(
    NOTHING,
    people=(Person("US", None, True, False, "lost", 0.5),),
    wishes=(
        Wish(0, "email_marketing", "offers", "withdrawn", 0.5),
        Wish(0, "email_marketing", "offers", "granted", 1.5),
        Wish(0, "email_marketing", None, "limited", 1.5, 30),
        Wish(0, "email_marketing", None, "limited", 2.5, 0),
    ),
    sent=((0, 2),),
    moments=tuple(Moment(day, frozenset({("at_risk", 0)}), 0.0) for day in (1, 5)),
)


# --- What must hold -----------------------------------------------------------------------------------


BASES = {
    "granted": "yes",
    "allowed until objection": "silence",
    "no consent on record": "nothing",
    "withdrawn": "refused",
    "denied": "refused",
    "expired": "expired",
}


def check_consent(activation: Activation, law: Law, history: History) -> Counter:
    """Every published consent has the basis that the law gives it."""
    activation.fresh()
    seen: Counter = Counter()
    for moment in history.moments:
        for person, purpose, channel, basis in activation.consent(history, moment):
            expected = law.basis(history, person, purpose, channel, moment.day)
            assert BASES[basis] == expected, (person, purpose, channel)
            seen[basis] += 1
    return seen


def check_permission(law: Law, history: History, build: Build) -> None:
    """Nobody is addressed without live consent as of the build."""
    for channel, _, person, *_ in build.rows.values():
        why = law.refusal(history, person, channel, build.day)
        assert why is None, (channel, person, why)


CONSENT_REASONS = ("consent_withdrawn", "consent_expired", "no_consent")


def check_wishes(law: Law, history: History, build: Build) -> Counter:
    """A refused topic leaves people out, and nothing else does so for that reason; nor is it read as consent."""
    seen: Counter = Counter()
    for channel, code, key, _, why in build.contents["int_audience_candidates"]:
        if not law.purposes[channel]:
            continue
        person = _number(key)
        if law.refusal(history, person, channel, build.day):
            assert why in CONSENT_REASONS, (channel, person, why)
        elif law.refuses_topic(history, person, channel, code, build.day):
            assert why == "topic_refused", (channel, code, person, why)
            seen["topic_refused"] += 1
        else:
            assert why not in (*CONSENT_REASONS, "topic_refused"), (channel, code, person, why)
        limit = law.limit(history, person, channel, build.day) if channel == "email" else 0
        if any(n == person and build.day - limit <= at < build.day for n, at in history.sent):
            assert why is not None, (channel, code, person, limit)
            seen["limit"] += limit > 0 and why == "cap"
        if why == "cap":
            # The least engaged are sent three messages in 14 days at most.
            ages = [build.day - at for n, at in history.sent if n == person and at < build.day]
            assert len([a for a in ages if a <= 14]) >= 3 or any(a <= limit for a in ages)
    return seen


def check_everybody_else(law: Law, history: History, build: Build, moment: Moment) -> None:
    """The CRM needs no consent and suppresses no inactive customer: its audience holds all of them."""
    for segment, person in moment.members:
        if segment == "dormant":
            assert segment in build.segments[("crm", person)]


def check_removals(law: Law, history: History, before: Build, now: Build, moment: Moment) -> None:
    """Customers who lost permission since the last build lost their rows, and the change gives the reason."""
    reported = {row_id: (action, reason) for _, row_id, action, reason, _ in now.changes}
    for row_id, (channel, audience, person, *_) in before.rows.items():
        why = law.refusal(history, person, channel, now.day)
        if why is None:
            continue
        still_in = any(
            who == person
            and channel in law.channels[code]
            and audience in ("all", law.audiences[code])
            for code, who in moment.members
        )
        assert reported.get(row_id) == ("REMOVE", why if still_in else "rule"), (channel, person)


def check_changes(past: list[Build], now: Build) -> None:
    """All changes since the first build, applied in turn to nothing, give the audiences of now."""
    state: dict[str, str] = {}
    last = 0
    for build in past:
        for seq, row_id, action, _, row_hash in build.changes:
            assert seq > last, "change_seq goes back"
            last = seq
            if action == "REMOVE":
                assert state.pop(row_id) == row_hash
            else:
                assert (row_id in state) == (action == "UPDATE")
                state[row_id] = row_hash
    assert state == {row_id: row[3] for row_id, row in now.rows.items()}


def check_arms(past: list[Build], moments: tuple[Moment, ...]) -> None:
    """Held-out customers stay held out, treated customers stay treated, and nobody held out is addressed."""
    held_out: set[tuple[str, int]] = set()
    treated: set[tuple[str, int]] = set()
    for build, moment in zip(past, moments, strict=False):
        assert held_out <= build.held_out
        assert not treated & build.held_out
        held_out |= build.held_out
        treated |= {m for m in moment.members if m[0] in HOLDOUT_SEGMENTS} - build.held_out
        for (_, person), codes in build.segments.items():
            assert not {(code, person) for code in codes} & build.held_out


HOLDOUT_SEGMENTS = ("at_risk", "churn_risk", "likely_to_buy")


def check_unchanged(activation: Activation, history: History, now: Build) -> None:
    """The same once more: no change, and every row keeps the build and moment it last changed in."""
    again = activation.build(history, history.moments[-1])
    assert again.changes == []
    assert again.rows == now.rows


def check_history(activation: Activation, law: Law, history: History) -> Counter:
    """Every law over one history. Returns what was seen, so that a test can say it was not nothing."""
    activation.fresh()
    past: list[Build] = []
    seen: Counter = Counter()
    for moment in history.moments:
        build = activation.build(history, moment)
        check_permission(law, history, build)
        seen += check_wishes(law, history, build)
        check_everybody_else(law, history, build, moment)
        if past:
            check_removals(law, history, past[-1], build, moment)
        past.append(build)
        check_changes(past, build)
        seen.update(reason for *_, reason, _ in build.changes)
        seen["rows"] += len(build.rows)
        seen["held out"] += len(build.held_out)
    check_arms(past, history.moments)
    check_unchanged(activation, history, past[-1])
    return seen


FEW = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_laws_hold_over_random_histories(activation, law):
    """No row without live consent, removals with their reason, changes that add up, arms that stay."""
    seen: Counter = Counter()

    @settings(FEW, max_examples=40)
    @example(MOVED)
    @example(WANTED_AGAIN)
    @given(histories())
    def holds(history: History) -> None:
        seen.update(check_history(activation, law, history))
        seen["histories"] += 1

    before = activation.builds_run
    holds()
    print(
        f"\n{seen.pop('histories')} histories, {activation.builds_run - before} builds; {dict(seen)}"
    )
    wanted = ("consent_withdrawn", "consent_expired", "no_consent", "cap", "holdout", "inactive")
    wanted += ("topic_refused", "limit")
    assert all(seen[reason] for reason in (*wanted, "rule", "changed", "rows")), seen


def test_consent_is_what_the_law_says(activation, law):
    seen: Counter = Counter()

    @settings(FEW, max_examples=100)
    @given(histories())
    def holds(history: History) -> None:
        seen.update(check_consent(activation, law, history))

    holds()
    print(f"\n{dict(seen)}")
    assert all(seen[basis] for basis in BASES), seen


def test_a_grant_removes_no_customer_and_the_order_of_rows_changes_nothing(activation):
    seen: Counter = Counter()

    @settings(FEW, max_examples=12)
    @given(histories(), st.integers(0, 20), st.sampled_from([None, "meta", "email"]))
    def holds(history: History, place: int, channel: str | None) -> None:
        activation.fresh()
        for moment in history.moments[:-1]:
            activation.build(history, moment)
        moment = history.moments[-1]
        build = activation.build(history, moment, keep=False)
        shuffled = activation.build(history, moment, keep=False, shuffle=Random(1))
        assert shuffled.contents == build.contents
        _, person = sorted(moment.members)[place % len(moment.members)]
        yes = [
            Decision(person, purpose, "granted", moment.day - 0.5, None, channel)
            for purpose in PURPOSES
        ]
        asked = replace(history, decisions=(*history.decisions, *yes))
        more = activation.build(asked, moment, keep=False)
        assert build.rows.keys() <= more.rows.keys()
        others = {i: row for i, row in build.rows.items() if row[2] != person}
        assert others == {i: row for i, row in more.rows.items() if row[2] != person}
        seen["histories"] += 1
        seen["rows more"] += len(more.rows) - len(build.rows)

    holds()
    print(f"\n{dict(seen)}")
    assert seen["rows more"]


# --- Holdouts, by the thousand ------------------------------------------------------------------------

CROWD = 3000


def crowd(count: int) -> History:
    families = ("champions", "lost", "loyal", "new")
    return replace(
        NOTHING,
        people=tuple(
            Person("US", None, True, False, families[n * n % 7 % 4], 0.5) for n in range(count)
        ),
    )


def test_shares_come_out_as_asked_by_chance_and_evenly_in_strata(activation):
    """churn_risk draws, at_risk counts within each rfm_family; people come in three builds."""
    activation.fresh()
    history, share = crowd(CROWD), 0.2
    for day, count in enumerate((CROWD // 10, CROWD // 2, CROWD), start=1):
        entered = frozenset((s, n) for s in ("churn_risk", "at_risk") for n in range(count))
        build = activation.build(history, Moment(day, entered, share))
        arms = {
            s: {n for code, n in build.held_out if code == s} for s in ("churn_risk", "at_risk")
        }
        # Four and a half standard deviations: one run in 150,000 would fail by chance, and none is by chance.
        assert abs(len(arms["churn_risk"]) - share * count) < 4.5 * math.sqrt(
            count * share * (1 - share)
        )
        for family in {p.family for p in history.people}:
            there = [n for n in range(count) if history.people[n].family == family]
            held = len(arms["at_risk"].intersection(there))
            assert abs(held - share * len(there)) < 1 + 1e-9, (family, held, len(there))
    # Two experiments draw apart from each other.
    both = len(arms["churn_risk"] & arms["at_risk"])
    assert abs(both - share**2 * CROWD) < 4.5 * math.sqrt(CROWD * share**2)
    print(
        f"\n{CROWD} people: {len(arms['churn_risk'])} and {len(arms['at_risk'])} held out, {both} in both"
    )


def test_an_arm_stays_when_the_share_changes_and_people_leave_and_return(activation):
    activation.fresh()
    history = crowd(400)
    everybody = frozenset((s, n) for s in HOLDOUT_SEGMENTS for n in range(400))
    some = frozenset(m for m in everybody if m[1] % 3)
    moments = (
        Moment(1, some, 0.3),
        Moment(2, everybody, 0.9),
        Moment(3, frozenset(), 0.0),
        Moment(4, everybody, 0.0),
        Moment(5, everybody, 1.0),
    )
    builds = [activation.build(history, moment) for moment in moments]
    check_arms(builds, moments)
    assert len({b.held_out for b in builds[1:]}) == 1
    known = activation.con.execute(
        "select count(*), count(distinct experiment_code || customer_key) from staging.stg_ledger__experiment_assignments"
    ).fetchall()[0]
    assert known == (len(everybody), len(everybody))


# --- The laws can fail --------------------------------------------------------------------------------

BREAKS = {
    "permission is not asked": (
        "int_member_eligibility",
        "members.needs_permission and not coalesce(permissions.is_allowed, false)",
        "false",
    ),
    "a grant never runs out": ("dim_consent", "latest_decision.expires_at <=", "false and null <"),
    "silence is a yes to Google": (
        "int_channel_permissions",
        "or not required.needs_explicit_consent",
        "or true",
    ),
    "one purpose of two is enough": (
        "int_channel_permissions",
        "count(*) filter (where not is_allowed) = 0",
        "count(*) filter (where is_allowed) > 0",
    ),
    "a channel's own no is not heard": (
        "int_channel_permissions",
        "coalesce(special.is_allowed, general.is_allowed)",
        "general.is_allowed",
    ),
    "a refused topic is not heard": (
        "int_member_eligibility",
        "when topics.customer_key is not null",
        "when false",
    ),
    "a topic that nobody lists refuses nothing": (
        "int_topic_refusals",
        "where refusals.topic is null",
        "where false",
    ),
    "a topic refused on one channel is refused on all": (
        "int_topic_refusals",
        "coalesce(preferences.channel, purposes.channel) = purposes.channel",
        "true",
    ),
    "a topic that is wanted again stays refused": (
        "int_topic_refusals",
        "where latest_wishes.status <> 'granted'",
        "where true",
    ),
    "a refused topic is the whole channel": (
        "int_consent_decisions",
        "and events.topic is null",
        "",
    ),
    "a household's wish counts for one": (
        "int_preference_decisions",
        "in ('denied', 'withdrawn') or",
        "in ('nothing') or",
    ),
    "a limit is not kept": ("int_frequency_limits", "where at_most_every_days > 0", "where false"),
    "the longest limit counts, not the latest": (
        "int_frequency_limits",
        "order by preferences.decided_at desc,",
        "order by",
    ),
    "privacy signals are not heard": (
        "int_privacy_signals",
        "where events.has_privacy_signal",
        "where false",
    ),
    "a household's no counts for one": (
        "int_consent_decisions",
        "where events.status in ('denied', 'withdrawn')",
        "where events.status in ('denied', 'withdrawn') and events.id_type <> 'phone'",
    ),
    "the first word counts": ("dim_consent", "end desc,", "end,"),
    "removals are not reported": ("int_audience_changes", "full outer join", "left join"),
    "unchanged rows are reported again": (
        "int_audience_changes",
        "where now_rows.row_hash is distinct from last_rows.row_hash",
        "",
    ),
    "numbers start again": ("int_audience_changes", "coalesce(max(change_seq), 0)", "0"),
    "rows are dated anew": (
        "aud_crm",
        "coalesce(last_rows.build_id, '{{build_id}}')",
        "'{{build_id}}'",
    ),
    "arms are drawn again": ("experiment_assignments", "where assigned.customer_key is null", ""),
    "held-out customers are addressed": (
        "int_member_eligibility",
        "when assignments.arm = 'holdout'",
        "when false",
    ),
    "reasons are mixed up": (
        "int_channel_permissions",
        "then 'consent_expired'",
        "then 'consent_withdrawn'",
    ),
}


def holds_for(examples: int, check: Callable[[History], object]) -> None:
    """Random histories, until one fails or there have been so many."""

    @settings(FEW, phases=[Phase.generate], max_examples=examples, report_multiple_bugs=False)
    @given(histories())
    def holds(history: History) -> None:
        check(history)

    holds()


@pytest.mark.parametrize("mistake", BREAKS)
def test_a_mistake_in_the_sql_would_be_noticed(activation, law, mistake):
    with activation.broken(*BREAKS[mistake]), pytest.raises((AssertionError, KeyError)):
        check_history(activation, law, WANTED_AGAIN)
        holds_for(200, lambda history: check_history(activation, law, history))


CONSENT_BREAKS = {
    "of two grants at once the longer counts": (
        "dim_consent",
        "voices.expires_at nulls last",
        "voices.expires_at desc nulls first",
    ),
    "a later yes in one record drowns a no in another": (
        "dim_consent",
        "questions.channel, voices.voice",
        "questions.channel",
    ),
    "of two records the yes counts": (
        "dim_consent",
        "case when status = 'granted' then 1 else 0 end",
        "case when status = 'granted' then 0 else 1 end",
    ),
    "of two records' grants the shorter counts": (
        "dim_consent",
        "coalesce(expires_at, timestamp '9999-12-31') desc",
        "expires_at",
    ),
    "what identifiers tie speaks with two voices": (
        "dim_consent",
        "linked_group as voice",
        "decision_id as voice",
    ),
    "a withdrawal through an action counts for one record only": (
        "dim_consent",
        "decisions.customer_key, linked_groups.linked_group",
        "decisions.customer_key, null",
    ),
    "a withdrawal through an action is lost without a decision": (
        "dim_consent",
        "left join linked_groups",
        "inner join linked_groups",
    ),
}


@pytest.mark.parametrize("mistake", CONSENT_BREAKS)
def test_a_mistake_about_consent_would_be_noticed(activation, law, mistake):
    with activation.broken(*CONSENT_BREAKS[mistake]), pytest.raises(AssertionError):
        holds_for(300, lambda history: check_consent(activation, law, history))


def test_a_salt_that_is_dropped_would_be_noticed(activation):
    """Without the experiment in the salt the same people are held out of everything."""
    with (
        activation.broken(
            "int_holdout_candidates", "segments.holdout_salt", "'of all' as holdout_salt"
        ),
        activation.broken("int_holdout_candidates", "segments.holdout_stratum <> ''", "false"),
        pytest.raises(AssertionError),
    ):
        test_shares_come_out_as_asked_by_chance_and_evenly_in_strata(activation)
