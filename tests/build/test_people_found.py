"""People found in simulated contacts through the landing contract: how right, how stable, and what does not merge."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from audiencekit.bench.identity import people_finder
from audiencekit.bench.identity.people import make_records
from audiencekit.bench.identity.scores import best_threshold, clusters, scores
from audiencekit.workspace import open_workspace

CROWD = 10_000
EMPTY = dict.fromkeys(
    ["first_name", "last_name", "street", "house_number", "city", "region", "postal_code", "birth_date", "email", "phone"]
)  # fmt: skip
HOME = {"last_name": "Quillfeather", "street": "Alder Lane", "house_number": "12", "city": "Westhaven", "region": "OR", "postal_code": "97035"}  # fmt: skip
# Who must not merge, and who must: people in situations that mislead. All simulated.
PLANTED = {
    "twin one": HOME | {"first_name": "Clara", "birth_date": "1988-04-17", "phone": "+15035550101", "email": "clara.q@example.com"},
    "twin two": HOME | {"first_name": "Edith", "birth_date": "1988-04-17", "phone": "+15035550101", "email": "edith.q@example.com"},
    "father": HOME | {"first_name": "Rupert", "birth_date": "1955-09-02", "phone": "+15035550101", "email": "rupert@example.com"},
    "son": HOME | {"first_name": "Rupert", "birth_date": "1984-01-30", "phone": "+15035550101", "email": "rq84@example.com"},
    "junk mail one": {"first_name": "Norbert", "last_name": "Vinterhag", "email": "test@test.com"},
    "junk mail two": {"first_name": "Isolde", "last_name": "Brackenbury", "email": "test@test.com"},
    "couple one": {"first_name": "Tobiah", "last_name": "Merriwick", "email": "home@example.org", "birth_date": "1970-02-03"},
    "couple two": {"first_name": "Lavinia", "last_name": "Merriwick", "email": "home@example.org", "birth_date": "1972-11-21"},
    "swapped": {"first_name": "Ottoline", "last_name": "Greensmith", "birth_date": "1961-07-08", "city": "Penwick"},
    "swapped again": {"first_name": "Greensmith", "last_name": "Ottoline", "birth_date": "1961-07-08", "city": "Penwick"},
    "nickname": {"first_name": "William", "last_name": "Thistledown", "birth_date": "1949-12-24", "street": "9 Rook Street"},
    "nickname again": {"first_name": "Bill", "last_name": "Thistledown", "birth_date": "1949-12-24", "street": "9 Rook Street"},
    "accent": {"first_name": "José", "last_name": "Núñez", "birth_date": "1977-03-05", "email": "josenunez@example.net"},
    "accent again": {"first_name": "Jose", "last_name": "Nunez", "birth_date": "1977-03-05", "email": "josenunez@example.net"},
    "umlaut": {"first_name": "Jörg", "last_name": "Schönmüller", "birth_date": "1968-10-30", "city": "Westhaven"},
    "umlaut again": {"first_name": "Joerg", "last_name": "Schoenmueller", "birth_date": "1968-10-30", "city": "Westhaven"},
    "script": {"first_name": "Дмитрий", "last_name": "Иволгин", "birth_date": "1959-01-19", "city": "Penwick"},
    "script again": {"first_name": "Dmitrij", "last_name": "Ivolgin", "birth_date": "1959-01-19", "city": "Penwick"},
    "mailbox": {"first_name": "Ignatius", "last_name": "Fallowfield", "email": "ignatius.fallowfield@gmail.com"},
    "mailbox again": {"first_name": "Ignatius", "last_name": "Fallowfield", "email": "ignatiusfallowfield+shop@googlemail.com"},
    "senior": HOME | {"first_name": "Leopold", "last_name": "Lockhart Sr"},
    "junior": HOME | {"first_name": "Leopold", "last_name": "Lockhart, Jr."},
}  # fmt: skip


def contacts(rows: dict[str, dict]) -> pd.DataFrame:
    frame = pd.DataFrame([EMPTY | row for row in rows.values()])
    return frame.assign(contact_id=list(rows), person_id=-1)


def without_names() -> pd.DataFrame:
    """Thirty people each with a name of the list, and with one of the shop that is on no list. All simulated."""
    of_list = {"first_name": "Guest", "last_name": "Guest", "city": "Westhaven", "postal_code": "97035"}  # fmt: skip
    of_shop = {"first_name": "Quillmart", "last_name": "Onlineshop", "birth_date": "1900-01-01", "city": "Westhaven"}  # fmt: skip
    rows = {f"no name {n}": of_list for n in range(30)} | {
        f"shop name {n}": of_shop | {"email": f"{chr(97 + n % 26)}{n}.buyer@example.com"} for n in range(30)
    }  # fmt: skip
    return contacts(rows)


def with_tablet(landing: Path) -> None:
    """Two people who log in from one device; nothing else links them."""
    pd.DataFrame(
        {"account_id": ["A1", "A2"], "first_name": ["Ada", "Grace"], "last_name": ["Fen", "Holm"]}
    ).to_csv(landing / "accounts.csv", index=False)
    pd.DataFrame(
        {
            "event_id": ["e1", "e2"],
            "occurred_at": ["2025-06-01", "2025-06-02"],
            "event_name": ["login", "login"],
            "anonymous_id": ["tablet", "tablet"],
            "account_id": ["A1", "A2"],
        }
    ).to_csv(landing / "web_events.csv", index=False)


@pytest.fixture(scope="module")
def found(runner, tmp_path_factory) -> tuple[pd.Series, pd.DataFrame, Path]:
    """Customers of 8,000 simulated contacts, of 10,000 with one phone, and of those planted."""
    folder = tmp_path_factory.mktemp("people")
    records = make_records(8_000, seed=11)
    crowd = make_records(CROWD, seed=12).drop_duplicates("person_id")
    crowd = crowd.assign(
        contact_id="crowd " + crowd["contact_id"], phone="+12065550199", person_id=-2
    )
    everybody = pd.concat([records, crowd, contacts(PLANTED), without_names()], ignore_index=True)
    landing = people_finder.write_landing(everybody, folder / "landing")
    with_tablet(landing)
    home = runner.workspace("people").home
    people_finder.identify(str(home), str(landing))
    return people_finder.people_of(open_workspace(home)), records, home


def test_people_are_found_and_hardly_ever_two_as_one(found):
    customers, records, _ = found
    truth = records.set_index("contact_id")["person_id"]
    right = scores(customers.reindex(truth.index), truth)
    print(f"\n8,000 simulated contacts, a fifth of them copies: {right}")
    assert right["precision"] > 0.99
    assert right["recall"] > 0.75
    assert right["whole"] > 0.93


def test_no_setting_was_looked_up_in_the_truth(found):
    """The model's own reckoning of its mistakes, against how many there are."""
    _, records, home = found
    truth = records.set_index("contact_id")["person_id"]
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        taken = con.execute(
            "select substr(left_record_id, 9) as l, substr(right_record_id, 9) as r, match_probability "
            "from identity.int_matches where verdict = 'taken'"
        ).df()
    taken = taken[taken["l"].isin(truth.index) & taken["r"].isin(truth.index)]
    right = (truth[taken["l"]].to_numpy() == truth[taken["r"]].to_numpy()).mean()
    assert right == pytest.approx(taken["match_probability"].mean(), abs=0.01)


