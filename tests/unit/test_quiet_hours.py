"""What of quiet hours is announced, and the zones that they go by."""

import csv
from zoneinfo import ZoneInfo

import pytest

from audiencekit.dbt_project import PROJECT
from audiencekit.live.quiet_hours import QUIET, as_announced


@pytest.mark.parametrize(
    ("before", "now", "announced"),
    [
        # A night that begins; a build knows none.
        ({"s": (("email", None),)}, QUIET, None),
        # A change that comes at night waits: somebody enters, or may be addressed again.
        ({}, QUIET, QUIET),
        ({"other": (("email", None),)}, QUIET, QUIET),
        ({"s": (("email", "cap"),)}, QUIET, QUIET),
        ({"s": (("website", None),)}, QUIET, QUIET),
        # It goes on, and it ends.
        ({"s": (("email", QUIET),)}, QUIET, QUIET),
        ({"s": (("email", QUIET),)}, None, None),
        # Another reason is announced at any hour.
        ({"s": (("email", None),)}, "consent_withdrawn", "consent_withdrawn"),
    ],
)
def test_only_a_change_that_comes_at_night_waits(before, now, announced):
    reasons = (("email", now), ("website", None))
    assert as_announced(before, "s", reasons) == (("email", announced), ("website", None))


def test_every_zone_of_the_list_exists_and_no_country_is_without_one_for_unknown_regions():
    with (PROJECT / "seeds" / "time_zones.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {ZoneInfo(row["time_zone"]).key for row in rows} == {row["time_zone"] for row in rows}
    countries = {row["country_code"] for row in rows}
    assert {row["country_code"] for row in rows if not row["region"]} == countries
    with (PROJECT / "seeds" / "jurisdictions.csv").open(encoding="utf-8", newline="") as lines:
        assert {row["country_code"] for row in csv.DictReader(lines)} <= countries


def test_every_state_of_the_mainland_of_the_us_and_every_province_has_a_zone():
    with (PROJECT / "seeds" / "time_zones.csv").open(encoding="utf-8", newline="") as lines:
        found = [(row["country_code"], row["region"]) for row in csv.DictReader(lines)]
    with (PROJECT / "seeds" / "region_names.csv").open(encoding="utf-8", newline="") as lines:
        regions = {(row["iso_code"], row["region_code"]) for row in csv.DictReader(lines)}
    # Islands of the US without a state, and addresses of its forces.
    without = {
        ("US", code) for code in ("AA", "AE", "AP", "AS", "FM", "GU", "MH", "MP", "PW", "UM", "VI")
    }
    assert regions - set(found) <= without
