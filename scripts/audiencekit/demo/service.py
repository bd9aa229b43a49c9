"""Contacts with customer service: a few people wrote or called, and all of them have been answered."""

import numpy as np
import pandas as pd

from audiencekit.demo import chance

CONTACT_SHARE = 0.06
CHANNELS = {"email": 0.5, "chat": 0.3, "phone": 0.2}
TOPICS = {"delivery": 0.5, "return": 0.3, "product": 0.2}
LONGEST_ANSWER_DAYS = 3


def make_service_contacts(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The landing's service_contacts: some people with an e-mail address, once each, in 2017."""
    rng = chance.stream(seed, "service_contacts")
    reachable = np.flatnonzero(people["email"].notna())
    who = reachable[rng.random(len(reachable)) < CONTACT_SHARE]
    last = chance.AS_OF - LONGEST_ANSWER_DAYS * chance.DAY
    opened = chance.moments_between(rng, np.full(len(who), chance.YEAR_START), last)
    waited = chance.some_seconds(rng.random(len(who)) * LONGEST_ANSWER_DAYS * 86_400)
    contacts = pd.DataFrame(
        {
            "opened_at": opened,
            "contact_channel": rng.choice(list(CHANNELS), size=len(who), p=list(CHANNELS.values())),
            "status": "closed",
            "closed_at": opened + waited,
            "satisfaction": np.round(rng.beta(4, 1.5, len(who)), 2),
            "topic": rng.choice(list(TOPICS), size=len(who), p=list(TOPICS.values())),
            "email": people["email"].to_numpy()[who],
        }
    ).sort_values("opened_at")
    contacts.insert(0, "service_contact_id", [f"T{n:05d}" for n in range(1, len(contacts) + 1)])
    return contacts
