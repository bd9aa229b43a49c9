"""Puts the dbt project into the wheel, as audiencekit/project, where audiencekit.workspace finds it."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROJECT = (
    *("adapters", "analyses", "charts", "macros", "models", "seeds"),
    *("tests/generic", "tests/singular"),
    *("dbt_charts.yml", "dbt_project.yml", "profiles.yml"),
)


class ProjectInWheel(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install reads the project from the clone instead."""
        if version == "standard":
            build_data["force_include"] |= {p: f"audiencekit/project/{p}" for p in PROJECT}
