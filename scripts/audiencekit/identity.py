"""Which identifiers belong to one person: connected components of the link graph."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def connected_identifiers(links: pd.DataFrame) -> pd.DataFrame:
    """Group identifiers that records tie together, however long the chain.

    `links` has one row per record and identifier (record_id, id_type, id_value); the result has one
    row per identifier (id_type, id_value, component). Components are numbered in the order of their
    smallest identifier, so shuffled links give the same numbers.
    """
    identifiers = (
        links[["id_type", "id_value"]]
        .drop_duplicates()
        .sort_values(["id_type", "id_value"])
        .reset_index(drop=True)
    )
    if identifiers.empty:
        return identifiers.assign(component=pd.Series(dtype="int64"))
    place = pd.MultiIndex.from_frame(identifiers).get_indexer(
        pd.MultiIndex.from_frame(links[["id_type", "id_value"]])
    )
    record, _ = pd.factorize(links["record_id"])
    size = len(identifiers) + int(record.max()) + 1
    ties = coo_array(
        (np.ones(len(links), dtype="int8"), (place, len(identifiers) + record)), shape=(size, size)
    )
    _, label = connected_components(ties, directed=False)
    component, _ = pd.factorize(label[: len(identifiers)])
    return identifiers.assign(component=component.astype("int64"))
