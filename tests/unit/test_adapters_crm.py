"""Adapters of CRM and mailing systems: contacts as they are exported, and every refusal in them."""

import random
import zipfile
from datetime import datetime

import pandas as pd
import pytest
from test_adapters import rows, take

from audiencekit.errors import UserError
from audiencekit.identity.contact_points import read_emails
from audiencekit.intake.adapters import FOLDER
from audiencekit.intake.explain import explain

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


MAILCHIMP = ("mailchimp_subscribed", "mailchimp_unsubscribed", "mailchimp_cleaned")
SUBSCRIBED = "subscribed_email_audience_export_0a1b2c.csv"


def test_mailchimp_members_are_contacts_with_what_they_decided(tmp_path):
    intake = take(tmp_path, *MAILCHIMP)
    assert rows(intake, "contacts", f"{DECISIONS}, created_at, updated_at") == [
        ("5001", True, True, None, datetime(2023, 2, 1, 10, 5), datetime(2024, 5, 1, 8)),
        ("5002", True, None, None, datetime(2023, 3, 1, 9), datetime(2023, 3, 1, 9)),
        ("5003", True, False, None, datetime(2023, 4, 1, 9), datetime(2024, 6, 1, 9)),
        ("5004", True, None, None, datetime(2023, 5, 1, 9), datetime(2023, 5, 1, 9)),
        ("5005", None, None, None, datetime(2023, 6, 1, 9), datetime(2023, 6, 1, 9)),
        ("5006", False, None, datetime(2024, 1, 5, 7), None, datetime(2024, 1, 5, 7)),
        *[("5007", False, True, datetime(2024, 1, 6, 7), datetime(2022, 2, 1, 9), datetime(2024, 1, 6, 7))],
        ("5008", False, None, None, None, None),
        ("5009", None, None, None, datetime(2022, 4, 1, 9), datetime(2024, 2, 7, 7)),
        ("5010", None, False, None, None, None),
    ]  # fmt: skip
    assert rows(intake, "email_events", "email, event_name, occurred_at") == [
        ("ida@example.com", "bounced", datetime(2024, 2, 7, 7))
    ]
    assert rows(intake, "contacts", "contact_id, email, phone, first_name, last_name")[0] == (
        *("5001", "ada@example.com", "+16175550100", "Ada", "Lovett"),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subscribed_segment_export_1.csv", True),
        ("members.csv", True),
        ("non-subscribed.csv", None),
        ("nonsubscribed_members_export_1.csv", None),
        ("archived_export_1.csv", None),
        ("cleaned members.csv", None),
        ("sms_only_audience_export_1.csv", None),
        ("unsubscribed_email_audience_export_1.csv", False),
        ("Unsubs 2024.csv", False),
        ("unsubscribed/export.csv", False),
        ("unsubscribed and others/subscribed_email_audience_export_1.csv", True),
    ],
)
def test_the_name_of_a_mailchimp_file_says_what_its_members_decided(tmp_path, name, expected):
    path = tmp_path / "landing" / name
    path.parent.mkdir(parents=True)
    path.write_text(fixture("mailchimp_subscribed", SUBSCRIBED))
    intake = take(tmp_path, orders__csv=ORDERS)
    assert set(rows(intake, "contacts", "email_opt_in")) == {(expected,)}
    known = rows(intake, "contacts", "created_at is not null, updated_at is not null")
    assert set(known) == {(expected is not False, True)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["Email, Direct Mail", "", "Direct Mail", "E-Mail"], [True, None, None, True]),
        (["", "", "", ""], [True, True, True, True]),
    ],
)
def test_mailchimp_marketing_permissions_limit_who_agreed(tmp_path, given, expected):
    lines = fixture("mailchimp_subscribed", SUBSCRIBED).splitlines()
    cells = ["Marketing Permissions", *(f'"{cell}"' for cell in given)]
    text = "\n".join(f"{line},{cell}" for line, cell in zip(lines, cells, strict=True))
    intake = take(tmp_path, subscribed__csv=text, orders__csv=ORDERS)
    found = rows(intake, "contacts", "contact_id, email_opt_in")
    assert [answer for _, answer in found] == expected


