"""What the service offers is described, all of it and nothing else."""

from datetime import UTC, datetime

import pytest
from starlette.routing import Route

from audiencekit.intake.landing_settings import NO_SETTINGS
from audiencekit.live.app import application
from audiencekit.live.collector import KINDS, Collector, Settings
from audiencekit.live.engine import Engine, Source
from audiencekit.live.journal import Journal
from audiencekit.live.keys import Keys
from audiencekit.live.log import CallLog
from audiencekit.live.pages import openapi


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def routes(tmp_path) -> dict[str, set[str]]:
    """The methods of each path."""
    log = CallLog(tmp_path / "log", clock())
    engine = Engine(
        Source(tmp_path / "nothing", log, NO_SETTINGS, clock), Journal(tmp_path / "live")
    )
    app = application(Collector(log, Settings(Keys(["k" * 16]), clock)), engine)
    return {r.path: {*r.methods} - {"HEAD"} for r in app.routes if isinstance(r, Route)}


def test_every_path_is_described_and_every_description_is_a_path(routes):
    short = {f"/v1/{kind[0]}" for kind in KINDS}
    described = {
        path: {method.upper() for method in methods} for path, methods in openapi()["paths"].items()
    }
    served = {path: methods for path, methods in routes.items() if path not in short}
    assert served.pop("/openapi.json") == {"GET"}
    assert served == described
