"""What a build publishes, read from the exposures in dbt's manifest: their meta names the file of each table."""

import json
from dataclasses import dataclass

from audiencekit.workspace import Workspace


@dataclass(frozen=True)
class Column:
    """A published column: whether it holds personal data, and whether it must be a hash."""

    name: str
    data_type: str
    is_pii: bool
    is_hash: bool
    is_required: bool


@dataclass(frozen=True)
class Publication:
    """One table to publish: `schema.table` of the warehouse into the file `to`, sorted by `key`."""

    exposure: str
    to: str  # 'activation' or 'reporting'
    schema: str
    table: str
    key: str | None
    columns: tuple[Column, ...]

    @property
    def is_audience(self) -> bool:
        """Whether it is a channel's audience: its rows address people."""
        return self.to == "activation" and self.table.startswith("aud_")


def read_publications(workspace: Workspace) -> list[Publication]:
    """Every table that an exposure with `meta.publish` depends on, sorted by file and name."""
    manifest = json.loads((workspace.home / "target" / "manifest.json").read_text())
    tests = _tests_by_column(manifest)
    publications = []
    for exposure in manifest["exposures"].values():
        publish = exposure["config"]["meta"].get("publish")
        if not publish:
            continue
        for node_id in exposure["depends_on"]["nodes"]:
            node = manifest["nodes"][node_id]
            columns = tuple(
                Column(
                    name=name,
                    data_type=column["data_type"],
                    is_pii=bool(column["config"]["meta"].get("pii")),
                    is_hash="sha256" in tests.get((node_id, name), ()),
                    is_required="not_null" in tests.get((node_id, name), ()),
                )
                for name, column in node["columns"].items()
            )
            publications.append(
                Publication(
                    exposure["name"],
                    publish["to"],
                    node["schema"],
                    node["name"],
                    publish.get("key"),
                    columns,
                )
            )
    return sorted(publications, key=lambda p: (p.to, p.table))


def _tests_by_column(manifest: dict) -> dict[tuple[str, str], set[str]]:
    tests: dict[tuple[str, str], set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("test_metadata"):
            place = (node["attached_node"], node["column_name"])
            tests.setdefault(place, set()).add(node["test_metadata"]["name"])
    return tests