@pytest.mark.parametrize("is_later", [True, False])
def test_of_two_mailchimp_exports_the_later_change_of_a_member_wins(tmp_path, is_later):
    new = fixture("mailchimp_subscribed", SUBSCRIBED)
    changed = "2024-05-02 08:00:00" if is_later else "2024-04-30 08:00:00"
    gone = fixture("mailchimp_unsubscribed", "unsubscribed_email_audience_export_0a1b2c.csv")
    gone = gone.replace("5006", "5001").replace("2024-01-05 07:00:00", changed)
    intake = take(
        tmp_path,
        **{"subscribed_1__csv": new, "unsubscribed_2__csv": gone, "orders__csv": ORDERS},
    )
    versions = rows(intake, "contacts", "contact_id, updated_at, email_opt_in, unsubscribed_at")
    latest = [row for row in versions if row[0] == "5001"][-1]
    assert latest[2] is not is_later
    # The refusal is a version of the contact in any case, and its time is known.
    assert (
        "5001",
        datetime.fromisoformat(changed),
        False,
        datetime.fromisoformat(changed),
    ) in versions


def test_mailchimp_sends_a_zip_of_several_files_which_is_to_be_unpacked(tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    with zipfile.ZipFile(landing / "audience_export_0a1b2c.zip", "w") as archive:
        for adapter in MAILCHIMP:
            for path in (FOLDER / adapter / "fixture").iterdir():
                archive.write(path, path.name)
    with pytest.raises(UserError, match="Unpack it into the landing folder"):
        take(tmp_path, orders__csv=ORDERS)


def test_a_file_in_a_folder_that_may_hold_refusals_and_that_no_adapter_reads_stops_the_run(
    tmp_path,
):
    folder = tmp_path / "landing" / "audience export"
    folder.mkdir(parents=True)
    (folder / SUBSCRIBED).write_text(fixture("mailchimp_subscribed", SUBSCRIBED))
    (folder / "unsubscribed.csv").write_text("Address,Left on\nflo@example.com,2024-01-05\n")
    with pytest.raises(UserError, match=r"unsubscribed\.csv: it may hold refusals"):
        take(tmp_path, orders__csv=ORDERS)


HUBSPOT = "hubspot-crm-exports-all-contacts-2024-06-01.csv"


def test_hubspot_contacts_have_every_opt_out_and_the_ids_that_were_merged(tmp_path):
    intake = take(tmp_path, "hubspot_contacts")
    assert rows(intake, "contacts", "contact_id, email, email_opt_in, email_opt_out, merged_ids, updated_at") == [
        ("101", "ada@example.com", None, False, None, datetime(2024, 5, 1, 8)),
        ("102", "bo@example.com; bo.day@example.org", None, True, "98;99", datetime(2024, 3, 1, 8)),
        ("103", "cy@example.com", None, True, None, datetime(2024, 4, 1, 8)),
        ("104", "dee@example.com", None, True, None, datetime(2024, 4, 2, 8)),
        ("105", None, None, False, None, datetime(2024, 4, 3, 8)),
    ]  # fmt: skip
    assert rows(intake, "contacts", "phone, region, postal_code, country_code, created_at, account_id")[2] == (
        *("+1 617 555 0100", "Massachusetts", "02138", "United States"),
        *(datetime(2023, 1, 1, 9), None),
    )  # fmt: skip
    # An e-mail of two addresses is read as both, and the first one is the main address.
    addresses = [address for address, _ in read_emails("bo@example.com; bo.day@example.org")]
    assert addresses == ["bo@example.com", "bo.day@example.org"]


def test_hubspot_columns_may_have_internal_names_and_any_subscription_types(tmp_path):
    header = "hs_object_id,email,lastmodifieddate,createdate,hs_email_optout,hs_email_optout_1,hs_email_optout_survey_reason"
    lines = [
        f"{header},hs_email_optout_22,hs_calculated_merged_vids,hs_time_to_move_from_subscriber_to_customer"
    ]
    lines += [
        "1,a@example.com,2024-01-02,2023-01-01,,,,,,5",
        "2,b@example.com,2024-01-02,2023-01-01,,,OTHER,true,7:1612345678901,",
    ]
    lines += [
        "3,c@example.com,2024-01-02,2023-01-01,false,true,,false,,",
        "4,d@example.com,2024-01-02,2023-01-01,true,,,,,",
    ]
    intake = take(tmp_path, hubspot__csv="\n".join(lines), orders__csv=ORDERS)
    assert rows(intake, "contacts", "contact_id, email_opt_out, merged_ids") == [
        ("1", False, None), ("2", True, "7"), ("3", True, None), ("4", True, None)
    ]  # fmt: skip


def test_explain_names_every_hubspot_column_that_is_read_as_an_opt_out(tmp_path):
    (tmp_path / HUBSPOT).write_text(fixture("hubspot_contacts", HUBSPOT))
    lines = list(explain(tmp_path))
    opt_outs = [line for line in lines if "-> opted_out_of_email_" in line]
    assert len(opt_outs) == 3 and "opted_out_of_email" not in lines[-2]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("Opted out of email: One to One", "SMS consent"), "the column SMS consent may hold refusals"),
        (("8:00,,,true", "8:00,,,by phone"), "row 4: email_opt_out: not yes or no"),
        (("Unsubscribed from all email,", "Unsubscribed,"), "it may hold refusals, and is not read as it is"),
    ],
)  # fmt: skip
def test_what_hubspot_may_have_refused_stops_the_run(tmp_path, change, problem):
    text = fixture("hubspot_contacts", HUBSPOT)
    assert change[0] in text
    with pytest.raises(UserError, match=problem):
        take(tmp_path, hubspot__csv=text.replace(*change), orders__csv=ORDERS)


