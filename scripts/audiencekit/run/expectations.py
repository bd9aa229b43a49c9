"""Great Expectations for input and output: landing tables after intake, and audiences before they are published.

Suites are made from the landing contract and from the contracts of the published tables, so a new table or
channel is checked without a suite of its own. Results hold no values (BOOLEAN_ONLY), because everyone may read
Data Docs and not everyone may read personal data.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd

from audiencekit.errors import UserError
from audiencekit.intake.contract import Table, load_contract
from audiencekit.publish.exposures import Publication
from audiencekit.sql import rows_of
from audiencekit.workspace import Workspace

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", category=DeprecationWarning, module="great_expectations")

import great_expectations as gx  # noqa: E402
from great_expectations import expectations as gxe  # noqa: E402
from great_expectations.data_context import EphemeralDataContext  # noqa: E402
from great_expectations.expectations.expectation import Expectation  # noqa: E402

# This logger sets itself to INFO when imported, and logs its temporary folders.
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.ERROR)

# Intake and dbt check every row; Great Expectations reads at most about this many of a table.
ROWS_READ = 100_000
SITE = "audiencekit"


def landing_expectations(table: Table) -> Iterator[Expectation]:
    """What the contract promises about a landing table after intake."""
    yield gxe.ExpectTableColumnCountToEqual(value=len(table.columns))
    # Another table may have lost all its rows by an erasure. Intake stops for one that came empty.
    yield gxe.ExpectTableRowCountToBeBetween(min_value=1 if table.required else 0)
    for column in table.columns:
        if column.required:
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.name)
        if column.one_of:
            yield gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.one_of))
        low, high = (b if isinstance(b, int | float) else None for b in (column.min, column.max))
        if column.data_type == "double" and low is not None:
            yield gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=low, max_value=high
            )


def audience_expectations(published: Publication) -> Iterator[Expectation]:
    """What pickup tools and privacy officers rely on in an audience table."""
    yield gxe.ExpectTableColumnCountToEqual(value=len(published.columns))
    yield gxe.ExpectColumnValuesToBeUnique(column=_key(published))
    for column in published.columns:
        if column.is_required or column.name == published.key:
            yield gxe.ExpectColumnValuesToNotBeNull(column=column.name)
        if column.is_hash:
            yield gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex="^[0-9a-f]{64}$")
        elif column.is_pii and "email" in column.name:
            yield gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex="^[^@ ]+@[^@ ]+$")
        elif column.data_type == "string" and not column.is_pii:
            # No address outside the columns that are marked as personal data.
            yield gxe.ExpectColumnValuesToNotMatchRegex(column=column.name, regex="[^ ]@[^ ]+[.]")


def _key(published: Publication) -> str:
    """The key of an audience. Raises UserError for an exposure that names none."""
    if published.key is None:
        raise UserError(
            f"{published.table}: the exposure {published.exposure} names no key. "
            "Add `key` under its meta.publish."
        )
    return published.key


def check_walls(workspace: Workspace, publications: list[Publication]) -> list[str]:
    """Run every suite and write Data Docs. Returns one line for each expectation that failed."""
    context = _context(workspace.data_docs)
    failures = []
    for table in load_contract().values():
        frame = _read(rows_of(workspace.intake / f"{table.name}.parquet"), table.key[0])
        if _is_absent(workspace, table.name):
            continue
        failures += _run_suite(
            context, f"landing in: {table.name}", frame, list(landing_expectations(table))
        )
    with duckdb.connect(str(workspace.warehouse), read_only=True) as warehouse:
        for published in publications:
            if published.to != "activation":
                continue
            frame = _read(f"{published.schema}.{published.table}", _key(published), warehouse)
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
        f"select is_present from {rows_of(workspace.intake / 'tables.parquet')} where table_name = ?",
        [name],
    ).fetchall()
    return not present or not present[0][0]


def _context(folder: Path) -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # takes a dict too
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
    """A table as a frame. Of a large table every n-th key, so that rows with equal keys stay together."""
    execute = con.execute if con else duckdb.execute
    rows = execute(f"select count(*) from {relation}").fetchall()[0][0]
    every = max(1, round(rows / ROWS_READ))
    return execute(f"select * from {relation} where hash({key}) % {every} = 0").df()


def _run_suite(
    context: EphemeralDataContext, name: str, frame: pd.DataFrame, expectations: list[Expectation]
) -> list[str]:
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
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
                config = outcome.expectation_config
                column = config.kwargs.get("column", "the table") if config else "the table"
                failed.append(f"{name}: {column} breaks {config.type if config else 'its suite'}")
    return failed
