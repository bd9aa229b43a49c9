"""Great Expectations at our two walls: what came in, and what is about to go out.

Suites are made from the landing contract and from the contracts of the published tables, so a new
table or channel is checked without anybody writing a suite. Results hold no values (BOOLEAN_ONLY):
Data Docs are for everyone, and personal data is not.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd

from audiencekit.intake.contract import Table, load_contract
from audiencekit.publish.exposures import Publication
from audiencekit.workspace import Workspace

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", category=DeprecationWarning, module="great_expectations")

import great_expectations as gx  # noqa: E402
from great_expectations import expectations as gxe  # noqa: E402
from great_expectations.expectations.expectation import Expectation  # noqa: E402

# It sets itself to INFO when imported, and tells of its temporary folders.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.ERROR)

# Intake and dbt check every row; Great Expectations reads at most about this many of a table.
ROWS_READ = 100_000
SITE = "audiencekit"


def landing_expectations(table: Table) -> Iterator[Expectation]:
    """What the contract promises of a landing table after intake."""
    yield gxe.ExpectTableColumnCountToEqual(value=len(table.columns))
    yield gxe.ExpectTableRowCountToBeBetween(min_value=0 if table.may_be_empty else 1)
    for column in table.columns:
        if column.required:
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.name)
        if column.one_of:
            yield gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.one_of))
        if column.data_type == "double" and column.min is not None:
            yield gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=column.min, max_value=column.max
            )


def audience_expectations(published: Publication) -> Iterator[Expectation]:
    """What a pickup tool and a privacy officer count on in an audience table."""
    yield gxe.ExpectTableColumnCountToEqual(value=len(published.columns))
    yield gxe.ExpectColumnValuesToBeUnique(column=published.key)
    for column in published.columns:
        if column.is_required or column.name == published.key:
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.name)
        if column.is_hash:
            yield gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex="^[0-9a-f]{64}$")
        elif column.is_pii and "email" in column.name:
            yield gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex="^[^@ ]+@[^@ ]+$")
        elif column.data_type == "string" and not column.is_pii:
            # No address outside the columns that are walled for it.
            yield gxe.ExpectColumnValuesToNotMatchRegex(column=column.name, regex="[^ ]@[^ ]+[.]")


def check_walls(workspace: Workspace, publications: list[Publication]) -> list[str]:
    """Run every suite and write Data Docs. Returns what failed, one line each."""
    context = _context(workspace.data_docs)
    failures = []
    for table in load_contract().values():
        frame = _read(f"read_parquet('{workspace.intake / table.name}.parquet')", table.key[0])
        if _is_absent(workspace, table.name):
            continue
        failures += _run_suite(
            context, f"landing in: {table.name}", frame, list(landing_expectations(table))
        )
    with duckdb.connect(str(workspace.warehouse), read_only=True) as warehouse:
        for published in publications:
            if published.to != "activation":
                continue
            frame = _read(f"{published.schema}.{published.table}", published.key, warehouse)
            failures += _run_suite(
                context,
                f"audience out: {published.table}",
                frame,
                list(audience_expectations(published)),
            )
    context.build_data_docs(site_names=[SITE])
    return failures


def _is_absent(workspace: Workspace, name: str) -> bool:
    present = duckdb.execute(
        "select is_present from read_parquet(?) where table_name = ?",
        [str(workspace.intake / "tables.parquet"), name],
    ).fetchall()
    return not present or not present[0][0]


def _context(folder: Path):
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.add_data_docs_site(
        SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder),
            },
        },
    )
    return context


def _read(relation: str, key: str, con: duckdb.DuckDBPyConnection | None = None) -> pd.DataFrame:
    """A table as a frame; of a large one every n-th key, so that equal keys stay together."""
    con = con or duckdb
    rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    every = max(1, round(rows / ROWS_READ))
    return con.execute(f"select * from {relation} where hash({key}) % {every} = 0").df()


def _run_suite(context, name: str, frame: pd.DataFrame, wanted: list[Expectation]) -> list[str]:
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=wanted))
    source = context.data_sources.add_pandas(name)
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("rows")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            result_format="BOOLEAN_ONLY",
            actions=[],
        )
    )
    result = checkpoint.run(batch_parameters={"dataframe": frame})
    failed = []
    for run in result.run_results.values():
        for outcome in run.results:
            if not outcome.success:
                settings = outcome.expectation_config
                column = settings.kwargs.get("column", "the table")
                failed.append(f"{name}: {column} breaks {settings.type}")
    return failed