def test_salesforce_contacts_keep_refusals_of_merged_and_deleted_ones(tmp_path):
    intake = take(tmp_path, "salesforce_contacts")
    ada, bo, merged, eli = (f"003xx000000AbC{letter}AAK" for letter in "defi")
    assert rows(intake, "contacts", "contact_id, email_opt_out, sms_opt_out, merged_into_id, updated_at") == [
        (ada, False, False, None, datetime(2024, 5, 1, 8)),
        (bo, True, True, None, datetime(2024, 3, 1, 8)),
        (merged, True, False, ada, datetime(2023, 2, 1, 8)),
        (eli, False, False, None, datetime(2023, 5, 1, 8)),
    ]  # fmt: skip
    assert rows(intake, "email_events", "email, event_name, occurred_at") == [
        ("cy@example.com", "unsubscribed", datetime(2023, 3, 1, 8)),
        ("eli@example.com", "bounced", datetime(2023, 4, 30, 7)),
    ]
    details = "contact_id, account_id, phone, first_name, birth_date, street, region, postal_code, country_code"
    assert rows(intake, "contacts", details)[0] == (
        *(ada, None, "(617) 555-0110", "Ada", "1984-03-07", "1 High St\nFlat 2"),
        *("Massachusetts", "02138", "United States"),
    )


def test_salesforce_leads_are_tied_to_the_contact_that_they_became(tmp_path):
    intake = take(tmp_path, "salesforce_leads")
    flo, ada, merged = (f"00Qxx000000AbC{letter}EAK" for letter in "deg")
    assert rows(intake, "contacts", "contact_id, email_opt_out, sms_opt_out, merged_into_id, postal_code") == [
        (flo, False, True, None, "89501"),
        (ada, True, False, "003xx000000AbCdAAK", None),
        (merged, False, False, flo, None),
    ]  # fmt: skip
    assert rows(intake, "email_events", "email, event_name, occurred_at") == [
        ("gil@example.com", "bounced", datetime(2023, 1, 30, 7)),
        ("gil@example.com", "unsubscribed", datetime(2023, 2, 1, 9)),
    ]


def test_salesforce_contacts_and_leads_are_two_exports_in_one_folder(tmp_path):
    intake = take(tmp_path, "salesforce_contacts", "salesforce_leads")
    assert len(rows(intake, "contacts", "contact_id")) == 7
    assert len(rows(intake, "email_events", "event_id")) == 4


