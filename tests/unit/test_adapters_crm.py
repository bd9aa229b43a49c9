"""Adapters of CRM and mailing systems: contacts as they are exported, and every refusal in them."""

from datetime import datetime

import pytest
from test_adapters import rows, take

from audiencekit.errors import UserError
from audiencekit.intake.adapters import FOLDER

ORDERS = "order_id,ordered_at,total\n1,2024-01-01,5\n"
DECISIONS = "contact_id, email_opt_in, sms_opt_in, unsubscribed_at"


def fixture(adapter: str, name: str) -> str:
    return (FOLDER / adapter / "fixture" / name).read_text()


def test_klaviyo_profiles_are_contacts_with_what_they_decided(tmp_path):
    intake = take(tmp_path, "klaviyo_profiles")
    assert rows(intake, "contacts", DECISIONS) == [
        ("01HA", True, True, None),
        ("01HB", False, False, datetime(2024, 3, 1, 8)),
        ("01HC", None, None, None),
        ("01HD", None, None, None),
        ("01HE", False, None, datetime(2024, 2, 6, 7)),
        ("01HF", False, None, None),
        ("01HG", False, None, None),
        ("01HH", False, None, None),
        ("01HI", None, True, None),
    ]
    found = rows(
        intake, "contacts", "contact_id, created_at, updated_at, phone, postal_code, region"
    )
    assert found[0] == (
        *("01HA", datetime(2023, 1, 1, 9), datetime(2023, 2, 1, 10, 5)),
        *("+16175550100", "02138", "Massachusetts"),
    )
    # A refusal of text messages has no time of its own: it counts from the last time of the row.
    assert found[1][:3] == ("01HB", datetime(2022, 1, 1, 9), datetime(2024, 4, 1, 8))


def test_a_refusal_without_a_time_in_klaviyo_counts_from_the_build_on(tmp_path):
    intake = take(tmp_path, "klaviyo_profiles")
    found = rows(intake, "contacts", "contact_id, created_at, updated_at")
    assert [row[0] for row in found if row[1:] == (None, None)] == ["01HF", "01HG", "01HH"]


def test_a_bounce_in_klaviyo_is_an_event_of_the_address_and_no_refusal(tmp_path):
    intake = take(tmp_path, "klaviyo_profiles")
    assert rows(intake, "email_events", "email, event_name, occurred_at") == [
        ("dee@example.com", "bounced", datetime(2024, 1, 5, 7)),
        ("eli@example.com", "complained", datetime(2024, 2, 6, 7)),
    ]


@pytest.mark.parametrize(
    ("consent", "suppressions", "expected"),
    [
        ("SUBSCRIBED", "", True),
        ("Subscribed", "[]", True),
        ("SUBSCRIBED", "False", True),
        ("SUBSCRIBED", "HARD_BOUNCE", None),
        ("SUBSCRIBED", "INVALID_EMAIL, HARD_BOUNCE", None),
        ("SUBSCRIBED", "HARD_BOUNCE, UNSUBSCRIBE", False),
        ("SUBSCRIBED", "GLOBAL_LIST", False),
        ("NEVER_SUBSCRIBED", "", None),
        ("Never Subscribed", "", None),
        ("NEVER_SUBSCRIBED", "USER_SUPPRESSED", False),
        ("", "", None),
        ("", "UNSUBSCRIBE", False),
        ("UNSUBSCRIBED", "HARD_BOUNCE", False),
        ("Unsubscribed", "", False),
    ],
)
def test_klaviyo_consent_and_suppressions_decide_together(
    tmp_path, consent, suppressions, expected
):
    header = "Email,Klaviyo ID,Email Marketing Consent,Email Suppressions,Profile Created On"
    text = f'{header}\na@example.com,01HA,{consent},"{suppressions}",2023-01-01\n'
    intake = take(tmp_path, klaviyo__csv=text, orders__csv=ORDERS)
    assert rows(intake, "contacts", "email_opt_in") == [(expected,)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("SUBSCRIBED,2023", "PENDING,2023"), "row 2: email_opt_in: not yes or no. The row may state a refusal"),
        (("Last Click", "Newsletter Consent"), "the column Newsletter Consent may hold refusals"),
        (("Email Suppressions,", "Suppressed by,"), "all.csv: it may hold refusals, and is not read as it is"),
    ],
)  # fmt: skip
def test_what_klaviyo_may_have_refused_stops_the_run(tmp_path, change, problem):
    text = fixture("klaviyo_profiles", "all_profiles.csv").replace(*change, 1)
    with pytest.raises(UserError, match=problem):
        take(tmp_path, all__csv=text, orders__csv=ORDERS)
