"""Short lists that people maintain: VIPs, erasure requests, and the identity decisions of a data steward."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

VIP_SHARE = 0.016  # the 40 who spend most, of 2,469
UNKNOWN_VIP = "nobody.we.know@example.org"  # lists maintained by hand contain ids that match nobody
ERASURES, HOUSEHOLDS_PER_ERASURE = 6, 25
UNLINKS, LINKS = 3, 2


def make_static_lists(
    people: pd.DataFrame,
    spend: np.ndarray,
    cards: pd.DataFrame,
    accounts: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """The landing's static_lists: one list, vip, of buyers, identified by e-mail, card and login in turn.

    `spend` is in the order of the buyers, who are the first rows of `people`.
    """
    rng = chance.stream(seed, "static_lists")
    size = max(5, round(VIP_SHARE * len(spend)))
    best = np.argsort(-spend, kind="stable")[:size]
    ids = _some_id(best, people, cards, accounts)
    vips = pd.DataFrame([*ids, ("email", UNKNOWN_VIP)], columns=["id_type", "id_value"])
    vips.insert(0, "list_code", "vip")
    start = np.full(len(vips), np.datetime64("2017-03-01", "us"))
    vips["added_at"] = chance.moments_between(rng, start, np.datetime64("2017-12-15", "us"))
    return vips


def make_erasure_requests(
    people: pd.DataFrame, households: int, cards: pd.DataFrame, accounts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The landing's erasure_requests: six people (fewer with few households)."""
    rng = chance.stream(seed, "erasure_requests")
    size = min(ERASURES, max(1, households // HOUSEHOLDS_PER_ERASURE))
    who = rng.choice(households, size=size, replace=False)
    requests = pd.DataFrame(_some_id(who, people, cards, accounts), columns=["id_type", "id_value"])
    requests.insert(0, "request_id", [f"E{n:04d}" for n in range(1, size + 1)])
    start = np.full(size, np.datetime64("2017-10-01", "us"))
    requests["requested_at"] = chance.moments_between(rng, start, chance.AS_OF)
    return requests


def make_identity_decisions(
    people: pd.DataFrame, contacts: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The landing's identity_decisions, all of them right.

    Some couples are two people, and some contacts with an old e-mail are the same person.
    """
    rng = chance.stream(seed, "identity_decisions")
    by_person = contacts.groupby("person")["contact_id"]
    first, last = (ids.reindex(range(len(people))) for ids in (by_person.min(), by_person.max()))
    second = np.flatnonzero(people["role"] == "second")
    buyer = people["home"].to_numpy()[second]
    old_email = people["old_email"].to_numpy()[contacts["person"]]
    moved = np.unique(contacts["person"][contacts["email"].to_numpy() == old_email])
    moved = moved[(first != last).to_numpy()[moved]]
    couples = rng.permutation(len(second))[:UNLINKS]
    twice = rng.permutation(moved)[:LINKS]
    decisions = pd.DataFrame(
        {
            "decision": np.repeat(["unlink", "link"], [len(couples), len(twice)]),
            "left_id_type": "contact_id",
            "left_id_value": [*first[buyer[couples]], *first[twice]],
            "right_id_type": "contact_id",
            "right_id_value": [*first[second[couples]], *last[twice]],
            "decided_by": "data office",
            "reason": np.repeat(
                ["a couple, one landline", "an old e-mail"], [len(couples), len(twice)]
            ),
        }
    )
    start = np.full(len(decisions), np.datetime64("2017-12-01", "us"))
    decisions["decided_at"] = chance.moments_between(rng, start, chance.AS_OF)
    return decisions


def _some_id(
    who: np.ndarray, people: pd.DataFrame, cards: pd.DataFrame, accounts: pd.DataFrame
) -> list[tuple[str, str]]:
    """(id_type, id_value) of each buyer: e-mail, login and card in turn, the card if the other is missing."""
    card = cards[cards["is_first"]].set_index("person")["card_number"]
    account = accounts[accounts["is_first"]].set_index("person")["account_id"]
    ids = []
    for place, i in enumerate(who):
        email = people["email"].iat[i]
        if place % 3 == 0 and pd.notna(email):
            ids.append(("email", email))
        elif place % 3 == 1 and i in account.index:
            ids.append(("account_id", account[i]))
        else:
            ids.append(("card_number", card[i]))
    return ids