def test_a_report_of_salesforce_contacts_has_labels_and_short_ids(tmp_path):
    report = (
        "Contact ID,First Name,Last Name,Account ID,Email,Email Opt Out,Do Not Call,Last Modified Date,Fax Opt Out\n"
        "003xx000000AbCd,Ada,Lovett,001xx0000000001,ada@example.com,1,0,5/31/2024,0\n"
        "003xx000000AbCe,Bo,Day,001xx0000000001,bo@example.com,0,1,6/1/2024,1\n"
    )
    intake = take(tmp_path, report1717__csv=report, orders__csv=ORDERS)
    assert rows(intake, "contacts", "contact_id, account_id, email_opt_out, sms_opt_out, updated_at") == [
        ("003xx000000AbCd", None, True, False, datetime(2024, 5, 31)),
        ("003xx000000AbCe", None, False, True, datetime(2024, 6, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"EmailBouncedReason"', '"Newsletter_Opt_In__c"'), "the column Newsletter_Opt_In__c may hold refusals"),
        (('"true","false","true"', '"true","false","maybe"'), "row 3: sms_opt_out: not yes or no"),
        (('"HasOptedOutOfEmail"', '"HasOptedOut"'), "it may hold refusals, and is not read as it is"),
    ],
)  # fmt: skip
def test_what_salesforce_may_have_refused_stops_the_run(tmp_path, change, problem):
    text = fixture("salesforce_contacts", "Contact.csv")
    assert change[0] in text
    with pytest.raises(UserError, match=problem):
        take(tmp_path, Contact__csv=text.replace(*change, 1), orders__csv=ORDERS)


def generated(system: str, people: int) -> tuple[pd.DataFrame, set[str], set[str]]:
    """An export of some hundred people as the system writes it, with the ids of those who refused and who agreed."""
    draw = random.Random(7)
    lines, refused, agreed = [], set(), set()
    for number in range(people):
        who = {
            "id": f"{number:04d}",
            "email": f"p{number}@example.com",
            "at": f"2024-01-{1 + number % 28:02d}",
        }
        if system == "klaviyo":
            consent = draw.choice(["SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED", ""])
            reason = draw.choice(
                ["", "", "HARD_BOUNCE", "SPAM_COMPLAINT", "USER_SUPPRESSED", "UNSUBSCRIBE"]
            )
            is_out = consent == "UNSUBSCRIBED" or reason not in ("", "HARD_BOUNCE")
            is_in = consent == "SUBSCRIBED" and not reason
            line = {
                "Email": who["email"],
                "Klaviyo ID": who["id"],
                "Email Marketing Consent": consent,
            }
            line |= {"Email Suppressions": reason, "Profile Created On": who["at"]}
        elif system == "hubspot":
            types = {
                f"Opted out of email: Type {n}": draw.choice(["", "false", "true", "", ""])
                for n in range(5)
            }
            everything = draw.choice(["", "false", "false", "true"])
            is_out, is_in = "true" in (everything, *types.values()), False
            line = {
                "Record ID": who["id"],
                "Email": who["email"],
                "Last Modified Date": who["at"],
                **types,
            }
            line |= {"Unsubscribed from all email": everything}
        else:
            answer, deleted = (
                draw.choice(["true", "false"]),
                draw.choice(["false", "false", "true"]),
            )
            master = draw.choice(["", "0001"]) if deleted == "true" else ""
            is_out, is_in = answer == "true", False
            line = {
                "Id": who["id"],
                "LastName": "P",
                "Email": who["email"],
                "HasOptedOutOfEmail": answer,
            }
            line |= {"IsDeleted": deleted, "MasterRecordId": master, "LastModifiedDate": who["at"]}
        lines.append(line)
        refused |= {who["email"]} if is_out else set()
        agreed |= {who["email"]} if is_in else set()
    return pd.DataFrame(lines), refused, agreed


@pytest.mark.parametrize("system", ["klaviyo", "hubspot", "salesforce"])
def test_every_refusal_of_a_generated_export_arrives_and_no_grant_is_made_up(tmp_path, system):
    export, refused, agreed = generated(system, 400)
    intake = take(tmp_path, export__csv=export.to_csv(index=False), orders__csv=ORDERS)
    out = rows(intake, "contacts", "email, email_opt_out or not email_opt_in, email_opt_in")
    left = {email for (email,) in rows(intake, "email_events", "email")}
    assert {email for email, is_out, _ in out if is_out} | left == refused
    assert {email for email, _, is_in in out if is_in} == agreed
    assert len(refused) > 100