def test_ten_thousand_with_one_phone_are_no_person(found):
    customers, _, _ = found
    crowd = customers[customers.index.str.startswith("crowd ")]
    assert len(crowd) > 7_900
    assert crowd.nunique() > 0.999 * len(crowd)


@pytest.mark.parametrize(
    "names",
    [
        ("twin one", "twin two"),
        ("father", "son"),
        ("father", "twin one"),
        ("junk mail one", "junk mail two"),
        ("couple one", "couple two"),
        ("senior", "junior"),
    ],
)
def test_people_who_share_a_home_a_phone_or_an_address_stay_two(found, names):
    customers, _, _ = found
    assert customers[names[0]] != customers[names[1]]


@pytest.mark.parametrize("name", ["swapped", "nickname", "accent", "umlaut", "script", "mailbox"])
def test_swapped_names_nicknames_and_other_spellings_are_one_person(found, name):
    customers, _, _ = found
    assert customers[name] == customers[f"{name} again"]


@pytest.mark.parametrize("name", ["no name", "shop name"])
def test_people_whose_name_is_a_placeholder_stay_apart(found, name):
    customers, _, _ = found
    people = customers[customers.index.str.startswith(f"{name} ")]
    assert len(people) == people.nunique() == 30


def test_a_shared_tablet_makes_no_person(found):
    *_, home = found
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        people = con.execute(
            "select count(distinct customer_key) from identity.int_identifier_keys where id_value in ('A1', 'A2')"
        ).fetchall()[0][0]
    assert people == 2


def partition(customers: pd.Series) -> set[frozenset[str]]:
    return {frozenset(group) for group in customers.groupby(customers).groups.values()}


