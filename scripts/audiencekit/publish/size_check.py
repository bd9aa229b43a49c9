"""The size check: an audience that lost more than half its rows since the last build stops the publish."""

from collections.abc import Collection

import duckdb

from audiencekit.publish.exposures import Publication
from audiencekit.publish.generations import current_manifest
from audiencekit.publish.tables import audience_rows
from audiencekit.workspace import Workspace

SMALLEST_SHARE_OF_LAST_TIME = 0.5
FEW_ROWS = 50


def check_sizes(
    workspace: Workspace, publications: list[Publication], accept: Collection[str], erased: int = 0
) -> dict[str, list[str]]:
    """By channel, one line for each audience that lost more than half its rows since the last generation.

    Channels in `accept` are not checked, and neither are audiences that had fewer than FEW_ROWS rows. `erased` people of
    this build may be missing from each.
    """
    last = current_manifest(workspace)
    if not last:
        return {}
    shrunk: dict[str, list[str]] = {}
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        for published in publications:
            if not published.is_audience or published.exposure in accept:
                continue
            now = audience_rows(con, published)
            for audience, before in last.audiences.get(published.table, {}).items():
                rows = now.get(audience, 0)
                if before >= FEW_ROWS and rows < SMALLEST_SHARE_OF_LAST_TIME * (before - erased):
                    shrunk.setdefault(published.exposure, []).append(
                        f"{published.table}, audience {audience}, fell from {before:,} to {rows:,} rows"
                    )
    return shrunk
