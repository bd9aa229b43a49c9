"""A fitted model is rows: how a fit writes them and names its version, and how they are read again."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

KEY = "customer_key"
COLUMNS = ("model_code", "version", "part", "item", "group_id", "value", "label")


class Row(NamedTuple):
    """One number or one text of a fit; `group_id` is a cluster, tree or bin, 0 where there is none."""

    part: str
    item: str
    group_id: int = 0
    value: float = np.nan
    label: str | None = None


def facts(values: Mapping[str, object]) -> list[Row]:
    """Text about the fit, one row each: `status`, `why`, `rows` … Dates are written as ISO."""
    return [Row("fact", item, label=text_of(value)) for item, value in values.items()]


def numbers(part: str, items: Iterable[str], values: Iterable[float]) -> list[Row]:
    """One row an item, usually a feature: `weight`, `mean`, `scale` …"""
    return [Row(part, item, 0, float(v)) for item, v in zip(items, values, strict=True)]


def build_rows(model_code: str, version: str, rows: Iterable[Row]) -> pd.DataFrame:
    """The rows in the shape that every fit shares, in the order given. A missing label is null."""
    frame = pd.DataFrame(list(rows), columns=Row._fields)
    frame.insert(0, "model_code", model_code)
    frame.insert(1, "version", version)
    kinds = dict.fromkeys(COLUMNS, "str") | {"group_id": "int64", "value": "float64"}
    return frame.astype(kinds)[list(COLUMNS)]


def version_of(method: str, cutoff: date | str, settings: Mapping, data_hash: str) -> str:
    """`<method>-<cutoff YYYYMMDD>-<8 hex>`: the same settings and the same data give the same version."""
    identity = {"method": method, "cutoff": cutoff, "settings": dict(settings), "data": data_hash}
    return f"{method}-{pd.Timestamp(cutoff):%Y%m%d}-{hash_of(identity)[:8]}"


def hash_of(value: object) -> str:
    """SHA-256 (hex) of anything that JSON can hold; dates as ISO, keys in any order."""
    written = json.dumps(value, sort_keys=True, default=text_of)
    return hashlib.sha256(written.encode()).hexdigest()


def text_of(value: object) -> str:
    """A fact as text: dates as ISO (a midnight is written as a day), lists with commas."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, date):  # datetimes and timestamps are dates, too
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Training:
    """The rows that a fit may use: sorted by customer, every number finite."""

    frame: pd.DataFrame  # customer_key as str, then the numeric columns as float64
    dropped: int  # rows left out: no customer, or a number missing or infinite
    data_hash: str  # of all rows, also of those left out


def read_training(customers: pd.DataFrame, columns: Sequence[str]) -> Training:
    """Sort by customer (then by value, where a customer has two rows), and leave out unusable rows.

    Booleans become 0 and 1. Raises KeyError when a column is missing, which is a fault of the code and not of the data.
    """
    frame = pd.DataFrame({KEY: customers[KEY].astype("str")})
    for column in columns:
        read = pd.to_numeric(customers[column], errors="coerce")
        frame[column] = read.to_numpy("float64", na_value=np.nan) + 0.0  # -0.0 is 0.0
    by = [KEY] if frame[KEY].is_unique else list(frame.columns)
    frame = frame.sort_values(by, kind="stable", ignore_index=True)
    usable = frame[KEY].notna() & np.isfinite(frame[list(columns)].to_numpy()).all(axis=1)
    rows = frame[usable].reset_index(drop=True)
    return Training(rows, len(frame) - len(rows), _hash_of_frame(frame))


def _hash_of_frame(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256(json.dumps([list(frame.columns), len(frame)]).encode())
    digest.update(
        json.dumps(frame[KEY].astype(object).where(frame[KEY].notna(), None).tolist()).encode()
    )
    for column in frame.columns.drop(KEY):
        values = frame[column].to_numpy("<f8")
        digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()


def drift_bins(item: str, values: np.ndarray) -> list[Row]:
    """Deciles of the training values, for PSI = sum (p - q) ln(p / q): `bin_edge` and `bin_share`.

    Bin k of B (group_id 1..B) holds values <= its edge and > the edge before; the last bin has no
    edge. An edge lies half-way to the next value seen, so that a last digit that another engine calculates
    differently moves no customer. Equal edges collapse, and no bin is empty: B is 1 for a constant.
    """
    seen = np.unique(values)
    tenths = np.sort(values)[(np.arange(1, 10) * len(values) + 9) // 10 - 1]
    low = np.unique(tenths[tenths < seen[-1]])
    high = seen[np.searchsorted(seen, low, side="right")]
    middle = low / 2 + high / 2
    edges = np.where((low < middle) & (middle < high), middle, low)
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return [Row("bin_edge", item, k, float(edge)) for k, edge in enumerate(edges, 1)] + [
        Row("bin_share", item, k, float(n / len(values))) for k, n in enumerate(counts, 1)
    ]


def part_of(rows: pd.DataFrame, part: str) -> pd.Series:
    """The numbers of one part by item, in the order written. `rows` is one version."""
    return rows.loc[rows["part"] == part].set_index("item")["value"]


def fact_of(rows: pd.DataFrame, item: str) -> str | None:
    """A fact about the fit, None where it is not recorded. `rows` is one version."""
    labels = rows.loc[(rows["part"] == "fact") & (rows["item"] == item), "label"]
    return None if labels.empty else labels.iloc[0]


def require_fitted(rows: pd.DataFrame) -> None:
    """Raise ValueError unless `rows` is exactly one version that is fitted."""
    if len(rows[["model_code", "version"]].drop_duplicates()) != 1:
        raise ValueError("Score with the rows of one model and one version.")
    if fact_of(rows, "status") != "fitted":
        raise ValueError(f"Version {rows['version'].iloc[0]} is not fitted: {fact_of(rows, 'why')}")
