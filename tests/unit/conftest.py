"""What the tests without a build share: the project, and dbt's reading of it."""

from pathlib import Path

import pytest
from workspaces import parsed_manifest

from audiencekit.workspace import PROJECT


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """dbt's manifest of the project: parsed here, and nothing is built."""
    return parsed_manifest(tmp_path_factory.mktemp("parsed"))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
