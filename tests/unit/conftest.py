"""What the tests without a build share: dbt's reading of the project."""

import pytest
from workspaces import parsed_manifest


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """dbt's manifest of the project: parsed here, and nothing is built."""
    return parsed_manifest(tmp_path_factory.mktemp("parsed"))
