"""Who can make a link to the preference page, and what a choice on it decides."""

from datetime import UTC, datetime

import pytest

from audiencekit.errors import UserError
from audiencekit.live.preference_choices import (
    Author,
    Choice,
    Group,
    Preferences,
    Topic,
    chosen,
    unsubscribed,
)
from audiencekit.live.preference_tokens import (
    SECRET,
    BadToken,
    Link,
    Signer,
    signer_from_environment,
)

NEW, OLD = b"n" * 32, b"o" * 32
LINK = Link("key.with.points", datetime(2018, 4, 1, tzinfo=UTC))
AUTHOR = Author("k", datetime(2018, 1, 2, 3, 4, 5, tzinfo=UTC), "link 1", "n")
NOW = Preferences(
    (
        Group(("email_marketing",), ("E-mail",), True),
        Group(("ad_user_data", "ad_personalization"), ("Meta", "X"), True),
        Group(("web_personalization",), ("Website",), False),
    ),
    (Topic("offers", "Offers", "", False), Topic("tips", "Tips", "", True)),
    0,
    ("gardening",),
)
SHOWN = Choice({"email_marketing", "ad_user_data"}, {"offers"}, 0)


def test_a_token_says_whose_it_is_and_until_when():
    assert Signer([NEW]).read(Signer([NEW]).token(LINK)) == LINK
    assert Signer([NEW, OLD]).read(Signer([OLD]).token(LINK)) == LINK


def test_every_other_text_is_no_token():
    token = Signer([NEW]).token(LINK)
    other = Signer([NEW]).token(Link("another.customer.", LINK.expires_at))
    payload, signature = token.split(".")
    wrong = [
        Signer([OLD]).token(LINK),
        f"{other.split('.')[0]}.{signature}",
        f"{payload}.",
        f"{payload}.{signature}.x",
        payload,
        "",
        ".",
        "é.é",
        f"{payload}.{signature[:-4]}",
        f"{payload}.{signature[::-1]}",
    ]
    for each in wrong:
        with pytest.raises(BadToken):
            Signer([NEW]).read(each)
    changed = [
        token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :]
        for n in range(len(token) - 1)
    ]
    for each in changed:
        with pytest.raises(BadToken):
            Signer([NEW]).read(each)


def test_secrets_of_the_environment_cannot_be_guessed(monkeypatch):
    monkeypatch.delenv(SECRET, raising=False)
    assert signer_from_environment() is None
    monkeypatch.setenv(SECRET, f"{'n' * 32}, {'o' * 32}")
    assert signer_from_environment() == Signer([NEW, OLD])
    monkeypatch.setenv(SECRET, "short")
    with pytest.raises(UserError, match="1 of 1 secrets have fewer than 32 characters"):
        signer_from_environment()


def decided(after: Choice, before: Choice = SHOWN) -> list[tuple]:
    names = ("purpose", "status", "topic", "at_most_every_days")
    return [
        tuple(row.columns[name] for name in names) for row in chosen(AUTHOR, before, after, NOW)
    ]


@pytest.mark.parametrize(
    ("after", "rows"),
    [
        (SHOWN, []),
        (
            Choice({"ad_user_data"}, {"offers"}, 0),
            [
                ("email_marketing", "withdrawn", None, None),
                ("newsletter", "withdrawn", None, None),
            ],
        ),
        (
            Choice({"email_marketing", "web_personalization"}, {"offers"}, 0),
            [
                ("ad_user_data", "withdrawn", None, None),
                ("ad_personalization", "withdrawn", None, None),
                ("web_personalization", "granted", None, None),
            ],
        ),
        (
            Choice(SHOWN.groups, {"tips"}, 0),
            [
                ("email_marketing", "withdrawn", "offers", None),
                ("email_marketing", "granted", "tips", None),
                ("email_marketing", "granted", "gardening", None),
            ],
        ),
        (Choice(SHOWN.groups, {"offers"}, 30), [("email_marketing", "limited", None, 30)]),
        # What the page did not show cannot be chosen.
        (Choice({*SHOWN.groups, "sms_marketing"}, {"offers"}, 0), []),
    ],
)
def test_only_what_is_changed_in_the_form_is_a_decision(after, rows):
    assert decided(after) == rows


def test_decisions_have_ids_of_their_own_and_name_the_customer_and_the_link():
    rows = unsubscribed(AUTHOR)
    assert [row.columns["purpose"] for row in rows] == ["email_marketing", "newsletter"]
    assert len({row.message_id for row in rows}) == 2
    assert rows[0].columns == {
        "id": "preferences:n:0",
        "customer_key": "k",
        "purpose": "email_marketing",
        "status": "withdrawn",
        "topic": None,
        "at_most_every_days": None,
        "decided_at": "2018-01-02T03:04:05.000+00:00",
        "proof": "link 1",
    }