def build(
    home: Path, records: pd.DataFrame, number: int, decisions: str = "", retrain: bool = False
) -> pd.Series:
    """One more build on what the last one kept, and what it keeps for the next."""
    landing = people_finder.write_landing(records, home.parent / f"landing-{number}")
    if decisions:
        (landing / "identity_decisions.csv").write_text(decisions)
    people_finder.identify(
        str(home), str(landing), f"bench-{number:06d}", goes_on=number > 1, retrain=retrain
    )
    people_finder.keep(open_workspace(home))
    return people_finder.people_of(open_workspace(home))


DECISIONS = (
    "decision,left_id_type,left_id_value,right_id_type,right_id_value,decided_at,decided_by\n"
)


def test_keys_survive_new_records_stewards_and_another_order(runner):
    """A story in builds: most records, then two parts more, and the same the other way round; then a steward speaks."""
    records = make_records(3_000, seed=21)
    bulk, one, other = records[:2_600], records[2_600:2_800], records[2_800:]
    home, other_home = runner.workspace("one_way/home").home, runner.folder / "other_way" / "home"
    first = build(home, bulk, 1)
    shutil.copytree(home, other_home)
    build(home, pd.concat([bulk, one]), 2)
    second = build(home, records, 3)
    build(other_home, pd.concat([bulk, other]), 2)
    other_way = build(other_home, records, 3)
    assert partition(second) == partition(other_way)

    changes = _kept_changes(home)
    gone = set(changes["previous_key"])
    kept = first[~first.isin(gone)]
    assert (second.reindex(kept.index) == kept).all()
    assert len(gone) < 0.02 * first.nunique()
    assert set(changes["action"]) <= {"merged", "split"}
    # After retraining on all records, the order of the builds no longer matters.
    second = build(home, records, 4, retrain=True)
    shuffled = records.sample(frac=1, random_state=1)
    assert partition(second) == partition(build(other_home, shuffled, 4, retrain=True))

    twice = second[second.duplicated(keep=False)].sort_values()
    left, right = twice.index[:2]
    assert second[left] == second[right]
    alone = second[~second.duplicated(keep=False)].index[:2]
    unlink = f"unlink,contact_id,{left},contact_id,{right},2025-01-01,s\n"
    link = f"link,contact_id,{alone[0]},contact_id,{alone[1]},2025-01-01,s\n"
    third = build(home, records, 5, DECISIONS + unlink + link)
    assert third[left] != third[right]
    assert second[left] in (third[left], third[right])
    assert third[alone[0]] == third[alone[1]]
    changes = _changes(home)
    assert set(changes["reason"]) == {"a steward unlinked them", "a steward linked them"}
    others = third.index.difference([left, right, *alone])
    assert np.mean(third[others] == second[others]) > 0.999

    # Who changes their mind wins; the key that was comes back.
    again = f"link,contact_id,{right},contact_id,{left},2025-02-01,s\n"
    fourth = build(home, records, 6, DECISIONS + unlink + again)
    assert fourth[left] == fourth[right] == second[left]
    assert fourth[alone[0]] != fourth[alone[1]]
    assert fourth[list(alone)].tolist() == second[list(alone)].tolist()


def _kept_changes(home: Path) -> pd.DataFrame:
    """What was kept of every build's changes."""
    files = home / "ledger" / "identity_changes" / "*.parquet"
    return duckdb.execute(f"select * from '{files}'").df()


def _changes(home: Path) -> pd.DataFrame:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        return con.execute("select * from identity.int_identity_changes").df()


def test_scores_are_those_of_the_textbook():
    truth = pd.Series({"a": 1, "b": 1, "c": 1, "d": 2, "e": 2})
    found = pd.Series({"a": "x", "b": "x", "c": "y", "d": "y", "e": "z"})
    right = scores(found, truth)
    assert right["precision"] == 1 / 2 and right["recall"] == 1 / 4
    # B-cubed: precision (1 + 1 + 1/2 + 1/2 + 1) / 5, recall (2/3 + 2/3 + 1/3 + 1/2 + 1/2) / 5.
    assert right["b_cubed"] == pytest.approx(2 * 0.8 * (8 / 15) / (0.8 + 8 / 15))
    assert right["whole"] == 0
    pairs = pd.DataFrame({"left": ["a", "b"], "right": ["b", "d"], "probability": [0.99, 0.6]})
    assert clusters(pairs[:1], truth.index).nunique() == 4
    assert best_threshold(pairs, truth) == 0.9
