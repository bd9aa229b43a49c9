"""The weight of a pattern, from the parameters that were learned."""

import numpy as np
import pandas as pd

from audiencekit.identity.matching import (
    ONE_PERSON,
    RELATIONS,
    STRANGERS,
)

FIELDS = {
    "first_name": "name", "last_name": "name", "postal_code": "code", "birth_digits": "date", "phone": "code",
}  # fmt: skip


def weigher(params: pd.DataFrame, fields=tuple(FIELDS), against=("household", *STRANGERS)):
    """Bits for one person of a pattern, by the formula."""
    rows = params[params["relation"] != ""]
    log = dict(
        zip(
            zip(rows["relation"], rows["field"], rows["level"], strict=True),
            np.log(rows["value"]),
            strict=True,
        )
    )

    def bits(pattern: str) -> float:
        of = {
            relation: log[relation, "prior", ""]
            + sum(log[relation, f, x] for f, x in zip(fields, pattern, strict=True) if x != "-")
            for relation in RELATIONS
        }
        one = np.logaddexp.reduce([of[relation] for relation in ONE_PERSON])
        two = np.logaddexp.reduce([of[relation] for relation in against])
        return (one - two) / np.log(2)

    return bits
