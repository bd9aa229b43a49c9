"""One small demo landing and one published run of it, shared by all tests that only read."""

from pathlib import Path

import pytest
from workspaces import Published, Runner, rewrite

from audiencekit.demo import write_demo_landing
from audiencekit.workspace import PROJECT

HOUSEHOLDS = 150


@pytest.fixture(scope="session")
def runner(tmp_path_factory) -> Runner:
    return Runner(tmp_path_factory.mktemp("homes"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    """A folder with `landing` and `truth` of 150 households.

    Added to it: orders that come twice with different totals and nothing to say which is later, so
    that only the content of a row can decide, and never its place in a file.
    """
    folder = tmp_path_factory.mktemp("demo")
    write_demo_landing(folder / "landing", folder / "truth", households=HOUSEHOLDS)
    rewrite(
        folder / "landing" / "orders.parquet",
        "select * from t union all by name select * replace (total_usd + 1 as total_usd) "
        "from (from t where total_usd > 0 and ordered_at < timestamp '2017-12-31' order by order_id limit 500)",
    )
    return folder


@pytest.fixture(scope="session")
def published(runner, demo) -> Published:
    """The small demo, published. Do not write into it."""
    return runner("demo", demo / "landing")


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT
